"""Which identifiers are worth anything, and which two records they join. Here: `identity.identifiers`, `identity.edges`.

Rules join on a shared identifier or on name and birth date or address, where first names agree more closely than a
veto asks for; the model's scores join the rest. Not here: the scores (scoring.py), vetoes, closure.
"""

from __future__ import annotations

import duckdb

from orchestration.identity.model import MIN_RECORDS
from orchestration.privacy.national_ids import prepare_national_ids
from orchestration.settings import Identity
from orchestration.warehouse import scalar

_IDENTIFIERS = """
create or replace table identity.identifiers as
with used as (
    select 'email' as kind, email_key as value_key, * exclude (email_key, phone_key, kind)
    from identity.normalised_people where email_key is not null
    union all by name
    select 'phone' as kind, phone_key as value_key, * exclude (email_key, phone_key, kind)
    from identity.normalised_people where phone_key is not null
), counted as (
    select kind, value_key, count(*) as record_count,
        count(distinct coalesce(left(given_key, 3), '') || '|' || coalesce(left(family_key, 3), '')) as name_count,
        count(distinct given_key) as given_name_count
    from used group by all
)
select c.kind, c.value_key, c.record_count, c.name_count, c.given_name_count,
    case
        when o.verdict = 'trust' then null
        when o.verdict = 'ignore' then 'override: ' || coalesce(o.reason, 'ignored')
        when j.value_key is not null then 'junk: ' || j.reason
        when c.kind = 'phone' and replace(right(c.value_key, 7), right(c.value_key, 1), '') = '' then 'junk: one digit repeated'
        when c.kind = 'email' and split_part(c.value_key, '@', 1) in (select local_part from reference.role_mailboxes) then 'role mailbox'
        when c.name_count > $max_names then 'shared by too many names'
        when c.record_count > case c.kind when 'email' then $max_email else $max_phone end then 'shared by too many records'
    end as ignored_reason
from counted c
left join reference.junk_identifiers j on j.kind = c.kind and j.value_key = c.value_key
left join reference.identifier_overrides o on o.kind = c.kind and o.value_key = c.value_key
"""

# a record without a given name says nothing of who it is: it joins only where the identifier knows one given name, else
# it would be a bridge between the members of a family
_NAMED = "(g.given_name_count <= 1 or (l.given_key is not null and r.given_key is not null))"

# Anastassia and Nastassia
_ONE_LETTER = (
    "(damerau_levenshtein(l.given_key, r.given_key) = 1 and least(length(l.given_key), length(r.given_key)) >= 6)"
)
# compatible: equal, an initial of the other, near (Mark and Mary score .88: too near to be near), swapped with the family name, or not known on one side
_GUARD = f"""
    (l.given_key is null or r.given_key is null
        or l.given_key = r.given_key
        or starts_with(l.given_key, r.given_key) or starts_with(r.given_key, l.given_key)
        or jaro_winkler_similarity(l.given_key, r.given_key) >= 0.92 or {_ONE_LETTER}
        or coalesce(list_contains(l.given_forms, r.given_key), false) or coalesce(list_contains(r.given_forms, l.given_key), false)
        or (l.given_key = r.family_key and l.family_key = r.given_key))
    and coalesce(l.generation = r.generation, true)
    and (l.birth_date is null or r.birth_date is null or l.birth_date = r.birth_date
        or (year(l.birth_date) = year(r.birth_date) and damerau_levenshtein(l.birth_date::varchar, r.birth_date::varchar) = 1)
        or (year(l.birth_date) = year(r.birth_date) and month(l.birth_date) = day(r.birth_date) and day(l.birth_date) = month(r.birth_date)))
"""

# a phone is passed on within a household and beyond: it also wants a near family name or the same birth date
_SAME_FAMILY = """
    (l.family_key is null or r.family_key is null or l.family_key = r.family_key
        or jaro_winkler_similarity(replace(l.family_key, ' ', ''), replace(r.family_key, ' ', '')) >= 0.92
        or l.birth_date = r.birth_date or l.given_key = r.family_key)
"""

