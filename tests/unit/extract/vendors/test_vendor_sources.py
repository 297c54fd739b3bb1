"""Sources of vendors in kundbild.toml: what is filled in, what a company may say otherwise, and which mistakes are told."""

from __future__ import annotations

import re
import textwrap

import pytest

from data_quality.suites.raw_statements import opt_outs, timed_events
from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.core.settings import PROJECT_DIR
from orchestration.core.settings.paging import Paging
from orchestration.extract.extract import prepare_raw
from orchestration.extract.vendors import API, column_there, forms, headers, lies_within_columns, page_of, read_form
from orchestration.proposals.recognised import Recognised, recognised

SHOP = """company = "T"
[sources.shop]
connector = "{connector}"
url = "{url}"
vendor = "{vendor}"
form = "{form}"
{more}
"""
# where a form is read: files, or of values within columns a database
PLACES = ({"connector": "files", "url": "/x"}, {"connector": "sql", "url": "postgresql://x/y"})


def shop(write_config, more="", connector="files", url="/x", vendor="shopify", form="export"):
    text = SHOP.format(more=more, connector=connector, url=url, vendor=vendor, form=form)
    return load_settings(write_config(text)).sources["shop"]


@pytest.mark.parametrize(
    ("vendor", "form"), [(vendor, form) for vendor, of in forms().items() for form in of if form != API]
)
def test_what_is_known_of_a_vendor_is_what_a_configuration_may_say(write_config, vendor, form):
    known = read_form(vendor, form)["tables"]
    where = PLACES[lies_within_columns(vendor, form)]
    source = shop(write_config, **where, vendor=vendor, form=form)
    assert {*source.tables} == {table for table, said in known.items() if not said.get("on_request")}
    named = "".join(f"[sources.shop.tables.{table}]\noptional = true\n" for table in known)
    source = shop(write_config, named, **where, vendor=vendor, form=form)
    assert {*source.tables} == {*known}
    assert all(
        table.optional and (table.maps or table.persons or table.texts == []) for table in source.tables.values()
    )
    for name, header in headers(vendor, form).items():
        file = source.tables[name].path.replace("*", "")
        there = {column_there(vendor, form, name, c) for c in read_form(vendor, form)["tables"][name]["columns"]}
        known = recognised({*header, *there}, [file], is_database="sql" in where.values())
        assert known is not None and (known.vendor, known.form, known.table, known.lacks) == (vendor, form, name, ())


@pytest.mark.parametrize("vendor", [vendor for vendor, of in forms().items() if API in of])
def test_an_api_is_a_source_without_further_words_and_no_file_is_taken_for_it(write_config, vendor):
    named = "".join(f"[sources.shop.tables.{table}]\n" for table in headers(vendor, API))
    source = shop(write_config, named, connector="rest", url="https://shop.example", vendor=vendor, form=API)
    for name, header in headers(vendor, API).items():
        assert source.tables[name].key and source.paging_of(source.tables[name]) != Paging()
        # an export may have the same names
        known = recognised({*header, *source.tables[name].columns}, [f"{name}.csv"])
        assert known is None or known.form != API


