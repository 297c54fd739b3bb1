"""Permissions that are worked out anew for whoever is touched are those that are worked out anew for all."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from orchestration.privacy.rights.corrections import correct
from orchestration.privacy.rights.objections import withdraw_point, withdraw_record
from tests.unit.consent import INCREMENTAL, compiled_with, said
from tests.unit.people import person

START = datetime(2026, 5, 1)
PURPOSES, CHANNELS = ("newsletter", "survey", "offers", "profiling"), ("email", "phone", "phone", "post")


@pytest.fixture(scope="session")
def incremental(tmp_path_factory) -> dict[str, str]:
    return compiled_with(tmp_path_factory, is_incremental=True)


class Company:
    """Some people and what they said; every night a little of it is another."""

    def __init__(self, seed: int) -> None:
        self.dice, self.night, self.at = random.Random(seed), 0, START
        self.other_dice, self.third_dice = random.Random(seed), random.Random(seed)
        self.people = {f"p{n}": self._person(n) for n in range(30)}
        for n in range(10):
            # some are one customer in two systems
            self.people[f"p{n}"]["email"] = f"p{n + 10}@x.se"
        self.events = {f"e{n}": self._statement() for n in range(200)}
        self.left: dict[str, dict] = {}
        # requests that end contact, of a record or an address, by request id
        self.asked: dict[str, tuple[str, datetime]] = {}
        # corrections of the night: (record, field, value)
        self.corrected: list[tuple[str, str, str]] = []
        self.reserved = [{"register": "nix_telefon", "phone": "+46709999999"}, {"register": "nix_adresserat"}]

    def _person(self, n: int) -> dict:
        return person(f"p{n}", f"Given{n}", f"Family{n}", email=f"p{n}@x.se", phone=f"+4670111{n:04d}")

    def _statement(self) -> dict:
        who, dice = self.dice.choice([*self.people]), self.dice
        at = self.at + timedelta(days=dice.randint(-200, 3))
        more = {
            "purpose": dice.choice([*PURPOSES, "direct_marketing"] if dice.random() < 0.1 else PURPOSES),
            "channel": dice.choice(CHANNELS),
            "contact_point": dice.choice([f"{who}@x.se", f"{who}@x.se", f"p{dice.randint(0, 29)}@x.se", f"070-111 {dice.randint(0, 29):04d}"]),
            "confirmed_at": at if dice.random() < 0.9 else None,
            "expires_at": at + timedelta(days=dice.randint(1, 260)) if dice.random() < 0.5 else None,
            "stated_at": at,
            "load_id": self.night + 1,
        }  # fmt: skip
        statement = said(who, "withdrawn" if dice.random() < 0.15 else "granted") | more
        return statement if dice.random() < 0.9 else statement | {"person_system": None, "person_key": None}

    def passes(self) -> set[str]:
        """A night passes, or the one before is run again. Returns what happened."""
        self.night += 1
        self.at += timedelta(days=self.dice.choice([1, 1, 1, 1, 1, 40, -1]))
        self._asks()
        self._corrects()
        return {self._happens(number) for number in range(5)}

    def _happens(self, number: int) -> str:
        happened = self.dice.choice([
            "stated", "changed", "deleted", "vanished", "merged", "parted", "moved", "gone", "reserved", "unreserved",
            "unsubscribed", "country",
        ])  # fmt: skip
        key = self.dice.choice([*self.events])
        who = self.dice.choice([*self.people])
        new = {"load_id": self.night + 1}
        match happened:
            case "stated":
                self.events[f"n{self.night}-{number}"] = self._statement()
            case "changed":
                # what matters most: another answer at the same time
                turned = {"granted": "withdrawn", "withdrawn": "granted"}[self.events[key]["status"]]
                self.events[key] |= {"status": turned} | new
            case "deleted":
                self.events[key] |= {"deleted_at": self.at} | new
            case "vanished":
                del self.events[key]
            case "merged":
                self.people[who] |= {"email": self.people[self.dice.choice([*self.people])]["email"]}
            case "parted":
                self.people[who] = self._person(int(who[1:]))
            case "moved":
                self.events[key] |= {"person_key": who, "person_system": "crm"} | new
            case "gone":
                self.people[who] |= {"deleted_at": self.at}
            case "reserved":
                self.reserved.append({"register": "nix_telefon", "phone": self.people[who]["phone"]})
            case "unreserved":
                self.reserved = self.reserved[:2]
            case "unsubscribed":
                self.left[f"u{self.night}-{number}"] = {
                    "kind": "unsubscribed", "person_key": who, "occurred_at": self.at, "contact_point": f"{who}@x.se"
                } | new  # fmt: skip
            case "country":
                self.people[who] |= {"country_code": self.dice.choice(["SE", "NO", None])}
        return happened

    def _asks(self) -> None:
        """Somebody asks to end contact: who is here, or whose record or address may come. And somebody comes."""
        who, new = self.other_dice.choice([*self.people]), f"p{len(self.people)}"
        asked = self.other_dice.choice([f"crm:{who}", f"{who}@x.se", f"crm:{new}", f"{new}@x.se"])
        self.asked[f"r{self.night}"] = asked, self.at
        if self.night % 3 == 0:
            self.people[new] = self._person(len(self.people))

    def _corrects(self) -> None:
        """Somebody's address or number is corrected, to one that was granted or another; it may have been before."""
        who, n = self.third_dice.choice([*self.people]), self.third_dice.randint(0, 40)
        field, value = self.third_dice.choice(
            [("email", f"p{n}@x.se"), ("phone", f"070-111 {n:04d}"), ("street", f"Nygatan {n}")]
        )
        self.people[who] |= {field: value}
        self.corrected = [(who, field, value)]

    def delivered(self) -> dict:
        version = {"version_on": str(self.at.date())} if self.night % 7 else {"version_on": "2025-01-01"}
        return {
            "consent_events": [row | {"source_key": key} for key, row in self.events.items()],
            "email_events": [row | {"source_key": key} for key, row in self.left.items()],
            "reservations": [row | version for row in self.reserved],
        }


