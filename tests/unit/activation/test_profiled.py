"""A training between two nights learns from nobody who refused profiling since the last one."""

from __future__ import annotations

from datetime import datetime

import pytest

from orchestration.activation.profiled import profiled_by_now
from orchestration.core.home import Home
from orchestration.core.settings import Engine
from orchestration.core.warehouse import open_warehouse
from orchestration.privacy.rights.objections import object_to_marketing, withdraw_point
from orchestration.privacy.rights.restrictions import restrict
from tests.conftest import forget
from tests.unit.conftest import permitting, resolving
from tests.unit.consent import said
from tests.unit.people import person

AT = datetime(2026, 6, 2)
PEOPLE = [person("anna", email="anna@x.se"), person("bo", "Bo", "Dahl", email="bo@x.se")]


@pytest.fixture(scope="module")
def after_a_night(compiled, tmp_path_factory, new_warehouse) -> bytes:
    """The file of a warehouse in which both are permitted, and profiled."""
    home = Home(tmp_path_factory.mktemp("night") / "home").prepare()
    home.warehouse.write_bytes(new_warehouse)
    with open_warehouse(home, Engine()) as con:
        permitting(compiled, resolving(con), con)(PEOPLE, consent_events=[said("anna"), said("bo")])
        con.execute(
            "create table marts.customer_profile as select customer_id, source_key from identity.customer_source_records where valid_to is null"
        )
    return home.warehouse.read_bytes()


@pytest.fixture
def night(home, after_a_night):
    home.warehouse.write_bytes(after_a_night)
    with open_warehouse(home, Engine()) as con:
        yield con
        forget(con)


def taught(con) -> list[str]:
    return [key for (key,) in con.execute("select source_key from marts.customer_profile order by 1").fetchall()]


@pytest.mark.parametrize("purpose", ["profiling", "direct_marketing", "all", "restriction", "an address", "survey"])
def test_who_refused_profiling_since_the_night_is_not_learnt_from(night, purpose):
    ((anna,),) = night.execute("select customer_id from marts.customer_profile where source_key = 'anna'").fetchall()
    if purpose == "restriction":
        restrict(night, anna, AT, "r1")
    elif purpose == "an address":
        withdraw_point(night, "anna@x.se", AT, "r1", "all", "all")
    else:
        object_to_marketing(night, anna, AT, "r1", purpose)
    is_about_another = purpose == "survey"
    with profiled_by_now(night, AT) as left_out:
        assert taught(night) == (["anna", "bo"] if is_about_another else ["bo"]) and left_out == (not is_about_another)
    # the mart stays the night's
    assert taught(night) == ["anna", "bo"]


def test_a_training_that_fails_leaves_the_mart_as_it_was(night):
    withdraw_point(night, "anna@x.se", AT, "r1", "profiling", "all")
    with pytest.raises(ValueError, match="no fit"), profiled_by_now(night, AT):
        raise ValueError("no fit")
    assert taught(night) == ["anna", "bo"]


def test_before_the_first_night_nobody_is_left_out(warehouse):
    with profiled_by_now(warehouse, AT) as left_out:
        assert left_out == 0
