"""A steward's word: it joins and parts whatever else is there, outlives reruns and rebuilds, and never contradicts itself."""

from __future__ import annotations

import stat
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.core.errors import KundbildError
from orchestration.identity.decisions import Decision, decide, forget, parse_record
from orchestration.identity.review import masked, pairs, read_csv, write_csv
from tests.unit.people import person

AT = datetime(2026, 1, 1)
ANNA = person("1", email="a@berg.se")
SAME_ANNA = person("2", email="a@berg.se", phone="+46701234567")
BO = person("3", "Bo", "Quist", email="bo@quist.se")


def word(left: str, right: str, verdict: str = "same") -> Decision:
    return Decision(("crm", left), ("crm", right), verdict)


def test_a_decision_joins_strangers_whom_a_veto_would_part(resolve, warehouse):
    resolve(ANNA, BO)
    decide(warehouse, [word("1", "3")], "steward", AT)
    ids = resolve(ANNA, BO)
    assert ids["1"] == ids["3"]
    edges = warehouse.execute("select rule, is_used from identity.edges").fetchall()
    assert ("decided by a person", True) in edges
    # a rerun keeps to it, and so does a night without the records in between
    resolve(BO)
    ids = resolve(ANNA, BO)
    assert ids["1"] == ids["3"]
    forget(warehouse, ("crm", "3"), ("crm", "1"))
    ids = resolve(ANNA, BO)
    assert ids["1"] != ids["3"]


def test_a_decision_parts_what_every_rule_joins_and_a_third_record_does_not_bring_it_back(resolve, warehouse):
    third = person("4", email="a@berg.se", phone="+46701234567")
    ids = resolve(ANNA, SAME_ANNA, third)
    assert len(set(ids.values())) == 1
    decide(warehouse, [word("1", "2", "different")], "steward", AT)
    ids = resolve(ANNA, SAME_ANNA, third)
    assert ids["1"] != ids["2"] and ids["4"] in (ids["1"], ids["2"])


def test_a_later_decision_on_a_pair_replaces_the_earlier(resolve, warehouse):
    resolve(ANNA, SAME_ANNA)
    decide(warehouse, [word("1", "2", "different")], "steward", AT)
    decide(warehouse, [word("2", "1", "same")], "steward", AT)
    assert warehouse.execute("select verdict from identity.decisions").fetchall() == [("same",)]


@pytest.mark.parametrize(
    ("decisions", "message"),
    [
        ([word("1", "99")], "there is no record crm:99"),
        ([word("1", "1")], "named twice"),
        (
            [word("1", "2"), word("2", "3"), word("1", "3", "different")],
            "one person by some decisions and two by another",
        ),
    ],
)
def test_a_decision_that_cannot_hold_is_refused_and_nothing_of_it_kept(resolve, warehouse, decisions, message):
    resolve(ANNA, SAME_ANNA, BO)
    with pytest.raises(KundbildError, match=message):
        decide(warehouse, decisions, "steward", AT)
    assert warehouse.execute("select count(*) from identity.decisions").fetchall() == [(0,)]


def test_what_was_never_decided_cannot_be_taken_back(resolve, warehouse):
    resolve(ANNA)
    with pytest.raises(KundbildError, match="nothing was decided"):
        forget(warehouse, ("crm", "1"), ("crm", "2"))


@pytest.mark.parametrize("text", ["", "crm", ":1", "crm:"])
def test_a_record_is_named_by_system_and_key(text):
    with pytest.raises(KundbildError, match="names no source record"):
        parse_record(text)


KEYS = ("1", "2", "3", "4", "5", "6")
verdicts = st.dictionaries(
    st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS)).filter(lambda pair: pair[0] < pair[1]),
    st.sampled_from(["same", "different"]),
    max_size=6,
)


@pytest.mark.slow
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(verdicts)
def test_decisions_always_hold_or_are_refused(resolve, warehouse, decided):
    people = [
        ANNA, SAME_ANNA, BO, person("4", "A", "Berg", email="a@berg.se"),
        person("5", "Bo", "Quist", phone="+46701234567"), person("6", "Cilla", "Berg", email="a@berg.se"),
    ]  # fmt: skip
    resolve(*people)
    warehouse.execute("delete from identity.decisions")
    try:
        decide(warehouse, [word(*pair, verdict) for pair, verdict in decided.items()], "steward", AT)
    except KundbildError:
        decided = {}
    ids = resolve(*people)
    for (left, right), verdict in decided.items():
        assert (ids[left] == ids[right]) == (verdict == "same")


def loose_chain() -> list[dict]:
    """Two Annas of four records each, tied by one phone number alone."""
    phone = {"phone": "+46701234561"}
    return [
        person(f"{side}{n}", email=f"anna@{side}.se", **(phone if n == 0 else {}))
        for side in ("ett", "tva")
        for n in range(4)
    ]


def test_what_the_guard_parts_is_asked_about_until_it_is_decided(resolve, warehouse, tmp_path):
    people = loose_chain()
    ids = resolve(*people)
    assert ids["ett0"] != ids["tva0"]
    (pair,) = pairs(warehouse)
    assert pair.reason == "parted by the cluster guard" and pair.effect == 16
    path = tmp_path / "review.csv"
    path.write_text("old")
    path.chmod(0o644)
    assert write_csv(warehouse, path) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_csv(path) == []
    for delimiter in (",", ";"):
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        filled = [lines[0], "Different" + lines[1]]
        other = tmp_path / "filled.csv"
        other.write_text("\n".join(filled).replace(",", delimiter), encoding="utf-8-sig")
        (decision,) = read_csv(other)
        assert decision.verdict == "different"
    decide(warehouse, [decision], "steward", AT)
    resolve(*people)
    assert pairs(warehouse) == []


def test_an_accepted_pair_brings_both_customers_together_whole(resolve, warehouse):
    people = loose_chain()
    resolve(*people)
    (pair,) = pairs(warehouse)
    decide(warehouse, [pair.decided("same")], "steward", AT)
    assert len(set(resolve(*people).values())) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n", "has no column left_record, right_record, verdict"),
        ("verdict,left_record,right_record\nmaybe,crm:1,crm:2\n", "'maybe' is none"),
        ("verdict,left_record,right_record\nsame,1,crm:2\n", "names no source record"),
        ("verdict,left_record,right_record\nsame,crm:1\n", "names no source record"),
    ],
)
def test_a_csv_that_cannot_be_read_says_where(tmp_path, content, message):
    path = tmp_path / "review.csv"
    path.write_text(content)
    with pytest.raises(KundbildError, match=message):
        read_csv(path)


def test_masks_show_enough_to_compare_and_too_little_to_know():
    values = {
        "full_name": "Anna Berg",
        "email": "anna.berg@posten.se",
        "phone": "+46701234567",
        "birth_date": "1980-02-03",
        "street": None,
    }
    assert [masked(value, field) for field, value in values.items()] == ["An…", "an…@p…", "…67", "1980", ""]
