"""The consent suite against raw rows in the sources' own words: a permission that one forbids is seen, whatever models say.

Nothing here runs staging, the ledger or the match keys: the permission stands, as a fault in any of them would leave it.
"""

from __future__ import annotations

import re

import pytest

from data_quality.checks import Check
from data_quality.suites.own_paths import by_paths_of_their_own
from data_quality.suites.plain_junk import is_plain_junk
from data_quality.suites.raw_statements import _REFUSALS, _REFUSED, opt_outs, point_keys
from orchestration.core.settings import Settings, Source, Table
from orchestration.core.settings.maps import ColumnMap, EntityMap
from orchestration.extract.records import prepare_ops
from orchestration.identity.evaluate import load_seeds
from orchestration.identity.former_people import prepare_former_people
from orchestration.match_keys.junk import define_junk
from orchestration.privacy.intake.withdrawals import HARMLESS_KINDS, REFUSAL, WITHDRAWN_WORDS, prepare_withdrawals
from orchestration.privacy.rights.rights import prepare_requests
from tests.loads import note_load
from tests.unit.dbt_project.test_evidence import JUNK, JUNK_NUMBERS, SOMEBODYS, SOMEBODYS_NUMBERS
from tests.unit.mapped import statement_macros
from tests.unit.privacy.test_refusal_words import GRANTS, REFUSALS

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
SEEN = {
    optin(subscriber_id="7"): {BY_RECORD},
    optin(subscriber_id="7") + GONE: {BY_RECORD},
    optin(subscriber_id="7", status=" WITHDRAWN "): {BY_RECORD},
    optin(subscriber_id="7", status="revoked"): {BY_RECORD},
    optin(subscriber_id="7", status="gran\u200bted"): {BY_RECORD},
    optin(subscriber_id="7", list="newsletter\u200b"): {BY_RECORD},
    optin(subscriber_id="7", status="\u200b"): {BY_RECORD},
    optin(subscriber_id="7", status=None): {BY_RECORD},
    optin(subscriber_id="7", status="0", list=" Newsletter"): {BY_RECORD},
    optin(subscriber_id="7", list=None): {BY_RECORD},
    optin(subscriber_id="7", list="direct_marketing"): {BY_RECORD},
    optin(subscriber_id="7", list="direct marketing, survey") + OF_SURVEY: {BY_RECORD},
    optin(subscriber_id="7", list="direktreklam, enkät") + OF_SURVEY: {BY_RECORD},
    optin(subscriber_id="7", list="some list") + OF_SURVEY: {BY_RECORD},
    stop(who="k7", topic="Direct marketing and surveys", way="sms") + OF_SURVEY: {BY_RECORD},
    stop(who="k7", way="any way"): {BY_RECORD},
    optin(subscriber_id="7", stated_at="sometime"): {BY_RECORD},
    optin(subscriber_id="7", stated_at=None): {BY_RECORD},
    # of the year 5 to a cast, and no time at all
    optin(subscriber_id="7", stated_at="05/06/26"): {BY_RECORD},
    optin(subscriber_id="7", stated_at="0001-01-01T00:00:00Z"): {BY_RECORD},
    stop(who="k7", day=None) + "; update raw_club.stops set _deleted_at = '2026-06-02'": {BY_RECORD},
    optin(subscriber_id="7", stated_at="2026-03-01"): {BY_RECORD},
    optin(subscriber_id="7", stated_at="2026-03-01T13:30:00+01:00"): {BY_RECORD},
    optin(subscriber_id="7", stated_at="2026-03-01T00:00:00Z"): {BY_RECORD},
    # of the grant's minute, before its second
    optin(subscriber_id="7", stated_at="2026-03-01T12:15Z") + "; update marts.contact_permissions set decided_at = '2026-03-01 12:15:30'": {BY_RECORD},
    optin(subscriber_id="7", stated_at="2026-03-01 12:15:30") + "; update marts.contact_permissions set decided_at = '2026-03-01 12:15:30.7'": {BY_RECORD},
    optin(email="ANNA.BERG@x.se "): {BY_POINT},
    optin(email="mailto:anna.berg@x.se;"): {BY_POINT},
    optin(email="bo@x.se; \u200banna.berg@x.se"): {BY_POINT},
    optin(email="Anna Berg <anna.berg@x.se>", subscriber_id="not a number"): {BY_POINT},
    optin(email="anna.berg@x.seanna.berg@x.se"): {BY_POINT},
    optin(email="anna.berg@x.sebo@y.no"): {BY_POINT},
    event(subscriber_id="7"): {BY_RECORD},
    event(subscriber_id="7", event="group_unsubscribe"): {BY_RECORD},
    event(email="anna.berg@x.se", event="spamreport"): {BY_POINT},
    event(email="anna.berg@x.se", event="Complained"): {BY_POINT},
    stop(who="k7"): {BY_RECORD},
    stop(who="k7", topic=None, way=None): {BY_RECORD},
    stop(who="k7", choice="NEJ TACK"): {BY_RECORD},
    stop(point="070 111 22 33 (hem)", way="sms"): {BY_POINT},
    stop(point="46701112233@c.us", way="sms"): {BY_POINT},
    stop(point="0701112233@sms.example.com", way="sms"): {BY_POINT},
    **{
        optin(email=written): {BY_POINT}
        for written in (
            "-anna.berg@x.se", "--Anna.Berg@x.se", "1.anna.berg@x.se", "anna.berg@x.se0701112233", "anna.berg, bo.ny@x.se", "anna.berg /bo.ny@x.se", "anna.berg bo@x.se",
            "\\tanna.berg@x.se", "\\r\\nanna.berg@x.se", "anna.berg@x.se.old", "anna.berg@x.se.invalid", "anna.berg@x.se_removed", "deleted_anna.berg@x.se", "OLD-anna.berg@x.se",
            "unsub+anna.berg@x.se",
        )
    },
    **{stop(point=written, way="sms"): {BY_POINT} for written in ("+46%2070%20111%2022%2033", "%2B46%2070%20111%2022%2033", "bo@y.se0701112233")},
    stop(point="C/O EK, Storgatan 12 B,\n11122 Malmø", way="post") + BY_POST: {BY_PLACE},
    stop(who="k9") + former(email_key="anna.berg@x.se"): {BY_FORMER_KEY},
    stop(who="k9", way="sms") + former(phone_key="+46701112233"): {BY_FORMER_KEY},
    stop(who="k9") + former(given_key="anna", family_key="berg", birth_date="1980-02-03") + GONE: {BY_FORMER_KEY},
    "insert into identity.objections by name select 'email' as source_system, '7' as source_key, timestamp '2026-06-01' as stated_at, 'r' as request_id": {BY_REQUEST},
    "insert into identity.objections by name select 'email' as source_system, '7' as source_key, timestamp '2026-06-01' as stated_at, 'r' as request_id, "
    "'survey' as purpose, 'email' as channel": {BY_REQUEST},
    "insert into identity.objections by name select 'email' as source_system, '7' as source_key, timestamp '2026-06-01' as stated_at, 'r' as request_id, "
    "'direct_marketing' as purpose, 'all' as channel": {BY_REQUEST},
    **{
        breach: {ON_CORRECTED}
        for breach in (
            *(correction("email", value) for value in ("anna.berg@x.no", "anna.borg@x.se", "berg@x.se", None)),
            *(correction("phone", value) for value in ("+46 70 111 22 34", "070-211 22 34", None)),
            *(correction("street", value) + BY_POST for value in ("Nygatan 12 B", "Storgatan 14 B", None)),
            correction("city", "Lund") + BY_POST, correction("postal_code", "111 23") + BY_POST,
            correction("email", "anna.berg@x.no", at="2026-03-01 12:00"),
            # of a record that is gone: whoever had it last
            correction("email", "anna.berg@x.no", key="gone") + "; insert into identity.customer_source_records values ('c1', 'email', 'gone', '2025-01-01', '2026-01-01')",
        )
    },
}  # fmt: skip
# signs that cannot be seen, around a word
UNSEEN = ("Granted ", "granted\u200b", "\u00a0granted\t", "\ufeffgranted", "granted\u2060\n")
# what no check may cry about: it came before the grant, is of something else, of nobody here, or no refusal
ALLOWED = [
    optin(subscriber_id="7", stated_at=EARLIER),
    *(optin(subscriber_id="7", status=word) for word in UNSEEN),
    *(stop(who="k7", choice=word.lower().replace("granted", "ja")) for word in UNSEEN),
    optin(subscriber_id="7", list="offers"),
    optin(subscriber_id="7", stated_at="2026-03-01T12:15Z")
    + "; update marts.contact_permissions set decided_at = '2026-03-01 12:16'",
    optin(subscriber_id="8"),
    *(
        optin(subscriber_id="7", list=said) + OF_SURVEY
        for said in (
            "direct_marketing",
            "Direkt-Reklam",
            "direkte markedsføring",
            "suoramarkkinointi",
            "marketing",
            "newsletter",
        )
    ),
    # without a time: known since the table's first load, and written again or deleted since
    optin(subscriber_id="7", stated_at=None, _load_id="3"),
    optin(subscriber_id="7", stated_at=None) + "; update raw_email.optins set _deleted_at = '2026-06-02'",
    optin(email="annaberg@x.se"),
    event(subscriber_id="7", event="open"),
    event(subscriber_id="7", event="bounce"),
    event(subscriber_id="7", occurred_at=EARLIER),
    stop(who="k7", choice="ja"),
    stop(who="k7", day="28.02.2026"),
    stop(who="k7", way="post"),
    # a name or a label before an address, another address, what a neighbour says who is known
    *(
        optin(email=written)
        for written in (
            "Anna.Berg <bo@x.se>",
            "anna.berg: bo@x.se",
            "(anna.berg) bo@x.se",
            "anna.berg, bo@y.se",
            "anna.berg@x.se.no",
        )
    ),
    stop(point="Storgatan 14 B, 111 22 Malmø", way="post") + BY_POST,
    stop(point="c/o Ek, Storgatan 12 B, 111 22 Malmø", way="post", who="k8")
    + BY_POST
    + "; insert into identity.customer_source_records values ('c2', 'club', 'k8', '2025-01-01', null)",
    # of another key, of somebody else, or said when the key was another's; whose record is gone is seen by their record
    stop(who="k8") + former(email_key="anna.berg@x.se"),
    stop(who="k9") + former(email_key="bo@x.se", given_key="anna", family_key="berg", birth_date="1981-02-03"),
    stop(who="k9") + former(email_key="anna.berg@x.se", at="2026-05-01"),
    stop(who="k9") + former(email_key="anna.berg@x.se", at=None),
    "insert into identity.objections by name select 'email' as source_system, '7' as source_key, timestamp '2026-01-01' as stated_at, 'r' as request_id",
    # corrected before the grant, to what was granted in another spelling, somebody else's, or another field
    correction("email", "anna.borg@x.se", at=EARLIER),
    *(
        correction("email", value)
        for value in ("anna.berg@x.se", "Anna.Berg+news@X.se", "annaberg@x.se.", "ANNA.BERG@xn--x-xla.se")
    ),
    *(correction("phone", value) for value in ("+46701112233", "070-111 22 33", "0046 70 11 12 233")),
    *(correction("street", value) + BY_POST for value in ("Storgatan 12B", "STORGATAN 12 b")),
    *(
        correction(field, value) + BY_POST
        for field, value in (("city", "Malmö"), ("city", "Malmoe"), ("postal_code", "SE-111 22"))
    ),
    correction("email", "bo@y.se", key="8"),
    correction("gender", "f"),
]


