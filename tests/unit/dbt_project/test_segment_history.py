"""Who was in which segment on any past night: kept from night to night, and the same however often it is worked out."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from orchestration.privacy.intake.special_values import find_special_values
from tests.unit.compiled import compiled_otherwise
from tests.unit.segments import MODELS, Customer, Nights, compiled

START = datetime(2026, 1, 1, 3)
DAY = timedelta(days=1)


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled(tmp_path_factory)


@pytest.fixture(scope="session")
def without_region(tmp_path_factory) -> dict[str, str]:
    """The models where the data protection officer switched the scheme region off."""
    return compiled_otherwise(tmp_path_factory, MODELS)


@pytest.fixture
def nights(warehouse, models) -> Nights:
    return Nights(warehouse, models)


def _lifecycle(c: Customer) -> str:
    if c.order_count == 0:
        return "lead"
    assert c.days is not None
    if c.order_count == 1 and c.days <= 90:
        return "new"
    return next(
        name
        for name, most in [("active", 180), ("at risk", 365), ("lapsed", 730), ("churned", 99999)]
        if c.days <= most
    )


def _nps(c: Customer) -> str | None:
    if c.nps is None:
        return None
    return "promoter" if c.nps >= 9 else "passive" if c.nps >= 7 else "detractor"


SCHEMES = {"lifecycle": _lifecycle, "nps": _nps}


class Plain:
    """The same in plain Python: who was in what, written down again for every night."""

    def __init__(self) -> None:
        self.nights: list[datetime] = []
        # (customer, scheme) → night → segment
        self.was: dict[tuple[str, str], dict[datetime, str | None]] = {}

    def night(self, at: datetime, customers: dict[str, Customer], merged: dict[str, str]) -> None:
        if at not in self.nights:
            self.nights.append(at)
        for old, into in sorted(merged.items()):
            for scheme in SCHEMES:
                for night, segment in self.was.pop((old, scheme), {}).items():
                    mine = self.was.setdefault((into, scheme), {})
                    if mine.get(night) is None:
                        mine[night] = segment
        for name in {name for name, _ in self.was} | set(customers):
            for scheme, rule in SCHEMES.items():
                known = self.was.setdefault((name, scheme), {})
                c = customers.get(name)
                if c and c.is_restricted:
                    # stored as they are, and not shown
                    before = [night for night in self.nights if night < at]
                    known[at] = known.get(before[-1]) if before else None
                elif c and c.refuses:
                    known.clear()
                else:
                    known[at] = rule(c) if c else None

    def as_of(self, at: datetime, scheme: str, hidden: set[str]) -> dict[str, str]:
        return {
            name: segment
            for (name, of), known in self.was.items()
            if of == scheme and name not in hidden and (segment := known.get(at)) is not None
        }


EVENTS = ("ordered", "answered", "refused", "asked again", "restricted", "freed", "left", "merged", "came")


class Company:
    """Some customers; every night something happens to a fifth of them."""

    def __init__(self, dice: random.Random, nights: Nights) -> None:
        self.dice, self.nights, self.merged = dice, nights, dict[str, str]()
        days, scores = (5, 120, 200, 400, 800), (None, 3, 7, 10)
        self.customers = {
            f"c{n:02d}": Customer(dice.randint(0, 2), dice.choice(days), dice.choice(scores)) for n in range(12)
        }

    def passes(self, at: datetime) -> set[str]:
        seen = set()
        for name in [name for name in self.customers if self.dice.random() < 0.2]:
            if name in self.customers:
                event = self.dice.choice(EVENTS)
                self._happens(event, name, at)
                seen.add(event)
        while len(self.customers) < 6:
            self.customers[f"e{at:%m%d}{len(self.customers)}"] = Customer(1, 5)
        return seen

    def _happens(self, event: str, name: str, at: datetime) -> None:
        c, other = self.customers[name], self.dice.choice([*self.customers])
        orders, days, nps = (
            c.order_count + 1,
            self.dice.choice([1, 100, 300, 500, 900]),
            self.dice.choice([None, 2, 8, 9]),
        )
        is_free = not (c.is_restricted or self.customers[other].is_restricted)
        match event:
            case "ordered":
                self.customers[name] = replace(c, order_count=orders, days=days)
            case "answered":
                self.customers[name] = replace(c, nps=nps)
            case "refused" | "asked again":
                self.customers[name] = replace(c, refuses=event == "refused")
            case "restricted" | "freed":
                self.customers[name] = replace(c, is_restricted=event == "restricted")
            case "left":
                del self.customers[name]
            case "came":
                self.customers[f"d{at:%m%d}{name}"] = Customer(1, 5)
            case "merged" if other != name and is_free:
                self.nights.merge(other, name, at)
                led = {old: name if into == other else into for old, into in self.merged.items()}
                self.merged = led | {other: name}
                del self.customers[other]


@pytest.mark.parametrize("seed", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_as_of_every_past_night_it_is_what_that_night_found_whatever_happened_since(nights, seed):
    dice, plain, at, seen = random.Random(seed), Plain(), START, set[str]()
    company = Company(dice, nights)
    for night in range(25):
        happened = dice.choice(["published", "published", "held", "same moment"]) if night else "published"
        at += DAY if happened != "same moment" else timedelta()
        seen |= company.passes(at) | {happened}
        nights.night(at, company.customers, is_published=happened != "held")
        if happened == "held":
            continue
        plain.night(at, company.customers, company.merged)
        company.merged = {}
        hidden = {name for name, c in company.customers.items() if c.is_restricted or c.refuses}
        for scheme in SCHEMES:
            for past in plain.nights:
                assert nights.as_of(past, scheme) == plain.as_of(past, scheme, hidden), (night, happened, scheme, past)
    assert len(seen) == len(EVENTS) + 3
    assert _neighbours(nights) == []


def _neighbours(nights: Nights) -> list[tuple]:
    """Memberships that another of the same segment follows at once: they are one."""
    return nights.con.execute(
        "select * from identity.segment_memberships a join identity.segment_memberships b using (customer_id, scheme, segment) where a.left_at = b.entered_at"
    ).fetchall()


def test_the_first_rule_that_holds_wins_and_nobody_who_refused_profiling_is_in_any(nights):
    nights.night(START, {
        "new": Customer(1, 10), "one": Customer(1, 100), "many": Customer(4, 10), "lead": Customer(), "gone": Customer(3, 900),
        "no": Customer(4, 10, nps=9, refuses=True),
    })  # fmt: skip
    found = nights.as_of(START, "lifecycle")
    assert found == {"new": "new", "one": "active", "many": "active", "lead": "lead", "gone": "churned"}
    assert nights.con.execute(
        "select count(*) from identity.segment_memberships where customer_id = 'no'"
    ).fetchall() == [(0,)]


def test_where_nothing_changes_nothing_is_written(nights):
    customers = {f"c{n}": Customer(2, 5) for n in range(5)}
    nights.night(START, customers)
    nights.night(START + DAY, customers)
    assert nights.con.execute("select count(*) from identity.segment_changes").fetchall() == [(0,)]
    nights.night(START + 2 * DAY, customers | {"c1": Customer(2, 300)})
    assert nights.con.execute("select distinct customer_id, scheme from identity.segment_changes").fetchall() == [
        ("c1", "lifecycle")
    ]
    assert nights.rows(table="(select *, since as entered_at, null as left_at from segments.customer_segments)")[:2] == [
        ("c0", "active", START, None), ("c1", "at risk", START + 2 * DAY, None),
    ]  # fmt: skip


def test_the_past_of_merged_customers_is_one_without_overlap(nights):
    nights.night(START, {"a": Customer(2, 5), "b": Customer(2, 300)})
    nights.night(START + DAY, {"b": Customer(2, 300)})
    nights.night(START + 2 * DAY, {"a": Customer(2, 5), "b": Customer(2, 300)})
    nights.merge("b", "a", START + 3 * DAY)
    nights.night(START + 3 * DAY, {"a": Customer(4, 5)})
    assert nights.rows() == nights.rows(table="identity.segment_memberships") == [
        ("a", "active", START, START + DAY),
        ("a", "active", START + 2 * DAY, None),
        ("a", "at risk", START + DAY, START + 2 * DAY),
    ]  # fmt: skip


def test_who_objects_to_profiling_loses_their_past_too_and_who_is_restricted_keeps_it_unseen(nights):
    nights.night(START, {"a": Customer(2, 5), "r": Customer(2, 5)})
    nights.night(
        START + DAY, {"a": Customer(2, 300, refuses=True), "r": Customer(is_restricted=True)}, is_published=False
    )
    # of a night that is held nobody sees it any more, either
    assert nights.rows() == []
    nights.night(START + DAY, {"a": Customer(2, 300, refuses=True), "r": Customer(is_restricted=True)})
    assert nights.rows() == [] and {row[0] for row in nights.rows(table="identity.segment_memberships")} == {"r"}
    nights.night(START + 2 * DAY, {"a": Customer(2, 300), "r": Customer(2, 300)})
    assert nights.rows() == [
        ("a", "at risk", START + 2 * DAY, None), ("r", "active", START, START + 2 * DAY), ("r", "at risk", START + 2 * DAY, None),
    ]  # fmt: skip


def test_rule_19_protected_people_are_in_no_segment_and_what_they_were_in_goes(nights):
    """The county of last night is a place where they can be looked for, and what they buy is nobody's to infer from."""
    nights.night(START, {"p": Customer(1, 10, region="Skåne"), "c": Customer(1, 10, region="Skåne")})
    nights.night(
        START + DAY, {"p": Customer(1, 11, region="Skåne", is_protected=True), "c": Customer(1, 11, region="Skåne")}
    )
    assert [row[0] for row in nights.rows("region")] == ["c"]
    assert [row[0] for row in nights.rows("lifecycle")] == ["c"]
    assert nights.con.execute(
        "select count(*) from identity.segment_memberships where customer_id = 'p'"
    ).fetchall() == [(0,)]


