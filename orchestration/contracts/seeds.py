"""The seeds of the dbt project as their files say, for what cannot ask the warehouse. Not here: what a seed means."""

from __future__ import annotations

import csv

from orchestration.core.settings import DBT_DIR

SEEDS = DBT_DIR / "seeds"


def seed(name: str) -> list[dict[str, str]]:
    """The rows of a seed, every value a text."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
