"""Phone numbers are one key however they are written; what is not certain denies and never grants."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.match_keys.phones import phone_keys
from tests.unit.spellings import denies, key, phone

WRITTEN = [
    "070-333 00 04", "0703330004", "+46703330004", "0046 70 333 00 04", "+46 (0)70 333 00 04", "46703330004", "0703330004 (hem)", "(Axel) 070-3330004",
    "Mobil: 070 333 00 04", "tel.0703330004", "703330004.0", "46703330004.0", "0703330004 ankn 12", "0703330004 ext. 7", "0703330004x12",
    "'+46703330004", "'0703330004  ", "070\u2011333\u00a000\u00a004", "\u200b0703330004", "0703330004\r\n", "070/3330004", "+460703330004", "0703330004;", "0703330004, 070-333 00 04", "０７０－３３３ ００ ０４", "٠٧٠٣٣٣٠٠٠٤",
]  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
def test_a_number_has_one_key_however_it_is_written(written):
    for country, default in (("SE", ""), (" se", "NO"), ("Sverige", ""), ("", "SE")):
        found = phone(written, country, default)
        assert (found["phone_key"], found["is_certain"], found["is_mobile"]) == ("+46703330004", True, True)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("070-333 00 05, 08-123 45 67", {"+46703330005", "+4681234567"}),
        ("070-333 00 05 / 08-123 45 67", {"+46703330005", "+4681234567"}),
        ("070-333 00 05\n08-123 45 67", {"+46703330005", "+4681234567"}),
        ("0703330005+4681234567", {"+46703330005", "+4681234567"}),
        ("0703330005081234567", {"+46703330005", "+4681234567"}),
        ("070-333 00 05 eller 08-123 45 67", {"+46703330005", "+4681234567"}),
        ("Axel 2: 070-333 00 05", {"+46703330005"}),
        ("070-333 00 05 / 06", {"+46703330005"}),
    ],
)  # fmt: skip
def test_what_is_no_single_number_denies_by_each_and_never_grants(written, read):
    found = phone(written)
    assert found["phone_key"] is None and not found["is_certain"] and read <= set(found["readings"])
    for number in read:
        certain = phone(number)
        assert denies(found, certain) and denies(certain, found)
    assert not denies(found, phone("070-444 00 08")) and not denies(phone("070-444 00 08"), found)


@pytest.mark.parametrize(
    ("number", "country"),
    [("0731110000", "SE"), ("073-111 00 00", "SE"), ("+46731110000", ""), ("0731110000", ""), ("401 23 456", "NO"), ("40123456", "NO"), ("20 12 34 56", "DK")],
)  # fmt: skip
@pytest.mark.parametrize("behind", [" (2)", "(1)", " 2", "-1", " 0", " - 2", ".3", "_4", " ( 12 )"])
def test_a_number_with_something_behind_it_denies_that_number_and_grants_nothing(number, country, behind):
    found, certain = phone(number + behind, country), phone(number, country)
    assert (found["phone_key"], found["is_certain"]) == (None, False)
    assert denies(found, certain) and denies(certain, found)
    elsewhere = phone("070-444 00 08", "SE")
    assert not denies(found, elsewhere) and not denies(elsewhere, found)


@pytest.mark.parametrize(
    "written", ["0703330005 0812345678", "070-333 00 05 08-123 45 678", "0703330005  (0812345678)", "0703330005 17-19", "0703330005 2026-06-01"]
)  # fmt: skip
@pytest.mark.parametrize("default", ["", "SE"])
def test_two_numbers_with_a_space_between_deny_each_with_and_without_a_default_country(written, default):
    found = phone(written, "", default)
    assert not found["is_certain"]
    numbers = ["+46703330005", "+46812345678"] if "45" in written else ["+46703330005"]
    for certain in [phone(number) for number in numbers] + [phone("0703330005", "", "")]:
        assert denies(found, certain) and denies(certain, found)
    elsewhere = phone("070-444 00 08", "SE")
    assert not denies(found, elsewhere) and not denies(elsewhere, found)


def test_digits_behind_a_number_without_gaps_deny_it_and_are_no_number():
    for written in ("0731110000 12", "073-111 00 00 12", "07311100002", "0731110000 123"):
        found = phone(written)
        assert not found["is_certain"] and denies(found, phone("0731110000")), written


@pytest.mark.parametrize("written", ["", "-", "nothing", "12", "0000000000", "7.03E8", "4.67033E+10", "4,67033E+10"])
def test_what_is_no_number_is_none(written):
    found = phone(written or " x ")
    assert (found["phone_key"], found["denies"], found["denied_by"]) == (None, [], [])


def test_a_number_without_its_country_denies_the_same_digits_in_every_country():
    at_home, abroad = phone("40 01 11 22", "", "SE"), phone("+47 40 01 11 22")
    assert denies(at_home, abroad) and denies(abroad, at_home)
    assert denies(phone("40 01 11 22", "", ""), abroad)
    # where both are certain, the last digits are no reason
    assert not denies(phone("070-333 00 04"), phone("073-333 00 04"))
    assert not denies(phone("40 01 11 22", "DK"), abroad)


@settings(max_examples=5)
@given(
    st.lists(st.integers(0, 9999999), min_size=20, max_size=60, unique=True),
    st.sampled_from(["0{}", "+46{}", "0046{}", "46 {}", "+46 (0){}", "0{} (jobb)", "{}.0", "0{} ankn 3"]),
)
def test_every_mobile_number_has_one_key(tails, spelling):
    written = [(spelling.format(f"70{tail:07d}"), "SE") for tail in tails]
    assert phone_keys(written) == [(f"+4670{tail:07d}", True) for tail in tails]


def test_a_number_is_read_again_under_another_default_country():
    assert phone("91 23 45 67", "", "NO")["phone_key"] == "+4791234567"
    assert phone("91 23 45 67", "", "DK")["phone_key"] == "+4591234567"


@pytest.mark.parametrize(
    "written",
    [
        "+46%2070%20333%2000%2004",
        "%2B46%2070%20333%2000%2004",
        "%2B46703330004",
        "070%2D333%2000%2004",
        "tel%3A%2B46703330004",
        "%252B46703330004",
    ],
)
def test_a_number_of_a_link_is_denied_as_what_it_stands_for_and_is_no_certain_one(written):
    certain = phone("+46703330004")
    denial, granted = phone(key("match_keys.beside_addresses($v)", written), ""), phone(written)
    assert denies(denial, certain) and denies(certain, phone(written, "", "SE"))
    assert not granted["is_certain"] and granted["phone_key"] is None


def test_a_number_that_is_glued_to_an_address_is_read_beside_it():
    for written in ("anna@x.se0703330004", "anna@x.se+46703330004", "anna@x.se-070-3330004"):
        assert denies(phone(key("match_keys.beside_addresses($v)", written)), phone("0703330004")), written
