"""A contact point of nobody beside one, or a key, of somebody: it denies whoever comes with it, and is not a withdrawal of nobody."""

from __future__ import annotations

import tomllib
from datetime import datetime

from orchestration.core.settings import Settings
from orchestration.extract.records import prepare_ops
from orchestration.identity.untied import find_untied
from orchestration.privacy.intake.line_readers import readers
from orchestration.privacy.intake.rejected_withdrawals import note_rejected_withdrawals
from orchestration.privacy.rights.objections import withdraw_point, withdraw_record
from tests.loads import note_load
from tests.unit.consent import ANNA, BO, FORMS, said
from tests.unit.people import person

MARCH = datetime(2026, 3, 1)
NOBODYS = {"person_system": None, "person_key": None}
NAMES = ("Ek", "Fors", "Gran", "Holm", "Ivarsson", "Jonsson", "Kvist", "Lund", "Malm", "Nord")
# nobody has their addresses and numbers when they are withdrawn from
LATER = [
    person(f"later{n}", "Nils", name, email=f"later{n}@x.se", phone=f"+4670555000{n}") for n, name in enumerate(NAMES)
]


def no(key: str | None, point: str | None) -> dict:
    return said(key or "-", "withdrawn", "2026-03-01", contact_point=point) | ({} if key else NOBODYS)


WITHDRAWN = [
    no("anna", "later0@x.se"), no(None, "anna@x.se, later1@x.se"), no(None, "Anna <anna@x.se>; LATER2@x.se"),
    no(None, "070-111 22 33 / later3@x.se"), no(None, "anna@x.se 070 555 00 04"), no("anna", "0705550005"), no("anna", "later6 (at) x.se"),
]  # fmt: skip
LEFT = {"kind": "unsubscribe", "occurred_at": MARCH, "person_key": "anna", "contact_point": "later7@x.se"}
REJECTED = (
    'x,anna@x.se,later8@x.se,"Nej',
    '{"id": "later9", "mail": "anna@x.se", "born": "1", "news": "Nej", "said": "2026-03-01 10:00"}',
)


def test_rule_04_a_point_of_nobody_beside_somebodys_denies_whoever_comes_with_it(permitted, warehouse):
    permitted.remembers = True
    prepare_ops(warehouse)
    note_load(warehouse, source_rows=9, rejected=len(REJECTED))
    for line in REJECTED:
        warehouse.execute("insert into quarantine.rejected_rows values (1, 'forms', 'p', 'p1.csv', 1, null, 'r', 'unknown', ?)", [line])  # fmt: skip
    settings = Settings.model_validate(tomllib.loads(FORMS))
    newest = person("newest", "Eva", "Ost", email="newest@x.se")
    before, after = [ANNA, BO], [ANNA, BO, newest, *LATER]

    def allowed(people: list[dict], at: str = "2026-01-01", **more) -> set[str]:
        statements = [said(p["source_key"], at="2026-01-01") for p in before]
        statements += [said(p["source_key"], at=at, purpose=purpose) for p in people[2:] for purpose in ("survey", "offers")]  # fmt: skip
        withdrawn = more.pop("withdrawn", [])
        permitted(people, consent_events=[*statements, *withdrawn], is_derived=False, **more)
        note_rejected_withdrawals(warehouse, readers(settings))
        found = {who for who, _, _ in permitted.derive()}
        # each is tied to Anna
        assert find_untied(warehouse) == 0
        return found

    assert allowed(before, withdrawn=WITHDRAWN, email_events=[LEFT]) == {"bo"}
    # a request that names her record and an address besides
    withdraw_record(warehouse, "crm:anna", MARCH, "r1", "all", "all")
    withdraw_point(warehouse, "newest@x.se", MARCH, "r1", "all", "all")
    # their rows are gone by then
    assert allowed(after) == {"bo"}
    assert allowed(after, at="2026-05-01") == {p["source_key"] for p in after} - {"anna"}
