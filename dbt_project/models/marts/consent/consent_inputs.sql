-- all that a customer's permissions are made of, as one number: what each record said, what of it has begun and not
-- ended, who else of the same contact points withdrew, what closes a channel, and the rules as they are written
with
    {{ consent_owners() }},
    {{ consent_digests() }},
    spoken as (
        select
            o.customer_id,
            sum(
                {{
                    hashed(
                        [
                            "o.source_system",
                            "o.source_key",
                            "o.is_standing",
                            "s.statements",
                            "s.loads",
                            "s.begun",
                            "s.unexpired",
                            "e.statements",
                            "p.points",
                            "i.statements",
                            "v.points",
                            "j.objections",
                        ]
                    )
                }}
            ) as spoken
        from owners o
        left join said s on s.person_system = o.source_system and s.person_key = o.source_key
        left join refused e on e.person_system = o.source_system and e.person_key = o.source_key
        left join pointed p on p.person_system = o.source_system and p.person_key = o.source_key
        left join inherited i on i.person_system = o.source_system and i.person_key = o.source_key
        left join void v on v.person_system = o.source_system and v.person_key = o.source_key
        left join objected j on j.source_system = o.source_system and j.source_key = o.source_key
        group by 1
    ),
    reserved as (
        select customer_id, sum({{ hashed(["channel", "register", "reservation_key"]) }}) as reservations
        from {{ ref("customer_reservations") }}
        group by 1
    ),
    unasked as (
        select customer_id, sum({{ hashed(["channel", "contact_point", "reason"]) }}) as gaps
        from {{ ref("register_gaps") }}
        group by 1
    ),
    {% if var("soft_opt_in") -%}
        bought as (select customer_id, min(ordered_at) as first_at from ({{ kept_sales() }}) k group by 1),
    {%- endif %}
    purposes as (
        select sum({{ hashed(["purpose", "legal_basis", "is_marketing", "needs_confirmation"]) }}) as purposes
        from {{ ref("purposes") }}
    ),
    channels as (
        select sum({{ hashed(["channel", "contact_point_kind", "is_electronic_mail"]) }}) as channels
        from {{ ref("channels") }}
    )
select
    s.customer_id,
    {{
        hashed(
            [
                "s.spoken",
                "r.reservations",
                "a.gaps",
                "h.is_protected",
                "h.is_deceased",
                "u.purposes",
                "v.channels",
                "b.first_at" if var("soft_opt_in") else "null",
                "'" ~ consent_rules() ~ "'",
            ]
        )
    }} as digest
from spoken s
cross join purposes u
cross join channels v
left join reserved r on r.customer_id = s.customer_id
left join unasked a on a.customer_id = s.customer_id
left join {{ ref("protected_customers") }} h on h.customer_id = s.customer_id
{%- if var("soft_opt_in") %} left join bought b on b.customer_id = s.customer_id {%- endif %}
