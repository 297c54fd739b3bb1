"""The publication as assets. Not here: gating and copying (orchestration/publishing)."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from data_quality.runner import remember_counts
from data_quality.suites import all_suites
from orchestration.activation.funnel import funnels, of_nobody, sentence
from orchestration.activation.removals import pending
from orchestration.activation.statement_sources import statements_known_until
from orchestration.contracts.audiences import audience_models, drop_orphans
from orchestration.contracts.model_files import models_of
from orchestration.core.clock import now
from orchestration.core.errors import GateError
from orchestration.core.settings import DBT_DIR, Settings
from orchestration.defs.resources import NightResource
from orchestration.insight.quality_history import count_quality, note_night
from orchestration.insight.segment_history import keep_memberships
from orchestration.privacy.audit.log import audit_log
from orchestration.privacy.audit.purposes import assert_purposes
from orchestration.privacy.secrets.pepper import find_pepper
from orchestration.privacy.secrets.pseudonyms import forget_former_keys
from orchestration.publishing.gate import (
    assert_audiences_checked,
    assert_first_is_whole,
    assert_ids_last,
    assert_publishable,
)
from orchestration.publishing.grades import ANALYST, OPEN, PEOPLE
from orchestration.publishing.snapshot import publish
from orchestration.publishing.versions import standing_versions
from orchestration.run.progress import NOTE, tell

# (description, grade) of each
_SNAPSHOTS = {
    "open_snapshot": ("published/open: schema bi_open, rounded counts and sums, in DuckDB and Parquet. For everybody in the company.", OPEN),
    "bi_snapshot": ("published/kundbild.duckdb and Parquet files: schema bi, pseudonymised facts and counts of people. What analysts read.", ANALYST),
    "customer_snapshot": ("published/customers.duckdb: customers, permissions, segments, insight, audiences, for those who may see personal data.", PEOPLE),
}  # fmt: skip


def publication_assets(settings: Settings) -> dg.AssetsDefinition:
    deps = [["bi", path.stem.removeprefix("bi_")] for path in _models("bi")]
    deps += [["bi_open", path.stem.removeprefix("bi_open_")] for path in _models("bi_open")]
    of_their_own = ("segments", "insight", "audiences")
    deps += [["marts", path.stem] for path in _models("marts/*") if path.parent.name not in of_their_own]
    deps += [[schema, table] for schema in ("segments", "insight") for _, table in models_of(schema)]
    deps += [["audiences", audience.table] for audience in audience_models()]

    @dg.multi_asset(
        name="publish",
        specs=[
            dg.AssetSpec(
                key=["publishing", name],
                group_name="publishing",
                description=description,
                deps=deps,
                owners=[settings.owner],
                kinds={"duckdb"} if grade is PEOPLE else {"duckdb", "parquet"},
                freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26)),
            )
            for name, (description, grade) in _SNAPSHOTS.items()
        ],
        description="Gate, copy, verify, switch.",
    )
    def publish_night(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[Any]:
        run = night.night
        tell("publishing", "gate")
        with run.warehouse() as con:
            for dropped in drop_orphans(con):
                tell(NOTE, f"audiences.{dropped} is dropped: no model makes it any more")
            # of a night that is held too
            count_quality(con, run.run_id, run.as_of, run.settings.quality)
            try:
                assert_first_is_whole(con, list(run.failed_sources), run.settings.publishing.first_without_failed)
                assert_publishable(con, run.run_id)
                assert_audiences_checked(con, run.run_id)
                assert_ids_last(con, run.settings.identity.max_changed_ids, run.settings.identity.min_changed_ids)
                assert_purposes(con, run.home.compiled_marts)
            except GateError as error:
                run.problems.append(str(error))
                raise dg.Failure(description=str(error), allow_retries=False) from error
            tell("publishing", "copying")
            # readers see this night among the others; where it is not published after all, its end says so
            note_night(con, run.run_id, run.as_of, "published")
            known = statements_known_until(con, run.settings, now())
            publication = publish(con, run.home, run.run_id, run.as_of, run.settings.publishing.keep, known_until=known)
            # only of a night that readers see: one that is held moves nobody
            keep_memberships(con)
            forget_former_keys(con, standing_versions(run.home))
            remember_counts(con, run.run_id, all_suites(run.settings))
            run.note_published(con)
            for audience, steps in funnels(con).items():
                tell(NOTE, sentence(audience, steps))
            for empty in of_nobody(con):
                tell(NOTE, empty)
            for removed in pending(con, find_pepper(con, run.settings.privacy.pepper), run.settings.privacy, now()):
                if removed.count:
                    tell(NOTE, str(removed))
        audit_log(run.home, run.settings.privacy).append(
            "published", detail={"version": publication.version, "rows": sum(publication.tables.values())}
        )
        from orchestration.publishing.report.making import report_of_night

        report, problem = report_of_night(run.home, run.settings)
        if problem:
            tell(NOTE, problem)
        others = {schema for grade in (OPEN, ANALYST) for schema in grade.schemas}
        for name, (_, grade) in _SNAPSHOTS.items():
            tables = {
                t: rows
                for t, rows in publication.tables.items()
                if (t.split(".")[0] not in others if grade is PEOPLE else t.split(".")[0] in grade.schemas)
            }
            yield dg.MaterializeResult(
                asset_key=["publishing", name],
                metadata={
                    "dagster/row_count": sum(tables.values()),
                    "tables": len(tables),
                    "version": publication.version,
                    **({"report": dg.MetadataValue.path(str(report))} if report else {}),
                },
            )

    return publish_night


def _models(folder: str) -> list[Path]:
    return sorted((DBT_DIR / "models").glob(f"{folder}/*.sql"))