def test_what_was_kept_of_a_scheme_that_is_switched_off_goes(without_region, nights):
    """Of who is restricted too, once they are free."""
    night = {
        "a": Customer(1, 10, region="Skåne"),
        "b": Customer(1, 10, region="Skåne"),
        "r": Customer(1, 10, region="Skåne"),
    }
    nights.night(START, night)
    # of a segment that the officer's company took out, for it was made of the region
    nights.con.execute(
        "insert into identity.segment_memberships values ('a', 'our own', 'southerner', ?, null)", [START]
    )
    nights.night(START + DAY, {"a": Customer(1, 11, region="Halland"), "r": Customer(is_restricted=True)})
    assert len(nights.rows("region", "identity.segment_memberships")) == 4
    # where nothing is switched off, what it held is history
    assert nights.rows("our own") == [("a", "southerner", START, START + DAY)]
    nights.models = without_region
    off = {"a": Customer(1, 12, region="Halland"), "r": Customer(is_restricted=True)}
    nights.night(START + 2 * DAY, off, is_published=False)
    assert nights.rows("region") == nights.rows("our own") == [] and len(nights.rows()) == 2
    nights.night(START + 2 * DAY, off)
    assert [row[0] for row in nights.rows("region", "identity.segment_memberships")] == ["r"]
    assert nights.rows("our own", "identity.segment_memberships") == []
    nights.night(START + 3 * DAY, {"a": Customer(1, 13), "r": Customer(1, 10, region="Skåne")})
    assert nights.rows("region", "identity.segment_memberships") == []
    assert {row[0] for row in nights.rows()} == {"a", "b", "r"}
    nights.night(START + 4 * DAY, {"a": Customer(1, 14), "r": Customer(1, 11, region="Skåne")})
    assert nights.con.execute("select count(*) from identity.segment_changes").fetchall() == [(0,)]


