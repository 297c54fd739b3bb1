-- What was set aside of each source, and what the customers' records lack, as the tables of this night say.
insert or replace into ops.night_counts
with
    lines as (
        -- of files and keys; what staging set aside is in the books
        select
            source_system,
            table_name || ' (' || kind || ')' as subject,
            max(of_count) as record_count,
            sum(row_count) as affected_count
        from quarantine.set_aside
        where kind in ('rejected', 'duplicate', 'shared key')
        group by all
    ),
    customers as (
        select
            string_split(coalesce(missing_fields, ''), ', ') as missing,
            conflicting_fields is not null as is_conflicting,
            address_confirmed_on
        from marts.customer_360
    ),
    lacking as (
        select subject, count(*) as record_count, count(*) filter (list_contains(missing, field)) as affected_count
        from
            customers,
            (
                values
                ('name', 'without name'), ('email', 'without email'), ('phone', 'without phone'), ('birth_date', 'without birth date'),
                ('postal_code', 'without postal code'), ('country_code', 'without country code')
            ) as f (field, subject)
        group by subject
        union all
        select 'sources disagree', count(*), count(*) filter (is_conflicting)
        from customers
        union all
        select
            'old address',
            count(*),
            count(*) filter (coalesce(address_confirmed_on < $as_of::date - $max_address_age_days::integer, true))
        from customers
        where not list_contains(missing, 'postal_code')
    )
select $run_id, 'set aside', source_system, entity, raw_count, quarantined_count, null
from quarantine.books
union all
select $run_id, 'set aside', source_system, subject, cast(record_count as bigint), cast(affected_count as bigint), null
from lines
union all
select $run_id, 'records', '', subject, record_count, affected_count, null
from lacking
where record_count > 0
