"""Adds a block to kundbild.toml, all or nothing; what else stands there stays as it is. Not here: what a block says."""

from __future__ import annotations

import tomllib
from pathlib import Path

from orchestration.core.errors import ConfigurationError
from orchestration.core.home import write_private


def with_block(path: Path, block: str) -> str:
    """The configuration with the block at its end. Raises ConfigurationError where that would not be TOML, or would say anything else
    than the block: of its tables none may be there."""
    before = path.read_text(encoding="utf-8-sig")
    after = f"{before.rstrip()}\n\n{block}"
    try:
        tree, expected = tomllib.loads(after), tomllib.loads(before)
        for section, named in tomllib.loads(block).items():
            expected.setdefault(section, {}).update(named)
    except (tomllib.TOMLDecodeError, AttributeError, TypeError, ValueError) as error:
        tree, expected = {}, {"": error}
    if tree != expected:
        raise ConfigurationError(
            "a block cannot be added behind what stands there", where=str(path), to_do=f"add it by hand:\n\n{block}"
        )
    return after


def add_block(path: Path, block: str) -> None:
    """Writes it. Raises ConfigurationError as with_block does."""
    after = with_block(path, block)
    mode = path.stat().st_mode
    write_private(path, after)
    path.chmod(mode)
