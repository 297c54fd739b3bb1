-- lines of orders with the customer of the order: the publication's lines name none
create temp view order_lines as
select i.*, o.customer_key
from bi.fct_order_items i
left join bi.fct_orders o on o.source_system = i.source_system and o.source_key = i.order_key;
