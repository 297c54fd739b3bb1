"""Where a key stands in a TOML file: configuration errors name file, line and key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any


def place(path: Path, text: str, keys: tuple[Any, ...]) -> str:
    """`file, line N, key a.b.c`: how every configuration error says where it is."""
    line = _line_of(text, keys)
    dotted = ".".join(str(key) for key in keys)
    return f"{path}" + (f", line {line}" if line else "") + (f", key {dotted}" if dotted else "")


def _line_of(text: str, keys: tuple[Any, ...]) -> int | None:
    """The 1-based line of the last of `keys` that stands in the TOML text, following tables from outer to inner."""
    line = None
    start = 0
    lines = text.splitlines()
    for key in keys:
        if isinstance(key, int):
            continue
        name = re.escape(str(key))
        pattern = re.compile(
            rf"""^\s*\[.*\b{name}\b.*\]|^\s*(?:[^=#]*\.)?["']?{name}["']?\s*[.=]|[{{,]\s*["']?{name}["']?\s*="""
        )
        for number in range(start, len(lines)):
            if pattern.search(lines[number]):
                line, start = number + 1, number
                break
    return line
