"""What tests of mappings stand on: a mapping on a raw table in memory. Not here: the tests, or what they expect.

Macros are kept by what they are rendered with: Jinja takes more time to read them than most mappings take to run.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import duckdb
import jinja2

from orchestration.contracts.mapping_parts import parts_of
from orchestration.contracts.mapping_times import EARLIEST_TIME
from orchestration.core.settings import DBT_DIR, Table
from orchestration.core.warehouse import text as quoted
from orchestration.privacy.intake.evidence_words import MARKUP, NO_EVIDENCE, NOTHING_SAID, WORDS_BETWEEN
from orchestration.privacy.intake.withdrawals import EARLIEST, HARMLESS_KINDS, REFUSAL, WITHDRAWN_WORDS
from orchestration.transform.mapping_sql import model_sql


def _listed(formats: list[str]) -> str:
    return "[" + ", ".join(f"'{f}'" for f in formats) + "]"


@cache
def birth_macros(as_of: str):
    """The macros of births.sql and match_keys.sql as dbt has them, on a night."""
    macros = DBT_DIR / "macros"
    text = "".join((macros / name).read_text(encoding="utf-8") for name in ("engine/match_keys.sql", "births.sql"))
    known = {
        "as_of": lambda: f"timestamp '{as_of}'",
        "parsed_time": lambda value, formats: f"try_strptime({value}, {_listed(formats)})",
        "as_date": lambda value: f"try_cast({value} as date)",
    }
    return jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(text, globals=known).module


def statement_macros():
    """The macros of statement_days.sql as dbt has them."""
    return time_macros(files=("engine/match_keys.sql", "engine/casts.sql", "staging.sql", "statement_days.sql"))


@cache
def time_macros(
    zone: str | None = "UTC",
    model: str = "stg_shop__consent_events",
    files: tuple[str, ...] = ("engine/match_keys.sql", "engine/casts.sql", "staging.sql"),
):
    """The macros of match_keys.sql, casts.sql and staging.sql as dbt has them in a staging model of source `shop`, whose times are of that zone;
    None states no zone."""
    macros = DBT_DIR / "macros"
    text = "".join((macros / name).read_text(encoding="utf-8") for name in files)
    variables = {
        "timezones": {"shop": zone} if zone else {},
        "refusal": REFUSAL,
        "withdrawn_words": list(WITHDRAWN_WORDS),
        "harmless_kinds": list(HARMLESS_KINDS),
        "no_evidence": list(NO_EVIDENCE),
        "nothing_said": NOTHING_SAID,
        "words_between": WORDS_BETWEEN,
        "markup": MARKUP,
        "earliest_statement": EARLIEST,
        "earliest_time": EARLIEST_TIME,
    }

    class Adapter:
        def dispatch(self, name: str, package: str):
            return getattr(found, f"default__{name}")

    known = {
        "adapter": Adapter(),
        "return": lambda value: "" if value is None else value,
        "model": SimpleNamespace(name=model),
        "var": lambda name, default=None: variables.get(name, default),
    }
    found = jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(text, globals=known).module
    return found


def models_of(
    tables: dict[str, Table],
    nulls: tuple[str, ...] = (),
    null_keys: tuple[str, ...] = (),
    zone: str | None = "UTC",
) -> dict[str, tuple[str, dict[str, str]]]:
    """Entity → (SQL, meta) of the models of source `shop`, rendered as dbt would; times are read as DuckDB reads them."""
    found, times, births = {}, time_macros(zone), birth_macros("2026-11-26 02:00:00")
    for entity, parts in parts_of(tables, nulls, null_keys).items():
        told: dict[str, str] = {}

        def config(meta: dict[str, str], told: dict[str, str] = told) -> str:
            told.update(meta)
            return ""

        template = jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(model_sql("shop", parts))
        sql = template.render(
            config=config,
            ref=lambda model: model,
            source=lambda source, table: f'raw_{source}."{table}"',
            as_utc=times.as_utc,
            statement_time=times.statement_time,
            is_zoneless=times.is_zoneless,
            is_refusal=times.is_refusal,
            is_harmless=times.is_harmless,
            is_told=time_macros(files=("engine/match_keys.sql", "registers.sql")).is_told,
            parsed_birth=births.parsed_birth,
            as_birth=births.as_birth,
            parsed_time=lambda value, formats: f"try_strptime({value}, {_listed(formats)})",
        )
        found[entity] = (sql, told)
    return found


def raw(con: duckdb.DuckDBPyConnection, name: str, *rows: dict) -> None:
    """A raw table of source `shop`, all text, with these rows; load 1 of 2026-03-01 unless a row says another."""
    con.execute("set timezone = 'UTC'; create schema if not exists raw_shop")
    columns = list(dict.fromkeys(column for row in rows for column in row if not column.startswith("_")))
    declared = ", ".join(f'"{column.replace(chr(34), chr(34) * 2)}" varchar' for column in columns)
    con.execute(
        f'create or replace table raw_shop."{name}" ({declared}, _row_key varchar, _deleted_at timestamp, '
        "_extracted_at timestamp, _load_id bigint)"
    )
    technical = {"_row_key": None, "_deleted_at": None, "_extracted_at": "2026-03-01", "_load_id": 1}
    for row in rows:
        values = [row.get(column) for column in columns] + [row.get(c, value) for c, value in technical.items()]
        con.execute(f'insert into raw_shop."{name}" values ({", ".join("?" * len(values))})', values)


def set_clock_and_retention(con: duckdb.DuckDBPyConnection) -> None:
    """What tells a mapping that a row is too old to be there."""
    seed = quoted(str(DBT_DIR / "seeds" / "data_categories.csv"))
    con.execute(
        "create schema if not exists ops; create schema if not exists reference; "
        "create table if not exists ops.clock as select timestamp '2026-03-10' as as_of; "
        f"create table if not exists reference.data_categories as select * replace (retention_days::integer as retention_days) from read_csv({seed})"
    )
