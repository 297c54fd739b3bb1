"""National identity numbers: whether a number is somebody's, and the one form in which equal people have equal numbers.

Not here: how they are written (national_id_patterns.py), finding them in a text (national_ids_in_text.py), what their columns are called
(national_id_names.py), what is dropped where data enters (entry_columns.py), those that are kept, as hashes (national_id_hashes.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import phonenumbers
from stdnum import luhn
from stdnum.dk import cpr
from stdnum.exceptions import ValidationError
from stdnum.fi import hetu
from stdnum.no import fodselsnummer
from stdnum.se import personnummer

from orchestration.privacy.intake.national_id_patterns import DASHES

# a date in parts is one of a number where no time of day stands behind it
_AS_PRINTED = r"\d{6}[- ]\d{4}|\d{2}[./-]\d{2}[./-]\d{2} ?- ?(?:(?:2[4-9]|[3-9]\d)\d{2}|\d{2}[6-9]\d)"
_NAMED_BEFORE = re.compile(
    r"(?i)\b(?:cpr|person(?:nummer(?:et)?|nr)|f[øo]dselsn(?:ummer(?:et)?|r))[\W_]{0,3}(?:(?:nr|nummer(?:et)?|no|er|is)[\W_]{0,3})*$"
)
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
    return DASHES.sub("-", unicodedata.normalize("NFKC", written))


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
