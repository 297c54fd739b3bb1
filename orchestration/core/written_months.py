"""Dates that name their month: in English or a Nordic language, short or whole, as `3 januari 2025`, `12. mars 24`, `5. tammikuuta 2025`.

DuckDB reads English names alone, and a short one by `%b`, a whole one by `%B`. Here both read either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from orchestration.core.warehouse import text

# as strptime reads them; in English, Swedish, Norwegian, Danish, Finnish and Icelandic
_NAMES = {
    "Jan": "jan january januari januar janúar tammi tammik tammikuu tammikuuta",
    "Feb": "feb febr february februari februar febrúar helmi helmik helmikuu helmikuuta",
    "Mar": "mar march mars marts maalis maalisk maaliskuu maaliskuuta",
    "Apr": "apr april apríl huhti huhtik huhtikuu huhtikuuta",
    "May": "may maj mai maí touko toukok toukokuu toukokuuta",
    "Jun": "jun june juni jún júní kesä kesäk kesäkuu kesäkuuta",
    "Jul": "jul july juli júl júlí heinä heinäk heinäkuu heinäkuuta",
    "Aug": "aug august augusti ágú ágúst elo elok elokuu elokuuta",
    "Sep": "sep sept september syys syysk syyskuu syyskuuta",
    "Oct": "oct october okt oktober október loka lokak lokakuu lokakuuta",
    "Nov": "nov november nóv nóvember marras marrask marraskuu marraskuuta",
    "Dec": "dec december des desember joulu jouluk joulukuu joulukuuta",
}
_SHORT = {word: short for short, words in _NAMES.items() for word in words.split()}
_NAME = r"\p{L}{3,}"
# what else people write: den 3 maj, d. 3. maj, 3 maj kl. 14.05, 3. toukokuuta klo 14.05, and the point of 3 jan. 2025 → what is left of it
_AROUND = {r"^\s*(?:(?:den|the)\s+|d\.\s*)": "", r",?\s+(?:kl\.?|klo|at)\s+": " ", r"(\p{L}{3})\.(\s)": r"\1\2"}


def named_months(written: str) -> str:
    """SQL: a text with the first name of a month in it as %b reads it; one without stays as it is."""
    plain = f"nfc_normalize(cast({written} as varchar))"
    for pattern, left in _AROUND.items():
        plain = f"regexp_replace({plain}, {text(pattern)}, {text(left)}, 'i')"
    found = f"regexp_extract({plain}, {text(_NAME)})"
    # not a case: each word of it would be a question of its own to the plan. Nor has a pattern a replacement of each row's own: it would be
    # made anew for each, at a hundred times the cost
    short = f"map([{', '.join(map(text, _SHORT))}], [{', '.join(map(text, _SHORT.values()))}])"
    return f"replace({plain}, {found}, coalesce({short}[lower({found})], {found}))"


def as_read(written: str, formats: Iterable[str]) -> tuple[str, list[str]]:
    """SQL of a text, and strptime formats that read it: what `%b` and `%B` stand for is a name in any of the languages."""
    said = list(formats)
    if not any(re.search("%[bB]", one) for one in said):
        return written, said
    return named_months(written), list(dict.fromkeys(one.replace("%B", "%b") for one in said))


def read_time(written: str, formats: Iterable[str]) -> str:
    """SQL: the time that a text is by strptime formats, tried in turn; null where none reads it."""
    written, said = as_read(written, formats)
    return f"try_strptime({written}, [{', '.join(map(text, said))}])"
