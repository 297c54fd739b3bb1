"""Contact points of statements that are an erased person's, however they are written, and whom else they name.

Here: the temp table `erased_points`, and the ledger of withdrawals, where a withdrawal of somebody else stands without the
erased person's part. Not here: who is erased (noted.py), all other tables (erasure.py).
"""

from __future__ import annotations

import duckdb

from orchestration.contracts.person_rows import with_column
from orchestration.core.settings import Settings
from orchestration.core.warehouse import drop_tables, has_table, scalar, text
from orchestration.match_keys.phones import read_phones_apart
from orchestration.privacy.intake.broken_lines import NUMBERED
from orchestration.privacy.intake.noted_rows import LISTED, RECORDS, VALUES, names_record
from orchestration.privacy.intake.withdrawals import LEDGER

# tables of what was said, each on a contact point, beside the entities that have one
_WITH_POINTS = (("identity", "withdrawals"), ("identity", "void_grants"))
# whether a row of the ledger names the person by a record's key
_IS_KEYED = names_record("person_system", "person_key")


def is_cut_of(written: str) -> str:
    """SQL: whether a contact point has an address of noted people in parts (alva .ek@x.se), or words that are one (alva, bo@x.se)."""
    return f"(contains({written}, '@') and list_has_any(match_keys.withdrawn_addresses({written}), {LISTED.format(kind='email')}))"


def is_place_of(written: str) -> str:
    """SQL: whether a text is a postal address of noted people's alone."""
    return f"list_has_any(match_keys.place_keys({written}), {LISTED.format(kind='place')})"


# points that may name the person: by an address, by a number's last digits (there are few to be read then), by a key beside them
_TO_READ = f"""
create or replace temp table points_to_read as
-- materialized here and below: else the match keys stand in the plan once for each use, and they are slow to plan
with read as materialized (select contact_point, {{addresses}} as addresses, {{is_keyed}} as is_keyed from ({{said}}))
select contact_point, addresses, is_keyed from read r
where list_has_any(addresses, {LISTED.format(kind="email")}) or {is_cut_of("contact_point")} or is_keyed or {is_place_of("contact_point")} or exists (
    select 1 from {VALUES.format(kind="phone")} v where match_keys.has_phone_tail(r.contact_point, v.value))
"""
_NUMBERS = """
create or replace temp table point_numbers as
select contact_point, trim(part) as part from (
    select contact_point, unnest(match_keys.phone_parts(match_keys.bare_phone(match_keys.beside_addresses(contact_point)))) as part
    from points_to_read
) where length(match_keys.digits_in(part)) >= 5
"""
# each address and number of a point, and whether it is the person's: an address that is read out of an escaped one of
# theirs is, and of a number of theirs every reading with its digits in it. `kept` is what stays of a part
_PARTS = f"""
create or replace temp table point_parts as
with emails as (select {LISTED.format(kind="email")} as listed), phones as (select {LISTED.format(kind="phone")} as listed),
addresses as (select contact_point, unnest(addresses) as part from points_to_read),
-- addresses of theirs that a point has in parts, or words of: what is a piece of one is theirs, unless somebody else has it
cut as materialized (
    select contact_point, unnest(list_filter(match_keys.withdrawn_addresses(contact_point), lambda a: list_contains(listed, a))) as whole
    from points_to_read, emails where contains(contact_point, '@')
),
pieces as (
    select a.contact_point, a.part from addresses a join cut c on c.contact_point = a.contact_point and c.whole <> a.part
        and split_part(c.whole, '@', 2) = split_part(a.part, '@', 2)
        and contains(replace(split_part(c.whole, '@', 1), '.', ''), replace(split_part(a.part, '@', 1), '.', ''))
    where a.part not in ({{others}})
),
numbers as (
    select p.contact_point, p.part, n.readings, list_has_any(list_append(n.readings, n.phone_key), listed) as is_theirs, listed
    from point_numbers p join point_phones n on n.phone = p.part, phones
    where n.phone_key is not null or len(n.readings) > 0
)
select contact_point, contact_point as kept, true as is_theirs from points_to_read where {is_place_of("contact_point")}
union all
select contact_point, whole, true from cut
union all
select contact_point, part as kept, list_has_any({{addresses}}, listed) or (contact_point, part) in (from pieces) as is_theirs from addresses, emails
union all
select contact_point, part, is_theirs from numbers
union all
-- two numbers that are written as one
select contact_point, unnest(list_filter(readings, lambda r: len(list_filter(listed, lambda l: match_keys.has_phone_tail(r, l))) = 0)), false
from numbers where is_theirs
"""
# addresses of others; before a first night nobody is known
_OTHERS = f"""
select unnest(match_keys.email_readings(email)) from conformed.conformed_people
where email is not null and (source_system, source_key) not in {RECORDS}
"""
_POINTS = """
insert into erased_points
select contact_point, string_agg(distinct kept, '; ' order by kept) filter (not p.is_theirs), bool_or(p.is_theirs)
from point_parts p join points_to_read using (contact_point)
group by contact_point having bool_or(p.is_theirs or is_keyed)
"""
# what the person said of somebody else's point stands for that point alone
_PART_FROM_KEY = f"""
update {LEDGER} w set contact_point = e.others, person_system = null, person_key = null, source_key = null, was_tied = true
from erased_points e where e.contact_point = w.contact_point and e.others is not null and {_IS_KEYED}
"""
# whoever is named beside the person, or by a key of their own, has withdrawn still
_PART_FROM_POINT = f"""
update {LEDGER} w set contact_point = e.others, was_tied = true
from erased_points e where e.contact_point = w.contact_point and e.is_theirs
    and (e.others is not null or nullif(trim(w.person_key), '') is not null) and not coalesce({_IS_KEYED}, false)
"""
_FORGET = f"""
delete from {LEDGER} where contact_point in (select contact_point from erased_points where is_theirs) or {_IS_KEYED}
"""
# a rejected line that is emptied is not read again: whom else it denied, by a key or a point that somebody has, stays denied.
# Of what a line of broken JSON names, the ledger tells only the load: in doubt all of that load stays
_KEEP_DENIED = f"""
update {LEDGER} w set is_certain = true from (select load_id, line_key from {NUMBERED} where content is null) l
where w.entity = 'rejected_rows' and not w.is_certain and w.source_system = {{source}} and coalesce(w.source_key, l.line_key) = l.line_key
    and w.load_id = l.load_id and (w.person_key is not null or exists (
        select 1 from identity.point_holders h
        where h.contact_point = w.contact_point and (h.person_system, h.person_key) not in {RECORDS}))
"""


