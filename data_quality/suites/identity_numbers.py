"""Identity numbers in a text, or in a column of numbers, in SQL: Swedish, Norwegian, Danish, Finnish ones, however they are written.

A path of its own: neither the patterns nor the check digits are those that clean what enters (orchestration/privacy). Signs of
full width, digits of any script and signs as HTML writes them are read as what they stand for; blanks, dashes, dots, slashes,
underscores and colons may stand between digits, a word directly before them. Ten digits without any of these are left alone: article numbers look so
too. Not here: which columns are looked at (grades.py).
"""

from __future__ import annotations

import sys
import unicodedata

from orchestration.core.warehouse import text

_NARROW = "0123456789+-/.:~*_ABCDEFHJKLMNPRSTUVWXY"
_WIDE = "".join(chr(ord(sign) + 0xFEE0) for sign in _NARROW)
_DIGITS = "".join(filter(str.isdecimal, map(chr, range(ord("9") + 1, sys.maxunicode + 1))))
_READ = "".join(str(unicodedata.decimal(sign)) for sign in _DIGITS)
# signs as HTML writes them, by their number, and those by name that stand between digits; "&" itself may be written so before them.
# Without braces, as below. A letter behind a colon stands in brackets: SQLAlchemy reads `:word` as a parameter, in a pattern too
_BY_NUMBER, _BY_HEX = "&(?:[a]mp;)*#([0-9]+);", "&(?:[a]mp;)*#[xX]([0-9A-Fa-f]+);"
_NAMED_BLANKS = "&(?:[a]mp;)*(?:[n]bsp|ensp|emsp|thinsp|hairsp|numsp|puncsp|shy|zwj|zwnj|Tab|ThinSpace|NonBreakingSpace|ZeroWidthSpace);"
_NAMED_DASHES = "&(?:[a]mp;)*(?:[n]dash|mdash|minus|hyphen|dash|horbar);"
_NAMED = {"plus": "+", "sol": "/", "period": "."}
# a tab too, and signs without a width
_BLANKS, _DASHES = (
    "\t\r\n\u0085\u2028\u2029\u00a0\u00ad\u2007\u2009\u200b\u200c\u200d\u202f\u2060\u3000\ufeff",
    "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe63",
)
# in the middle of the line
_DOTS = "\u00b7\u2022\u2027\u2219\u22c5\u30fb\uff65"
# without braces: the runner reads those as places to fill
_BETWEEN = "[-+/_:~*]"
_TWO, _PART, _GAP = "[0-9][0-9]", "[-._/ ]?", f" ?{_BETWEEN}?{_BETWEEN}? ?"
# in two pairs only where no dot, dash or slash parts the date: 01.03.2026 10 is a time of day
_PAIRS = f"{_TWO} ?{_TWO} ?{_TWO}{_GAP}{_TWO} {_TWO}"
# as a decimal number is written: only where the date is not parted
_DOTTED = f"{_TWO}{_TWO}{_TWO} ?[.] ?[0-9]{_TWO}[0-9][0-9]?|{_TWO}[.]{_TWO}[.]{_TWO}[.][0-9]{_TWO}{_TWO}"
# with the rest behind a comma or in brackets; three digits a group, as numbers are printed
_THREE = f"[0-9]{_TWO}"
_ASIDE = f"{_TWO}{_TWO}{_TWO}(?:, | ?[[(] ?){_THREE} ?[0-9][0-9]?"
_GROUPED = (
    f"[0-9][0-9]?[0-9]?(?: {_THREE} {_THREE} {_THREE}|[.]{_THREE}[.]{_THREE}[.]{_THREE}|,{_THREE},{_THREE},{_THREE})"
)
# a sole trader's number for VAT
_FOR_TAXES = f"\\b[Ss][Ee] ?({_THREE}{_THREE})-?({_THREE}[0-9])[- ]?01\\b"
# as addresses of the web write signs; "%" itself may be written so before them
_IN_ADDRESSES = {"2[dD]": "-", "20": " ", "2[bB]": "+", "2[eE]": ".", "2[fF]": "/", "3[aA]": ":", "5[fF]": "_"}
_PARTED = f"(?:{_DOTTED}|{_ASIDE}|{_TWO}{_PART}{_TWO}{_PART}{_TWO}{_GAP}[0-9]{_TWO} ?[0-9][0-9]?|{_PAIRS})"
_SINGLE = "(?:[0-9] )+(?:[-+/] )?(?:[0-9] )+[0-9]"
# of fewer numbers of a column nothing is told by their check digits
_FEW = 3
_FINNISH = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def _sum(digits: str, weights: str) -> str:
    """SQL: the sum of the products of digits and weights."""
    product = f"try_cast(substr({digits}, i, 1) as int) * try_cast(substr('{weights}', i, 1) as int)"
    return f"list_sum(list_transform(range(1, {len(weights) + 1}), lambda i: {product}))"


