"""Life events, the day on which an address was last confirmed, and the phase of life: by rows as systems and registers tell them."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from orchestration.contracts.seeds import SEEDS
from tests.unit.compiled import compiled_otherwise
from tests.unit.empty_tables import add_rows, empty_tables

MODELS = ("customer_addresses", "customer_life_events", "customer_life_phase")
_FED = (
    "dim_customers", "bridge_customer_source_records", "bridge_household_customers", "conformed_people", "conformed_address_updates",
    "conformed_person_attributes", "contact_permissions", "fct_orders", "fct_order_items", "dim_products", "delivered_entities",
)  # fmt: skip
_IDENTITY = """
create schema ops; create schema reference; create table ops.clock as select timestamp '2026-06-01' as as_of;
create schema if not exists identity;
create table identity.customer_source_records (customer_id varchar, source_system varchar, source_key varchar, valid_from timestamp, valid_to timestamp);
create table identity.household_members (household_id varchar, customer_id varchar, valid_from timestamp, valid_to timestamp);
create table identity.normalised_people (source_system varchar, source_key varchar, postal_key varchar, street_key varchar, birth_date date);
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_otherwise(tmp_path_factory, MODELS)


@pytest.fixture
def life(warehouse, models):
    con = warehouse
    con.execute(_IDENTITY)
    empty_tables(con, *_FED)
    add_rows(con, "marts.delivered_entities", {"entity": "addresses", "is_delivered": True})
    for seed in ("permission_reasons", "life_phase_categories"):
        con.execute(f"create table reference.{seed} as from read_csv('{SEEDS}/{seed}.csv')")
    return _Life(con, models)


class _Life:
    def __init__(self, con, models) -> None:
        self.con, self._models = con, models

    def customer(self, name: str, street: str | None = "Storgatan 1", born: date = date(1980, 2, 3), **more) -> None:
        postal = "11122" if street else None
        first = {"customer_id": name, "birth_date": born, "first_seen_at": datetime(2020, 1, 1), "country_code": "SE"}
        add_rows(self.con, "marts.dim_customers", first | {"street": street, "postal_code": postal} | more)

    def record(self, name: str, system: str, street: str | None, at: str | None, born: date | None = None) -> None:
        """A record of the customer that was last changed on a day; None where it does not say which."""
        key, since = {"source_system": system, "source_key": name}, {"valid_from": datetime(2024, 1, 1)}
        add_rows(self.con, "identity.customer_source_records", key | since | {"customer_id": name})
        add_rows(self.con, "marts.bridge_customer_source_records", key | {"customer_id": name})
        read = {"extracted_at": datetime(2026, 5, 31), "given_name": "Anna", "family_name": "Berg"}
        updated = read | {"updated_at": at and datetime.fromisoformat(at)}
        add_rows(self.con, "conformed.conformed_people", key | updated)
        told = {"postal_key": "11122" if street else None, "birth_date": born or date(1980, 2, 3)}
        street_key = self.con.execute("select match_keys.words_key(?)", [street]).fetchall()[0][0]
        add_rows(self.con, "identity.normalised_people", key | told | {"street_key": street_key})

    def register(self, key: str, street: str, on: str, **more) -> None:
        """An entry of the address register about Anna Berg, born 1980-02-03."""
        entry = {"source_system": "spar", "source_key": key, "given_name": "Anna", "family_name": "Berg",
                 "birth_date": date(1980, 2, 3), "street": street, "postal_code": "111 22", "city": "Stockholm",
                 "country_code": "SE", "effective_on": date.fromisoformat(on)}  # fmt: skip
        add_rows(self.con, "conformed.conformed_address_updates", entry | more)

    def lives(self, household: str, name: str, since: str, until: str | None = None) -> None:
        row = {"household_id": household, "customer_id": name, "valid_from": datetime.fromisoformat(since)}
        add_rows(self.con, "identity.household_members", row | {"valid_to": until and datetime.fromisoformat(until)})
        if until is None:
            add_rows(self.con, "marts.bridge_household_customers", {"household_id": household, "customer_id": name})

    def refuses(self, name: str) -> None:
        said = {"purpose": "profiling", "channel": "email", "is_permitted": False, "reason_code": "withdrawn"}
        add_rows(self.con, "marts.contact_permissions", said | {"customer_id": name})

    def events(self) -> set[tuple]:
        sql = self._models["customer_life_events"]
        rows = self.con.execute(
            f"select customer_id, event, happened_on::varchar, told_by, is_by_register from ({sql})"
        )
        return set(rows.fetchall())

    def address(self, name: str) -> tuple | None:
        sql = self._models["customer_addresses"]
        rows = self.con.execute(
            "select address_confirmed_on::varchar, address_confirmed_by, address_source_count, address_disagreeing_systems "
            f"from ({sql}) where customer_id = ?",
            [name],
        ).fetchall()
        return rows[0] if rows else None

    def phase(self, name: str) -> tuple | None:
        self.con.execute(f"create or replace view marts.customer_life_events as {self._models['customer_life_events']}")
        rows = self.con.execute(
            f"select life_phase, life_phase_confidence, life_phase_reasons from ({self._models['customer_life_phase']}) "
            "where customer_id = ?",
            [name],
        ).fetchall()
        return rows[0] if rows else None


