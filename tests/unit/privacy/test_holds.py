"""What stands in the way of an erasure: a legal hold (Art. 17(3)), and a second person who has not confirmed it yet."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import duckdb
import pytest

from orchestration.core.clock import now
from orchestration.core.errors import KundbildError
from orchestration.core.settings import Settings
from orchestration.core.warehouse import open_warehouse
from orchestration.privacy.audit.asking import actor, person_asking
from orchestration.privacy.erasure.rotation import _renew_warehouse
from orchestration.privacy.rights.deadlines import close
from orchestration.privacy.rights.holds import held, holds, lift_hold, place_hold
from orchestration.privacy.rights.register import requests
from orchestration.privacy.rights.restrictions import free
from orchestration.privacy.rights.subjects import Subject
from orchestration.privacy.secrets.pepper import Pepper, find_pepper
from orchestration.run.erase import erase
from orchestration.run.requests import take_up_requests
from orchestration.run.second_person import confirm
from tests.unit.two_people import build

LATER = now().date() + timedelta(days=400)
OTHER = "4711 other"


@pytest.fixture
def two(settings) -> Settings:
    """The same, where a second person has to confirm."""
    return settings.model_copy(update={"privacy": settings.privacy.model_copy(update={"second_person": True})})


@pytest.fixture
def ids(home, warehouse, resolve, settings) -> dict[str, str]:
    return build(home, warehouse, resolve, settings)


@pytest.fixture
def opened(home, settings, ids):
    with open_warehouse(home, settings.engine) as con:
        yield con


def hold(home, settings, customer: str, until: date = LATER) -> str:
    with open_warehouse(home, settings.engine) as con:
        pepper = find_pepper(con, ())
        return place_hold(con, pepper, customer, "legal-claims", until, now(), actor(), "case-14").hold_id


def people(home) -> set[str]:
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        rows = con.execute("select distinct given_name from conformed.conformed_people where given_name is not null")
        return {name for (name,) in rows.fetchall()}


def states(home, settings) -> list[tuple[str, str]]:
    with open_warehouse(home, settings.engine) as con:
        return [(request.kind, request.state) for request in requests(con)]


HERS = [("crm", "1", "all"), ("webshop", "1", "all")]


def objected(con) -> list[tuple[str, str, str]]:
    """Every row, for what is noted twice is noted once too often."""
    return con.execute("select source_system, source_key, purpose from identity.objections order by all").fetchall()


def withdrawn(con) -> list[tuple[str]]:
    return con.execute("select contact_point from identity.withdrawals where purpose = 'all' order by all").fetchall()


def test_who_is_under_a_legal_hold_is_not_erased_and_the_request_says_why(home, settings, ids):
    placed = hold(home, settings, ids["1"])
    anna, bo = erase(home, settings, [Subject(email="anna@berg.se"), Subject(customer=ids["2"])])
    assert (anna.state, bo.state) == ("held", "done") and str(anna.hold) == f"legal-claims (case-14) until {LATER}"
    assert people(home) == {"Anna"} and sorted(states(home, settings)) == [("erase", "done"), ("erase", "held")]
    with open_warehouse(home, settings.engine) as con:
        # she is kept, and not written to
        assert (objected(con), withdrawn(con)) == (HERS, [("anna@berg.se",)])
        lift_hold(con, placed[-12:])
        assert con.execute("select count(*) from restricted.legal_hold_keys").fetchall() == [(0,)]
    assert [outcome.state for outcome in erase(home, settings, [Subject(email="anna@berg.se")])] == ["done"]
    assert people(home) == set()
    with open_warehouse(home, settings.engine) as con:
        # nor does what denied her outlast her
        assert objected(con) == withdrawn(con) == []


def test_an_erasure_about_several_customers_denies_their_address_and_one_about_nobody_keeps_nothing(
    home, settings, ids
):
    with open_warehouse(home, settings.engine) as con:
        con.execute("update conformed.conformed_people set email = 'anna@berg.se' where source_key = '2'")
    said = [Subject(email=email) for email in ("anna@berg.se", "nobody@x.se")]
    assert [outcome.state for outcome in erase(home, settings, said)] == ["held", "unknown"]
    with open_warehouse(home, settings.engine) as con:
        assert (objected(con), withdrawn(con)) == ([], [("anna@berg.se",)])


def test_a_hold_knows_the_person_by_another_id_or_record_and_holds_nobody_else(opened, ids):
    pepper = find_pepper(opened, ())
    place_hold(opened, pepper, ids["1"], "archiving", LATER, now(), actor())
    assert list(held(opened, pepper, list(ids.values()), now().date())) == [ids["1"]]
    # another id and another record, as after a migration: by address, number, or name with birth date
    opened.execute("update identity.customer_source_records set customer_id = 'new', source_key = 'moved' where customer_id = $1", [ids["1"]])  # fmt: skip
    opened.execute("update conformed.conformed_people set source_key = 'moved' where source_key = '1'")
    opened.execute("create temp table whole as from conformed.conformed_people")
    for kept in ("email", "phone", "birth_date"):
        gone = ", ".join(f"{c} = null" for c in ("email", "phone", "birth_date") if c != kept)
        opened.execute("delete from conformed.conformed_people; insert into conformed.conformed_people from whole")
        opened.execute(f"update conformed.conformed_people set {gone}")
        assert "new" in held(opened, pepper, ["new"], now().date()), kept
    opened.execute("update conformed.conformed_people set birth_date = null")
    assert held(opened, pepper, ["new"], now().date()) == {}
    rows = str(opened.execute("select * from restricted.legal_holds, restricted.legal_hold_keys").fetchall()).lower()
    for known in ("anna", "berg", "1112233", ids["1"]):
        assert known not in rows
    opened.execute("delete from conformed.conformed_people; insert into conformed.conformed_people from whole")
    # from the day after its last it holds nothing, and a month later nothing is kept of it
    assert held(opened, pepper, ["new"], LATER + timedelta(days=1)) == {}
    assert len(holds(opened, LATER + timedelta(days=31))) == 1 and holds(opened, LATER + timedelta(days=32)) == []
    assert opened.execute("select count(*) from restricted.legal_hold_keys").fetchall() == [(0,)]


@pytest.mark.parametrize(
    "spelled",
    [
        "email = 'work@x.se; Anna@Berg.se', phone = null, birth_date = null",
        "given_name = null, family_name = null, full_name = 'Anna Maria von Berg', email = null, phone = null",
        "given_name = 'Anna Kristina', email = null, phone = null",
    ],
)
def test_a_hold_knows_the_person_in_another_spelling(opened, ids, spelled):
    pepper = find_pepper(opened, ())
    place_hold(opened, pepper, ids["1"], "archiving", LATER, now(), actor())
    opened.execute("update identity.customer_source_records set customer_id = 'new', source_key = 'moved' where customer_id = $1", [ids["1"]])  # fmt: skip
    opened.execute(f"update conformed.conformed_people set source_key = 'moved', {spelled} where source_key = '1'")
    assert list(held(opened, pepper, ["new", ids["2"]], now().date())) == ["new"]


def test_an_address_that_two_customers_have_holds_only_who_is_under_the_hold(opened, ids):
    opened.execute("update conformed.conformed_people set email = 'anna@berg.se' where source_key = '2'")
    pepper = find_pepper(opened, ())
    place_hold(opened, pepper, ids["1"], "legal-claims", LATER, now(), actor())
    assert list(held(opened, pepper, list(ids.values()), now().date())) == [ids["1"]]


@pytest.mark.parametrize(
    ("ground", "until", "note", "said"),
    [
        ("revenge", LATER, "", "not a ground of Art"),
        ("legal-claims", date(2020, 1, 1), "", "would be over"),
        ("legal-claims", LATER, "Anna Berg ./. us", "more than the name of a thing"),
    ],
)
def test_a_hold_says_why_in_the_words_of_the_law_and_names_nobody(opened, ids, ground, until, note, said):
    with pytest.raises(KundbildError, match=said):
        place_hold(opened, find_pepper(opened, ()), ids["1"], ground, until, now(), actor(), note)


def test_an_erasure_waits_for_another_user_and_restricts_meanwhile(home, two, ids):
    (waits,) = erase(home, two, [Subject(customer=ids["1"])])
    assert waits.state == "waiting" and "Anna" in people(home)
    with open_warehouse(home, two.engine) as con:
        assert con.execute("select customer_id from marts.dim_customers").fetchall() == [(ids["2"],)]
        assert con.execute("select count(*) from identity.restrictions").fetchall() == [(2,)]
        (request,) = requests(con)
        assert (request.state, request.asked_by, request.closed_at) == ("waiting", actor(), None)
        with pytest.raises(KundbildError, match="waits for a second person"):
            free(con, ids["1"], now(), "r")
        with pytest.raises(KundbildError, match="is waiting"):
            close(con, request.request_id, "done", now())
    # asked for twice it waits once, and who asked does not confirm
    (again,) = erase(home, two, [Subject(email="anna@berg.se")])
    assert again.request_id == waits.request_id
    with pytest.raises(KundbildError, match="another one has to confirm"):
        confirm(home, two, waits.request_id)
    done = confirm(home, two, waits.request_id[-12:], by=OTHER)
    assert done.state == "done" and done.erased.records == 2 and people(home) == {"Bo"}
    assert states(home, two) == [("erase", "done")]
    with pytest.raises(KundbildError, match="it is done"):
        confirm(home, two, waits.request_id, by=OTHER)


def test_who_may_be_anybody_is_no_second_person(home, two, ids, tmp_path):
    """Root, and whoever is mapped to another id; root by sudo is who called it."""
    (waits,) = erase(home, two, [Subject(customer=ids["1"])])
    with open_warehouse(home, two.engine) as con:
        con.execute("update restricted.rights_requests set asked_by = '1000 anna'")
    mapped = tmp_path / "uid_map"
    mapped.write_text("         0          0 4294967295\n")
    assert person_asking(mapped, "1000") == "1000 by sudo"
    for who, said in (("0 root", "root can act as any user"), ("1000 by sudo", "another one has to confirm")):
        with pytest.raises(KundbildError, match=said):
            confirm(home, two, waits.request_id, by=who)
    for said in ("1001 1000 1\n", "0 100000 65536\n"):
        mapped.write_text(said)
        with pytest.raises(KundbildError, match="user namespace"):
            person_asking(mapped)
    assert "Anna" in people(home)
    assert confirm(home, two, waits.request_id, by=person_asking(tmp_path / "none", "1001")).state == "done"


def test_a_refusal_lifts_the_restriction_and_a_hold_of_meanwhile_holds(home, two, ids):
    (waits,) = erase(home, two, [Subject(customer=ids["1"])])
    for is_older in (False, True):
        with open_warehouse(home, two.engine) as con:
            assert objected(con) == HERS
            if is_older:
                # asked for before an erasure that waits denied contact
                con.execute("delete from identity.objections")
        assert confirm(home, two, waits.request_id, is_refused=True).state == "refused"
        with open_warehouse(home, two.engine) as con:
            assert con.execute("select count(*) from identity.restrictions").fetchall() == [(0,)]
            # who asked to be erased objected at least (Art. 21(2)): it stands
            assert objected(con) == HERS
            con.execute("delete from identity.objections")
        (waits,) = erase(home, two, [Subject(customer=ids["1"])])
    confirm(home, two, waits.request_id, is_refused=True)
    (waits,) = erase(home, two, [Subject(customer=ids["1"])])
    hold(home, two, ids["1"])
    outcome = confirm(home, two, waits.request_id, by=OTHER)
    assert outcome.state == "held" and outcome.hold and "Anna" in people(home)
    assert sorted(states(home, two)) == [("erase", "held"), *[("erase", "refused")] * 3]


def delivered(home, settings, ids) -> dict[str, int]:
    """What becomes of an erasure of Anna that a form delivered, in a night."""
    with open_warehouse(home, settings.engine) as con:
        con.execute("delete from raw_requests.requests")
        con.execute(
            "insert into raw_requests.requests by name select 'form-1' as request_id, 'erase' as kind, $1 as customer_id, "
            "timestamp '2026-05-01' as received_at, true as is_identity_checked, 1 as _load_id, now()::timestamp as _extracted_at",
            [ids["1"]],
        )
        return dict(take_up_requests(con, home, settings, now()))


def test_an_erasure_that_a_source_delivers_is_held_until_the_hold_ends(home, settings, ids):
    placed = hold(home, settings, ids["1"])
    assert delivered(home, settings, ids) == {"held": 1} and delivered(home, settings, ids) == {}
    assert "Anna" in people(home)
    with open_warehouse(home, settings.engine) as con:
        assert objected(con) == HERS
        # held on an earlier night for something else, as an address of two customers, which denied nobody else
        con.execute("delete from identity.objections")
    assert delivered(home, settings, ids) == {}
    with open_warehouse(home, settings.engine) as con:
        assert objected(con) == HERS
        lift_hold(con, placed)
    assert delivered(home, settings, ids) == {"open": 1} and people(home) == {"Bo"}


def test_an_erasure_that_a_source_delivers_waits_for_a_person(home, two, ids):
    assert delivered(home, two, ids) == {"waiting": 1} and delivered(home, two, ids) == {}
    with open_warehouse(home, two.engine) as con:
        assert objected(con) == HERS
        (request,) = requests(con)
        assert request.received_at == datetime(2026, 5, 1) and request.reference == "form-1"
        assert con.execute("select customer_id from marts.dim_customers").fetchall() == [(ids["2"],)]
    assert confirm(home, two, "form-1").state == "done" and people(home) == {"Bo"}


def test_a_hold_stands_after_a_new_secret_of_the_pepper(opened, ids):
    before = find_pepper(opened, ())
    place_hold(opened, before, ids["1"], "legal-claims", LATER, now(), actor())
    after = Pepper((*before.secrets, "q" * 40))
    _renew_warehouse(opened, before, after, [])
    assert list(held(opened, after, list(ids.values()), now().date())) == [ids["1"]]
