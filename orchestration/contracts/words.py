"""What columns, tables and values are called, in the Nordic languages and English: the words of `words/*.csv`.

Here: reading the words, and what a name says by them. Not here: which entity a table is (entities.py), or any word itself.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_WORDS = Path(__file__).parent / "words"
# letters that do not decompose into a Latin one and a mark
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "ß": "ss", "ð": "d", "þ": "th", "đ": "d", "ł": "l"})
# how sure a name is that says a term: as a whole, behind words that only say whose it is, as its last words
WHOLE, QUALIFIED, ENDING = 1.0, 0.9, 0.6
# of a table's name: a term that is not its end, and each further word of a term, for order items are no items
_WITHIN, _LONGER = 0.3, 0.1
_PLACE = 0.0005
# what a name ends with says little where it is as short as date, name or type
_TELLING = 5
# a time zone at the end of a name: Create Date (GMT+1)
ZONE_IN_NAME = re.compile(
    r"\s*[(\[]\s*(?:(?:GMT|UTC)\s*([+\N{MINUS SIGN}-])\s*(\d{1,2})(?:[:.]?(\d{2}))?|(CEST|CET|EEST|EET|WEST|BST))\s*[)\]]\s*$",
    re.IGNORECASE,
)

# concepts that are amounts of money
_MONEY = ("amount", "unit_price", "unit_cost", "discount", "refunded_amount", "spend")


@dataclass(frozen=True)
class Role:
    """That a concept fills a conformed column, and how strongly it speaks for the entity."""

    entity: str
    column: str
    concept: str
    weight: float


def without_answers(name: str) -> str:
    """A name without the answers that it offers: the no in `Nyhetsbrev (Ja/Nej)` is nobody's. A name of nothing else stays."""
    left = _answers().sub(" ", name)
    return left if re.search(r"\w", left) else name


@cache
def _answers() -> re.Pattern[str]:
    """Which answers a column has, as its name tells them: (Ja/Nej), Y/N, 1=ja 0=nej, kyllä tai ei."""
    code = r"(?:\d\s*[=:]\s*)?"
    yes, no = ("|".join(sorted(word for word in words_for(one) if word.isalpha())) for one in ("yes", "no"))
    between = r"(?:\s*[/|,;&+]\s*|\s+(?:eller|or|tai|og|och|and)\s+|[\s_]+)"
    either = rf"(?:{yes}){between}{code}(?:{no})|(?:{no}){between}{code}(?:{yes})"
    return re.compile(rf"(?:(?<=[\W_])|^){code}(?:{either})(?=[\W_]|$)", re.IGNORECASE)


def words_of(name: str) -> list[str]:
    """The words of a name: without case, accents, signs and the answers that it offers. `orderId`, `Order-ID` and `order_id` have the same."""
    name = without_answers(unicodedata.normalize("NFC", name))
    parted = re.sub(r"(?<=[a-zåäöæø0-9])(?=[A-ZÅÄÖÆØ])", " ", name)
    plain = unicodedata.normalize("NFKD", parted.lower().translate(_LETTERS))
    return re.findall(r"[a-z0-9€$£]+", "".join(sign for sign in plain if not unicodedata.combining(sign)))


@cache
def roles() -> tuple[Role, ...]:
    return tuple(Role(r["entity"], r["column"], r["concept"], float(r["weight"])) for r in _rows("roles"))


@cache
def words_for(meaning: str) -> frozenset[str]:
    """The words with a meaning (yes, no, nothing, total, …), in lower case as they are written."""
    return frozenset(
        term.strip().lower() for row in _rows("values") if row["meaning"] == meaning for term in row["terms"].split("|")
    )


@cache
def plain_words_for(meaning: str) -> frozenset[str]:
    """The same, each written as words_of() writes a name, in one."""
    return frozenset("".join(words_of(term)) for term in words_for(meaning))


@cache
def currencies_by(meaning: str) -> dict[str, str]:
    """What tells a currency, in lower case → the currency: a `currency_sign` beside an amount, a `country` as a column has it, the
    language of a country (`home`)."""
    return {said: code.upper() for said, code in (pair.rsplit(":", 1) for pair in words_for(meaning))}


def languages_of(name: str) -> set[str]:
    """The languages in which a name is a term for a column."""
    return _languages().get("".join(words_of(name)), set())


