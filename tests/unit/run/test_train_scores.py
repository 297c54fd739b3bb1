"""A training between two nights, as the command and the job have it: it learns from nobody who refused profiling since the night."""

from __future__ import annotations

from datetime import datetime, timedelta

from orchestration.core.settings import Settings, Source
from orchestration.privacy.rights.objections import withdraw_point
from orchestration.run.train_scores import train_models
from tests.unit.consent import said
from tests.unit.empty_tables import add_rows, empty_tables
from tests.unit.people import person

NIGHT = datetime(2026, 6, 1)
SETTINGS = Settings(company="T", sources={"s": Source(connector="files", url="/nowhere")})


def test_where_everybody_refused_profiling_since_the_night_there_is_nothing_to_learn_from(permitted, warehouse):
    names = ("anna", "bo")
    permitted([person(one, email=f"{one}@x.se") for one in names], consent_events=[said(one) for one in names])
    warehouse.execute(
        "create table marts.customer_profile as select customer_id from identity.customer_source_records where valid_to is null"
    )
    empty_tables(warehouse, "fct_orders")
    for (customer,) in warehouse.execute("select customer_id from marts.customer_profile").fetchall():
        order = {"customer_id": customer, "ordered_at": NIGHT - timedelta(days=40), "is_order": True}
        add_rows(warehouse, "marts.fct_orders", order)
    said_so: list[str] = []
    (told,) = train_models(warehouse, SETTINGS, ["purchases"], said_so.append)
    assert told.is_used and said_so == ["1 of 1: purchases"]
    for one in names:
        withdraw_point(warehouse, f"{one}@x.se", NIGHT, "r1", "profiling", "all")
    (told,) = train_models(warehouse, SETTINGS, ["purchases"], said_so.append)
    assert str(told) == "purchases: no fit: there is nothing to learn from yet"
    assert warehouse.execute("select count(*) from marts.customer_profile").fetchall() == [(2,)]
