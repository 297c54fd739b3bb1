"""What Dagster's assets are given. Here: the run (`Night`) as a resource, held for a whole run in one process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from orchestration.run.night import Night
from orchestration.run.preflight import moment_of

AS_OF_TAG, FORCE_TAG, FULL_REFRESH_TAG = "kundbild/as_of", "kundbild/force", "kundbild/full_refresh"
RECALIBRATE_TAG = "kundbild/recalibrate"
NIGHTLY = "nightly"


class NightResource(dg.ConfigurableResource):
    """Holds the one writer's lock, the settings and dbt while a run lasts. Tests give another one."""

    _night: Night | None = None

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[NightResource]:
        run = context.run
        tags = run.tags if run else {}
        as_of = tags.get(AS_OF_TAG)
        # only the nightly may say "nothing new": whoever runs a part by hand wants it run
        is_nightly = (
            run is not None and run.job_name == NIGHTLY and not (run.asset_selection or run.asset_check_selection)
        )
        with Night.begin(
            run.run_id if run else "by-hand",
            as_of=moment_of(as_of) if as_of else None,
            is_forced=tags.get(FORCE_TAG) == "true" or not is_nightly,
            full_refresh=tags.get(FULL_REFRESH_TAG) == "true",
            is_recalibrated=tags.get(RECALIBRATE_TAG) == "true",
            # a part of it that is run again need not reach the publication
            is_whole=is_nightly and (run is None or run.step_keys_to_execute is None),
        ) as night:
            self._night = night
            yield self

    @property
    def night(self) -> Night:
        assert self._night is not None, "the resource is only there during a run"
        return self._night
