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
    )
select
    purpose,
    channel,
    {{ unless_few("count(*)") }} as customer_count,
    {{ unless_few("count(*) filter (is_permitted)") }} as permitted_count,
    {{ unless_few("count(*) filter (is_permitted and is_expiring)") }} as expiring_count,
    {{ unless_few("count(*) filter (reason = 'withdrawn' or starts_with(reason, 'granted and withdrawn'))") }}
    as withdrawn_count,
    {{
        unless_few(
            "count(*) filter (reason in ('the grant has expired', 'the double opt-in was never confirmed', 'no grant with time, wording and contact point'))"
        )
    }}
    as re_consent_count,
    {{ unless_few("count(*) filter (starts_with(reason, 'reserved in ') or contains(reason, 'the register '))") }}
    as closed_by_register_count
from judged
group by purpose, channel
