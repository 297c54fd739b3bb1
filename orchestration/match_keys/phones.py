"""A candidate of a phone number → E.164 by the library phonenumbers, and `identity.phone_numbers`, which remembers.

Not here: how candidates are found in what was written (sql/phones.sql), which records have which number (identity/).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import duckdb
import phonenumbers
import pyarrow as pa

from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table
from orchestration.match_keys import define_match_keys, definitions, digest

# a number takes some thirty microseconds: below so many, starting processes costs more than they spare
_WORTH_PROCESSES = 50_000
# E.164 has no longer numbers: more digits are two numbers written as one
_MOST_DIGITS = 15
# fewer digits are no number to look for in front of others
_LEAST_DIGITS = 7
# as few has a line of a small Finnish area; a company's number may have fewer
_LEAST_VALID = 6
_SQL = sql_script(__file__, "phone_numbers")

_DDL = sql_script(__file__, "phone_table")
# (certain key, is it valid, is it a mobile, every E.164 that it may be, national digits of these, the key's country)
Reading = tuple[str | None, bool, bool | None, list[str], list[str], str | None]
Key = tuple[str | None, bool | None]


def read_phones(con: duckdb.DuckDBPyConnection, numbers: str, default_country: str | None = None) -> None:
    """Adds to `identity.phone_numbers` what `numbers`, a query of (phone, country_code), has that was never read.

    A number without a country is read in `default_country`; None leaves the one that was given before.
    """
    define_match_keys(con)
    _prepare(con, default_country)
    _list_to_read(con, numbers)
    con.execute(
        "delete from phones_to_read r where exists (from identity.phone_numbers n where n.phone = r.phone and n.country_code = r.country_code)"
    )
    if con.execute("select count(*) from phones_to_read").fetchall()[0][0]:
        country = con.execute("select default_country from identity.phone_numbers_made_with").fetchall()[0][0]
        _read(con, country)
        con.execute("insert into identity.phone_numbers from read_phones")
        con.execute("drop table read_phones")
    con.execute("drop table phones_to_read")


def read_phones_apart(con: duckdb.DuckDBPyConnection, numbers: str, default_country: str, table: str) -> None:
    """Makes the temp table `table` (phone, country_code, phone_key, readings) of what `numbers`, a query of (phone,
    country_code), has. Nothing is remembered: it may be of people who are not to enter."""
    define_match_keys(con)
    _list_to_read(con, numbers)
    con.execute(
        f"create or replace temp table {table} (phone varchar, country_code varchar, phone_key varchar, readings varchar[])"
    )
    if has_table(con, "identity", "phone_numbers"):
        # what was read when people were resolved, in a country of its own, is not read again
        con.execute(
            f"insert into {table} select n.phone, n.country_code, n.phone_key, n.readings from identity.phone_numbers n "
            "join phones_to_read r using (phone, country_code) where n.country_code <> ''"
        )
        con.execute(f"delete from phones_to_read where (phone, country_code) in (select (phone, country_code) from {table})")  # fmt: skip
    if con.execute("select count(*) from phones_to_read").fetchall()[0][0]:
        _read(con, default_country)
        con.execute(f"insert into {table} select phone, country_code, phone_key, readings from read_phones")
        con.execute("drop table read_phones")
    con.execute("drop table phones_to_read")


def default_country(con: duckdb.DuckDBPyConnection) -> str:
    """In which the last night read numbers without a country; empty before a first night."""
    if not has_table(con, "identity", "phone_numbers_made_with"):
        return ""
    found = con.execute("select default_country from identity.phone_numbers_made_with").fetchall()
    return str(found[0][0]) if found else ""


def _list_to_read(con: duckdb.DuckDBPyConnection, numbers: str) -> None:
    con.execute(
        f"create or replace temp table phones_to_read as select distinct phone, coalesce(match_keys.country_code(country_code), '') as country_code "
        f"from (select distinct phone, country_code from ({numbers}) p where nullif(trim(phone), '') is not null)"
    )


def phone_keys(numbers: Sequence[tuple[str, str]]) -> list[Key]:
    """(certain key, is it a mobile) of each (phone, country), as `read_phones` reads them."""
    if not numbers:
        return []
    with duckdb.connect() as con:
        con.execute("create schema match_keys")
        con.execute(definitions(("names", "places", "phones")))
        _register(con, "asked_phones", {"phone": [n for n, _ in numbers], "country": [c or "" for _, c in numbers]})
        con.execute(
            "create temp table phones_to_read as select distinct phone, coalesce(match_keys.country_code(country), '') as country_code "
            "from asked_phones where phone is not null"
        )
        _read(con, "")
        found = con.execute("select phone, country_code, phone_key, is_mobile from read_phones").fetchall()
        keys = {(phone, country): (key, is_mobile) for phone, country, key, is_mobile in found}
        countries = dict(
            con.execute(
                "select distinct country, coalesce(match_keys.country_code(country), '') from asked_phones"
            ).fetchall()
        )
    return [keys.get((number, countries[country or ""]), (None, None)) for number, country in numbers]


def _prepare(con: duckdb.DuckDBPyConnection, default_country: str | None) -> None:
    """Empties what was read by other rules: of an older program, or with another default country."""
    made_by = digest() + phonenumbers.__version__
    known = has_table(con, "identity", "phone_numbers_made_with")
    made_with = con.execute("from identity.phone_numbers_made_with").fetchall() if known else []
    if made_with and made_with[0][0] == made_by and default_country in (None, made_with[0][1]):
        return
    if not made_with or made_with[0][0] != made_by:
        con.execute("drop table if exists identity.phone_numbers")
    else:
        con.execute("delete from identity.phone_numbers where country_code = ''")
    con.execute(_DDL)
    country = default_country if default_country is not None else made_with[0][1] if made_with else ""
    con.execute("delete from identity.phone_numbers_made_with")
    con.execute("insert into identity.phone_numbers_made_with values ($1, $2)", [made_by, country])


def _read(con: duckdb.DuckDBPyConnection, default_country: str) -> None:
    """phones_to_read (phone, country_code) → the temp table read_phones, of the shape of identity.phone_numbers."""
    candidates, rows = _SQL.split("-- and then\n")
    con.execute(candidates, {"default": default_country})
    distinct = con.execute("select distinct candidate, region from phone_candidates").fetchall()
    readings = _readings(distinct)
    parsed = {
        "candidate": [candidate for candidate, _ in distinct],
        "region": [region for _, region in distinct],
        **{
            name: [reading[at] for reading in readings]
            for at, name in enumerate(("phone_key", "is_valid", "is_mobile", "readings", "nationals", "number_country"))
        },
    }
    _register(con, "parsed", parsed)
    con.execute(rows)
    con.execute("drop table phone_candidates")
    con.unregister("parsed")


def _register(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, list[Any]]) -> None:
    kinds = {
        "is_valid": pa.bool_(),
        "is_mobile": pa.bool_(),
        "readings": pa.list_(pa.string()),
        "nationals": pa.list_(pa.string()),
    }
    con.register(name, pa.table({c: pa.array(values, kinds.get(c, pa.string())) for c, values in columns.items()}))


def _readings(candidates: Sequence[tuple[str, str]]) -> list[Reading]:
    """`reading_of` each, on every core where there are many."""
    if len(candidates) < _WORTH_PROCESSES:
        return [reading_of(*candidate) for candidate in candidates]
    cores = os.cpu_count() or 1
    size = -(-len(candidates) // cores)
    parts = [candidates[start : start + size] for start in range(0, len(candidates), size)]
    with ThreadPoolExecutor(cores) as pool:
        return [reading for readings in pool.map(_in_a_process, parts) for reading in readings]


def _in_a_process(candidates: Sequence[tuple[str, str]]) -> list[Reading]:
    # a process of its own by name: multiprocessing would fork DuckDB's threads, or run again the script that it is called from
    command = [sys.executable, "-m", "orchestration.match_keys.phones", str(os.getpid())]
    done = subprocess.run(command, input=json.dumps(candidates), capture_output=True, check=True, text=True)
    return [tuple(reading) for reading in json.loads(done.stdout)]


def reading_of(candidate: str, region: str) -> Reading:
    """What digits (+ before a country code) may be in a country (alpha-2 or empty)."""
    if len(candidate.lstrip("+")) > _MOST_DIGITS:
        return None, False, None, *_written_as_one(candidate, region), None
    written = _parsed(candidate, region)
    found = [written] if written is not None and phonenumbers.is_valid_number(written) else []
    if not found:
        # a country code without its +, or a + before a national number
        other = _parsed(candidate.removeprefix("+") if candidate.startswith("+") else "+" + candidate, region)
        found = [other] if other is not None and phonenumbers.is_valid_number(other) else []
    is_valid = bool(found)
    if not found and written is not None and phonenumbers.is_possible_number(written):
        found = [written]
    has_key = bool(found)
    if not is_valid:
        found += _leading(candidate, region)
    numbers = list(dict.fromkeys(map(_e164, found)))
    nationals = list(dict.fromkeys(str(number.national_number) for number in found))
    if not found:
        return None, False, None, [], [], None
    # without a country the digits may lack one: then what they would be with a + before them is a reading and no key
    is_key = has_key and (candidate.startswith("+") or bool(region))
    kind = phonenumbers.number_type(found[0])
    is_mobile = kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    if not is_key:
        return None, is_valid, None, numbers, nationals, None
    return numbers[0], is_valid, is_mobile, numbers, nationals, _country_of(found[0])


def is_whole(key: str) -> bool:
    """Whether a key (E.164) is a number that one line has: where few digits are no valid number another area has the same ones, and
    many write fewer still where they have no number (12345)."""
    number = _parsed(key, "")
    digits = 0 if number is None else len(str(number.national_number))
    return digits >= _LEAST_DIGITS or (digits >= _LEAST_VALID and phonenumbers.is_valid_number(number))


def _leading(candidate: str, region: str) -> list[Any]:
    """The valid numbers that digits begin with: something stands behind a number. Of no use where the country is not known."""
    starts = (_parsed(candidate[:end], region) for end in range(len(candidate) - 1, _LEAST_DIGITS - 1, -1))
    return [number for number in starts if number is not None and phonenumbers.is_valid_number(number)]


def _country_of(number: Any) -> str:
    """Alpha-2 of the country whose number it is; 001 of none, as +800 is."""
    found = phonenumbers.region_code_for_number(number)
    return str(found or phonenumbers.region_code_for_country_code(number.country_code))


def _written_as_one(candidate: str, region: str) -> tuple[list[str], list[str]]:
    """Two numbers without anything between them: every split into two valid ones."""
    splits = [(_parsed(candidate[:at], region), _parsed(candidate[at:], region)) for at in range(7, len(candidate) - 6)]
    found = [n for pair in splits if all(n is not None and phonenumbers.is_valid_number(n) for n in pair) for n in pair]
    return list(dict.fromkeys(map(_e164, found))), list(dict.fromkeys(str(n.national_number) for n in found))


def _parsed(number: str, region: str) -> Any:
    try:
        return phonenumbers.parse(number, region or None)
    except phonenumbers.NumberParseException:
        return None


def _e164(number: Any) -> str:
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


if __name__ == "__main__":
    from orchestration.core.stopping import end_with_parent

    end_with_parent(int(sys.argv[1]))
    json.dump([reading_of(*candidate) for candidate in json.load(sys.stdin)], sys.stdout)
