{%- set insight = var("insight") %}
{%- set since = as_of() ~ " - " ~ days(insight["experience_days"]) %}
{#- what a customer does, and what is made of what is known: each kind is one point of its axis -#}
{%- set done = {
    "ordered": "c.last_ordered_at > " ~ since,
    "visited": "c.last_visited_at > " ~ since,
    "clicked": "c.last_email_clicked_at > " ~ since,
    "used": "c.usage_count_30d > 0 or c.has_active_subscription",
} %}
{%- set uses = {
    "whole_record": "c.missing_fields is null and c.conflicting_fields is null",
    "contactable": (
        "c.is_contactable_by_email or c.is_contactable_by_sms or c.is_contactable_by_phone or c.is_contactable_by_post"
    ),
    "reading": "c.email_read_share > 0",
    "known_interest": "c.favourite_category is not null",
} %}
with
    known as (
        select
            c.customer_id,
            c.net_amount,
            c.last_nps
            {%- for part, holds in (done.items() | list) + (uses.items() | list) %}
                , coalesce({{ holds }}, false) as is_{{ part }}
            {%- endfor %}
        from {{ ref("customer_360") }} c
        -- where somebody stands is an inference
        join {{ ref("customer_profile") }} f on f.customer_id = c.customer_id
    ),
    points as (
        select
            *
            {%- for axis, parts in {"interaction": done, "data_use": uses}.items() %}
                ,
                {% for part in parts -%}
                    case when is_{{ part }} then 1 else 0 end {{- " + " if not loop.last }}
                {%- endfor %} as {{ axis }}_points
            {%- endfor %}
        from known
    ),
    levels as (
        select
            *
            {%- for axis in ["interaction", "data_use"] %}
                ,
                case
                    when {{ axis }}_points >= {{ insight["experience_high_points"] }}
                    then 'high'
                    when {{ axis }}_points >= {{ insight["experience_medium_points"] }}
                    then 'medium'
                    else 'low'
                end as {{ axis }}_level
            {%- endfor %}
        from points
    ),
    placed as (
        select 'all' as breakdown, 'all' as value, l.*
        from levels l
        {%- for scheme in insight["experience_schemes"] %}
            union all
            select '{{ scheme }}', coalesce(w.shown, s.segment, {{ in_no_segment() }}), l.*
            from levels l
            left join {{ ref("customer_segments") }} s on s.customer_id = l.customer_id and s.scheme = '{{ scheme }}'
            left join {{ source("identity", "shown_values") }} w on not w.is_key and w.value = s.segment
        {%- endfor %}
    ),
    cells as (
        select
            breakdown,
            value,
            interaction_level,
            data_use_level,
            count(*) as customer_count,
            {%- for part in (done | list) + (uses | list) %}
                count(*) filter (is_{{ part }}) as {{ part }}_count,
            {%- endfor %}
            count(last_nps) as nps_count,
            avg(last_nps) as mean_nps,
            cast({{ known_sum("net_amount") }} / count(*) as decimal(18, 2)) as mean_net_amount
        from placed
        group by 1, 2, 3, 4
    ),
    -- what nobody has at all is of a source that is not there, and moves nothing
    lacking as (
        select
            *
            {%- for part in (done | list) + (uses | list) %}
                ,
                case
                    when sum({{ part }}_count) over () > 0 then customer_count - {{ part }}_count else 0
                end as {{ part }}_lack,
                sum({{ part }}_count) over (partition by breakdown)
                / cast(sum(customer_count) over (partition by breakdown) as double)
                - {{ part }}_count / cast(customer_count as double) as {{ part }}_gap
            {%- endfor %}
        from cells
    ),
    -- how far the cell is below all customers, in millionths; of as far, what more of it lack
    weighed as (
        select
            *
            {%- for part in (done | list) + (uses | list) %}
                ,
                case
                    when {{ part }}_lack > 0
                    then round({{ part }}_gap * 1000000) + {{ part }}_lack / cast(customer_count as double)
                end as {{ part }}_weight
            {%- endfor %}
        from lacking
    )
select
    breakdown,
    value,
    interaction_level,
    data_use_level,
    customer_count,
    customer_count / cast(sum(customer_count) over (partition by breakdown, value) as double) as customer_share,
    {%- for part in (done | list) + (uses | list) %} {{ part }}_count, {%- endfor %}
    {%- for axis, parts in {"interaction": done, "data_use": uses}.items() %}
        {%- set most = "greatest(" ~ (parts | join("_weight, ")) ~ "_weight)" %}
        case
            {%- for part in parts %}
                when {{ part }}_weight = {{ most }} then '{{ part | replace("_", " ") }}'
            {%- endfor %}
        end as next_{{ axis }}_step,
        case
            {%- for part in parts %} when {{ part }}_weight = {{ most }} then {{ part }}_lack {%- endfor %} else 0
        end as next_{{ axis }}_count,
    {%- endfor %}
    nps_count,
    mean_nps,
    mean_net_amount,
    '{{ var("currency") }}' as currency
from weighed