def told_in_full(sql: str, many: int) -> str:
    """A model whose statements on a contact point are told of each holder up to that many."""
    assert "statements > 20" in sql
    return sql.replace("statements > 20", f"statements > {many}")


def test_rule_07_permissions_of_a_night_are_the_same_from_what_changed_as_from_everything(
    permitted, incremental, warehouse
):
    """Night by night, of one company: where statements on a contact point are told in full, and where they never are."""
    company, shares, seen, ended = Company(seed=0), [], set(), 0
    permitted.remembers = True
    for night in range(10):
        happened = company.passes() if night else set()
        for request, (asked, at) in company.asked.items():
            withdraw_by = withdraw_point if "@" in asked else withdraw_record
            withdraw_by(warehouse, asked, at, request, "all", "all")
        for who, field, value in company.corrected:
            whose = "select customer_id from identity.customer_source_records where valid_to is null and source_key = ?"
            for (customer,) in warehouse.execute(whose, [who]).fetchall():
                correct(warehouse, customer, {field: value}, company.at, f"c{night}")
        permitted([*company.people.values()], at=company.at.isoformat(), **company.delivered())
        for table in INCREMENTAL:
            warehouse.execute(
                f"create table if not exists identity.{table}_made_with (customer_id varchar, digest ubigint)"
            )
            warehouse.execute(
                f"create or replace table identity.{table}_touched as select coalesce(i.customer_id, m.customer_id) as customer_id "
                f"from marts.consent_inputs i full join identity.{table}_made_with m on m.customer_id = i.customer_id where i.digest is distinct from m.digest"
            )
            for many in (20, 0):
                whole, kept = f"marts.{table}", f"identity.{table}_of_{many}"
                if many != 20:
                    whole = f"identity.{table}_whole"
                    warehouse.execute(
                        f"create or replace table {whole} as {told_in_full(permitted.compiled[table], many)}"
                    )
                warehouse.execute(f"create table if not exists {kept} as from {whole} limit 0")
                warehouse.execute(f"delete from {kept} where customer_id in (from identity.{table}_touched)")
                warehouse.execute(f"insert into {kept} {told_in_full(incremental[table], many)}")
                for one, other in ((whole, kept), (kept, whole)):
                    differs = warehouse.execute(f"from {one} except all from {other}").fetchall()
                    assert differs == [], (night, happened, many, one)
            warehouse.execute(
                f"create or replace table identity.{table}_made_with as select customer_id, digest from marts.consent_inputs"
            )
        (touched,) = warehouse.execute("select count(*) from identity.contact_permissions_touched").fetchall()[0]
        (everybody,) = warehouse.execute("select count(*) from marts.consent_inputs").fetchall()[0]
        ended += warehouse.execute("select count(*) from identity.void_grants where ends_at is not null").fetchall()[0][
            0
        ]
        shares.append(touched / everybody)
        seen |= happened
    assert ended > 20 and len(seen) > 9 and shares[0] == 1 and min(shares) < 0.5
