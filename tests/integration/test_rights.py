"""Rights besides erasure, on the demo as a user would."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime

import duckdb
import pytest

from orchestration.privacy.rights.requests import note_request
from orchestration.privacy.rights.restrictions import restrict
from tests.conftest import NIGHT_2, Kundbild
from tests.integration.delivered import (
    assert_that_each_is_done_once,
    assert_that_they_are_taken_up,
    deliver_more,
    deliver_requests,
)
from tests.integration.someone import asked, places


def object_and_correct(demo_copy: Kundbild) -> tuple[str, str, date]:
    """Somebody with a newsletter objects and is corrected. Returns (customer, CRM contact, birth date)."""
    with demo_copy.warehouse() as con:
        customer, contact, born = con.execute(
            "select s.customer_id, p.source_key, p.birth_date from conformed.conformed_people p join identity.customer_source_records s "
            "using (source_system, source_key) where p.source_system = 'crm' and p.city is not null and p.deleted_at is null "
            "and s.customer_id in (select customer_id from audiences.audience_newsletter_email) order by p.source_key limit 1"
        ).fetchall()[0]
        (others,) = con.execute(
            "select min(email) from marts.dim_customers where customer_id <> ?", [customer]
        ).fetchall()[0]
    record = ("--source-record", f"crm:{contact}")
    assert demo_copy.json("rectify", *record, "--set", f"email={others.upper()}", code=3)["state"] == "held"
    assert demo_copy.json("object", *record)["state"] == "done"
    done = demo_copy.json("rectify", *record, "--set", "city=Rättvik", "--set", "gender=")
    assert done["state"] == "done" and done["changed"] >= 2
    assert "cannot be corrected" in demo_copy("rectify", *record, "--set", "shoe_size=43", code=2).stderr
    assert "birth date is none" in demo_copy("rectify", *record, "--set", "birth_date=spring", code=2).stderr
    assert demo_copy.json("object", "--email", "nobody@example.org", code=3)["state"] == "unknown"
    with sqlite3.connect(demo_copy.home / "demo" / "crm" / "crm.sqlite") as crm:
        crm.execute(
            "update contacts set city = 'Mora', job_title = 'Smith', updated_at = '2026-11-01T20:00:00' where contact_id = ?",
            [contact],
        )
    return customer, contact, born


def correct_an_address(demo_copy: Kundbild, but: str) -> str:
    """Somebody else with a newsletter gets another email address. Returns the customer."""
    with demo_copy.warehouse() as con:
        customer = con.execute(
            "select customer_id from audiences.audience_newsletter_email where customer_id <> ? order by contact_point limit 1", [but]
        ).fetchall()[0][0]  # fmt: skip
    assert demo_copy.json("rectify", "--customer", customer, "--set", "email=right@ny.rattvik.se")["state"] == "done"
    assert_that_nobody_is_written_to_on_the_old_address(demo_copy, customer)
    return customer


def assert_that_nobody_is_written_to_on_the_old_address(demo_copy: Kundbild, customer: str) -> None:
    for table in ("audiences.audience_newsletter_email", "marts.contact_permissions"):
        points = (
            f"select distinct contact_point from {table} where customer_id = '{customer}' and contact_point like '%@%'"
        )
        with duckdb.connect(str(demo_copy.home / "published" / "customers.duckdb"), read_only=True) as con:
            assert con.execute(points).fetchall() == [], table


def assert_that_both_stand(demo_copy: Kundbild, customer: str, contact: str, born: date) -> None:
    with demo_copy.warehouse() as con:
        raw = con.execute("select city, job_title from raw_crm.contacts where contact_id = ?", [contact]).fetchall()
        assert raw == [("Mora", "Smith")]
        found = con.execute(
            "select city, position, gender, birth_date from conformed.conformed_people where source_system = 'crm' and source_key = ?",
            [contact],
        )
        assert found.fetchall() == [("Rättvik", "Smith", None, born)]
        assert con.execute("select city from marts.dim_customers where customer_id = ?", [customer]).fetchall() == [
            ("Rättvik",)
        ]
        permitted = "select distinct purpose from marts.contact_permissions where is_permitted and customer_id = ?"
        assert {p for (p,) in con.execute(permitted, [customer]).fetchall()} <= {"survey"}
        assert con.execute(
            "select count(*) from audiences.audience_newsletter_email where customer_id = ?", [customer]
        ).fetchall() == [(0,)]
    reason = demo_copy.json(
        "consent", "explain", "--customer", customer, "--purpose", "newsletter", "--channel", "email"
    )
    assert reason["reason_code"] == reason["reason"] == "withdrawn" and reason["deciding_event"].startswith("kundbild:")
    noted = [entry["action"] for entry in demo_copy.json("audit", "list", "--about", customer)]
    assert [action for action in noted if "object" in action or "rectify" in action] == [
        "rectify-held",
        "object",
        "rectify",
    ]


@pytest.mark.slow
def test_rule_24_objection_and_correction_outlive_extraction_and_who_is_restricted_is_stored_and_in_no_mart(
    demo_copy: Kundbild,
):
    """Two people, one night that extracts everything anew, and one after the restriction is lifted. And beside them, in the same
    nights, others of whom a source delivers requests: they are taken up on the night that they come."""
    objecting = object_and_correct(demo_copy)
    corrected = correct_an_address(demo_copy, objecting[0])
    sold = "select count(*), sum(base_amount) from marts.fct_orders"
    with demo_copy.warehouse() as con:
        customer, contact = con.execute(
            "select s.customer_id, s.source_key from identity.customer_source_records s where source_system = 'crm' "
            "and s.customer_id in (select customer_id from marts.fct_orders) and s.customer_id in (select customer_id from audiences.audience_newsletter_email) "
            "and s.customer_id in (select customer_id from marts.fct_web_sessions) and s.customer_id not in (?, ?) "
            # one of two of a household, where there is such a one
            "order by s.customer_id in (select unnest(list(customer_id)) from marts.bridge_household_customers group by household_id having count(*) = 2) desc, s.source_key limit 1",
            [objecting[0], corrected],
        ).fetchall()[0]
        before = con.execute(sold).fetchall()
        email = con.execute("select email from marts.dim_customers where customer_id = ?", [customer]).fetchall()[0][0]
    record = ("--source-record", f"crm:{contact}")
    demo_copy("rectify", *record, "--set", "city=Rättvik")
    assert demo_copy.json("restrict", *record)["state"] == "done"
    stored = (
        "select count(*) from conformed.conformed_people where source_system = 'crm' and source_key = ? and city = ?"
    )
    delivered = deliver_requests(demo_copy, but=[objecting[0], corrected, customer])
    for night in (None, NIGHT_2):
        if night:
            assert demo_copy.json("run", "--as-of", night, "--full-refresh")["is_clean"]
            assert_that_they_are_taken_up(demo_copy, delivered)
            assert_that_both_stand(demo_copy, *objecting)
            assert_that_nobody_is_written_to_on_the_old_address(demo_copy, corrected)
            ended = "select count(*) from marts.contact_permissions where customer_id = ? and reason_code = 'corrected'"
            with demo_copy.warehouse() as con:
                assert con.execute(ended, [corrected]).fetchall() != [(0,)]
        found = places(demo_copy.home, [customer, email.lower()])
        assert found and {where.split(": ")[-1].split(".")[0] for where in found} <= {
            "conformed",
            "identity",
            "raw_crm",
            "raw_email",
            "raw_webshop",
            "raw_survey",
        }
        if not night:
            with demo_copy.warehouse() as con:
                assert con.execute(sold).fetchall() == before
                # where it is lifted before a night, their permissions are worked out anew
                made_with = "select count(*) from identity.contact_permissions_made_with where customer_id = ?"
                assert con.execute(made_with, [customer]).fetchall() == [(0,)]
    with demo_copy.warehouse() as con:
        assert con.execute(stored, [contact, "Rättvik"]).fetchall() == [(1,)]
        key = con.execute("select o.source_key from conformed.conformed_orders o join identity.customer_source_records s on s.source_system = o.person_system "
                          "and s.source_key = o.person_key where s.customer_id = ? limit 1", [customer]).fetchall()[0][0]  # fmt: skip
        assert con.execute(
            "select customer_id, person_key from marts.fct_orders where source_key = ?", [key]
        ).fetchall() == [(None, None)]
    demo_copy("restrict", *record, "--lift")
    before_them = deliver_more(demo_copy, delivered)
    assert demo_copy.json("run", "--as-of", NIGHT_2)["is_success"]
    assert_that_each_is_done_once(demo_copy, before_them)
    with demo_copy.warehouse() as con:
        for table in ("dim_customers", "fct_orders", "fct_web_sessions", "contact_permissions"):
            assert con.execute(
                f"select count(*) > 0 from marts.{table} where customer_id = ?", [customer]
            ).fetchall() == [(True,)], table
        assert con.execute("select city from marts.dim_customers where customer_id = ?", [customer]).fetchall() == [
            ("Rättvik",)
        ]


@pytest.mark.slow
def test_a_restriction_that_was_killed_is_carried_through_by_whatever_comes_next(demo_copy: Kundbild):
    with duckdb.connect(str(demo_copy.home / "warehouse.duckdb")) as con:
        customer = con.execute("select arg_min(customer_id, email) from marts.dim_customers").fetchall()[0][0]
        request = note_request(con, "restrict", "hash", datetime(2026, 11, 1, 12), "open")
        restrict(con, customer, datetime(2026, 11, 1, 12), request)
    # killed here: noted, and still in marts and publications
    shown = f"select count(*) from marts.dim_customers where customer_id = '{customer}'"
    with duckdb.connect(str(demo_copy.home / "published" / "customers.duckdb"), read_only=True) as con:
        assert con.execute(shown).fetchall() == [(1,)]
    demo_copy("erase", "--email", "nobody@example.org", code=3)
    with duckdb.connect(str(demo_copy.home / "published" / "customers.duckdb"), read_only=True) as con:
        assert con.execute(shown).fetchall() == [(0,)]
    with demo_copy.warehouse() as con:
        assert con.execute(shown).fetchall() == [(0,)]
    assert {r["kind"]: r["state"] for r in asked(demo_copy)} == {"restrict": "done", "erase": "unknown"}
