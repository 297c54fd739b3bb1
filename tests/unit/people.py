"""People for the tests of identity. Here: one record as a dictionary, and records that share nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta


def person(key: str, given: str = "Anna", family: str = "Berg", **more) -> dict:
    return {"source_key": key, "given_name": given, "family_name": family, **more}


# one family name as registers and systems write it: with a particle, beside another one, or alone
FAMILY = ("Lund", "von Lund", "LUND", "Lund-Ek", "Åberg Lund", "Åberg-Lund", " lund ", "Lund af Klint")

_GIVEN = ["Alva", "Bror", "Cilla", "Doris", "Elsa", "Folke", "Gerda", "Hilda", "Ivar", "Jonna", "Karin", "Lova", "Mats", "Nils", "Olga", "Petra", "Quentin", "Rut", "Sixten", "Tage", "Ulla", "Vera", "Wilma", "Ylva"]  # fmt: skip
_FAMILY = [
    "Almgren",
    "Brodin",
    "Carlstam",
    "Dufva",
    "Elfving",
    "Forsell",
    "Granath",
    "Hedlund",
    "Isaksen",
    "Jernberg",
    "Kvist",
    "Lagerman",
    "Modig",
    "Nyquist",
    "Orrenius",
    "Palmgren",
    "Quarfort",
    "Rosander",
    "Stenbock",
    "Tillberg",
    "Uggla",
    "Viklund",
    "Wester",
    "Ytterman",
]
# of the 577th and all after it
_MORE = ["Abrahamsberg", "Bohlin", "Cederquist", "Dunder", "Enockson", "Franzon", "Gyllenhak", "Hummerhielm", "Ihrfelt", "Junghagen", "Klockhoff", "Ljungdahl", "Munkhammar", "Norrby", "Ollongren", "Pukehorn", "Quist", "Rydqvist", "Skytte", "Thorell", "Ulfsparre", "Vretblad", "Wachtmeister", "Zachau"]  # fmt: skip
# of so many no two share a whole name
MOST = 2 * len(_GIVEN) * len(_FAMILY)


def someone(n: int, key: str = "", **more) -> dict:
    """The record of the n-th case, `p{n}` unless `key` is given: no two of the first MOST share a whole name, a birth date, email address,
    domain or number; of the first 24 no two share any part of a name.

    They have no address: a register would be asked with it. Cases of one test that are such people are answered in one night as
    each would be in a night of its own: what one of them refuses, or what a register has of them, touches no other.
    """
    many = len(_GIVEN)
    again, nth = divmod(n, many * many)
    given, family = _GIVEN[n % many], (_FAMILY, _MORE)[again][(n + n // many) % many]
    own = {
        "birth_date": f"{date(1940, 1, 2) + timedelta(days=29 * nth + 11 * again)}",
        "email": f"{given}@{family}{n if n >= many else ''}.se".lower(),
        "phone": f"+467{3 * again}{2_113_407 + 11_911 * nth}",
    }
    return person(key or f"p{n}", given, family, **own | more)


def resident(n: int, key: str = "", **more) -> dict:
    """The same, at an address of their own."""
    family = _FAMILY[n % len(_FAMILY)]
    return someone(n, key) | {"street": f"{family}s väg {n + 3}", "postal_code": f"{20_000 + n * 97}", "city": f"{family}köping"} | more  # fmt: skip


def by_case(cases: Iterable[object], tell: Callable[[int], object]) -> dict[str, object]:
    """{case: what is told of its number}: two of them that are compared name the case that differs."""
    return {f"{n}: {case}": tell(n) for n, case in enumerate(cases)}
