-- Where noted people live or are written to, as keys of `restricted.erasing_values` (kind place): by the whole address alone, for a
-- withdrawal of a part of one may be somebody else's. Shared is an address at whose house somebody else lives or is written to.
insert into restricted.erasing_values
with own as (
    select concat_ws(', ', street, concat_ws(' ', postal_code, city)) as place
    from conformed.conformed_people where (source_system, source_key) in {{ records }} and street is not null
    union
    select contact_point from conformed.conformed_consent_events where {{ is_said }} and contact_point is not null
),
-- materialized: else the keys stand in the plan once for each use, and they are slow to plan
keyed as materialized (select place, match_keys.place_keys(place) as keys from own),
theirs as (select place, keys from keyed where len(keys) > 0),
codes as (select distinct unnest(match_keys.postal_keys_in(place)) as code from theirs),
others as (
    select concat_ws(', ', street, concat_ws(' ', postal_code, city)) as place
    from conformed.conformed_people
    where deleted_at is null and (source_system, source_key) not in {{ records }} and street is not null
        and (postal_code is null or match_keys.postal_key(postal_code, match_keys.country_code(country_code)) in (from codes))
    union
    select contact_point from conformed.conformed_consent_events
    where person_key is not null and not coalesce({{ is_said }}, false) and contact_point is not null
),
elsewhere as (select distinct unnest(match_keys.place_keys(place)) as key from others where exists (from theirs)),
shared as (select distinct place from (select place, unnest(keys) as key from theirs) semi join elsewhere using (key))
select distinct 'place', key, place in (from shared) from (select place, unnest(keys) as key from theirs) where contains(key, ':=')
