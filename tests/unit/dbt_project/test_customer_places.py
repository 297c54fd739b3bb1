"""Income against the place, and what statistics say of an area: the same income differs from place to place, and nothing loaded is no error."""

from __future__ import annotations

from datetime import datetime

import pytest

from orchestration.contracts.seeds import SEEDS
from orchestration.extract.records import prepare_ops
from orchestration.transform.runner import set_clock
from tests.unit.compiled import compiled_models, compiled_otherwise
from tests.unit.empty_tables import add_rows, empty_tables

MODELS = ("place_levels", "customer_places")
NIGHT = datetime(2026, 11, 1)
OSLO, ELVERUM = {"country_code": "NO", "postal_code": "0150"}, {"country_code": "NO", "postal_code": "2406"}
MEDIANS = {"0301": 640_000, "3420": 520_000, "1103": 600_000, "3103": 560_000, "3203": 700_000, "3303": 550_000, "3403": 540_000, "4003": 510_000}  # fmt: skip


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The models, with and without the example's figures."""
    return {True: compiled_models(tmp_path_factory, MODELS), False: compiled_otherwise(tmp_path_factory, MODELS)}


@pytest.fixture
def told(warehouse, models):
    """What the mart tells of customers, by what is loaded, asked and known of them."""
    con = warehouse
    prepare_ops(con)
    set_clock(con, NIGHT)
    con.execute("create schema reference")
    for seed in ("postal_codes", "permission_reasons", "example_place_statistics"):
        con.execute(f"create table reference.{seed} as from read_csv('{SEEDS / seed}.csv', all_varchar = true)")
    con.execute("alter table reference.example_place_statistics alter year type integer")
    con.execute("alter table reference.example_place_statistics alter value type double")
    empty_tables(con, "dim_customers", "customer_attributes", "contact_permissions")

    def tell(*, has_example: bool = False) -> dict[str, dict]:
        for model in MODELS:
            con.execute(f"create or replace table marts.{model} as {models[has_example][model]}")
        rows = con.execute("from marts.customer_places")
        names = [column[0] for column in rows.description]
        return {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in rows.fetchall()}

    return tell


def statistic(con, area: str, value: float | None, **other) -> None:
    row = {
        "country_code": "NO", "area_kind": "municipality", "area_code": area, "year": 2024, "measure": "median_income", "value": value,
        "source": "SSB", "licence": "CC BY 4.0", "loaded_from": "a file", "loaded_at": NIGHT,
    }  # fmt: skip
    add_rows(con, "ops.place_statistics", row | other)


def customer(con, name: str, place: dict, income: str | None = None, **other) -> None:
    add_rows(con, "marts.dim_customers", {"customer_id": name} | place)
    if income is not None:
        said = {
            "attribute_name": "household_income_estimate",
            "attribute_value": income,
            "origin": "club",
            "age_days": 90,
            "value_count": 1,
        }
        add_rows(con, "marts.customer_attributes", {"customer_id": name} | said | other)


def test_the_same_income_is_average_in_oslo_and_high_in_elverum(warehouse, told):
    for area, median in MEDIANS.items():
        statistic(warehouse, area, median)
        statistic(warehouse, area, 100, year=2020)
    customer(warehouse, "oslo", OSLO, "700 000")
    customer(warehouse, "elverum", ELVERUM, "700000")
    customer(warehouse, "poor", OSLO, "300000")
    found = told()
    assert {name: row["purchasing_power"] for name, row in found.items()} == {
        "oslo": "average",
        "elverum": "high",
        "poor": "low",
    }
    assert found["oslo"]["purchasing_power_confidence"] == "medium"
    assert (
        found["oslo"]["purchasing_power_reasons"]
        == "income from club; against the median of the municipality (SSB, 2024)"
    )


def test_the_area_is_told_as_the_areas(warehouse, told):
    for area, median in MEDIANS.items():
        statistic(warehouse, area, median)
        statistic(warehouse, area, 0.5 - median / 2_000_000, measure="share_higher_education")
    customer(warehouse, "oslo", OSLO)
    customer(warehouse, "elverum", ELVERUM)
    found = told()
    assert [found[name]["economic_capital"] for name in ("oslo", "elverum")] == ["high", "low"]
    assert [found[name]["cultural_capital"] for name in ("oslo", "elverum")] == ["low", "high"]
    assert (
        found["oslo"]["economic_capital_reasons"] == "median income of the municipality, not of the person (SSB, 2024)"
    )
    assert {row["purchasing_power"] for row in found.values()} == {None}
    # the postal area is nearer
    for n in range(9):
        statistic(warehouse, f"015{n}", 900_000 - n, area_kind="postal_area")
    assert (
        told()["oslo"]["economic_capital_reasons"] == "median income of the postal area, not of the person (SSB, 2024)"
    )