def addresses_in(written: str) -> str:
    """SQL: the keys of every address that a text holds, in disguise too."""
    return f"list_concat(match_keys.email_readings({written}), match_keys.denied_addresses({written}))"


def note_points(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Makes the temp table `erased_points` (contact_point, others, is_theirs): contact points of statements that name noted
    people (`is_theirs`) or are in a statement of theirs, and what in them names somebody else; null where nothing does."""
    con.execute("create or replace temp table erased_points (contact_point varchar, others varchar, is_theirs boolean)")
    of_entities = [("conformed", f"conformed_{entity}") for entity in with_column("contact_point")]
    tables = [(schema, table) for schema, table in (*of_entities, *_WITH_POINTS) if has_table(con, schema, table)]
    if not tables:
        return
    said = " union ".join(f"select contact_point from {s}.{t} where contact_point is not null" for s, t in tables)
    keyed = f"contact_point in (select contact_point from {LEDGER} where {_IS_KEYED})"
    is_keyed = keyed if has_table(con, *LEDGER.split(".")) else "false"
    con.execute(_TO_READ.format(said=said, addresses=addresses_in("contact_point"), is_keyed=is_keyed))
    con.execute(_NUMBERS)
    numbers = "select part as phone, '' as country_code from point_numbers"
    read_phones_apart(con, numbers, settings.identity.default_country, "point_phones")
    others = _OTHERS if has_table(con, "conformed", "conformed_people") else "select null::varchar where false"
    con.execute(_PARTS.format(addresses=addresses_in("part"), others=others))
    con.execute(_POINTS)
    drop_tables(con, "points_to_read", "point_numbers", "point_parts", "point_phones")


def forget_withdrawals(con: duckdb.DuckDBPyConnection) -> int:
    """Takes noted people out of the ledger; lines that name them are emptied by then. Returns the rows that changed."""
    if not has_table(con, *LEDGER.split(".")):
        return 0
    rows = sum(int(scalar(con, statement)) for statement in (_PART_FROM_KEY, _PART_FROM_POINT, _FORGET))
    if has_table(con, "quarantine", "rejected_rows") and has_table(con, "identity", "point_holders"):
        emptied = con.execute("select distinct source, table_name from quarantine.rejected_rows where content is null")
        for source, table in emptied.fetchall():
            con.execute(_KEEP_DENIED.format(source=text(source), table=text(table)))
    return rows
