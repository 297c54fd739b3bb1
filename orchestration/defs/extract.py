"""Raw tables as assets, one op a source. Not here: how a source is read (orchestration/extract)."""

import json
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any

import dagster as dg

from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source, Table
from orchestration.core.warehouse import scalar
from orchestration.defs.jobs import WAS_EXTRACTED
from orchestration.defs.resources import NightResource
from orchestration.extract.budget import Budget
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.extract.raw_tables import is_told, raw_name
from orchestration.extract.records import STALE, LoadCounts
from orchestration.extract.vendors import page_of
from orchestration.privacy.intake.entry_columns import kept_columns
from orchestration.run.progress import NOTE, tell

# columns of a vendor's table that a note names: exports have dozens that nobody needs
_NAMED = 5


def raw_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    return [_source_assets(name, source, settings) for name, source in settings.enabled_sources.items()]


def _source_assets(name: str, source: Source, settings: Settings) -> dg.AssetsDefinition:
    plan = settings.schedule
    retries = dg.RetryPolicy(max_retries=plan.retries, delay=plan.retry_delay_seconds, backoff=dg.Backoff.EXPONENTIAL)

    @dg.multi_asset(
        name=f"extract_{name}",
        specs=[_spec(name, source, table_name, table, settings) for table_name, table in source.tables.items()],
        check_specs=[
            dg.AssetCheckSpec(
                WAS_EXTRACTED, asset=["raw", name, table], description="The source could be read in this run."
            )
            for table in source.tables
        ],
        can_subset=True,
        retry_policy=retries,
        description=f"Brings what is new in {name} into raw.",
    )
    def extract(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[Any]:
        wanted = {key.path[-1] for key in context.selected_asset_keys}
        if not wanted:
            raise dg.Failure(description=_unasked(context.selected_asset_check_keys), allow_retries=False)
        run = night.night
        failure, failed = "", {}
        with run.warehouse() as con:
            prepare_raw(con, run.settings)
            run.start_clock(con)
            books: dict[str, LoadCounts] = {}

            def reading(table: str) -> None:
                again = f", again ({context.retry_number} of {plan.retries})" if context.retry_number else ""
                tell("extract", f"reading {name}.{table}{again}")

            def loaded(table: str, counts: LoadCounts) -> None:
                books[table] = counts
                tell("extract", f"{name}.{table}: {counts.source_rows:,} rows")
                if unknown := [c for c in counts.added_columns if c not in source.tables[table].not_read]:
                    tell(NOTE, f"{name}.{table}: {_not_loaded(name, source, table, unknown)}")
                for note in _notes(counts):
                    tell(NOTE, f"{name}.{table}: {note}")

            budget = run.budgets.setdefault(name, Budget(name, source.max_minutes))
            try:
                extract_source(
                    con, run.home, run.settings, name, tables=wanted, reading=reading, loaded=loaded, budget=budget
                )
            except SourceError as error:
                if error.is_passing and context.retry_number < plan.retries:
                    raise
                failure, failed = str(error), error.tables
                run.failed_sources[name] = failure
                tell("extract", f"{name} failed")
                context.log.error(failure)
            rows = {table: scalar(con, f"select count(*) from {raw_name(name, table)}") for table in sorted(wanted)}
        for table in sorted(wanted):
            metadata = _metadata(books.get(table), rows[table])
            yield dg.MaterializeResult(asset_key=["raw", name, table], metadata=metadata)
            yield dg.AssetCheckResult(
                asset_key=["raw", name, table],
                check_name=WAS_EXTRACTED,
                passed=table in books,
                severity=dg.AssetCheckSeverity[run.settings.quality.failed_source],
                description=None if table in books else str(failed.get(table) or failure),
            )

    return extract


def _not_loaded(name: str, source: Source, table: str, columns: list[str]) -> str:
    if not source.vendor:
        kept = f'to keep one, add a line NAME = "VARCHAR" below [sources.{name}.tables.{table}.columns]'
        known = [*source.tables[table].not_read, *columns]
        told = f"not declared, not loaded: {', '.join(columns)}; {kept}"
        is_json = source.connector != "files" or source.format in ("jsonl", "json_pages")
        # a name may be somebody's: then the configuration's are not repeated in a log
        if not all(is_told(column, is_key=is_json) for column in known):
            return told
        return f"{told}; to be told of them no more, write not_read = {json.dumps(known, ensure_ascii=False)} below [sources.{name}.tables.{table}]"
    more = f" and {len(columns) - _NAMED} more" if len(columns) > _NAMED else ""
    told = f"{', '.join(columns[:_NAMED])}{more}"
    return f"{len(columns)} columns are not read: {told}; {page_of(source.vendor)} says what is read of {source.vendor}"


def _unasked(checks: AbstractSet[dg.AssetCheckKey]) -> str:
    """Why the check has no result where it was chosen without its table."""
    tables = ", ".join(sorted(check.asset_key.to_user_string() for check in checks))
    return (
        f"{WAS_EXTRACTED} says whether this run could read the table, and a run of the check alone reads none: "
        f"materialize {tables}, which evaluates it too"
    )


def _spec(name: str, source: Source, table_name: str, table: Table, settings: Settings) -> dg.AssetSpec:
    schema = dg.TableSchema(columns=[dg.TableColumn(c, t) for c, t in kept_columns(table).items()])
    key = ", ".join(table.key) or "none: every delivered row is a row"
    hours = source.fresh_within(table)
    freshness = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=hours)) if hours else None
    return dg.AssetSpec(
        key=["raw", name, table_name],
        group_name="extract",
        description=f"{table_name} of {name}, in the vendor's own shape. Merged on {key}; cursor {table.cursor or 'none'}; read {_way(source, table)}.",
        owners=[settings.owner],
        kinds={source.connector if source.connector != "files" else source.format.removesuffix("_pages"), "duckdb"},
        metadata={"dagster/column_schema": schema, "dagster/table_name": f"raw_{name}.{table_name}"},
        freshness_policy=freshness,
        skippable=True,
    )


def _way(source: Source, table: Table) -> str:
    if source.connector == "files":
        return "by file"
    return "whole" if table.is_read_whole or not table.cursor or not table.key else "by what changed"


def _metadata(counts: LoadCounts | None, rows: int) -> dict[str, Any]:
    found: dict[str, Any] = {"dagster/row_count": rows}
    if counts is None:
        return found | {STALE: True}
    for what in ("source_rows", "inserted", "updated", "unchanged", "duplicates", "rejected", "deleted"):
        found[what] = getattr(counts, what)
    # what it costs; Dagster plots numbers over nights
    found["seconds"] = round(counts.seconds, 2)
    if counts.requests:
        found["requests"] = counts.requests
    if counts.suppressed:
        found["rows of people who were erased, left out"] = counts.suppressed
    if notes := _notes(counts):
        found["notes"] = "; ".join(notes)
    if counts.added_columns:
        found["undeclared columns, not loaded"] = ", ".join(counts.added_columns)
    if counts.dropped_columns:
        found["columns of identity numbers or special categories, dropped"] = ", ".join(counts.dropped_columns)
        found["invalid_national_ids"] = counts.invalid_national_ids
    for (column, category), removed in sorted(counts.removed.items()):
        found[f"values of {column} without what told of {category}"] = removed
    return found


def _notes(counts: LoadCounts) -> list[str]:
    kept = f"lines are rejected, so {counts.kept:,} rows that are not there any more stay until it comes without such lines"
    return [*([kept] if counts.kept else []), *counts.notes]
