"""Columns that no score may use, known by their names. Here: which, and why. Not here: what a delivery may hold (privacy/intake).

Special categories of data (Art. 9) are known by the words that keep them out of raw. A proxy is a column that stands for origin
where it is used alone: a postal code, a name, a language. Gender, age and region are kept for the fairness table only.
"""

from __future__ import annotations

import re
from functools import cache

from orchestration.privacy.intake.special_categories import special_category_of

GENDER, AGE, REGION = "gender", "age", "region"
_PROXIES = {
    "postal code": "(?:post(?:al)? ?code|postal|zip ?(?:code)?|postnummer|postnr|post ?nr|postinumero|plz)",
    "name of a person": "(?:(?:given|first|last|middle|family|full|maiden|person|customer|contact) ?names?|name|surname|forename|förnamn|fornavn|efternamn|etternavn|etunimi|sukunimi)",
    "origin": "(?:nationality|citizenship|(?:birth ?)?country(?: of birth| of origin)?|birth ?place|place of birth|mother tongue|native language|language|nationalitet|medborgarskap|statsborgerskap|språk|sprog|födelseland|fødeland)",
    "contact data": "(?:e ?mail(?: address)?|phone(?: number)?|mobile(?: number)?|street(?: address)?|(?:home |postal )?address|adress|adresse|e ?post|telefon|personnummer|national id|ssn|social security number)",
}  # fmt: skip
_FAIRNESS = {
    GENDER: "(?:gender|sex|kön|kjønn|køn|sukupuoli)",
    AGE: "(?:(?:customer )?age(?: band| group| class| bracket)?|birth ?(?:date|day|year|on)|(?:date|year) of birth|dob|senior(?: citizen)?|ålder|alder|ikä)",
    REGION: "(?:region|county|province|municipality|city|town|län|fylke|kommun|kommune|stad|by|maakunta)",
}  # fmt: skip


def refusal(name: str) -> str | None:
    """Why the column may not be a feature, by its name; None where it may."""
    if category := special_category_of(name):
        return f"special category of personal data: {category}"
    if proxy := _matched(name, tuple(_PROXIES.items())):
        return f"may stand for origin: {proxy}" if proxy != "contact data" else "contact data or an identity number"
    return None


def fairness_kind(name: str) -> str | None:
    """Gender, age or region where the column's name says so; None else."""
    return _matched(name, tuple(_FAIRNESS.items()))


@cache
def _matched(name: str, patterns: tuple[tuple[str, str], ...]) -> str | None:
    words = re.sub(r"(?<=[a-zåäöæø0-9])(?=[A-ZÅÄÖÆØ])", " ", name)
    words = re.sub(r"[\W_]+", " ", words).strip().lower()
    return next((kind for kind, pattern in patterns if re.fullmatch(pattern, words)), None)
