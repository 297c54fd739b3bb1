{%- set insight = var("insight") %}
{%- set window = insight["north_star_days"] %}
with
    purchases as (
        select
            customer_id,
            ordered_at,
            gross_amount,
            discount_amount,
            refunded_amount,
            row_number() over (partition by customer_id order by ordered_at, source_system, source_key) as nth
        from {{ ref("fct_orders") }}
        where is_sale and customer_id is not null and ordered_at <= {{ as_of() }}
    ),
    firsts as (
        select
            f.customer_id,
            f.ordered_at,
            f.gross_amount,
            coalesce(f.discount_amount, 0) > 0 as is_discounted,
            coalesce(f.refunded_amount, 0) > 0 as is_partly_returned,
            {{ seconds_between("f.ordered_at", "n.ordered_at") }} / cast(86400 as double) as days_until,
            n.ordered_at <= f.ordered_at + {{ days(window) }} as is_reached
        from purchases f
        left join purchases n on n.customer_id = f.customer_id and n.nth = {{ insight["north_star_purchases"] }}
        where f.nth = 1
    ),
    driven as (
        select
            f.*,
            coalesce(f.is_reached, false) as has_reached,
            exists (
                select 1
                from {{ ref("fct_web_sessions") }} v
                where
                    v.customer_id = f.customer_id
                    and v.started_at > f.ordered_at
                    and v.started_at <= f.ordered_at + {{ days(window) }}
                    and v.started_at <= {{ as_of() }}
            ) as is_visited,
            exists (
                select 1
                from {{ ref("fct_email_events") }} e
                where
                    e.customer_id = f.customer_id
                    and e.kind = 'clicked'
                    and e.occurred_at > f.ordered_at
                    and e.occurred_at <= f.ordered_at + {{ days(window) }}
                    and e.occurred_at <= {{ as_of() }}
            ) as is_clicked
        from firsts f
    ),
    -- nobody knows who came before the first visit or click that is kept, or where no source tells of any
    known as (
        select
            (
                select min(started_at) from {{ ref("fct_web_sessions") }} where started_at <= {{ as_of() }}
            ) as visited_since,
            (
                select min(occurred_at)
                from {{ ref("fct_email_events") }}
                where kind = 'clicked' and occurred_at <= {{ as_of() }}
            ) as clicked_since
    )
select
    cast(date_trunc('week', ordered_at) as date) as week_on,
    count(*) as customer_count,
    count(*) filter (has_reached) as reached_count,
    count(*) filter (has_reached) / cast(count(*) as double) as reached_share,
    cast(
        {{ insight["north_star_target"] if insight["north_star_target"] is not none else "null" }} as double
    ) as target_share,
    avg(cast(days_until as decimal(18, 6))) filter (has_reached) as reached_mean_days,
    cast(avg(gross_amount) as decimal(18, 2)) as first_order_mean_amount,
    count(gross_amount) as priced_count,
    {%- for driver in north_star_drivers() %}
        {%- set counts = {
            driver ~ "_count": "is_" ~ driver,
            driver ~ "_reached_count": "is_" ~ driver ~ " and has_reached",
        } %}
        {%- for name, holds in counts.items() %}
            {%- if driver in ["visited", "clicked"] %}
                case
                    when max(k.{{ driver }}_since) <= cast(date_trunc('week', ordered_at) as timestamp)
                    then count(*) filter ({{ holds }})
                end as {{ name }},
            {%- else %} count(*) filter ({{ holds }}) as {{ name }},
            {%- endif %}
        {%- endfor %}
    {%- endfor %}
    -- the last first buyer of the week has had all the days
    cast(date_trunc('week', ordered_at) as timestamp) + {{ days(window + 7) }} <= {{ as_of() }} as is_final
from driven
cross join known k
group by cast(date_trunc('week', ordered_at) as date), cast(date_trunc('week', ordered_at) as timestamp)
