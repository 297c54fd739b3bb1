"""National identity numbers in a text: where they stand, and the text without them.

Not here: how they are written (national_id_patterns.py), which are somebody's (national_ids.py), other words of free text
(special_categories.py).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

import duckdb
import pyarrow as pa

from orchestration.core.warehouse import text
from orchestration.privacy.intake.national_id_patterns import (
    ENTITY,
    FEW,
    LETTERS,
    PRINTED,
    SIGNS_SQL,
    WRITTEN,
    WRITTEN_SQL,
)
from orchestration.privacy.intake.national_ids import is_national_id

# what is replaced in a rejected line; any number written as one, for there it cannot be told by its column
_WRITTEN = rf"\b(?:{PRINTED})\b"
_GLUED = rf"[\pL_](?:{PRINTED})|(?:{PRINTED})[\pL_]"
REMOVED = "[identity number removed]"
# words for a number, and those that may be short for something else: directly before a number they are not
_NAMED_BY = re.compile(r"(?i)(?:\b|_)(?:[pf]nr|cpr|ssn|hetu|person(?:nummer|nr)|f[øo]dselsn(?:ummer|r))(?:nr|no)?_*$")
# what a dash joins to it is a part of the same key where it has digits: kund-800101-9804 has a number in it, and 12-800101-9804 none
_JOINED = r"-[^\W_]*\d"
_JOINED_BEFORE = re.compile(r"\d[^\W_]*-\Z")
# as it stands in running text; digits behind a colon make it a time of day
_IN_TEXT = re.compile(rf"(?<!\d)(?:{WRITTEN})(?:(?<=\d)(?!\d|{_JOINED}|:\d)|(?<=[{LETTERS}])(?!\w|{_JOINED}))")


# what is not as it is read: digits of other scripts, and of full width; signs as HTML writes them
_OTHER_SIGN = re.compile(rf"(?:%(?:25)*[0-9A-Fa-f]{{2}})+|{ENTITY}|(?![0-9])\d")


# the same within whatever key
_ANYWHERE = re.compile(rf"(?<!\d)(?:{WRITTEN})(?:(?<=\d)(?!\d)|(?<=[{LETTERS}])(?!\w))")


def national_ids_in(text: str, *, within_keys: bool = False) -> Iterator[tuple[int, int]]:
    """Where identity numbers stand in running text, letters directly before or behind them or not (`pnr800101-…`), in the
    digits of any script, and with signs as HTML writes them. `within_keys`: also where other digits are joined to one."""
    if _OTHER_SIGN.search(text) is None:
        yield from _plain_ids_in(text, within_keys)
        return
    # the text as it is read, and where each sign of it stands as it was written
    signs: list[str] = []
    places: list[tuple[int, int]] = []
    at = 0
    for other in _OTHER_SIGN.finditer(text):
        start, end = other.span()
        signs += text[at:start]
        places += ((place, place + 1) for place in range(at, start))
        read = _sign(other.group())
        signs += read
        places += [(start, end)] * len(read)
        at = end
    signs += text[at:]
    places += ((place, place + 1) for place in range(at, len(text)))
    for start, end in _plain_ids_in("".join(signs), within_keys):
        yield places[start][0], places[end - 1][1]


def _sign(written: str) -> str:
    """A digit of any script as that of ASCII, a sign as HTML or an address of the web writes it as itself."""
    while written.startswith("&") and (read := html.unescape(written)) != written:
        written = read
    while written.startswith("%") and (read := unquote(written)) != written:
        written = read
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in written)


def _plain_ids_in(text: str, within_keys: bool) -> Iterator[tuple[int, int]]:
    pattern, at = _ANYWHERE if within_keys else _IN_TEXT, 0
    while match := pattern.search(text, at):
        start, end = match.span()
        if is_one := _is_one(text, start, end, within_keys):
            yield start, end
        # a match may start inside a non-match: 12:30 131052-308T begins as if 30 were a century
        at = end if is_one else start + 1


def _is_one(text: str, start: int, end: int, within_keys: bool) -> bool:
    """Whether what stands there, and is written as a number, is somebody's."""
    written = text[start:end]
    if written[:2].upper() == "SE":
        # two letters before it and two digits behind it
        written = re.sub(r"\W", "", written)[2:-2]
    if within_keys:
        return is_national_id(written, is_glued=True)
    before, behind = _LETTERS_BEFORE.search(text, 0, start), _LETTERS_BEHIND.match(text, end)
    if before is None or behind is None or _JOINED_BEFORE.search(text, max(0, start - _BEFORE), before.start()):
        # in one word with other digits it is a key or a digest
        return False
    is_glued = bool(before.group() or behind.group())
    is_named = bool(_NAMED_BY.search(before.group()))
    # ten digits without a sign between them may be an article's
    if is_glued and not is_named and before.group().upper() != "SE" and re.fullmatch(r"\w{10}", written):
        return False
    said = f"{text[max(0, start - _BEFORE) : start]}{' cpr ' if is_named else ''}"
    return is_national_id(written, said, is_glued=is_glued)


# of what stands before a number, as much as can say what it is
_BEFORE = 30
_LETTERS_BEFORE, _LETTERS_BEHIND = re.compile(r"(?<!\w)[^\W\d]*\Z"), re.compile(r"[^\W\d]*(?!\w)")


def without_numbers(written: str, instead: str = REMOVED, *, within_keys: bool = False) -> tuple[str, int]:
    """(Running text with `instead` for each identity number, how many there were.)"""
    found = list(national_ids_in(written, within_keys=within_keys))
    for start, end in reversed(found):
        written = f"{written[:start]}{instead}{written[end:]}"
    return written, len(found)


def may_hold_numbers(con: duckdb.DuckDBPyConnection, relation: str, written: Mapping[str, str]) -> dict[str, int]:
    """Of {column: its value as text}, those with a value that WRITTEN_SQL may match, and how many: most have none, and it is dear
    to compile."""
    if not written:
        return {}
    asked = ", ".join(f"count(*) filter (regexp_matches({value}, $signs))" for value in written.values())
    (found,) = con.execute(f"select {asked} from {relation}", {"signs": SIGNS_SQL}).fetchall()
    return {column: int(values) for column, values in zip(written, found, strict=True) if values}


def numbers_sql(values: int) -> str:
    """The pattern that finds what is read in Python, where so many values match SIGNS_SQL: a few are read sooner than the exact one,
    which DuckDB compiles for each statement, is compiled."""
    return SIGNS_SQL if values <= FEW else WRITTEN_SQL


def remove_written_numbers(con: duckdb.DuckDBPyConnection) -> None:
    """Out of the lines that a load rejected: they are kept whole, and a number in them would be kept too."""
    # with letters next to it, or not as it is printed, a number is told by its check digits: it may be a record's key
    glued = (
        f"select distinct content from fresh_rejects where regexp_matches(content, {text(f'{_GLUED}|{WRITTEN_SQL}')})"
    )
    fixed = [(content, without_numbers(content)[0]) for (content,) in con.execute(glued).fetchall()]
    if changed := [pair for pair in fixed if pair[0] != pair[1]]:
        written, left = zip(*changed, strict=True)
        con.register("fixed_lines", pa.table({"written": pa.array(written), "rest": pa.array(left)}))
        con.execute("update fresh_rejects set content = m.rest from fixed_lines m where m.written = content")
        con.unregister("fixed_lines")
    con.execute(
        f"update fresh_rejects set content = regexp_replace(content, {text(_WRITTEN)}, {text(REMOVED)}, 'g') "
        f"where regexp_matches(content, {text(_WRITTEN)})"
    )
