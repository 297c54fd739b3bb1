select attribute_name, attribute_value, origin, observed_at
from marts.customer_attributes
where customer_id = $id
order by 1
