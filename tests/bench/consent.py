"""Permissions of 1M customers from 20M statements, against the plain SQL that answers the same; and an erasure against a copy.

`python -m tests.bench.consent`. The model is what dbt compiles, on tables of made-up keys. Not here: whether it answers rightly (tests/unit/dbt_project/test_consent_rules.py).
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.core.configuration import load_settings
from orchestration.core.home import Home
from orchestration.core.settings import PROJECT_DIR, Engine
from orchestration.core.warehouse import open_warehouse
from orchestration.identity.contact_points import key_withdrawn_points
from orchestration.privacy.intake.withdrawals import note_withdrawals
from orchestration.privacy.rights.subjects import Subject
from orchestration.run.erase import erase
from tests.bench.measure import Report, timed
from tests.unit.consent import compiled_in

PURPOSES = ("newsletter", "offers", "survey", "profiling", "events", "club")
CHANNELS = ("email", "sms", "phone", "post", "ads")
# of a statement, by its channel
_POINT = """case when channel in ('sms', 'phone') then '+467' || lpad(({who})::varchar, 8, '0')
        when channel = 'post' then 'Storgatan ' || ({who}) || ', 111 22 Stockholm' else ({who}) || '@x.se' end"""
# what no statement is about is there and empty
_TABLES = f"""
create schema conformed; create schema marts; create schema identity; create schema reference; create schema ops;
create table ops.clock as select timestamp '2026-06-01' as as_of, 0 as published_load;
create table ops.loaded_files (source varchar, table_name varchar, file varchar);
create table reference.purposes as select unnest({list(PURPOSES)}) as purpose, 'consent' as legal_basis, true as is_marketing, false as needs_confirmation;
create table reference.channels as from read_csv('{PROJECT_DIR}/dbt_project/seeds/channels.csv');
create table reference.permission_reasons as from read_csv('{PROJECT_DIR}/dbt_project/seeds/permission_reasons.csv');
create table reference.register_rules as from read_csv('{PROJECT_DIR}/dbt_project/seeds/register_rules.csv');
create table marts.bridge_customer_source_records as select 'c' || i as customer_id, 'crm' as source_system, i::varchar as source_key,
    timestamp '2020-01-01' as valid_from, null::timestamp as valid_to from range(getvariable('customers')) t(i);
create table marts.customer_id_redirects (old_customer_id varchar, customer_id varchar);
create table identity.normalised_people as select hash('crm', i::varchar) as record_id, 'crm' as source_system, i::varchar as source_key, i || '@x.se' as email_key, 'SE' as country_code, null::varchar as postal_key, null::varchar as street_key, 'anna' as given_key, 'berg' || i as family_key, null::date as birth_date,
    '+467' || lpad(i::varchar, 8, '0') as phone_key from range(getvariable('customers')) t(i);
create table identity.identifiers (kind varchar, value_key varchar, ignored_code varchar, ignored_reason varchar);
create table identity.protected_customers (customer_id varchar, is_protected boolean, is_deceased boolean);
create table identity.objections (source_system varchar, source_key varchar, stated_at timestamp, request_id varchar, purpose varchar, channel varchar);
create table identity.register_versions as select register, date '2026-05-30' as version_on, 1 as entries, false as is_shrunk from reference.register_rules group by 1;
create table identity.golden_records as select 'c' || i as customer_id, {{'value': 'SE'}} as country_code from range(getvariable('customers')) t(i);
create table marts.customer_reservations as select 'c' || i as customer_id, 'phone' as channel, 'nix_telefon' as register, date '2026-05-30' as version_on,
    'r' || i as reservation_key from range(getvariable('customers')) t(i) where i % 8 = 0;
