"""Columns of text in which a row refuses contact: all rows are asked, for a no may stand in one of a million.

Only of a table with a column of consent, whose yes such a word takes back. Not here: what is made of it (contact_words.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.core.warehouse import quote, text
from orchestration.match_keys.letters import plain_letters
from orchestration.privacy.intake.withdrawals import PLAIN_REFUSAL, REFUSAL
from orchestration.proposals.words import concepts_of, plain_words_for, words_for

_CONSENT = ("consent_email", "consent_sms", "consent_stated_at", "consent_wording", "consent_purpose")
# as long a value says nothing but its word: Avböjt 2024-05. In a sentence, stop or object is about anything
_SHORT = 3


def may_be_taken_back(names: Sequence[str]) -> bool:
    """Whether one of the columns is of consent by its name."""
    return any(concept in _CONSENT for name in names for concept in concepts_of(name))


def refusing_columns(con: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str]) -> set[str]:
    """Those of the columns of text in which the words of some row refuse contact. One pass over all rows."""
    if not names:
        return set()
    asked = ", ".join(f"coalesce(bool_or({_refuses(f'lower({quote(name)})')}), false)" for name in names)
    (row,) = con.execute(f"select {asked} from {relation}").fetchall()
    return {name for name, refuses in zip(names, row, strict=True) if refuses}


def _refuses(said: str) -> str:
    """SQL: whether a text in lower case refuses: a no and a word for contact, or little more than a word for a refusal."""
    told = {*plain_words_for("refusal"), *plain_words_for("ended")}
    words = f"regexp_extract_all({plain_letters(said)}, '[a-z0-9]+')"
    contact = _any_of(plain_words_for("contact"))
    is_short = f"length({said}) - length(replace({said}, ' ', '')) < {_SHORT}"
    has_no = (
        f"(regexp_matches({said}, {text(REFUSAL)}) or list_has_any({words}, {_any_of(plain_words_for('refusal'))}))"
    )
    refuses = (
        f"({has_no} and list_has_any({words}, {contact})) "
        f"or ({is_short} and (regexp_matches({said}, {text(PLAIN_REFUSAL)}) or list_has_any({words}, {_any_of(told)})))"
    )
    # to part a text into words is dear, and hardly any has one of these
    may_be = "|".join([REFUSAL, *sorted({*told, *words_for("refusal"), *words_for("ended")})])
    return f"case when regexp_matches({said}, {text(may_be)}) then {refuses} else false end"


def _any_of(words: set[str] | frozenset[str]) -> str:
    return f"[{', '.join(map(text, sorted(words)))}]"
