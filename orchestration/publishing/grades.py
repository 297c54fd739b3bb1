"""The grades of a publication: which file is for whom. Each is a file of its own, so that who reads one cannot reach another.

Not here: writing the files (snapshot.py), what the tables say (dbt: models/bi_open, bi, marts).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

GradeName = Literal["open", "analyst", "people"]
PARQUET_FOLDER = "parquet"
# a folder of its own: it can be shared as it is
OPEN_FOLDER = "open"


@dataclass(frozen=True)
class Grade:
    """What one kind of reader is given: `file` is its database, below `published/` and below each publication's folder."""

    name: GradeName
    file: str
    schemas: tuple[str, ...]
    readers: str


OPEN = Grade("open", f"{OPEN_FOLDER}/kundbild_open.duckdb", ("bi_open",), "everybody: rounded counts, nobody's row")
ANALYST = Grade("analyst", "kundbild.duckdb", ("bi",), "analysts: pseudonymised rows, personal data")
PEOPLE = Grade("people", "customers.duckdb", ("marts", "segments", "insight", "audiences"), "those who may see names")
GRADES = {grade.name: grade for grade in (OPEN, ANALYST, PEOPLE)}