def test_staging_and_the_ledger_read_the_same_words_as_grants(warehouse):
    prepare_withdrawals(warehouse)
    words = (*UNSEEN, "gran\u200bted", "\u200b", "no")
    warehouse.execute("create table said (status varchar)")
    warehouse.executemany("insert into said values (?)", [(word,) for word in words])
    staged, noted = statement_macros().is_granted("status"), "coalesce(said_word(status) = 'granted', false)"
    for granted in (staged, noted):
        found = dict(warehouse.execute(f"select status, {granted} from said").fetchall())
        assert found == {word: word in UNSEEN for word in words}


@pytest.fixture
def planted(warehouse):
    """Which checks fail once the SQL was run on a warehouse where everything is permitted."""
    prepare_requests(warehouse)
    prepare_ops(warehouse)
    prepare_former_people(warehouse)
    for load in LOADS:
        note_load(warehouse, **load)
    warehouse.execute(PREPARED)

    def go(breach: str, settings: Settings = SETTINGS) -> set[str]:
        warehouse.execute("begin")
        warehouse.execute(breach)
        failed = {
            check.name for check in by_paths_of_their_own(settings) if warehouse.execute(rows_of(check)).fetchall()
        }
        warehouse.execute("rollback")
        return failed

    return go


def rows_of(check: Check) -> str:
    """The rows that break a check, as the runner asks for them."""
    if check.breaks:
        return f"select * from marts.contact_permissions b where {check.breaks}"
    return str(check.arguments["unexpected_rows_query"]).format(batch="(select * from marts.contact_permissions)")


