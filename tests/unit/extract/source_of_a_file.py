"""A source of one file as its table `t`, and what loads it. Not here: what the file holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.home import Home
from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.extract.records import LoadCounts
from orchestration.extract.systems import complete_sources


def files(folder: Path, name: str, content: str, table: dict[str, Any], **source: Any) -> Source:
    """The file is written. Its key is `id`, unless `table` says another."""
    (folder / name).write_text(content)
    tables = {"t": Table(**{"key": ["id"], "path": name, **table})}
    return Source(connector="files", url=str(folder), tables=tables, **source)


def loading(
    home: Home, warehouse: duckdb.DuckDBPyConnection, folder: Path
) -> Callable[[Source], dict[str, LoadCounts]]:
    """Loads a source `s`, completed as a configuration is. Returns its counts by table."""

    def go(source: Source) -> dict[str, LoadCounts]:
        settings = complete_sources(Settings(company="T", sources={"s": source}), folder / "kundbild.toml", "")
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, "s")

    return go
