"""Columns that no score may use, known by their names. Here: which, and why. Not here: what a delivery may hold (privacy/intake).

Special categories of data (Art. 9) are known by the words that keep them out of raw. A proxy is a column that stands for origin
where it is used alone: a postal code, a name, a language. Gender, age and region are kept for the fairness table only.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from orchestration.privacy.intake.national_id_names import holds_national_ids
from orchestration.privacy.intake.special_categories import special_category_of

GENDER, AGE, REGION = "gender", "age", "region"
# words around a name that leave it what it is
_WHOSE = r"(?:(?:billing|shipping|delivery|home|work|customer|contact|member|kund(?:ens|en|es|e)?|medlem(?:mens|mets)?|leverans|leverings|faktura|asiakkaan|jäsenen) )*"
_FORMS = r"(?: (?:\d+|code|kod|kode|hash|clean|raw|prefix|initial))*"
_PROXIES = {
    "postal code": "(?:post(?:al)? ?code|postal|zip ?(?:code)?|post ?nummer|post ?nr|posti(?:numero|nro)|plz)",
    "name of a person": "(?:(?:given|first|last|middle|family|full|maiden|person|customer|contact) ?names?|name|surname|forename|(?:för|efter|tilltals|kund|gatu)?namn|fullständigt namn|(?:for|etter|efter|kunde)?navn|fullt navn|(?:etu|suku|koko ?)?nimi|etunimet)",
    "origin": "(?:nationality|citizenship|race|origin|(?:birth ?)?country(?: of birth| of origin)?|birth ?place|place of birth|mother tongue|native language|language|nationalitet|medborgarskap|statsborgerskap|språk|sprog|födelseland|fødeland|födelseort|fødested|modersmål|morsmål|äidinkieli|kieli|kansalaisuus|kansallisuus|syntymä(?:maa|paikka))",
    "contact data": "(?:e ?mail(?: address)?|phone(?: number)?|mobile(?: number)?|street(?: address)?|(?:home |postal )?address|(?:gatu|gate|leverans|post)?adresse?|(?:e ?post|mejl|mail) ?(?:adresse?)?|s(?:ähkö)? ?posti(?:osoite)?|telefon ?(?:nr|nummer)?|mobil ?(?:nr|nummer|telefon)?|tfn|tlf|gsm|(?:matka)?puhelin(?:numero)?|gata|gate|gade|vej|katu|(?:katu|lähi|posti)?osoite|ip(?: ?address| ?adresse?)?|latitude|longitude|lat|lon|lng|coordinates|koordinater|national id|ssn|social security number)",
}  # fmt: skip
_FAIRNESS = {
    GENDER: "(?:gender(?: identity)?|sex|kön|kjønn|køn|sukupuoli|(?:is )?(?:fe)?male|man kvinna|mies nainen)",
    AGE: "(?:(?:customer )?age(?: band| group| class| bracket| years)?|birth ?(?:date|day|year|on)|(?:date|year) of birth|dob|born|senior(?: citizen)?|ålder|alder|ikä|föd(?:d|else(?:år|datum|dag))|fød(?:t|sels(?:år|dato|dag))|syntymä(?:vuosi|aika|päivä))",
    REGION: "(?:region|county|province|municipality|city|town|parish|län|fylke|kommun|kommune|stad|by|(?:post|bostads)?ort|(?:post)?sted|sogn|församling|maakunta|kunta|kaupunki|paikkakunta|postitoimipaikka)",
}  # fmt: skip


def refusal(name: str) -> str | None:
    """Why the column may not be a feature, by its name; None where it may."""
    if category := special_category_of(name):
        return f"special category of personal data: {category}"
    if holds_national_ids(name):
        return "contact data or an identity number"
    if proxy := _matched(name, tuple(_PROXIES.items())):
        return f"may stand for origin: {proxy}" if proxy != "contact data" else "contact data or an identity number"
    return None


def fairness_kind(name: str) -> str | None:
    """Gender, age or region where the column's name says so; None else."""
    return _matched(name, tuple(_FAIRNESS.items()))


@cache
def _matched(name: str, patterns: tuple[tuple[str, str], ...]) -> str | None:
    words = re.sub(r"(?<=[a-zåäöæø0-9])(?=[A-ZÅÄÖÆØ])", " ", unicodedata.normalize("NFC", name))
    words = re.sub(r"[\W_]+", " ", words).strip().lower()
    return next((kind for kind, pattern in patterns if re.fullmatch(_WHOSE + pattern + _FORMS, words)), None)
