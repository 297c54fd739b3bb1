"""National identity numbers: dropped where data enters; where a table opts in, kept as keyed hashes of valid ones.

Here: how they are known, and `restricted.national_ids`. They confirm and veto who is who (identity/edges.py), and
are never a key of anything. Not here: what is dropped (entry.py), numbers in free text (special_categories.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import duckdb
import pyarrow as pa
from stdnum import luhn
from stdnum.dk import cpr
from stdnum.exceptions import ValidationError
from stdnum.fi import hetu
from stdnum.no import fodselsnummer
from stdnum.se import personnummer

from orchestration.privacy.pepper import Pepper
from orchestration.settings import Table
from orchestration.warehouse import quote, text

# names of such columns, in the letters and digits that they are written with
_NAMES = {
    "cpr", "cprnr", "cprnummer", "fdselsnummer", "fodselsnr", "fodselsnummer", "foedselsnummer", "henkilotunnus",
    "henkiltunnus", "henkiloetunnus", "hetu", "identitynumber", "nationalid", "nationalidentitynumber", "nationalidnumber",
    "personalidentitynumber", "personidnumber", "personnr", "personnummer", "persnr", "samordningsnummer", "socialsecuritynumber", "socsecid", "ssn",
}  # fmt: skip
# what stands in their place in a rejected line; any number written as one, for there it cannot be told by its column
_WRITTEN = r"\b(?:\d{2})?\d{6}[-+A-FU-Y ]?\d{3}[0-9A-Za-z]\b"
REMOVED = "[identity number removed]"

_DDL = """
create schema if not exists restricted;
create table if not exists restricted.national_ids (
    source_system varchar not null, source_key varchar not null, country_code varchar not null, keyed_hash varchar not null,
    primary key (source_system, source_key)
);
"""


def holds_national_ids(column: str) -> bool:
    """Whether a column is named as one of national identity numbers is."""
    return re.sub(r"[^a-z0-9]", "", column.lower()) in _NAMES


def prepare_national_ids(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_DDL)


def keep_national_ids(con: duckdb.DuckDBPyConnection, source: str, table: Table, delivered: str, pepper: Pepper) -> int:
    """Brings `restricted.national_ids` up to date with a delivery, a relation with the number beside the key.

    Returns how many numbers were no valid ones: of these nothing is kept.
    """
    assert table.national_id
    prepare_national_ids(con)
    column, key = quote(table.national_id.column), quote(table.key[0])
    country = (
        f"upper({quote(table.national_id.country_column)})"
        if table.national_id.country_column
        else text(str(table.national_id.country))
    )
    con.execute(
        f"create or replace temp table delivered_ids as select {key}::varchar as source_key, trim({column}::varchar) as number, "
        f"coalesce({country}, '') as country_code from {delivered}"
    )
    try:
        numbers = con.execute("select distinct number, country_code from delivered_ids where number <> ''").fetchall()
        hashes = [_keyed(pepper, number, code) for number, code in numbers]
        con.register(
            "known_ids",
            pa.table(
                {
                    "number": pa.array([number for number, _ in numbers], pa.string()),
                    "country_code": pa.array([code for _, code in numbers], pa.string()),
                    "keyed_hash": pa.array(hashes, pa.string()),
                }
            ),
        )
        con.execute(
            f"delete from restricted.national_ids where source_system = {text(source)} and source_key in (select source_key from delivered_ids); "
            f"insert into restricted.national_ids select {text(source)}, source_key, country_code, keyed_hash from delivered_ids "
            "join known_ids using (number, country_code) where keyed_hash is not null "
            "qualify row_number() over (partition by source_key order by keyed_hash) = 1"
        )
        con.unregister("known_ids")
    finally:
        con.execute("drop table delivered_ids")
    return sum(found is None for found in hashes)


def _keyed(pepper: Pepper, number: str, country: str) -> str | None:
    canonical = canonical_number(number, country)
    return pepper.hashed(f"{country}:{canonical}") if canonical else None


def canonical_number(number: str, country: str) -> str | None:
    """The number in the one form in which equal people have equal numbers; None where it is no valid one of `country`."""
    read = _READERS.get(country)
    try:
        return read(number) if read else None
    except (ValidationError, ValueError):
        return None


def _swedish(number: str) -> str:
    """YYYYMMDDNNNN: with its century, which short forms leave to be guessed. A coordination number has 60 added to the day."""
    compact = personnummer.compact(number)
    digits = re.sub(r"[-+]", "", compact)
    if int(digits[-6:-4]) <= 60:
        personnummer.validate(number)
        return f"{personnummer.get_birth_date(number):%Y}{digits[-8:]}"
    luhn.validate(digits[-10:])
    plain = compact[: compact.index("-" if "-" in compact else "+")][:-2] + f"{int(digits[-6:-4]) - 60:02d}"
    born = personnummer.get_birth_date(plain + compact[len(plain) :])
    return f"{born:%Y}{digits[-8:]}"


_READERS: dict[str, Callable[[str], str]] = {
    "SE": _swedish,
    "NO": fodselsnummer.validate,
    "DK": cpr.validate,
    "FI": hetu.validate,
}
COUNTRIES = tuple(_READERS)


def remove_written_numbers(con: duckdb.DuckDBPyConnection) -> None:
    """Out of the lines that a load rejected: they are kept whole, and a number in them would be kept too."""
    con.execute(
        f"update fresh_rejects set content = regexp_replace(content, {text(_WRITTEN)}, {text(REMOVED)}, 'g') "
        f"where regexp_matches(content, {text(_WRITTEN)})"
    )
