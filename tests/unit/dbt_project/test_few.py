"""What bi tells of few people, by hand-written rows: no cell, and no difference of two cells that are shown, is of one to four."""

from __future__ import annotations

import itertools

import pytest

from orchestration.contracts.reasons import words
from orchestration.contracts.seeds import SEEDS
from orchestration.match_keys import define_match_keys
from orchestration.privacy.intake.personal_text import prepare_shown_values
from tests.unit.compiled import compiled_models

MODELS = ("bi_contact_compliance", "bi_permission_overview", "bi_email_campaigns", "bi_consent_overview")


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_models(tmp_path_factory, MODELS)


@pytest.fixture
def bi(warehouse, models):
    """The rows of a model on the tables as they stand."""
    define_match_keys(warehouse)
    prepare_shown_values(warehouse)
    warehouse.execute("""
create schema marts; create schema conformed; create schema reference; create schema if not exists ops;
create table ops.clock as select timestamp '2026-06-01' as as_of;
create table reference.permission_reasons as from read_csv('"""
        + f"{SEEDS}/permission_reasons.csv"
        + """');
create table reference.data_categories as select 'consent' as category, 1825 as retention_days;
create table marts.fct_contact_compliance (source_system varchar, source_key varchar, customer_id varchar, purpose varchar, channel varchar, occurred_at timestamp, is_lawful boolean, reason_code varchar, reason varchar);
create table marts.fct_email_events (source_system varchar, source_key varchar, customer_id varchar, person_system varchar, person_key varchar, campaign_key varchar, kind varchar, occurred_at timestamp);
create table conformed.conformed_email_events (source_system varchar, source_key varchar, person_system varchar, person_key varchar, contact_point varchar);
create table conformed.conformed_campaigns as select 'email' as source_system, '1' as source_key, 'Spring' as name, 'newsletter' as purpose, timestamp '2026-05-01' as sent_at;
create table marts.contact_permissions (customer_id varchar, purpose varchar, channel varchar, is_permitted boolean, reason_code varchar, reason varchar, expires_at timestamp, decided_at timestamp);
""")  # fmt: skip
    number = itertools.count()

    def sent(people: int, is_lawful: bool, code: str, *, each: int = 1, known: bool = True, day: str = "2026-05-02"):
        for _ in range(people):
            who = f"c{next(number)}"
            for _ in range(each):
                key = f"m{next(number)}"
                point = f"{who}@x.se"
                warehouse.execute(
                    "insert into marts.fct_contact_compliance values ('email', ?, ?, 'newsletter', 'email', ?, ?, ?, ?)",
                    [key, who if known else None, day, is_lawful, code, words(code)],
                )
                warehouse.execute("insert into conformed.conformed_email_events values ('email', ?, null, null, ?)", [key, point])  # fmt: skip

    def permitted(customers: int, is_permitted: bool, code: str):
        for _ in range(customers):
            warehouse.execute("insert into marts.contact_permissions values (?, 'newsletter', 'email', ?, ?, ?, null, '2026-01-01')", [f"c{next(number)}", is_permitted, code, words(code)])  # fmt: skip

    def go(model: str, columns: str = "columns(lambda c: c != 'reason_code')") -> list[tuple]:
        return warehouse.execute(f"select {columns} from ({models[model]}) order by all").fetchall()

    go.sent, go.permitted, go.run = sent, permitted, warehouse.execute
    return go  # fmt: skip


SOME = "other (small groups)"


def test_one_message_to_nobody_known_is_published_without_its_count(bi):
    bi.sent(1, False, "recipient_unknown", known=False)
    assert [row[1:] for row in bi("bi_contact_compliance")] == [("newsletter", "email", None, SOME, None)]


def test_messages_to_one_unknown_address_are_of_one_person(bi):
    bi.sent(1, False, "recipient_unknown", each=9, known=False)
    assert [row[-1] for row in bi("bi_contact_compliance")] == [None]
    bi.sent(4, False, "recipient_unknown", known=False)
    assert [row[-2:] for row in bi("bi_contact_compliance")] == [("nobody is known whom it went to", 13)]


def test_the_total_less_what_is_shown_tells_of_no_few(bi):
    bi.sent(100, True, "granted")
    bi.sent(20, False, "withdrawn")
    bi.sent(3, False, "not_granted_before")
    bi.sent(6, True, "granted", day="2026-04-30")
    shown = {(str(row[0]), *row[3:]) for row in bi("bi_contact_compliance")}
    assert shown == {
        ("2026-05-01", True, "granted", 100),
        ("2026-05-01", None, SOME, 23),
        ("2026-04-01", True, "granted", 6),
    }
    told = bi("bi_contact_compliance", "distinct reason_code, reason")
    assert told == [("granted", "granted"), ("several", words("several"))]
    bi.run("delete from marts.fct_contact_compliance where is_lawful")
    assert [row[3:] for row in bi("bi_contact_compliance")] == [(None, SOME, 23)]  # fmt: skip


def test_permissions_of_few_are_told_with_others_and_the_two_overviews_agree(bi):
    bi.permitted(30, True, "granted")
    bi.permitted(8, False, "withdrawn")
    bi.permitted(2, False, "grant_expired")
    assert [row[2:] for row in bi("bi_permission_overview")] == [("granted", 30, 30), (SOME, 10, None)]
    assert bi("bi_permission_overview", "reason_code, reason") == [
        ("granted", "granted"),
        ("several", words("several")),
    ]
    # customers, permitted, expiring, withdrawn, to be asked again, closed
    assert [row[2:] for row in bi("bi_consent_overview")] == [(40, 30, 0, None, None, 0)]
    bi.run("delete from marts.contact_permissions where reason_code = 'grant_expired'")
    assert [row[2:] for row in bi("bi_permission_overview")] == [("granted", 30, 30), ("withdrawn", 8, 0)]
    assert [row[2:] for row in bi("bi_consent_overview")] == [(38, 30, 0, 8, 0, 0)]
    bi.run(
        "delete from marts.contact_permissions where reason_code = 'granted'; delete from marts.contact_permissions where rowid % 2 = 0"
    )
    assert [row[2:] for row in bi("bi_permission_overview")] == [(SOME, None, None)]  # fmt: skip


