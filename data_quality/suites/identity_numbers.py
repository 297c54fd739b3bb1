"""Identity numbers in a text, in SQL: Swedish, Norwegian, Danish, Finnish ones, however they are written.

A path of its own: neither the patterns nor the check digits are those that clean what enters (orchestration/privacy). Signs of
full width are read as what they stand for; blanks, dashes, dots and slashes may stand between digits, a word directly before
them. Ten digits without any of these are left alone: article numbers look so too. Not here: which columns are looked at (grades.py).
"""

from __future__ import annotations

_NARROW = "0123456789+-/.ABCDEFHJKLMNPRSTUVWXY"
_WIDE = "".join(chr(ord(sign) + 0xFEE0) for sign in _NARROW)
# a tab too, and signs without a width
_BLANKS, _DASHES = (
    "\t\u00a0\u00ad\u2007\u2009\u200b\u200c\u200d\u202f\u2060\u3000\ufeff",
    "\u2010\u2011\u2012\u2013\u2014\u2212",
)
# without braces: the runner reads those as places to fill
_TWO, _PART, _GAP = "[0-9][0-9]", "[-./ ]?", " ?[-+/]? ?"
# in two pairs only where no dot, dash or slash parts the date: 01.03.2026 10 is a time of day
_PAIRS = f"{_TWO} ?{_TWO} ?{_TWO}{_GAP}{_TWO} {_TWO}"
# as a decimal number is written: only where the date is not parted
_DOTTED = f"{_TWO}{_TWO}{_TWO} ?[.] ?[0-9]{_TWO}[0-9][0-9]?|{_TWO}[.]{_TWO}[.]{_TWO}[.][0-9]{_TWO}{_TWO}"
_PARTED = f"(?:{_DOTTED}|{_TWO}{_PART}{_TWO}{_PART}{_TWO}{_GAP}[0-9]{_TWO} ?[0-9][0-9]?|{_PAIRS})"
_SINGLE = "(?:[0-9] )+(?:[-+/] )?(?:[0-9] )+[0-9]"
_FINNISH = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def _sum(digits: str, weights: str) -> str:
    """SQL: the sum of the products of digits and weights."""
    product = f"try_cast(substr({digits}, i, 1) as int) * try_cast(substr('{weights}', i, 1) as int)"
    return f"list_sum(list_transform(range(1, {len(weights) + 1}), lambda i: {product}))"


def _is_day(day: str, month: str, *, added: tuple[int, ...] = ()) -> str:
    """SQL: whether two digits are a day, or one with a number added, and two a month."""
    days = " or ".join(f"try_cast({day} as int) between {more + 1} and {more + 31}" for more in (0, *added))
    return f"({days}) and try_cast({month} as int) between 1 and 12"


def holds_identity_number(column: str) -> str:
    """SQL: whether a text has a number in it that somebody may have, by its date and its check digits."""
    narrow = f"translate({column}, '{_WIDE}{_BLANKS}{_DASHES}', '{_NARROW}{' ' * len(_BLANKS)}{'-' * len(_DASHES)}')"
    # random ids are no words; without braces, as above
    four = "[0-9A-Fa-f]" * 4
    random = f"{four}{four}-{four}-{four}-{four}-{four}{four}{four}"
    narrow = (
        f"regexp_replace(regexp_replace({narrow}, '{random}', ' ', 'g'), '(\\b_*\\pL[\\pL_]+)([0-9])', '\\1 \\2', 'g')"
    )
    found = f"regexp_extract_all({narrow}, '\\b(?:(?:{_TWO} ?)?{_PARTED}|{_SINGLE})\\b')"
    numbers = f"list_transform({found}, lambda f: struct_pack(d := regexp_replace(f, '[^0-9]', '', 'g'), is_parted := regexp_matches(f, '[^0-9]')))"
    last = "right(n.d, 10)"
    doubled = f"list_transform(range(1, 11), lambda i: try_cast(substr({last}, i, 1) as int) * (1 + i % 2))"
    swedish = (
        f"(length(n.d) = 10 and n.is_parted or length(n.d) = 12 and left(n.d, 2) in ('18', '19', '20')) and {_is_day(f'substr({last}, 5, 2)', f'substr({last}, 3, 2)', added=(60,))} "
        f"and list_sum(list_transform({doubled}, lambda p: p // 10 + p % 10)) % 10 = 0"
    )
    norwegian = f"length(n.d) = 11 and {_is_day('left(n.d, 2)', 'substr(n.d, 3, 2)', added=(40,))} and {_sum('n.d', '3761894521')} % 11 = 0 and {_sum('n.d', '54327654321')} % 11 = 0"
    danish = f"length(n.d) = 10 and n.is_parted and {_is_day('left(n.d, 2)', 'substr(n.d, 3, 2)')} and {_sum('n.d', '4327654321')} % 11 = 0"
    signs = f"regexp_extract_all(upper({narrow}), '\\b{_TWO}{_TWO}{_TWO} ?[-+A-FU-Y] ?[0-9][0-9][0-9][0-9A-Y]\\b')"
    rest = "try_cast(left(f, 6) || left(right(f, 4), 3) as int) % 31 + 1"
    finnish = f"len(list_filter({signs}, lambda f: substr('{_FINNISH}', {rest}, 1) = right(f, 1))) > 0"
    # the cheap look first: nearly every text has fewer digits
    any_digit = f"[0-9{_WIDE[0]}-{_WIDE[9]}]"
    return (
        f"(regexp_matches({column}, '{'.*'.join([any_digit] * 9)}') and "
        f"(len(list_filter({numbers}, lambda n: {swedish} or {norwegian} or {danish})) > 0 or {finnish}))"
    )
