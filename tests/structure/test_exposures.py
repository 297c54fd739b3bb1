"""Each consumer of the warehouse is an exposure of dbt, of the models that it reads: found in its own SQL, not in the list."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from orchestration.contracts.audiences import audience_models
from orchestration.core.settings import DBT_DIR, PROJECT_DIR
from orchestration.insight.customer_picture import LIFE_EVENTS
from orchestration.publishing.grades import GRADES

_TABLE = re.compile(r"\b(bi_open|bi|marts|segments|audiences)\.([a-z_0-9]+)")
_ROOMS = PROJECT_DIR / "orchestration"
_FILE = "dbt_project/models/exposures.yml"


def _model(schema: str, table: str) -> str:
    return f"{schema}_{table}" if schema in ("bi", "bi_open") else table


def _read_by(*rooms: str) -> set[str]:
    """Models whose tables the SQL and Python of some rooms name."""
    files = [path for room in rooms for kind in ("*.sql", "*.py") for path in (_ROOMS / room).rglob(kind)]
    return {_model(*found) for path in files for found in _TABLE.findall(path.read_text())}


def _read_by_metrics() -> set[str]:
    texts = [path.read_text() for path in (DBT_DIR / "semantic_models").glob("*.yml")]
    named = {name for text in texts for name in re.findall(r"model: ref\('(\w+)'\)", text)}
    # a view of the metrics' own, which reads tables of `bi`
    return (named - {"order_lines"}) | _read_by("metrics")


def _read_by_superset() -> set[str]:
    files: list[Path] = list((_ROOMS / "publishing/superset/bundle/datasets").rglob("*.yaml"))
    datasets = [yaml.safe_load(path.read_text()) for path in files]
    return {_model(dataset["schema"], dataset["table_name"]) for dataset in datasets}


def _read_by_dashboards() -> set[str]:
    # a customer's page and the builder of segments read by constants of other rooms
    of_other_rooms = {_model(*found) for found in _TABLE.findall(LIFE_EVENTS)} | {"delivered_entities"}
    return _read_by("dashboards", "publishing/report") | _read_by_metrics() | of_other_rooms


def test_each_consumer_of_the_warehouse_is_an_exposure(manifest):
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    exposures = {exposure["name"]: exposure for exposure in manifest["exposures"].values()}
    listed = {name: {manifest["nodes"][n]["name"] for n in e["depends_on"]["nodes"]} for name, e in exposures.items()}
    reads = {f"export_of_{audience.model}": {audience.model} for audience in audience_models()}
    for grade in GRADES.values():
        reads[f"publication_{grade.name}"] = {m["name"] for m in models if m["schema"] in grade.schemas}
    reads |= {
        "report": _read_by("publishing/report"),
        "dashboards": _read_by_dashboards(),
        "superset": _read_by_superset(),
        "metrics": _read_by_metrics(),
        "assistants": _read_by_metrics(),
    }
    assert all(reads.values())
    assert listed.keys() == reads.keys(), f"add or remove these in {_FILE}"
    for name, of_it in reads.items():
        assert listed[name] ^ of_it == set(), f"below {name} in {_FILE}, add or remove these"
    assert all(e["description"] and e["owner"]["name"] for e in exposures.values())
