"""What the metrics are: dbt_project/semantic_models, in dbt's format for MetricFlow. Not here: the SQL of a question
(metrics/compiler.py).

The folder stands beside dbt's models, not among them: dbt would read it on every night, and nothing that it builds needs it. So
metrics can be asked without a compiled dbt project, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from orchestration.core.errors import KundbildError, did_you_mean
from orchestration.core.settings import DBT_DIR

FOLDER = DBT_DIR / "semantic_models"
_OWN_CURRENCY = "currency"
_AGGREGATES = {"sum": "sum({})", "average": "avg({})", "count_distinct": "count(distinct {})"}


@dataclass(frozen=True)
class Metric:
    """One metric. `people` are metrics that count whom it tells of, or a difference of two ("a - b"): where one is of few people,
    the group is not shown. `always_by` are dimensions without which the numbers must not be summed; `is_timeless`: it is as of
    the night, whenever. `implies`: asked together with the key, it tells of the value too. `ratio`: numerator and denominator.
    `part_of`: counts of people that hold every one of these people: one less the other tells of the rest. `hidden_if`: a metric
    that counts rows without a number, because it is of few people: where there is one, the sum is unknown. `is_helper`: it only
    counts, and nobody asks for it. `model`: the semantic model of its `measure`, and so what it can be asked by; both empty for a
    ratio, and `measure` where the metric has a filter."""

    name: str
    label: str
    description: str
    unit: str
    owner: str
    people: tuple[str, ...] = ()
    always_by: tuple[str, ...] = ()
    is_timeless: bool = False
    implies: dict[str, str] = field(default_factory=dict)
    ratio: tuple[str, str] | None = None
    part_of: tuple[str, ...] = ()
    hidden_if: str = ""
    is_helper: bool = False
    model: str = ""
    measure: str = ""


@dataclass(frozen=True)
class Definitions:
    """The documents as they are written, and the metrics by name."""

    semantic_models: tuple[dict[str, Any], ...]
    raw_metrics: tuple[dict[str, Any], ...]
    metrics: dict[str, Metric]

    @property
    def within(self) -> dict[str, str]:
        """The dimension whose values those of a dimension lie in, as a county in a country; both as <entity>__<dimension>."""
        return {
            f"{entity['name']}__{dimension['name']}": f"{entity['name']}__{around}"
            for model in self.semantic_models
            for entity in model["entities"]
            if entity["type"] == "primary"
            for dimension in model.get("dimensions", [])
            if (around := (dimension.get("config") or {}).get("meta", {}).get("within"))
        }

    def aggregate(self, name: str) -> str:
        """SQL: a metric over rows of its semantic model's table, for a query that groups them and counts people beside it. Raises
        KundbildError for a ratio, or a metric of part of the rows."""
        measure = self._measures.get(self.metrics[name].measure)
        if measure is None or measure["agg"] not in _AGGREGATES:
            raise KundbildError(f"the metric {name} is not one aggregate of one table")
        return _AGGREGATES[measure["agg"]].format(measure["expr"])

    @cached_property
    def _measures(self) -> dict[str, dict[str, Any]]:
        return {measure["name"]: measure for model in self.semantic_models for measure in model.get("measures", [])}

    @property
    def listed(self) -> dict[str, Metric]:
        """Those that can be asked for."""
        return {name: metric for name, metric in self.metrics.items() if not metric.is_helper}

    def named(self, name: str) -> Metric:
        """Raises KundbildError where there is none of that name, with the nearest ones."""
        if name not in self.listed:
            raise unknown("metric", name, self.listed, "`kundbild metrics list` lists the metrics")
        return self.metrics[name]


@cache
def read_definitions(folder: Path = FOLDER) -> Definitions:
    """Every metric, in the order of the files. Raises KundbildError where one does not say what it must."""
    models: list[dict[str, Any]] = []
    raw: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.yml")):
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
        models += document.get("semantic_models", [])
        raw += document.get("metrics", [])
    measured = {measure["name"]: model["name"] for model in models for measure in model.get("measures", [])}
    metrics = {metric["name"]: _metric(metric, measured) for metric in raw}
    for metric in metrics.values():
        named = {part for rule in metric.people for part in parts_of(rule)} | {
            *metric.implies,
            *metric.implies.values(),
        }
        named |= {*(metric.ratio or ()), *metric.part_of, *([metric.hidden_if] if metric.hidden_if else [])}
        if missing := named - metrics.keys():
            raise KundbildError(
                f"the metric {metric.name} names {', '.join(sorted(missing))}, which no metric is called"
            )
    return Definitions(tuple(models), tuple(raw), metrics)


def _metric(raw: dict[str, Any], measured: Mapping[str, str]) -> Metric:
    meta = (raw.get("config") or {}).get("meta") or {}
    lacking = [key for key in ("unit", "owner", "people") if key not in meta]
    if lacking or not raw.get("description"):
        raise KundbildError(
            f"the metric {raw['name']} does not say its {', '.join(lacking) or 'description'}",
            where=str(FOLDER.relative_to(DBT_DIR.parent)),
            to_do="give it a description and config: {meta: {unit: …, owner: …, people: [metrics that count whom it tells of]}}",
        )
    measure = raw["type_params"].get("measure", "")
    return Metric(
        name=raw["name"],
        label=raw.get("label") or raw["name"],
        description=raw["description"],
        unit=meta["unit"],
        owner=meta["owner"],
        people=tuple(meta["people"]),
        always_by=tuple(meta.get("always_by", ())),
        is_timeless=bool(meta.get("is_timeless")),
        implies=dict(meta.get("implies", {})),
        ratio=_ratio(raw),
        part_of=tuple(meta.get("part_of", ())),
        hidden_if=meta.get("hidden_if", ""),
        is_helper=bool(meta.get("is_helper")),
        model=measured.get(measure, ""),
        measure="" if raw.get("filter") else measure,
    )


def _ratio(raw: dict[str, Any]) -> tuple[str, str] | None:
    if raw["type"] != "ratio":
        return None
    above, below = (raw["type_params"][part] for part in ("numerator", "denominator"))
    return (above if isinstance(above, str) else above["name"], below if isinstance(below, str) else below["name"])


def parts_of(rule: str) -> list[str]:
    """The metrics of a rule of `people`: one, or the two of a difference."""
    return [part.strip() for part in rule.split(" - ")]


def unit_of(metric: Metric, currency: str = "") -> str:
    """Its unit, with the company's currency by name where it is in that."""
    return (currency or "the company's currency") if metric.unit == _OWN_CURRENCY else metric.unit


def unknown(what: str, name: str, known: Iterable[str], to_do: str) -> KundbildError:
    """The error of a name that there is not, with the nearest ones."""
    near = did_you_mean(name, known, most=3)
    return KundbildError(f"there is no {what} {name!r}" + (f": {near}" if near else ""), to_do=to_do)
