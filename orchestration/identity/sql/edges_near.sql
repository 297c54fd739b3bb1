-- a touched record and whatever a rule, a score, a number or a decision may join it with
create or replace temp table near_scores as from identity.scored_pairs
    where left_id in (from identity.touched_records) or right_id in (from identity.touched_records);
create or replace temp table touched_people as from identity.normalised_people where record_id in (from identity.touched_records);
create or replace temp table near_people as
with touched_emails as (
    select distinct t.email_key from touched_people t semi join good_identifiers g on g.kind = 'email' and g.value_key = t.email_key
), touched_phones as (
    select distinct t.phone_key from touched_people t semi join good_identifiers g on g.kind = 'phone' and g.value_key = t.phone_key
), touched_person_ids as (
    select distinct t.person_id_key from touched_people t semi join good_identifiers g on g.kind = 'person_id' and g.value_key = t.person_id_key
), near as (
    from identity.touched_records
    union all select left_id from near_scores union all select right_id from near_scores
    union all select left_id from identity.standing_decisions union all select right_id from identity.standing_decisions
    union all select n.record_id from touched_emails t join identity.normalised_people n on n.email_key = t.email_key
    union all select n.record_id from touched_phones t join identity.normalised_people n on n.phone_key = t.phone_key
    union all select n.record_id from touched_person_ids t join identity.normalised_people n on n.person_id_key = t.person_id_key
    union all select n.record_id from touched_people t join identity.normalised_people n
        on n.given_key = t.given_key and n.family_key = t.family_key and n.birth_date = t.birth_date
    union all select n.record_id from touched_people t join identity.normalised_people n
        on n.given_key = t.given_key and n.family_key = t.family_key and n.postal_key = t.postal_key and n.street_key = t.street_key
    union all select n.record_id from touched_people t
        join restricted.national_ids a on a.source_system = t.source_system and a.source_key = t.source_key
        join restricted.national_ids b on b.country_code = a.country_code and b.keyed_hash = a.keyed_hash
        join identity.normalised_people n on n.source_system = b.source_system and n.source_key = b.source_key
)
select *, record_id in (from identity.touched_records) as is_touched from identity.normalised_people where record_id in (from near);
create or replace temp view edge_people as from near_people;
create or replace temp view edge_scores as from near_scores;
