"""Words of a column that the entity does not know, as the status of an order: a night would set their rows aside.

Here: asking the rows for them while a look lasts, and the note with the line to write. Not here: which words are known (contracts/conformed.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import duckdb

from orchestration.contracts.conformed import known_words, meanings
from orchestration.contracts.unknown_words import is_unknown, spelled, told_words
from orchestration.core.settings import Source
from orchestration.core.settings.maps import STATEMENTS
from orchestration.core.warehouse import quote, text
from orchestration.proposals import block
from orchestration.proposals.doubts import TO_LOOK_AT
from orchestration.proposals.proposal import Filled, Proposal

_NULLS: list[str] = Source.model_fields["null_values"].default


@dataclass(frozen=True)
class Unknown:
    """The unknown words of a column: how many rows have one, of how many, and those that the system itself writes."""

    rows: int
    of: int
    words: tuple[str, ...]
    others: int


def unknown_words(
    con: duckdb.DuckDBPyConnection, relation: str, maps: Sequence[Proposal]
) -> dict[tuple[str, str], Unknown]:
    """(entity, column) → its unknown words. To be called while the relation is there."""
    found = {}
    for one in maps:
        for filled in _asked(one):
            column = filled.columns[0]
            if one.missing or (one.entity, column) in found:
                continue
            if unknown := _unknown(con, relation, one, filled):
                found[one.entity, column] = unknown
    return found


def with_unknown_words(one: Proposal, unknown: Mapping[tuple[str, str], Unknown]) -> Proposal:
    """The map, with a note for each column some of whose words are unknown."""
    found = {f.target: unknown[one.entity, f.columns[0]] for f in _asked(one) if (one.entity, f.columns[0]) in unknown}
    if not found:
        return one
    filled = tuple(
        replace(f, sureness=min(f.sureness, TO_LOOK_AT), why=f"{_rows(found[f.target].rows)} a word that is not known")
        if f.target in found
        else f
        for f in one.filled
    )
    notes = [_note(one.entity, f, found[f.target]) for f in one.filled if f.target in found]
    return replace(one, filled=filled, notes=(*one.notes, *notes))


def _asked(one: Proposal) -> list[Filled]:
    """What is read from a column of words as they stand. Of statements what a word means is read by rules of their own."""
    known = known_words(one.entity) if one.entity not in STATEMENTS else {}
    return [f for f in one.filled if f.target in known and len(f.columns) == 1 and not (f.sql or f.otherwise)]


def _unknown(con: duckdb.DuckDBPyConnection, relation: str, one: Proposal, filled: Filled) -> Unknown | None:
    value = f"trim(cast({quote(filled.columns[0])} as varchar))"
    words = {*known_words(one.entity)[filled.target], *filled.values, *filled.ignore}
    unknown = f"{value} not in ({', '.join(map(text, _NULLS))}) and {is_unknown(value, words)}"
    asked = f"select {spelled(value)}, count(*) from {relation} where {unknown}"
    found: list[tuple[str, int]] = []
    # a condition of a map may need the types that its columns are declared with
    for where in [one.where, ""] if one.where else [""]:
        with suppress(duckdb.Error):
            kept = f" and ({where})" if where else ""
            found = con.execute(f"{asked}{kept} group by 1 order by 2 desc, 1").fetchall()
            break
    if not found:
        return None
    (row,) = con.execute(f"select count(*) from {relation}").fetchall()
    shared, others = told_words(found)
    return Unknown(sum(times for _, times in found), int(row[0]), tuple(shared), others)


def _note(entity: str, filled: Filled, unknown: Unknown) -> str:
    said = filled.columns[0]
    named = ", ".join(unknown.words)
    named += f"{' and ' if named else ''}{unknown.others:,} {'more' if named else 'in all'}" if unknown.others else ""
    values = dict.fromkeys([*unknown.words, *(["…"] if unknown.others else [])], "…")
    line = f"{filled.target} = {block.said({'column': said, 'values': values})}"
    return (
        f"{said}: {_rows(unknown.rows, unknown.of)} a word that is not known as the {filled.target} of {entity} ({named}), and would be set aside: "
        f"say what each means, one of {', '.join(meanings(entity, filled.target))}: {line}"
    )


def _rows(rows: int, of: int = 0) -> str:
    return f"{rows:,}{f' of {of:,}' if of else ''} {'row has' if rows == 1 and not of else 'rows have'}"
