-- whom the address register protects or knows to be dead, and who would give a protected person away
with
    entries as (
        select
            source_system || ':' || source_key as entry,
            {{ words_of("given_name") }} as forenames,
            {{ words_of("family_name") }} as family_names,
            {{ plausible_birth("birth_date", "cast(" ~ as_of() ~ " as date)") }} as birth_date,
            coalesce(is_protected, false) as is_protected,
            coalesce(is_deceased, false) as is_deceased
        from {{ ref("conformed_address_updates") }}
        where deleted_at is null and (is_protected or is_deceased)
    ),
    forenames as (select * from {{ each_of("entries", "forenames", "forename") }} e),
    -- a register gives all forenames, a system one of them, and a name may have been taken at marriage or left
    names as (select * from {{ each_of("forenames", "family_names", "family_name") }} f),
    records as (
        select
            s.customer_id,
            n.record_id,
            n.birth_date,
            n.postal_key,
            n.street_key,
            {{ words_of("concat_ws(' ', p.given_name, p.family_name, p.full_name)") }} as words
        from {{ source("identity", "customer_source_records") }} s
        join {{ ref("conformed_people") }} p on p.source_system = s.source_system and p.source_key = s.source_key
        join
            {{ source("identity", "normalised_people") }} n
            on n.source_system = s.source_system
            and n.source_key = s.source_key
        where s.valid_to is null
    ),
    -- of the birth dates that are asked for, and of none
    candidates as (
        select *
        from records
        where
            birth_date is null
            or birth_date in (select birth_date from entries)
            or exists (select 1 from entries where birth_date is null and is_protected)
    ),
    words as (select customer_id, record_id, birth_date, word from {{ each_of("candidates", "words", "word") }} r),
    ages as (select customer_id, max(birth_date) as birth_date from records group by customer_id),
    matched as (
        select
            g.customer_id,
            -- who is of one name with a protected person and of unknown age may be that person
            bool_or(e.is_protected) as is_protected,
            bool_or(e.is_deceased and e.birth_date = g.birth_date) as is_deceased
        from names e
        join words g on g.word = e.forename
        join words f on f.record_id = g.record_id and f.word = e.family_name
        join ages a on a.customer_id = g.customer_id
        where e.birth_date = g.birth_date or e.is_protected and (e.birth_date is null or a.birth_date is null)
        group by g.customer_id
    ),
    protected as (select customer_id from matched where is_protected),
    near as (
        -- the household
        select m.customer_id
        from {{ source("identity", "household_members") }} m
        join {{ source("identity", "household_members") }} p on p.household_id = m.household_id and p.valid_to is null
        join protected q on q.customer_id = p.customer_id
        where m.valid_to is null
        union
        -- whoever has one of the addresses
        select r.customer_id
        from records r
        join records p on p.postal_key = r.postal_key and p.street_key = r.street_key
        join protected q on q.customer_id = p.customer_id
    )
select
    coalesce(m.customer_id, n.customer_id) as customer_id,
    coalesce(m.is_protected, false) or n.customer_id is not null as is_protected,
    coalesce(m.is_deceased, false) as is_deceased
from matched m
full join near n on n.customer_id = m.customer_id
