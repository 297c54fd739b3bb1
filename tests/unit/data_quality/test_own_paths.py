"""The consent suite against raw rows in the sources' own words: a permission that one forbids is seen, whatever models say.

Nothing here runs staging, the ledger or the match keys: the permission stands, as a fault in any of them would leave it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from data_quality.suites.own_paths import by_paths_of_their_own
from data_quality.suites.plain_junk import is_plain_junk
from data_quality.suites.raw_keys import point_keys
from data_quality.suites.raw_statements import opt_outs
from orchestration.core.settings import Settings, Source
from orchestration.identity.evaluate import load_seeds
from orchestration.match_keys.junk import define_junk
from orchestration.privacy.intake.withdrawals import prepare_withdrawals
from tests.unit.data_quality.opt_outs import (
    BY_FORMER_KEY,
    BY_PLACE,
    BY_POINT,
    BY_POST,
    BY_RECORD,
    BY_REQUEST,
    EARLIER,
    GONE,
    OF_SURVEY,
    ON_CORRECTED,
    SETTINGS,
    correction,
    event,
    former,
    optin,
    rows_of,
    stop,
)
from tests.unit.dbt_project.test_evidence import JUNK, JUNK_NUMBERS, SOMEBODYS, SOMEBODYS_NUMBERS
from tests.unit.mapped import statement_macros

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


_FURTHER = re.compile(r"; (?=update |insert )")


def _together(breaches: Iterable[str]) -> list[tuple[list[str], str]]:
    """(Some of them, all of these as one): of rows in raw that are planted with the same further statements, the rows and then these."""
    alike: dict[tuple[str, str], list[str]] = {}
    for breach in breaches:
        first, *more = _FURTHER.split(breach)
        table = "" if first.startswith("insert into raw_") else breach
        alike.setdefault((table, "".join(f"; {one}" for one in more)), []).append(breach)
    return [(some, "; ".join(_FURTHER.split(one)[0] for one in some) + more) for (_, more), some in alike.items()]


def test_each_opt_out_in_raw_is_seen(planted):
    assert {breach: planted(breach, only=checks) for breach, checks in SEEN.items()} == SEEN


@pytest.mark.slow
def test_nothing_else_is_cried_about(planted):
    """What is planted together is looked into one by one where a check cries: planning the checks takes a second."""
    cried = {}
    for checks in {*map(frozenset, SEEN.values())}:
        for some, rows in _together(breach for breach, seen_by in SEEN.items() if seen_by == checks):
            if planted(rows) != checks:
                cried |= {breach: failed for breach in some if (failed := planted(breach)) != checks} or {rows: checks}
    for some, rows in _together(ALLOWED):
        if failed := planted(rows):
            cried |= {breach: failed for breach in some if (failed := planted(breach))} or {rows: failed}
        # nor do they hide what is planted beside them
        if planted(f"{rows}; {stop(who='k7', topic=None, way=None)}", only={BY_RECORD}) != {BY_RECORD}:
            cried[rows] = "an opt-out beside these is not seen"
    assert cried == {}


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
