"""Whether web events come as planned, and what of a page is used: by hand-written events, against what one counts by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

import pytest

from orchestration.match_keys import define_match_keys
from orchestration.privacy.intake.personal_text import find_personal_text
from orchestration.privacy.secrets.pepper import Pepper
from tests.unit.compiled import compiled_models
from tests.unit.dbt_project.insight import AS_OF, Marts

MODELS = ("event_plan_status", "page_heat", "bi_event_plan_status", "bi_page_heat")


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_models(tmp_path_factory, MODELS)


@pytest.fixture
def marts(warehouse, models) -> Marts:
    define_match_keys(warehouse)
    found = Marts(warehouse, models, ("conformed_web_events",))
    warehouse.execute(
        "create table reference.event_plan (event_kind varchar, owner varchar, is_required boolean, meaning varchar); "
        "insert into reference.event_plan values ('page_view', 'web team', true, 'A page'), ('search', 'web team', false, 'A search')"
    )
    return found


NUMBERS = count()


def event(kind: str | None, visitor: str, days_ago: float = 1, page: str = "/a", **more) -> dict:
    return {"source_system": "web", "source_key": str(next(NUMBERS)), "visitor_key": visitor, "kind": kind, "page": page,
            "occurred_at": datetime.fromisoformat(AS_OF) - timedelta(days=days_ago)} | more  # fmt: skip


def test_a_company_without_web_events_has_no_plan_for_them(marts):
    assert marts.rows("event_plan_status") == marts.rows("page_heat") == []


def test_what_comes_is_told_against_the_plan(marts):
    marts.add(
        "conformed.conformed_web_events",
        event("search", "v1", 20),
        event("clikc", "v1"),
        event(None, "v2"),
        event("clikc", "v2", 100),
    )
    found = marts.by("event_plan_status", "event_kind")
    assert {kind: row["status"] for kind, row in found.items()} == {
        "page_view": "missing",
        "search": "missing",
        "clikc": "unknown",
        "(none)": "unknown",
    }
    assert (found["search"]["mean_week_event_count"], found["search"]["event_count_7d"], found["search"]["owner"]) == (
        0.25,
        0,
        "web team",
    )
    # 100 days ago is beyond the window
    assert (found["clikc"]["visitor_count"], found["clikc"]["is_planned"], found["page_view"]["is_required"]) == (
        1,
        False,
        True,
    )


@pytest.mark.parametrize(
    ("before", "now", "status"),
    [
        (200, 50, "as planned"),
        (200, 24, "drifting"),
        (200, 100, "as planned"),
        (200, 101, "drifting"),
        (196, 1, "as planned"),
        (0, 1, "as planned"),
    ],
)
def test_a_week_of_twice_as_many_or_half_is_as_planned_and_beyond_it_drifts(marts, before, now, status):
    rows = [event("page_view", "v1", 10) for _ in range(before)] + [event("page_view", "v1", 2) for _ in range(now)]
    marts.add("conformed.conformed_web_events", *rows)
    assert marts.by("event_plan_status", "event_kind")["page_view"]["status"] == status


def test_events_of_who_is_restricted_are_in_no_mart(marts):
    marts.con.execute(
        "insert into identity.customer_source_records values ('crm', '1', 'c1', null); insert into identity.restrictions values ('crm', '1')"
    )
    marts.add(
        "conformed.conformed_web_events",
        event("click", "v1", person_system="crm", person_key="1"),
        event("page_view", "v2"),
    )
    assert "click" not in marts.by("event_plan_status", "event_kind") and marts.rows("page_heat") == []


def test_what_is_clicked_and_how_far_people_scroll(marts):
    marts.add("conformed.conformed_web_events",
              *(event("page_view", f"v{n}", page="/a?mail=anna@x.se") for n in range(10)),
              *(event("click", f"v{n}", element="buy") for n in (1, 1, 2)), event("click", "v3", element=" "),
              event("scroll", "v1", scroll_depth=30), event("scroll", "v1", scroll_depth=80), event("scroll", "v2", scroll_depth=25),
              event("scroll", "v3", scroll_depth=10))  # fmt: skip
    found = marts.by("page_heat", "page", "area_kind", "area")
    assert {key: (row["event_count"], row["visitor_count"]) for key, row in found.items()} == {
        ("/a", "click", "buy"): (3, 2), ("/a", "click", "elsewhere"): (1, 1),
        ("/a", "scroll", "25 %"): (3, 2), ("/a", "scroll", "50 %"): (2, 1), ("/a", "scroll", "75 %"): (2, 1),
    }  # fmt: skip
    assert (
        found["/a", "click", "buy"]["page_visitor_count"] == 10 and found["/a", "click", "buy"]["visitor_share"] == 0.2
    )


def test_analysts_see_no_area_of_few_and_no_address_in_a_page(marts, warehouse):
    marts.add("conformed.conformed_web_events",
              *(event("click", f"v{n}", page="/u/anna.berg@x.se", element="save") for n in range(5)),
              *(event("click", f"v{n}", page="/a", element="few") for n in range(4)), *(event("odd", f"v{n}") for n in range(4)))  # fmt: skip
    find_personal_text(warehouse, Pepper(("x" * 32,)))
    marts.build("event_plan_status", "page_heat")
    (row,) = marts.rows("bi_page_heat")
    assert (row["page"], row["area"], row["visitor_count"]) == ("/u/[email address removed]", "save", 5)
    # what few sent may be what somebody wrote
    found = marts.by("bi_event_plan_status", "event_kind")
    assert "odd" not in found
    odd = found["other (small groups)"]
    assert (
        odd["event_count_7d"],
        odd["mean_week_event_count"],
        odd["visitor_count"],
        odd["last_seen_at"],
        odd["status"],
    ) == (None, None, None, None, "unknown")


def test_analysts_see_no_week_of_few_of_a_kind_that_many_sent(marts, warehouse):
    marts.add(
        "conformed.conformed_web_events",
        *(event("search", f"v{n}", 50) for n in range(40)),
        *(event("search", f"v{n}", 20) for n in range(6)),
        event("search", "v1", 2),
    )
    marts.build("event_plan_status", "page_heat")
    row = marts.by("bi_event_plan_status", "event_kind")["search"]
    assert (row["event_count_7d"], row["mean_week_event_count"], row["visitor_count"]) == (None, 1.5, 40)
    assert row["last_seen_at"].hour == 0
