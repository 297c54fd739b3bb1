"""Words that SQL compares with are words that something else writes: who changes the one finds the other. Codes are not looked at."""

from __future__ import annotations

import re
from pathlib import Path

from orchestration.core.settings import DBT_DIR, PROJECT_DIR

_SOURCES = tuple(
    PROJECT_DIR / name for name in ("data_quality", "orchestration", "dbt_project/macros", "dbt_project/models")
)
_LITERAL = r"'[^'\n]*'"
_COMPARED = re.compile(rf"(?:=|<>|!=|\bin|\bdistinct from|\blike) *\(?{_LITERAL}(?: *, *{_LITERAL})*")
# of a text that people read no part is looked for
_PARSED = re.compile(rf"\b(?:contains|starts_with|ends_with|position)\([^()']*{_LITERAL}|\blike {_LITERAL}")
_WORDS = re.compile(r"'([^'\n]*\w \w[^'\n]*)'")
# a value of another system, in any of its spellings
_OF_OTHERS = {"soft opt-in"}


def _texts(*suffixes: str) -> dict[Path, str]:
    return {
        path: path.read_text(encoding="utf-8")
        for root in _SOURCES
        for path in root.rglob("*")
        if path.suffix in suffixes
    }


def test_words_that_sql_compares_with_are_written_elsewhere():
    scripts = _texts(".sql")
    suites = {path: text for path, text in _texts(".py").items() if path.parent.name == "suites"}
    compared = {
        words: path.name
        for path, text in (scripts | suites).items()
        for found in _COMPARED.finditer(text)
        for words in _WORDS.findall(found[0])
    }
    assert len(compared) > 20
    written = "\n".join(_COMPARED.sub("", text) for text in scripts.values())
    written += "\n".join(_texts(".py").values()).replace('"', "'")
    written += "\n".join(path.read_text(encoding="utf-8") for path in (DBT_DIR / "seeds").glob("*.csv"))
    assert {
        w: path
        for w, path in compared.items()
        if w not in _OF_OTHERS and not re.search(rf"[',]{re.escape(w)}[',\n]", written)
    } == {}


def test_sql_looks_for_no_words_in_a_text_for_people():
    parsed = {
        (path.name, words)
        for path, text in _texts(".sql").items()
        for found in _PARSED.finditer(text)
        for words in _WORDS.findall(found[0])
    }
    assert parsed == set()