@pytest.mark.parametrize("vendor", [vendor for vendor, of in forms().items() if API in of])
def test_what_the_page_of_a_vendor_says_to_write_is_a_source(tmp_path, vendor):
    page = (PROJECT_DIR / page_of(vendor)).read_text(encoding="utf-8")
    blocks = [
        one
        for one in re.findall(r"^ *```toml\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)
        if f'form = "{API}"' in one
    ]
    assert blocks
    for block in blocks:
        config = tmp_path / "kundbild.toml"
        config.write_text(f'company = "T"\n{textwrap.dedent(block)}', encoding="utf-8")
        variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", block), "x")
        (source,) = load_settings(config, variables).sources.values()
        assert source.url.startswith("https://") and (source.auth or source.token) and {*source.tables} <= {*headers(vendor, API)}  # fmt: skip


def test_only_tables_that_are_named_are_read_and_what_is_said_of_one_goes_before(write_config):
    said = '[sources.shop.tables.orders]\npath = "o.csv"\nlacks = ["Location"]\n'
    said += '[sources.shop.tables.stock]\npath = "s.csv"\ncolumns = { sku = "VARCHAR" }'
    source = shop(write_config, said)
    orders = source.tables["orders"]
    assert source.tables.keys() == {"orders", "stock"} and orders.path == "o.csv" and not orders.optional
    assert "Location" not in orders.columns and not any(mapped.how("store") for mapped in orders.maps)


def test_tables_of_a_database_lie_in_the_schema_of_the_loader(write_config):
    source = shop(write_config, 'landed_in = "fivetran"', "sql", "postgresql://x/y", form="landed")
    assert source.tables["order"].table == "fivetran.order" and source.timezone == "UTC"


@pytest.mark.parametrize("vendor", ["tryton", "woocommerce"])
def test_what_is_deleted_in_a_vendors_own_database_is_found(write_config, vendor):
    source = shop(write_config, "", "sql", "postgresql://x/y", vendor=vendor, form="landed")
    assert all(table.find_deletions and table.key for table in source.tables.values())


def test_more_columns_are_those_that_the_vendor_names_by_a_pattern(write_config):
    said = '[sources.shop.tables.contacts]\nmore = ["Opted out of email: News", "Lead Status"]'
    with pytest.raises(ConfigurationError, match="Lead Status"):
        shop(write_config, said, vendor="hubspot")
    contacts = shop(write_config, said.replace(', "Lead Status"', ""), vendor="hubspot").tables["contacts"]
    assert contacts.columns["Opted out of email: News"] == "VARCHAR"


def test_what_looks_something_up_in_a_table_that_is_not_read_goes_without(write_config):
    source = shop(write_config, "[sources.shop.tables.order_line]", "sql", "postgresql://x/y", form="landed")
    (items,) = source.tables["order_line"].maps
    assert not items.lookups and not items.where and not items.how("refunded_quantity") and items.how("quantity")


def test_a_grant_is_for_the_purpose_and_of_the_wording_that_the_company_says(write_config):
    said = 'purpose = "offers"\nwording = "2026-01"'
    (email, *_) = [m for m in shop(write_config, said, form="landed").tables["customer"].maps if m.entity == "consent_events"]  # fmt: skip
    assert email.how("purpose").values == {"subscribed": "offers"} and email.constants["wording_version"] == "2026-01"
    (email, *_) = [m for m in shop(write_config, form="landed").tables["customer"].maps if m.entity == "consent_events"]
    assert "wording_version" not in email.constants


def test_each_vendor_has_its_page_and_only_who_may_grant_is_asked_for_the_wording():
    assert [page_of(vendor) for vendor in forms() if not (PROJECT_DIR / page_of(vendor)).is_file()] == []
    asked = {
        (vendor, form)
        for vendor, of in forms().items()
        for form in of
        if any(Recognised(vendor, form, table, ()).may_grant for table in read_form(vendor, form)["tables"])
    }
    assert asked == {
        ("shopify", "api"),
        ("shopify", "landed"),
        ("shopify", "dlt"),
        ("shopify", "airbyte"),
        ("klaviyo", "airbyte"),
        ("mailchimp", "airbyte"),
        ("klaviyo", "api"),
        ("klaviyo", "export"),
        ("mailchimp", "api"),
        ("mailchimp", "export"),
        ("mailchimp", "landed"),
    }


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"vendor": "shopfy"}, "no vendor 'shopfy'"), ({"vendor": "meta_ads", "form": "api"}, "not known as 'api'"), ({"form": "api"}, 'connector = "files"'), ({"form": "airbyte"}, "of tables of a database"),
        ({"more": "[sources.shop.tables.order]"}, "no table 'order'"),
        ({"more": '[sources.shop.tables.orders]\nlacks = ["Locations"]'}, "lacks 'Locations'"),
        ({"more": '[sources.shop.tables.orders]\nlacks = ["Name"]'}, "without which it cannot be mapped"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_what_there_is(write_config, how, told):
    with pytest.raises(ConfigurationError, match=told) as caught:
        shop(write_config, **how)
    assert "sources.shop" in str(caught.value)


@pytest.mark.parametrize(("vendor", "form"), [(vendor, form) for vendor, of in forms().items() for form in of])
def test_the_suite_that_reads_opt_outs_by_itself_can_read_those_of_a_vendor(write_config, warehouse, vendor, form):
    where = {"connector": "rest", "url": "https://x.example"} if form == API else PLACES[lies_within_columns(vendor, form)]  # fmt: skip
    text = SHOP.format(more="", **where, vendor=vendor, form=form)
    settings = load_settings(write_config(text))
    prepare_raw(warehouse, settings)
    warehouse.execute("create schema reference; create table reference.purposes as select 'newsletter' as purpose, true as is_marketing; create table reference.channels as select 'email' as channel")  # fmt: skip
    assert warehouse.execute(f"select count(*) from ({opt_outs(settings)})").fetchall() == [(0,)]
    assert warehouse.execute(f"select count(*) from ({timed_events(settings)}) where event is not null").fetchall() == [(0,)]  # fmt: skip