@cache
def _languages() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for row in _rows("columns"):
        for term in row["terms"].split("|"):
            found["".join(words_of(term))].add(row["language"])
    return found


def concepts_of(name: str, table: str = "") -> dict[str, float]:
    """Concept → how sure it is that a column of that name is of it. `table` is the table's name, whose words may stand before."""
    name = ZONE_IN_NAME.sub("", name)
    words = words_of(name)
    # doubled columns of an export: email_1
    while len(words) > 1 and words[-1].isdigit():
        words = words[:-1]
    # amount_usd
    while len(words) > 1 and words[-1] in currencies_by("currency_sign"):
        words = words[:-1]
    if not words or words[0] in words_for("machinery"):
        return {}
    if beside := _beside_money(name, table):
        return beside
    found: dict[str, float] = {}
    for start in range(len(words)):
        sureness = WHOLE if not start else QUALIFIED if _only_qualifies(words[:start], table) else ENDING
        written = "".join(words[start:])
        if sureness == ENDING and len(written) < _TELLING:
            continue
        for concept in _concepts().get(written, ()):
            if concept == "refunded_amount" and not plain_words_for("counted").isdisjoint(words[:start]):
                continue  # items_refunded, is_refunded
            # of two columns the one whose term is listed first: the words stand in the order of how much they tell
            found[concept] = max(found.get(concept, 0), sureness - _PLACE * _places()[concept, written])
    return found


def _beside_money(name: str, table: str) -> dict[str, float]:
    """What the parts of an object of an amount and its currency are, which has the name of the amount: unitPrice.amount."""
    of, _, part = name.rpartition(".")
    money = {concept: sure for concept, sure in concepts_of(of, table).items() if concept in _MONEY} if of else {}
    if "".join(words_of(part)) in plain_words_for("of_money"):
        return money
    return {"currency": QUALIFIED} if money and concepts_of(part).get("currency", 0.0) > ENDING else {}


def currency_of(name: str) -> str | None:
    """The currency that a column's name ends with: amount_usd."""
    words = words_of(name)
    return currencies_by("currency_sign").get(words[-1]) if len(words) > 1 else None


def entities_of(table: str) -> dict[str, float]:
    """Entity → how sure it is that a table of that name is of it."""
    words = [word for word in words_of(table) if not word.isdigit() and word not in words_for("noise")]
    found: dict[str, float] = {}
    for start in range(len(words)):
        for end in range(len(words), start, -1):
            for entity in _entity_terms().get("".join(words[start:end]), ()):
                # what a name ends with is what it is: a customer tag is a tag
                said = WHOLE if (start, end) == (0, len(words)) else QUALIFIED if end == len(words) else _WITHIN
                found[entity] = max(found.get(entity, 0), said + _LONGER * (end - start - 1))
    return found


def names_people(word: str) -> bool:
    """Whether a word is one for people: customer, kund."""
    return "people" in _entity_terms().get("".join(words_of(word)), ())


def _only_qualifies(words: list[str], table: str) -> bool:
    """Whether words before a term only say whose or which it is: the table's own name, or billing, primary, property."""
    qualifiers = plain_words_for("qualifier")
    own = words_of(table)
    own_words = {*own, *(word.removesuffix("s") for word in own), "".join(own), "".join(own).removesuffix("s")}
    return "".join(words) in qualifiers or all(word in qualifiers or word in own_words for word in words)


@cache
def _concepts() -> dict[str, tuple[str, ...]]:
    return _index("concept", "columns")


@cache
def _places() -> dict[tuple[str, str], int]:
    """(concept, term) → its place among the terms of its concept and language."""
    found: dict[tuple[str, str], int] = {}
    for row in _rows("columns"):
        for place, term in enumerate(row["terms"].split("|")):
            found.setdefault((row["concept"], "".join(words_of(term))), place)
    return found


@cache
def _entity_terms() -> dict[str, tuple[str, ...]]:
    return _index("entity", "entities")


def _index(key: str, file: str) -> dict[str, tuple[str, ...]]:
    """Term, its words written as one → what it is a term of."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in _rows(file):
        for term in row["terms"].split("|"):
            written = "".join(words_of(term))
            if row[key] not in found[written]:
                found[written].append(row[key])
    return {term: tuple(of) for term, of in found.items()}


def _rows(file: str) -> list[dict[str, str]]:
    with (_WORDS / f"{file}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))
