"""What is said to people who asked for their data, in their language: Swedish, Norwegian, Danish, Finnish, else English.

The phrases stand in phrases.csv, by their English words; one that is not there, as of a company's own seed, stays English.
Not here: the document that they stand in (subject_access.py).
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("phrases.csv")
_OF_COUNTRY = {"SE": "sv", "NO": "no", "DK": "da", "FI": "fi"}
LANGUAGES = ("sv", "no", "da", "fi", "en")
_AUTHORITIES = {
    "SE": "Integritetsskyddsmyndigheten, imy.se",
    "NO": "Datatilsynet, datatilsynet.no",
    "DK": "Datatilsynet, datatilsynet.dk",
    "FI": "Tietosuojavaltuutetun toimisto, tietosuoja.fi",
}


def language_of(country: str | None) -> str:
    """The language in which somebody who lives there is answered."""
    return _OF_COUNTRY.get((country or "").strip().upper(), "en")


def authority_of(country: str | None) -> str:
    """Whom to complain to: the authority of where they live."""
    return _AUTHORITIES.get((country or "").strip().upper(), "edpb.europa.eu/about-edpb/about-edpb/members_en")


@cache
def phrases(language: str) -> dict[str, str]:
    """English → `language`."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return {row["en"]: row[language] for row in csv.DictReader(file)}
