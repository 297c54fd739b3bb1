"""Special categories of personal data (Art. 9): what tells of somebody's health, faith, origin, opinions, union or sex life.

Here: how they are known, in a column's name and in free text, by the words of the seed special_category_terms; national
identity numbers in free text too. Not here: taking them out of a delivery (entry.py), what is inferred of nothing (special_values.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from orchestration.contracts.seeds import seed
from orchestration.privacy.intake.national_ids import is_national_id
from orchestration.privacy.intake.national_ids_in_text import without_numbers

REMOVED_SENTENCE = "[special category removed]"
IDENTITY_NUMBER = "national identity number"
_SENTENCE_ENDS = re.compile(r"(?<=[.!?])\s+|\n+")


@cache
def _terms() -> list[tuple[str, str, str]]:
    """(category, found in text or name, term)."""
    return [(row["category"], row["found_in"], row["term"]) for row in seed("special_category_terms")]


def _pattern(terms: Iterable[str]) -> re.Pattern[str]:
    """Any of the terms as words; a star stands for how a word goes on, or for what it is compounded with."""
    written = sorted(
        {re.escape(term).replace(r"\*", r"\w*").replace(r"\ ", r"[\s_-]+") for term in terms}, key=len, reverse=True
    )
    return re.compile(rf"(?<!\w)(?:{'|'.join(written)})(?!\w)")


@cache
def _patterns(found_in: tuple[str, ...]) -> list[tuple[str, re.Pattern[str]]]:
    categories = dict.fromkeys(category for category, _, _ in _terms())
    return [
        (category, _pattern(term for c, where, term in _terms() if c == category and where in found_in))
        for category in categories
    ]


@cache
def candidates_sql(found_in: tuple[str, ...] = ("text",)) -> str:
    """An RE2 pattern that lower-case text with a term in it matches, and little else: what DuckDB looks for first."""
    stems = {re.sub(r"[\s_-]+", r"[\\W_]*", term.strip("*")) for _, where, term in _terms() if where in found_in}
    # a stem that holds another one is found by it
    return "|".join(sorted(stem for stem in stems if not any(other != stem and other in stem for other in stems)))


@cache
def special_category_of(name: str) -> str | None:
    """The category that a column, an attribute or a question is about, by its name; None where it is about none."""
    words = re.sub(r"(?<=[a-zåäöæø0-9])(?=[A-ZÅÄÖÆØ])", " ", name)
    words = re.sub(r"[\W_]+", " ", words).strip().lower()
    return next((category for category, pattern in _patterns(("text", "name")) if pattern.search(words)), None)


def categories_in(text: str) -> list[str]:
    """The categories that a sentence tells of."""
    lowered = text.lower()
    return [category for category, pattern in _patterns(("text",)) if pattern.search(lowered)]


def category_told_by(value: str) -> str | None:
    """The category that a short text is about, such as what a product is called: read as a name and as a sentence."""
    return special_category_of(value) or next(iter(categories_in(value)), None)


def cleaned(text: str) -> tuple[str, list[str]]:
    """The text without sentences that tell of a special category and without identity numbers; what was taken out."""
    text, numbers = without_numbers(text)
    taken = [IDENTITY_NUMBER] * numbers
    kept, start = [], 0
    for end in [*(match.span() for match in _SENTENCE_ENDS.finditer(text)), (len(text), len(text))]:
        sentence, gap = text[start : end[0]], text[end[0] : end[1]]
        if found := categories_in(sentence):
            taken += found
            sentence = REMOVED_SENTENCE
        kept.append(sentence + gap)
        start = end[1]
    return "".join(kept), taken


def numberless(text: str) -> tuple[str | None, list[str]]:
    """A name, a street or a title without the identity numbers in it; null where nothing is left."""
    rest, numbers = without_numbers(text, " ")
    kept = " ".join(rest.split()).strip(" ,;:()-") if numbers else text
    return kept or None, [IDENTITY_NUMBER] * numbers


# a sole trader's number for taxes or as a company holds the personal number: "SE" and "01" around it in one for VAT
_TRADER = re.compile(r"(?:SE)?(\d{6}-?\d{4}|\d{8}-?\d{4}|\d{6} ?\d{5}|\d{6}[-+A-FU-Y]\d{3}[0-9A-Z])(?:01)?")


def traderless(text: str) -> tuple[str | None, list[str]]:
    """A company's registration number; null where it is a person's own, as a sole trader's is."""
    match = _TRADER.fullmatch(
        text.strip().upper().replace(" ", "") if text.strip()[:2].upper() == "SE" else text.strip()
    )
    return (None, [IDENTITY_NUMBER]) if match and is_national_id(match.group(1)) else (text, [])
