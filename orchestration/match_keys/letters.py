"""Letters of a text as those that most people type, in SQL, for words that are compared. Not here: keys of names (sql/names.sql)."""

from __future__ import annotations


def plain_letters(said: str) -> str:
    """SQL of a text in lower case: without accents; letters that have none as ASCII, in two letters where that is usual."""
    letters = f"replace(replace(replace({said}, 'æ', 'ae'), 'ß', 'ss'), 'þ', 'th')"
    return f"strip_accents(translate({letters}, 'øðđł', 'oddl'))"
