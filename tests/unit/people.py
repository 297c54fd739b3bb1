"""People for the tests of identity. Here: one record as a dictionary."""

from __future__ import annotations


def person(key: str, given: str = "Anna", family: str = "Berg", **more) -> dict:
    return {"source_key": key, "given_name": given, "family_name": family, **more}


# one family name as registers and systems write it: with a particle, beside another one, or alone
FAMILY = ("Lund", "von Lund", "LUND", "Lund-Ek", "Åberg Lund", "Åberg-Lund", " lund ", "Lund af Klint")
