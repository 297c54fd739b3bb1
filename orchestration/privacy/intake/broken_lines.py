"""Rejected lines of tables of statements that are no row: whom one may name, and which name nobody.

A broken line says neither which value is which nor whether it withdraws: it denies whoever it may name. Here: addresses in
disguise, phone numbers and keys of records that stand in one, for the ledger; the temp table `broken_lines`, until the night has told those of nobody.
Not here: lines that are rows (rejected_withdrawals.py), telling those that name nobody (identity/untied.py).
"""

from __future__ import annotations

import duckdb

from orchestration.core.warehouse import drop_tables, has_table, text
from orchestration.match_keys import define_match_keys
from orchestration.privacy.intake.withdrawals import add_withdrawals

# temporary: what may be a number is personal, and no other night needs it
LINES = "broken_lines"
# `is_named`: somebody stands in it for certain. `numbers`: what may be a phone number, and names somebody if it is somebody's
_DDL = f"""
create or replace temp table {LINES} (
    source_system varchar not null, line_key varchar not null, load_id bigint not null, is_named boolean not null, numbers varchar[] not null,
    content_digest varchar not null, source_key varchar -- of a row that could be read
);
"""
# SQL: the rejected rows of a table, each with how a person finds it again and, where it is an object, its `document`: what
# filters comes in any order, and JSON functions end a query at a line that is broken
NUMBERED = """(
    select *, case when json_valid(content) and try(json_type(content)) = 'OBJECT' then content end as document, coalesce('line ' || line::varchar, 'rejected line ' || (row_number() over (partition by load_id, file order by rowid))::varchar)
        || coalesce(' of ' || file, '') as line_key
    from quarantine.rejected_rows where source = {source} and table_name = {table}
) r"""
# a date with its time would be read as a number
_DATES = r"\b\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?)?"
_NUMBER = r"\+?\d[\d ()/.-]{5,}\d"
# a number whoever has it; other digits may be an order's
_IS_NUMBER = r"(\+|00?)[1-9]\d{7,14}"
# a value between the delimiters of any dialect, and a word
_FIELD, _WORD = r'[^,;|\t"{}\[\]]+', r"""[^\s,;|"''{}\[\]():=]+"""
# a shorter key may stand in any column: it denies, and does not tell whose the line is
_SHORTEST_KEY = 3
# SQL of lists on a line: the keys and the numbers that it may write
_WORDS = f"""list_distinct(list_transform(
    list_concat(regexp_extract_all(content, '{_FIELD}'), regexp_extract_all(content, '{_WORD}')),
    lambda s: match_keys.record_key(trim(s, ' '''))))"""
_NUMBERS = f"""list_distinct(list_transform(
    regexp_extract_all(regexp_replace(content, '{_DATES}', ' ', 'g'), '{_NUMBER}'), lambda n: trim(n)))"""

_READ = f"""
create or replace temp table lines_read as
select load_id, source, line_key, content, match_keys.denied_addresses(content) as addresses,
    {_NUMBERS} as numbers,
    w.is_named is not null as is_written, coalesce(w.has_key, false) as has_key
from """
_WRITTEN = """
select load_id, line_key, true as is_named, bool_or(person_key is not null) as has_key from ({named})
where coalesce(contact_point, person_key) is not null group by all
"""
_KEYS = f"""
insert into keys_in_lines
select distinct l.load_id, l.line_key, r.source_key
from (
    select load_id, line_key, unnest({_WORDS}) as word from lines_read where not has_key
) l
join identity.customer_source_records r on match_keys.record_key(r.source_key) = l.word
where r.valid_to is null and lower(r.source_system) = lower($system)
"""
_SAY = """
select 'rejected_rows' as entity, b.source as source_system, b.line_key as source_key,
    case when b.person_key is not null then {system} end as person_system, b.person_key, b.contact_point, 'all' as purpose,
    'all' as channel, l.loaded_at as stated_at, false as is_certain, b.load_id, true as is_again, false as is_gone, false as is_zoneless
from (
    select load_id, source, line_key, null::varchar as person_key, unnest(list_concat(addresses, numbers)) as contact_point from lines_read
    union all
    select load_id, source, line_key, k.person_key, null from keys_in_lines k join lines_read using (load_id, line_key)
) b join ops.loads l using (load_id)
"""
_NOTE = f"""
insert into {LINES}
select source, line_key, load_id, is_written or len(addresses) > 0
    or len(list_filter(numbers, lambda n: regexp_full_match(regexp_replace(n, '[^0-9+]', '', 'g'), '{_IS_NUMBER}'))) > 0
    or exists (
        select 1 from keys_in_lines k
        where k.load_id = b.load_id and k.line_key = b.line_key and length(k.person_key) >= {_SHORTEST_KEY}), numbers, md5(content), null
from lines_read b
"""
# SQL: the lines whose numbers are nobody's either; needs the holders of contact points
UNNAMED = f"""
select source_system, line_key, load_id, content_digest, source_key from {LINES} b where not is_named
and not exists (select 1 from identity.point_holders h where list_contains(b.numbers, h.contact_point))
"""
# SQL on a row l of the ledger: whether it is a candidate out of a broken line, and no withdrawal of its own
IS_CANDIDATE = f"""l.entity = 'rejected_rows' and not l.is_certain and exists (
    select 1 from {LINES} b where b.source_system = l.source_system and b.load_id = l.load_id and b.line_key = l.source_key)"""


def prepare_lines(con: duckdb.DuckDBPyConnection) -> None:
    """Makes the temp table `broken_lines`, empty."""
    con.execute(_DDL)
    define_match_keys(con)


def note_lines(con: duckdb.DuckDBPyConnection, lines: str, *, named: str, system: str, has_key: bool) -> None:
    """Adds to the ledger whom broken lines may name, and the lines to `broken_lines`.

    `lines` is SQL of (load_id, source, line_key, content), `named` of (load_id, line_key, contact_point, person_key): whom JSON
    names where it says so, which is in the ledger. `system` is whose records the table names by key, where it `has_key`.
    """
    con.execute(f"{_READ} ({lines}) left join ({_WRITTEN.format(named=named)}) w using (load_id, line_key)")
    con.execute("create or replace temp table keys_in_lines (load_id bigint, line_key varchar, person_key varchar)")
    if has_key and has_table(con, "identity", "customer_source_records"):
        con.execute(_KEYS, {"system": system})
    add_withdrawals(con, _SAY.format(system=text(system)))
    con.execute(_NOTE)
    drop_tables(con, "lines_read", "keys_in_lines")


def points_beside(lines: str, keys: str) -> str:
    """SQL of (source_key, point): addresses and numbers in broken lines that may write one of these keys.

    `lines` is SQL of (content), `keys` of (source_key).
    """
    return (
        "select distinct k.source_key, unnest(list_concat(l.addresses, l.numbers)) as point from ("
        f"select match_keys.denied_addresses(content) as addresses, {_NUMBERS} as numbers, unnest({_WORDS}) as word from ({lines})"
        f") l join ({keys}) k on match_keys.record_key(k.source_key) = l.word"
    )


def note_unnamed(con: duckdb.DuckDBPyConnection, rows: str) -> None:
    """Adds rows that could be read, may withdraw, and name neither a person nor a contact point: (source, line_key, load_id,
    content, source_key)."""
    con.execute(
        f"insert into {LINES} select source, line_key, load_id, false, [], md5(content), source_key from ({rows})"
    )