def test_nothing_loaded_or_known_is_no_error_and_tells_nothing(warehouse, told):
    customer(warehouse, "oslo", OSLO, "700000")
    customer(warehouse, "nowhere", {})
    assert {value for row in told().values() for value in row.values()} == {None}
    for area in list(MEDIANS)[:7]:
        statistic(warehouse, area, None if area == "0301" else 1)
    for name, income in {"none": None, "words": "much", "nothing": "0", "below": "-5"}.items():
        customer(warehouse, name, ELVERUM, income)
    # seven areas are too few for quarters
    assert {value for row in told().values() for value in row.values()} == {None}


@pytest.mark.parametrize(("income", "is_as"), [
    ("700 000", "average"), ("700\u00a0000", "average"), ("700\u202f000", "average"), ("700'000", "average"), (" 700000 ", "average"),
    ("700000.00", "average"), ("700000,5", "average"), ("700 000,50", "average"), ("1 200 000", "high"), ("450000.125", "low"),
    # a mark before three digits parts thousands, or a fraction
    ("700.000", None), ("700,000", None), ("1.200.000", None), ("1,200,000", None), ("700 0000", None), ("70 00 00", None),
    ("700 tkr", None), ("7e5", None), ("inf", None), ("-700000", None), ("600000-700000", None),
])  # fmt: skip
def test_an_income_is_read_where_it_can_be_one_number_alone(warehouse, told, income, is_as):
    statistic(warehouse, "0301", 640_000)
    customer(warehouse, "oslo", OSLO, income)
    assert told()["oslo"]["purchasing_power"] == is_as


@pytest.mark.parametrize(("other", "year", "said"), [
    ({"origin": "bought"}, 2024, "income from bought;"),
    ({"origin": None}, 2024, "income from an unknown origin;"),
    ({"age_days": 900}, 2024, "old or of unknown age"),
    ({"age_days": None}, 2024, "old or of unknown age"),
    ({"value_count": 2}, 2024, "with different values"),
    ({}, 2015, "(SSB, 2015, old)"),
])  # fmt: skip
def test_what_is_doubtful_is_of_low_confidence_and_says_why(warehouse, told, other, year, said):
    statistic(warehouse, "0301", 640_000, year=year)
    customer(warehouse, "oslo", OSLO, "700000", **other)
    found = told()["oslo"]
    assert found["purchasing_power_confidence"] == "low" and said in found["purchasing_power_reasons"]


def test_of_who_refused_profiling_of_protected_people_and_of_the_dead_nothing_is_inferred(warehouse, told):
    for area, median in MEDIANS.items():
        statistic(warehouse, area, median)
    for name, other in {"refused": {}, "protected": {"is_protected": True}, "dead": {"is_deceased": True}}.items():
        customer(warehouse, name, OSLO | other, "700000")
    refusal = {
        "customer_id": "refused",
        "purpose": "profiling",
        "channel": "email",
        "is_permitted": False,
        "reason_code": "withdrawn",
    }
    add_rows(warehouse, "marts.contact_permissions", refusal)
    assert told() == {}


def test_invented_figures_are_named_and_give_way_to_real_ones(warehouse, told):
    customer(warehouse, "oslo", OSLO, "700000")
    customer(warehouse, "elverum", ELVERUM, "700000")
    assert {value for row in told().values() for value in row.values()} == {None}
    found = told(has_example=True)
    assert [found[name]["purchasing_power"] for name in ("oslo", "elverum")] == ["average", "high"]
    assert {row["purchasing_power_confidence"] for row in found.values()} == {"low"}
    assert found["oslo"]["economic_capital_reasons"].endswith("(invented example, 2024, not real)")
    statistic(warehouse, "3420", 520_000)
    found = told(has_example=True)
    assert found["oslo"]["purchasing_power"] is None and found["elverum"]["purchasing_power_confidence"] == "medium"
    assert {row["economic_capital"] for row in found.values()} == {None}
