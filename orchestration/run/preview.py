"""`kundbild preview`: what the maps of one source make of its newest files, without a night.

A home of its own, of which nothing stays: extract, staging and conformed, as a night does them. Not here: looking at files that are
not mapped yet (proposals/), what a night publishes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.contracts.conformed import entities
from orchestration.contracts.lacking_evidence import lacking_of
from orchestration.core.clock import now
from orchestration.core.errors import KundbildError, did_you_mean
from orchestration.core.home import Home
from orchestration.core.settings import Settings, Source
from orchestration.core.warehouse import open_warehouse, quote
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.extract.stores import Store, oldest_first
from orchestration.privacy.erasure.too_old import keeping, too_old_in_raw
from orchestration.privacy.rights.requests import prepare_requests
from orchestration.proposals.masked import masked
from orchestration.run.set_aside import read_set_aside
from orchestration.transform.conformed_alone import conformed_alone
from orchestration.transform.runner import Dbt, set_clock

SHOWN = 10
# of each table of a database; of an API a page of so many
ROWS = 1000


@dataclass(frozen=True)
class PreviewedEntity:
    """What the source makes of one entity: how many rows, and the first of them, masked."""

    entity: str
    rows: int
    columns: list[str]  # that any row fills
    empty: list[str]  # that no row fills
    shown: list[dict[str, Any]]


@dataclass(frozen=True)
class Preview:
    entities: list[PreviewedEntity]
    set_aside: list[str]
    raw_rows: dict[str, int]
    too_old: list[str]  # what a night does not keep
    lacking: list[str]  # what maps of consent lack for a yes to permit anything


def preview(settings: Settings, name: str, tell: Callable[[str], None] = lambda said: None) -> Preview:
    """Raises KundbildError where there is no such source, it maps nothing, or it cannot be read."""
    source = settings.sources.get(name)
    if source is None:
        raise KundbildError(
            f"there is no source {name}", to_do=f"{did_you_mean(name, settings.sources)} sources: {', '.join(sorted(settings.sources))}".strip()
        )  # fmt: skip
    mapped = sorted({one.entity for table in source.tables.values() for one in table.maps})
    if not mapped:
        raise KundbildError(
            f"source {name} maps no table", to_do="its staging models are dbt's: `kundbild dbt show --select stg_…`"
        )
    if source.auth and source.auth.is_good_once:
        # its home is of no night: the next token would be lost with it
        raise KundbildError(
            f"source {name} is not previewed: its refresh token may be good once, and the night needs it",
            to_do="`kundbild run` reads it; `kundbild quarantine` then shows what was set aside",
        )
    alone = _alone(settings, name, _newest_files(name, source))
    with tempfile.TemporaryDirectory(prefix="kundbild-preview-") as folder:
        home = Home(Path(folder) / "home").prepare()
        with open_warehouse(home, settings.engine) as con:
            prepare_raw(con, alone)
            prepare_requests(con)
            set_clock(con, now().replace(tzinfo=None))
            tell(f"reading {name}")
            counts = extract_source(con, home, alone, name)
        tell("mapping its rows")
        wanted = " ".join(f"+conformed_{entity}" for entity in mapped)
        project = conformed_alone(Path(folder) / "project", name)
        Dbt(alone, home, project).build(f"{wanted} +set_aside", exclude="resource_type:test")
        with open_warehouse(home, settings.engine) as con:
            found = [_entity(con, entity) for entity in mapped]
            old = _too_old(con, name, alone)
            aside = [str(one) for one in read_set_aside(con)]
            return Preview(found, aside, {t: c.source_rows for t, c in counts.items()}, old, _lacking(source))


def too_old_of(settings: Settings, name: str) -> list[str]:
    """Of files and databases how many rows a night would not keep for their age, and what keeps them: the rows alone are read, in seconds.
    All files, where they lie on this machine. Raises KundbildError where they cannot be read."""
    source = settings.sources[name]
    if source.connector == "rest":
        # its pages were asked for once already
        return []
    is_near = source.connector == "files" and not Store.of(name, source).is_copied
    alone = _alone(settings, name, source if is_near else _newest_files(name, source))
    with tempfile.TemporaryDirectory(prefix="kundbild-look-") as folder:
        home = Home(Path(folder) / "home").prepare()
        with open_warehouse(home, settings.engine) as con:
            prepare_raw(con, alone)
            prepare_requests(con)
            extract_source(con, home, alone, name)
            return _too_old(con, name, alone)


def _alone(settings: Settings, name: str, source: Source) -> Settings:
    """The configuration with this one source."""
    return settings.model_copy(update={"sources": {name: source.model_copy(update={"enabled": True})}})


def _lacking(source: Source) -> list[str]:
    """Of each map of consent that may grant, what is to be written for its yes to permit anything."""
    found = ((name, one, lacking_of(one)) for name, table in source.tables.items() for one in table.maps)
    told = (
        f"{name}{f' ({one.name})' if one.name else ''}: a yes of it permits nothing yet: {'; '.join(lacking)}"
        for name, one, lacking in found
        if lacking
    )
    # maps of several columns of one table lack the same
    return list(dict.fromkeys(told))


def _newest_files(name: str, source: Source) -> Source:
    """The source, which reads of each table the newest file alone, or its first rows."""
    if source.connector != "files":
        return source.first(ROWS)
    store = Store.of(name, source)
    tables = {}
    for table, shape in source.tables.items():
        files = oldest_first(store.listed(str(shape.path))) if shape.path else []
        newest = "".join(f"[{sign}]" if sign in "*?[" else sign for sign in files[-1][0]) if files else shape.path
        tables[table] = shape.model_copy(update={"path": newest})
    return source.model_copy(update={"tables": tables})


def _too_old(con: duckdb.DuckDBPyConnection, source: str, settings: Settings) -> list[str]:
    """Of each table how many rows are older than their retention, and last what to write so that a night keeps them."""
    found = too_old_in_raw(con, source, settings, now().date())
    said = keeping(found, settings.privacy.retention_days)
    return [*(one.told() for one in found), *([said] if said else [])]


def _entity(con: duckdb.DuckDBPyConnection, entity: str) -> PreviewedEntity:
    columns = list(entities()[entity])
    table = f"conformed.{quote(f'conformed_{entity}')}"
    counted = ", ".join(f"count({quote(column)})" for column in columns)
    (row,) = con.execute(f"select count(*), {counted} from {table}").fetchall()
    filled = [column for column, count in zip(columns, row[1:], strict=True) if count]
    rows = con.execute(
        f"select {', '.join(map(quote, filled)) or '1'} from {table} order by hash(source_key) limit {SHOWN}"
    ).fetchall()
    shown = (
        [{c: masked(entity, c, value) for c, value in zip(filled, one, strict=True)} for one in rows] if filled else []
    )
    return PreviewedEntity(entity, int(row[0]), filled, [c for c in columns if c not in filled], shown)
