"""Records of one system that share the id under which it keeps the person are one customer, where nothing says that they are not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from orchestration.core.settings import Identity
from orchestration.identity.decisions import Decision, decide
from orchestration.identity.evaluate import load_seeds
from orchestration.identity.model import DEFAULT_MODEL, Model
from orchestration.identity.resolve import resolve_identities

TABLES = ("normalised_people", "identifiers", "edges", "record_clusters", "customer_source_records")
MODEL = Model.load(DEFAULT_MODEL)
# (key, id, given name, family name, birth date, email): records of a shop, each at a place of its own
RECORDS = [
    # no name, as in many shops: the id is all there is
    *((f"plain{n}", "u1", None, None, None, None) for n in range(3)),
    ("spelled0", "u2", "Anna Maria", "Berg", None, None), ("spelled1", "u2", "A", "Berg", None, None), ("spelled2", "u2", "Anna", "Lind", "1980-01-01", None),
    # two people by their names, and a record that may be of either
    ("two0", "u3", "Doris", "Ek", None, None), ("two1", "u3", "Bo", "Ek", None, None), ("two2", "u3", None, None, None, None), ("two3", "u3", "Bo", "Ek", None, None),
    ("old", "u4", "Karin", "Falk", "1950-01-01", None), ("young", "u4", "Karin", "Falk", "1985-06-01", None),
    # an id of more people than one, by names, by addresses
    *((f"names{n}", "u5", None, f"{name}sson", None, None) for n, name in enumerate(("Abel", "Carl", "Ernst", "Gustaf", "Ivar", "Knut"))),
    *((f"guest{n}", "u6", None, None, None, f"{name}@posten.se") for n, name in enumerate("abcdefghijklm")),
    ("kept0", "u7", "Gun", "Hall", None, None), ("kept1", "u7", "Gun", "Hall", None, None),
    ("blank0", " ", None, None, None, None), ("blank1", " ", None, None, None, None), ("none", None, None, None, None, None),
    # another system's ids are its own
    ("other", "u1", None, None, None, None),
]  # fmt: skip
TOGETHER = [
    ["kept0"], ["kept1"], ["old"], ["plain0", "plain1", "plain2"], ["spelled0", "spelled1", "spelled2"], ["two0"], ["two1", "two3"], ["two2"],
    ["young"],
]  # fmt: skip


@pytest.fixture
def night(warehouse):
    """Resolves; returns the keys of each customer of several records, or of one of those that are told apart."""
    warehouse.execute("create schema conformed")
    load_seeds(warehouse)
    warehouse.execute(
        "create table conformed.conformed_people (source_system varchar, source_key varchar, person_id varchar, kind varchar, full_name varchar, "
        "given_name varchar, family_name varchar, email varchar, phone varchar, birth_date date, street varchar, postal_code varchar, city varchar, "
        "country_code varchar, created_at timestamp, deleted_at timestamp)"
    )
    for number, (key, person_id, given, family, born, email) in enumerate(RECORDS):
        warehouse.execute(
            "insert into conformed.conformed_people by name select ? as source_system, ? as source_key, ? as person_id, 'shopper' as kind, ? as given_name, "
            "? as family_name, ?::date as birth_date, ? as email, ? as postal_code, ? as city, 'SE' as country_code",
            ["crm" if key == "other" else "shop", key, person_id, given, family, born, email, f"{10000 + 971 * number}", f"Ort {number}"],
        )  # fmt: skip
    nights = iter(range(100))

    def go(*, everything: bool = False, **settings) -> list[list[str]]:
        number = next(nights)
        at = datetime(2026, 3, 1) + timedelta(days=number)
        resolve_identities(warehouse, Identity(**settings), MODEL, f"night-{number}", at, everything=everything)
        found = warehouse.execute(
            "select list(source_key order by source_key) from identity.customer_source_records where valid_to is null group by customer_id order by 1"
        ).fetchall()
        told = {key for keys in TOGETHER for key in keys}
        return [keys for (keys,) in found if len(keys) > 1 or keys[0] in told]

    go.state = lambda: {table: warehouse.execute(f"from identity.{table} order by all").fetchall() for table in TABLES}
    return go


def test_records_with_the_persons_id_are_one_customer_unless_names_dates_or_a_person_say_no(night, warehouse):
    decide(warehouse, [Decision(("shop", "kept0"), ("shop", "kept1"), "different")], "a", datetime(2026, 1, 1))
    assert night() == TOGETHER
    ignored = warehouse.execute("select value_key, ignored_code from identity.identifiers where kind = 'person_id' and ignored_code is not null order by 1")  # fmt: skip
    assert ignored.fetchall() == [("shop:u5", "many_names"), ("shop:u6", "many_points")]
    assert warehouse.execute("select distinct rule from identity.edges where is_used").fetchall() == [
        ("same person id",)
    ]
    # an id of more records than a person has joins nobody, and one that a person trusts does all the same
    assert ["plain0", "plain1", "plain2"] not in night(max_records_per_person_id=2)
    warehouse.execute("insert into reference.identifier_overrides values ('person_id', 'shop:u1', 'trust', 'known')")
    assert ["plain0", "plain1", "plain2"] in night(max_records_per_person_id=2)


def test_a_night_of_changed_ids_ends_where_looking_at_everything_ends(night, warehouse):
    night()
    before = night.state()
    warehouse.execute(
        "update conformed.conformed_people set person_id = 'u8' where source_key in ('plain2', 'none'); "
        "update conformed.conformed_people set given_name = 'Bodil' where source_key = 'two0'; "
        "update conformed.conformed_people set deleted_at = timestamp '2026-01-01' where source_key in ('names5', 'spelled0'); "
        "insert into conformed.conformed_people by name select 'shop' as source_system, 'late' as source_key, 'u1' as person_id, 'shopper' as kind, "
        "'SE' as country_code"
    )
    joined = night()
    assert [keys for keys in joined if len(keys) > 1] == [
        ["kept0", "kept1"], ["late", "plain0", "plain1"], ["none", "plain2"], ["spelled1", "spelled2"], ["two0", "two1", "two3"],
    ]  # fmt: skip
    by_changes = night.state()
    assert by_changes != before
    assert night(everything=True) == joined
    assert night.state() == by_changes