def test_each_opt_out_in_raw_is_seen_and_nothing_else(planted):
    assert {breach: planted(breach) for breach in SEEN} == SEEN
    assert {breach: failed for breach in ALLOWED if (failed := planted(breach))} == {}


ON_JUNK = "no_permission_on_junk"


def _permitted_on(point: str) -> str:
    channel = "email" if "@" in point else "sms"
    return f"update marts.contact_permissions set contact_point = '{point}' where is_permitted and purpose = 'newsletter' and channel = '{channel}'"


def test_a_permission_on_plain_junk_is_seen_and_on_none_that_the_models_let_pass(planted, warehouse):
    plain = ["none@none.se", "No-Reply@x.se", "saknas2@x.se", "test+anna@x.se", "kund@kassa.invalid", "070-111 11 11", "0701234567", "+45 87 65 43 21"]  # fmt: skip
    assert {point for point in plain if planted(_permitted_on(point)) != {ON_JUNK}} == set()
    trust = "insert into reference.identifier_overrides values ('email', 'test@x.se', 'trust', 'Mr Test'), ('phone', '+46701234567', 'trust', 'ours')"
    assert planted(f"{trust}; {_permitted_on('Test@x.se')}") == planted(f"{trust}; {_permitted_on('070-123 45 67')}") == set()  # fmt: skip
    load_seeds(warehouse)
    define_junk(warehouse)
    points = [*JUNK, *SOMEBODYS, *JUNK_NUMBERS, *SOMEBODYS_NUMBERS]
    key = "case when contains(p, '@') then match_keys.email_key(p) else '+' || match_keys.digits_in(p) end"
    asked = f"select p, {is_plain_junk('p')} as is_seen, is_junk(case when contains(p, '@') then 'email' else 'phone' end, {key}) as is_junk from (select unnest($1) as p)"
    found = warehouse.execute(asked, [points]).fetchall()
    assert {point for point, is_seen, is_junk in found if is_seen and not is_junk} == set()
    assert {point for point, is_seen, _ in found if is_seen} <= {*JUNK, *JUNK_NUMBERS}