create table marts.register_gaps (customer_id varchar, channel varchar, contact_point varchar, reason_code varchar, reason varchar);
create table conformed.conformed_reservations as select register, date '2026-05-30' as version_on, null::timestamp as deleted_at from reference.register_rules group by 1;
create table conformed.conformed_email_events as select 'email' as source_system, i::varchar as source_key, 'crm' as person_system, (i * 20)::varchar as person_key,
    (i * 20) || '@x.se' as contact_point, 'unsubscribed' as kind, timestamp '2026-01-01' as occurred_at, null::timestamp as deleted_at, timestamp '2026-05-30' as extracted_at, 1 as load_id, false as is_zoneless
    from range(getvariable('customers') // 100) t(i);
create table conformed.conformed_consent_events as select 'crm' as source_system, i::varchar as source_key, 'crm' as person_system,
    (hash(i, 1) % getvariable('customers'))::varchar as person_key,
    ({list(PURPOSES)})[(1 + hash(i, 2) % {len(PURPOSES)})::bigint] as purpose, ({list(CHANNELS)})[(1 + hash(i, 3) % {len(CHANNELS)})::bigint] as channel,
    {_POINT.format(who="hash(i, 1) % getvariable('customers')")} as contact_point,
    case when hash(i, 4) % 10 < 7 then 'granted' else 'withdrawn' end as status, 'consent' as legal_basis,
    timestamp '2022-01-01' + to_seconds((hash(i, 5) % 126000000)::bigint) as stated_at, null::timestamp as confirmed_at, null::timestamp as expires_at,
    'w1' as wording_version, 'form' as capture_source, null::timestamp as deleted_at, timestamp '2026-05-30' as extracted_at, 1 as load_id, false as is_zoneless
    from range(getvariable('events')) t(i);
create schema staging; create view staging.stg_crm__consent_events as select *, null as quarantine_reason, null as quarantine_code from conformed.conformed_consent_events;
create view staging.stg_email__email_events as select *, null as quarantine_reason, null as quarantine_code from conformed.conformed_email_events;
create table reference.junk_identifiers (kind varchar, value_key varchar, reason varchar);
create table conformed.conformed_people as select source_system, source_key, 'Anna' as given_name, 'Berg' || source_key as family_name, null::varchar as full_name, null::date as birth_date, null::varchar as street, null::varchar as postal_code, null::varchar as city, email_key as email, phone_key as phone, 'SE' as country_code, null::timestamp as deleted_at from identity.normalised_people;
create view identity.customer_source_records as select *, hash(source_system, source_key) as record_id from marts.bridge_customer_source_records;
create view identity.customer_id_redirects as from marts.customer_id_redirects;
"""
# what the models' hooks do (macros/permissions.sql)
_TOUCHED = """
create or replace table identity.contact_permissions_touched as select coalesce(i.customer_id, m.customer_id) as customer_id
from marts.consent_inputs i full join identity.contact_permissions_made_with m on m.customer_id = i.customer_id where i.digest is distinct from m.digest;
delete from marts.contact_permissions where customer_id in (select customer_id from identity.contact_permissions_touched)
"""
_MADE_WITH = "create or replace table identity.contact_permissions_made_with as select customer_id, digest from marts.consent_inputs"
# a night's statements: of few customers who say much, as at a form, or each of another
_SPEAKERS = {
    "twenty a customer": "hash(i // 20, {load}) % getvariable('customers')",
    "one a customer": "hash(i, {load}) % getvariable('customers')",
}
_NIGHT = f"""
insert into conformed.conformed_consent_events by name select 'crm' as source_system, 'n{{load}}-' || i as source_key, 'crm' as person_system,
    ({{who}})::varchar as person_key, ({list(PURPOSES)})[(1 + hash(i, 2) % {len(PURPOSES)})::bigint] as purpose,
    ({list(CHANNELS)})[(1 + hash(i, 3) % {len(CHANNELS)})::bigint] as channel, {_POINT.format(who="{who}")} as contact_point, case when hash(i, 4) % 10 < 7 then 'granted' else 'withdrawn' end as status,
    'consent' as legal_basis, timestamp '2026-05-30' as stated_at, 'w1' as wording_version, 'form' as capture_source, {{load}} as load_id, false as is_zoneless
from range(getvariable('events') // 100) t(i)
"""
# who may be contacted by what was said, and by the registers, with the statement that decided: no more
_PLAIN = """
create or replace table marts.plain as
with said as (
    select b.customer_id, e.purpose, e.channel,
        max(e.stated_at) filter (e.status = 'withdrawn') as withdrawn_at,
        max(e.stated_at) filter (e.status = 'granted' and e.wording_version is not null) as granted_at,
        arg_max(e.contact_point, e.stated_at) filter (e.status = 'granted') as contact_point,
        arg_max(e.source_key, e.stated_at) filter (e.status = 'granted') as grant_key,
        arg_max(e.source_key, e.stated_at) filter (e.status = 'withdrawn') as withdrawal_key
    from conformed.conformed_consent_events e
    join marts.bridge_customer_source_records b on b.source_system = e.person_system and b.source_key = e.person_key
    where e.deleted_at is null group by all
)
select s.customer_id, s.purpose, s.channel, r.customer_id is null and coalesce(granted_at > coalesce(withdrawn_at, timestamp '-infinity'), false) as is_permitted,
    s.contact_point, case when granted_at > coalesce(withdrawn_at, timestamp '-infinity') then grant_key else withdrawal_key end as deciding_event
from said s left join marts.customer_reservations r on r.customer_id = s.customer_id and r.channel = s.channel
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument(
        "--erase-in", type=Path, help="a home folder of the bench (--keep): erase in it, and nothing else"
    )
    arguments = parser.parse_args()
    report = Report()
    if arguments.erase_in:
        os.environ["KUNDBILD_HOME"] = str(arguments.erase_in)
        os.environ["XDG_CONFIG_HOME"] = str(arguments.erase_in.parent / "settings")
        erasure(report, Home(arguments.erase_in))
    else:
        permissions(report, arguments.customers, arguments.events)
    (PROJECT_DIR / "build").mkdir(exist_ok=True)
    report.show(PROJECT_DIR / "build" / "bench_consent.json")


def permissions(report: Report, customers: int = 1_000_000, events: int = 20_000_000) -> None:
    with tempfile.TemporaryDirectory(prefix="kundbild-bench-") as folder:
        compiled = compiled_in(Path(folder) / "home")
        touched = compiled_in(Path(folder) / "incremental", is_incremental=True)
    measure_permissions(report, compiled, touched, customers, events)


def measure_permissions(
    report: Report, compiled: dict[str, str], incremental: dict[str, str], customers: int, events: int
) -> None:
    """The model and the plain SQL, in turn, twice: the better time of each. Models as dbt compiles them."""
    model, inputs, touched = (
        compiled["contact_permissions"],
        compiled["consent_inputs"],
        incremental["contact_permissions"],
    )
    seconds: dict[str, float] = {}
    shares = {}
    with tempfile.TemporaryDirectory(prefix="kundbild-bench-") as folder:
        with _opened(folder, customers, events) as con:
            con.execute(_TABLES)
        with _opened(folder, customers, events) as con, timed(seconds, "ledger"):
            _ledger(con)
        with _opened(folder, customers, events) as con:
            for _ in range(2):
                for name, sql in (
                    ("plain", _PLAIN),
                    ("model", f"create or replace table marts.contact_permissions as {model}"),
                ):
                    times: dict[str, float] = {}
                    with timed(times, name):
                        con.execute(sql)
                    seconds[name] = min(seconds.get(name, times[name]), times[name])
            rows, permitted = con.execute(
                "select count(*), count(*) filter (is_permitted) from marts.contact_permissions"
            ).fetchall()[0]
            plain = con.execute("select count(*), count(*) filter (is_permitted) from marts.plain").fetchall()[0]
            with timed(seconds, "inputs"):
                con.execute(f"create or replace table marts.consent_inputs as {inputs}")
            con.execute(_MADE_WITH)
        for load, (spread, who) in enumerate(_SPEAKERS.items(), start=2):
            with _opened(folder, customers, events) as con:
                con.execute(_NIGHT.format(load=load, who=who.format(load=load)))
            with _opened(folder, customers, events) as con, timed(seconds, f"ledger, {spread}"):
                _ledger(con)
            with _opened(folder, customers, events) as con:
                with timed(seconds, f"model, {spread}"):
                    con.execute(f"create or replace table marts.consent_inputs as {inputs}")
                    con.execute(_TOUCHED)
                    con.execute(f"insert into marts.contact_permissions {touched}")
                    con.execute(_MADE_WITH)
                (shares[spread],) = con.execute("select count(*) from identity.contact_permissions_touched").fetchone()
    full = seconds["ledger"] + seconds["model"] + seconds["inputs"]
    for spread, customers_touched in shares.items():
        night = seconds[f"ledger, {spread}"] + seconds[f"model, {spread}"]
        report.add(
            f"the same for a night's statements (1 %, {spread}) ÷ full",
            ".15",
            f"{night / full:.2f}",
            f"{night:.1f} s ÷ {full:.1f} s; {customers_touched:,} customers worked out anew",
        )
    report.add(
        f"permissions of {customers:,} customers from {events:,} statements ÷ plain SQL",
        "1.5",
        f"{seconds['model'] / seconds['plain']:.2f}",
        f"{seconds['model']:.1f} s ÷ {seconds['plain']:.1f} s; {rows:,} rows, {permitted:,} permitted (plain {plain[0]:,}, {plain[1]:,})",
    )


@contextmanager
def _opened(folder: str, customers: int, events: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse with the engine's settings. A night opens it anew for each step, so no step has the memory of the one before."""
    engine = Engine()
    with duckdb.connect(f"{folder}/warehouse.duckdb") as con:
        con.execute(
            f"set memory_limit = '{engine.memory_limit}'; set threads = {engine.threads}; set temp_directory = '{folder}/tmp'"
        )
        con.execute("set preserve_insertion_order = false")
        con.execute(f"set variable customers = {customers}; set variable events = {events}")
        yield con


def _ledger(con: duckdb.DuckDBPyConnection) -> None:
    note_withdrawals(con, {"consent_events": ["crm"], "email_events": ["email"]})
    key_withdrawn_points(con, "SE", namesakes=2)


def erasure(report: Report, home: Home) -> None:
    """A thousandth of the customers, erased and proved in one pass, against one fresh copy of the warehouse."""
    settings = load_settings(PROJECT_DIR / "kundbild.toml")
    times: dict[str, float] = {}
    with open_warehouse(home, settings.engine) as con:
        fresh = home.temporary / "bench.duckdb"
        with timed(times, "copy"):
            con.execute(f"attach '{fresh}' as bench; copy from database warehouse to bench; detach bench")
        size = fresh.stat().st_size
        fresh.unlink()
        customers = con.execute("select customer_id from marts.dim_customers order by hash(customer_id)").fetchall()
    subjects = [Subject(customer=customer) for (customer,) in customers[: max(1, len(customers) // 1000)]]
    with timed(times, "erase"):
        outcomes = erase(home, settings, subjects, is_proved=True)
    proof = outcomes[0].proof
    assert proof and proof.holds
    report.add(
        f"erasing {len(subjects):,} of {len(customers):,} customers, proof included ÷ one fresh copy",
        "2",
        f"{times['erase'] / times['copy']:.2f}",
        f"{times['erase']:.1f} s ÷ {times['copy']:.1f} s ({size / 1e6:,.0f} MB); looked in {len(proof.files):,} files, {proof.size / 1e6:,.0f} MB",
    )


if __name__ == "__main__":
    main()
