"""Columns of text in which a row refuses contact: all rows are asked, for a no may stand in one of a million.

Only of a table with a column of consent, whose yes such a word takes back. Not here: what is made of it (contact_words.py), which texts refuse (refusing_words.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.contracts.words import concepts_of
from orchestration.core.warehouse import quote
from orchestration.proposals.refusing_words import refuses_sql

_CONSENT = ("consent_email", "consent_sms", "consent_stated_at", "consent_wording", "consent_purpose")


def may_be_taken_back(names: Sequence[str]) -> bool:
    """Whether one of the columns is of consent by its name."""
    return any(concept in _CONSENT for name in names for concept in concepts_of(name))


def refusing_columns(con: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str]) -> set[str]:
    """Those of the columns of text in which the words of some row refuse contact. One pass over all rows."""
    if not names:
        return set()
    asked = ", ".join(f"coalesce(bool_or({refuses_sql('lower(' + quote(name) + ')')}), false)" for name in names)
    (row,) = con.execute(f"select {asked} from {relation}").fetchall()
    return {name for name, refuses in zip(names, row, strict=True) if refuses}
