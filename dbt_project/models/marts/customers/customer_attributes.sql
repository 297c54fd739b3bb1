with
    said as (
        select s.customer_id, e.*, coalesce(e.observed_at, timestamp '0001-01-01') as known_since
        from {{ ref("conformed_person_attributes") }} e {{ join_customer() }}
        where
            s.customer_id is not null
            and e.deleted_at is null
            and e.name is not null
            and e.value is not null
            and {{ has_come("e.observed_at") }}
            -- what others say is an estimate of the person: nothing is inferred of who refused profiling (Art. 21)
            and (
                coalesce(e.origin in ('club', 'app'), false)
                or s.customer_id
                in (select c.customer_id from {{ ref("dim_customers") }} c where {{ may_be_profiled("c") }})
            )
    ),
    told as (
        select
            customer_id,
            name as attribute_name,
            {{
                latest(
                    record_of(
                        {
                            "value": "value",
                            "origin": "origin",
                            "observed_at": "observed_at",
                            "source_system": "source_system",
                            "source_key": "source_key",
                        }
                    ),
                    packed(["known_since", "source_system", "source_key"]),
                )
            }} as newest,
            count(distinct value) as value_count
        from said
        group by 1, 2
    )
select
    customer_id,
    attribute_name,
    newest.value as attribute_value,
    newest.origin as origin,
    newest.observed_at as observed_at,
    {{ days_between("newest.observed_at", as_of()) }} as age_days,
    newest.source_system as source_system,
    newest.source_key as source_key,
    value_count
from told
