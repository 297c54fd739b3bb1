"""Files of people and companies with the fields that Nutshell documents for its lists (support.nutshell.com: "What data can I import into Nutshell?").
Nutshell documents no header of its export, so none is recognised: these are proposed as any company's own files are."""

from __future__ import annotations

from orchestration.proposals.propose import propose
from tests.unit.vendor_rows import write_rows

PEOPLE = {"Full Name": "full_name", "First Name": "given_name", "Last Name": "family_name", "Email": "email", "Phone - Mobile": "phone", "Job Title": "position",
          "Address 1": "street", "Zip": "postal_code", "City": "city", "Country Code": "country_code"}  # fmt: skip
COMPANIES = {"Company name": "name", "Industry": "industry", "Country Code": "country_code"}


def person(n):
    return {"Full Name": f"Anna Ek{n}", "First Name": "Anna", "Last Name": f"Ek{n}", "Email": f"a{n}@example.com", "Phone - Mobile": f"+4670174{n:04}", "Phone - Work": f"+4690123{n:04}",
            "Job Title": "Buyer", "Address 1": f"Storgatan {n}", "City": "Umeå", "State": "", "Zip": f"9032{n % 10}", "Country Code": "SE", "Owner": "Sam Seller", "Tag": "vip"}  # fmt: skip


def company(n):
    return {"Company name": f"Acme {n} AB", "Email": f"info{n}@acme.example", "Phone": f"+4690124{n:04}", "Address 1": f"Nygatan {n}", "City": "Lund", "Zip": "22233", "Country Code": "SE",
            "Industry": "Retail", "Company type": "Customer", "Owner": "Sam Seller"}  # fmt: skip


def test_each_field_of_a_person_and_of_a_company_becomes_what_it_is(tmp_path):
    write_rows(tmp_path / "people.csv", [person(n) for n in range(60)])
    write_rows(tmp_path / "companies.csv", [company(n) for n in range(30)])
    tables = {one.name: one for one in propose("crm", str(tmp_path), "SEK").tables}
    for name, truth in (("people", PEOPLE), ("companies", COMPANIES)):
        (found,) = tables[name].usable
        assert found.entity == name
        assert {column: one.target for one in found.filled for column in one.columns if one.target != "source_key"} == truth  # fmt: skip
