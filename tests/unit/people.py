"""People for the tests of identity. Here: one record as a dictionary, and records that share nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def person(key: str, given: str = "Anna", family: str = "Berg", **more) -> dict:
    return {"source_key": key, "given_name": given, "family_name": family, **more}


_GIVEN = (
    "Eva",
    "Nils",
    "Ida",
    "Otto",
    "Ulla",
    "Gustav",
    "Marta",
    "Tor",
    "Lisbet",
    "Viktor",
    "Wilma",
    "Rolf",
    "Jenny",
    "Harald",
    "Petra",
    "Kaj",
)
_FAMILY = ("Wallin", "Nyberg", "Tegner", "Odell", "Zetterlund", "Hjort", "Miller", "Krantz", "Ahlgren", "Viberg", "Stahl", "Frisk", "Dufva", "Palm", "Quist", "Rask")  # fmt: skip


def stranger(number: int, key: str | None = None, **more) -> dict:
    """One of 256 people of whom no two have anything in common: neither a whole name nor an address, number or birth date."""
    given, family = _GIVEN[number % 16], _FAMILY[(number + number // 16) % 16]
    return person(
        key or f"s{number}", given, family, email=f"{given}@{family}{number}.se".lower(), phone=f"+4670{2_134_715 + number * 7919}",
        birth_date=f"{1940 + number % 50}-{1 + number % 12:02}-{1 + number % 28:02}", street=f"{family}s väg {number + 3}",
        postal_code=f"{20_000 + number * 97}", city=f"{family}köping",
    ) | more  # fmt: skip


# one family name as registers and systems write it: with a particle, beside another one, or alone
FAMILY = ("Lund", "von Lund", "LUND", "Lund-Ek", "Åberg Lund", "Åberg-Lund", " lund ", "Lund af Klint")

_GIVEN_OF_CASE = "Alva Bror Cilla Doris Elsa Folke Gerda Hilda Ivar Jonna Karin Lova Mats Nils Olga Petra Quentin Rut Sixten Tage Ulla Vera Wilma Ylva"
_FAMILY_OF_CASE = (
    "Almgren Brodin Carlstam Dufva Elfving Forsell Granath Hedlund Isaksen Jernberg Kvist Lagerman Modig Nyquist Orrenius "
    "Palmgren Quarfort Rosander Stenbock Tillberg Uggla Viklund Wester Ytterman"
)
_NAMES_OF_CASE = tuple(zip(_GIVEN_OF_CASE.split(), _FAMILY_OF_CASE.split(), strict=True))


def someone(n: int, **more) -> dict:
    """Record `p{n}` of the n-th case, n below 24: no two share any part of a name, a birth date, email address, domain or number.

    They have no address: a register would be asked with it. Cases of one test that are such people are answered in one night as
    each would be in a night of its own: what one of them refuses, or what a register has of them, touches no other.
    """
    given, family = _NAMES_OF_CASE[n]
    own = {
        "birth_date": f"{1940 + 2 * n}-{n % 12 + 1:02}-{n + 1:02}",
        "email": f"{given}@{family}.se".lower(),
        "phone": f"+4670{2_113_407 + 137_911 * n}",
    }
    return person(f"p{n}", given, family, **own | more)


def by_case(cases: Iterable[object], tell: Callable[[int], object]) -> dict[str, object]:
    """{case: what is told of its number}: two of them that are compared name the case that differs."""
    return {f"{n}: {case}": tell(n) for n, case in enumerate(cases)}