def test_an_address_is_confirmed_by_whoever_said_it_last(life):
    life.customer("c1")
    assert life.address("c1") == (None, None, 0, None)
    life.record("c1", "crm", "Storgatan 1", "2025-01-01")
    life.record("c1", "shop", "STORGATAN 1", "2025-03-01")
    life.record("c1", "club", "Lillgatan 2", "2025-02-01")
    life.record("c1", "later", "Storgatan 1", "2026-07-01")
    assert life.address("c1") == ("2025-03-01", "shop", 2, "club")
    life.register("1", "Storgatan 1", "2025-04-01")
    life.register("2", "Storgatan 1", "2026-06-02")
    assert life.address("c1") == ("2025-04-01", "spar", 3, "club")


def test_of_whose_address_no_mart_holds_nothing_is_confirmed(life):
    life.customer("c1", None)
    life.record("c1", "crm", "Storgatan 1", "2025-01-01")
    life.register("1", "Storgatan 1", "2025-04-01", is_protected=True)
    assert life.address("c1") is None and life.events() == set()


def test_a_register_tells_a_move_where_another_address_is_older(life):
    life.customer("c1")
    life.register("1", "Lillgatan 2", "2020-05-01")
    life.record("c1", "crm", "Lillgatan 2", "2021-01-01")
    assert life.events() == set()
    life.register("2", "Storgatan 1", "2025-04-01")
    life.register("3", "Nygatan 3", "2026-06-02")
    moved = ("c1", "moved", "2025-04-01", "spar", True)
    assert life.events() == {moved}
    life.refuses("c1")
    assert life.events() == set()


def test_two_systems_tell_a_move_and_one_does_not(life):
    life.customer("c1")
    life.record("c1", "club", "Lillgatan 2", "2024-11-01")
    life.record("c1", "crm", "Storgatan 1", "2025-01-01")
    assert life.events() == set()
    life.record("c1", "shop", "Storgatan 1", "2025-03-01")
    assert life.events() == {("c1", "moved", "2025-01-01", "crm, shop", False)}
    # who still says the old one leaves it open
    life.record("c1", "email", "Lillgatan 2", "2025-02-01")
    assert life.events() == set()


@pytest.mark.parametrize("old", ["2018-05-01", None], ids=["said years before", "without a day"])
def test_an_old_address_tells_no_day_of_a_move(life, old):
    life.customer("c1")
    life.record("c1", "email", "Lillgatan 2", old)
    life.record("c1", "crm", "Storgatan 1", "2025-05-20")
    life.record("c1", "shop", "Storgatan 1", "2025-05-25")
    assert life.events() == set()


def test_two_systems_that_were_first_read_tonight_tell_no_move(life):
    life.customer("c1")
    life.record("c1", "email", "Lillgatan 2", "2026-05-20")
    for system in ("crm", "shop"):
        life.record("c1", system, "Storgatan 1", None)
    assert life.events() == set()


