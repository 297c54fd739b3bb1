"""Fortnox's API 3, answers specified after its public documentation (Authorization, Parameters, Customers, Invoices) and the schemas of published
clients. Refresh tokens are good once. Not recorded."""

from __future__ import annotations

from base64 import b64encode
from decimal import Decimal

import pytest

from orchestration.core.home import Home
from tests.unit.extract.vendor_apis.server import VendorApi, connected, rows, too_many

SECRET = "of-a-test-only"
AUTH = """[sources.shop.auth]
type = "oauth2"
grant = "refresh_token"
token_url = "$URL/oauth-v1/token"
client_id = "kundbild"
client_secret = "${FORTNOX_SECRET}"
refresh_token = "${FORTNOX_REFRESH_TOKEN}"
client = "header"
"""
REFUSED = {"ErrorInformation": {"error": 1, "message": "Kan inte logga in, access-token saknas.", "code": 2000310}}


def customer(number, kind, name):
    return {"CustomerNumber": number, "Type": kind, "Name": name, "Email": f"{number}@example.com", "Phone1": "070-174 06 05", "Address1": "Storgatan 1", "ZipCode": "903 25", "City": "UMEÅ",
            "CountryCode": "SE", "OrganisationNumber": "811228-9874" if kind == "PRIVATE" else "556677-8899", "Comments": "slow payer"}  # fmt: skip


CUSTOMERS = [
    customer("1", "PRIVATE", "Anna Ek"),
    customer("2", "COMPANY", "Ek AB"),
    customer("3/b", "PRIVATE", "Bo By"),
]


def invoice(number, customer, total, booked=True, cancelled=False, paid=None, currency="SEK"):
    return {"@url": f"https://api.fortnox.se/3/invoices/{number}", "DocumentNumber": number, "CustomerNumber": customer, "CustomerName": "Anna Ek", "Booked": booked, "Cancelled": cancelled, "Total": total,
            "Balance": 0 if paid else total, "Currency": currency, "InvoiceDate": "2026-01-01", "DueDate": "2026-01-31", "FinalPayDate": paid, "Sent": True}  # fmt: skip


INVOICES = [invoice("1", "1", 1250.5, paid="2026-01-20"), invoice("2", "2", 10000, currency="EUR"), invoice("3", "1", -250), invoice("4", "1", 99, booked=False), invoice("5", "3/b", 77, cancelled=True),
            invoice("6", "9", 5)]  # fmt: skip
tokens: list[str] = []


def answer(asked):
    if asked.path == "/oauth-v1/token":
        # each token is good once
        if asked.form["refresh_token"] != f"r{len(tokens)}":
            return {"error": "invalid_grant", "error_description": "Invalid refresh token"}, 400, {}
        tokens.append(asked.form["refresh_token"])
        return {"access_token": f"a{len(tokens)}", "refresh_token": f"r{len(tokens)}", "scope": "customer invoice", "expires_in": 3600, "token_type": "bearer"}  # fmt: skip
    if asked.path.startswith("/3/customers/"):
        number = asked.path.removeprefix("/3/customers/").replace("%2F", "/")
        return {"Customer": next(one for one in CUSTOMERS if one["CustomerNumber"] == number)}
    name, found = ("Customers", [{"CustomerNumber": c["CustomerNumber"], "Name": c["Name"]} for c in CUSTOMERS]) if asked.path == "/3/customers" else ("Invoices", INVOICES)  # fmt: skip
    size, page = int(asked.query["limit"]), int(asked.query["page"])
    pages = -(-len(found) // size)
    if page > pages:
        return {"ErrorInformation": {"error": 1, "message": "Ogiltig sida", "code": 2001392}}, 400, {}
    return {"MetaInformation": {"@TotalResources": len(found), "@TotalPages": pages, "@CurrentPage": page}, name: found[(page - 1) * size :][:size]}  # fmt: skip


def is_known(asked):
    if asked.path == "/oauth-v1/token":
        return asked.headers.get("Authorization") == f"Basic {b64encode(f'kundbild:{SECRET}'.encode()).decode()}"
    return asked.headers.get("Authorization") == f"Bearer a{len(tokens)}"


@pytest.fixture(scope="module")
def shop(modules_warehouse, tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("fortnox")).prepare()
    api = VendorApi(answer, is_known, (REFUSED, 401, {}), too_many())
    with connected(modules_warehouse, home, api, "fortnox", AUTH, "page_size = 2", "/3", FORTNOX_SECRET=SECRET, FORTNOX_REFRESH_TOKEN="r0") as read:  # fmt: skip
        # the second night asks with the token that the first one was given
        yield read.read().read()


def test_each_night_asks_with_the_token_that_the_one_before_was_given(shop):
    assert tokens == ["r0", "r1"]


def test_private_persons_are_people_and_others_companies(shop):
    assert {one["source_key"]: one["full_name"] for one in rows(shop, "people")} == {"1": "Anna Ek", "3/b": "Bo By"}
    assert {one["source_key"]: one["name"] for one in rows(shop, "companies")} == {"2": "Ek AB"}


def test_what_was_posted_and_stands_is_an_invoice_and_a_credit_note_is_negative(shop):
    found = {one["source_key"].partition("|")[0]: one for one in rows(shop, "invoices")}
    assert {key: (one["amount"], one.get("person_key"), one.get("company_key"), one["currency"]) for key, one in found.items()} == {
        "1": (Decimal("1250.50"), "1", None, "SEK"), "2": (Decimal(10000), None, "2", "EUR"), "3": (Decimal(-250), "1", None, "SEK"), "6": (Decimal(5), None, "9", "SEK"),
    }  # fmt: skip
    assert found["1"]["paid_at"].isoformat() == "2026-01-20T00:00:00" and str(found["1"]["due_on"]) == "2026-01-31"
    assert "paid_at" not in found["2"]


def test_no_identity_number_and_no_remark_is_kept(shop):
    kept = "".join(shop.con.execute(f"select coalesce(string_agg(t::varchar, ''), '') from raw_shop.{name} as t").fetchone()[0] for name in ("customers", "invoices"))  # fmt: skip
    assert "811228" not in kept and "slow" not in kept and "Ek AB" in kept
