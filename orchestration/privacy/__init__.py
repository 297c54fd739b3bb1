"""What the law asks of personal data, in five rooms."""
