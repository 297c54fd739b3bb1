"""The consent suite sees out of the raw register whom the model hides, by a path that shares nothing with it (rule 19)."""

from __future__ import annotations

from datetime import date

from data_quality.suites.raw_registers import hidden_customers
from orchestration.core.settings import Settings, Source
from orchestration.core.settings.tables import Table
from tests.unit.people import by_case, person, someone
from tests.unit.protected import FAMILIES, OTHERS, PAIRS, PROTECTED, of_case, of_family


def test_rule_19_the_consent_suite_sees_a_part_of_the_family_name_out_of_the_raw_register(warehouse):
    """By a path that shares nothing with the model, and that sees no more than it: else it would hold a night for nobody."""
    columns = dict.fromkeys(("given_name", "family_name", "birth_date"), "VARCHAR") | dict.fromkeys(("is_protected", "is_deceased"), "BOOLEAN")  # fmt: skip
    table = Table(columns=columns, key=["birth_date"], path="*.csv")
    settings = Settings(company="T", sources={"registers": Source(connector="files", url=".", tables={"addresses": table})})  # fmt: skip
    value = "{{'value': {}}}".format
    warehouse.execute(
        "create schema if not exists identity; create schema raw_registers; create table raw_registers.addresses (given_name varchar, family_name varchar, "
        "birth_date varchar, is_protected boolean, is_deceased boolean, _deleted_at timestamp); create table identity.golden_records "
        "(customer_id varchar, given_name struct(value varchar), family_name struct(value varchar), birth_date struct(value date)); "
        "create table identity.customer_source_records (source_system varchar, source_key varchar, customer_id varchar, valid_to timestamp); "
        "create table identity.normalised_people (source_system varchar, source_key varchar, birth_date date)"
    )
    golden = [(f"{n}", "Tyra-Lisa" if n % 2 else "g.", record, born) for n, (_, record, born) in enumerate(PAIRS)]
    golden += [(f"other{n}", *name, PAIRS[0][2]) for n, name in enumerate(OTHERS)]
    golden += [("another day", "Gunnel", "Lund", date(1990, 1, 1)), ("nameless", None, None, PAIRS[0][2])]
    warehouse.executemany(f"insert into identity.golden_records values (?, {value('?')}, {value('?')}, {value('?')})", golden)  # fmt: skip
    for n, (register, _, born) in enumerate(PAIRS):
        warehouse.execute("insert into raw_registers.addresses values ('Gunnel Tyra', ?, ?, ?, ?, null)", [register, str(born), n % 3 == 0, n % 3 != 0])  # fmt: skip
    seen = {customer for (customer,) in warehouse.execute(hidden_customers(settings)).fetchall()}
    assert seen == {f"{n}" for n in range(len(PAIRS))}
    # of two birth dates that the records of a customer have, either may be the entry's
    warehouse.execute("insert into identity.customer_source_records values ('crm', '1', 'another day', null), ('crm', '2', 'another day', '2026-01-01')")  # fmt: skip
    warehouse.execute("insert into identity.normalised_people values ('crm', '1', '1990-01-01'), ('crm', '2', ?)", [PAIRS[0][2]])  # fmt: skip
    assert {customer for (customer,) in warehouse.execute(hidden_customers(settings)).fetchall()} == seen
    warehouse.execute("update identity.customer_source_records set valid_to = null")
    assert {customer for (customer,) in warehouse.execute(hidden_customers(settings)).fetchall()} == seen | {"another day"}  # fmt: skip


# whose birth date is known: as the register's entry writes none, and of the record
WHOSE = [("{born}", False), (None, True), ("", True), (None, False)]


def test_rule_19_the_consent_suite_sees_whom_the_model_hides_without_a_birth_date(known, warehouse):
    """Where the model no longer does, the suite tells: it shares no name form and no join with it."""
    people, entries, written = [], [], []
    for n, (entry_has, is_known) in enumerate(WHOSE):
        entry, foreign = of_family(n, given_name="Gunnel Tyra", **PROTECTED), someone(n)["family_name"]
        family, born = FAMILIES[n], entry["birth_date"] if is_known else None
        people += [
            person(f"whole:{n}", "Gunnel", f"{foreign}-{family}", birth_date=born),
            person(f"forename:{n}", "Tyra", family, birth_date=born),
            person(f"letter:{n}", "G", family, birth_date=born),
            person(f"other:{n}", "Sven", family, birth_date=born),
            person(f"family:{n}", "Gunnel", someone(len(WHOSE) + n)["family_name"], birth_date=born),
        ]
        written.append((family, entry_has and entry_has.format(born=entry["birth_date"])))
        entries.append(entry | {"birth_date": written[-1][1] or None})
    hidden = known(people, *entries)
    assert of_case(WHOSE, hidden) == by_case(WHOSE, lambda _: dict.fromkeys(("whole", "forename"), (True, False)))
    columns = dict.fromkeys(("given_name", "family_name", "birth_date"), "VARCHAR") | dict.fromkeys(("is_protected", "is_deceased"), "VARCHAR")  # fmt: skip
    table = Table(columns=columns, key=["birth_date"], path="*.csv")
    settings = Settings(company="T", sources={"registers": Source(connector="files", url=".", tables={"addresses": table})})  # fmt: skip
    warehouse.execute("create schema raw_registers; create table raw_registers.addresses (given_name varchar, family_name varchar, birth_date varchar, is_protected varchar, is_deceased varchar, _deleted_at timestamp)")  # fmt: skip
    for row in written:
        warehouse.execute("insert into raw_registers.addresses values ('Gunnel Tyra', ?, ?, 'J', 'N', null)", row)
    asked = f"select s.source_key from ({hidden_customers(settings)}) h join identity.customer_source_records s using (customer_id)"
    assert {key for (key,) in warehouse.execute(asked).fetchall()} == set(hidden)
    # of the dead no more than a name is not proof
    warehouse.execute("update raw_registers.addresses set is_protected = 'N', is_deceased = 'J'")
    assert warehouse.execute(asked).fetchall() == []
