"""What an erasure has to reach, on a few hand-made rows: registers, what was set aside, every publication that is kept.

Not here: whole nights (tests/integration/test_erasure.py).
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.erase import erase, finish_unfinished
from orchestration.extract.extract import prepare_raw
from orchestration.extract.systems import complete_sources, known_systems
from orchestration.home import Home
from orchestration.privacy.pepper import find_pepper
from orchestration.privacy.rights import Subject
from orchestration.privacy.suppression import SuppressionList
from orchestration.privacy.suppressor import Suppressor
from orchestration.settings import Person, Settings, Source, Table
from orchestration.warehouse import open_warehouse, quote
from tests.unit.people import person

ANNA = person("1", email="anna@berg.se", phone="+46701112233", birth_date="1980-01-01")
BO = person("2", "Bo", "Dahl", email="bo@dahl.se", birth_date="1990-02-02")
# what dbt builds out of raw, as far as these tests look at it
STAGING = """
create schema staging; create schema marts; create schema bi;
create view staging.stg_crm__people as select contact_id::varchar as source_key, _load_id as load_id,
    case when last_name is null then 'the name is missing' end as quarantine_reason from raw_crm.contacts;
create view staging.stg_crm__consent_events as select consent_id::varchar as source_key, _load_id as load_id,
    case when status = '?' then 'status is unknown' end as quarantine_reason, contact_id::varchar as person_key, contact_point
    from raw_crm.consents;
create view staging.stg_crm__tickets as select case_id::varchar as source_key, _load_id as load_id,
    case when case_id is null then 'the key is missing' end as quarantine_reason, contact_id::varchar as person_key from raw_crm.cases;
create table conformed.conformed_consent_events as select *, 'crm' as source_system, 'crm' as person_system
    from staging.stg_crm__consent_events where quarantine_reason is null;
create table conformed.conformed_tickets as select *, 'crm' as source_system, 'crm' as person_system
    from staging.stg_crm__tickets where quarantine_reason is null;
create table conformed.conformed_email_events (person_system varchar, person_key varchar, contact_point varchar);
create table conformed.conformed_address_updates as select entry_id as source_key, 'registers' as source_system, given_name,
    family_name, birth_date::date as birth_date, street from raw_registers.addresses;
create table quarantine.quarantined_rows as
    select 'crm' as source_system, 'people' as entity, source_key, quarantine_reason as reason, load_id from staging.stg_crm__people where quarantine_reason is not null
    union all select 'crm', 'consent_events', source_key, quarantine_reason, load_id from staging.stg_crm__consent_events where quarantine_reason is not null
    union all select 'crm', 'tickets', 'without a key, load ' || load_id || ', row ' || row_number() over (), quarantine_reason, load_id
        from staging.stg_crm__tickets where quarantine_reason is not null;
create table marts.dim_customers as select distinct customer_id, source_key as given_name from identity.customer_source_records;
"""
UNBALANCED = """
select entity, raw - staged - set_aside from (
    select 'people' as entity, (select count(*) from raw_crm.contacts) as raw,
        (select count(*) from conformed.conformed_people where source_system = 'crm') as staged
    union all select 'consent_events', (select count(*) from raw_crm.consents), (select count(*) from conformed.conformed_consent_events)
    union all select 'tickets', (select count(*) from raw_crm.cases), (select count(*) from conformed.conformed_tickets)
) join (select e.entity, count(source_key) as set_aside from (values ('people'), ('consent_events'), ('tickets')) e(entity)
    left join quarantine.quarantined_rows using (entity) group by 1) using (entity)
