"""Addresses and numbers of people in texts and keys that analysts see: what they look like, and what is shown in their place.

Here: the one definition, as SQL (the checks of `bi` ask by it too), and `identity.shown_values`, which `bi` joins (dbt: macros/shown.sql).
Not here: identity numbers (national_ids_in_text.py), which texts are shown at all (a category of few people is not: macros/shown.sql).
"""

from __future__ import annotations

import re

import duckdb
import pyarrow as pa

from orchestration.contracts.person_rows import ShownColumn, shown_columns
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table, text
from orchestration.privacy.intake.national_id_patterns import WRITTEN_SQL
from orchestration.privacy.intake.national_ids import LOOKED_AT, are_of_people, is_whole_number_of_somebody
from orchestration.privacy.intake.national_ids_in_text import national_ids_in, without_numbers
from orchestration.privacy.secrets.pepper import Pepper

ADDRESS_REMOVED, PHONE_REMOVED = "[email address removed]", "[phone number removed]"
# what every value begins with that stands for a key
KEY_SHOWN = "key-"

# Patterns for DuckDB and for the checks: without braces, which the runner reads as places to fill; a letter or digit behind a
# colon stands in brackets, for SQLAlchemy reads `:word` as a parameter.
_WORD = r"[\pL\pN_-]"
_AT = (
    r"(?:[@＠﹫]|\s*[\[(<]\s*(?:[a]t|a|@|snabel-?a)\s*[\])>]\s*|%40|&#(?:[6]4|x40);"
    r"|\s(?:[s]nabel-?a|krøllalfa|alfakrøll)\s)"
)
_DOT = (
    r"(?:[.．]|\s*[\[(<]\s*(?:[d]ot|punkt|punktum|prikk|piste|[.])\s*[\])>]\s*|\s(?:[d]ot|punkt|punktum|prikk|piste)\s)"
)
_ENDINGS = "se|no|dk|fi|is|com|net|org|nu|eu|info|io|ax|fo"
# anna@x.se, anna (at) x [dot] se, anna%40x.se; between two words "at" alone is one only before a domain with a known ending
ADDRESS = (
    rf"(?i)[\pL\pN._%+'-]+ ?{_AT} ?{_WORD}+(?:{_DOT}{_WORD}+)+"
    rf"|[\pL\pN._%+'-]+ at {_WORD}+(?:(?:[.]|\s[d]ot\s){_WORD}+)*(?:[.]|\s[d]ot\s)(?:[{_ENDINGS[0]}]{_ENDINGS[1:]})\b"
)
_SEPARATOR = "[ \u00a0().\u2010-\u2015/-]*"


def _digits(least: int, most: int) -> str:
    """So many digits, perhaps with gaps."""
    one = f"{_SEPARATOR}[0-9]"
    return one * least + f"(?:{one}" * (most - least) + ")?" * (most - least)


# with a country code; with an area code and a gap behind it; a Swedish mobile number; in groups, as Danes, Norwegians and Icelanders
# write them; behind a word for it. Digits alone are no number: an article's and an order's look so too
PHONE = (
    rf"[+＋]{_digits(8, 15)}\b|\b00(?:[4][567]|35[48]|29[89]|44|49){_digits(6, 11)}\b"
    r"|\b0[1-9][0-9][0-9]?(?: ?[-/] ?| )[0-9][0-9][0-9]?(?: ?[0-9][0-9][0-9]?)(?: ?[0-9][0-9][0-9]?)?(?: ?[0-9][0-9][0-9]?)?\b"
    r"|\b0[89](?: ?[-/] ?| )[0-9][0-9][0-9]?(?: ?[0-9][0-9][0-9]?)(?: ?[0-9][0-9][0-9]?)?\b"
    rf"|\b07[02369]{'[0-9]' * 7}\b|\b[2-9][0-9] [0-9][0-9] [0-9][0-9] [0-9][0-9]\b|\b[2-9][0-9][0-9] [0-9][0-9] [0-9][0-9][0-9]\b"
    rf"|(?i)\b(?:[t]elefon|telephone|tel|tlf|mobiltelefon|mobil|mobile|mob|phone|call|ring|puh|puhelin|sími|sms)"
    rf"[.]? ?(?:[n]ummer|nr|number|no)?[^\pL\pN]?[^\pL\pN]?[^\pL\pN]?{_digits(6, 14)}\b"
)


_HEX = "[0-9a-fA-F-]"
# parts two texts so that no pattern reaches over it: at most three signs stand between a word for a number and its digits
_APART = "repeat(chr(30), 4)"
_NO_WORD = f"[0-9]+|{_HEX * 32}{_HEX}*"


def holds_point(value: str) -> str:
    """SQL: whether a text names an email address, disguised or not, or a phone number."""
    return f"(regexp_matches({value}, {text(ADDRESS)}) or regexp_matches({value}, {text(PHONE)}))"


def key_holds_point(value: str) -> str:
    """SQL: whether a key does. Digits alone and random ids are no number, whatever they look like; most keys are one of these."""
    return f"({holds_point(value)} and not {_is_no_word(value)})"


def any_holds_point(texts: list[str], keys: list[str]) -> str:
    """SQL: whether any of these texts or keys of a row does: joined, for a pattern is compiled wherever it stands."""
    words = [f"case when not {_is_no_word(key)} then {key} end" for key in keys]
    return holds_point(f"concat_ws({_APART}, {', '.join(texts + words)})")


def _is_no_word(key: str) -> str:
    return f"regexp_full_match({key}, {text(_NO_WORD)})"


