"""The bundle in Superset's own export format: with the path of a home's publication in it, and its datasets' columns as the data
dictionary has them. Not here: importing it (inside/serve.py), the dictionary (contracts/dictionary.py).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from orchestration.contracts.dictionary import Column, Entry
from orchestration.core.errors import KundbildError
from orchestration.core.home import Home
from orchestration.publishing import versions
from orchestration.publishing.grades import ANALYST, OPEN

BUNDLE = Path(__file__).with_name("bundle")
# the bundle is the same for every company
COMPANY_CURRENCY = "the company's currency"
# what labels of money have in its place
CURRENCY = "CURRENCY"
# the databases of the bundle, each with a folder of datasets
_GRADES = {"kundbild": ANALYST, "kundbild_open": OPEN}
_NAMES = uuid5(NAMESPACE_URL, "kundbild/superset")
_TIMES = ("date", "timestamp")


def read_bundle(folder: Path = BUNDLE) -> dict[str, str]:
    """The text of each file, by its path in the bundle."""
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in sorted(folder.rglob("*.yaml"))}


def bundle_for(home: Home, currency: str) -> dict[str, str]:
    """The bundle on the publication of a home, with the currency of its amounts. Raises KundbildError where there is none."""
    if versions.current(home) is None:
        raise KundbildError("there is no publication yet", where=str(home.published), to_do="`kundbild run`")
    if "?" in str(home.published):
        raise KundbildError(
            "Superset cannot open a file with ? in its path", where=str(home.published), to_do="move the home folder"
        )
    files = {name: text.replace(CURRENCY, currency) for name, text in read_bundle().items()}
    for database, grade in _GRADES.items():
        said = yaml.safe_load(files[_file_of(database)])
        path = (home.published / grade.file).absolute()
        files[_file_of(database)] = as_yaml({**said, "sqlalchemy_uri": f"duckdb:///{path}"})
    return files


def as_zip(files: Mapping[str, str]) -> bytes:
    """The bundle as Superset's own import takes it: below one folder."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in files.items():
            bundle.writestr(f"kundbild/{name}", text)
    return written.getvalue()


def renewed_datasets(files: Mapping[str, str], entries: Iterable[Entry]) -> dict[str, str]:
    """Each dataset of the bundle with the columns, types and descriptions of its table; its metrics and the columns that it
    computes are kept. Raises KundbildError where a table is not there any more."""
    tables = {(entry.schema, entry.table): entry for entry in entries}
    renewed = {}
    for name, text in files.items():
        kind, _, rest = name.partition("/")
        if kind == "datasets":
            database = rest.partition("/")[0]
            dataset = yaml.safe_load(text)
            (schema,) = _GRADES[database].schemas
            if (table := (schema, dataset["table_name"])) not in tables:
                raise KundbildError(
                    f"there is no table {'.'.join(table)}", where=name, to_do="remove the dataset and its charts"
                )
            renewed[name] = as_yaml(_dataset(tables[table], dataset, yaml.safe_load(files[_file_of(database)])["uuid"]))
    return renewed


def _file_of(database: str) -> str:
    return f"databases/{database}.yaml"


def _dataset(entry: Entry, dataset: Mapping[str, Any], database: str) -> dict[str, Any]:
    computed = [column for column in dataset.get("columns") or [] if column.get("expression")]
    times = [column.name for column in entry.columns if column.type in _TIMES]
    return {
        "table_name": entry.table,
        "schema": entry.schema,
        "description": entry.description,
        "main_dttm_col": times[0] if times else None,
        "metrics": dataset.get("metrics") or [],
        "columns": [*(_column(column) for column in entry.columns), *computed],
        "uuid": str(uuid5(_NAMES, f"datasets/{entry.name}")),
        "version": "1.0.0",
        "database_uuid": database,
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "column_name": column.name,
        "verbose_name": column.name.replace("_", " ").capitalize(),
        "type": column.type.upper(),
        "is_dttm": column.type in _TIMES,
        "description": f"{column.description} Unit: {column.unit}." if column.unit else column.description,
    }


def as_yaml(document: Mapping[str, Any]) -> str:
    """As Superset writes its exports."""
    return yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=120)