where raw <> staged + set_aside
"""


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    sources = {name: Source(connector="files", url=str(tmp_path)) for name in known_systems()}
    return complete_sources(Settings(company="T", sources=sources), Path("kundbild.toml"), "")


@pytest.fixture
def built(home: Home, warehouse, resolve, settings) -> dict[str, str]:
    """A warehouse with Anna and Bo, closed. Returns source_key → customer_id."""
    prepare_raw(warehouse, settings)

    def write(table: str, *rows: dict) -> None:
        for row in rows:
            whole = {"_load_id": 1, "_extracted_at": "2026-05-01", **row}
            columns = ", ".join(map(quote, whole))
            warehouse.execute(
                f"insert into raw_{table} ({columns}) values ({', '.join('?' * len(whole))})", list(whole.values())
            )

    write(
        "crm.contacts",
        {"contact_id": 1, "first_name": "Anna", "last_name": "Berg", "email_address": "anna@berg.se"},
        {"contact_id": 2, "first_name": "Bo", "last_name": "Dahl"},
        # set aside: another record with her address, that nobody has resolved
        {"contact_id": 3, "first_name": "Anna", "email_address": "Anna@Berg.se"},
        {"contact_id": 4, "first_name": "Cy"},
    )
    write(
        "crm.consents",
        {"consent_id": 1, "contact_id": 1, "status": "granted", "contact_point": "anna@berg.se"},
        {"consent_id": 2, "contact_id": 1, "status": "?", "contact_point": "anna@berg.se"},
        {"consent_id": 3, "contact_id": 2, "status": "?"},
    )
    write("crm.cases", *({"case_id": key, "contact_id": who} for key, who in ((1, 1), (None, 1), (None, 2), (2, 2))))
    write(
        "registers.addresses",
        *({"entry_id": p["given_name"], "street": "Nygatan 1", **{c: p[c] for c in ("given_name", "family_name", "birth_date")}} for p in (ANNA, BO)),
    )  # fmt: skip
    ids = resolve(ANNA, BO)
    warehouse.execute(STAGING)
    assert warehouse.execute(UNBALANCED).fetchall() == []
    for version in ("20260101T020000-a", "20260102T020000-b", "20260103T020000-c"):
        publish(home, version, ids)
    warehouse.close()
    return ids


def publish(home: Home, version: str, ids: dict[str, str]) -> None:
    folder = home.published / "versions" / version
    (folder / "parquet").mkdir(parents=True)
    for name in ("customers", "bi"):
        with duckdb.connect(str(folder / f"{name}.duckdb")) as con:
            con.execute("create schema marts; create table marts.dim_customers (customer_id varchar)")
            con.executemany("insert into marts.dim_customers values (?)", [[customer] for customer in ids.values()])
            con.execute(f"copy marts.dim_customers to '{folder}/parquet/{name}.parquet'")


def erase_anna(home: Home, settings: Settings, ids: dict[str, str]) -> None:
    assert [outcome.state for outcome in erase(home, settings, [Subject(customer=ids["1"])])] == ["done"]


def asked(home: Home, sql: str) -> list[tuple]:
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_rule_29_every_publication_that_is_kept_is_rid_of_the_person_its_parquet_too(home, settings, built):
    (outcome,) = erase(home, settings, [Subject(customer=built["1"])])
    versions = sorted(home.published.glob("versions/*"))
    assert outcome.erased.publications == [version.name for version in versions] and len(versions) == 3
    for version in versions:
        for name in ("customers", "bi"):
            with duckdb.connect(str(version / f"{name}.duckdb"), read_only=True) as con:
                assert con.execute("from marts.dim_customers").fetchall() == [(built["2"],)]
            parquet = version / "parquet" / f"{name}.parquet"
            assert duckdb.execute(f"from '{parquet}'").fetchall() == [(built["2"],)]
            assert built["1"].encode() not in (version / f"{name}.duckdb").read_bytes() + parquet.read_bytes()


def test_the_address_registers_entry_of_the_person_goes(home, settings, built):
    erase_anna(home, settings, built)
    for table in ("raw_registers.addresses", "conformed.conformed_address_updates"):
        assert asked(home, f"select given_name from {table}") == [("Bo",)]


def test_what_was_set_aside_of_the_person_goes_and_the_books_balance_after_a_backup_too(
    home, settings, built, tmp_path
):
    left = [("consent_events", "3"), ("people", "4"), ("tickets", "without a key, load 1, row 1")]
    shutil.copy2(home.warehouse, tmp_path / "backup")
    erase_anna(home, settings, built)
    for is_backup in (False, True):
        if is_backup:
            shutil.copy2(tmp_path / "backup", home.warehouse)
            with home.lock("test"):
                finish_unfinished(home, settings)
        assert asked(home, "select entity, source_key from quarantine.quarantined_rows order by all") == left
        assert asked(home, UNBALANCED) == []
        assert asked(home, "select contact_id from raw_crm.contacts order by 1") == [(2,), (4,)]
        assert asked(home, "select consent_id from raw_crm.consents") == [(3,)]


def test_a_backup_brings_back_nobody_and_takes_nobody_else_along(home, settings, built, tmp_path):
    shutil.copy2(home.warehouse, tmp_path / "backup")
    erase_anna(home, settings, built)
    shutil.copy2(tmp_path / "backup", home.warehouse)
    with home.lock("test"):
        finish_unfinished(home, settings)
    assert asked(home, "select source_key from conformed.conformed_people") == [("2",)]


def test_who_was_erased_is_known_by_the_number_in_a_column_named_as_any(home, settings, built):
    """A column of a delivery may bear the name of one that the search itself uses: `phone`, `country_code`."""
    erase_anna(home, settings, built)
    table = Table(
        columns=dict.fromkeys(("id", "phone", "country_code"), "VARCHAR"), key=["id"], path="*.csv",
        persons=[Person(key="id", phone=["phone"], country_code="country_code")],
    )  # fmt: skip
    with open_warehouse(home, settings.engine) as con:
        con.execute(
            "create table delivered as from (values ('7', '070-111 22 33', 'SE'), ('8', '070-999 88 77', 'SE'), ('9', null, 'SE')) "
            "t(id, phone, country_code)"
        )
        suppressor = Suppressor(SuppressionList.of(con, home, find_pepper(con, ())))
        assert suppressor.keep_out(con, "shop", table, "delivered") == 1
        assert con.execute("select id from delivered order by 1").fetchall() == [("8",), ("9",)]
