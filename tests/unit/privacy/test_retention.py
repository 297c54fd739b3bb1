"""What is older than its retention leaves; who is still heard of stays, and with them what stands as long as they do."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from orchestration.contracts.conformed import retentions
from orchestration.core.clock import now
from orchestration.core.errors import KundbildError
from orchestration.core.settings import Settings, Source, Table
from orchestration.core.warehouse import transaction
from orchestration.extract.extract import prepare_raw
from orchestration.privacy.audit.catalogue import categories
from orchestration.privacy.audit.exports import note_export
from orchestration.privacy.erasure.floors import lowered_floors
from orchestration.privacy.erasure.retention import forget_expired
from orchestration.privacy.rights.held_rows import find_held
from orchestration.privacy.rights.holds import lift_hold, place_hold
from orchestration.privacy.secrets.pepper import find_pepper
from tests.loads import note_load
from tests.unit.people import person
from tests.unit.privacy.rows_of_age import NEW, OLD, TODAY, every_system, keys, writer

LAST = now().date() + timedelta(days=400)


@pytest.fixture
def settings(tmp_path):
    return every_system(tmp_path)


@pytest.fixture
def raw(warehouse, settings):
    return writer(warehouse, settings)


def hold_of(con, pepper, customer: str) -> str:
    return place_hold(con, pepper, customer, "legal-claims", LAST, now(), "me", "case-14").hold_id


def test_every_table_of_people_says_how_long_it_is_kept(settings):
    tables = {f"{s}.{t}": table for s, source in settings.sources.items() for t, table in source.tables.items()}
    assert [name for name, table in tables.items() if table.whose and not table.retention] == []
    used = {table.retention.category for table in tables.values() if table.retention}
    assert used | {said.category for said in retentions().values()} <= set(categories())


def test_nobody_goes_of_whom_something_is_heard_in_whatever_system(warehouse, settings, raw):
    raw("crm.contacts", *({"contact_id": n, "created_at": OLD, "updated_at": OLD} for n in (1, 2, 3, 4)))
    raw("webshop.customers", *({"id": n, "created_at": OLD, "updated_at": OLD} for n in (1, 2)))
    raw("webshop.orders", {"id": 7, "customer_id": 2, "created_at": NEW, "updated_at": NEW, "club_contact_id": 4})
    raw("crm.activities", {"activity_id": 5, "contact_id": 1, "occurred_at": OLD})
    # of customer a a record in the webshop is heard of; of b none is; contact 4 by the club's order alone
    warehouse.execute(
        "create or replace table identity.customer_source_records as select * from (values "
        "('crm', '2', 'a', null::timestamp), ('webshop', '2', 'a', null), ('crm', '1', 'b', null), ('webshop', '1', 'b', null)) "
        "t(source_system, source_key, customer_id, valid_to)"
    )
    gone = forget_expired(warehouse, settings, TODAY)
    assert gone == {"crm.activities": 1, "crm.contacts": 2, "webshop.customers": 1}
    assert keys(warehouse, "crm.contacts", "contact_id") == [2, 4]
    assert keys(warehouse, "webshop.customers", "id") == [2]
    assert forget_expired(warehouse, settings, TODAY) == {}


def test_who_was_in_an_export_or_held_out_of_it_is_forgotten_as_ids_are(
    warehouse, settings, raw, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    raw("crm.activities")
    pepper = find_pepper(warehouse, ())
    for at in (datetime(2020, 1, 1), datetime(TODAY.year, 1, 1)):
        note_export(warehouse, pepper, "audience news", ["c1"], at, held_out=["c2"])
    assert forget_expired(warehouse, settings, TODAY) == {"restricted.export_members": 1, "restricted.held_out": 1}
    for table, rows in (("export_members", 1), ("held_out", 1), ("exports", 2)):
        assert warehouse.execute(f"select count(*) from restricted.{table}").fetchall() == [(rows,)]


def test_what_is_too_old_is_no_loss_of_volume(warehouse, settings, raw, resolve):
    """Of what is made of people, and is still as it was, the floor goes down by the share of people who go."""
    raw("crm.activities", *({"activity_id": n, "contact_id": n, "occurred_at": OLD} for n in (1, 2, 3)))
    resolve(person("1"), person("2", "Bo"))
    warehouse.execute("alter table conformed.conformed_people add column load_id bigint")
    warehouse.execute(
        "create schema if not exists ops; create table ops.table_counts (run_id varchar, table_name varchar, row_count bigint, counted_at timestamp); "
        "insert into ops.table_counts values ('r', 'raw_crm.activities', 3, '2026-05-01'), ('r', 'conformed.conformed_people', 2, '2026-05-01'), "
        "('r', 'identity.golden_records', 40, '2026-05-01'), ('r', 'raw_crm.contacts', 9, '2026-05-01'); "
        "create or replace table identity.golden_records as select 1 as a"
    )
    forget_expired(warehouse, settings, TODAY)
    with transaction(warehouse), lowered_floors(warehouse):
        warehouse.execute("delete from conformed.conformed_people where source_key = '2'")
    floors = warehouse.execute(
        "select table_name, arg_max(row_count, counted_at) from ops.table_counts group by 1 order by 1"
    ).fetchall()
    assert floors == [
        ("conformed.conformed_people", 1), ("identity.golden_records", 20), ("raw_crm.activities", 0), ("raw_crm.contacts", 9),
    ]  # fmt: skip


def test_who_is_under_a_legal_hold_keeps_every_row_and_nobody_else_does(warehouse, settings, raw, resolve, monkeypatch, tmp_path):  # fmt: skip
    """By the person's key in any system; where a row names no key, by address, number or cookie."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    anna = person("1", email="anna@berg.se", phone="+46701112233", birth_date="1980-01-01")
    shopper = anna | {"source_system": "webshop", "source_key": "9"}
    ids = resolve(anna, shopper, person("2", "Bo", "Dahl", email="bo@dahl.se", birth_date="1990-02-02"))
    warehouse.execute("alter table conformed.conformed_people add column load_id bigint")
    raw("crm.contacts", *({"contact_id": n, "created_at": OLD, "updated_at": OLD} for n in (1, 2)))
    raw("webshop.customers", {"id": 9, "created_at": OLD, "updated_at": OLD})
    raw("crm.activities", *({"activity_id": n, "contact_id": n, "occurred_at": OLD} for n in (1, 2)))
    raw("webshop.orders", *({"id": n, "customer_id": who, "subtotal": 1.0, "created_at": OLD} for n, who in ((1, 9), (2, 8))))  # fmt: skip
    raw("email.events", *({"event_id": n, "event": "open", "email": who, "occurred_at": OLD} for n, who in ((1, "Anna@Berg.se"), (2, "bo@dahl.se"))))  # fmt: skip
    raw("crm.consents", *({"consent_id": n, "contact_point": point, "status": "granted", "stated_at": OLD} for n, point in ((1, "+46 70-111 22 33 / 08-12345678"), (2, "070-111 22 34"), (3, "x@y.se; anna@berg.se"))))  # fmt: skip
    visits = ((1, "hers", 9), (2, "hers", None), (3, "another", 8), (4, None, None))
    raw("web_analytics.sessions", *({"session_id": n, "visitor_id": cookie, "customer_id": who, "started_at": OLD} for n, cookie, who in visits))  # fmt: skip
    note_load(warehouse, 1, "crm", "contacts", "2000-01-01")
    warehouse.execute(
        "insert into quarantine.rejected_rows (load_id, source, table_name, reason, content) values "
        "(1, 'crm', 'contacts', 'broken', '7;ANNA@berg.se;x'), (1, 'crm', 'contacts', 'broken', '8;bo@dahl.se')"
    )
    pepper = find_pepper(warehouse, ())
    held = hold_of(warehouse, pepper, ids["1"])
    found = find_held(warehouse, settings, pepper, TODAY)
    gone = forget_expired(warehouse, settings, TODAY, held=found)
    assert gone == {"crm.activities": 1, "crm.contacts": 1, "crm.consents": 1, "email.events": 1, "quarantine.rejected_rows": 1,
                    "web_analytics.sessions": 2, "webshop.orders": 1}  # fmt: skip
    assert +found.counts == {"crm.activities": 1, "crm.contacts": 1, "crm.consents": 2, "email.events": 1, "quarantine.rejected_rows": 1,
                            "web_analytics.sessions": 2, "webshop.customers": 1, "webshop.orders": 1}  # fmt: skip
    assert keys(warehouse, "crm.consents", "consent_id") == [1, 3] and keys(warehouse, "web_analytics.sessions", "session_id") == ["1", "2"]  # fmt: skip
    assert keys(warehouse, "crm.contacts", "contact_id") == keys(warehouse, "crm.activities", "activity_id") == [1]
    assert keys(warehouse, "webshop.customers", "id") == [9] and keys(warehouse, "email.events", "event_id") == ["1"]
    assert keys(warehouse, "webshop.orders", "customer_id") == [9, None]
    # it ends with its day, or where it is lifted
    assert find_held(warehouse, settings, pepper, LAST + timedelta(days=1)).of(warehouse, "crm", "contacts", settings.sources["crm"].tables["contacts"]) == "false"  # fmt: skip
    lift_hold(warehouse, held)
    again = forget_expired(warehouse, settings, TODAY, held=find_held(warehouse, settings, pepper, TODAY))
    assert sum(again.values()) == found.rows
    assert warehouse.execute("select count(*) from identity.held_records").fetchall() == [(0,)]


