"""What tests of the consent suite's own paths stand on: a warehouse where everything is permitted, and the SQL of rows that
forbid it, in the sources' own words. Not here: the tests, or the fixture that runs them (conftest.py).
"""

from __future__ import annotations

from data_quality.checks import Check
from orchestration.core.settings import Settings, Source, Table
from orchestration.core.settings.maps import ColumnMap, EntityMap

BY_RECORD, BY_POINT = "no_permission_against_an_opt_out_in_raw", "no_permission_by_a_point_opted_out_in_raw"
BY_PLACE = "no_permission_on_a_postal_address_opted_out_in_raw"
BY_FORMER_KEY = "no_permission_against_an_opt_out_under_a_former_key"
BY_REQUEST, ON_CORRECTED = "no_permission_against_an_objection", "no_permission_on_a_corrected_point"
_OPTINS = dict.fromkeys(("subscriber_id", "email", "list", "status", "stated_at"), "VARCHAR")
_EVENTS = dict.fromkeys(("subscriber_id", "email", "event", "occurred_at"), "VARCHAR")
_STOPS = dict.fromkeys(("id", "who", "point", "topic", "way", "choice", "day"), "VARCHAR")
SETTINGS = Settings(
    company="T",
    sources={
        "email": Source(connector="files", url="/", tables={"optins": Table(columns=_OPTINS), "events": Table(columns=_EVENTS)}),
        "club": Source(
            connector="files",
            url="/",
            tables={
                "stops": Table(
                    columns=_STOPS,
                    maps=[
                        EntityMap(
                            entity="consent_events",
                            columns={
                                "source_key": "id", "person_key": "who", "contact_point": "point", "channel": "way",
                                "purpose": ColumnMap(column="topic", values={"nyhetsbrev": "newsletter"}),
                                "status": ColumnMap(column="choice", values={"JA": "granted", "NEJ": "withdrawn"}),
                                "stated_at": ColumnMap(column="day", formats=["%d.%m.%Y"]),
                            },
                        )
                    ],
                )
            },
        ),
    },
)  # fmt: skip
LOADS = [
    {"load": 1, "source": "email", "table": "optins", "at": "2026-02-01", "inserted": 9},
    {"load": 2, "source": "email", "table": "optins", "at": "2026-06-02", "inserted": 9},
    {"load": 3, "source": "email", "table": "optins", "at": "2026-06-02", "updated": 1},
    {"load": 12, "source": "club", "table": "stops", "at": "2026-05-01", "inserted": 9},
]
PREPARED = """
create schema raw_email; create schema raw_club; create schema marts; create schema reference;
create table raw_email.optins (subscriber_id varchar, email varchar, list varchar, status varchar, stated_at varchar, _extracted_at timestamp, _deleted_at timestamp, _load_id bigint default 2);
create table raw_email.events (subscriber_id varchar, email varchar, event varchar, occurred_at varchar, _extracted_at timestamp, _deleted_at timestamp, _load_id bigint default 2);
create table raw_club.stops (id varchar, who varchar, point varchar, topic varchar, way varchar, choice varchar, day varchar, _extracted_at timestamp, _deleted_at timestamp, _load_id bigint default 2);
create table reference.purposes as from (values ('newsletter', true), ('offers', true), ('survey', false)) t (purpose, is_marketing);
create table reference.channels as from (values ('email', 'email'), ('sms', 'phone'), ('phone', 'phone'), ('post', 'address'), ('ads', 'any')) t (channel, contact_point_kind);
create table identity.customer_source_records (customer_id varchar, source_system varchar, source_key varchar, valid_from timestamp, valid_to timestamp);
insert into identity.customer_source_records values ('c1', 'email', '7', '2025-01-01', null), ('c1', 'club', 'k7', '2025-01-01', '2026-01-01');
create table marts.contact_permissions (customer_id varchar, purpose varchar, channel varchar, contact_point varchar, is_permitted boolean, decided_at timestamp, deciding_event varchar default 'club:g1');
create table identity.golden_records as select 'c1' as customer_id, {'value': 'Anna'} as given_name, {'value': 'Berg'} as family_name, {'value': date '1980-02-03'} as birth_date;
create table reference.identifier_overrides (kind varchar, value_key varchar, verdict varchar, reason varchar);
insert into marts.contact_permissions (customer_id, purpose, channel, contact_point, is_permitted, decided_at) values
    ('c1', 'newsletter', 'email', 'Anna.Berg@x.se', true, '2026-03-01 12:00'), ('c1', 'newsletter', 'sms', '+46 70-111 22 33', true, '2026-03-01 12:00'),
    ('c1', 'survey', 'email', 'anna.berg@x.se', true, '2026-03-01 12:00'), ('c2', 'newsletter', 'email', 'bo@x.se', false, '2026-03-01 12:00');
"""  # fmt: skip
LATER, EARLIER = "2026-06-01 10:00", "2026-02-28 10:00"


def optin(**more: str | None) -> str:
    return _insert("raw_email.optins", {"list": "newsletter", "status": "withdrawn", "stated_at": LATER} | more)


def event(**more: str | None) -> str:
    return _insert("raw_email.events", {"event": "unsubscribe", "occurred_at": LATER} | more)


def stop(**more: str | None) -> str:
    return _insert(
        "raw_club.stops", {"topic": "nyhetsbrev", "way": "email", "choice": "NEJ", "day": "01.06.2026"} | more
    )


def _insert(table: str, row: dict[str, str | None]) -> str:
    return _insert_values(table, row | {"_extracted_at": "2026-06-02"})


def _insert_values(table: str, row: dict[str, str | None]) -> str:
    values = ", ".join("null" if value is None else "'" + value.replace("'", "''") + "'" for value in row.values())
    return f"insert into {table} ({', '.join(row)}) values ({values})"


def correction(field: str, value: str | None, at: str = LATER, key: str = "7") -> str:
    return (
        f"insert into identity.corrections by name select 'email' as source_system, '{key}' as source_key, '{field}' as field, "
        f"{'null' if value is None else repr(value)} as value, timestamp '{at}' as corrected_at, 'r' as request_id"
    )


# who is written to by letter, too
BY_POST = (
    "; insert into marts.contact_permissions (customer_id, purpose, channel, contact_point, is_permitted, decided_at) "
    "values ('c1', 'newsletter', 'post', 'c/o Ek, Storgatan 12 B, 111 22 Malmø', true, '2026-03-01 12:00')"
)
# who is asked about what they bought, and gets no newsletter
OF_SURVEY = "; update marts.contact_permissions set purpose = 'survey'"


def former(at: str | None = "2026-07-01", **known: str | None) -> str:
    """Who had the key k9 of the club before it was given to somebody else."""
    return "; " + _insert_values(
        "identity.former_people",
        {
            "person_system": "club",
            "person_key": "former-1",
            "record_key": "k9",
            "changed_at": at,
            "is_copied": "true",
            **known,
        },
    )


GONE = "; update raw_email.optins set _deleted_at = '2026-07-01'; update raw_club.stops set _deleted_at = '2026-07-01'"


def rows_of(check: Check) -> str:
    """The rows that break a check, as the runner asks for them."""
    if check.breaks:
        return f"select * from marts.contact_permissions b where {check.breaks}"
    return str(check.arguments["unexpected_rows_query"]).format(batch="(select * from marts.contact_permissions)")
