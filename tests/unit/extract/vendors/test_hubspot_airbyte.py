"""HubSpot's tables as Airbyte lands them in a database: a column for each property, milliseconds, merged and archived contacts, opt-outs of one type."""

from __future__ import annotations

from datetime import datetime

import duckdb
import pytest

from orchestration.core.home import Home
from tests.unit.vendor_rows import Vendor

# as the destination's page and the dbt models of Airbyte have them: JSON beside its parts, and what Airbyte adds to each row
ADDED = "gen_random_uuid()::varchar _airbyte_raw_id, now() _airbyte_extracted_at, '{}'::json _airbyte_meta, 0::bigint _airbyte_generation_id"
CONTACTS = """select *, '{"email": "x"}'::json properties, '[50]'::json companies, '2026-01-01T09:00:00Z'::timestamptz properties_createdate,
    '2026-01-01T09:00:00Z'::timestamptz "createdAt", 'Ek' properties_lastname, null::varchar properties_phone from (values
    ('1', false, '1@example.com', 'Anna', true, ''), ('2', false, '2@example.com', 'Bo', false, 'true'), ('3', false, '3@example.com', 'Cy', null, null),
    ('4', true, '4@example.com', 'Di', false, ''), ('5', false, '5@example.com', 'El', false, '')
) t(id, archived, properties_email, properties_firstname, properties_hs_email_optout, properties_hs_email_optout_77)"""
MERGED = """select 1 "canonical-vid", 5 "vid-to-merge", 1770000000000 "timestamp", 'El' "first-name\""""
EVENTS = """select *, 4 "emailCampaignId", 1770000000123 created, 'Hello' subject from (values
    ('a', 'OPEN', '1@example.com', false), ('b', 'CLICK', '1@example.com', true), ('c', 'SPAMREPORT', '3@example.com', null), ('d', 'UNBOUNCE', null, null)
) t(id, type, recipient, "filteredEvent")"""
COMPANIES = """select '50' id, false archived, 'Fjäll AB' properties_name, 'RETAIL' properties_industry, 'Sweden' properties_country, now() properties_createdate"""


@pytest.fixture(scope="module")
def crm(modules_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("airbyte")
    with duckdb.connect(str(folder / "lake.duckdb")) as con:
        con.execute("create schema airbyte_hubspot")
        for name, rows in (
            ("contacts", CONTACTS),
            ("contacts_merged_audit", MERGED),
            ("email_events", EVENTS),
            ("companies", COMPANIES),
        ):
            con.execute(f"create table airbyte_hubspot.{name} as select *, {ADDED} from ({rows})")
    home = Home(tmp_path_factory.mktemp("vendor")).prepare()
    return Vendor(modules_warehouse, home, folder).add(place=f"duckdb:///{folder}/lake.duckdb").read()


def test_the_tables_are_recognised_by_what_airbyte_adds(crm):
    source = crm.settings.sources["shop"]
    assert (source.vendor, source.form) == ("hubspot", "airbyte")
    assert {*source.tables} == {"contacts", "contacts_merged_audit", "companies", "email_events"}
    assert source.tables["contacts"].more == ["properties_hs_email_optout_77"]
    assert not {"properties", "companies"} & {*source.tables["contacts"].columns}


def test_merged_and_archived_contacts_are_left_out_and_counted(crm):
    people = {row["source_key"]: row.get("aside") for row in crm.staged("people")}
    left_out = "the mapping leaves it out (where)"
    assert people == {"1": None, "2": None, "3": None, "4": left_out, "5": left_out}
    assert [row["name"] for row in crm.staged("companies")] == ["Fjäll AB"]


def test_an_opt_out_of_all_or_of_one_type_denies_email_and_nothing_grants(crm):
    said = [(row["person_key"], row["status"], row["purpose"]) for row in crm.staged("consent_events") if "aside" not in row]  # fmt: skip
    assert sorted(said) == [("1", "withdrawn", "all"), ("2", "withdrawn", "all")]


def test_events_have_their_moments_and_machines_click_nothing(crm):
    events = {row["source_key"]: row for row in crm.staged("email_events")}
    assert {key: row["kind"] for key, row in events.items() if "aside" not in row} == {"a": "opened", "c": "complained"}
    assert events["c"]["occurred_at"] == datetime(2026, 2, 2, 2, 40, 0, 123000)
    assert all("ignores" in events[key]["aside"] for key in ("b", "d"))
