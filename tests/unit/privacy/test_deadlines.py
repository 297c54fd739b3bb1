"""The month within which a request is to be answered: when it begins, who is told that it is over, how it is extended."""

from __future__ import annotations

import json
from datetime import date, datetime

import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.core.errors import KundbildError
from orchestration.core.settings import Engine
from orchestration.core.warehouse import open_warehouse
from orchestration.privacy.rights.deadlines import close, deadlines, extend, received_on
from orchestration.privacy.rights.requests import note_request

NOW = datetime(2026, 6, 20, 9)


def noted(con, received: str, state: str = "held", **more) -> str:
    return note_request(con, "erase", "0" * 64, datetime.fromisoformat(received), state, **more)


def test_what_is_not_closed_is_overdue_after_its_month_in_whatever_state(warehouse):
    for state in ("held", "unchecked", "invalid", "open", "waiting", "unknown"):
        noted(warehouse, "2026-05-19", state)  # was due on 19 June
    for state in ("done", "refused", "withdrawn"):
        noted(warehouse, "2026-01-01", state)
    noted(warehouse, "2026-05-20")  # today
    noted(warehouse, "2026-05-27")  # in a week
    noted(warehouse, "2026-05-28")
    found = deadlines(warehouse, NOW.date())
    assert (found.overdue, found.soon, found.oldest_due_on) == (6, 2, date(2026, 6, 19))
    assert "6 overdue (the oldest was due on 2026-06-19), 2 due within 7 days" in str(found)
    assert str(deadlines(warehouse, date(2026, 5, 1))) == ""


def test_an_extension_is_two_months_once_within_the_first_month_and_on_a_ground(warehouse):
    request, late = noted(warehouse, "2026-05-31"), noted(warehouse, "2026-05-19")
    with pytest.raises(KundbildError, match="'holiday' is not a ground"):
        extend(warehouse, request, "holiday", NOW)
    done = extend(warehouse, request[-12:], "complexity", NOW)
    # a month after 31 May is 30 June, three are 31 August
    assert (done.due_on, done.extended_to, done.extension_ground) == (
        date(2026, 6, 30),
        date(2026, 8, 31),
        "complexity",
    )
    assert deadlines(warehouse, date(2026, 8, 31)).overdue == 1 and deadlines(warehouse, date(2026, 9, 1)).overdue == 2
    with pytest.raises(KundbildError, match="was extended to 2026-08-31 already"):
        extend(warehouse, request, "number", NOW)
    with pytest.raises(KundbildError, match="was due on 2026-06-19"):
        extend(warehouse, late, "number", NOW)
    with pytest.raises(KundbildError, match="no request is named"):
        extend(warehouse, "nonsense", "number", NOW)


def test_a_request_that_was_answered_otherwise_is_closed_by_hand_and_one_that_goes_on_is_not(warehouse):
    held, going, second = noted(warehouse, "2026-05-01", reference="T-9"), noted(warehouse, "2026-05-01", "open"), noted(warehouse, "2026-05-01", "waiting")  # fmt: skip
    assert close(warehouse, "T-9", "refused", NOW).state == "refused"
    for name, said in ((held, "is closed: refused"), (going, "is open"), (second, "is waiting")):
        with pytest.raises(KundbildError, match=said):
            close(warehouse, name, "done", NOW)
    with pytest.raises(KundbildError, match="not an end of a request"):
        close(warehouse, going, "gone", NOW)


@pytest.mark.parametrize(("said", "found"), [("", NOW), ("2026-05-01", datetime(2026, 5, 1)), ("2026-06-20", datetime(2026, 6, 20))])  # fmt: skip
def test_the_month_begins_when_the_request_came(said, found):
    assert received_on(said, NOW) == found
    wrongs = [("1/5/2026", "not a date"), ("2026-06-21", "not yet"), ("9999-12-31", "not yet")]
    for wrong, why in (*wrongs, ("0001-01-01", "the rights are there since"), ("1890-01-01", "since 2018")):
        with pytest.raises(KundbildError, match=why):
            received_on(wrong, NOW)


