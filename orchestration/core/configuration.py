"""Reads `kundbild.toml`: `${VAR}` from the environment, then validation with the line of each mistake.

Here: text → Settings. Not here: what the settings are (settings/) or whether a source answers (doctor.py).
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Collection
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from orchestration.core.errors import ConfigurationError, did_you_mean
from orchestration.core.home import Home
from orchestration.core.settings import PROJECT_DIR, Privacy, Settings
from orchestration.core.settings.auth import has_scheme, secrets_of
from orchestration.core.settings.secret_names import VARIABLE, is_from_outside
from orchestration.core.settings.segments import Segment, SegmentName
from orchestration.core.toml_places import place

# settings of earlier versions → what to say
_GONE: dict[tuple[str | int, ...], str] = {
    ("scores", "campaign_days"): "take it out: response_days below [insight] says it for scores and marts;"
}
_Section = TypeVar("_Section")
DEFAULT_HOME = PROJECT_DIR / "home"
DEFAULT_CONFIG = PROJECT_DIR / "kundbild.toml"
_FIRST_SOURCE = "`kundbild add-source NAME --from PLACE` looks at files and writes one"


def home_and_config() -> tuple[Home, Path]:
    """Where the home folder and the configuration are: KUNDBILD_HOME and KUNDBILD_CONFIG, or beside the project."""
    home = Path(os.environ.get("KUNDBILD_HOME") or DEFAULT_HOME).resolve()
    config = Path(os.environ.get("KUNDBILD_CONFIG") or DEFAULT_CONFIG).resolve()
    # the configuration may name places below the home folder
    os.environ["KUNDBILD_HOME"], os.environ["KUNDBILD_CONFIG"] = str(home), str(config)
    return Home(home), config


def load_privacy(path: Path, environment: dict[str, str] | None = None) -> Privacy:
    """The settings of [privacy] alone, for who reads a publication: it needs no secret of a source, and no file.

    Raises ConfigurationError as load_settings does.
    """
    return _load_section(path, "privacy", TypeAdapter(Privacy), environment)


def load_segments(path: Path, environment: dict[str, str] | None = None) -> dict[str, Segment]:
    """The settings of [segments] alone, as load_privacy."""
    return _load_section(path, "segments", TypeAdapter(dict[SegmentName, Segment]), environment)


def _load_section(path: Path, name: str, kind: TypeAdapter[_Section], environment: dict[str, str] | None) -> _Section:
    if not path.is_file():
        return kind.validate_python({})
    environment = dict(os.environ) if environment is None else environment
    text, tree = _read(path)
    said = _fill(tree.get(name, {}), environment, path, text, (name,))
    try:
        return kind.validate_python(said)
    except ValidationError as error:
        raise _as_configuration_error(error, path, text, (name,)) from error


def load_settings(
    path: Path, environment: dict[str, str] | None = None, *, read_sources: Collection[str] | None = None
) -> Settings:
    """Settings from the file at `path`.

    Where only `read_sources` are read, variables of the other sources need not be set, and stay as they are written.

    Raises ConfigurationError naming file, key and line when the file is absent, is not TOML, refers to an unset
    environment variable, or holds an unknown key or a value of the wrong type.
    """
    from orchestration.extract.systems import complete_sources, fill_in_tables

    environment = dict(os.environ) if environment is None else environment
    if not path.is_file():
        raise ConfigurationError(
            "there is no configuration file",
            where=str(path),
            to_do="name it with --config, or write one: `kundbild demo` starts with the demo's",
        )
    text, tree = _read(path)
    _refuse_written_secrets(tree, path, text)
    tree = _fill(tree, environment, path, text, read_sources=read_sources)
    if isinstance(sources := tree.get("sources"), dict):
        tree["sources"] = fill_in_tables(sources, lambda *keys: place(path, text, keys))
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
        raise ConfigurationError(f"this is not valid TOML: {error}", where=str(path), to_do="fix that line") from error


def _refuse_written_secrets(tree: dict[str, Any], path: Path, text: str) -> None:
    sources = tree.get("sources")
    for name, source in sources.items() if isinstance(sources, dict) else ():
        if not isinstance(source, dict):
            continue
        auth = source.get("auth")
        secrets: dict[tuple[str, ...], Any] = {("token",): source.get("token")}
        if isinstance(auth, dict):
            secrets |= {("auth", *keys): said for keys, said in secrets_of(auth).items()}
        for keys, said in secrets.items():
            may_have_word = isinstance(auth, dict) and keys == ("auth", "key") and has_scheme(auth)
            if isinstance(said, str) and said and not is_from_outside(said, may_have_word=may_have_word):
                field = keys[-1]
                variable = re.sub(r"\W", "_", f"{name}_{field}").upper()
                raise ConfigurationError(
                    f"{field} is a secret, which the file must not hold",
                    where=place(path, text, ("sources", name, *keys)),
                    to_do=f'write {field} = "${{{variable}}}", and set it before you start: export {variable}=…',
                )


def _fill(
    tree: Any, environment: dict[str, str], path: Path, text: str, keys: tuple[Any, ...] = (), *,
    read_sources: Collection[str] | None = None,
) -> Any:  # fmt: skip
    if isinstance(tree, dict):
        # a source that is switched off needs none of its secrets
        if keys[:1] == ("sources",) and len(keys) == 2 and tree.get("enabled") is False:
            return tree
        below = tree.items()
        return {k: _fill(v, environment, path, text, (*keys, k), read_sources=read_sources) for k, v in below}
    if isinstance(tree, list):
        numbered = enumerate(tree)
        return [_fill(v, environment, path, text, (*keys, n), read_sources=read_sources) for n, v in numbered]
    if not isinstance(tree, str):
        return tree
    is_needed = read_sources is None or keys[:1] != ("sources",) or keys[1] in read_sources

    def value_of(match: re.Match[str]) -> str:
        name, default = match.group(1), match.group(2)
        if name in environment:
            return environment[name]
        if default is not None:
            return default
        if not is_needed:
            return match.group(0)
        raise ConfigurationError(
            f"the environment variable {name} is not set",
            where=place(path, text, keys),
            to_do=f"set it before you start: export {name}=…",
        )

    return VARIABLE.sub(value_of, tree)


def _as_configuration_error(
    error: ValidationError, path: Path, text: str, below: tuple[str, ...] = ()
) -> ConfigurationError:
    # a misspelt key is told before the key that it leaves missing
    first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    keys = below + tuple(key for key in first["loc"] if key not in ("str", "list[str]", "ColumnMap"))
    what = first["msg"].removeprefix("Value error, ")
    to_do = "fix that key"
    if first["type"] == "extra_forbidden":
        what = f"unknown key '{keys[-1]}'"
        known = _known_keys(keys[:-1])
        hint = _GONE.get(keys) or did_you_mean(str(keys[-1]), known)
        to_do = f"{hint} known keys here: {', '.join(known)}".strip()
    elif first["type"] == "missing":
        what = f"the key '{keys[-1]}' is missing"
        to_do = _FIRST_SOURCE if keys == ("sources",) else "add it"
    elif first["type"] == "too_short" and keys == ("sources",):
        what, to_do = "there is no source", _FIRST_SOURCE
    others = len(error.errors()) - 1
    if others:
        what += f" (and {others} more)"
    return ConfigurationError(what, where=place(path, text, keys), to_do=to_do)


def _known_keys(keys: tuple[Any, ...]) -> list[str]:
    """The keys of the section at `keys`, found by the settings' own types: whatever nests there is known."""
    found: list[Any] = [Settings]
    for key in keys:
        found = [below for kind in found for below in _below(kind, key)]
    models = [kind for kind in found if _is_model(kind)]
    return sorted({field.alias or name for model in models for name, field in model.model_fields.items()})


def _below(kind: Any, key: Any) -> list[Any]:
    """The types of what stands at `key` of a section, a table of names, or a list."""
    if _is_model(kind):
        fields = {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
        return _types(fields.get(str(key)))
    inner = [value for value in get_args(kind) if value is not Ellipsis]
    if get_origin(kind) is dict:
        return _types(inner[1])
    return _types(inner[0]) if get_origin(kind) in (list, tuple) and isinstance(key, int) else []


def _types(kind: Any) -> list[Any]:
    """A type, or each of a union."""
    if get_origin(kind) is Annotated:
        return _types(get_args(kind)[0])
    return [one for of in get_args(kind) for one in _types(of)] if get_origin(kind) in (Union, UnionType) else [kind]


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
