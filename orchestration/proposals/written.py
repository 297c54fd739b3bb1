"""A proposal → kundbild.toml: checked as a night checks it before a line is written. Not here: what is proposed (propose.py)."""

from __future__ import annotations

import json
import os
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

from orchestration.core.added_block import add_block, with_block
from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.core.home import write_private
from orchestration.core.settings import Settings
from orchestration.proposals.proposal import Company


def company_of(path: Path) -> Company:
    """What the company says of itself, where there is a configuration."""
    if _names_sources(path):
        settings = load_settings(path, read_sources=[])
        is_said = "currency" in settings.model_fields_set
        return Company(settings.currency, frozenset(settings.privacy.purposes), is_said)
    said = tomllib.loads(path.read_text(encoding="utf-8-sig")) if path.is_file() else {}
    purposes = frozenset(said.get("privacy", {}).get("purposes", {}))
    default = str(Settings.model_fields["currency"].default)
    return Company(str(said.get("currency") or default), purposes, bool(said.get("currency")))


def assert_name_is_free(path: Path, name: str) -> None:
    """Raises ConfigurationError where the configuration has such a source."""
    if _names_sources(path) and name in load_settings(path, read_sources=[]).sources:
        raise ConfigurationError(
            f"there is a source {name} already",
            where=f"[sources.{name}] in {path}",
            to_do="choose another name, or remove it there first",
        )


def write_source(
    path: Path, block: str, company: str = "My company", variables: Mapping[str, str] | None = None
) -> None:
    """Adds the block to the configuration, or writes one with it. Raises ConfigurationError where a night would refuse it; then
    nothing is written. `variables` are secrets that the block names, and the environment does not have yet."""
    head = f"company = {json.dumps(company, ensure_ascii=False)}\n"
    after = with_block(path, block) if path.is_file() else f"{head}\n{block}"
    with tempfile.TemporaryDirectory() as folder:
        tried = Path(folder) / path.name
        tried.write_text(after, encoding="utf-8")
        # the sources that are there need no secret for it
        added = tomllib.loads(block).get("sources", {})
        load_settings(tried, {**os.environ, **(variables or {})}, read_sources=added)
    if path.is_file():
        add_block(path, block)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, after)


def _names_sources(path: Path) -> bool:
    """Whether there is a configuration with a source: without one it is not complete yet. Also where it cannot be read: then
    load_settings says why."""
    if not path.is_file():
        return False
    try:
        return bool(tomllib.loads(path.read_text(encoding="utf-8-sig")).get("sources"))
    except tomllib.TOMLDecodeError:
        return True
