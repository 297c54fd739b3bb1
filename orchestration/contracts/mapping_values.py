"""SQL of a mapped column's value: its text, its `values` and `else`, what the mapping ignores; and the way of names and
values out of kundbild.toml past dbt's Jinja.

Not here: times (mapping_times.py), keys (mapping_parts.py), models (transform/mapping_sql.py).
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable

from orchestration.core.settings.maps import ColumnMap
from orchestration.core.warehouse import key_text, quote, text

# of a currency beside an amount: kr, SEK, US$; and one that stands for all of them
_LETTERS, _LETTER = r"[\p{L}\p{Sc}]", "¤"
# what makes thousands or millions of an amount: tkr, mkr, 2k, (2k)
_MULTIPLE = r"(?i)\d\s*(?:t|k|m|mn|mio|mill|milj|mdr|mrd|[tkm](?:kr|sek|nok|dkk|eur|usd|gbp|€))\.?\)?$"

# white space that people and systems leave around a value; a pattern costs a third of trim with a list of characters
_BLANKS = text(r"^[\s\p{Z}\x{FEFF}\x{200B}]+|[\s\p{Z}\x{FEFF}\x{200B}]+$")


def mapped_text(how: ColumnMap, of: str = "") -> str:
    """SQL: a mapped column's text, with its `values` and `else` put in. Not in Jinja."""
    raw = _raw_text(how, of)
    if not how.values and how.otherwise is None:
        return raw
    key = f"coalesce(lower({stripped(raw)}), '')"
    values = {form: meant for said, meant in how.values.items() for form in spellings(said)}
    cases = [f"when {text(said)} then {text(meant)}" for said, meant in values.items()]
    cases += [] if "" in values else [f"when '' then {raw}"]
    return f"case {key} {' '.join(cases)} else {raw if how.otherwise is None else text(how.otherwise)} end"


def written_amount(value: str, decimal: str, *, is_of_few: bool = False) -> str:
    """SQL: an amount as people write it (1 234,50 kr; 99:-; (12,00) for -12) as a number's text. What is none stays as it is, and
    cannot be read: nor can a share (12 %) or a multiple (10 tkr), which are other numbers than they begin with.

    `is_of_few`: the same, planned in a third of the time and read in twice the time. DuckDB compiles a pattern for every place in a
    statement where it stands, and those of any letter are dear: here each letter is one sign before the others look for it.
    """
    other = "." if decimal == "," else ","
    mark = r"\." if decimal == "." else decimal
    written = f"translate({stripped(f'cast({value} as varchar)')}, chr(8722) || chr(8211), '--')"
    beside = rf"{_LETTER if is_of_few else _LETTERS}{{1,4}}\.?"
    said = f"regexp_replace({written}, {text(_LETTERS)}, {text(_LETTER)}, 'g')" if is_of_few else written
    # what accounts write for less than nothing, and a sign before the currency
    said = rf"regexp_replace({said}, '^\(([^()-]*)\)$', '-\1')"
    said = rf"regexp_replace({said}, '^-\s*({beside})\s*(\d)', '\1-\2')"
    # digits alone, or in groups of three; nothing but a currency stands around them
    group = rf"[\s\x{{00A0}}\x{{202F}}\x{{2009}}'’{other}]"
    pattern = rf"^({beside}\s*)?([-+]?\s*(?:\d+|\d{{1,3}}(?:{group}\d{{3}})+)(?:{mark}\d*)?)\s*({beside}|:-|,-)?$"
    number = f"regexp_extract({said}, {text(pattern)}, 2)"
    plain = f"replace(regexp_replace({number}, {text(f'[^0-9{decimal}-]')}, '', 'g'), {text(decimal)}, '.')"
    is_multiple = f"regexp_matches({written if is_of_few else said}, {text(_MULTIPLE)})"
    if is_of_few:
        # of what does not match, nothing is extracted
        return f"coalesce(case when not {is_multiple} then nullif({plain}, '') end, {value})"
    return f"case when regexp_matches({said}, {text(pattern)}) and not {is_multiple} then {plain} else {value} end"


def is_ignored(how: ColumnMap, of: str = "") -> str:
    """SQL: whether a mapped column has one of the values whose rows the mapping leaves out. Not in Jinja."""
    listed = ", ".join(text(form) for value in how.ignore for form in spellings(value))
    return f"coalesce(lower({stripped(_raw_text(how, of))}), '') in ({listed})"


def _raw_text(how: ColumnMap, of: str) -> str:
    """SQL: what stands in a mapped column. Of several that `values` speak of, what is empty is empty: a key of which a part is missing is none."""
    if len(how.columns) > 1 and how.values:
        return "(" + " || '|' || ".join(f"coalesce(cast({of}{quote(c)} as varchar), '')" for c in how.columns) + ")"
    return key_text(how.columns, of)


def stripped(value: str) -> str:
    """SQL: a text without blanks around it."""
    return f"regexp_replace({value}, {_BLANKS}, '', 'g')"


def names_nobody(key: str, words: Iterable[str]) -> str:
    """SQL: whether a key is one of the words that stand for nobody, without case and blanks. Null for null. Not in Jinja.

    Where 0 is one of them, so is whatever is only zeros and marks: 0000, 0.00, the nil UUID.
    """
    written = f"lower(replace({stripped(f'cast({key} as varchar)')}, ' ', ''))"
    words = {form for word in ("", *words) for form in spellings(word.replace(" ", ""))}
    is_listed = f"{written} in ({', '.join(text(word) for word in sorted(words))})"
    if "0" not in words:
        return f"({is_listed})"
    return f"({is_listed} or translate({written}, '0-.,:_/()[]' || chr(123) || chr(125), '') = '')"


def spellings(word: str) -> tuple[str, ...]:
    """A word of the configuration in lower case, as one letter ö is written in Unicode: as one character, and as two."""
    lower = word.strip().lower()
    return tuple(dict.fromkeys((unicodedata.normalize("NFC", lower), unicodedata.normalize("NFD", lower))))


def plain(sql: str) -> str:
    """SQL as it stands in a model: no brace of it opens anything in Jinja."""
    return sql.replace("{", '{{ "{" }}')


def argument(value: str) -> str:
    """A value as a string inside a Jinja expression."""
    return json.dumps(value, ensure_ascii=False)
