"""Why a permission is denied: each way in which a grant can fail says its own reason.

Not here: that it fails (test_consent_rules.py, test_evidence.py), why no register can be asked (test_register_gaps.py).
"""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from orchestration.contracts.reasons import words
from orchestration.core.settings import DBT_DIR
from orchestration.privacy.rights.consent import explain_permission
from orchestration.privacy.rights.corrections import correct
from orchestration.privacy.rights.requests import prepare_requests
from tests.unit.consent import FRESH, compiled_with, orders, said
from tests.unit.people import person

CONFIRMED = {"confirmed_at": datetime(2026, 1, 2)}
SOFT = {"purpose": "offers", "legal_basis": "soft opt-in"}
BOUGHT, CANCELLED, GIVEN_BACK = (
    ("2025-12-01", status, 100, net)
    for status, net in (("completed", 100), ("cancelled", 100), ("partially refunded", 0))
)
# what one person said, and bought: (reason, what is said besides a plain grant …), of one grant or several
SAID = [
    ("granted", {}),
    ("withdrawn", {}, {"status": "withdrawn", "stated_at": datetime(2026, 2, 1)}),
    ("granted_and_withdrawn", {}, {"status": "withdrawn"}),
    ("no_evidence", {"stated_at": None}),
    ("no_evidence", {"wording_version": None}),
    ("no_evidence", {"capture_source": None}),
    ("no_evidence", {"contact_point": None}),
    # evidence comes first: a grant that was none has not expired, and no second click was missing
    ("no_evidence", {"wording_version": None, "expires_at": datetime(2026, 2, 1)}),
    ("no_evidence", {"purpose": "newsletter", "wording_version": None}),
    ("grant_expired", {"expires_at": datetime(2026, 6, 1)}),
    ("grant_to_come", {"stated_at": datetime(2026, 7, 1)}),
    ("grant_to_come", {"purpose": "newsletter", "confirmed_at": datetime(2026, 7, 1)}),
    ("not_confirmed", {"purpose": "newsletter"}),
    ("not_confirmed", {"purpose": "newsletter", "legal_basis": "Consent"}),
    ("other_legal_basis", {"legal_basis": "legitimate interest"}),
    ("other_legal_basis", {"purpose": "newsletter", "legal_basis": "contract"}),
    ("no_such_purpose", {"purpose": "fortune telling"}),
    ("no_such_channel", {"channel": "pigeon", "contact_point": "the loft"}),
    ("contact_point_of_another_kind", {"channel": "sms", "contact_point": "own@x.se"}),
    ("contact_point_of_another_kind", {"contact_point": "+46701112200"}),
    ("placeholder_contact_point", {"contact_point": "test@test.com"}),
    ("placeholder_contact_point", {"contact_point": "No-Reply@shop.se", "purpose": "newsletter"}),
    *(("placeholder_contact_point", {"channel": "sms", "contact_point": n}) for n in ("0000000", "070-000 00 00", "12345678")),
    ("contact_point_not_theirs", {"contact_point": "p0@x.se"}),
    ("contact_point_unreadable", {"contact_point": "one@x.se; two@x.se"}),
    ("contact_point_unreadable", {"contact_point": "@x.se"}),
    ("contact_point_unreadable", {"channel": "sms", "contact_point": "070"}),
    # of several grants the one that is nearest to counting
    ("grant_expired", {"expires_at": datetime(2026, 6, 1)}, {"contact_point": "test@test.com"}),
    ("grant_expired", {"wording_version": None}, {"expires_at": datetime(2026, 6, 1)}, {"stated_at": datetime(2026, 7, 1)}),
    ("not_confirmed", {"purpose": "newsletter"}, {"purpose": "newsletter", "legal_basis": "contract"}),
    ("granted", {"wording_version": None}, {}, {"expires_at": datetime(2026, 6, 1)}),
]  # fmt: skip
SOFTLY = [
    ("granted", BOUGHT, SOFT),
    ("no_kept_sale", None, SOFT),
    ("no_kept_sale", CANCELLED, SOFT),
    ("no_kept_sale", GIVEN_BACK, SOFT),
    # no second click belongs to it
    ("no_kept_sale", GIVEN_BACK, SOFT | {"purpose": "newsletter"}),
    ("no_kept_sale", BOUGHT, SOFT | {"stated_at": datetime(2025, 11, 1)}),
    ("soft_opt_in_not_here", BOUGHT, SOFT | {"purpose": "survey"}),
    ("soft_opt_in_not_here", BOUGHT, SOFT | {"channel": "ads"}),
    ("no_evidence", CANCELLED, SOFT | {"wording_version": None}),
    ("placeholder_contact_point", CANCELLED, SOFT | {"contact_point": "test@test.com"}),
]
HIDDEN = {"street": "Storgatan 1", "postal_code": "11455", "birth_date": "1950-02-03"}
DEAD = {"street": "Nygatan 2", "postal_code": "22233", "birth_date": "1961-04-05"}
# on a record with more than a name: (reason, what it has, what is said)
CLOSED = [
    ("reserved", {"phone": "+46701112201"}, {"channel": "phone", "contact_point": "+46701112201"}),
    (
        "register_missing_or_old",
        {"country_code": "DK", "phone": "+4521234561"},
        {"channel": "phone", "contact_point": "+4521234561"},
    ),
    ("register_country_unknown", {"country_code": None}, {"channel": "post", "contact_point": "Storgatan 1"}),
    ("address_not_in_register_form", {}, {"channel": "post", "contact_point": "Nygatan 7, Stockholm"}),
    ("placeholder_contact_point", {"phone": "0000000"}, {"channel": "sms", "contact_point": "0000000"}),
    ("placeholder_contact_point", {"email": "test@test.com"}, {"contact_point": "test@test.com"}),
    ("protected_identity", HIDDEN, {"channel": "post", "contact_point": "Storgatan 1, 114 55 Solna"}),
    ("deceased", DEAD, {"channel": "post", "contact_point": "Nygatan 2, 222 33 Lund"}),
]
RESERVED = {"register": "nix_telefon", "version_on": "2026-05-31", "phone": "+46701112201"}


