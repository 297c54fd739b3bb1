"""Which identifiers are worth anything, and which two records they join. Here: `identity.identifiers`, `identity.edges`.

Rules join on a shared identifier or on name and birth date or address, where first names agree more closely than a
veto asks for; the model's scores join the rest. Not here: the scores (scoring.py), vetoes, closure.
"""

from __future__ import annotations

import duckdb

from orchestration.core.settings import Identity
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import scalar, transaction
from orchestration.identity.model import MIN_RECORDS
from orchestration.identity.similarity import NEAR_CITY, NEAR_NAME
from orchestration.identity.touched import touch
from orchestration.match_keys.junk import define_junk
from orchestration.privacy.intake.national_id_hashes import prepare_national_ids

# of an id of a system the contact points and birth dates count too: more of them than a person has are several people's
_USED = """
select 'email' as kind, email_key as value_key, record_id, given_key, family_key, null::varchar as email, null::varchar as phone, null::date as birth_date
from {people} where email_key is not null
union all
select 'phone', phone_key, record_id, given_key, family_key, null, null, null from {people} where phone_key is not null
union all
select 'person_id', person_id_key, record_id, given_key, family_key, email_key, phone_key, birth_date from {people} where person_id_key is not null
"""
_IDENTIFIERS = f"""
with used as ({_USED.format(people="identity.normalised_people")}), counted as (
    select kind, value_key, count(*) as record_count,
        count(distinct coalesce(left(given_key, 3), '') || '|' || coalesce(left(family_key, 3), '')) as name_count,
        count(distinct given_key) as given_name_count, count(distinct email) as email_count, count(distinct phone) as phone_count,
        count(distinct birth_date) as birth_count
    from used {{only}} group by all
), judged as (
    select c.*, o.reason,
        case
            when o.verdict = 'trust' then null
            when o.verdict = 'ignore' then 'override'
            when is_junk(c.kind, c.value_key) then 'junk'
            when c.kind = 'email' and split_part(c.value_key, '@', 1) in (select local_part from reference.role_mailboxes) then 'role_mailbox'
            when c.name_count > $max_names then 'many_names'
            when c.email_count > $max_emails or c.phone_count > $max_phones then 'many_points'
            when c.birth_count > $max_names then 'many_birth_dates'
            when c.record_count > case c.kind when 'email' then $max_email when 'phone' then $max_phone else $max_person_id end then 'many_records'
        end as ignored_code
    from counted c
    left join reference.identifier_overrides o on o.kind = c.kind and o.value_key = c.value_key
)
select kind, value_key, record_count, name_count, given_name_count, ignored_code,
    case ignored_code
        when 'override' then 'override: ' || coalesce(reason, 'ignored')
        when 'junk' then 'junk: ' || junk_reason(kind, value_key)
        when 'role_mailbox' then 'role mailbox'
        when 'many_names' then 'shared by too many names'
        when 'many_points' then 'shared by too many email addresses or phone numbers'
        when 'many_birth_dates' then 'shared by too many birth dates'
        when 'many_records' then 'shared by too many records'
    end as ignored_reason
from judged
"""
# identifiers of the records that changed, as they are and as they were
_TOUCHED_VALUES = f"""
create or replace temp table touched_values as
select distinct kind, value_key from ({_USED.format(people="identity.normalised_people")}) where record_id in (from identity.touched_records)
union select distinct kind, value_key from ({_USED.format(people="replaced_people")})
"""
# what edges and scores ask of an identifier: where it is another, all records that have it are looked at anew
_CHANGED_WORTH = f"""
select u.record_id from ({_USED.format(people="identity.normalised_people")}) u join touched_values using (kind, value_key)
join recounted_identifiers n using (kind, value_key) join identity.identifiers o using (kind, value_key)
where (n.ignored_reason is null, n.given_name_count > 1) is distinct from (o.ignored_reason is null, o.given_name_count > 1)
"""

# a record without a given name says nothing of who it is: it joins only where the identifier knows one given name, else
# it would be a bridge between the members of a family
_NAMED = "(l.given_name_count <= 1 or (l.given_key is not null and r.given_key is not null))"

