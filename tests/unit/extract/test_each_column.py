"""Consents that stand beside one another in a row: one map makes events of each column, with what is said of it."""

from __future__ import annotations

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.core.settings.maps import EntityMap
from orchestration.extract.extract import prepare_raw
from tests.unit.vendor_rows import Vendor, write_rows

CONFIG = """company = "T"
[sources.shop]
connector = "files"
url = "{folder}"
timezone = "UTC"

[sources.shop.tables.members]
path = "members.csv"
key = ["Nr"]

[[sources.shop.tables.members.maps]]
entity = "people"
columns = {{ source_key = "Nr", email = "E-post", phone = "Mobil" }}

[[sources.shop.tables.members.maps]]
entity = "consent_events"
constants = {{ purpose = "newsletter", channel = "email", contact_point_type = "email", wording_version = "7" }}

[sources.shop.tables.members.maps.columns]
source_key = "Nr"
person_key = "Nr"
contact_point = "E-post"
stated_at = "$column datum"
status = {{ column = "{column}", values = {{ ja = "granted", nej = "withdrawn" }} }}

[sources.shop.tables.members.maps.each]
{each}
"""
EACH = '"Nyhetsbrev" = {}\n"Sms" = { channel = "sms", contact_point_type = "phone", contact_point = "Mobil" }'


def configured(home, folder, each=EACH, column="$column"):
    config = home.root / "kundbild.toml"
    config.write_text(CONFIG.format(folder=folder, each=each, column=column), encoding="utf-8")
    return load_settings(config)


def test_each_column_is_a_statement_of_its_own(home, warehouse, tmp_path):
    rows = [
        ("1", "Ja", "2026-01-01 10:00", "Nej", "2026-01-02 10:00"),
        ("2", "Nej", "2026-01-03 10:00", "Ja", "2026-01-04 10:00"),
    ]
    names = ("Nr", "Nyhetsbrev", "Nyhetsbrev datum", "Sms", "Sms datum")
    write_rows(tmp_path / "members.csv", [dict(zip(names, row, strict=True)) | {"E-post": f"{row[0]}@example.com", "Mobil": f"07017406{row[0]}"} for row in rows])  # fmt: skip
    shop = Vendor(warehouse, home, tmp_path)
    shop.settings = configured(home, tmp_path)
    assert {*shop.tables["members"].columns} == {*names, "E-post", "Mobil"}, "types are optional here too"
    prepare_raw(warehouse, shop.settings)
    shop.read()
    said = sorted((one["person_key"], one["channel"], one["contact_point"], one["status"], f"{one['stated_at']:%d}") for one in shop.staged("consent_events"))  # fmt: skip
    assert said == [
        ("1", "email", "1@example.com", "granted", "01"), ("1", "sms", "070174061", "withdrawn", "02"),
        ("2", "email", "2@example.com", "withdrawn", "03"), ("2", "sms", "070174062", "granted", "04"),
    ]  # fmt: skip
    assert len({one["source_key"] for one in shop.staged("consent_events")}) == 4


@pytest.mark.parametrize(("each", "column", "told"), [
    ("", "$column", "each names no columns"), ('"Sms" = "sms"', "$column", "each names no columns"), (EACH, "Sms", r"reads \$column"),
    ('"Sms" = { purpos = "newsletter" }', "$column", "purpos"),
])  # fmt: skip
def test_what_says_nothing_of_its_columns_is_told(home, tmp_path, each, column, told):
    config = CONFIG.replace('stated_at = "$column datum"\n', 'stated_at = "Sms datum"\n')
    home_config = home.root / "kundbild.toml"
    home_config.write_text(config.format(folder=tmp_path, each=each, column=column), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=told):
        load_settings(home_config)


def test_a_word_that_refuses_is_not_lost_by_it(home, tmp_path):
    with pytest.raises(ConfigurationError):
        configured(home, tmp_path, each='"Sms" = { status = "Nyhetsbrev" }\n"Nyhetsbrev" = { stated_on = "x" }')
    with pytest.raises(ValueError, match="each is of the configuration file"):
        EntityMap(entity="people", columns={"source_key": "$column"}, each={"a": {}})


