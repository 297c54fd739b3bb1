"""Rows of known systems in raw, old and new, as tests of retention have them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from orchestration.core.settings import Settings, Source
from orchestration.core.warehouse import quote
from orchestration.extract.extract import prepare_raw
from orchestration.extract.systems import complete_sources, known_systems

TODAY = date(2026, 6, 1)
OLD, NEW = "2019-01-01T10:00:00Z", "2026-01-01T10:00:00Z"


def every_system(folder: Path) -> Settings:
    """Settings with a source of each known system."""
    sources = {name: Source(connector="files", url=str(folder)) for name in known_systems()}
    return complete_sources(Settings(company="T", sources=sources), Path("kundbild.toml"), "")


def writer(warehouse, settings: Settings) -> Callable[..., None]:
    """Writes rows into a raw table."""
    prepare_raw(warehouse, settings)

    def write(table: str, *rows: dict) -> None:
        source, name = table.split(".")
        for row in rows:
            whole = {"_load_id": 1, "_extracted_at": "2026-05-01", **row}
            columns, marks = ", ".join(map(quote, whole)), ", ".join("?" * len(whole))
            warehouse.execute(f"insert into raw_{source}.{name} ({columns}) values ({marks})", list(whole.values()))

    return write


def keys(warehouse, table: str, key: str) -> list:
    return [row[0] for row in warehouse.execute(f"select {key} from raw_{table} order by 1").fetchall()]
