"""Why records are one customer: the path that joins them, weights that add up to what was scored, the id's history."""

from __future__ import annotations

from datetime import datetime

import pytest

from orchestration.core.errors import KundbildError
from orchestration.core.settings import Identity
from orchestration.identity.explain import explain
from orchestration.identity.explain_page import in_words, write_page
from orchestration.identity.model import DEFAULT_MODEL, Model
from orchestration.identity.resolve import resolve_identities
from tests.unit.identity.test_identity_nights import make_people
from tests.unit.people import person

MODEL = Model.load(DEFAULT_MODEL)


@pytest.fixture(scope="module")
def once_resolved(modules_warehouse):
    make_people(modules_warehouse)
    resolve_identities(modules_warehouse, Identity(), MODEL, "run-1", datetime(2026, 1, 1))
    return modules_warehouse


@pytest.fixture
def resolved(once_resolved):
    """What a test changes in it is taken back."""
    once_resolved.begin()
    yield once_resolved
    once_resolved.rollback()


def test_the_steps_add_up_to_the_weight_that_was_scored(resolved):
    explanation = explain(resolved, "crm:8", MODEL)
    assert [r["record"] for r in explanation.records] == ["crm:8", "webshop:8"]
    (link,) = explanation.links
    weight = resolved.execute(
        "select s.weight from identity.scored_pairs s join identity.normalised_people a on a.record_id = s.left_id "
        "join identity.normalised_people b on b.record_id = s.right_id where a.source_key = '8' and b.source_key = '8'"
    ).fetchall()[0][0]
    assert link.weight == pytest.approx(weight)
    said = {step.name: (step.found, step.bits) for step in link.steps}
    assert said["phone"][0] == "the same phone number" and said["phone"][1] > 5
    assert said["beforehand"][1] < 0
    assert "same email" in in_words(link) and "to 1 that they are one person" in in_words(link)


def test_a_customer_is_reached_by_its_own_id_an_old_one_and_its_records(resolve, warehouse):
    ids = resolve(person("1", email="a@berg.se"), person("2", phone="+46701234567"))
    explained = explain(warehouse, ids["2"], MODEL)
    assert [event["kind"] for event in explained.history] == ["created"] and explained.links == []
    joined = resolve(person("1", email="a@berg.se"), person("2", email="a@berg.se", phone="+46701234567"))
    for subject in (ids["1"], ids["2"], "crm:1", "crm:2"):
        assert explain(warehouse, subject, MODEL).customer_id == joined["1"]
    assert "merged" in [event["kind"] for event in explain(warehouse, joined["1"], MODEL).history]
    # two records have no scores: rules alone explain
    (link,) = explain(warehouse, "crm:1", MODEL).links
    assert link.rules[0] == "same email" and link.weight is None and link.steps == ()


def test_why_two_records_are_not_one(resolved):
    explanation = explain(resolved, "crm:8", MODEL, other="crm:9")
    # each of whom data are shown, for the access log
    whose = resolved.execute(
        "select distinct customer_id from identity.customer_source_records where source_system = 'crm' and source_key in ('8', '9')"
    ).fetchall()
    assert sorted(explanation.customers) == sorted(customer for (customer,) in whose) and len(whose) == 2
    (link,) = explanation.links
    assert link.veto == "first names differ" and link.rules == () and link.weight < 0
    assert in_words(link).startswith("Not joined")


@pytest.mark.parametrize(
    ("subject", "other"), [("nobody", None), ("crm:none", None), ("crm:8", "crm:8"), ("crm:8", "crm:none")]
)
def test_what_is_not_there_cannot_be_explained(resolved, subject, other):
    with pytest.raises(KundbildError):
        explain(resolved, subject, MODEL, other)


def test_before_the_first_night_nothing_can_be_explained(warehouse):
    with pytest.raises(KundbildError, match="no night has resolved"):
        explain(warehouse, "crm:1", MODEL)


def test_the_page_fetches_nothing_and_takes_names_for_text(resolved):
    resolved.execute(
        "update conformed.conformed_people set given_name = '<script>alert(1)</script>' where source_key = '8'"
    )
    page = write_page(explain(resolved, "crm:8", MODEL))
    assert "http" not in page and "<script" not in page and "&lt;script&gt;" in page
    assert page.count("<rect") == 8 and "all together" in page
