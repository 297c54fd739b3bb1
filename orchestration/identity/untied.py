"""Untied withdrawals: they name no record that was ever known, and no readable contact point.

Here: `identity.untied_withdrawals`, rebuilt each night. They hold the publication until they are fixed or acknowledged
(data_quality/suites/set_aside.py). A rejected line of a table of statements that names nobody is untied too. Not untied are:
* a readable contact point without an owner: it blocks its future owner. So does one that the record has which it names, though no
  conformed table has that record: it was left out, or set aside
* a withdrawal that once had a record, and outlived it
* an unreadable contact point in a rejected row that also has a readable one
An acknowledgement covers the content of a withdrawal, by `digest`: it holds through reloads, under any key or line, while that withdrawal
names nobody, and covers no other one. A withdrawal whose row came again and names somebody is fixed at its source. Not here: whom a withdrawal is about (contact_points.py).
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from orchestration.contracts.reasons import set_aside_as, set_aside_words
from orchestration.core.settings.nobody import NOBODYS_KEYS
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import scalar, text
from orchestration.extract.records import prepare_ops
from orchestration.privacy.intake.broken_lines import IS_CANDIDATE, LINES, UNNAMED
from orchestration.privacy.intake.withdrawals import LEDGER

_TIED = f"""
update {LEDGER} l set was_tied = true where not coalesce(l.was_tied, false) and (
    l.source_system = 'kundbild'
    or exists (select 1 from identity.customer_source_records r where r.source_system = l.person_system and r.source_key = l.person_key)
    or exists (select 1 from identity.heirs h where h.gone_system = l.person_system and h.gone_key = l.person_key)
    or exists (select 1 from identity.withdrawn_points w where w.contact_point = l.contact_point and w.is_readable)
    or (l.person_system, l.person_key) in (select (source_system, source_key) from reachable_absent)
)
"""
# the time counts where it is the withdrawal's own: a rejected line without one has its load's, another at each delivery. So does
# the key where nothing else tells withdrawals apart: a row's own key or line is another where it is delivered in another file
_DIGEST = """
'withdrawal:' || md5(to_json([source_system, entity, {key}, person_system, person_key, contact_point, purpose, channel,
    case when l.entity <> 'rejected_rows' or l.is_certain or not exists (
        select 1 from ops.loads n where n.source = l.source_system and n.loaded_at = l.stated_at
    ) then l.stated_at::varchar end])::varchar)
"""
_BY_CONTENT = _DIGEST.format(
    key="case when nullif(trim(coalesce(person_key, contact_point)), '') is null then source_key end"
)
# SQL: whether a later row under the same key of the source says no to as much, and names somebody
_FIXED = f"""exists (
    select 1 from {LEDGER} m where m.was_tied and m.source_system = {{row}}.source_system and m.source_key = {{row}}.source_key
        and m.load_id > {{row}}.load_id and {{covers}}
)"""
_IS_FIXED = _FIXED.format(row="l", covers="m.purpose in (l.purpose, 'all') and m.channel in (l.channel, 'all')")
# SQL: whether another contact point of the same rejected row is somebody's or can be read: the row is about whoever has that one.
# Rows have the person in common too, and a key that systems write for nobody is no row's own
_IS_BESIDE = f"""l.entity = 'rejected_rows' and lower(regexp_replace(l.source_key, '\\s', '', 'g')) not in ('', {", ".join(map(text, NOBODYS_KEYS))})
    and exists (
        select 1 from {LEDGER} b where b.was_tied and b.entity = l.entity and b.source_system = l.source_system and b.source_key = l.source_key
            and b.load_id = l.load_id and b.person_system is not distinct from l.person_system and b.person_key is not distinct from l.person_key
            and b.purpose = l.purpose and b.channel = l.channel and b.stated_at = l.stated_at and b.is_certain = l.is_certain)"""


def _because(told: Callable[[str], str]) -> str:
    """SQL on a row of the ledger: why it is untied, as `told` says a reason_code."""
    point, person, both = (
        text(told(c)) for c in ("point_unreadable", "person_unknown", "person_unknown_point_unreadable")
    )
    return f"case when nullif(trim(person_key), '') is null then {point} when contact_point is null then {person} else {both} end"


_UNTIED = f"""
insert into identity.untied_withdrawals
select source_system, entity, coalesce(source_key, 'without a key'), load_id,
    {_because(set_aside_words)}, {_because(str)},
    {_BY_CONTENT}
from {LEDGER} l where not coalesce(was_tied, false) and not {_IS_FIXED} and not coalesce({_IS_BESIDE}, false){{but}}
"""
_UNNAMED = f"""
insert into identity.untied_withdrawals
select source_system, 'rejected_rows', line_key, load_id, {set_aside_as("line_names_nobody")},
    -- a line says nothing but its text: of equal ones each is another
    'withdrawal:' || md5(to_json([source_system, content_digest, (row_number() over (
        partition by source_system, content_digest order by load_id, line_key
    ))::varchar])::varchar)
from ({UNNAMED}) u where not {_FIXED.format(row="u", covers="true")}
"""
_NOTED_BEFORE = sql_script(
    __file__,
    "untied_noted_before",
    by_content=_BY_CONTENT,
    digest_before=_DIGEST.format(key="source_key"),
    ledger=LEDGER,
)
# of whatever is gone, or is somebody's by now, nothing is kept
_FORGET = """
delete from ops.acknowledged
where starts_with(digest, 'withdrawal:') and digest not in (select digest from identity.untied_withdrawals)
"""


def find_untied(con: duckdb.DuckDBPyConnection) -> int:
    """Rebuilds the table. Needs the ledger, customers and their contact points, and those of records that are gone. Returns its rows."""
    prepare_ops(con)
    con.execute(_TIED)
    con.execute("delete from reachable_absent")
    con.execute("delete from identity.untied_withdrawals")
    has_lines = bool(scalar(con, f"select count(*) from duckdb_tables() where temporary and table_name = '{LINES}'"))
    con.execute(_UNTIED.format(but=f" and not ({IS_CANDIDATE})" if has_lines else ""))
    if has_lines:
        con.execute(_UNNAMED)
        con.execute(f"drop table {LINES}")
    con.execute(_NOTED_BEFORE)
    con.execute(_FORGET)
    return int(scalar(con, "select count(*) from identity.untied_withdrawals"))
