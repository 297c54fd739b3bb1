"""Nothing but the room of match keys folds a name, an address, a number, a postal code, a country or a birth date."""

from __future__ import annotations

import re

import pytest

from orchestration.core.settings import DBT_DIR, PROJECT_DIR

# the demo misspells on purpose; the consent suite has keys of its own, so that it sees a fault in these
OWN = ("orchestration/match_keys/", "orchestration/demo/", "data_quality/suites/")
FOLDING = {
    "accents": r"strip_accents",
    "Nordic letters": r"'[åäöøæð]'",
    "two-letter spellings": r"replace\([^)]*'(?:aa|ae|oe)'",
    "names and addresses": r"lower\(trim\((?:\w+\.)?(?:email|contact_point|street|city|full_name)\b",
    "countries": r"upper\((?:trim\()?(?:\w+\.)?country(?:_code)?\b",
    "countries of a column": r"upper\(\{quote\([\w.]*country",
    "postal codes": r"replace\((?:\w+\.)*postal_code",
    "phone numbers": r"regexp_replace\((?:\w+\.)?(?:phone|contact_point|point)\b[^,]*, '\[\^0-9",
    "ages": r"365\.25|\* ?365 ?\* ?18|date_diff\('year', [\w.]*birth_date, \{\{ as_of",
    "years of two digits": r"interval '?100'? years?|to_years\(",
}
# as what they are: a date a hundred years before (macros/births.sql), the birthday of somebody's coming of age
ALLOWED = {
    "dbt_project/macros/births.sql": {"years of two digits"},
    "orchestration/activation/later_words.py": {"years of two digits"},
}


def sources():
    files = [
        *PROJECT_DIR.glob("orchestration/**/*.py"),
        *PROJECT_DIR.glob("data_quality/**/*.py"),
        *PROJECT_DIR.glob("orchestration/**/*.sql"),
    ]
    files += [p for folder in ("models", "macros", "tests") for p in (DBT_DIR / folder).rglob("*.sql")]
    named = {str(path.relative_to(PROJECT_DIR)): path for path in files}
    return {name: path for name, path in named.items() if not name.startswith(OWN)}


@pytest.mark.parametrize("what", FOLDING)
def test_only_the_room_of_match_keys_folds(what):
    found = [
        name
        for name, path in sources().items()
        if re.search(FOLDING[what], path.read_text(encoding="utf-8")) and what not in ALLOWED.get(name, ())
    ]
    assert found == [], f"{what}: use the macros of orchestration/match_keys"


@pytest.mark.parametrize(
    ("what", "line"),
    [("accents", "strip_accents(x)"), ("Nordic letters", "replace(s, 'ø', 'o')"), ("names and addresses", "lower(trim(p.email))"),
     ("countries", "coalesce(upper(p.country_code), '')"), ("postal codes", "replace(g.address.postal_code, ' ', '')"), ("ages", "< 18 * 365.25"),
     ("two-letter spellings", "replace(s, 'aa', 'a')"), ("countries of a column", "upper({quote(person.country_code)})"),
     ("phone numbers", "regexp_replace(p.phone, '[^0-9]', '', 'g')"), ("years of two digits", "b - interval 100 year")],
)  # fmt: skip
def test_a_folding_is_seen(what, line):
    assert re.search(FOLDING[what], line)