@pytest.fixture
def command(home, resolve, tmp_path, monkeypatch, warehouse):
    """The command line on a home with one customer."""
    resolve({"source_key": "1", "given_name": "Anna", "family_name": "Berg", "email": "anna@berg.se"})
    warehouse.execute(
        "create table conformed.conformed_consent_events (person_system varchar, person_key varchar, contact_point varchar); "
        "create table conformed.conformed_email_events (person_system varchar, person_key varchar, contact_point varchar)"
    )
    warehouse.close()
    config = tmp_path / "kundbild.toml"
    config.write_text(f'company = "T"\n[sources.crm]\nconnector = "files"\nsystem = "crm"\nurl = "{tmp_path}"\n')
    for name, value in (("KUNDBILD_HOME", home.root), ("KUNDBILD_CONFIG", config), ("XDG_CONFIG_HOME", tmp_path / "s")):
        monkeypatch.setenv(name, str(value))

    def go(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, list(arguments))
        assert done.exit_code == code, (done.output, done.exception)
        return done.stdout

    return go


WHO = ("--email", "anna@berg.se", "--received", "2026-01-31", "--json")


@pytest.mark.parametrize(
    "right",
    [
        ("object", *WHO), ("restrict", *WHO), ("rectify", *WHO, "--set", "city=Mora"), ("export-subject", *WHO),
        ("erase", *WHO), ("object", "--profiling", *WHO),
    ],
    ids=lambda right: right[0],
)  # fmt: skip
def test_every_right_says_when_it_was_received(command, home, right):
    command(*right)
    (request,) = json.loads(command("requests", "--json"))
    assert (request["received_at"], request["due_on"], request["state"]) == (
        "2026-01-31 00:00:00",
        "2026-02-28",
        "done",
    )
    assert request["closed_at"][:10] != "2026-01-31" and not request["is_overdue"]
    if right[0] == "object":
        # what was asked for counts from now on: in doubt the later time denies
        with open_warehouse(home, Engine()) as con:
            assert con.execute("select stated_at > '2026-06-01' from identity.objections").fetchall() == [(True,)]


@pytest.mark.parametrize(
    "right",
    [
        ("object",), ("withdraw",), ("restrict",), ("rectify", "--set", "city=Mora"), ("export-subject",), ("erase",),
    ],
    ids=lambda right: right[0],
)  # fmt: skip
def test_a_right_of_somebody_unknown_is_open_until_they_are_answered(command, home, right):
    with open_warehouse(home, Engine()) as con:
        con.execute(
            "create schema if not exists reference; create table reference.purposes as select 'offers' as purpose"
        )
    told = command(*right, "--email", "nobody@x.se", "--received", "2026-01-31", code=3)
    assert "kundbild requests close" in " ".join(told.split())
    (request,) = json.loads(command("requests", "--open", "--json"))
    assert (request["state"], request["closed_at"], request["is_overdue"]) == ("unknown", None, True)
    assert "1 overdue" in command("requests")
    command("requests", "close", request["request_id"][-12:], "--as", "done")
    assert json.loads(command("requests", "--open", "--json")) == []


def test_what_a_command_asks_about_a_record_or_an_address_of_nobody_denies_it_for_when_it_comes(command, home):
    for right in (("object", "--source-record", "crm:77"), ("restrict", "--source-record", "crm:78"), ("object", "--profiling", "--source-record", "crm:79"),
                  ("object", "--email", "new@x.se"), ("restrict", "--email", "old@x.se")):  # fmt: skip
        assert "are not contacted until" in command(*right, code=3)
    # who is restricted is denied until that is lifted
    command("restrict", "--email", "anna@berg.se")
    with open_warehouse(home, Engine()) as con:
        denied = con.execute("select source_key, purpose from identity.objections order by all").fetchall()
        assert denied == [("77", "direct_marketing"), ("78", "all"), ("79", "profiling")]
        denied = con.execute("select contact_point, purpose from identity.withdrawals order by all").fetchall()
        assert denied == [("new@x.se", "direct_marketing"), ("old@x.se", "all")]


def test_the_list_tells_what_is_overdue_and_a_held_one_is_extended_or_closed(command, home):
    with open_warehouse(home, Engine()) as con:
        late, running = noted(con, "2026-01-31"), noted(con, f"{date.today()}")
    told = {r["request_id"]: r for r in json.loads(command("requests", "--open", "--json"))}
    assert told[late]["is_overdue"] and told[late]["answer_by"] == "2026-02-28" and not told[running]["is_overdue"]
    assert "overdue" in command("requests")
    command("requests", "close", late[-12:], "--as", "done")
    extended = json.loads(command("requests", "extend", running[-12:], "--because", "complexity", "--json"))
    days = (date.fromisoformat(extended["answer_by"]) - date.today()).days
    assert 88 <= days <= 92 and told[running]["answer_by"] < extended["answer_by"]
    assert [r["request_id"] for r in json.loads(command("requests", "--open", "--json"))] == [running]
    noted_actions = home.audit_log.read_text()
    assert "request-closed" in noted_actions and "request-extended" in noted_actions
