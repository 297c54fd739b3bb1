"""Addresses that a register refreshes (rule 20): which one wins, and where it is from."""

from __future__ import annotations

from tests.unit.people import someone

MOVED = {"street": "Nygatan 9", "postal_code": "22233", "city": "Lund", "effective_on": "2026-03-01"}
# when the record's address is from, what the register has of the person, and since when the register's address wins, if it does
REFRESHED = {
    "a newer date": ("2026-02-01", [MOVED], "2026-03-01"),
    "an older date": ("2026-04-01", [MOVED], None),
    "the same date": ("2026-03-01", [MOVED], None),
    # the newest entry, and none of tomorrow, of another person, without an address, or of protected identity
    "two entries": ("2026-02-01", [MOVED, MOVED | {"source_key": "older", "street": "Gamla gatan 3", "effective_on": "2026-02-15"}], "2026-03-01"),
    "of tomorrow": ("2026-02-01", [MOVED | {"effective_on": "2026-07-01"}], None),
    "of another person": ("2026-02-01", [MOVED | {"given_name": "Eva"}], None),
    "without an address": ("2026-02-01", [MOVED | {"postal_code": None}], None),
    "of protected identity": ("2026-02-01", [MOVED | {"is_protected": True}], None),
}  # fmt: skip


def test_rule_20_an_address_refresh_wins_only_with_a_newer_date_and_says_where_it_is_from(permitted, warehouse):
    people = [
        someone(n, street=f"Storgatan {n + 1}", postal_code="11122", city="Stockholm") for n in range(len(REFRESHED))
    ]
    people = [one | {"given_name": f"Å{one['given_name'].lower()}"} for one in people]
    entries = []
    for n, (one, (_, of_them, _)) in enumerate(zip(people, REFRESHED.values(), strict=True)):
        named = {
            "given_name": one["given_name"].upper(),
            "family_name": one["family_name"].lower(),
            "birth_date": one["birth_date"],
        }
        entries += [{**named, "source_system": "registers", "source_key": f"e{n}", **entry} for entry in of_them]
    permitted(people, address_updates=entries)
    for n, (changed, _, _) in enumerate(REFRESHED.values()):
        warehouse.execute(
            "update conformed.conformed_people set updated_at = ? where source_key = ?", [changed, f"p{n}"]
        )
    warehouse.execute(f"create or replace table identity.golden_records as {permitted.compiled['golden_records']}")
    found = warehouse.execute(
        "select s.source_key, address.value.street, address.value.postal_code, address.source_system || ':' || address.source_key, "
        "address.changed_at::date::varchar from identity.golden_records join identity.customer_source_records s using (customer_id)"
    ).fetchall()
    assert {case: [row for key, *row in found if key == f"p{n}"] for n, case in enumerate(REFRESHED)} == {
        case: [["Nygatan 9", "22233", f"registers:e{n}", since]]
        if since
        else [[f"Storgatan {n + 1}", "11122", f"crm:p{n}", changed]]
        for n, (case, (changed, _, since)) in enumerate(REFRESHED.items())
    }
