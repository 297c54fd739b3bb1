"""What sources deliver, by what was read of the tables that the configuration makes it of."""

from __future__ import annotations

import re

import pytest

from tests.unit.compiled import compiled_models
from tests.unit.empty_tables import add_rows, empty_tables

MODEL = "delivered_entities"


@pytest.fixture(scope="module")
def sql(tmp_path_factory) -> str:
    return compiled_models(tmp_path_factory, [MODEL])[MODEL]


def delivered(con, sql: str, *read: tuple[str, str]) -> list[tuple]:
    con.execute(
        "create schema if not exists ops; create or replace table ops.loads (source varchar, table_name varchar)"
    )
    con.executemany("insert into ops.loads values (?, ?)", list(read))
    return con.execute(f"select entity, source_systems from ({sql}) where is_delivered order by 1").fetchall()


def test_what_records_of_people_say_is_of_the_sources_that_say_it(warehouse, sql):
    """The newsletter's subscribers have no employer, and no address."""
    empty_tables(warehouse, "conformed_people")
    add_rows(
        warehouse,
        "conformed.conformed_people",
        {"source_system": "email", "source_key": "1"},
        {"source_system": "crm", "source_key": "1", "kind": "club member", "company_key": "7"},
        {"source_system": "webshop", "source_key": "1", "street": "Storgatan 1"},
    )
    read = [("crm", "contacts"), ("email", "subscribers"), ("webshop", "customers")]
    assert delivered(warehouse, sql, *read) == [
        ("addresses", "webshop"),
        ("club_members", "crm"),
        ("employers", "crm"),
        ("people", "crm, email, survey, webshop"),
    ]


def test_companies_alone_tell_of_employers_and_are_named_as_their_source(warehouse, sql):
    """A check holds a night in which something is delivered by no source."""
    without_people = re.sub(r"select 'people', '.*", "select null, null, null, null", sql)
    empty_tables(warehouse, "conformed_people")
    assert delivered(warehouse, without_people, ("crm", "companies")) == [("companies", "crm"), ("employers", "crm")]