def test_an_interest_of_before_that_tells_of_a_special_category_goes(nights):
    """It was inferred before the word was known, of products that are gone since: the segment itself is looked at."""
    nights.night(START, {"a": Customer(1, 10), "b": Customer(1, 10)})
    nights.con.execute(
        "insert into identity.segment_memberships values ('a', 'interest', 'Kosher food', $at, null), ('a', 'interest', 'Tents', $before, $at), "
        "('b', 'interest', 'Tents', $at, null)",
        {"at": START, "before": START - DAY},
    )
    assert find_special_values(nights.con) == {"segment_memberships.segment": 1}
    nights.night(START + DAY, {"a": Customer(1, 11), "b": Customer(1, 11)})
    for table in ("segments.segment_membership_history", "identity.segment_memberships"):
        assert {(who, segment) for who, segment, *_ in nights.rows("interest", table)} == {
            ("a", "Tents"),
            ("b", "Tents"),
        }
    assert {row[0] for row in nights.rows()} == {"a", "b"}
    nights.night(START + 2 * DAY, {"a": Customer(1, 12), "b": Customer(1, 12)})
    assert nights.con.execute("select count(*) from identity.segment_changes").fetchall() == [(0,)]


def test_what_ended_goes_when_its_days_have_passed_and_what_holds_stays(nights):
    nights.night(START, {"a": Customer(2, 5)})
    nights.night(START + DAY, {"a": Customer(2, 300)})
    for days, rows in ((401, 2), (402, 1)):
        nights.night(START + days * DAY, {"a": Customer(2, 300)})
        assert len(nights.rows()) == len(nights.rows(table="identity.segment_memberships")) == rows, days
