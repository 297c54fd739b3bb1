"""Secrets that stand in `kundbild.toml` itself: they belong in the environment.

Here: text of the file → findings. Not here: keeping secrets out of what is told (core/errors.py).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestration.core.errors import without_named_secrets
from orchestration.core.settings.secret_names import VARIABLE, sounds_secret, written_default
from orchestration.core.toml_places import place
from orchestration.run.findings import Finding

_OF_URLS = ("endpoint",)
_PASSWORD = re.compile(r"://[^/\"'\s:@]*:([^\"'\s/]*)@")
# stands for what comes from the environment
_OUTSIDE = "\N{OBJECT REPLACEMENT CHARACTER}"


def find_written_secrets(config: Path) -> list[Finding]:
    """A finding for each place, or one that says that there is none. None at all where the file is absent."""
    if not config.is_file():
        return []
    text = config.read_text(encoding="utf-8-sig")
    try:
        found = [place(config, text, keys) for keys in _places(tomllib.loads(text), ())]
        is_read = True
    except tomllib.TOMLDecodeError:
        found, is_read = [], False
    # what is switched off by a #, and a file that is not TOML
    for number, line in enumerate(text.splitlines(), start=1):
        where = f"{config}, line {number}"
        is_known = any(f"{said}, ".startswith(f"{where}, ") for said in found)
        if not is_known and (line.lstrip().startswith("#") or not is_read) and _has_password(line):
            found.append(where)
    to_do = "put it in the environment and write ${ITS_NAME}"
    findings = [Finding("secrets", False, f"{where} holds a secret", to_do) for where in dict.fromkeys(found)]
    if findings or not is_read:
        return findings
    return [Finding("secrets", True, "none in the configuration; all come from the environment")]


def _places(part: Any, keys: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The keys of every value that holds a secret."""
    if isinstance(part, dict):
        for key, value in part.items():
            yield from _places(value, (*keys, key))
    elif isinstance(part, list):
        for number, value in enumerate(part):
            yield from _places(value, (*keys, number))
    elif isinstance(part, str) and _is_secret(part, keys):
        yield keys


def _is_secret(value: str, keys: tuple[Any, ...]) -> bool:
    said = VARIABLE.sub(lambda named: written_default(named) or _OUTSIDE, value)
    name = next((key for key in reversed(keys) if isinstance(key, str)), "")
    # there, names are a source's own columns, and values what it delivers
    is_of_table = keys[:1] == ("sources",) and keys[2:3] == ("tables",)
    if sounds_secret(name) and not is_of_table:
        return bool(said.strip()) and _OUTSIDE not in said
    if "://" not in said and name not in _OF_URLS:
        return False
    told = without_named_secrets(said) if not said.startswith("file:") else said
    hidden = said.count(_OUTSIDE) - told.count(_OUTSIDE)
    return _has_password(said) or told.count("***") - said.count("***") > hidden


def _has_password(said: str) -> bool:
    found = _PASSWORD.search(VARIABLE.sub(_OUTSIDE, said))
    return found is not None and found[1] != "" and _OUTSIDE not in found[1]
