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
    -- the cells of bi_permission_overview, lumped alike: no difference of the two overviews tells more
    cells as (
        select
            purpose,
            channel,
            reason_code,
            reason,
            count(*) as people,
            count(*) filter (is_permitted and is_expiring) as expiring
        from judged
        group by purpose, channel, reason_code, reason
    ),
    marked as (select *, {{ is_lumped(["purpose", "channel"], ["reason"]) }} as is_lumped from cells),
    parted as (
        select m.*, w.kind as part
        from marked m
        left join {{ ref("permission_reasons") }} w on w.reason_code = m.reason_code
    ),
    {%- set parts = {
        "permitted": "permitted_count",
        "withdrawn": "withdrawn_count",
        "re_consent": "re_consent_count",
        "closed_by_register": "closed_by_register_count",
    } %}
    counted as (
        select
            purpose,
            channel,
            sum(people) as customers,
            sum(expiring) as expiring
            {%- for part in parts %}
                ,
                case
                    when not coalesce(bool_or(is_lumped) filter (part = '{{ part }}'), false)
                    then coalesce(sum(people) filter (part = '{{ part }}'), 0)
                end as {{ part }}
            {%- endfor %}
        from parted
        group by purpose, channel
    )
select
    purpose,
    channel,
    cast({{ unless_few("customers") }} as bigint) as customer_count,
    {%- for part, column in parts.items() %}
        cast({{ part }} as bigint) as {{ column }}
        {%- if part == "permitted" %}
            ,
            -- permitted less expiring would tell of those whose permission goes on
            case
                when permitted is not null and not {{ is_few("permitted - expiring") }}
                then cast({{ unless_few("expiring") }} as bigint)
            end as expiring_count
        {%- endif %}
        {{- "," if not loop.last }}
    {%- endfor %}
from counted
