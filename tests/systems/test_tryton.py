"""Tryton's own database, filled by Tryton itself and read as the vendor `tryton`: people, companies, deals and invoices, with Tryton's own sums; and
the same by Tryton's JSON-RPC.

Tryton runs as its own Python package in an environment of its own, on the tests' PostgreSQL. Kundbild reads as a user with the rights that
docs/vendors/tryton.md names.
"""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Decimal

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.home import Home
from orchestration.core.settings import Engine
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.extract import extract_source, prepare_raw
from tests.systems.tryton import server
from tests.unit.mapped import set_clock_and_retention
from tests.unit.vendor_rows import Vendor

pytestmark = [pytest.mark.system, pytest.mark.slow]
DATABASE = "tryton"
CONFIG = """company = "T"
[sources.shop]
connector = "sql"
url = "{url}"
vendor = "tryton"
form = "landed"
"""


BY_RPC = """company = "T"
[sources.shop]
connector = "rest"
url = "{url}"
vendor = "tryton"
form = "api"
page_size = 4

[sources.shop.auth]
type = "basic"
user = "admin"
password = "${{ERP_PASSWORD}}"
"""


@pytest.fixture(scope="session")
def python(tmp_path_factory):
    return server.environment(tmp_path_factory.mktemp("tryton") / "venv")


@pytest.fixture(scope="session")
def truth(python, postgres):
    return server.fill(python, postgres, DATABASE)


@contextmanager
def read_as(config_text, folder, new_warehouse):
    """A night's reading of a configuration."""
    home = Home(folder / "home").prepare()
    home.warehouse.write_bytes(new_warehouse)
    config = home.root / "kundbild.toml"
    config.write_text(config_text, encoding="utf-8")
    with open_warehouse(home, Engine()) as con:
        read = Vendor(con, home, home.root)
        read.settings = load_settings(config)
        prepare_raw(con, read.settings)
        extract_source(con, home, read.settings, "shop")
        set_clock_and_retention(con)
        yield read


@pytest.fixture(scope="session")
def tryton(truth, postgres, new_warehouse, tmp_path_factory):
    said = CONFIG.format(url=server.reader(postgres, DATABASE))
    with read_as(said, tmp_path_factory.mktemp("tryton"), new_warehouse) as read:
        yield read


def rows(tryton, entity):
    """What is not set aside, by Tryton's own id: keys of later maps to an entity have a number behind it."""
    found = [one for one in tryton.staged(entity) if "aside" not in one]
    return [one | {"source_key": one["source_key"].partition("|")[0]} for one in found]


def names(tryton):
    """Key → name of the people and companies."""
    people = {one["source_key"]: one["full_name"] for one in rows(tryton, "people")}
    return people | {one["source_key"]: one["name"] for one in rows(tryton, "companies")}


def test_people_have_the_addresses_that_tryton_shows(tryton, truth):
    people = rows(tryton, "people")
    shown = {key: [one or None for one in points] for key, (_, *points) in truth["parties"].items()}
    assert {one["full_name"] for one in people} == {"Anna Ek", "Bo Dahl", "Dan Buyer"}
    for one in people:
        assert [one.get("email"), one.get("phone")] == shown[one["source_key"]]
    emails = {one["full_name"]: one["email"] for one in people}
    assert (emails["Anna Ek"], emails["Bo Dahl"]) == ("anna@example.com", "bo@example.com")


def test_an_inactive_address_does_not_count_and_a_street_in_parts_is_one(tryton):
    lives = {one["full_name"]: [one.get(c) for c in ("street", "postal_code", "city", "country_code")] for one in rows(tryton, "people")}  # fmt: skip
    assert lives["Anna Ek"] == ["Storgatan 1", "111 22", "Stockholm", "SE"]
    assert lives["Bo Dahl"] == ["Nygatan 7", "903 27", "Umeå", "SE"]


