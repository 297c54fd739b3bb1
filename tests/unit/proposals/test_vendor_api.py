"""`kundbild add-source --from` the address of a vendor's API: its block, which a night accepts, and which holds no secret. Nothing is asked."""

from __future__ import annotations

import tomllib

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.extract.vendors import API, forms, read_form
from orchestration.proposals.propose import propose
from orchestration.proposals.vendor_api import known_apis
from orchestration.proposals.written import write_source

ADDRESSES = {
    "shopify": ("https://my-shop.myshopify.com/admin?x=1", "https://my-shop.myshopify.com"),
    "hubspot": ("https://api.hubapi.com", "https://api.hubapi.com"),
    "nutshell": ("http://app.nutshell.com/", "https://app.nutshell.com/rest"),
    "mailchimp": ("https://us1.api.mailchimp.com/3.0/", "https://us1.api.mailchimp.com"),
    "klaviyo": ("https://a.klaviyo.com/api/profiles", "https://a.klaviyo.com/api"),
    "brevo": ("https://api.brevo.com/v3", "https://api.brevo.com/v3"),
    "typeform": ("https://api.eu.typeform.com", "https://api.eu.typeform.com"),
    "qualtrics": ("https://fra1.qualtrics.com", "https://fra1.qualtrics.com/API/v3"),
    "matomo": ("https://shop.matomo.cloud/", "https://shop.matomo.cloud"),
    "fortnox": ("https://api.fortnox.se/3/", "https://api.fortnox.se/3"),
}


def source(tmp_path, found):
    config = tmp_path / "kundbild.toml"
    write_source(config, found.block, variables=dict.fromkeys(found.to_set, "s3cret"))
    return load_settings(config, dict.fromkeys(found.to_set, "s3cret")).sources["shop"]


def test_every_vendor_that_is_read_by_its_api_says_who_asks():
    assert {*known_apis()} == {vendor for vendor, of in forms().items() if API in of}
    assert {*ADDRESSES} == {vendor for vendor in known_apis() if read_form(vendor, API)["connect"].get("hosts")}


@pytest.mark.parametrize("vendor", ADDRESSES)
def test_an_address_tells_whose_api_it_is(tmp_path, vendor):
    address, url = ADDRESSES[vendor]
    found = propose("shop", address, "SEK")
    read = source(tmp_path, found)
    assert (read.vendor, read.form, read.url) == (vendor, "api", url) and found.to_set
    assert all(variable.startswith("SHOP_") for variable in found.to_set)
    assert {one.vendor.vendor for one in found.tables} == {vendor} and {*read.tables} <= {one.name for one in found.tables}  # fmt: skip


def test_of_a_shop_with_an_address_of_its_own_the_vendor_is_said(tmp_path):
    read = source(tmp_path, propose("shop", "https://shop.example.com/butik/", "SEK", vendor="woocommerce"))
    assert (read.url, read.auth.user, read.auth.password) == ("https://shop.example.com/butik", "s3cret", "s3cret")
    assert tomllib.loads(propose("shop", "https://shop.example.com", "SEK", vendor="medusa").block)["sources"]["shop"]["auth"]["user"] == "${SHOP_KEY}"  # fmt: skip


def test_a_variable_that_is_set_is_not_asked_for(monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", "shpat_1")
    found = propose("shop", "https://my-shop.myshopify.com", "SEK")
    assert found.to_set == () and "shpat_1" not in found.block


@pytest.mark.parametrize(
    ("address", "vendor", "told"),
    [
        ("https://shop.example.com", "woocomerce", "woocommerce"), ("https://shop.example.com", "meta_ads", "not known"),
        ("https://me:pass@my-shop.myshopify.com", None, "without a login"), ("/exports", "woocommerce", "web address"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(address, vendor, told):
    with pytest.raises(ConfigurationError) as caught:
        propose("shop", address, "SEK", vendor=vendor)
    assert told in f"{caught.value} {caught.value.to_do}" and "pass" not in str(caught.value)