def without_points(value: str) -> str:
    """SQL: a text without email addresses and phone numbers."""
    without = f"regexp_replace({value}, {text(ADDRESS)}, {text(ADDRESS_REMOVED)}, 'g')"
    return f"regexp_replace({without}, {text(PHONE)}, {text(PHONE_REMOVED)}, 'g')"


# one key of digits alone is no number, whatever it looks like
_LEAST_OF_DIGITS = 3
# a date with the rest, as a key has it; which dates and digits are somebody's is said in Python
_NUMBERED = r"(?:^|\D)(?:(?:1[89]|20)?\d\d(?:0[1-9]|1[0-2])\d\d[-+A-FU-Y ]?\d{3}[\dA-Y]|[0-7]\d(?:0[1-9]|1[0-2])\d\d[-+A-FU-Y ]?\d{3}[\dA-Y]\d?)(?:\D|$)"
# how a key is written: its digits and letters as any
_SHAPE = r"regexp_replace(regexp_replace(value, '[0-9]', '9', 'g'), '\pL', 'a', 'g')"
_DDL = sql_script(__file__, "personal_text")


def prepare_shown_values(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_DDL)


def find_personal_text(con: duckdb.DuckDBPyConnection, pepper: Pepper) -> dict[str, int]:
    """Makes `identity.shown_values` anew: what analysts see in place of each text and key that names an address or a number of
    somebody. A key becomes a keyed hash, so that rows still join. Returns {entity.column: rows}, of columns with any."""
    prepare_shown_values(con)
    con.execute("delete from identity.shown_values")
    con.execute(
        "create or replace temp table personal (place varchar, is_key boolean, value varchar, rest varchar, row_count bigint)"
    )
    there = [of for of in shown_columns() if has_table(con, "conformed", f"conformed_{of.entity}")]
    _find_keys(con, _values([of for of in there if of.is_key]))
    _find_texts(con, _values([of for of in there if of.is_text]))
    key = f"{text(KEY_SHOWN)} || left({pepper.hashed_sql(chr(39) + 'bi-key:' + chr(39) + ' || value')}, 32)"
    con.execute(
        f"insert into identity.shown_values select distinct is_key, value, case when is_key then {key} else {without_points('rest')} end from personal",
        pepper.parameters(),
    )
    found = con.execute("select place, sum(row_count)::bigint from personal group by place order by place").fetchall()
    con.execute("drop table personal")
    return dict(found)


def _values(of: list[ShownColumn]) -> str:
    """SQL, a query of every value of these columns and its place, `entity.column`: a pattern is compiled for each place in the
    SQL where it stands, and takes longer than a small table does. Empty where there are none."""
    return " union all ".join(
        f"select {text(f'{one.entity}.{one.column}')} as place, {one.column} as value from conformed.conformed_{one.entity} where {one.where}"
        for one in of
    )


def _find_keys(con: duckdb.DuckDBPyConnection, keys: str) -> None:
    if not keys:
        return
    looks = key_holds_point("value")
    # of keys with a date in them every tenth has a check digit by chance
    numbered = f"length(value) between 10 and 31 and regexp_matches(value, {text(_NUMBERED)})"
    shapes = con.execute(
        f"select place, {_SHAPE} as shape, arg_min(value, hash(value), {LOOKED_AT}) from ({keys}) where {numbered} group by all"
    ).fetchall()
    theirs = [f"({text(place)}, {text(shape)})" for place, shape, few in shapes if _are_somebodys(shape, few)]
    if theirs:
        looks += f" or {numbered} and (place, {_SHAPE}) in ({', '.join(theirs)})"
    con.execute(
        f"insert into personal select place, true, value, null, count(*) from ({keys}) where {looks} group by all"
    )


def _are_somebodys(shape: str, keys: list[str]) -> bool:
    held = sum(map(_is_somebodys, keys))
    return are_of_people(held, len(keys)) and held >= (_LEAST_OF_DIGITS if shape.isdecimal() else 1)


def _is_somebodys(key: str) -> bool:
    """Whether an identity number is in a key by its check digit. Any date with four digits would be a Danish one."""
    found = [re.sub(r"\W", "", key[start:end]) for start, end in national_ids_in(key)]
    return any(not number.isdecimal() or is_whole_number_of_somebody(int(number)) for number in found)


def _without_numbers(written: str) -> tuple[str, int]:
    # then what is joined to other digits: the check on `bi` sees it, and would hold the publication
    rest, count = without_numbers(written)
    rest, more = without_numbers(rest, within_keys=True)
    return rest, count + more


def _find_texts(con: duckdb.DuckDBPyConnection, texts: str) -> None:
    if not texts:
        return
    # a category is written in many rows: each is looked at once
    suspected = con.execute(
        "select * from (select *, "
        f"{holds_point('value')} as has_point, regexp_matches(value, $number) as has_number from "
        f"(select place, value, count(*) as row_count from ({texts}) where value is not null group by all)) "
        "where has_point or has_number",
        {"number": WRITTEN_SQL},
    ).fetchall()
    found = [
        (place, value, rest, rows)
        for place, value, rows, has_point, has_number in suspected
        for rest, count in [_without_numbers(value) if has_number else (value, 0)]
        if has_point or count
    ]
    if found:
        places, values, rests, rows = map(pa.array, zip(*found, strict=True))
        con.register("personal_texts", pa.table({"place": places, "value": values, "rest": rests, "row_count": rows}))
        con.execute("insert into personal select place, false, value, rest, row_count from personal_texts")
        con.unregister("personal_texts")