# Anastassia and Nastassia
_ONE_LETTER = (
    "(damerau_levenshtein(l.given_key, r.given_key) = 1 and least(length(l.given_key), length(r.given_key)) >= 6)"
)
# compatible: equal, an initial of the other, near (a slip), swapped with the family name, or not known on one side
_GUARD = f"""
    (l.given_key is null or r.given_key is null
        or l.given_key = r.given_key
        or starts_with(l.given_key, r.given_key) or starts_with(r.given_key, l.given_key)
        or jaro_winkler_similarity(l.given_key, r.given_key) >= {NEAR_NAME} or {_ONE_LETTER}
        or coalesce(list_contains(l.given_forms, r.given_key), false) or coalesce(list_contains(r.given_forms, l.given_key), false)
        or (l.given_key = r.family_key and l.family_key = r.given_key))
    and coalesce(l.generation = r.generation, true)
    and (l.birth_date is null or r.birth_date is null or l.birth_date = r.birth_date
        or (year(l.birth_date) = year(r.birth_date) and damerau_levenshtein(l.birth_date::varchar, r.birth_date::varchar) = 1)
        or (year(l.birth_date) = year(r.birth_date) and month(l.birth_date) = day(r.birth_date) and day(l.birth_date) = month(r.birth_date)))
"""

# a phone is passed on within a household and beyond: it also wants a near family name or the same birth date
_SAME_FAMILY = f"""
    (l.family_key is null or r.family_key is null or l.family_key = r.family_key
        or jaro_winkler_similarity(replace(l.family_key, ' ', ''), replace(r.family_key, ' ', '')) >= {NEAR_NAME}
        or l.birth_date = r.birth_date or l.given_key = r.family_key)
"""

# father and son of one name at one address: who is reached at another number and another address is another person,
# unless born on the same day; such pairs are left to a person to decide
_APART = """
    (coalesce(l.email_key <> r.email_key, false) and coalesce(l.phone_key <> r.phone_key, false)
        and coalesce(l.birth_date <> r.birth_date, true))
"""

# an id is the system's own word that records are one person; where names or birth dates say that they are not, it is in
# doubt. A family name changes, but where given names do not tell it is all that does
_SAME_ID = f"""
    identity.compatible_names(l, r) and not identity.birth_dates_conflict(l, r) and coalesce(l.generation = r.generation, true)
    and ((l.given_key is not null and r.given_key is not null) or {_SAME_FAMILY})
"""

