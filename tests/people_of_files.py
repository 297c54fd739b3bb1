"""The block of a source of files that has people alone, as a configuration says it."""

from __future__ import annotations

from pathlib import Path

_BLOCK = """
[sources.{name}]
connector = "files"
url = "{folder}"
[sources.{name}.tables.{table}]
path = "{table}.csv"
key = ["id"]
columns = {{ id = "BIGINT", name = "VARCHAR", email = "VARCHAR" }}
[[sources.{name}.tables.{table}.maps]]
entity = "people"
columns = {{ source_key = "id", full_name = "name", email = "email" }}
"""


def people_of_files(name: str, folder: str | Path, table: str = "people") -> str:
    """Of files `<table>.csv` in a folder, with the columns id, name and email."""
    return _BLOCK.format(name=name, folder=folder, table=table)
