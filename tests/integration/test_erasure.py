"""Erasure (Art. 17) end to end: a person of the demo goes, and stays away, however they come back."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import duckdb
import pytest

from tests.conftest import NIGHT_2, Kundbild
from tests.integration.clocks import set_night
from tests.integration.conftest import to_be_changed
from tests.integration.someone import Someone, asked, places, someone_of


def totals(kundbild: Kundbild) -> list[tuple]:
    with kundbild.warehouse() as con:
        return [
            con.execute(sql).fetchall()
            for sql in (
                "select count(*), sum(order_amount), sum(base_amount) from marts.fct_orders",
                "select count(*), sum(line_amount) from marts.fct_order_items",
                "select count(*), sum(amount) from conformed.conformed_invoices",
            )
        ]


def come_back_spelled_otherwise(kundbild: Kundbild, someone: Someone) -> None:
    """Into the CRM as new contacts: once by the address, once by the number, once by name and birth date alone."""
    user, _, domain = someone.email.partition("@")
    digits = re.sub(r"\D", "", someone.phone)[-8:]
    with sqlite3.connect(kundbild.home / "demo" / "crm" / "crm.sqlite") as crm:
        columns = [row[1] for row in crm.execute("pragma table_info(contacts)")]
        row = dict(
            zip(
                columns,
                crm.execute("select * from contacts where contact_id = ?", [someone.contact]).fetchone(),
                strict=True,
            )
        )
        assert row["mobile"].replace(" ", "")[-4:] == digits[-4:]
        fresh = row | {"updated_at": "2026-11-01T20:00:00", "city": "Kiruna"}
        for number, changed in enumerate(
            (
                {
                    "email_address": f" {user.upper()}+shop@{domain.upper()} ",
                    "mobile": None,
                    "birthdate": None,
                    "first_name": "X",
                },
                {"email_address": None, "mobile": " ".join(row["mobile"]), "birthdate": None, "first_name": "X"},
                {
                    "email_address": None,
                    "mobile": None,
                    "first_name": row["first_name"].upper(),
                    "last_name": row["last_name"].upper(),
                },
            )
        ):
            values = fresh | changed | {"contact_id": 900_000 + number}
            crm.execute(f"insert into contacts values ({', '.join('?' * len(columns))})", [values[c] for c in columns])


def says_again(kundbild: Kundbild, email: str, *rows: dict[str, str | int | None]) -> None:
    """Statements of the first of those who came back, on their address, into the CRM: with evidence but for what `rows` change."""
    stated = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
    with sqlite3.connect(kundbild.home / "demo" / "crm" / "crm.sqlite") as crm:
        columns = [row[1] for row in crm.execute("pragma table_info(consents)")]
        row = dict(zip(columns, crm.execute("select * from consents limit 1").fetchone(), strict=True))
        row |= {
            "contact_id": 900_000, "contact_point": email, "contact_point_type": "email", "status": "granted", "wording_version": "v3",
            "stated_at": stated, "updated_at": "2026-11-01T21:00:00",
        }  # fmt: skip
        for number, changed in enumerate(rows):
            values = row | {"consent_id": 900_000 + number} | changed
            crm.execute(f"insert into consents values ({', '.join('?' * len(columns))})", [values[c] for c in columns])


# none of these is a new consent
NO_CONSENTS = ({"wording_version": None}, {"status": "withdrawn"}, {"stated_at": "2026-10-01T00:00:00"})


@pytest.fixture(scope="module")
def coming_back(demo: Kundbild, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """What becomes of somebody who is erased, and comes back in every way."""
    seen, folder, someone = SimpleNamespace(), tmp_path_factory.mktemp("coming_back"), someone_of(demo)
    there = "select contact_id from raw_crm.contacts where contact_id >= 900000"

    def come_back() -> list[tuple[int]]:
        demo("run", "--as-of", NIGHT_2)
        seen.places.append(places(demo.home, someone.tokens))
        with demo.warehouse() as con:
            return con.execute(there).fetchall()

    with to_be_changed(demo, folder) as kundbild:
        shutil.copytree(kundbild.home, folder / "backup", symlinks=True)
        seen.places, seen.totals = [places(kundbild.home, someone.tokens)], [totals(kundbild)]
        seen.outcome = kundbild.json("erase", "--email", f" {someone.email.upper()} ")[0]
        seen.places.append(places(kundbild.home, someone.tokens))
        seen.totals.append(totals(kundbild))
        listed = kundbild.home / "suppression.jsonl"
        seen.entries = [json.loads(line) for line in listed.read_text().splitlines()]
        seen.mode = listed.stat().st_mode
        # everything is extracted anew
        come_back_spelled_otherwise(kundbild, someone)
        says_again(kundbild, someone.email, *NO_CONSENTS)
        (kundbild.home / "warehouse.duckdb").unlink()
        seen.extracted_anew = come_back()
        # the whole home folder is put back as it was: what is known of the erasure lies beside it
        shutil.rmtree(kundbild.home)
        shutil.copytree(folder / "backup", kundbild.home, symlinks=True)
        seen.places.append(places(kundbild.home, someone.tokens))
        seen.from_backup = come_back()
        # and a consent that is one
        come_back_spelled_otherwise(kundbild, someone)
        says_again(kundbild, someone.email, *NO_CONSENTS, {"consent_id": 900_009})
        seen.with_consent = come_back()
    return seen


@pytest.mark.slow
def test_rule_25_who_was_erased_stays_away_from_a_full_extract_other_spellings_and_a_backup(
    coming_back: SimpleNamespace,
):
    assert coming_back.outcome["state"] == "done" and coming_back.outcome["records"] >= 3
    at_first, erased, extracted_anew, put_back, from_backup, _ = coming_back.places
    assert len(at_first) > 15 and put_back
    assert (erased, extracted_anew, from_backup) == ([], [], [])
    before, after = coming_back.totals
    assert after == before
    assert (coming_back.extracted_anew, coming_back.from_backup) == ([], [])


@pytest.mark.slow
def test_rule_26_the_suppression_list_holds_keyed_hashes_and_a_new_explicit_consent_lifts_it(
    coming_back: SimpleNamespace,
):
    assert {entry["kind"] for entry in coming_back.entries} >= {"record", "email", "phone", "name"}
    assert all(
        set(entry) == {"keyed_hash", "kind", "on", "reason", "is_lifted", "secrets"}
        and re.fullmatch("[0-9a-f]{64}", entry["keyed_hash"])
        for entry in coming_back.entries
    )
    assert coming_back.mode & 0o077 == 0
    # nobody by what is not a consent; by the address that consented, and by nothing else
    assert (coming_back.extracted_anew, coming_back.with_consent) == ([], [(900_000,)])


@pytest.fixture(scope="module")
def erased(demo: Kundbild, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """What an erasure leaves of somebody who bought, and stood in an audience that was exported."""
    seen, folder, someone = SimpleNamespace(), tmp_path_factory.mktemp("erased"), someone_of(demo)
    with to_be_changed(demo, folder):
        with duckdb.connect(str(demo.home / "warehouse.duckdb")) as con:
            sold = con.execute(
                "select source_system, source_key from marts.fct_orders where customer_id = ?", [someone.customer_id]
            ).fetchall()
            # as if the night had been last night, with the person in the audience, permitted, instead of its first member
            set_night(con, datetime.now(UTC).replace(tzinfo=None))
            permission = "purpose = 'newsletter' and channel = 'email' and customer_id ="
            con.execute(f"delete from marts.contact_permissions where {permission} ?", [someone.customer_id])
            for table in ("marts.contact_permissions", "audiences.audience_newsletter_email"):
                con.execute(
                    f"update {table} set customer_id = $1 where {permission} (select max(customer_id) from audiences.audience_newsletter_email where customer_id <> $1)",
                    [someone.customer_id],
                )
            con.execute("delete from audiences.audience_win_back_email")
        for name in ("newsletter_email", "win_back_email"):
            demo("audience", "export", name, "--to", str(folder / f"{name}.csv"))
        seen.versions = [p["version"] for p in demo.json("publish", "--list")]
        seen.totals = [totals(demo)]
        seen.outcome = demo.json("erase", "--customer", someone.customer_id)[0]
        seen.totals.append(totals(demo))
        seen.again = demo.json("erase", "--customer", someone.customer_id, code=3)[0]
        seen.noted = [entry["action"] for entry in demo.json("audit", "list", "--about", someone.customer_id)]
        seen.orders_of_nobody = demo.json(
            "query", "select count(*) as n from bi.fct_orders where customer_key is null"
        )[0]["n"]
        with demo.warehouse() as con:
            kept = "select customer_id, person_key from marts.fct_orders where source_system = ? and source_key = ?"
            raw = "select customer_id, club_contact_id from raw_webshop.orders where id = ?"
            seen.kept = [con.execute(kept, [system, key]).fetchall() for system, key in sold]
            seen.raw = [con.execute(raw, [key]).fetchall() for _, key in sold]
    seen.home = folder / "changed" / "home"
    return seen


def test_rule_28_accounting_rows_lose_the_person_and_keep_their_totals(erased: SimpleNamespace):
    before, after = erased.totals
    assert after == before
    assert erased.kept and {tuple(rows) for rows in erased.kept + erased.raw} == {((None, None),)}


def test_rule_29_the_publications_that_held_the_person_are_listed_and_written_anew(erased: SimpleNamespace):
    assert [said.split(": ")[1] for said in erased.outcome["exports"]] == ["audience newsletter_email"]
    assert sorted(erased.outcome["publications"]) == sorted(erased.versions) and len(erased.versions) == 1
    assert erased.again["state"] == "unknown"
    for version in erased.versions:
        folder = erased.home / "published" / "versions" / version
        manifest = json.loads((folder / "publication.json").read_text())
        with duckdb.connect(str(folder / "kundbild.duckdb"), read_only=True) as con:
            assert con.execute("select count(*) from bi.dim_customers").fetchall() == [
                (manifest["tables"]["bi.dim_customers"],)
            ]
    assert erased.orders_of_nobody > 0
    assert [action for action in erased.noted if action.startswith("eras")] == ["erased", "erasure-unknown"]


def test_an_address_of_two_customers_is_held_and_an_unknown_one_is_said_to_be(demo_copy: Kundbild):
    with demo_copy.warehouse() as con:
        email, customers = con.execute(
            "select email_key, list(distinct customer_id order by customer_id) from identity.normalised_people join identity.customer_source_records "
            "using (record_id) where email_key is not null and valid_to is null group by 1 having count(distinct customer_id) = 2 order by 1 limit 1"
        ).fetchall()[0]
        rows = con.execute("select count(*) from conformed.conformed_people").fetchall()
    outcomes = demo_copy.json("erase", "--email", email, "--email", "nobody@example.org", code=3)
    assert [(o["state"], o["candidates"]) for o in outcomes] == [("held", customers), ("unknown", [])]
    assert {(r["kind"], r["state"]) for r in asked(demo_copy)} == {("erase", "held"), ("erase", "unknown")}
    assert "name the person" in demo_copy("erase", code=2).stderr
    with demo_copy.warehouse() as con:
        assert con.execute("select count(*) from conformed.conformed_people").fetchall() == rows
    demo_copy("erase", "--customer", customers[0])
    with demo_copy.warehouse() as con:
        # the other one keeps the address that both used
        left = "select count(*) from identity.normalised_people join identity.customer_source_records using (record_id) where email_key = ? and customer_id = ?"
        assert con.execute(left, [email, customers[1]]).fetchall()[0][0] > 0


@pytest.mark.parametrize(
    ("file", "delay"),
    [
        ("erasure.unfinished", 0),
        pytest.param("suppression.jsonl", 0, marks=pytest.mark.slow),
        pytest.param("suppression.jsonl", 1, marks=pytest.mark.slow),
    ],
)
def test_a_killed_erasure_is_finished_by_whatever_comes_next_or_was_never_begun(
    demo_copy: Kundbild, someone: Someone, file: str, delay: float
):
    """Killed before it is noted, in the same transaction as the request, nothing was asked; after that it is done whole."""
    process = demo_copy.start("erase", "--customer", someone.customer_id)
    deadline = time.monotonic() + 60
    while not (demo_copy.home / file).exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(delay)
    process.kill()
    process.wait()
    there = places(demo_copy.home, someone.tokens) if file == "erasure.unfinished" else []
    demo_copy("erase", "--email", "nobody@example.org", code=3)
    assert not (demo_copy.home / "erasure.unfinished").exists()
    states = [request["state"] for request in asked(demo_copy)]
    if states == ["unknown"] and file == "erasure.unfinished":
        assert there and places(demo_copy.home, someone.tokens) == there
        assert not (demo_copy.home / "suppression.jsonl").read_text()
    else:
        assert states == ["unknown", "done"]
        assert places(demo_copy.home, someone.tokens) == []
        assert (demo_copy.home / "suppression.jsonl").read_text()


def test_erasing_many_takes_no_row_of_anybody_else(demo_copy: Kundbild):
    """Numbers that many write, mailboxes of families, namesakes: raw and conformed lose the same rows, and nobody else any."""

    def standing() -> tuple[dict[str, int], set[tuple[str, str]]]:
        with demo_copy.warehouse() as con:
            views = con.execute(
                "select view_name from duckdb_views() where schema_name = 'staging' and view_name like 'stg_%'"
            ).fetchall()
            missing = {}
            for (view,) in views:
                system, entity = view.removeprefix("stg_").split("__")
                missing[view] = con.execute(
                    f"select count(*) from conformed.conformed_{entity} where source_system = ? and source_key not in (select source_key from staging.{view} where source_key is not null)",
                    [system],
                ).fetchall()[0][0]
            return missing, set(
                con.execute("select source_system, source_key from identity.normalised_people").fetchall()
            )

    with demo_copy.warehouse() as con:
        many = con.execute(
            "select customer_id, list((source_system, source_key)) from identity.customer_source_records where valid_to is null "
            "group by 1 order by hash(min(source_key)) limit 200"
        ).fetchall()
    missing, people = standing()
    demo_copy("erase", *(argument for customer, _ in many for argument in ("--customer", customer)))
    left, others = standing()
    assert others == people - {tuple(record) for _, records in many for record in records}
    assert {view: rows for view, rows in left.items() if rows != missing[view]} == {}