@pytest.mark.parametrize("ignored", ["", "Vet ej"])
def test_a_status_that_the_configuration_ignores_is_no_opt_out(planted, ignored):
    """An empty field of a file is null in raw."""
    club = SETTINGS.sources["club"].tables["stops"]
    choice = ColumnMap(column="choice", values={"JA": "granted"}, ignore=[ignored])
    mapping = club.maps[0].model_copy(update={"columns": club.maps[0].columns | {"status": choice}})
    table = club.model_copy(update={"maps": [mapping]})
    sources = {"club": SETTINGS.sources["club"].model_copy(update={"tables": {"stops": table}})}
    settings = SETTINGS.model_copy(update={"sources": sources})
    words = [None, "", " ", "vet ej", "nej"]
    seen = {word for word in words if BY_RECORD in planted(stop(who="k7", choice=word), settings)}
    assert seen == ({"vet ej", "nej"} if ignored == "" else {None, "", " ", "nej"})


def test_no_check_has_what_the_driver_reads_as_a_parameter():
    asked = {check.name: rows_of(check) for check in by_paths_of_their_own(SETTINGS)}
    assert {name: found for name, sql in asked.items() if (found := re.findall(r"(?<!:):[A-Za-z_]\w*", sql))} == {}


def test_opt_outs_of_no_source_are_none_and_keys_are_of_all_that_is_written(warehouse):
    assert (
        warehouse.execute(opt_outs(Settings(company="T", sources={"s": Source(connector="files", url="/")}))).fetchall()
        == []
    )
    keys = {
        "a@x.se, b@y.se": ["a@x.se", "b@y.se"], "tel +46 (0)70-111 22 33": ["701112233"], "12 34": [], "Åsa@x.se.": ["åsa@x.se"],
        "%3Canna@x.se%3E": ["anna@x.se"], "mailto%3Aanna@x.se": ["anna@x.se"], "anna%2bnyhet@x.se": ["anna+nyhet@x.se"], "ａｎｎａ@x.se": ["anna@x.se"],
        # with something behind a number: both ways to read it
        "0731110000 (2)": ["311100002", "731110000"], "073-111 00 00-1": ["311100001", "731110000"], "0731110000 12": ["111000012", "731110000"],
        "+46 73 111 00 00": ["731110000"], "0731110000": ["731110000"], "08-123 45 67": ["081234567"],
    }  # fmt: skip
    found = warehouse.execute(f"select point, {point_keys('point')} from (select unnest($1) as point)", [list(keys)])
    assert dict(found.fetchall()) == keys


