"""Which columns of a table never enter raw, and which are read for what they may tell: by their names, and what the table says of them.

Not here: the cleaning of a delivery (entry.py), which names tell (national_id_names.py, special_categories.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from orchestration.contracts.person_rows import free_texts
from orchestration.core.settings import Table
from orchestration.privacy.intake.national_id_names import holds_national_ids
from orchestration.privacy.intake.special_categories import (
    numberless,
    special_category_of,
    traderless,
)

# what is left of a value, and the categories of what was taken out of it
Fix = Callable[[str], tuple[str | None, list[str]]]


def dropped_columns(table: Table, columns: Iterable[str]) -> list[str]:
    """Those of `columns` that raw never holds."""
    opted = table.national_id.column if table.national_id else None
    return [
        column
        for column in columns
        if column == opted
        or (
            column not in table.not_special
            and (any(map(holds_national_ids, names_of(table, column))) or category_of_column(table, column) is not None)
        )
    ]


def names_of(table: Table, column: str) -> list[str]:
    """What a column is called where it comes from: of an element of the list allergies, name is allergies.name; of what the element
    carries along, its path counts. Each tells what it holds."""
    if table.for_each and column in table.for_each.said and column not in table.carried:
        return [column, table.for_each.said[column]]
    if not table.rows_in:
        return [column, *filter(None, [table.carried.get(column)])]
    return [column, table.carried.get(column, f"{table.rows_in}.{column}")]


def category_of_column(table: Table, column: str) -> str | None:
    """The special category that a column of a table is about; None where it is about none."""
    return next((found for name in names_of(table, column) if (found := special_category_of(name))), None)


def kept_columns(table: Table) -> dict[str, str]:
    """The declared columns that raw holds, with their types."""
    dropped = dropped_columns(table, table.columns)
    return {column: kind for column, kind in table.columns.items() if column not in dropped}


def unread_columns(table: Table, columns: Iterable[str]) -> set[str]:
    """Those of `columns` that a connector does not even fetch: all that are dropped, but for the one that is opted in."""
    opted = table.national_id.column if table.national_id else None
    return {column for column in dropped_columns(table, columns) if column != opted}


def free_text_columns(table: Table, columns: dict[str, str]) -> list[str]:
    """Columns, or `column.field` of nested rows, that are read for special categories and identity numbers.

    Those that the table names; else all text of which nothing else is said, and what the source added.
    """
    dropped = dropped_columns(table, {**table.columns, **columns})
    added = [
        column
        for column, kind in columns.items()
        if column not in table.columns and column not in dropped and kind.upper() in ("VARCHAR", "JSON")
    ]
    if table.texts is not None:
        return [*table.texts, *added]
    known = {*dropped, *_known_columns(table)}
    declared = [column for column, kind in table.columns.items() if _may_hold_text(kind) and column not in known]
    return [*declared, *added]


def _known_columns(table: Table) -> set[str | None]:
    """Columns of which the table says what they are, and that it is nothing that somebody wrote."""
    known = {*table.key, table.cursor, *table.questions, *(c for person in table.whose for c in person.columns)}
    for mapped in table.maps:
        known |= {
            c for name in mapped.columns if name not in free_texts() and (how := mapped.how(name)) for c in how.columns
        }
    return known


_WHOLE = re.compile(r"(?i)^(?:U?BIGINT|U?HUGEINT|DOUBLE|FLOAT8?|REAL|(?:DECIMAL|NUMERIC)(?:\(.*\))?)$")


def whole_number_columns(table: Table, columns: Mapping[str, str]) -> list[str]:
    """Columns declared as numbers of which nothing else is said: they may hold identity numbers, whatever they are called."""
    known = {*dropped_columns(table, columns), *_known_columns(table)}
    return [column for column, kind in columns.items() if column not in known and _WHOLE.match(kind)]


def _may_hold_text(kind: str) -> bool:
    """Whether a type is of text, or of nested values with text in them."""
    upper = kind.upper()
    return upper == "JSON" or "VARCHAR" in upper


# words by which columns are known that are no free text, and that people write identity numbers in all the same
_NAMED = re.compile(
    r"(?i)(?:^|[_\W]|(?<=[a-z])(?=[A-Z]))(?:\w*name|namn|navn|nimi|title|titel|tittel|job|position|\w*street|gata|gade|katu|"
    r"\w*address|\w*adress\w*|osoite|care_of|company|contact|attention|\w*category|\w*kategori\w*|\w*store|butik\w*|survey|campaign|\w*channel)\d*(?:$|[_\W]|(?=[A-Z]))"
)
_TRADERS = re.compile(
    r"(?i)^(?:.*[_.])?(?:org|organi[sz]ation|registration|company|vat|tax|trade)(?:al)?_?(?:s?_?num\w*|s?_?nr|_?no|_?id)$"
)
_CONTACTS = re.compile(r"(?i)mail|phone|mobile|url|web")
_MAPPED_NAMES = (
    "full_name", "given_name", "family_name", "name", "street", "city", "position", "registration_number",
    # categories that analysts see, in which people write all the same
    "category", "store", "preferred_store", "survey", "campaign", "landing_channel", "channel",
)  # fmt: skip


def number_columns(table: Table, columns: dict[str, str]) -> dict[str, Fix]:
    """Columns that only identity numbers are taken out of, and how: names, streets, titles; companies' own numbers."""
    people = {c for p in table.whose for c in (p.given_name, p.family_name) if c}
    points = {c for p in table.whose for c in [*p.email, *p.phone, *p.own, p.person_id, *p.key_columns, p.birth_date]}
    mapped = {
        column: name
        for entity in table.maps
        for name in entity.columns
        if name in _MAPPED_NAMES and (how := entity.how(name))
        for column in how.columns
    }
    # a column's own name may hold a dot
    read = {p if p in columns else p.partition(".")[0] for p in free_text_columns(table, columns)}
    skipped = {*dropped_columns(table, columns), *table.key, table.cursor, *points, *table.questions, *read}
    found: dict[str, Fix] = {}
    for column, kind in columns.items():
        if kind.upper() != "VARCHAR" or column in skipped:
            continue
        if _TRADERS.search(column) or mapped.get(column) == "registration_number":
            found[column] = traderless
        elif column in people or column in mapped or (_NAMED.search(column) and not _CONTACTS.search(column)):
            found[column] = numberless
    return found