# father and son of one name at one address: who is reached at another number and another address is another person,
# unless born on the same day; such pairs are left to a person to decide
_APART = """
    (coalesce(l.email_key <> r.email_key, false) and coalesce(l.phone_key <> r.phone_key, false)
        and coalesce(l.birth_date <> r.birth_date, true))
"""

# a rule is worth what the model says of the pair, and never less than this: evidence of a kind that no model doubts;
# a landline rings for all of a household, some 2.3 people: so many bits less than a mobile
_RULE_WEIGHT, _LANDLINE_BITS = 8.0, 1.2
_EDGES = f"""
create or replace table identity.edges as
with good as (
    select value_key, kind, given_name_count from identity.identifiers where ignored_reason is null and record_count > 1
), email_pairs as (
    select l.record_id as left_id, r.record_id as right_id, 'same email' as rule
    from good g join identity.normalised_people l on g.kind = 'email' and l.email_key = g.value_key
    join identity.normalised_people r on r.email_key = l.email_key and l.record_id < r.record_id
    where {_NAMED} and {_GUARD}
), phone_pairs as (
    select l.record_id, r.record_id, case when l.is_mobile then 'same mobile' else 'same phone' end
    from good g join identity.normalised_people l on g.kind = 'phone' and l.phone_key = g.value_key
    join identity.normalised_people r on r.phone_key = l.phone_key and l.record_id < r.record_id
    where {_NAMED} and {_GUARD} and {_SAME_FAMILY}
), name_and_birth_date as (
    select l.record_id, r.record_id, 'same name and birth date'
    from identity.normalised_people l join identity.normalised_people r
        on l.given_key = r.given_key and l.family_key = r.family_key and l.birth_date = r.birth_date and l.record_id < r.record_id
    where length(l.given_key) > 1 and coalesce(l.country_code = r.country_code, true)
), name_and_address as (
    select l.record_id, r.record_id, 'same name and address'
    from identity.normalised_people l join identity.normalised_people r
        on l.given_key = r.given_key and l.family_key = r.family_key and l.postal_key = r.postal_key and l.street_key = r.street_key
        and l.record_id < r.record_id
    -- 2100 is a postal code of Denmark and of Norway
    where length(l.given_key) > 1 and coalesce(l.country_code = r.country_code, true) and {_GUARD} and not {_APART}
)
select r.left_id, r.right_id, r.rule, (greatest(coalesce(s.weight, 0), {_RULE_WEIGHT}) - case r.rule when 'same phone' then {_LANDLINE_BITS} else 0 end)::double as weight,
    'deterministic-1' as model_version, true as is_used
from (from email_pairs union all from phone_pairs union all from name_and_birth_date union all from name_and_address) r
left join identity.scored_pairs s on s.left_id = r.left_id and s.right_id = r.right_id
"""

# Mark and Mary are alike as slips are: among few records, where no model could learn how common slips are, they must
# share more than a couple does
_NEAR_NAMES = f"""
    coalesce(l.given_key = r.given_key or starts_with(l.given_key, r.given_key) or starts_with(r.given_key, l.given_key)
        or jaro_winkler_similarity(l.given_key, r.given_key) >= 0.92 or {_ONE_LETTER}
        or list_contains(l.given_forms, r.given_key) or list_contains(r.given_forms, l.given_key) or list_has_any(l.given_forms, r.given_forms)
        or l.given_key = r.family_key or l.family_key = r.given_key, l.given_key is null or r.given_key is null)
"""
_MUCH_ELSE = """
    (coalesce(damerau_levenshtein(l.birth_date::varchar, r.birth_date::varchar) <= 2, false)
        or coalesce(l.email_key = r.email_key, false)::int + coalesce(l.phone_key = r.phone_key, false)::int
            + coalesce(l.street_key = r.street_key, false)::int >= 2)
"""
_SCORED_EDGES = f"""
insert into identity.edges
select s.left_id, s.right_id, 'records alike', s.weight, $version, true
from identity.scored_pairs s
join identity.normalised_people l on l.record_id = s.left_id join identity.normalised_people r on r.record_id = s.right_id
left join identity.identifiers e on e.kind = 'email' and e.value_key = l.email_key and l.email_key = r.email_key and e.given_name_count > 1
left join identity.identifiers p on p.kind = 'phone' and p.value_key = l.phone_key and l.phone_key = r.phone_key and p.given_name_count > 1
where s.probability >= $threshold and identity.veto_reason(l, r) is null and not {_APART}
    -- as with rules: by what a family shares, a record without a given name belongs to nobody of it more than to another
    and ($are_many or (l.given_key is null) = (r.given_key is null) or (e.value_key is null and p.value_key is null))
    and ($are_many or {_NEAR_NAMES} or {_MUCH_ELSE})
    and (s.probability >= $names_alone or coalesce(
        l.email_key = r.email_key or l.phone_key = r.phone_key or l.postal_key = r.postal_key or l.street_key = r.street_key
            or (l.street_number = r.street_number and len(list_intersect(l.address_words, r.address_words)) >= 3)
            or jaro_winkler_similarity(l.city_key, r.city_key) >= 0.88
            or damerau_levenshtein(l.birth_date::varchar, r.birth_date::varchar) <= 2, false))
"""

