"""People for the tests of identity. Here: one record as a dictionary."""

from __future__ import annotations


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