def test_a_party_with_the_number_of_a_business_is_one_and_the_company_itself_and_its_staff_are_nobody(tryton):
    assert [one["name"] for one in rows(tryton, "companies")] == ["Acme AB"]
    assert {"Own Company", "Eva Seller", "Cy Gone"}.isdisjoint(names(tryton).values())


def test_no_number_of_an_identifier_is_read(tryton):
    (columns,) = tryton.con.execute("select list(column_name) from (describe raw_shop.identifier)").fetchone()
    assert "type" in columns and {"code", "code_compact"}.isdisjoint(columns)


def test_deals_are_the_opportunities_without_those_that_were_cancelled(tryton, truth):
    known = names(tryton)
    deals = {one["source_key"]: one for one in rows(tryton, "deals")}
    said = {key: one for key, one in truth["opportunities"].items() if one[0] != "cancelled"}
    assert len(said) == 4
    assert {key: [one["stage"], one["amount"]] for key, one in deals.items()} == {
        key: [state, Decimal(amount)] for key, (state, amount, *_) in said.items()
    }
    by_stage = {one["stage"]: one for one in deals.values()}
    won = by_stage["won"]
    assert known[won["person_key"]] == "Dan Buyer" and known[won["company_key"]] == "Acme AB"
    assert {stage: one.get("is_won") for stage, one in by_stage.items()} == {
        "won": True, "lost": False, "lead": None, "opportunity": None,
    }  # fmt: skip
    assert {stage for stage, one in by_stage.items() if "closed_at" in one} == {"won", "lost"}


def test_invoices_add_up_to_what_customers_owe_by_tryton(tryton, truth):
    known = names(tryton)
    invoices = rows(tryton, "invoices")
    by_tryton = {key: (party, Decimal(total), code) for key, (party, _, total, code, _) in truth["invoices"].items()}
    for one in invoices:
        whose = known[one.get("person_key") or one["company_key"]]
        assert (whose, one["amount"], one["currency"]) == by_tryton[one["source_key"]]
    owed = sum(one["amount"] for one in invoices if "paid_at" not in one and one["currency"] == "SEK")
    euros = sum(one["amount"] for one in invoices if one["currency"] == "EUR")
    assert (owed, euros) == (Decimal("1437.50"), Decimal("12.50"))
    # by its accounts, ten kronor for a euro
    assert Decimal(truth["receivable"]) == owed + euros * Decimal(truth["kronor"])


def test_an_invoice_that_a_credit_note_pays_back_stands_beside_the_note(tryton, truth):
    amounts = sorted(one["amount"] for one in rows(tryton, "invoices") if one["currency"] == "SEK")
    assert amounts == [Decimal(n) for n in ("-100", "-62.50", "100", "250", "500.50", "1250")]
    # of nine in kronor: not the drafts, and not the one that was cancelled without a note
    assert sum(one[3] == "SEK" for one in truth["invoices"].values()) == 9


def test_an_invoice_is_paid_on_the_day_of_the_payment_and_due_with_its_last_part(tryton, truth):
    today = truth["today"]
    (paid,) = [one for one in rows(tryton, "invoices") if one["amount"] == Decimal("500.50")]
    assert str(paid["paid_at"])[:10] == today and (paid["due_on"] - paid["paid_at"].date()).days == 40


def test_by_rpc_everything_is_as_by_the_database(tryton, python, postgres, new_warehouse, tmp_path, monkeypatch):
    monkeypatch.setenv("ERP_PASSWORD", "admin")
    with (
        server.serving(python, postgres, DATABASE) as url,
        read_as(BY_RPC.format(url=url), tmp_path, new_warehouse) as by_rpc,
    ):
        for entity in ("people", "companies", "deals", "invoices"):
            found, known = (
                [{name: value for name, value in one.items() if name != "extracted_at"} for one in read.staged(entity)]
                for read in (by_rpc, tryton)
            )
            assert found == known and [one for one in known if "aside" not in one]