def test_local_times_never_cry_without_a_cause_and_an_offset_is_read(planted):
    email = SETTINGS.sources["email"].model_copy(update={"timezone": "Europe/Stockholm"})
    local = SETTINGS.model_copy(update={"sources": {"email": email}})

    def seen(at: str) -> bool:
        return BY_RECORD in planted(optin(subscriber_id="7", stated_at=at), local)

    # granted at 12:00 UTC: 12:30 in Stockholm was before
    assert [seen(at) for at in ("2026-03-01 12:30", "2026-03-01T12:30:00Z", "2026-03-01T13:30:00+01:00")] == [False, True, True]  # fmt: skip
    assert seen("2026-03-02 12:30") and not seen("2026-03-01T12:30:00+01:00")


def test_a_grant_of_an_unknown_zone_that_comes_soon_after_a_withdrawal_is_seen(planted):
    """The grant of 12:00, without an offset, may be of 22:00 UTC on the day before."""
    granted = stop(id="g1", who="k7", choice="JA", day="01.03.2026 12:00")

    def seen(at: str, zone: str | None = None) -> bool:
        sources = SETTINGS.sources | {"club": SETTINGS.sources["club"].model_copy(update={"timezone": zone})}
        settings = SETTINGS.model_copy(update={"sources": sources})
        return BY_RECORD in planted(f"{granted}; {event(subscriber_id='7', occurred_at=at)}", settings)

    assert [seen(at) for at in ("2026-02-28T22:00:00Z", "2026-02-28T21:59:00Z")] == [True, False]
    # both without an offset, of two sources: the withdrawal may be as much later
    assert [seen(at) for at in ("2026-02-28 10:00:00", "2026-02-28 09:59:00")] == [True, False]
    assert not seen("2026-03-01T11:59:00Z", "UTC") and seen("2026-03-01T12:00:00Z", "UTC")


