"""National identity numbers: how they are known, and how they are taken out of a text.

Not here: what their columns are called (national_id_names.py), what is dropped where data enters (entry_columns.py), those that are kept, as
hashes (national_id_hashes.py), numbers in free text (special_categories.py).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import unquote

import duckdb
import phonenumbers
import pyarrow as pa
from stdnum import luhn
from stdnum.dk import cpr
from stdnum.exceptions import ValidationError
from stdnum.fi import hetu
from stdnum.no import fodselsnummer
from stdnum.se import personnummer

from orchestration.core.warehouse import text

# what stands between the birth date and the rest, and what is written for a hyphen
_SEPARATOR = "[-+A-FU-Y \u00a0\u2010-\u2015\u2212]?"
_DASHES = re.compile("[\u2010-\u2015\u2212]")
# as numbers are printed: ten or twelve digits, of which the last may be a letter, or the eleven of Norway
_PRINTED = rf"(?:\d{{2}})?\d{{6}}{_SEPARATOR}\d{{3}}[0-9A-Za-z]|\d{{6}}{_SEPARATOR}\d{{5}}"
# and as people write them: a date in three parts, any sign as the separator and blanks about it, blanks in the rest or between all digits
_BLANKS = " \t\u00a0\u00ad\u2000-\u200d\u202f\u2060\u3000\ufeff"
# in the middle of the line
_DOTS = "\u00b7\u2022\u2027\u2219\u22c5\u30fb\uff65"
_BLANK, _PART = f"[{_BLANKS}]", f"[-._/{_DOTS}{_BLANKS}]?"
# once or twice, as in 800101--9807; a colon is none of a time, for six digits stand before it
_SIGNS_BETWEEN = f"-+/_:~*\u2010-\u2015\u2043\u2212\ufe63\uff0b\uff0d\uff0f\uff1a\uff3f{_DOTS}"
_MARK = f"(?:[{_SIGNS_BETWEEN}]{{1,2}}|[A-FU-Ya-fu-y])?"
_LETTERS = "A-Za-z\uff21-\uff3a"
# a line may end before or behind the sign
_SPACE = f"[{_BLANKS}\r\n\u0085\u2028\u2029]"
_GAP = f"{_SPACE}{{0,2}}{_MARK}{_SPACE}{{0,2}}"
# what else is written between the date and the rest; a comma alone is that of a decimal number
_ASIDE = rf"(?:,{_SPACE}{{1,2}}|{_BLANK}?[(\[]{_BLANK}?)"
# three digits a group, as numbers are printed
_GROUPED = "|".join(rf"\d{{1,3}}(?:{sign}\d{{3}}){{3}}" for sign in (_BLANK, "[.]", ",", r"[\x27’]"))


def _date(part: str) -> str:
    return rf"(?:\d{{2}}{_BLANK}?)?\d{{2}}{part}\d{{2}}{part}\d{{2}}{_GAP}"


# a sole trader's number for VAT
_FOR_TAXES = rf"[Ss][Ee]{_BLANK}?\d{{6}}-?\d{{4}}[-{_BLANKS}]?01"
# the rest is in two pairs only where no dot, dash or slash parts the date: 01.03.2026 10 is a time of day
WRITTEN = (
    rf"{_date(_PART)}\d{{3}}{_BLANK}?[\d{_LETTERS}]|{_date(_PART)}\d{{3}}{_BLANK}?\d{{2}}|{_date(f'{_BLANK}?')}\d{{2}}{_BLANK}\d{{2}}"
    # a dot as of a decimal number, where none parts the date
    rf"|(?:\d{{2}})?\d{{6}}{_BLANK}?\.{_BLANK}?(?:\d{{5}}|\d{{3}}[\d{_LETTERS}])|\d{{2}}\.\d{{2}}\.\d{{2}}\.\d{{5}}"
    rf"|(?:\d{_BLANK}){{6,8}}(?:[-+/]{_BLANK})?(?:\d{_BLANK}){{3,4}}[\d{_LETTERS}]"
    rf"|(?:\d{{2}})?\d{{6}}{_ASIDE}(?:\d{{5}}|\d{{3}}{_BLANK}?[\d{_LETTERS}])|{_GROUPED}|{_FOR_TAXES}"
)
# signs as HTML and addresses of the web write them; "&" and "%" themselves may be written so before them
_ENTITY = r"(?:&(?:amp;)*(?:#[xX][0-9A-Fa-f]{1,6}|#[0-9]{1,7}|[A-Za-z]{2,31});|%(?:25)*[0-9A-Fa-f]{2})"
# of ten signs at least five stand before the one that is written so, or behind it: what is in between is read in Python
_SIGN = rf"(?:\p{{Nd}}|{_ENTITY})"
_IN_BETWEEN = f"[{_SIGNS_BETWEEN}.{_BLANKS}]{{0,3}}"
_ESCAPED = rf"(?:{_SIGN}{_IN_BETWEEN}){{5}}{_ENTITY}|{_ENTITY}(?:{_IN_BETWEEN}{_SIGN}){{5}}"
# the same for DuckDB, whose \d is a digit of ASCII alone
WRITTEN_SQL = rf"{WRITTEN}|{_ESCAPED}".replace(r"\d", r"\p{Nd}")
# what matches it has nine digits at least, or a sign that is written otherwise; DuckDB compiles this one twenty times as fast
SIGNS_SQL = r"(?s)[&%]|\p{Nd}(?:.*\p{Nd}){8}"
# so many values are read in Python in the time in which DuckDB compiles WRITTEN_SQL
FEW = 100
# what is replaced in a rejected line; any number written as one, for there it cannot be told by its column
_WRITTEN = rf"\b(?:{_PRINTED})\b"
_GLUED = rf"[\pL_](?:{_PRINTED})|(?:{_PRINTED})[\pL_]"
REMOVED = "[identity number removed]"

# of the values that are looked at, as many as no other numbers are by chance
_SHARE = 1 / 3
# so many values of a column are looked at
LOOKED_AT = 200


def is_national_id(written: str, before: str = "", *, is_glued: bool = False) -> bool:
    """Whether a number, as written in running text, is one that somebody has, by its check digits.

    Danish ones have none since 2007: those need their separator, a word for it just `before` them, or the check digit of
    older ones and not to be a phone number of a neighbour. A separator says little where letters stand next to it (`is_glued`).
    """
    number = _in_one_form(written)
    if any(canonical_number(number, country) is not None for country in COUNTRIES if country != "DK"):
        return True
    if hetu.is_valid(number, allow_temporary=True):
        # what a hospital gives to who has none yet: no register has it, so that it tells nobody apart, but it is a person's
        return True
    if canonical_number(number, "DK") is None:
        return False
    digits = re.sub(r"\D", "", number)
    # a date in parts with four digits behind it may be a time of day
    is_as_printed = re.fullmatch(_AS_PRINTED, _narrow(written)) is not None
    if (is_as_printed and not is_glued) or _NAMED_BEFORE.search(before):
        return True
    return cpr.checksum(digits) == 0 and not any(_is_phone(digits, country) for country in COUNTRIES)


def are_of_people(numbers: int, values: int) -> bool:
    """Whether a column holds identity numbers, of so many values of it, or of those that are written as numbers are: of order and
    article numbers one in ten is right by chance."""
    return numbers > 0 and numbers >= _SHARE * values


def _narrow(written: str) -> str:
    """Letters and digits of full width as their narrow ones, blanks and dashes as the plain ones."""
    return _DASHES.sub("-", unicodedata.normalize("NFKC", written))


def _in_one_form(written: str) -> str:
    """Date, separator and the rest, without what is written between them; as it is where the parts cannot be told."""
    plain = _narrow(written)
    signs = re.sub(r"[^0-9A-Za-z]", "", plain).upper()
    if re.fullmatch(r"\d{6}[A-Z]\d{3}[0-9A-Z]", signs):
        return signs
    start = 6 if len(signs) == 11 else len(signs) - 4
    if start not in (6, 8):
        return plain
    is_parted = len(signs) < len(plain)
    return f"{signs[:start]}{'+' if '+' in plain else '-' if is_parted else ''}{signs[start:]}"


# a date in parts is one of a number where no time of day stands behind it
_AS_PRINTED = r"\d{6}[- ]\d{4}|\d{2}[./-]\d{2}[./-]\d{2} ?- ?(?:(?:2[4-9]|[3-9]\d)\d{2}|\d{2}[6-9]\d)"
_NAMED_BEFORE = re.compile(
    r"(?i)\b(?:cpr|person(?:nummer(?:et)?|nr)|f[øo]dselsn(?:ummer(?:et)?|r))[\W_]{0,3}(?:(?:nr|nummer(?:et)?|no|er|is)[\W_]{0,3})*$"
)
# the same, and words that may be short for something else: directly before a number they are not
_NAMED_BY = re.compile(r"(?i)(?:\b|_)(?:[pf]nr|cpr|ssn|hetu|person(?:nummer|nr)|f[øo]dselsn(?:ummer|r))(?:nr|no)?_*$")
# what a dash joins to it is a part of the same key where it has digits: kund-800101-9804 has a number in it, and 12-800101-9804 none
_JOINED = r"-[^\W_]*\d"
_JOINED_BEFORE = re.compile(r"\d[^\W_]*-\Z")
# as it stands in running text; digits behind a colon make it a time of day
_IN_TEXT = re.compile(rf"(?<!\d)(?:{WRITTEN})(?:(?<=\d)(?!\d|{_JOINED}|:\d)|(?<=[{_LETTERS}])(?!\w|{_JOINED}))")


# what is not as it is read: digits of other scripts, and of full width; signs as HTML writes them
_OTHER_SIGN = re.compile(rf"(?:%(?:25)*[0-9A-Fa-f]{{2}})+|{_ENTITY}|(?![0-9])\d")


# the same within whatever key
_ANYWHERE = re.compile(rf"(?<!\d)(?:{WRITTEN})(?:(?<=\d)(?!\d)|(?<=[{_LETTERS}])(?!\w))")


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


def _is_phone(digits: str, country: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(digits, country))
    except phonenumbers.NumberParseException:
        return False


# a number of a person, of eight to twelve digits: as a whole number it lost its zeros
LEAST_WHOLE, MOST_WHOLE = 10**7, 10**12


def is_whole_number_of_somebody(number: int) -> bool:
    """Whether a whole number is somebody's by its check digits, also where it lost the zeros that it began with.

    Of Danish ones only those with a check digit: any date with four digits would be one.
    """
    long = f"{number:012d}" if number >= 10**11 else ""
    ten, eleven = f"{number:010d}", f"{number:011d}"
    return any(
        [
            canonical_number(long or ten, "SE") is not None,
            len(eleven) == 11 and canonical_number(eleven, "NO") is not None,
            len(ten) == 10 and canonical_number(ten, "DK") is not None and cpr.checksum(ten) == 0,
        ]
    )


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
