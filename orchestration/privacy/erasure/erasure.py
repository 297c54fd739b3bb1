"""Erasure (Art. 17): a person leaves every table, every publication, and the bytes of the files.

In steps that a killed run leaves half done and the next one finishes: who is erased is noted (noted.py) and suppressed;
rows go in one transaction; publications are written anew; the note goes; the warehouse's file is written anew, for DuckDB
leaves the bytes of deleted rows where they were. What was sold stays, without the person.
Not here: who may be erased (subjects.py), which rows are theirs (theirs.py), contact points and the ledger of withdrawals (erased_points.py), how files are
written anew (rewriting.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import duckdb
import pyarrow as pa

from orchestration.core.home import Home
from orchestration.core.settings import Settings
from orchestration.core.settings.people import Person
from orchestration.core.warehouse import (
    changed_rows,
    columns_of,
    has_table,
    json_path,
    open_warehouse,
    quote,
    text,
    transaction,
)
from orchestration.match_keys import define_match_keys
from orchestration.privacy.audit.exported_points import forget_points
from orchestration.privacy.audit.log import subject_hash
from orchestration.privacy.erasure.expired_marts import dissolve_households, forget_gone
from orchestration.privacy.erasure.floors import lowered_floors
from orchestration.privacy.erasure.gone_facts import forget_gone_facts, note_standing
from orchestration.privacy.erasure.rewriting import rewrite_publications, rewrite_warehouse
from orchestration.privacy.erasure.theirs import statements_beside_columns, theirs_of
from orchestration.privacy.intake.noted import count_noted, forget_noted, is_noted, note_customers
from orchestration.privacy.intake.noted_rows import ERASING, LISTED, VALUES, is_of
from orchestration.privacy.intake.own_values import is_known_by
from orchestration.privacy.intake.raw_people import declared, names_of, raw_table, standing
from orchestration.privacy.intake.set_aside import forget_set_aside, staged_pairs
from orchestration.privacy.intake.spelled_numbers import is_spelled
from orchestration.privacy.rights.erased_points import (
    addresses_in,
    forget_withdrawals,
    is_cut_of,
    is_place_of,
    note_points,
)
from orchestration.privacy.rights.requests import prepare_requests
from orchestration.privacy.rights.rights_keys import forget_stand_ins
from orchestration.privacy.secrets.pepper import find_pepper

# tables of this connection alone: who is restricted is hidden by the nights after anyway
_HIDING = "temp.hiding"


@dataclass(frozen=True)
class Erased:
    """What an erasure took: customers, their source records, rows of the warehouse; publications and exports that held them."""

    customers: int
    records: int
    rows: int
    publications: list[str]
    suppressed: int
    exports: list[str]


def finish_erasures(home: Home, settings: Settings, *, laid_open: Sequence[tuple[str, str]] = ()) -> Erased | None:
    """Does what is left of noted erasures; None where none is. Needs the home folder's lock and the warehouse closed.

    `laid_open` are the rows that a proof looks for afterwards (rewriting.py).
    """
    if not home.erasure_mark.exists():
        return None
    with open_warehouse(home, settings.engine) as con:
        customers, records = count_noted(con)
        rows, publications = 0, list[str]()
        if is_noted(con):
            rows, publications = erase_noted(con, home, settings)
    rewrite_warehouse(home, settings.engine, laid_open=laid_open)
    home.erasure_mark.unlink()
    return Erased(customers, records, rows, publications, 0, [])


def erase_noted(con: duckdb.DuckDBPyConnection, home: Home, settings: Settings) -> tuple[int, list[str]]:
    """Rids tables and publications of whoever is noted; the warehouse's file has yet to be written anew, which
    `finish_erasures` does. Returns the rows that changed, and the publications that held any of them."""
    define_match_keys(con)
    _forget_answers(con, home, settings)
    pepper = find_pepper(con, settings.privacy.pepper)
    forget_points(con, pepper)
    with transaction(con):
        prepare_requests(con)
        forget_stand_ins(con, pepper, "select kind, value from restricted.erasing_values where not is_shared")
        rows = delete_noted(con, settings)
    publications = rewrite_publications(con, home, theirs_of)
    forget_noted(con)
    return rows, publications


def _forget_answers(con: duckdb.DuckDBPyConnection, home: Home, settings: Settings) -> None:
    """Deletes what was made for noted people who had asked for their data."""
    if not has_table(con, "restricted", "rights_requests"):
        return
    pepper = find_pepper(con, settings.privacy.pepper)
    # of who is not a customer by what a request about them is noted by (raw_people.py: handle)
    handles = (
        "select customer_id from restricted.erasing_customers union select source_system || ':' || source_key from restricted.erasing_records "
        "union select value from restricted.erasing_values where not is_shared"
    )
    subjects = [subject_hash(pepper, handle) for (handle,) in con.execute(handles).fetchall()]
    asked = (
        "select request_id from restricted.rights_requests where kind = 'export' and list_contains($subjects, subject)"
    )
    for (request,) in con.execute(asked, {"subjects": subjects}).fetchall():
        for path in home.subject_access.glob(f"{request}.*"):
            path.unlink()


def hide(con: duckdb.DuckDBPyConnection, home: Home, customers: Sequence[str]) -> list[str]:
    """Takes customers out of marts, scores, segments, audiences and publications, and of nothing else. Returns the publications.

    For who is restricted: the nights after leave them out by themselves.
    """
    con.execute("create or replace temp table hiding_customers (customer_id varchar, customer_key varchar)")
    con.execute(
        "create or replace temp table hiding_records (source_system varchar, source_key varchar, record_id ubigint)"
    )
    note_customers(con, customers, _HIDING)
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = current_database() and not temporary "
        "and (schema_name in ('marts', 'scores', 'segments', 'insight', 'audiences', 'bi') or ends_with(table_name, '_made_with'))"
    ).fetchall()
    with transaction(con), lowered_floors(con):
        for schema, table in tables:
            _delete(con, schema, table, _HIDING)
        dissolve_households(con)
    return rewrite_publications(con, home, partial(theirs_of, journal=_HIDING))


def delete_noted(con: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    """Deletes noted people's rows from every table; rows of accounting lose the person. Needs a transaction.

    Identity is looked at anew the next night. Returns the rows that changed.
    """
    with lowered_floors(con):
        return _delete_noted(con, settings)


def _delete_noted(con: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    con.execute("create or replace temp table erased_rows (source_system varchar, source_key varchar)")
    note_points(con, settings)
    note_standing(con)
    of_sources = Counter[str]()
    raw = standing(con, settings)
    for source, name, person in declared(settings):
        if raw.get((source, name)):
            of_sources[source] += _delete_raw(con, settings, source, name, person)
    rows = of_sources.total() + sum(
        _empty_rejected(con, source, name, person) for source, name, person in declared(settings)
    )
    rows += sum(changed_rows(con, statement) for statement in statements_beside_columns(con))
    rows += forget_withdrawals(con)
    # what staging had set aside of them: else the books would never balance again
    rows += sum(forget_set_aside(con, source, entity) for source, entity in staged_pairs(con))
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = current_database() and not temporary "
        "and schema_name not in ('reference', 'ops') and not starts_with(schema_name, 'raw_') and not starts_with(table_name, 'erasing_')"
    ).fetchall()
    rows += sum(_delete(con, schema, table) for schema, table in tables)
    # a row that names the person by an address alone, or beside somebody else: by its key, it goes as it went out of raw
    rows += sum(forget_gone(con, source) for source, changed in of_sources.items() if changed)
    rows += forget_gone_facts(con)
    dissolve_households(con)
    if has_table(con, "identity", "made_with"):
        con.execute("delete from identity.made_with")
    for texts in ("shown_values", "special_values"):
        # made anew by the next night; until then nothing is published
        if has_table(con, "identity", texts):
            con.execute(f"delete from identity.{texts}")
    return rows


def _delete_raw(con: duckdb.DuckDBPyConnection, settings: Settings, source: str, name: str, person: Person) -> int:
    known = [is_of(source, person)] if person.key else []
    known += [
        f"list_has_any({addresses_in(f'{quote(c)}::varchar')}, {LISTED.format(kind='email')})" for c in person.email
    ]
    points = [f"{quote(c)}::varchar" for c in dict.fromkeys(person.email) if c in person.phone]
    known += [said for point in points for said in (is_place_of(point), is_cut_of(point))]
    numbers, country = VALUES.format(kind="phone"), settings.identity.default_country
    known += [is_spelled(con, raw_table(source, name), person, c, country, numbers) for c in person.phone]
    known += is_known_by(source, person, settings.sources[source].nobodys, VALUES)
    if keys := names_of(person):
        known.append(f"coalesce(list_has_any({keys}, {LISTED.format(kind='name')}), false)")
    if not any(known):
        return 0
    where = " or ".join(filter(None, known))
    if not person.is_kept:
        own_key = settings.sources[source].tables[name].key
        deletion = f"delete from {raw_table(source, name)} where {where}"
        if len(own_key) != 1 or own_key == person.key_columns:
            return changed_rows(con, deletion)
        # what hangs on a row that was set aside stands alone
        deleted = [str(key) for (key,) in con.execute(f"{deletion} returning {quote(own_key[0])}").fetchall()]
        con.register("deleted", pa.table({"source_key": pa.array(deleted, pa.string())}))
        con.execute(f"insert into erased_rows select {text(source)}, source_key from deleted")
        con.unregister("deleted")
        return len(deleted)
    emptied = ", ".join(f"{quote(c)} = null" for c in [*person.key_columns, *person.emptied])
    return changed_rows(con, f"update {raw_table(source, name)} set {emptied} where {where}")


def _empty_rejected(con: duckdb.DuckDBPyConnection, source: str, name: str, person: Person) -> int:
    """Takes the content of rejected rows that name a noted record by its key: nothing else of the person may be in them."""
    if not person.key or not has_table(con, "quarantine", "rejected_rows"):
        return 0
    path = "json_extract_string(content, {})"
    columns = ", ".join(f"{path.format(text(json_path(c)))} as {quote(c)}" for c in person.key_columns)
    rows = (
        f"select rowid as row_id, {columns} from quarantine.rejected_rows where source = {text(source)} "
        f"and table_name = {text(name)} and json_valid(content)"
    )
    return changed_rows(
        con,
        f"update quarantine.rejected_rows set content = null where rowid in (select row_id from ({rows}) where {is_of(source, person)})",
    )


def _delete(con: duckdb.DuckDBPyConnection, schema: str, table: str, journal: str = ERASING) -> int:
    """Rids a table of the warehouse of noted people. Returns the rows that changed."""
    theirs = theirs_of(table, set(columns_of(con, schema, table)), journal)
    name = f"{quote(schema)}.{quote(table)}"
    return sum(changed_rows(con, statement) for statement in theirs.deletions(name)) if theirs else 0
