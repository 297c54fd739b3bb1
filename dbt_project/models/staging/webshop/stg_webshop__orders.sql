select
    id::varchar as source_key,
    -- an order at the till without an account shows the club card: that is a CRM contact
    case when customer_id is null and club_contact_id is not null then 'crm' else 'webshop' end as person_system,
    coalesce(customer_id, club_contact_id)::varchar as person_key,
    {{ as_utc("created_at") }} as ordered_at,
    status,
    subtotal - discount as amount,
    discount,
    cast(null as decimal(18, 2)) as refunded_amount,
    currency,
    channel,
    campaign_id::varchar as campaign_key,
    store,
    {{ as_utc("delivered_at") }} as delivered_at,
    {{
        staging_end(
            "webshop",
            [required(as_utc("created_at"), "order time"), ["subtotal is null", "subtotal is missing", "missing"]],
        )
    }}
from {{ source("webshop", "orders") }}