def test_a_household_grows_by_a_birth_and_by_who_was_known_before(life):
    for name, born in {"c1": date(1980, 2, 3), "c2": date(1981, 1, 1), "c3": date(2025, 9, 9)}.items():
        life.customer(name, born=born)
        life.record(name, "crm", None, "2025-01-01", born)
    life.lives("h1", "c1", "2024-01-01")
    life.lives("h1", "c2", "2024-01-01")
    # in one household since the first night: nobody knows since when
    assert life.events() == set()
    life.lives("h1", "c3", "2025-10-01")
    grew = {(c, "household grew", "2025-09-09", "birth date", False) for c in ("c1", "c2")}
    # to the child it is not told as one: it was born into it
    assert {e for e in life.events() if e[0] != "c3"} == grew
    life.customer("c4", born=date(1985, 1, 1))
    life.record("c4", "crm", None, "2025-01-01", date(1985, 1, 1))
    life.lives("h1", "c4", "2026-02-01")
    assert ("c1", "household grew", "2026-02-01", "household", False) in life.events()
    life.refuses("c3")
    assert {e for e in life.events() if e[3] == "birth date"} == set()


def test_a_household_shrinks_where_a_customer_leaves_it_and_not_where_its_id_changes(life):
    for name in ("c1", "c2"):
        life.customer(name)
        life.record(name, "crm", None, "2025-01-01")
    life.lives("h1", "c1", "2024-01-01", "2025-02-01")
    life.lives("h1", "c2", "2024-01-01", "2025-02-01")
    life.lives("h2", "c1", "2025-02-01")
    life.lives("h2", "c2", "2025-02-01")
    assert life.events() == set()
    life.con.execute("update identity.household_members set valid_to = '2026-03-01' where household_id = 'h2'")
    shrank = {(c, "household shrank", "2026-03-01", "household", False) for c in ("c1", "c2")}
    assert life.events() == shrank
    # who is gone, by erasure or restriction, left nobody
    life.con.execute("delete from marts.dim_customers where customer_id = 'c2'")
    assert life.events() == set()


def test_a_new_job_is_where_the_attribute_changes(life):
    life.customer("c1")
    life.record("c1", "crm", None, "2025-01-01")
    for key, (value, at) in enumerate((("Nordic AB", "2024-01-01"), ("NORDIC AB", "2025-01-01"), ("Syd AB", "2026-01-01"), ("Vast AB", "2027-01-01"))):  # fmt: skip
        row = {"source_system": "club", "source_key": str(key), "person_system": "crm", "person_key": "c1"}
        said = {"name": "employer", "value": value, "observed_at": datetime.fromisoformat(at), "origin": "club"}
        add_rows(life.con, "conformed.conformed_person_attributes", row | said)
    assert life.events() == {("c1", "new job", "2026-01-01", "club", False)}


def test_two_sources_that_disagree_tell_no_new_job_each_time(life):
    life.customer("c1")
    life.record("c1", "crm", None, "2025-01-01")
    for n, (source, value) in enumerate([("crm", "Nordic AB"), ("panel", "Syd AB")] * 3):
        row = {"source_system": source, "source_key": str(n), "person_system": "crm", "person_key": "c1"}
        said = {"name": "employer", "value": value, "observed_at": datetime(2025, 1 + n, 1), "origin": source}
        add_rows(life.con, "conformed.conformed_person_attributes", row | said)
    assert life.events() == set()


def _buys(life, name: str, category: str, days: int) -> None:
    for n in range(days):
        key = {"source_system": "shop", "source_key": f"{name}{category}{n}"}
        at = datetime(2026, 1 + n, 1)
        add_rows(life.con, "marts.fct_orders", key | {"customer_id": name, "is_order": True, "ordered_at": at})
        product = {"source_system": "shop", "source_key": f"p{name}{category}{n}", "category": category}
        add_rows(life.con, "marts.dim_products", product)
        line = {"order_key": key["source_key"], "product_key": product["source_key"], "net_amount": 10}
        add_rows(life.con, "marts.fct_order_items", key | line)


