"""What tests of vendors stand on: a vendor's files → `kundbild add-source` → raw → staged rows, without a night.

Not here: the tests, or dbt's conformed models, which know no vendor.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from orchestration.contracts.conformed import entities
from orchestration.core.configuration import load_settings
from orchestration.core.settings import Settings, Table
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.proposals.propose import ProposedSource, propose
from orchestration.proposals.written import write_source
from tests.unit.mapped import models_of, set_clock_and_retention


def write_rows(path: Path, rows: list[dict[str, Any]], header: list[str] | None = None) -> None:
    """A CSV; a column that a row does not name is empty."""
    names = header or list(dict.fromkeys(name for row in rows for name in row))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, names, restval="")
        writer.writeheader()
        writer.writerows(rows)


@dataclass
class Vendor:
    """A source `shop` of files or of a database, as add-source writes it, and what a warehouse makes of it."""

    con: duckdb.DuckDBPyConnection
    home: Any
    folder: Path
    found: ProposedSource = field(init=False)
    settings: Settings = field(init=False)

    @property
    def tables(self) -> dict[str, Table]:
        return self.settings.sources["shop"].tables

    def add(self, more: str = "", place: str = "") -> Vendor:
        """Recognises the files of the folder, or what is at `place`, and writes the source with `more` below it."""
        config = self.home.root / "kundbild.toml"
        self.found = propose("shop", place or str(self.folder), "SEK")
        write_source(config, self.found.block.replace("[sources.shop]\n", f"[sources.shop]\n{more}\n", 1))
        self.settings = load_settings(config)
        prepare_raw(self.con, self.settings)
        return self

    def read(self) -> Vendor:
        """A night's reading."""
        extract_source(self.con, self.home, self.settings, "shop")
        set_clock_and_retention(self.con)
        return self

    @cached_property
    def models(self) -> dict[str, tuple[str, dict[str, str]]]:
        source = self.settings.sources["shop"]
        return models_of(source.tables, tuple(source.null_values), tuple(source.null_keys), source.timezone)

    def staged(self, entity: str) -> list[dict[str, Any]]:
        """The rows of an entity by key, what is empty left out, `aside` where one is set aside."""
        wanted = ", ".join(
            ["source_key", *(c for c in entities()[entity] if c != "source_key"), "quarantine_reason as aside"]
        )
        found = self.con.execute(f"select {wanted} from ({self.models[entity][0]}) order by all")
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        return [{name: value for name, value in row.items() if value is not None} for row in rows]

    def kept(self, entity: str) -> dict[str, dict[str, Any]]:
        """By source key those that are not set aside."""
        return {row["source_key"]: row for row in self.staged(entity) if "aside" not in row}
