"""What tests of match keys stand on: the macros in memory, and what they say of a text. Not here: the tests."""

from __future__ import annotations

import duckdb

from orchestration.match_keys import define_match_keys
from orchestration.match_keys.phones import read_phones

CON = duckdb.connect()
define_match_keys(CON)


def key(expression: str, value: str | None) -> object:
    return CON.execute(f"select {expression}", {"v": value}).fetchall()[0][0]


def email(value: str) -> object:
    return key("match_keys.email_key($v)", value)


def readings(value: str) -> object:
    return key("match_keys.email_readings($v)", value)


def phone(written: str, country: str = "SE", default: str = "") -> dict:
    CON.execute(
        "create or replace temp table asked as select $v as phone, $c as country_code", {"v": written, "c": country}
    )
    read_phones(CON, "from asked", default)
    found = CON.execute(
        "select * exclude (phone, country_code) from identity.phone_numbers where phone = $v and country_code = coalesce(match_keys.country_code($c), '')",
        {"v": written, "c": country},
    )
    return dict(zip([column[0] for column in found.description], found.fetchall()[0], strict=True))


def denies(denial: dict, other: dict) -> bool:
    return bool(set(denial["denies"]) & set(other["denied_by"]))
