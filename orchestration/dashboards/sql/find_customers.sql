with
    found as (
        select customer_id, 1 as place from marts.dim_customers where customer_id = $asked
        union all
        select customer_id, 1 from marts.customer_id_redirects where old_customer_id = $asked
        union all
        select customer_id, 1 from marts.bridge_customer_source_records where source_system || ':' || source_key = $asked and valid_to is null
        union all
        select customer_id, 2 from marts.dim_customers where lower(email) = lower($asked)
        union all
        select customer_id, 3 from marts.dim_customers where length($asked) >= 3 and contains(lower(full_name), lower($asked))
    )
select c.customer_id, c.full_name, c.city
from found
join marts.dim_customers c using (customer_id)
group by all
order by min(found.place), c.full_name, c.customer_id
limit {{ most }}