def _is_day(day: str, month: str, *, added: tuple[int, ...] = ()) -> str:
    """SQL: whether two digits are a day, or one with a number added, and two a month."""
    days = " or ".join(f"try_cast({day} as int) between {more + 1} and {more + 31}" for more in (0, *added))
    return f"({days}) and try_cast({month} as int) between 1 and 12"


def _without_html(written: str) -> str:
    """SQL: a text with signs as HTML and addresses of the web write them as themselves."""
    number = f"try_cast(coalesce(nullif(regexp_extract(p, '{_BY_NUMBER}', 1), ''), '0x' || nullif(regexp_extract(p, '{_BY_HEX}', 1), '')) as int)"
    read = f"regexp_replace(regexp_replace({written}, '{_NAMED_BLANKS}', ' ', 'g'), '{_NAMED_DASHES}', '-', 'g')"
    for name, sign in _NAMED.items():
        read = f"regexp_replace({read}, '&(?:[a]mp;)*{name};', '{sign}', 'g')"
    parts = f"regexp_extract_all({read}, '{_BY_NUMBER}|{_BY_HEX}|[^&]+|&')"
    decoded = f"array_to_string(list_transform({parts}, lambda p: coalesce(try(chr({number})), p)), '')"
    plain = f"case when contains({written}, '&') then {decoded} else {written} end"
    unquoted = plain
    for code, sign in _IN_ADDRESSES.items():
        unquoted = f"regexp_replace({unquoted}, '%(25)*{code}', '{sign}', 'g')"
    return f"case when contains({written}, '%') then {unquoted} else {plain} end"


def columns_of_identity_numbers(columns: list[str], table: str) -> str:
    """SQL, a query of a row for each numeric column of which it is so: whether its long whole numbers are somebody's, by their
    dates and check digits. A few, and a third of them: the check digits of other numbers are right by chance. As numbers they
    lost the zeros that they began with."""
    written = ", ".join(f"struct_pack(name := {text(column)}, number := {column}::double)" for column in columns)
    long = f"select distinct v.name, v.number::hugeint as whole from (select unnest([{written}]) as v from {table}) where v.number between 10000000 and 999999999999 and v.number = floor(v.number)"
    digits = "[lpad(whole::varchar, 10, '0'), lpad(whole::varchar, 11, '0'), lpad(whole::varchar, 12, '0')]"
    # of eleven digits a shorter form has lost some
    asked = f"list_filter(list_transform({digits}, lambda d: struct_pack(d := d, is_parted := true)), lambda n: n.d::hugeint = whole)"
    held = f"len(list_filter({asked}, lambda n: {_is_somebodys()})) > 0"
    return (
        f"select name, count(*) as numbers from (select name, {held} as is_held from ({long})) group by name "
        f"having count(*) filter (is_held) >= {_FEW} and 3 * count(*) filter (is_held) >= count(*)"
    )


