-- who may be sent a campaign by email today
select distinct customer_id
from marts.contact_permissions
semi join marts.customer_profile using (customer_id)
where channel = 'email' and purpose <> 'profiling' and is_permitted
