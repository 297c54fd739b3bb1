select purpose, channel, is_permitted, contact_point, reason
from marts.contact_permissions
where customer_id = $id
order by purpose, channel
