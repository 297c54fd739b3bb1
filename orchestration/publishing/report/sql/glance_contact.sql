select
    customer_count as people,
    permitted_count as newsletter_count
from bi.consent_overview
where purpose = 'newsletter' and channel = 'email'
