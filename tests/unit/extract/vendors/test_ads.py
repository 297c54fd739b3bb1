"""Spend of Meta Ads and Google Ads: exports that name the currency in the header, landed rows of ads, devices and networks."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.proposals.propose import propose
from orchestration.proposals.recognised import recognised
from tests.unit.vendor_rows import Vendor, write_rows

META = ["Campaign name", "Campaign ID", "Day", "Campaign delivery", "Results", "Reach", "Frequency", "Amount spent (NOK)", "Impressions", "Link clicks", "Reporting starts", "Reporting ends"]  # fmt: skip


def spent(shop):
    """(day, campaign) → what it cost, in which currency, impressions, reach and clicks; a row that comes twice is told."""
    rows = [one for one in shop.staged("ad_spend") if "aside" not in one]
    found = {(str(one["spend_on"]), one.get("campaign")): tuple(one.get(c) for c in ("spend", "currency", "impressions", "reach", "clicks")) for one in rows}  # fmt: skip
    assert len(found) == len(rows)
    return found


def meta(day, campaign, spend, id="120210000000000001", **more):
    return {"Campaign name": campaign, "Campaign ID": id, "Day": day, "Reach": "40", "Amount spent (NOK)": spend, "Impressions": "4123", "Link clicks": "65",
            "Reporting starts": "2026-03-01", "Reporting ends": "2026-03-02", **more}  # fmt: skip


def test_the_header_of_metas_export_says_the_currency_and_a_summary_row_is_no_day(home, warehouse, tmp_path):
    folder = tmp_path / "meta"
    summary = {"Amount spent (NOK)": "110.50", "Impressions": "8246"}
    write_rows(folder / "My-campaigns-1-Mar-2026.csv", [summary, meta("2026-03-01", "Spring", "100.50"), meta("2026-03-02", "Spring", "10.00")], META)  # fmt: skip
    shop = Vendor(warehouse, home, folder).add().read()
    assert spent(shop) == {
        ("2026-03-01", "Spring"): (Decimal("100.50"), "NOK", 4123, 40, 65), ("2026-03-02", "Spring"): (Decimal("10.00"), "NOK", 4123, 40, 65),
    }  # fmt: skip
    # a later export has a day again: what it cost is known better by then
    write_rows(folder / "My-campaigns-2-Mar-2026.csv", [meta("2026-03-02", "Spring", "12.00")], META)
    shop.read()
    assert spent(shop)["2026-03-02", "Spring"][0] == Decimal("12.00")


def test_an_account_in_another_currency_is_told_to_be_a_source_of_its_own(tmp_path):
    for file, currency in (("nok", "NOK"), ("eur", "EUR"), ("other", "EUR")):
        write_rows(tmp_path / f"{file}.csv", [meta("2026-03-01", "Spring", "100.50")], META)
        said = (tmp_path / f"{file}.csv").read_text()
        (tmp_path / f"{file}.csv").write_text(said.replace("NOK", currency))
    problems = {one.name: one.problem for one in propose("ads", str(tmp_path), "SEK").tables}
    assert not problems["eur"] and "as a source of its own" in problems["nok"]
    assert "as eur is: give the files names that differ by numbers alone" in problems["other"]


def test_an_export_of_ads_or_without_a_known_currency_is_not_recognised(write_config):
    assert recognised(META).vendor == "meta_ads" and recognised([*META, "Ad set name"]) is None
    other = ["Amount spent (PLN)" if c == "Amount spent (NOK)" else c for c in META]
    assert recognised(other) is None
    every = [f"Amount spent ({c})" for c in ("SEK", "NOK", "DKK", "ISK", "EUR", "USD", "GBP")]
    said = f'company = "T"\n[sources.shop]\nconnector = "files"\nurl = "/x"\nvendor = "meta_ads"\n[sources.shop.tables.campaigns]\nlacks = {every}\n'  # fmt: skip
    with pytest.raises(ConfigurationError, match="lacks all of Amount spent"):
        load_settings(write_config(said))


def test_landed_ads_cost_what_their_campaign_does_in_the_accounts_currency(home, warehouse, tmp_path):
    folder, synced = tmp_path / "meta", {"_fivetran_synced": "2026-03-03 00:00:00"}
    ad = {"ad_id": "7", "date": "2026-03-01", "account_id": "9", "impressions": "4233", "inline_link_clicks": "10", "spend": "76.53", "reach": "30", "frequency": "1.2", "ad_name": "A", "adset_name": "S"}  # fmt: skip
    write_rows(folder / "basic_ad.csv", [ad, ad | {"date": "2026-03-02", "spend": "1.5"}])
    version = {"id": "7", "name": "A", "account_id": "9", "ad_set_id": "3", "campaign_id": "5", "creative_id": "2"}
    write_rows(folder / "ad_history.csv", [version | {"updated_time": f"2026-02-0{n} 10:00:00"} for n in (1, 2)])
    campaign = {"id": "5", "account_id": "9", "name": "Spring", "start_time": "", "stop_time": "", "daily_budget": "1", "status": "ACTIVE"}  # fmt: skip
    write_rows(folder / "campaign_history.csv", [campaign | {"updated_time": f"2026-02-0{n} 10:00:00"} for n in (1, 2)])
    account = {"id": "9", "name": "Shop", "currency": "SEK", "account_status": "ACTIVE", "timezone_name": "Europe/Stockholm", **synced}  # fmt: skip
    write_rows(folder / "account_history.csv", [account])
    shop = Vendor(warehouse, home, folder).add().read()
    assert spent(shop) == {
        ("2026-03-01", "Spring"): (Decimal("76.53"), "SEK", 4233, None, 10), ("2026-03-02", "Spring"): (Decimal("1.50"), "SEK", 4233, None, 10),
    }  # fmt: skip


def test_landed_devices_and_networks_of_google_are_one_campaign_and_day_and_micros_are_money(home, warehouse, tmp_path):
    folder = tmp_path / "google"
    stats = {"customer_id": "9", "id": "5", "date": "2026-03-01", "ad_network_type": "SEARCH", "base_campaign": "customers/9/campaigns/5", "conversions": "1.0", "_fivetran_synced": ""}  # fmt: skip
    rows = [("a", "MOBILE", "1204500000", "100", "9"), ("b", "DESKTOP", "10005000", "20", "1")]
    write_rows(folder / "campaign_stats.csv", [stats | {"_fivetran_id": id, "device": device, "cost_micros": cost, "impressions": seen, "clicks": clicks} for id, device, cost, seen, clicks in rows])  # fmt: skip
    campaign = {"id": "5", "customer_id": "9", "advertising_channel_type": "SEARCH", "serving_status": "SERVING", "updated_at": "2026-02-01 10:00:00"}  # fmt: skip
    write_rows(folder / "campaign_history.csv", [campaign | {"name": "Zone", "_fivetran_active": "false"}, campaign | {"name": "Brand", "updated_at": "2026-02-02 10:00:00", "_fivetran_active": "true"}])  # fmt: skip
    write_rows(folder / "account_history.csv", [{"id": "9", "currency_code": "SEK", "descriptive_name": "Shop", "time_zone": "Europe/Stockholm", "auto_tagging_enabled": "true", "updated_at": "2026-02-01 10:00:00"}])  # fmt: skip
    shop = Vendor(warehouse, home, folder).add().read()
    assert {table.vendor.vendor for table in shop.found.tables} == {"google_ads"}
    assert spent(shop) == {("2026-03-01", "Brand"): (Decimal("1214.51"), "SEK", 120, None, 10)}