def test_a_campaign_counts_people_and_not_their_clicks(bi):
    def events(kind: str, people: range, times: int = 1):
        for n in people:
            for time in range(times):
                bi.run("insert into marts.fct_email_events values ('email', ?, ?, 'email', ?, '1', ?, null)", [f"{kind}{n}-{time}", f"c{n}", str(n), kind])  # fmt: skip

    events("sent", range(20))
    events("delivered", range(12))
    events("bounced", range(12, 20))
    events("opened", range(3), times=40)
    events("clicked", range(6), times=3)
    (row,) = bi("bi_email_campaigns")
    assert row[2:4] == ("Spring", "newsletter") and row[5:] == (20, 12, None, 6, 8, 0, 0, 6)
    # two bounced: how many it was sent to would tell
    bi.run(
        "delete from marts.fct_email_events where kind = 'bounced' and customer_id > 'c13'; delete from marts.fct_email_events where kind = 'sent' and customer_id > 'c13' and length(customer_id) = 3"
    )
    (row,) = bi("bi_email_campaigns")
    assert row[5:] == (None, 12, None, 6, None, 0, 0, 6)  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        # sent, delivered, opened, clicked, bounced, unsubscribed, complained
        ((30, 30, 28, 10, 0, 0, 0), (30, 30, None, 10, 0, 0, 0)),  # two did not open
        ((30, 30, 20, 17, 0, 0, 0), (30, 30, 20, None, 0, 0, 0)),  # three opened and did not click
        ((30, 30, 30, 30, 0, 30, 0), (30, 30, 30, 30, 0, 30, 0)),
        ((30, 30, 9, 5, 0, 8, 6), (30, 30, 9, None, 0, None, None)),
        ((30, 2, 0, 0, 28, 0, 0), (30, None, None, None, None, None, None)),
    ],
)
def test_no_two_counts_of_a_campaign_tell_of_few_by_their_difference(bi, counts, shown):
    kinds = ("sent", "delivered", "opened", "clicked", "bounced", "unsubscribed", "complained")
    for kind, people in zip(kinds, counts, strict=True):
        first = 30 - people if kind == "bounced" else 0
        for n in range(first, first + people):
            bi.run("insert into marts.fct_email_events values ('email', ?, ?, 'email', ?, '1', ?, null)", [f"{kind}{n}", f"c{n}", str(n), kind])  # fmt: skip
    (row,) = bi("bi_email_campaigns")
    told = [count for count in row[5:] if count is not None]
    differences = {abs(a - b) for a, b in itertools.combinations(told, 2)}
    assert not differences & {1, 2, 3, 4}
    assert row[5:12] == shown


def test_a_program_that_opens_a_message_at_once_reads_nothing(bi):
    def events(kind: str, people: range, after: str):
        for n in people:
            bi.run("insert into marts.fct_email_events values ('email', ?, ?, 'email', ?, '1', ?, timestamp '2026-05-01' + cast(? as interval))", [f"{kind}{n}-{after}", f"c{n}", str(n), kind, after])  # fmt: skip

    events("delivered", range(30), "0 seconds")
    events("opened", range(20), "2 seconds")
    # six of them, and nobody else, opened it again later, or clicked
    events("opened", range(3), "2 hours")
    events("clicked", range(3, 6), "3 seconds")
    (row,) = bi("bi_email_campaigns", "delivered_count, opened_count, clicked_count, read_count")
    assert row == (30, 20, None, None)
    events("opened", range(6, 14), "2 hours")
    (row,) = bi("bi_email_campaigns", "delivered_count, opened_count, read_count")
    assert row == (30, 20, 14)
    # two who opened and did not read would be told by the difference: what programs are in is not told then
    events("opened", range(14, 18), "2 hours")
    (row,) = bi("bi_email_campaigns", "delivered_count, opened_count, read_count")
    assert row == (30, None, 18)


def test_permissions_that_expire_are_not_told_where_few_go_on(bi):
    bi.permitted(20, True, "granted")
    bi.run("update marts.contact_permissions set expires_at = '2026-06-10' where rowid < 17")
    assert [row[2:] for row in bi("bi_consent_overview")] == [(20, 20, None, 0, 0, 0)]
    bi.run("update marts.contact_permissions set expires_at = null where rowid >= 10")
    assert [row[2:] for row in bi("bi_consent_overview")] == [(20, 20, 10, 0, 0, 0)]


def test_no_difference_of_the_two_overviews_tells_of_few(bi):
    bi.permitted(30, True, "granted")
    bi.permitted(20, False, "withdrawn")
    bi.permitted(2, False, "granted_and_withdrawn")
    bi.permitted(9, False, "grant_expired")
    # two of both at once: told with those that expired, so that neither sum of the overview is to be had
    assert [row[2:4] for row in bi("bi_permission_overview")] == [("granted", 30), (SOME, 11), ("withdrawn", 20)]
    assert [row[2:] for row in bi("bi_consent_overview")] == [(61, 30, 0, None, None, 0)]
