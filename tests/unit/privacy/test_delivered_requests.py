"""Requests that a source delivers: what their words ask for, and what ends at once whatever else becomes of them.

Not here: erasures that wait (test_holds.py), requests in a whole night (tests/integration/test_rights.py).
"""

from __future__ import annotations

import errno
from datetime import date, datetime, timedelta

import duckdb
import pytest

from orchestration.core.clock import now
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.extract import prepare_raw
from orchestration.privacy.intake.request_words import (
    ended_purpose,
    ends_contact,
    ends_nothing,
    purpose_ended,
    read_kind,
)
from orchestration.privacy.rights.deadlines import deadlines
from orchestration.privacy.rights.register import requests
from orchestration.run.requests import take_up_requests
from tests.unit.two_people import build, build_upon, settings_of

MARKETING, ALL = "direct_marketing", "all"
RECEIVED = "2026-05-01"


@pytest.mark.parametrize(
    ("written", "kind", "ends"),
    [
        ("object", "object", MARKETING),
        (" Objection ", "object", MARKETING),
        ("I object to\nyour newsletters", "object", MARKETING),
        ("Invändning mot direktreklam", "object", MARKETING),
        ("indsigelse", "object", MARKETING),
        ("vastustan markkinointia", "object", MARKETING),
        ("opt-out", "object", ALL),
        ("Unsubscribe", "object", ALL),
        ("Please\r\nunsubscribe\r\nme", "object", ALL),
        ("I object, unsubscribe me", "object", ALL),
        ("withdraw", "object", ALL),
        ("avregistrera", "object", ALL),
        ("erase", "erase", ALL),
        ("Erasure", "erase", ALL),
        ("DELETE", "erase", ALL),
        ("gdpr_delete", "gdpr delete", ALL),
        ("Radera", "erase", ALL),
        ("sletting", "erase", ALL),
        ("slet", "erase", ALL),
        ("poista", "erase", ALL),
        ("\u200bforget\u200b", "erase", ALL),
        # it may be an erasure, which nothing undoes: a person has to read it
        ("remove me", "remove me", ALL),
        ("unsubscribe\nand delete me", "unsubscribe and delete me", ALL),
        ("Ta bort mig", "ta bort mig", ALL),
        ("glo\u0308m mig", "glöm mig", ALL),
        ("vennligst fjern meg", "vennligst fjern meg", ALL),
        ("unohtakaa minut", "unohtakaa minut", ALL),
        ("Restrict", "restrict", ALL),
        ("begränsning", "restrict", ALL),
        ("please restrict my data", "please restrict my data", ALL),
        ("export", "export", None),
        ("rectify", "rectify", None),
        ("portability", "portability", None),
        (None, "", None),
    ],
)
def test_the_words_of_a_request_say_what_it_asks_for_and_what_ends_at_once(written, kind, ends):
    assert (read_kind(written), ended_purpose(written)) == (kind, ends)
    # a line that was rejected is read by the same words
    said = [sql("k") for sql in (ends_contact, purpose_ended, ends_nothing)]
    found = duckdb.execute(f"select {', '.join(said)} from (select $1::varchar as k)", [written]).fetchall()
    assert found == [(ends is not None, ends or ALL, kind in ("export", "rectify"))]