def holds_identity_number(columns: list[str]) -> str:
    """SQL: whether any of these texts has a number in it that somebody may have, by its date and its check digits.

    The cheap look comes first, for nearly every text has fewer digits, in any script or as HTML writes them: at all of a row
    at once, then at each. What passes it is looked at in one expression. A pattern is compiled wherever it stands, and planned
    for each column it would cost more than a small table does.
    """
    digits = "(?s)" + ".*".join(["[\\pN;]"] * 9)
    passing = (
        f"list_filter([{', '.join(columns)}]::varchar[], lambda t: coalesce(regexp_matches(t, '{digits}'), false))"
    )
    held = f"len(list_filter({passing}, lambda t: {_holds_number('t')})) > 0"
    return f"(regexp_matches(concat_ws(' ', {', '.join(columns)}), '{digits}') and {held})"


def _holds_number(column: str) -> str:
    """SQL: whether a text holds such a number."""
    plain = f"translate({_without_html(column)}, '{_DIGITS}', '{_READ}')"
    read = f"{_NARROW}{' ' * len(_BLANKS)}{'-' * len(_DASHES)}{'/' * len(_DOTS)}"
    narrow = f"translate({plain}, '{_WIDE}{_BLANKS}{_DASHES}{_DOTS}', '{read}')"
    # a line may end with a carriage return, or with blanks
    narrow = f"regexp_replace(regexp_replace({narrow}, ' +', ' ', 'g'), '{_FOR_TAXES}', '\\1-\\2', 'g')"
    # random ids are no words; without braces, as above
    four = "[0-9A-Fa-f]" * 4
    random = f"{four}{four}-{four}-{four}-{four}-{four}{four}{four}"
    narrow = (
        f"regexp_replace(regexp_replace({narrow}, '{random}', ' ', 'g'), '(\\b_*\\pL[\\pL_]+)([0-9])', '\\1 \\2', 'g')"
    )
    narrow = f"regexp_replace({narrow}, '([0-9])(_+\\pL[\\pL_]*\\b)', '\\1 \\2', 'g')"
    found = f"regexp_extract_all({narrow}, '\\b(?:(?:{_TWO} ?)?{_PARTED}|{_SINGLE}|{_GROUPED})\\b')"
    numbers = f"list_transform({found}, lambda f: struct_pack(d := regexp_replace(f, '[^0-9]', '', 'g'), is_parted := regexp_matches(f, '[^0-9]')))"
    signs = f"regexp_extract_all(upper({narrow}), '\\b{_TWO}{_TWO}{_TWO} ?(?:{_BETWEEN}{_BETWEEN}?|[.A-FU-Y]|,|[[(]) ?[0-9][0-9][0-9][0-9A-Y]\\b')"
    rest = "try_cast(left(f, 6) || left(right(f, 4), 3) as int) % 31 + 1"
    finnish = f"len(list_filter({signs}, lambda f: substr('{_FINNISH}', {rest}, 1) = right(f, 1))) > 0"
    return f"(len(list_filter({numbers}, lambda n: {_is_somebodys()})) > 0 or {finnish})"


def _is_somebodys() -> str:
    """SQL: whether n, of digits `d`, with signs between them or not (`is_parted`), is a number that somebody may have."""
    last = "right(n.d, 10)"
    doubled = f"list_transform(range(1, 11), lambda i: try_cast(substr({last}, i, 1) as int) * (1 + i % 2))"
    swedish = (
        f"(length(n.d) = 10 and n.is_parted or length(n.d) = 12 and left(n.d, 2) in ('18', '19', '20')) and {_is_day(f'substr({last}, 5, 2)', f'substr({last}, 3, 2)', added=(60,))} "
        f"and list_sum(list_transform({doubled}, lambda p: p // 10 + p % 10)) % 10 = 0"
    )
    norwegian = f"length(n.d) = 11 and {_is_day('left(n.d, 2)', 'substr(n.d, 3, 2)', added=(40,))} and {_sum('n.d', '3761894521')} % 11 = 0 and {_sum('n.d', '54327654321')} % 11 = 0"
    danish = f"length(n.d) = 10 and n.is_parted and {_is_day('left(n.d, 2)', 'substr(n.d, 3, 2)')} and {_sum('n.d', '4327654321')} % 11 = 0"
    return f"({swedish} or {norwegian} or {danish})"