def test_what_stays_for_another_reason_is_not_counted_as_held(warehouse, settings, raw, resolve, monkeypatch, tmp_path):
    """A record whose customer is heard of, and an order that is nobody's already, would stay without a hold."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    anna = person("1", email="anna@berg.se", birth_date="1980-01-01")
    ids = resolve(anna, anna | {"source_system": "webshop", "source_key": "9"})
    warehouse.execute("alter table conformed.conformed_people add column load_id bigint")
    raw("crm.contacts", {"contact_id": 1, "created_at": OLD, "updated_at": OLD})
    raw("webshop.customers", {"id": 9, "created_at": OLD, "updated_at": NEW})
    pepper = find_pepper(warehouse, ())
    hold_of(warehouse, pepper, ids["1"])
    found = find_held(warehouse, settings, pepper, TODAY)
    assert forget_expired(warehouse, settings, TODAY, held=found) == {} and found.rows == 0
    warehouse.execute("update raw_webshop.customers set updated_at = created_at")
    assert forget_expired(warehouse, settings, TODAY, held=found) == {} and found.rows == 2


def test_what_was_sold_stays_and_is_nobodys(warehouse, settings, raw):
    raw("webshop.orders", {"id": 1, "customer_id": 2, "club_contact_id": 3, "subtotal": 9.5, "created_at": OLD})
    raw("webshop.orders", {"id": 2, "customer_id": 2, "subtotal": 1.0, "created_at": NEW})
    days = {"retention_days": {"purchase": 365}}
    shorter = settings.model_copy(update={"privacy": settings.privacy.model_copy(update=days)})
    assert forget_expired(warehouse, shorter, date(2026, 6, 1)) == {"webshop.orders": 1}
    found = warehouse.execute("select id, customer_id, club_contact_id, subtotal from raw_webshop.orders order by 1")
    assert found.fetchall() == [(1, None, None, 9.5), (2, 2, None, 1.0)]
    assert forget_expired(warehouse, shorter, date(2026, 6, 1)) == {}
    wrong = settings.model_copy(update={"privacy": settings.privacy.model_copy(update={"retention_days": {"x": 1}})})
    with pytest.raises(KundbildError, match="no category of data 'x'"):
        forget_expired(warehouse, wrong, TODAY)


def test_survey_responses_go_with_their_answers(warehouse, settings, raw):
    raw(
        "survey.responses",
        {"response_id": "old", "respondent_id": "r", "sent_at": OLD, "submitted_at": OLD},
        {"response_id": "new", "respondent_id": "r", "sent_at": OLD, "submitted_at": NEW},
    )
    # what stands from earlier nights loses them too: conformed rows, answers, facts
    warehouse.execute(
        "create schema if not exists staging; create schema if not exists conformed; create schema if not exists marts; "
        "create view staging.stg_survey__survey_responses as select response_id as source_key, null::bigint as load_id, "
        "sent_at::timestamp as sent_at, submitted_at::timestamp as submitted_at, _extracted_at as extracted_at from raw_survey.responses; "
        "create view staging.stg_survey__survey_answers as select response_id || '-nps' as source_key, null::bigint as load_id from raw_survey.responses; "
        "create table conformed.conformed_survey_responses as select *, 'survey' as source_system from staging.stg_survey__survey_responses; "
        "create table conformed.conformed_survey_answers as select *, 'survey' as source_system from staging.stg_survey__survey_answers; "
        "create table marts.fct_survey_responses as from conformed.conformed_survey_responses"
    )
    assert forget_expired(warehouse, settings, TODAY) == {"survey.responses": 1}
    assert keys(warehouse, "survey.responses", "response_id") == ["new"]
    left = "select source_key from conformed.conformed_survey_{}"
    assert warehouse.execute(left.format("responses")).fetchall() == [("new",)]
    assert warehouse.execute(left.format("answers")).fetchall() == [("new-nps",)]
    assert warehouse.execute("select count(*) from marts.fct_survey_responses").fetchone() == (1,)


def test_what_the_address_register_says_stands_while_the_person_is_known(warehouse, settings, raw):
    old = {"effective_on": "2019-01-01", "birth_date": "1980-01-01"}
    names = {"Anna Maria": "Berg", "Bo": "Ek", "Cy": "Lind"}
    raw("registers.addresses", *({"entry_id": g, "given_name": g, "family_name": f, **old} for g, f in names.items()))
    # a new warehouse knows nobody yet
    assert forget_expired(warehouse, settings, TODAY) == {}
    warehouse.execute("create schema if not exists conformed")
    warehouse.execute(
        "create table conformed.conformed_people as select 'maria' as given_name, 'BERG' as family_name, null::varchar as full_name, "
        "date '1980-01-01' as birth_date, 0 as load_id union all select null, null, 'Lind, Cy', date '1980-01-01', 0"
    )
    # what is delivered with its people is not gone before these are built
    assert forget_expired(warehouse, settings, TODAY) == {}
    warehouse.execute("update conformed.conformed_people set load_id = 1")
    assert forget_expired(warehouse, settings, TODAY) == {"registers.addresses": 1}
    assert keys(warehouse, "registers.addresses", "entry_id") == ["Anna Maria", "Cy"]


@pytest.mark.parametrize("formats", [[], ["%d.%m.%Y"]])
def test_a_companys_own_table_is_kept_as_the_entity_that_it_is_mapped_to(warehouse, tmp_path, formats):
    when = {"column": "when", "formats": formats} if formats else "when"
    mapped = {"entity": "interactions", "columns": {"source_key": "id", "person_key": "who", "occurred_at": when}}
    columns = {"id": "VARCHAR", "who": "VARCHAR", "when": "VARCHAR"}
    table = Table(columns=columns, key=["id"], path="*.csv", maps=[mapped])
    source = Source(connector="files", url=str(tmp_path), tables={"calls": table})
    settings = Settings(company="T", sources={"phone": source})
    prepare_raw(warehouse, settings)
    days = ["01.01.2019", "01.01.2026"] if formats else ["2019-01-01", "2026-01-01"]
    for number, day in enumerate(days):
        warehouse.execute(
            'insert into raw_phone.calls (id, who, "when", _extracted_at, _load_id) values (?, 1, ?, now(), 1)',
            [number, day],
        )
    assert forget_expired(warehouse, settings, TODAY) == {"phone.calls": 1}
    assert keys(warehouse, "phone.calls", "id") == ["1"]


def test_lines_that_could_not_be_read_go_with_the_shortest_retention(warehouse, settings, raw):
    for load, at in enumerate(("2025-01-01", "2026-05-01"), start=1):
        note_load(warehouse, load, "crm", "cases", at)
    warehouse.execute(
        "insert into quarantine.rejected_rows select n, 'crm', 'cases', null, null, null, 'broken', 'unknown', 'x' from range(1, 3) t(n)"
    )
    assert forget_expired(warehouse, settings, TODAY) == {"quarantine.rejected_rows": 1}
    assert warehouse.execute("select load_id from quarantine.rejected_rows").fetchall() == [(2,)]


def test_a_table_of_two_entities_keeps_a_row_as_long_as_either_needs_it(warehouse):
    """Bookings that are calls and carts, and subscribers whose row also says that they unsubscribed: never sooner than the longest."""
    calls = {"entity": "interactions", "columns": {"source_key": "id", "person_key": "who", "occurred_at": "at"}}
    carts = {"entity": "carts", "columns": {"source_key": "id", "person_key": "who", "created_at": "at"}}
    people = {"entity": "people", "columns": {"source_key": "id", "created_at": "at"}}
    said = {"entity": "consent_events", "columns": {"source_key": "id", "person_key": "id", "status": "what", "stated_at": "at"}, "constants": {"purpose": "newsletter", "channel": "email"}}  # fmt: skip
    columns = dict.fromkeys(("id", "who", "at", "what"), "VARCHAR")
    tables = {
        "bookings": Table.model_validate({"columns": columns, "key": ["id"], "path": "b.csv", "maps": [calls, carts]}),
        "members": Table.model_validate({"columns": columns, "key": ["id"], "path": "m.csv", "maps": [people, said]}),
    }
    settings = Settings(company="T", sources={"shop": Source(connector="files", url="/d", tables=tables)})
    prepare_raw(warehouse, settings)
    for name in tables:
        warehouse.execute(
            f"insert into raw_shop.{name} (id, who, \"at\", what, _load_id, _extracted_at) select *, 1, timestamp '2010-01-01' from (values "
            "('1', 'a', '2022-01-01', 'granted'), ('2', 'a', '2015-01-01', 'granted'), ('3', 'a', '2015-01-01', 'UNSUBSCRIBED'))"
        )
    forget_expired(warehouse, settings, TODAY)
    assert keys(warehouse, "shop.bookings", "id") == ["1"]
    assert keys(warehouse, "shop.members", "id") == ["1", "3"]


def test_a_list_of_orders_of_which_people_are_read_has_no_person_of_long_ago(warehouse, tmp_path):
    """The people have no time of their own there: the list is delivered anew each night, and would never be old."""
    when = {"column": "day", "formats": ["%m/%d/%Y"]}
    lines = {
        "entity": "order_items",
        "columns": {"source_key": ["no", "sku"], "order_key": "no", "ordered_at": when, "quantity": "n"},
    }
    orders = {
        "entity": "orders",
        "one_row_per_key": True,
        "columns": {"source_key": "no", "person_key": "who", "ordered_at": when, "amount": "n"},
    }
    people = {"entity": "people", "one_row_per_key": True, "columns": {"source_key": "who", "country_code": "land"}}
    columns = dict.fromkeys(("no", "sku", "who", "land", "day"), "VARCHAR") | {"n": "BIGINT"}
    table = Table.model_validate(
        {"columns": columns, "key": ["no", "sku"], "path": "*.csv", "maps": [lines, orders, people]}
    )
    settings = Settings(
        company="T", sources={"shop": Source(connector="files", url=str(tmp_path), tables={"lines": table})}
    )
    prepare_raw(warehouse, settings)
    rows = [
        ("1", "a", "17", "SE", "1/31/2012", 2),
        ("2", "a", "17", "SE", "1/31/2026", 3),
        ("3", "a", "18", "SE", "12/1/2011", 4),
    ]
    warehouse.executemany(
        "insert into raw_shop.lines (no, sku, who, land, day, n, _extracted_at) values (?, ?, ?, ?, ?, ?, '2026-05-01')",
        rows,
    )
    assert forget_expired(warehouse, settings, TODAY)["shop.lines"] == 2
    found = warehouse.execute("select no, who, n from raw_shop.lines order by no").fetchall()
    assert found == [("1", None, 2), ("2", "17", 3), ("3", None, 4)], "what was sold stays, and is nobody's"
