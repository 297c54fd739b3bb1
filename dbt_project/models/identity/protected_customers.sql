-- whom the address register protects or knows to be dead, and who would give a protected person away
with
    told as (
        select
            source_system || ':' || source_key as entry,
            {{ alike_forms("given_name") }} as given_forms,
            {{ name_acronyms("given_name") }} as given_acronyms,
            {{ first_sounds(words_of("given_name")) }} as given_letters,
            {{ alike_forms("family_name") }} as family_forms,
            {{ plausible_birth("birth_date", "cast(" ~ as_of() ~ " as date)") }} as birth_date,
            {{ postal_key("postal_code", country_code("country_code")) }} as postal_key,
            {{ street_marks(words_key("street")) }} as street_marks,
            street,
            city,
            coalesce(is_protected, false) as is_protected,
            coalesce(is_deceased, false) as is_deceased
        from {{ ref("conformed_address_updates") }}
        where deleted_at is null
    ),
    entries as (select * from told where is_protected or is_deceased),
    records as (
        select
            s.customer_id,
            n.birth_date,
            n.postal_key,
            n.city_key,
            concat_ws(', ', p.street, p.city) as one_line,
            {{ street_marks("n.street_key") }} as street_marks,
            concat_ws(' ', p.given_name, p.family_name, p.full_name, n.given_key, n.family_key) as whole_name,
            concat_ws(' ', p.given_name, n.given_key) as given_name
        from {{ source("identity", "customer_source_records") }} s
        join {{ ref("conformed_people") }} p on p.source_system = s.source_system and p.source_key = s.source_key
        join
            {{ source("identity", "normalised_people") }} n
            on n.source_system = s.source_system
            and n.source_key = s.source_key
        where s.valid_to is null
    ),
    births as (select distinct customer_id, birth_date from records where birth_date is not null),
    -- of the birth dates that are asked for, and of none
    candidates as (
        select *
        from records
        where
            customer_id not in (select customer_id from births)
            or customer_id in (select customer_id from births where birth_date in (select birth_date from entries))
            or exists (select 1 from entries where birth_date is null)
    ),
    people as (
        select
            customer_id,
            {{ all_of_lists(alike_forms("whole_name")) }} as forms,
            {{ all_of_lists(name_acronyms("given_name")) }} as given_acronyms,
            {{ all_of_lists(first_sounds(words_of("given_name"))) }} as given_letters
        from candidates
        group by customer_id
    ),
    short_forms as ({{ short_forms(ref("nicknames")) }}),
    -- the names that a given name may be short for: Greta of Margareta
    entry_names as (
        select w.entry, {{ all_of_lists("s.given_forms") }} as meant_forms
        from {{ each_of("(select entry, given_forms from entries)", "given_forms", "given_word") }} w
        join short_forms s on s.given_word = w.given_word
        group by w.entry
    ),
    customer_names as (
        select w.customer_id, {{ all_of_lists("s.given_forms") }} as meant_forms
        from {{ each_of("(select customer_id, forms from people)", "forms", "given_word") }} w
        join short_forms s on s.given_word = w.given_word
        group by w.customer_id
    ),
    -- of one family name: a name may have been taken at marriage or left, and stand beside another
    namesakes as (
        select
            e.*,
            c.customer_id,
            -- a register gives all forenames, a system one of them, or their first letters
            {{ have_common("e.given_forms", "c.forms") }}
            or {{ have_common("e.given_acronyms", "c.forms") }}
            or {{ have_common("e.given_forms", "c.given_acronyms") }}
            or {{ have_common("n.meant_forms", "c.forms") }}
            or {{ have_common("e.given_forms", "m.meant_forms") }}
            or {{ have_common("n.meant_forms", "m.meant_forms") }} as is_of_one_given_name,
            -- who has neither has no given name, and may be anybody of the family
            {{ have_common("e.given_letters", "c.given_letters") }}
            or e.given_letters[1] is null
            or c.given_letters[1] is null as may_be_of_one_given_name
        from {{ each_of("entries", "family_forms", "family_form") }} e
        join
            {{ each_of("(select *, forms as family_forms from people)", "family_forms", "family_form") }} c
            on c.family_form = e.family_form
        left join entry_names n on n.entry = e.entry
        left join customer_names m on m.customer_id = c.customer_id
    ),
    matched as (
        select
            n.customer_id,
            -- who is of one name with a protected person and of unknown age may be that person
            bool_or(n.is_protected) as is_protected,
            bool_or(n.is_deceased) as is_deceased
        from namesakes n
        left join births b on b.customer_id = n.customer_id and b.birth_date = n.birth_date
        where
            -- born on the same day, in doubt it is the same person
            b.customer_id is not null
            and (n.is_of_one_given_name or n.may_be_of_one_given_name)
            or n.is_protected
            and n.is_of_one_given_name
            and (n.birth_date is null or n.customer_id not in (select customer_id from births))
            -- where either birth date is missing, a dead person is whoever has the name at the address of the entry; of
            -- an entry with neither a birth date nor an address, whoever has the name
            or n.is_deceased
            and n.is_of_one_given_name
            and (n.birth_date is null or n.customer_id not in (select customer_id from births))
            and (
                n.birth_date is null
                and n.postal_key is null
                or exists (
                    select 1
                    from records r
                    where
                        r.customer_id = n.customer_id
                        and r.postal_key = n.postal_key
                        and {{ same_street("r.street_marks", "n.street_marks") }}
                )
            )
        group by n.customer_id
    ),
    protected as (select customer_id from matched where is_protected),
    -- addresses in one line: of records without a postal code beside it, and of who agreed to be written to
    lines as (
        select customer_id, one_line
        from records
        where postal_key is null and one_line != ''
        union all
        select s.customer_id, e.contact_point
        from {{ ref("conformed_consent_events") }} e
        join
            {{ source("identity", "customer_source_records") }} s
            on s.source_system = e.person_system
            and s.source_key = e.person_key
            and s.valid_to is null
        where e.channel = 'post' and e.contact_point is not null
    ),
    read_lines as (
        select
            customer_id,
            {{ postal_keys_in("one_line") }} as postal_keys,
            {{ street_marks(words_key("one_line")) }} as street_marks
        from lines
    ),
    -- where each customer lives, or may: by a postal code; by the town, for who gives none
    places as (
        select customer_id, postal_key, null as city_key, street_marks
        from records
        where postal_key is not null
        union all
        select customer_id, postal_key, null, street_marks
        from {{ each_of("read_lines", "postal_keys", "postal_key") }} l
        union all
        select customer_id, null, city_key, street_marks
        from records
        where city_key is not null
    ),
    registered as ({{ registered_places("told") }}),
    protected_places as (
        select postal_key, city_key, street_marks
        from places
        where customer_id in (select customer_id from protected)
        union all
        -- an address that the register alone has, in an older entry or a newer one
        select postal_key, null, street_marks
        from registered
        where postal_key is not null
        union all
        select postal_key, null, street_marks
        from
            {{
                each_of(
                    "(select *, "
                    ~ postal_keys_in("one_line")
                    ~ " as postal_keys from (select street_marks, one_line from registered where postal_key is null))",
                    "postal_keys",
                    "postal_key",
                )
            }} r
        union all
        select null, city_key, street_marks
        from registered
        where city_key is not null
    ),
    near as (
        -- the household
        select m.customer_id
        from {{ source("identity", "household_members") }} m
        join {{ source("identity", "household_members") }} p on p.household_id = m.household_id and p.valid_to is null
        join protected q on q.customer_id = p.customer_id
        where m.valid_to is null
        union
        -- whoever has one of the addresses, with a flat or without
        select r.customer_id
        from places r
        join protected_places p on p.postal_key = r.postal_key and {{ same_street("p.street_marks", "r.street_marks") }}
        union
        select r.customer_id
        from places r
        join protected_places p on p.city_key = r.city_key and {{ have_common("p.street_marks", "r.street_marks") }}
    )
select
    coalesce(m.customer_id, n.customer_id) as customer_id,
    coalesce(m.is_protected, false) or n.customer_id is not null as is_protected,
    coalesce(m.is_deceased, false) as is_deceased
from matched m
full join near n on n.customer_id = m.customer_id