@pytest.fixture(scope="session")
def with_soft_opt_in(tmp_path_factory) -> dict[str, str]:
    return compiled_with(tmp_path_factory, soft_opt_in=True)


def test_each_way_in_which_a_grant_fails_says_its_own_reason(permitted, compiled, with_soft_opt_in, warehouse):
    cases = [
        *((code, {}, None, grants) for code, *grants in SAID),
        *((code, {}, order, [grant]) for code, order, grant in SOFTLY),
        *((code, more, None, [grant]) for code, more, grant in CLOSED),
        ("corrected", {}, None, [{}]),
    ]
    people = [
        person(f"p{n}", f"Given{chr(97 + n // 26)}{chr(97 + n % 26)}", f"Family{chr(97 + n % 26)}{chr(97 + n // 26)}", email=f"p{n}@x.se") | more
        for n, (_, more, _, _) in enumerate(cases)
    ]  # fmt: skip
    ids = permitted.resolve(*people)
    assert len(set(ids.values())) == len(cases)
    last = people[-1]["source_key"]
    prepare_requests(warehouse)
    assert correct(warehouse, ids[last], {"email": "right@x.se"}, datetime(2026, 3, 1), "r1")
    people[-1]["email"] = "right@x.se"
    entries = [
        {
            column: people[n][column] for column in ("given_name", "family_name", "birth_date")
        } | {"effective_on": "2020-01-01", f"is_{code.removesuffix('_identity')}": True}
        for n, (code, *_) in enumerate(cases)
        if code in ("protected_identity", "deceased")
    ]  # fmt: skip
    orders(warehouse, *((ids[f"p{n}"], *order) for n, (_, _, order, _) in enumerate(cases) if order))
    events = [said(f"p{n}", **grant) if "status" in grant else said(f"p{n}") | _with_point(f"p{n}", grant) for n, (*_, grants) in enumerate(cases) for grant in grants]  # fmt: skip
    before = dict(compiled)
    compiled.update(with_soft_opt_in)
    try:
        permitted(people, consent_events=events, reservations=[*FRESH, RESERVED], address_updates=entries)
    finally:
        compiled.update(before)
    rows = "select customer_id, reason_code, reason, is_permitted from marts.contact_permissions"
    found = {customer: row for customer, *row in warehouse.execute(rows).fetchall()}
    told = {n: (code, found[ids[f"p{n}"]][0]) for n, (code, *_) in enumerate(cases)}
    assert {n: (codes, cases[n][1:]) for n, codes in told.items() if codes[0] != codes[1]} == {}
    assert all(is_permitted == (code == "granted") for code, _, is_permitted in found.values())
    assert all(reason == words(code) for code, reason, _ in found.values() if "{}" not in words(code))
    # `explain` says the same, and of a time in the past that nothing was granted by then
    for n, (code, _, _, grants) in enumerate(cases):
        if code in ("no_kept_sale", "placeholder_contact_point"):
            asked = [{"purpose": "survey", "channel": "email", **grants[0]}[field] for field in ("purpose", "channel")]
            for at, expected in ((None, code), (datetime(2026, 3, 1), "not_granted_before")):
                decision = explain_permission(warehouse, ids[f"p{n}"], *asked, at)
                assert (decision.reason_code, decision.is_permitted) == (expected, False)
                assert decision.reason.startswith(words(expected))
    # where soft opt-in is switched off, that is the reason, whatever was bought
    permitted.derive()
    found = {customer: row for customer, *row in warehouse.execute(rows).fetchall()}
    of_soft = {code for n, (code, *_) in enumerate(cases) if found[ids[f"p{n}"]][0] == "soft_opt_in_off"}
    assert of_soft == {"granted", "no_kept_sale"}
    # and no reason is without a case
    listed = (DBT_DIR / "macros" / "obstacles.sql").read_text(encoding="utf-8").partition("return(")[2].partition(")")[0]  # fmt: skip
    assert set(re.findall(r'"(\w+)"', listed)) - {code for code, *_ in cases} == {"soft_opt_in_off"}


def _with_point(key: str, grant: dict) -> dict:
    return {"contact_point": f"{key}@x.se"} | grant
