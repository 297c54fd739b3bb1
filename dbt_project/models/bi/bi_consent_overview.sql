{{ config(materialized="table") }}

with
    judged as (
        select
            *,
            -- evidence that is older than its retention goes, and the permission with it
            least(
                coalesce(expires_at, timestamp 'infinity'),
                decided_at
                + (select {{ days("retention_days") }} from {{ ref("data_categories") }} where category = 'consent')
            )
            <= {{ as_of() }} + {{ days(var("expiring_days")) }} as is_expiring
        from {{ ref("contact_permissions") }}
    ),
    counted as (
        select
            purpose,
            channel,
            count(*) as customers,
            count(*) filter (is_permitted) as permitted,
            count(*) filter (is_permitted and is_expiring) as expiring,
            count(*) filter (reason = 'withdrawn' or starts_with(reason, 'granted and withdrawn')) as withdrawn,
            count(*) filter (
                reason in (
                    'the grant has expired',
                    'the double opt-in was never confirmed',
                    'no grant with time, wording and contact point'
                )
            ) as re_consent,
            count(*) filter ({{ is_closed_by_register("reason") }}) as closed
        from judged
        group by purpose, channel
    ),
    {%- set parts = ["permitted", "withdrawn", "re_consent", "closed", "other"] %}
    parted as (select *, customers - permitted - withdrawn - re_consent - closed as other from counted),
    -- the parts make up the total: where one is of few, the smallest of the others is not told either
    weighed as (
        select
            *,
            {% for part in parts -%} {{ is_few(part) }} {{ "or " if not loop.last }} {%- endfor %} as has_few,
            least(
                {%- for part in parts %}
                    case when {{ part }} >= {{ var("min_people") }} then {{ part }} end {{- "," if not loop.last }}
                {%- endfor %}
            ) as smallest
        from parted
    )
select
    purpose,
    channel,
    {{ unless_few("customers") }} as customer_count,
    {%- for part, column in {
        "permitted": "permitted_count",
        "withdrawn": "withdrawn_count",
        "re_consent": "re_consent_count",
        "closed": "closed_by_register_count",
    }.items() %}
        case when not coalesce(has_few and {{ part }} = smallest, false) then {{ unless_few(part) }} end as {{ column }}
        {%- if part == "permitted" %}, {{ unless_few("expiring") }} as expiring_count{% endif %}
        {{- "," if not loop.last }}
    {%- endfor %}
from weighed
