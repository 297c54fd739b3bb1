with {{ categories_of_many("fct_tickets", ["category"]) }}
select
    f.source_system,
    {{ shown("source_key") }} as source_key,
    c.customer_key,
    {{ analyst_time("f.opened_at") }} as opened_at,
    {{ analyst_time("f.first_reply_at") }} as first_reply_at,
    {{ analyst_time("f.solved_at") }} as solved_at,
    {{ category("category") }} as category,
    f.satisfaction,
    f.first_reply_hours,
    -- of the exact times, which analysts are not shown
    {{ seconds_between("f.opened_at", "f.solved_at") }} / cast(3600 as double) as solution_hours
from {{ ref("fct_tickets") }} f
left join
    {{ ref("dim_customers") }} c using (customer_id)
    {{ joined_shown(["source_key"], is_key=true) }}
    {{ joined_categories(["category"]) }}