def test_a_grant_that_the_raw_path_cannot_name_is_compared_as_its_time_is_written(planted):
    """A lawful second grant some hours after a withdrawal, both of one source without a zone, whatever the grant's key is."""
    club = SETTINGS.sources["club"].tables["stops"]

    def seen(event_key: str, refused: str, key: str | list[str] = "id") -> bool:
        mapping = club.maps[0].model_copy(update={"columns": club.maps[0].columns | {"source_key": key}})
        table = club.model_copy(update={"maps": [mapping]})
        sources = SETTINGS.sources | {"club": SETTINGS.sources["club"].model_copy(update={"tables": {"stops": table}})}
        rows = f"{stop(id='g1', who='k7', choice='JA', day='01.03.2026 12:00')}; {stop(id='w1', who='k7', day=refused)}"
        decides = f"update marts.contact_permissions set deciding_event = '{event_key}'"
        return BY_RECORD in planted(f"{rows}; {decides}", SETTINGS.model_copy(update={"sources": sources}))

    for event_key, key in (
        ("club:g1", "id"),
        ("club:g1|2", "id"),
        ("club:g1|0123456789abcdef0123456789abcdef", "id"),
        ("club:g1|k7", ["id", "who"]),
    ):
        assert not seen(event_key, "2026-03-01 11:00:00", key), event_key
        assert seen(event_key, "2026-03-01 13:00:00", key), event_key


def test_a_key_of_two_statements_on_different_clocks_is_of_none(planted):
    rows = [stop(id="g1", who="k7", choice="JA", day=day) for day in ("01.03.2026 12:00", "2026-03-01T12:00:00Z")]
    # the withdrawal's time has no offset: against the second it may be as much later
    refused = event(subscriber_id="7", occurred_at="2026-03-01 11:00:00")
    assert BY_RECORD in planted(f"{rows[1]}; {refused}") and BY_RECORD not in planted(f"{'; '.join(rows)}; {refused}")


def test_no_word_that_the_ledger_refuses_by_is_missing_in_the_raw_path():
    examples = [*REFUSALS, *MORE_REFUSALS]
    for part in alternatives(REFUSAL):
        assert any(re.search(part, word.lower()) for word in examples), f"give an example of {part}"
    missed = [word for word in examples if re.search(REFUSAL, word.lower()) and not re.search(_REFUSALS, word.lower())]
    assert missed == [] and set(WITHDRAWN_WORDS) <= set(_REFUSED)
    cries = [
        word
        for word in (*GRANTS, *HARMLESS_KINDS)
        if re.search(_REFUSALS, word) or (word in _REFUSED and word in GRANTS)
    ]
    assert cries == []


MORE_REFUSALS = [
    "group_unsubscribe", "spamreport", "complained", "abuse report", "feedback loop", "stop", "återtagen", "fravalgt", "fravalt", "bortvald",
    "framelding", "refused", "cancel by the contact", "blocked by recipient", "trukk tilbake", "avslag", "afslag", "avvist", "naegtet", "spaerret",
    "spærret", "sperret", "kiellä", "en halua",
]  # fmt: skip


def alternatives(pattern: str) -> list[str]:
    """The parts of a pattern between its outermost bars."""
    found, depth = [""], 0
    for letter in pattern:
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and not depth:
            found.append("")
        else:
            found[-1] += letter
    return found


def test_a_status_that_refuses_is_seen_where_every_other_word_grants(planted):
    club = SETTINGS.sources["club"].tables["stops"]
    choice = ColumnMap.model_validate({"column": "choice", "values": {"JA": "granted"}, "else": "granted"})
    mapping = club.maps[0].model_copy(update={"columns": club.maps[0].columns | {"status": choice}})
    table = club.model_copy(update={"maps": [mapping]})
    sources = {"club": SETTINGS.sources["club"].model_copy(update={"tables": {"stops": table}})}
    settings = SETTINGS.model_copy(update={"sources": sources})
    words = ["Avanmäld", "nej tack", "tilbagekaldt", "peruttu", " DENIED ", "0", "blocked", "kanske", "active"]
    assert [word for word in words if BY_RECORD in planted(stop(who="k7", choice=word), settings)] == words[:-2]
