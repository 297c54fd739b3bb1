"""The job by which a source is read again from a date on. Not here: reading it (defs/extract.py), or what is asked for (run/source_state.py)."""

from typing import Any

import dagster as dg

from orchestration.core.settings import Settings
from orchestration.defs.resources import NightResource
from orchestration.run.preflight import moment_of
from orchestration.run.progress import tell
from orchestration.run.source_state import read_again, requests_that_stand

# what the launchpad shows beside each field
_SINCE = "from when on, ISO 8601, UTC unless it has an offset: 2026-01-01; left out: everything that the source has"
_TABLES = "tables of the source; none named means all of it"


def backfill_job(settings: Settings) -> dg.JobDefinition:
    sources = ", ".join(settings.enabled_sources)

    @dg.op(
        description="Asks that a source is read again by the next night: by the cursor, or the files of that date and later. Rows are merged: "
        "nothing is deleted, and nothing comes twice. A wider request that no night has met yet stands.",
        config_schema={
            "source": dg.Field(str, description=f"one of {sources}"),
            "tables": dg.Field([str], default_value=[], description=_TABLES),
            "since": dg.Field(dg.Noneable(str), default_value=None, description=_SINCE),
        },
    )
    def ask_for_backfill(context: dg.OpExecutionContext, night: NightResource) -> None:
        asked: dict[str, Any] = context.op_config
        name, run = asked["source"], night.night
        moment = moment_of(asked["since"], "since") if asked["since"] else None
        with run.warehouse() as con:
            files = read_again(con, run.settings, name, asked["tables"], moment)
            stands = requests_that_stand(con, name, asked["tables"] or list(run.settings.sources[name].tables))
        for table, what in stands.items():
            of_files = f" ({files[table]:,} files)" if table in files else ""
            tell("backfill", f"{name}.{table}: read again {what}{of_files}, by the next run of nightly")
        context.add_output_metadata({f"{name}.{table}": what for table, what in stands.items()})

    @dg.job(
        name="backfill",
        description="Have a source, or some of its tables, read again from a date on. The next run of nightly reads it.",
        executor_def=dg.in_process_executor,
    )
    def backfill() -> None:
        ask_for_backfill()

    return backfill
