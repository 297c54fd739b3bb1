"""Great Expectations' checks as asset checks. Not here: what is checked (data_quality)."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from data_quality.checks import STAGES, CheckResult, Stage, Suite
from data_quality.suites import all_suites
from orchestration.core.settings import Settings
from orchestration.defs.resources import NightResource
from orchestration.run.progress import tell

# publishing waits for the checks of what nothing in the same dbt step reads; the gate then counts all of them
_WITH_MODELS_BELOW = ("conformed", "identity", "marts", "scores", "segments", "insight", "quarantine")


_STAGES: dict[Stage, str] = {
    "arrival": "what came can be built on.",
    "promise": "what analysts rely on.",
    "consent": "what the law asks of what leaves; it stops the publication and every export.",
}


def quality_checks(settings: Settings) -> list[dg.AssetChecksDefinition]:
    suites = all_suites(settings)
    return [_stage(stage, [suite for suite in suites if suite.stage == stage]) for stage in STAGES]


def _stage(stage: Stage, suites: list[Suite]) -> dg.AssetChecksDefinition:
    specs = [
        dg.AssetCheckSpec(
            check.name,
            asset=list(suite.asset_key),
            description=check.description,
            blocking=check.severity == "ERROR" and suite.schema not in _WITH_MODELS_BELOW,
            metadata={"severity": check.severity},
        )
        for suite in suites
        for check in suite.checks
    ]

    @dg.multi_asset_check(
        name=f"{stage}_checks", specs=specs, can_subset=True, description=f"Great Expectations: {_STAGES[stage]}"
    )
    def checks(context: dg.AssetCheckExecutionContext, night: NightResource) -> Iterator[Any]:
        run = night.night
        with run.warehouse() as con:
            if stage == "arrival" and run.skip_arrival(con):
                return
            fresh = run.suites(con, stage)
        wanted = {(key.asset_key, key.name) for key in context.selected_asset_check_keys}
        fresh = [
            suite for suite in fresh if any((dg.AssetKey(suite.asset_key), c.name) in wanted for c in suite.checks)
        ]
        total = sum(len(suite.checks) for suite in fresh)
        results: list[CheckResult] = []

        def progress(result: CheckResult) -> None:
            results.append(result)
            tell("quality", f"{len(results)} of {total}: {result.suite.name}")

        run.quality.run(fresh, progress)
        if run.quality.stages == set(STAGES):
            run.quality.build_docs()
        for result in results:
            if (dg.AssetKey(result.suite.asset_key), result.check.name) in wanted:
                yield dg.AssetCheckResult(
                    asset_key=list(result.suite.asset_key),
                    check_name=result.check.name,
                    passed=result.passed,
                    severity=dg.AssetCheckSeverity[result.check.severity],
                    description=result.check.description,
                    metadata=dict(result.observed),
                )

    return checks