def test_a_phase_is_inferred_from_age_and_household(life):
    for name, born in {"c1": "1985-01-01", "c2": "2015-01-01", "c3": "1950-01-01", "c4": "2000-01-01", "c5": "1980-01-01"}.items():  # fmt: skip
        life.customer(name, born=date.fromisoformat(born))
    life.lives("h1", "c1", "2024-01-01")
    life.lives("h1", "c2", "2024-01-01")
    child = "age by the birth date; a customer under age in the same household"
    alone = "age by the birth date; nobody else is known in the household"
    assert life.phase("c1") == ("family with children", "medium", child)
    assert life.phase("c2") == (None, None, None)
    assert life.phase("c3") == ("senior", "high", alone)
    assert life.phase("c4") == ("young adult", "high", alone)
    assert life.phase("c5") == ("single home", "low", alone)
    # without addresses no household is known
    life.con.execute("update marts.delivered_entities set is_delivered = false")
    assert life.phase("c5") == (None, None, None)
    life.con.execute("update marts.delivered_entities set is_delivered = true")
    life.con.execute("update marts.dim_customers set conflicting_fields = 'email, birth_date' where customer_id = 'c3'")
    assert life.phase("c3")[1] == "low"
    # who refused profiling makes nobody a parent, and has no phase; that somebody lives alone is not said against what is known
    life.refuses("c2")
    assert life.phase("c2") is None and life.phase("c1") == (None, None, None)
    life.customer("c6", born=date(1950, 1, 1))
    life.lives("h2", "c3", "2024-01-01")
    life.lives("h2", "c6", "2024-01-01")
    life.refuses("c6")
    assert life.phase("c3") == ("senior", "low", "age by a birth date on which sources disagree")


def test_goods_for_children_make_a_family_surer_and_suggest_one(life):
    for name in ("c1", "c2", "c3", "c4"):
        life.customer(name, born=date(1985, 1, 1))
    life.customer("child", born=date(2015, 1, 1))
    life.lives("h1", "c1", "2024-01-01")
    life.lives("h1", "child", "2024-01-01")
    _buys(life, "c1", "Barnkläder", 3)
    _buys(life, "c2", "Toys", 3)
    _buys(life, "c3", "Toys", 2)
    _buys(life, "c4", "Tents", 5)
    phase, confidence, reasons = life.phase("c1")
    assert (phase, confidence) == ("family with children", "high") and "goods for children bought" in reasons
    assert life.phase("c2")[:2] == ("family with children", "low")
    assert [life.phase(name)[0] for name in ("c3", "c4")] == ["single home", "single home"]
    # one that tells of a special category (Art. 9) says nothing, whatever category it is in
    life.con.execute("update marts.dim_products set is_special_category = true where starts_with(source_key, 'pc2')")
    assert life.phase("c2")[0] == "single home"


def test_a_birth_a_move_and_who_left_are_reasons(life):
    for name, born in {"c1": date(1985, 1, 1), "c2": date(1984, 1, 1), "baby": date(2025, 9, 9)}.items():
        life.customer(name, born=born)
        life.record(name, "crm", None, "2025-01-01", born)
    life.lives("h1", "c1", "2024-01-01")
    life.lives("h1", "baby", "2025-10-01")
    life.lives("h1", "c2", "2024-01-01", "2026-03-01")
    assert life.phase("c1")[2].endswith("a child was born while they were a customer")
    phase, confidence, reasons = life.phase("c2")
    assert (phase, confidence) == ("single home", "medium") and "another customer left the household" in reasons


def test_what_only_a_public_register_says_is_not_profiled_by(life):
    for name in ("c1", "c2"):
        life.customer(name)
        life.lives("h1", name, "2024-01-01")
    life.record("c1", "club", "Lillgatan 2", "2025-12-01")
    life.register("1", "Storgatan 1", "2026-01-01")
    assert ("c1", "moved", "2026-01-01", "spar", True) in life.events()
    assert life.phase("c1")[:2] == ("shared home", "medium")
    life.con.execute("delete from conformed.conformed_address_updates")
    life.record("c1", "crm", "Storgatan 1", "2026-01-01")
    life.record("c1", "shop", "Storgatan 1", "2026-01-02")
    phase, confidence, reasons = life.phase("c1")
    assert (phase, confidence) == ("shared home", "low") and "moved within a year" in reasons