# a rule is worth what the model says of the pair, and never less than this: evidence of a kind that no model doubts;
# a landline rings for all of a household, some 2.3 people: so many bits less than a mobile; an id has been compared by its system
_RULE_WEIGHT, _ID_WEIGHT, _LANDLINE_BITS = 8.0, 30.0, 1.2
# of two records one is looked at anew
_TOUCHED = "(l.is_touched or r.is_touched)"
_GOOD = """
create or replace temp view good_identifiers as
select value_key, kind, given_name_count from identity.identifiers where ignored_reason is null and record_count > 1
"""
_EDGES = f"""
create or replace temp table fresh_edges as
with by_email as materialized (
    -- before anybody is paired with anybody: a value that is worth nothing may be shared by thousands
    select p.*, g.given_name_count from edge_people p join good_identifiers g on g.kind = 'email' and g.value_key = p.email_key
), by_phone as materialized (
    select p.*, g.given_name_count from edge_people p join good_identifiers g on g.kind = 'phone' and g.value_key = p.phone_key
), by_person_id as materialized (
    select p.*, g.given_name_count from edge_people p join good_identifiers g on g.kind = 'person_id' and g.value_key = p.person_id_key
), email_pairs as (
    select l.record_id as left_id, r.record_id as right_id, 'same email' as rule
    from by_email l join by_email r on r.email_key = l.email_key and l.record_id < r.record_id
    where {_NAMED} and {_GUARD} and {_TOUCHED}
), phone_pairs as (
    select l.record_id, r.record_id, case when l.is_mobile then 'same mobile' else 'same phone' end
    from by_phone l join by_phone r on r.phone_key = l.phone_key and l.record_id < r.record_id
    where {_NAMED} and {_GUARD} and {_TOUCHED} and {_SAME_FAMILY}
), person_id_pairs as (
    select l.record_id, r.record_id, 'same person id'
    from by_person_id l join by_person_id r on r.person_id_key = l.person_id_key and l.record_id < r.record_id
    where {_NAMED} and {_TOUCHED} and {_SAME_ID}
), name_and_birth_date as (
    select l.record_id, r.record_id, 'same name and birth date'
    from edge_people l join edge_people r
        on l.given_key = r.given_key and l.family_key = r.family_key and l.birth_date = r.birth_date and l.record_id < r.record_id
    where length(l.given_key) > 1 and coalesce(l.country_code = r.country_code, true) and {_TOUCHED}
), name_and_address as (
    select l.record_id, r.record_id, 'same name and address'
    from edge_people l join edge_people r
        on l.given_key = r.given_key and l.family_key = r.family_key and l.postal_key = r.postal_key and l.street_key = r.street_key
        and l.record_id < r.record_id
    -- 2100 is a postal code of Denmark and of Norway
    where length(l.given_key) > 1 and coalesce(l.country_code = r.country_code, true) and {_TOUCHED} and {_GUARD} and not {_APART}
)
select r.left_id, r.right_id, r.rule, (greatest(coalesce(s.weight, 0), case r.rule when 'same person id' then {_ID_WEIGHT} else {_RULE_WEIGHT} end) - case r.rule when 'same phone' then {_LANDLINE_BITS} else 0 end)::double as weight,
    'deterministic-1' as model_version, true as is_used
from (from email_pairs union all from phone_pairs union all from person_id_pairs union all from name_and_birth_date union all from name_and_address) r
left join edge_scores s on s.left_id = r.left_id and s.right_id = r.right_id
"""

# Mark and Mary are alike as slips are: among few records, where no model could learn how common slips are, they must
# share more than a couple does
_NEAR_NAMES = f"""
    coalesce(l.given_key = r.given_key or starts_with(l.given_key, r.given_key) or starts_with(r.given_key, l.given_key)
        or jaro_winkler_similarity(l.given_key, r.given_key) >= {NEAR_NAME} or {_ONE_LETTER}
        or list_contains(l.given_forms, r.given_key) or list_contains(r.given_forms, l.given_key) or list_has_any(l.given_forms, r.given_forms)
        or l.given_key = r.family_key or l.family_key = r.given_key, l.given_key is null or r.given_key is null)
"""
_MUCH_ELSE = """
    (coalesce(damerau_levenshtein(l.birth_date::varchar, r.birth_date::varchar) <= 2, false)
        or coalesce(l.email_key = r.email_key, false)::int + coalesce(l.phone_key = r.phone_key, false)::int
            + coalesce(l.street_key = r.street_key, false)::int >= 2)
"""
_SCORED_EDGES = f"""
insert into fresh_edges
select s.left_id, s.right_id, 'records alike', s.weight, $version, true
from edge_scores s
join edge_people l on l.record_id = s.left_id join edge_people r on r.record_id = s.right_id
left join identity.identifiers e on e.kind = 'email' and e.value_key = l.email_key and l.email_key = r.email_key and e.given_name_count > 1
left join identity.identifiers p on p.kind = 'phone' and p.value_key = l.phone_key and l.phone_key = r.phone_key and p.given_name_count > 1
where s.probability >= $threshold and identity.veto_reason(l, r) is null and not {_APART}
    -- as with rules: by what a family shares, a record without a given name belongs to nobody of it more than to another
    and ($are_many or (l.given_key is null) = (r.given_key is null) or (e.value_key is null and p.value_key is null))
    and ($are_many or {_NEAR_NAMES} or {_MUCH_ELSE})
    and (s.probability >= $names_alone or coalesce(
        l.email_key = r.email_key or l.phone_key = r.phone_key or l.postal_key = r.postal_key or l.street_key = r.street_key
            or (l.street_number = r.street_number and len(list_intersect(l.address_words, r.address_words)) >= 3)
            or jaro_winkler_similarity(l.city_key, r.city_key) >= {NEAR_CITY}
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
delete from fresh_edges e using ({
    SAME_NUMBER.format(
        pairs="(select distinct left_id, right_id from fresh_edges) e",
        left="l.record_id = e.left_id",
        right="r.record_id = e.right_id",
    )
}) n where not n.is_same and n.left_id = e.left_id and n.right_id = e.right_id
"""
_CONFIRMED = f"""
insert into fresh_edges
select least(l.record_id, r.record_id), greatest(l.record_id, r.record_id), 'same national identity number', 40, 'deterministic-1', true
from restricted.national_ids a join restricted.national_ids b using (country_code, keyed_hash)
join edge_people l on l.source_system = a.source_system and l.source_key = a.source_key
join edge_people r on r.source_system = b.source_system and r.source_key = b.source_key
where l.record_id < r.record_id and identity.compatible_names(l, r) and {_TOUCHED}
"""

