"""Raw tables that told what people want: consent events, email events and requests.

Here: which the configuration has, and a note of each that has rows (`ops.statement_tables`), so that one that comes no more is
missed. Not here: what follows from a missing one (activation/statement_sources.py), what statements mean (withdrawals.py).
"""

from __future__ import annotations

import duckdb

from orchestration.core.settings import Settings, Source
from orchestration.core.settings.maps import STATEMENTS
from orchestration.core.warehouse import has_table, quote, scalar
from orchestration.privacy.intake.request_words import SOURCE as REQUESTS
from orchestration.privacy.intake.withdrawals import LEDGER

_NOTED = "ops.statement_tables"


def tables_of_statements(name: str, source: Source) -> list[str]:
    """The tables of a source that say what people want: mapped to, or staged by hand for, consent and email events."""
    return sorted(t for t, table in source.tables.items() if name == REQUESTS or table.holds_statements)


def note_statement_tables(con: duckdb.DuckDBPyConnection, name: str, source: Source) -> None:
    """Notes the tables of a source that have told something."""
    told = [table for table in tables_of_statements(name, source) if _has_rows(con, name, table)]
    for table in told:
        con.execute(f"insert or ignore into {_NOTED} values (?, ?)", [name, table])


def missing_statement_tables(con: duckdb.DuckDBPyConnection, settings: Settings) -> list[tuple[str, str]]:
    """(source, table) of all that told something, and of which the configuration reads nothing any more: switched off, taken out,
    or mapped to something else; without those that it calls retired. Where the table is not known, as of one that went before
    tables were noted, the entity stands for it.
    """
    retired = settings.privacy.retired_sources
    known: set[tuple[str, str]] = set()
    if has_table(con, *_NOTED.split(".")):
        known |= set(con.execute(f"select source, table_name from {_NOTED}").fetchall())
    for name, source in settings.sources.items():
        if not source.enabled:
            known |= {(name, table) for table in tables_of_statements(name, source) if _has_rows(con, name, table)}
    read = {(n, table) for n, source in settings.enabled_sources.items() for table in tables_of_statements(n, source)}
    missing = {(source, table) for source, table in known - read if not {source, f"{source}.{table}"} & {*retired}}
    explained = {source for source, _ in missing} | {name.partition(".")[0] for name in retired}
    entities = _entities_read(settings)
    return sorted(missing | {said for said in _said(con) - entities if said[0] not in explained})


def _entities_read(settings: Settings) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for name, source in settings.enabled_sources.items():
        for table in tables_of_statements(name, source):
            # of a table whose persons grant or refuse, a model written by hand makes either entity
            found |= {(name, entity) for entity in source.tables[table].entities & {*STATEMENTS} or STATEMENTS}
    return found


def _said(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """(source, entity) of every statement that is known."""
    found: set[tuple[str, str]] = set()
    for entity in STATEMENTS:
        if has_table(con, "conformed", f"conformed_{entity}"):
            found |= {(source, entity) for (source,) in con.execute(f"select distinct source_system from conformed.conformed_{entity}").fetchall()}  # fmt: skip
        if has_table(con, *LEDGER.split(".")):
            found |= {(source, entity) for (source,) in con.execute(f"select distinct source_system from {LEDGER} where entity = $1", [entity]).fetchall()}  # fmt: skip
    return found


def _has_rows(con: duckdb.DuckDBPyConnection, source: str, table: str) -> bool:
    raw = f"raw_{source}"
    return has_table(con, raw, table) and bool(scalar(con, f"select count(*) from (from {quote(raw)}.{quote(table)} limit 1)"))  # fmt: skip
