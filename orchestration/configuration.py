"""Reads `kundbild.toml`: `${VAR}` from the environment, then validation with the line of each mistake.

Here: text → Settings. Not here: what the settings are (settings.py) or whether a source answers (doctor.py).
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orchestration.errors import ConfigurationError
from orchestration.settings import Privacy, Settings

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


def load_privacy(path: Path, environment: dict[str, str] | None = None) -> Privacy:
    """The settings of [privacy] alone, for who reads a publication: it needs no secret of a source, and no file.

    Raises ConfigurationError as load_settings does.
    """
    if not path.is_file():
        return Privacy()
    environment = dict(os.environ) if environment is None else environment
    text, tree = _read(path)
    said = _fill(tree.get("privacy", {}), environment, path, text, ("privacy",))
    try:
        return Privacy.model_validate(said)
    except ValidationError as error:
        raise _as_configuration_error(error, path, text, ("privacy",)) from error


def load_settings(path: Path, environment: dict[str, str] | None = None) -> Settings:
    """Settings from the file at `path`.

    Raises ConfigurationError naming file, key and line when the file is absent, is not TOML, refers to an unset
    environment variable, or holds an unknown key or a value of the wrong type.
    """
    from orchestration.extract.systems import complete_sources

    environment = dict(os.environ) if environment is None else environment
    if not path.is_file():
        raise ConfigurationError(
            "there is no configuration file",
            where=str(path),
            to_do="name it with --config, or write one: `kundbild demo` starts with the demo's",
        )
    text, tree = _read(path)
    tree = _fill(tree, environment, path, text)
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        raise _as_configuration_error(error, path, text) from error
    return complete_sources(settings, path, text)


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    text = path.read_text(encoding="utf-8-sig")
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"this is not valid TOML: {error}", where=str(path), to_do="mend that line") from error


def line_of(text: str, keys: tuple[Any, ...]) -> int | None:
    """The 1-based line of the last of `keys` that stands in the TOML text, following tables from outer to inner."""
    line = None
    start = 0
    lines = text.splitlines()
    for key in keys:
        if isinstance(key, int):
            continue
        name = re.escape(str(key))
        pattern = re.compile(rf'^\s*\[.*\b{name}\b.*\]|^\s*"?{name}"?\s*=|[{{,]\s*"?{name}"?\s*=')
        for number in range(start, len(lines)):
            if pattern.search(lines[number]):
                line, start = number + 1, number
                break
    return line


def place(path: Path, text: str, keys: tuple[Any, ...]) -> str:
    """`file, line N, key a.b.c`: how every configuration error says where it is."""
    line = line_of(text, keys)
    dotted = ".".join(str(key) for key in keys)
    return f"{path}" + (f", line {line}" if line else "") + (f", key {dotted}" if dotted else "")


def _fill(tree: Any, environment: dict[str, str], path: Path, text: str, keys: tuple[Any, ...] = ()) -> Any:
    if isinstance(tree, dict):
        # a source that is switched off needs none of its secrets
        if keys[:1] == ("sources",) and len(keys) == 2 and tree.get("enabled") is False:
            return tree
        return {key: _fill(value, environment, path, text, (*keys, key)) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_fill(value, environment, path, text, (*keys, number)) for number, value in enumerate(tree)]
    if not isinstance(tree, str):
        return tree

    def value_of(match: re.Match[str]) -> str:
        name, default = match.group(1), match.group(2)
        if name in environment:
            return environment[name]
        if default is not None:
            return default
        raise ConfigurationError(
            f"the environment variable {name} is not set",
            where=place(path, text, keys),
            to_do=f"set it before you start: export {name}=…",
        )

    return _VARIABLE.sub(value_of, tree)


def _as_configuration_error(
    error: ValidationError, path: Path, text: str, below: tuple[str, ...] = ()
) -> ConfigurationError:
    # a misspelt key is told before the key that it leaves missing
    first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    keys = below + tuple(key for key in first["loc"] if key not in ("str", "list[str]", "ColumnMap"))
    what = first["msg"].removeprefix("Value error, ")
    to_do = "mend that key"
    if first["type"] == "extra_forbidden":
        what = f"unknown key '{keys[-1]}'"
        known = _known_keys(keys[:-1])
        near = difflib.get_close_matches(str(keys[-1]), known, n=1)
        to_do = (f"did you mean '{near[0]}'? " if near else "") + f"known keys here: {', '.join(known)}"
    elif first["type"] == "missing":
        what = f"the key '{keys[-1]}' is missing"
        to_do = "add it"
    others = len(error.errors()) - 1
    if others:
        what += f" (and {others} more)"
    return ConfigurationError(what, where=place(path, text, keys), to_do=to_do)


def _known_keys(keys: tuple[Any, ...]) -> list[str]:
    from orchestration import map_settings, processing_settings
    from orchestration import settings as models

    by_depth: dict[tuple[str, ...], Any] = {
        (): models.Settings,
        ("sources", "*"): models.Source,
        ("sources", "*", "csv"): models.CsvDialect,
        ("sources", "*", "tables", "*"): models.Table,
        ("sources", "*", "tables", "*", "maps", "*"): map_settings.EntityMap,
        ("sources", "*", "tables", "*", "maps", "*", "columns", "*"): map_settings.ColumnMap,
    }
    if keys[:2] == ("privacy", "processors"):
        return sorted(processing_settings.Processor.model_fields)
    stars = tuple("*" if at in (1, 3, 5, 7) else str(key) for at, key in enumerate(keys))
    model = by_depth.get(stars)
    if model is None and len(keys) == 1:
        field = models.Settings.model_fields.get(str(keys[0]))
        model = field.annotation if field else None
    fields = getattr(model, "model_fields", {})
    return sorted(field.alias or name for name, field in fields.items())
