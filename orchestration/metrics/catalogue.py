"""What an analyst may want to look up: metrics, terms, and the tables of the publication's grade analyst with their columns.

Not here: numbers (answer.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orchestration.contracts.metric_definitions import read_definitions, unit_of, unknown
from orchestration.contracts.seeds import seed
from orchestration.core.configuration import home_and_config, load_segments
from orchestration.core.settings import PROJECT_DIR
from orchestration.metrics.compiler import compiler
from orchestration.publishing.query import ask

_TABLES = "select table_name, comment from duckdb_tables() where schema_name = 'bi' order by 1"
_COLUMNS = "select table_name, column_name, lower(data_type), comment from duckdb_columns() where schema_name = 'bi' order by table_name, column_index"
_TERM = re.compile(r"([A-Z][A-Za-z ]*): (.+?)(?:\.(?= [A-Z][A-Za-z ]*: |$)|$)", re.DOTALL)


def metrics_told() -> list[dict[str, Any]]:
    """Every metric: name, label, description, unit, owner, the grains of time and the dimensions."""
    definitions, compiled = read_definitions(), compiler()
    told = []
    for name, metric in definitions.listed.items():
        told.append(
            {
                "name": name,
                "label": metric.label,
                "description": metric.description,
                "unit": unit_of(metric),
                "owner": metric.owner,
                "grains": [] if metric.is_timeless else list(compiled.grains([name])),
                "dimensions": list(compiled.dimensions([name])),
            }
        )
    return told


def dimensions_told() -> dict[str, str]:
    """What each dimension means, as <entity>__<dimension>; the second part does as well where it is of one entity."""
    listed, compiled = read_definitions().listed, compiler()
    return dict(sorted((name, told) for metric in listed for name, told in compiled.dimensions([metric]).items()))


def tables_told(about: Mapping[str, str]) -> list[dict[str, str]]:
    """The tables of the current publication, with what a row of each is. `about`: what is noted of whoever looks."""
    _, rows = ask(_TABLES, about=about)
    return [{"table": table, "description": comment or ""} for table, comment in rows]


def table_told(table: str, about: Mapping[str, str]) -> dict[str, Any]:
    """One table with its columns. Raises KundbildError with the nearest name where there is none."""
    described = {row["table"]: row["description"] for row in tables_told(about)}
    name = table.removeprefix("bi.")
    if name not in described:
        raise unknown("table", name, described, f"tables are {', '.join(described)}")
    _, rows = ask(_COLUMNS, about={**about, "table": name})
    columns = [{"column": c, "type": kind, "description": comment or ""} for t, c, kind, comment in rows if t == name]
    return {"table": name, "description": described[name], "columns": columns}


def terms() -> dict[str, str]:
    """What a word means here: the segments of the seed and of the company's own and their schemes, and before them the glossary of the project."""
    return {**_segments(), **_glossary()}


def _segments() -> dict[str, str]:
    schemes: dict[str, list[str]] = {}
    named: dict[str, list[str]] = {}
    for row in seed("segment_rules"):
        scheme, segment, meaning = row["scheme"], row["segment"], row["description"]
        # a segment that a column names is told by what the column says
        is_named = not segment.startswith("{")
        schemes.setdefault(scheme, []).append(f"{segment} ({meaning})" if is_named else meaning)
        if is_named:
            named.setdefault(segment, []).append(f"{scheme}: {meaning}")
    for row in seed("rfm_segments"):
        of = " and ".join(
            f"{part} {row[f'{part}_from']} to {row[f'{part}_to']} of 5" for part in ("recency", "frequency")
        )
        schemes["rfm"].append(f"{row['segment']} ({of})")
        named.setdefault(row["segment"], []).append(f"rfm: {of}")
    for name, own in load_segments(home_and_config()[1]).items():
        says = "; ".join(
            part for part in (own.description.strip().rstrip("."), f"the rule: {' '.join(own.where.split())}") if part
        )
        schemes.setdefault(own.scheme or name, []).append(f"{name} ({says})")
        named.setdefault(name, []).append(f"{own.scheme or name}: {says}")
    return {
        **{_spoken(name): f"A segment. {'; '.join(of)}" for name, of in named.items()},
        **{_spoken(name): f"A scheme of segments: {'; '.join(of)}" for name, of in schemes.items()},
    }


def _spoken(name: str) -> str:
    """A name as a term is looked up."""
    return name.replace("_", " ")


def _glossary() -> dict[str, str]:
    text = (PROJECT_DIR / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = " ".join(text.partition("## Glossary")[2].partition("\n## ")[0].split())
    return {term.lower(): meaning for term, meaning in _TERM.findall(section.replace("; audience:", ". Audience:"))}


def definition_of(term: str) -> dict[str, Any]:
    """What a metric, a dimension or a term means. Raises KundbildError with the nearest name where there is none."""
    name = term.strip().lower().replace(" ", "_")
    metrics = {metric["name"]: metric for metric in metrics_told()}
    if name in metrics:
        return {"kind": "metric", **metrics[name]}
    dimensions = dimensions_told()
    if meant := {d: meaning for d, meaning in dimensions.items() if name in (d, d.partition("__")[2])}:
        return {"kind": "dimension", "name": name, "meanings": meant}
    words = terms()
    if (plain := _spoken(term.strip().lower().replace("-", " "))) in words:
        return {"kind": "term", "name": plain, "description": words[plain]}
    raise unknown(
        "definition of",
        term,
        [*metrics, *(d.partition("__")[2] for d in dimensions), *words],
        "terms are " + ", ".join(words),
    )