# a national identity number confirms names that may be one, and parts what else agrees; its hashes stay where they are
SAME_NUMBER = """
select l.record_id as left_id, r.record_id as right_id, a.keyed_hash = b.keyed_hash as is_same
from {pairs} join identity.normalised_people l on {left} join identity.normalised_people r on {right}
join restricted.national_ids a on a.source_system = l.source_system and a.source_key = l.source_key
join restricted.national_ids b on b.source_system = r.source_system and b.source_key = r.source_key and b.country_code = a.country_code
"""
_PARTED = f"""
delete from identity.edges e using ({
    SAME_NUMBER.format(
        pairs="(select distinct left_id, right_id from identity.edges) e",
        left="l.record_id = e.left_id",
        right="r.record_id = e.right_id",
    )
}) n where not n.is_same and n.left_id = e.left_id and n.right_id = e.right_id
"""
_CONFIRMED = """
insert into identity.edges
select least(l.record_id, r.record_id), greatest(l.record_id, r.record_id), 'same national identity number', 40, 'deterministic-1', true
from restricted.national_ids a join restricted.national_ids b using (country_code, keyed_hash)
join identity.normalised_people l on l.source_system = a.source_system and l.source_key = a.source_key
join identity.normalised_people r on r.source_system = b.source_system and r.source_key = b.source_key
where l.record_id < r.record_id and identity.compatible_names(l, r)
"""

# a steward's word outweighs everything; 60 bits stand for certainty
_DECIDED = """
delete from identity.edges e using identity.standing_decisions d
where d.verdict = 'different' and d.left_id = e.left_id and d.right_id = e.right_id;
insert into identity.edges
select left_id, right_id, 'decided by a person', 60, 'decision', true from identity.standing_decisions where verdict = 'same'
"""


def find_identifiers(con: duckdb.DuckDBPyConnection, settings: Identity) -> int:
    """Rebuilds `identity.identifiers`, each with why it is ignored, if so. Returns their number."""
    con.execute(
        _IDENTIFIERS,
        {
            "max_names": settings.max_names_per_identifier,
            "max_email": settings.max_records_per_email,
            "max_phone": settings.max_records_per_phone,
        },
    )
    return int(scalar(con, "select count(*) from identity.identifiers"))


def find_edges(con: duckdb.DuckDBPyConnection, settings: Identity, version: str) -> int:
    """Rebuilds `identity.edges` from the rules, `identity.scored_pairs` of the model `version`, and standing decisions.

    Returns the edges.
    """
    prepare_national_ids(con)
    con.execute(_EDGES)
    con.execute(
        _SCORED_EDGES,
        {
            "threshold": settings.link_probability,
            "names_alone": settings.names_alone_probability,
            "version": version,
            "are_many": scalar(con, "select count(*) from identity.normalised_people") >= MIN_RECORDS,
        },
    )
    if scalar(con, "select count(*) from restricted.national_ids"):
        con.execute(_PARTED)
        con.execute(_CONFIRMED)
    con.execute(_DECIDED)
    return int(scalar(con, "select count(*) from identity.edges"))