_STATUS = 'status = {{ column = "{column}", values = {{ ja = "granted", nej = "withdrawn" }} }}'


@pytest.mark.parametrize(("status", "constant"), [
    (_STATUS.replace("{column}", "Nyhetsbrev"), ""),  # one column's yes, said of every channel
    (_STATUS.replace('"{column}"', '["Nyhetsbrev", "Kund"]'), ""), ('status = "Nyhetsbrev"', ""), ("", 'status = "granted", '), ("", ""),
])  # fmt: skip
def test_no_yes_of_one_column_grants_what_another_is_about(home, tmp_path, status, constant):
    assert _STATUS in CONFIG
    said = CONFIG.replace(_STATUS, status).replace("constants = {{ ", "constants = {{ " + constant)
    config = home.root / "kundbild.toml"
    config.write_text(said.format(folder=tmp_path, each=EACH, column="$column"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"the status of Nyhetsbrev does not read \$column"):
        load_settings(config)
    # a column of whom somebody took out refuses, whatever it says
    config.write_text(CONFIG.replace(_STATUS, "").replace("constants = {{ ", 'constants = {{ status = "withdrawn", ').format(folder=tmp_path, each=EACH))  # fmt: skip
    assert len(load_settings(config).sources["shop"].tables["members"].maps) == 3


def test_each_column_may_have_its_answer_in_another_one(home, tmp_path):
    each = '"Nyhetsbrev" = { status = "Svar brev" }\n"Sms" = { status = "Svar sms", channel = "sms", contact_point_type = "phone", contact_point = "Mobil" }'
    maps = configured(home, tmp_path, each=each, column="Nyhetsbrev").sources["shop"].tables["members"].maps
    assert [one.columns["status"] for one in maps[1:]] == ["Svar brev", "Svar sms"]


@pytest.mark.parametrize("name", ["", 'name = "of offers"'])
def test_two_maps_of_the_same_columns_have_keys_of_their_own(home, warehouse, tmp_path, name):
    consents = CONFIG[CONFIG.rindex("\n[[sources") :]
    offers = consents.replace('purpose = "newsletter"', 'purpose = "offers"').replace("constants =", f"{name}\nconstants =", 1)  # fmt: skip
    (home.root / "kundbild.toml").write_text((CONFIG + "\n" + offers).format(folder=tmp_path, each=EACH, column="$column"), encoding="utf-8")  # fmt: skip
    if not name:
        with pytest.raises(ConfigurationError, match=r"two maps.*are called Sms") as refused:
            load_settings(home.root / "kundbild.toml")
        assert "name =" in refused.value.to_do
        return
    names = ("Nr", "Nyhetsbrev", "Nyhetsbrev datum", "Sms", "Sms datum", "E-post", "Mobil")
    row = ("1", "Ja", "2026-01-01 10:00", "Nej", "2026-01-02 10:00", "1@example.com", "070174061")
    write_rows(tmp_path / "members.csv", [dict(zip(names, row, strict=True))])
    shop = Vendor(warehouse, home, tmp_path)
    shop.settings = load_settings(home.root / "kundbild.toml")
    prepare_raw(warehouse, shop.settings)
    said = {one["source_key"]: (one["purpose"], one["channel"]) for one in shop.read().staged("consent_events")}
    assert {*said.values()} == {("newsletter", "email"), ("newsletter", "sms"), ("offers", "email"), ("offers", "sms")}


def test_maps_that_are_written_out_have_names_of_their_own_too(home, tmp_path):
    one = CONFIG[CONFIG.rindex("\n[[sources") : CONFIG.index("\n[sources.shop.tables.members.maps.each]")]
    one = one.replace("constants =", 'name = "sms"\nconstants =', 1)
    (home.root / "kundbild.toml").write_text((CONFIG.partition("\n[[sources.shop.tables.members.maps]]\nentity = \"consent")[0] + one * 3).format(folder=tmp_path, column="Sms").replace("$column", "Sms"), encoding="utf-8")  # fmt: skip
    with pytest.raises(ConfigurationError, match=r"two maps.*are called sms"):
        load_settings(home.root / "kundbild.toml")
