"""A night builds the seeds anew where what they say has changed: their files, or settings that add rows to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import dagster as dg
import pytest

from orchestration.core.settings import Engine, Privacy, Settings, Source, Table
from orchestration.core.warehouse import has_table, open_warehouse
from orchestration.defs.resources import NightResource
from orchestration.defs.transform import dbt_steps
from orchestration.run.night import Night
from orchestration.transform.runner import Dbt, note_seeds, seeds_changed

SHOP = {"shop": Source(connector="files", url="/", tables={"t": Table(columns={"id": "VARCHAR"}, key=["id"])})}
PODCAST = Privacy(purposes={"podcast": {"description": "New episodes", "is_marketing": False}})


class WithoutTests(Dbt):
    """Its tests read tables that only a whole night makes."""

    def build(self, select: str, *, exclude: str = "", **told) -> None:
        super().build(select, exclude=f"{exclude} resource_type:test", **told)


@pytest.fixture
def seeds_of(home, warehouse):
    """Runs the step that builds seeds as a night does, its seeds alone. Returns (whether they were built, the company's own
    purposes)."""
    warehouse.close()

    def go(privacy: Privacy, *only: str) -> tuple[bool, list[str]]:
        settings = Settings(company="T", sources=SHOP, privacy=privacy)
        night = Night(home, settings, "r", datetime(2026, 6, 1, 8), _dbt=WithoutTests(settings, home))
        with night.warehouse() as con:
            night.start_clock(con)

        class Held(NightResource):
            @contextmanager
            def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[NightResource]:
                self._night = night
                yield self

        step = dbt_steps(night.dbt.ensure_manifest(), settings)[0]
        seeds = [key for key in step.keys if key.path[0] == "reference" and (not only or key.path[1] in only)]
        done = dg.materialize(
            [step], resources={"night": Held()}, selection=dg.AssetSelection.assets(*seeds).without_checks()
        )
        assert done.success and len(done.get_asset_materialization_events()) == len(seeds)
        stood = ["unchanged" in e.materialization.metadata for e in done.get_asset_materialization_events()]
        assert len(set(stood)) == 1
        with open_warehouse(home, settings.engine) as con:
            built = has_table(con, "reference", "purposes")
            own = (
                con.execute("select purpose from reference.purposes where purpose = 'podcast'").fetchall()
                if built
                else []
            )
        return not stood[0], [purpose for (purpose,) in own]

    return go


def test_seeds_are_of_another_project_where_the_configuration_adds_a_purpose(home, warehouse):
    plain, podcast = (
        Dbt(Settings(company="T", sources=SHOP, privacy=privacy), home) for privacy in (Privacy(), PODCAST)
    )
    warehouse.execute("create schema if not exists ops")
    assert seeds_changed(warehouse, plain) and seeds_changed(warehouse, podcast)
    note_seeds(warehouse, plain)
    assert not seeds_changed(warehouse, plain) and seeds_changed(warehouse, podcast)
    note_seeds(warehouse, podcast)
    assert seeds_changed(warehouse, plain) and not seeds_changed(warehouse, podcast)


@pytest.mark.slow
def test_a_purpose_of_the_configuration_comes_and_goes_with_it(seeds_of, home):
    # a run of one seed does not say that all is built
    assert seeds_of(PODCAST, "purpose_categories") == (True, [])
    with open_warehouse(home, Engine()) as con:
        assert not con.execute("from ops.built_with").fetchall(), "the models are not of this project yet"
    assert seeds_of(PODCAST) == (True, ["podcast"])
    assert seeds_of(PODCAST) == (False, ["podcast"])
    assert seeds_of(Privacy()) == (True, [])
