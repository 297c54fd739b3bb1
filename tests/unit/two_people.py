"""A warehouse of two people, by hand: raw rows, what dbt would build of them, what was set aside, three publications.

Not here: the tests that read or erase them.
"""

from __future__ import annotations

import atexit
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import mkdtemp
from typing import Any

import duckdb

from orchestration.core.home import Home
from orchestration.core.settings import Settings, Source
from orchestration.core.warehouse import quote
from orchestration.extract.extract import prepare_raw
from orchestration.extract.systems import complete_sources, known_systems
from orchestration.privacy.rights.subjects import Subject
from orchestration.run.erase import erase
from tests.unit.people import person

ANNA = person("1", email="anna@berg.se", phone="+46701112233", birth_date="1980-01-01")
BO = person("2", "Bo", "Dahl", email="bo@dahl.se", birth_date="1990-02-02")
# what dbt builds out of raw, as far as these tests look at it
STAGING = """
create schema staging; create schema marts; create schema bi;
create view staging.stg_crm__people as select contact_id::varchar as source_key, _load_id as load_id,
    case when last_name is null then 'the name is missing' end as quarantine_reason,
    case when last_name is null then 'missing' end as quarantine_code from raw_crm.contacts;
create view staging.stg_crm__consent_events as select consent_id::varchar as source_key, _load_id as load_id,
    case when status = '?' then 'status is unknown' end as quarantine_reason, case when status = '?' then 'not_granted_nor_withdrawn' end as quarantine_code, 'crm' as person_system, contact_id::varchar as person_key, contact_point
    from raw_crm.consents;
create view staging.stg_crm__tickets as select case_id::varchar as source_key, _load_id as load_id,
    case when case_id is null then 'the key is missing' end as quarantine_reason, case when case_id is null then 'missing' end as quarantine_code, 'crm' as person_system, contact_id::varchar as person_key from raw_crm.cases;
create table conformed.conformed_consent_events as select *, 'crm' as source_system
    from staging.stg_crm__consent_events where quarantine_reason is null;
create table conformed.conformed_tickets as select *, 'crm' as source_system
    from staging.stg_crm__tickets where quarantine_reason is null;
create table conformed.conformed_email_events (person_system varchar, person_key varchar, contact_point varchar);
create table conformed.conformed_address_updates as select entry_id as source_key, 'registers' as source_system, given_name,
    family_name, birth_date::date as birth_date, street from raw_registers.addresses;
create table quarantine.quarantined_rows as
    select 'crm' as source_system, 'people' as entity, source_key, quarantine_reason as reason, load_id from staging.stg_crm__people where quarantine_reason is not null
    union all select 'crm', 'consent_events', source_key, quarantine_reason, load_id from staging.stg_crm__consent_events where quarantine_reason is not null
    union all select 'crm', 'tickets', 'without a key, load ' || load_id || ', row ' || row_number() over (), quarantine_reason, load_id
        from staging.stg_crm__tickets where quarantine_reason is not null;
alter table quarantine.quarantined_rows add column extracted_at timestamp;
create table marts.contact_permission_history as select customer_id, 'offers' as purpose, 'email' as channel,
    unnest([timestamp '2026-01-01', timestamp '2026-02-01']) as valid_from from identity.customer_source_records where source_system = 'crm';
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


def settings_of(tmp_path: Path) -> Settings:
    """Every known system, with nothing to extract."""
    sources = {name: Source(connector="files", url=str(tmp_path)) for name in known_systems()}
    return complete_sources(Settings(company="T", sources=sources), Path("kundbild.toml"), "")


@dataclass(frozen=True)
class Built:
    """A home with Anna and Bo, to be copied."""

    warehouse: bytes
    published: Path
    ids: dict[str, str]


# by the settings: who asks for the same home gets a copy
_BUILT: dict[str, Built] = {}


def build(home: Home, warehouse: Any, resolve: Any, settings: Settings) -> dict[str, str]:
    """A warehouse with Anna and Bo, closed. Returns source_key → customer_id."""
    asked = settings.model_dump_json().replace(str(home.root.parent), "")
    if asked not in _BUILT:
        ids = build_upon(home, warehouse, resolve, settings)
        kept = Path(mkdtemp(prefix="kundbild-two-people-"))
        atexit.register(rmtree, kept, ignore_errors=True)
        copytree(home.published, kept / "published")
        _BUILT[asked] = Built(home.warehouse.read_bytes(), kept / "published", ids)
        return ids
    built = _BUILT[asked]
    warehouse.close()
    home.warehouse.write_bytes(built.warehouse)
    copytree(built.published, home.published, dirs_exist_ok=True)
    return dict(built.ids)


def build_upon(home: Home, warehouse: Any, resolve: Any, settings: Settings) -> dict[str, str]:
    """The same, upon what stands in the warehouse."""
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
    # a cookie of hers, signed in and not; one that both were signed in with; one of nobody
    write(
        "web_analytics.sessions",
        *(
            {"session_id": session, "visitor_id": cookie, "customer_id": who, "started_at": "2026-04-01"}
            for session, cookie, who in (
                ("s1", "hers", 1), ("s2", "hers", None), ("s3", "both", 1), ("s4", "both", 2), ("s5", "both", None), ("s6", "x", None),
            )
        ),
    )  # fmt: skip
    warehouse.execute(
        "alter table raw_crm.contacts add column favourite varchar; update raw_crm.contacts set favourite = 'blue'"
    )
    warehouse.execute(
        "insert into quarantine.rejected_rows (load_id, source, table_name, reason, content) values "
        "(1, 'crm', 'contacts', 'broken', '7;ANNA@berg.se;x'), (1, 'crm', 'contacts', 'broken', '8;bo@dahl.se'), "
        "(1, 'crm', 'contacts', 'broken', 'anna@berg.se;bo@dahl.se')"
    )
    ids = resolve(ANNA, {**ANNA, "source_system": "webshop", "source_key": "1", "email": None}, BO)
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
