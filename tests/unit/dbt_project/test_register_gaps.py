"""Which granted addresses no public register can be asked for: the model alone, on tables written by hand.

Not here: whom a register closes a channel to, and the rules by their numbers (test_register_rules.py).
"""

from __future__ import annotations

import pytest

from orchestration.contracts.seeds import SEEDS
from orchestration.match_keys import define_match_keys

CANNOT = "the address cannot be looked up in the register"
HOME, SUMMER = ("11455", "storgatan 1"), ("0150", "storgata 5")
FIXED = """
create schema marts; create schema conformed; create schema ops; create schema reference;
create table ops.clock as select timestamp '2026-06-01' as as_of, 0::bigint as published_load;
create table marts.bridge_customer_source_records as
    select 'c1' as customer_id, 'crm' as source_system, unnest(['home', 'summer', 'empty']) as source_key, timestamp '2026-01-01' as valid_from, null::timestamp as valid_to;
create table marts.customer_id_redirects (old_customer_id varchar, customer_id varchar);
create table identity.golden_records as select 'c1' as customer_id, {'value': 'SE'} as country_code;
create table identity.phone_numbers (phone varchar, country_code varchar, number_country varchar, is_certain boolean);
create table identity.register_versions (register varchar, version_on date, is_shrunk boolean);
create table identity.reservation_keys as select 'nix' as register, ['u1'] as denies;
create table reference.permission_reasons as from read_csv('{reasons}');
create table reference.register_rules as select * from (values ('SE', 'post', 'nix', 93), ('NO', 'post', 'reservasjon', 31),
    ('SE', 'phone', 'nix', 93)) t(country_code, channel, register, max_age_days);
create table conformed.conformed_reservations as
    select unnest(['nix', 'reservasjon']) as register, null::varchar as phone, date '2026-05-31' as version_on, null::timestamp as deleted_at;
create table identity.normalised_people (source_system varchar, source_key varchar, family_key varchar, postal_key varchar, street_key varchar, country_code varchar);
create table conformed.conformed_consent_events as
    select 'crm' as person_system, 'empty' as person_key, 'post' as channel, 'granted' as status, 'x' as contact_point, null::timestamp as deleted_at;
"""


@pytest.fixture
def gap(warehouse, compiled):
    """Says why the register cannot be asked for an address that was granted, of a customer with addresses in two countries."""
    define_match_keys(warehouse)
    warehouse.execute(
        "create schema if not exists identity;" + FIXED.replace("{reasons}", f"{SEEDS}/permission_reasons.csv")
    )

    def go(granted_on: str, records: tuple = (HOME, SUMMER), family: str | None = "Berg") -> str | None:
        warehouse.execute("delete from identity.normalised_people")
        for key, (postal, street) in zip(("home", "summer"), records, strict=False):
            row = ["crm", key, "Berg", postal, street, "SE"]
            warehouse.execute("insert into identity.normalised_people values (?, ?, ?, ?, ?, ?)", row)
        warehouse.execute(
            "insert into identity.normalised_people values ('crm', 'empty', ?, null, null, 'SE')", [family]
        )
        warehouse.execute("update conformed.conformed_consent_events set contact_point = ?", [granted_on])
        found = dict(
            warehouse.execute(
                f"select coalesce(contact_point, 'all'), reason from ({compiled['register_gaps']}) where channel = 'post'"
            ).fetchall()
        )
        assert set(found) <= {"all", granted_on}
        return found.get("all") or found.get(granted_on)

    return go


@pytest.mark.parametrize(
    ("granted_on", "why"),
    [
        # another address of the customer has the form of that country's codes
        ("Storgata 5, Oslo, Norge", CANNOT),
        ("Postboks 1234, Oslo, Norge", CANNOT),
        ("Storgata 5, Oslo NO", CANNOT),
        ("Storgata 5, 0150 Oslo, Norge", None),
        ("Postboks 1234, 0150 Oslo, Norge", None),
        ("Nygata 7, NO-5003 Bergen", None),
        # in the customer's own country: named, or not
        ("Nygatan 7, Stockholm, Sverige", CANNOT),
        ("Nygatan 7, Stockholm", CANNOT),
        ("Box 11455, Stockholm", CANNOT),
        ("Box 123 114 55 Stockholm", None),
        ("Nygatan 7, 114 56 Stockholm", None),
        # the street of a record, whose whole address is asked for; or the record's own
        ("Storgatan 1", None),
        ("by letter", None),
        # no code of the customer's country, and no country
        ("Storgata 5, 0150 Oslo", CANNOT),
    ],
)
def test_an_address_that_was_granted_is_looked_up_by_its_own_postal_code(gap, granted_on, why):
    assert gap(granted_on) == why


def test_an_address_that_was_granted_is_looked_up_with_a_family_name(gap):
    assert gap("Nygata 7, NO-5003 Bergen", family=None) == CANNOT
    assert gap("Nygatan 7, 114 56 Stockholm", family=None) == CANNOT


def test_a_customer_without_an_address_has_only_the_granted_one(gap):
    assert gap("Nygatan 7, 114 56 Stockholm", records=()) is None
    assert gap("by letter", records=()) == CANNOT