_DECIDED = sql_script(__file__, "edges_decided", touched=_TOUCHED)

_ALL_TOUCHED = sql_script(__file__, "edges_all_touched")
_NEAR = sql_script(__file__, "edges_near")


def find_identifiers(con: duckdb.DuckDBPyConnection, settings: Identity) -> int:
    """Rebuilds `identity.identifiers`, each with why it is ignored, if so. Returns their number."""
    define_junk(con)
    con.execute(f"create or replace table identity.identifiers as {_IDENTIFIERS.format(only='')}", _limits(settings))
    return int(scalar(con, "select count(*) from identity.identifiers"))


def recount_identifiers(con: duckdb.DuckDBPyConnection, settings: Identity) -> int:
    """Brings `identity.identifiers` up to date with the touched records, and touches the others that have one whose
    worth changed. Needs `replaced_people`. Returns their number."""
    define_junk(con)
    con.execute(_TOUCHED_VALUES)
    only = "semi join touched_values using (kind, value_key)"
    con.execute(
        f"create or replace temp table recounted_identifiers as {_IDENTIFIERS.format(only=only)}", _limits(settings)
    )
    touch(con, _CHANGED_WORTH)
    con.execute(
        "delete from identity.identifiers where (kind, value_key) in (select (kind, value_key) from touched_values)"
    )
    con.execute("insert into identity.identifiers from recounted_identifiers")
    return int(scalar(con, "select count(*) from identity.identifiers"))


def _limits(settings: Identity) -> dict[str, int]:
    return {
        "max_names": settings.max_names_per_identifier,
        "max_email": settings.max_records_per_email,
        "max_phone": settings.max_records_per_phone,
        "max_person_id": settings.max_records_per_person_id,
        "max_emails": settings.max_emails_per_customer,
        "max_phones": settings.max_phones_per_customer,
    }


def find_edges(con: duckdb.DuckDBPyConnection, settings: Identity, version: str, *, everything: bool = True) -> int:
    """Brings `identity.edges` up to date: by the rules, `identity.scored_pairs` of the model `version`, and standing
    decisions, those of touched records, or all of them. Returns the edges.
    """
    prepare_national_ids(con)
    con.execute(_GOOD)
    con.execute(_ALL_TOUCHED if everything else _NEAR)
    con.execute(_EDGES)
    con.execute(
        _SCORED_EDGES,
        {
            "threshold": settings.link_probability,
            "names_alone": settings.names_alone_probability,
            "version": version,
            "are_many": are_many(con),
        },
    )
    if scalar(con, "select count(*) from restricted.national_ids"):
        con.execute(_PARTED)
        con.execute(_CONFIRMED)
    con.execute(_DECIDED)
    if everything:
        con.execute("create or replace table identity.edges as from fresh_edges")
    else:
        with transaction(con):
            con.execute(
                "delete from identity.edges where left_id in (from identity.touched_records) or right_id in (from identity.touched_records)"
            )
            con.execute("insert into identity.edges from fresh_edges")
    con.execute("drop table fresh_edges")
    return int(scalar(con, "select count(*) from identity.edges"))


def are_many(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the records are enough to have learnt from how common slips are."""
    return bool(scalar(con, "select count(*) from identity.normalised_people") >= MIN_RECORDS)
