"""How national identity numbers are written, as patterns: as they are printed, and as people, HTML and other scripts write them.

Not here: which of what matches is somebody's number (national_ids.py), finding them in a text (national_ids_in_text.py).
"""

from __future__ import annotations

import re

# what stands between the birth date and the rest, and what is written for a hyphen
_SEPARATOR = "[-+A-FU-Y \u00a0\u2010-\u2015\u2212]?"
DASHES = re.compile("[\u2010-\u2015\u2212]")
# as numbers are printed: ten or twelve digits, of which the last may be a letter, or the eleven of Norway
PRINTED = rf"(?:\d{{2}})?\d{{6}}{_SEPARATOR}\d{{3}}[0-9A-Za-z]|\d{{6}}{_SEPARATOR}\d{{5}}"
# and as people write them: a date in three parts, any sign as the separator and blanks about it, blanks in the rest or between all digits
_BLANKS = " \t\u00a0\u00ad\u2000-\u200d\u202f\u2060\u3000\ufeff"
# in the middle of the line
_DOTS = "\u00b7\u2022\u2027\u2219\u22c5\u30fb\uff65"
_BLANK, _PART = f"[{_BLANKS}]", f"[-._/{_DOTS}{_BLANKS}]?"
# once or twice, as in 800101--9807; a colon is none of a time, for six digits stand before it
_SIGNS_BETWEEN = f"-+/_:~*\u2010-\u2015\u2043\u2212\ufe63\uff0b\uff0d\uff0f\uff1a\uff3f{_DOTS}"
_MARK = f"(?:[{_SIGNS_BETWEEN}]{{1,2}}|[A-FU-Ya-fu-y])?"
LETTERS = "A-Za-z\uff21-\uff3a"
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
    rf"{_date(_PART)}\d{{3}}{_BLANK}?[\d{LETTERS}]|{_date(_PART)}\d{{3}}{_BLANK}?\d{{2}}|{_date(f'{_BLANK}?')}\d{{2}}{_BLANK}\d{{2}}"
    # a dot as of a decimal number, where none parts the date
    rf"|(?:\d{{2}})?\d{{6}}{_BLANK}?\.{_BLANK}?(?:\d{{5}}|\d{{3}}[\d{LETTERS}])|\d{{2}}\.\d{{2}}\.\d{{2}}\.\d{{5}}"
    rf"|(?:\d{_BLANK}){{6,8}}(?:[-+/]{_BLANK})?(?:\d{_BLANK}){{3,4}}[\d{LETTERS}]"
    rf"|(?:\d{{2}})?\d{{6}}{_ASIDE}(?:\d{{5}}|\d{{3}}{_BLANK}?[\d{LETTERS}])|{_GROUPED}|{_FOR_TAXES}"
)
# signs as HTML and addresses of the web write them; "&" and "%" themselves may be written so before them
ENTITY = r"(?:&(?:amp;)*(?:#[xX][0-9A-Fa-f]{1,6}|#[0-9]{1,7}|[A-Za-z]{2,31});|%(?:25)*[0-9A-Fa-f]{2})"
# of ten signs at least five stand before the one that is written so, or behind it: what is in between is read in Python
_SIGN = rf"(?:\p{{Nd}}|{ENTITY})"
_IN_BETWEEN = f"[{_SIGNS_BETWEEN}.{_BLANKS}]{{0,3}}"
_ESCAPED = rf"(?:{_SIGN}{_IN_BETWEEN}){{5}}{ENTITY}|{ENTITY}(?:{_IN_BETWEEN}{_SIGN}){{5}}"
# the same for DuckDB, whose \d is a digit of ASCII alone
WRITTEN_SQL = rf"{WRITTEN}|{_ESCAPED}".replace(r"\d", r"\p{Nd}")
# what matches it has nine digits at least, or a sign that is written otherwise; DuckDB compiles this one twenty times as fast
SIGNS_SQL = r"(?s)[&%]|\p{Nd}(?:.*\p{Nd}){8}"
# so many values are read in Python in the time in which DuckDB compiles WRITTEN_SQL
FEW = 100
