{{ audience("newsletter_email") }}
