"""One JSON-stat 2.0 dataset as its specification describes it: dimensions in the order of `id`, values in row-major order.

Here: reading the document, and its cells as a table of DuckDB. Not here: fetching it, or what its areas and years mean (load.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.core.errors import SourceError
from orchestration.core.warehouse import quote

# as the offices write a figure that they do not give: nil, not available, confidential
_NO_FIGURE = frozenset((".", "..", "...", ":", "-", "x", "X", "c", "C", "n", "NA", "confidential", "suppressed"))
_TO_DO = 'ask for JSON-stat2, as outputFormat=json-stat2 or "format": "json-stat2"'
# more cells than any office answers at once
_MOST_CELLS = 5_000_000


@dataclass(frozen=True)
class Dimension:
    """`codes` are its categories in their order."""

    name: str
    codes: list[str]


@dataclass(frozen=True)
class Dataset:
    """`values[i]` is the i-th cell, None where there is no figure. `roles`: the names of the dimensions of time, geo and metric."""

    dimensions: list[Dimension]
    values: list[float | None]
    roles: dict[str, list[str]] = field(default_factory=dict)
    source: str | None = None
    label: str | None = None
    updated: str | None = None


def read_dataset(document: Any, where: str) -> Dataset:
    """The dataset. Raises SourceError, which says what is wrong and what to ask for; `where` is the place as it may be told."""

    def wrong(what: str, to_do: str = _TO_DO) -> SourceError:
        return SourceError(f"this is not a JSON-stat2 dataset: {what}", where=where, to_do=to_do)

    if not isinstance(document, dict):
        raise wrong("it is not an object")
    kind = document.get("class")
    if kind == "collection":
        raise wrong("it is a collection, a list of datasets", "name the address of one of its datasets")
    if kind != "dataset":
        raise wrong(
            "its class is not 'dataset'" if kind is None or isinstance(kind, str) else "its class is not a text"
        )
    ids, sizes, described = document.get("id"), document.get("size"), document.get("dimension")
    if (
        not isinstance(ids, list)
        or not ids
        or not all(isinstance(name, str) for name in ids)
        or len(set(ids)) < len(ids)
    ):
        raise wrong("`id` must list the names of its dimensions, each once")
    if not isinstance(sizes, list) or len(sizes) != len(ids) or not all(_is_whole(size) for size in sizes):
        raise wrong("`size` must give a whole number for each dimension of `id`")
    if not isinstance(described, dict):
        raise wrong("`dimension` is missing")
    cells = prod(sizes)
    if not cells:
        raise wrong("it has no cells", "ask for at least one category of each dimension")
    if cells > _MOST_CELLS:
        raise wrong(
            f"it has {cells:,} cells", f"ask for fewer years or categories: at most {_MOST_CELLS:,} cells are read"
        )
    dimensions = []
    for name, size in zip(ids, sizes, strict=True):
        codes = _codes(described.get(name), size)
        if codes is None:
            raise wrong(
                f"the categories of the dimension {name} are not {size:,} codes at the positions 0 to {size - 1:,}"
            )
        dimensions.append(Dimension(name, codes))
    values = _spread(document.get("value"), cells)
    if values is None:
        raise wrong(f"`value` must be a list of {cells:,} cells, or an object of positions below {cells:,}")
    said = document.get("status")
    states = [said] * cells if isinstance(said, str) else _spread(said, cells, repeats=True)
    if states is None and said is not None:
        raise wrong(f"`status` must be one text, a list of {cells:,} cells, or an object of positions below {cells:,}")
    figures = [_figure(value, state) for value, state in zip(values, states or [None] * cells, strict=True)]
    return Dataset(
        dimensions, figures, _roles(document.get("role"), ids), *(_text(document.get(k)) for k in ("source", "label", "updated"))
    )  # fmt: skip


def register_cells(con: duckdb.DuckDBPyConnection, dataset: Dataset, table: str) -> None:
    """Makes the temporary table `table`: one row for each cell, a column for the code of each dimension, d0, d1 …, and `value`."""
    con.register("stat_values", pa.table({"value": pa.array(dataset.values, pa.float64())}))
    columns, joins, stride = [], [], len(dataset.values)
    registered = ["stat_values"]
    try:
        for number, dimension in enumerate(dataset.dimensions):
            stride //= len(dimension.codes)
            name = f"stat_codes_{number}"
            con.register(
                name,
                pa.table({"position": pa.array(range(len(dimension.codes)), pa.int64()), "code": pa.array(dimension.codes, pa.string())}),
            )  # fmt: skip
            registered.append(name)
            columns.append(f"{name}.code as {quote(f'd{number}')}")
            joins.append(f"join {name} on {name}.position = (v.cell // {stride}) % {len(dimension.codes)}")
        con.execute(
            f"create or replace temp table {quote(table)} as select {', '.join(columns)}, v.value "
            f"from (select row_number() over () - 1 as cell, value from stat_values) v {' '.join(joins)}"
        )
    finally:
        for name in registered:
            con.unregister(name)


def _codes(dimension: Any, size: int) -> list[str] | None:
    """The categories by position; None where they do not fill it. Without an index, a dimension of one category has its label's."""
    category = dimension.get("category") if isinstance(dimension, dict) else None
    if not isinstance(category, dict):
        return None
    index, label = category.get("index"), category.get("label")
    if index is None and isinstance(label, dict) and len(label) == 1:
        index = list(label)
    if isinstance(index, dict):
        positions = list(index.values())
        if not all(_is_whole(position) for position in positions) or sorted(positions) != list(range(size)):
            return None
        return sorted(index, key=index.__getitem__)
    if not isinstance(index, list) or len(index) != size or not all(isinstance(code, str) for code in index):
        return None
    return index if len(set(index)) == size else None


def _spread(cells: Any, count: int, *, repeats: bool = False) -> list[Any] | None:
    """A list of all cells, from a list or from an object of those that are there; None where it is neither."""
    if isinstance(cells, list):
        if repeats and len(cells) == 1:
            return cells * count
        return cells if len(cells) == count else None
    if not isinstance(cells, dict):
        return None
    spread: list[Any] = [None] * count
    for position, value in cells.items():
        if not position.isascii() or not position.isdigit() or int(position) >= count:
            return None
        spread[int(position)] = value
    return spread


def _figure(value: Any, state: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and state not in _NO_FIGURE else None


def _roles(said: Any, ids: list[str]) -> dict[str, list[str]]:
    roles = said if isinstance(said, dict) else {}
    return {role: [name for name in names if name in ids] for role, names in roles.items() if isinstance(names, list)}


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