@pytest.fixture
def night(home, warehouse, resolve, tmp_path, monkeypatch):
    """Takes up requests (request_id, kind, customer, email, record, is checked) of a warehouse of two, and says their states."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    settings = settings_of(tmp_path)
    ids = build(home, warehouse, resolve, settings)

    def go(con, *rows: tuple) -> dict[str, tuple[str, str]]:
        con.execute("delete from raw_requests.requests")
        for row in rows:
            con.execute(
                "insert into raw_requests.requests by name select $1 as request_id, $2 as kind, $3 as customer_id, $4 as email, $5 as source_record, "
                f"$6 as is_identity_checked, timestamp '{RECEIVED}' as received_at, 1 as _load_id, now()::timestamp as _extracted_at",
                list(row),
            )
        take_up_requests(con, home, settings, now())
        found = con.execute("select reference, kind, state from restricted.rights_requests where reference is not null")
        return {reference: (kind, state) for reference, kind, state in found.fetchall()}

    go.ids, go.home, go.settings = ids, home, settings
    with open_warehouse(home, settings.engine) as con:
        go.con = con
        yield go


def objected(con) -> list[tuple[str, str, str]]:
    return con.execute(
        "select distinct source_system, source_key, purpose from identity.objections order by all"
    ).fetchall()


def withdrawn(con) -> list[tuple[str, str, str]]:
    return con.execute("select contact_point, purpose, channel from identity.withdrawals order by all").fetchall()


HERS, HIS = [("crm", "1"), ("webshop", "1")], [("crm", "2")]


def test_whatever_refuses_denies_at_once_in_whatever_state_it_is_and_names_whomever(night):
    con, ids = night.con, night.ids
    assert night(con, ("r1", "remove me", None, "new@x.se", None, True)) == {"r1": ("invalid", "invalid")}
    assert withdrawn(con) == [("new@x.se", ALL, ALL)] and objected(con) == []
    # of an erasure that nobody has checked: contact ends, the person stays
    found = night(con, ("r2", "erase", ids["1"], None, None, False))
    assert found["r2"] == ("erase", "unchecked") and objected(con) == [(*r, ALL) for r in HERS]
    # said in two ways, which may mean two people, and by an address besides
    found = night(con, ("r3", "erase", ids["2"], "old@x.se", None, True))
    assert found["r3"] == ("erase", "invalid") and objected(con) == [(*r, ALL) for r in sorted(HERS + HIS)]
    assert withdrawn(con) == [("new@x.se", ALL, ALL), ("old@x.se", ALL, ALL)]
    # once, and not once a night
    before = [con.execute(f"select count(*) from identity.{t}").fetchall() for t in ("objections", "withdrawals")]
    again = [("r1", "remove me", None, "new@x.se", None, True), ("r2", "erase", ids["1"], None, None, False)]
    assert night(con, *again) == found
    assert [
        con.execute(f"select count(*) from identity.{t}").fetchall() for t in ("objections", "withdrawals")
    ] == before
    assert con.execute("select count(*) from identity.customer_source_records where valid_to is null").fetchall() == [
        (3,)
    ]
    # a record that is none stops no night, and its address is denied
    con.execute("delete from identity.withdrawals")
    rows = [
        (f"o{n}", "object", None, f"p{n}@x.se", record, False) for n, record in enumerate((":7", "crm:", "crm", ":"))
    ]
    # an objection with a bad record is one by its address
    found = night(con, *rows)
    assert {found[f"o{n}"] for n in range(4)} == {("object", "unknown")}
    assert withdrawn(con) == [(f"p{n}@x.se", MARKETING, ALL) for n in range(4)]
    assert night(con, ("e", "erase", None, None, "crm:", True))["e"] == ("erase", "invalid")
    assert night(con, ("x", "export", None, None, ":7", True))["x"] == ("export", "invalid")


def test_requests_of_the_very_first_night_are_listed_and_taken_up_by_the_next(
    home, warehouse, resolve, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    settings = settings_of(tmp_path)
    prepare_raw(warehouse, settings)
    for row in (
        ("r1", "erase", "nobody@x.se", True),
        ("r2", "export", "anna@berg.se", False),
        ("r3", "remove me", "anna@berg.se", True),
        ("r4", "object", "anna@berg.se", False),
    ):
        warehouse.execute(
            "insert into raw_requests.requests by name select $1 as request_id, $2 as kind, $3 as email, $4 as is_identity_checked, "
            f"timestamp '{RECEIVED}' as received_at, 1 as _load_id, now()::timestamp as _extracted_at",
            list(row),
        )
    # there is no customer yet; a run that is repeated notes none twice
    assert take_up_requests(warehouse, home, settings, now()) == {"received": 4}
    assert take_up_requests(warehouse, home, settings, now()) == {}
    first = {r.reference: r for r in requests(warehouse)}
    assert [(n, r.kind, r.state, str(r.due_on), r.closed_at) for n, r in sorted(first.items())] == [
        ("r1", "erase", "received", "2026-06-01", None),
        ("r2", "export", "received", "2026-06-01", None),
        ("r3", "invalid", "received", "2026-06-01", None),
        ("r4", "object", "received", "2026-06-01", None),
    ]
    assert deadlines(warehouse, date(2026, 6, 2)).overdue == 4
    assert {point for point, _, _ in withdrawn(warehouse)} == {"nobody@x.se", "anna@berg.se"}
    build_upon(home, warehouse, resolve, settings)
    with open_warehouse(home, settings.engine) as con:
        ended = {"unknown": 1, "unchecked": 1, "invalid": 1, "done": 1}
        assert take_up_requests(con, home, settings, now()) == ended
        assert take_up_requests(con, home, settings, now()) == {}
        second = {r.reference: r for r in requests(con)}
        assert {n: r.state for n, r in second.items()} == {
            "r1": "unknown",
            "r2": "unchecked",
            "r3": "invalid",
            "r4": "done",
        }
        assert {n: r.request_id for n, r in second.items()} == {n: r.request_id for n, r in first.items()}
        assert objected(con) == [(*r, p) for r in HERS for p in (ALL, MARKETING)]


def test_an_objection_needs_no_check_and_believes_every_way_of_saying_whom(night):
    con, ids = night.con, night.ids
    assert night(con, ("r1", "Unsubscribe", ids["1"], "anna@berg.se", "crm:2", False)) == {"r1": ("object", "done")}
    assert objected(con) == [(*r, ALL) for r in sorted(HERS + HIS)]
    assert withdrawn(con) == [("anna@berg.se", ALL, ALL)]
    # an id that nobody has does not hide the record
    con.execute("delete from identity.objections")
    assert night(con, ("r2", "object", "nobody", None, "crm:2", False))["r2"] == ("object", "done")
    assert objected(con) == [(*r, MARKETING) for r in HIS]
    # nor does a restriction
    con.execute("delete from identity.objections; delete from identity.withdrawals")
    assert night(con, ("r3", "Restrict", ids["1"], None, None, False))["r3"] == ("restrict", "done")
    held = con.execute("select source_system, source_key from identity.restrictions order by all").fetchall()
    assert held == HERS and con.execute("select customer_id from marts.dim_customers").fetchall() == [(ids["2"],)]
    # it is lifted some day, and leaves no withdrawal behind
    assert objected(con) == withdrawn(con) == []
    # before the first night it denies by its address and its record
    con.execute("alter table identity.customer_source_records rename to later")
    rows = [("f1", "object", None, "anna@berg.se", None, False), ("f2", "opt out", None, None, "crm:2", False), ("f3", "export", None, "bo@dahl.se", None, True)]  # fmt: skip
    before = night(con, *rows)
    assert night(con, *rows) == before and [before[f] for f in ("f1", "f2", "f3")] == [
        ("object", "received"),
        ("object", "received"),
        ("export", "received"),
    ]
    assert withdrawn(con) == [("anna@berg.se", MARKETING, ALL)] and objected(con) == [(*HIS[0], ALL)]
    con.execute("alter table identity.later rename to customer_source_records")
    assert night(con, *rows) == before | {"f1": ("object", "done"), "f2": ("object", "done"), "f3": ("export", "done")}


def test_a_request_about_a_record_that_is_not_here_yet_denies_it_for_when_it_comes(night):
    con, ids = night.con, night.ids
    rows = [
        ("o", "object", None, None, "crm:77", False),
        # an erasure too, checked or not, and a restriction
        ("e", "erase", None, None, "crm:78", True),
        ("u", "erase", None, None, "crm:79", False),
        ("r", "Restrict", None, None, "crm:80", False),
        # a record besides somebody who is here
        ("b", "object", ids["2"], None, "crm:81", False),
        # said in two ways, of which a person has to decide
        ("i", "erase", ids["2"], None, "crm:82", True),
        # an address besides, of nobody
        ("p", "object", None, "new@x.se", "crm:83", False),
    ]
    found = night(con, *rows)
    assert [found[reference][1] for reference, *_ in rows] == [
        "unknown", "unknown", "unchecked", "unknown", "done", "invalid", "unknown",
    ]  # fmt: skip
    denied = [
        ("77", MARKETING),
        ("78", ALL),
        ("79", ALL),
        ("80", ALL),
        ("81", MARKETING),
        ("82", ALL),
        ("83", MARKETING),
    ]
    assert objected(con) == [(*HIS[0], ALL), (*HIS[0], MARKETING), *(("crm", key, purpose) for key, purpose in denied)]
    assert withdrawn(con) == [("new@x.se", MARKETING, ALL)]
    # once, and not once a night
    before = con.execute("select count(*) from identity.objections").fetchall()
    assert night(con, *rows) == found and con.execute("select count(*) from identity.objections").fetchall() == before
    # one that a night before denied nothing for is caught up with while it waits
    con.execute("delete from identity.objections")
    night(con, *rows)
    assert objected(con) == [(*HIS[0], ALL), ("crm", "79", ALL), ("crm", "82", ALL)]
    # delivered again with another address or record: that too
    night(con, ("u", "erase", None, "fixed@x.se", "crm:84", False))
    assert ("fixed@x.se", ALL, ALL) in withdrawn(con) and ("crm", "84", ALL) in objected(con)


def test_a_restriction_denies_the_address_and_the_record_that_are_not_of_whom_it_hides(night):
    con, ids = night.con, night.ids
    # nobody's address, Bo's address, Anna's own, which is hers until the restriction is lifted
    for n, (point, denied) in enumerate([("old@x.se", True), ("bo@dahl.se", True), ("Anna@Berg.se", False)]):
        assert night(con, (f"r{n}", "Restrict", ids["1"], point, None, False))[f"r{n}"] == ("restrict", "done")
        assert withdrawn(con) == [(point, ALL, ALL)] * denied
        con.execute("delete from identity.withdrawals")
    assert objected(con) == []
    rows = ("r9", "begränsning", ids["1"], None, "crm:77", False)
    assert night(con, rows)["r9"] == ("restrict", "done") and objected(con) == [("crm", "77", ALL)]
    # by her own address alone nothing is left to deny
    assert night(con, ("r10", "Restrict", None, "anna@berg.se", None, False))["r10"] == ("restrict", "done")
    assert withdrawn(con) == [] and objected(con) == [("crm", "77", ALL)]
    assert (
        con.execute("select distinct source_system, source_key from identity.restrictions order by all").fetchall()
        == HERS
    )


def test_who_is_asked_about_is_found_by_a_merged_id_a_record_in_another_spelling_and_a_record_that_is_gone(night):
    con, ids = night.con, night.ids
    con.execute("insert into identity.customer_id_redirects values ('merged', $1, now()::timestamp)", [ids["2"]])
    assert night(con, ("m", "object", "merged", None, None, False))["m"] == ("object", "done")
    assert objected(con) == [(*HIS[0], MARKETING)]
    con.execute("delete from identity.objections")
    assert night(con, ("s", "object", None, None, " CRM : 2.0 ", False))["s"] == ("object", "done")
    assert (*HIS[0], MARKETING) in objected(con)
    # all that he had is gone at its source, and may come again
    con.execute("delete from identity.objections")
    con.execute(
        "update identity.customer_source_records set valid_to = now()::timestamp where customer_id = $1", [ids["2"]]
    )
    assert night(con, ("g", "object", ids["2"], None, None, False))["g"] == ("object", "done")
    assert objected(con) == [(*HIS[0], MARKETING)]


def test_what_a_request_ends_weighs_as_the_end_of_a_day_and_never_as_a_time_that_nobody_meant(night):
    con = night.con
    said = "select distinct stated_at from identity.objections where source_key = $1"
    night(con, ("d", "object", None, None, "crm:77", False))
    assert con.execute(said, ["77"]).fetchall() == [(datetime(2026, 5, 1, 23, 59, 59, 999999),)]
    for key, received, weighs in (
        ("78", "2026-05-01 08:30:00", "received_at"),
        ("79", "0001-01-01", "_extracted_at"),
        ("80", None, "_extracted_at"),
        ("81", "9999-12-31 12:00:00", "received_at"),
    ):
        con.execute(
            "update raw_requests.requests set request_id = $1, source_record = 'crm:' || $1, received_at = $2",
            [key, received],
        )
        take_up_requests(con, night.home, night.settings, now())
        assert con.execute(f"{said} and stated_at = (select {weighs} from raw_requests.requests)", [key]).fetchall(), (
            key
        )
    # and its month begins on the day that it came at the latest, whatever it says
    assert {request.received_at > datetime(2026, 4, 30) for request in requests(con)} == {True}
    assert {request.due_on <= (now() + timedelta(days=31)).date() for request in requests(con)} == {True}


def test_a_delivered_request_whose_answer_cannot_be_written_waits_for_the_next_night(night, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    con, row = night.con, ("x", "export", night.ids["1"], None, None, True)
    with monkeypatch.context() as broken, pytest.raises(OSError, match="No space left"):
        # the first of its two files is there by then
        broken.setattr("orchestration.run.answers.as_page", full)
        night(con, row)
    assert not list(night.home.subject_access.glob("*")) and not requests(con)
    # nor does one that nothing is noted of stay
    (night.home.subject_access / "unknown.json").write_text("{}")
    assert night(con, row) == {"x": ("export", "done")}
    assert {path.suffix for path in night.home.subject_access.glob("*")} == {".json", ".html"}
    assert {path.stem for path in night.home.subject_access.glob("*")} == {requests(con)[0].request_id}
