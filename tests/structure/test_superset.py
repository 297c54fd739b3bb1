"""The bundle for Superset is whole: every file refers to what is there, and its datasets are the tables of today."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest
import yaml

from orchestration.contracts.dictionary import read_dictionary
from orchestration.core.settings import PROJECT_DIR
from orchestration.publishing.superset.bundle import COMPANY_CURRENCY, read_bundle, renewed_datasets
from orchestration.publishing.superset.environment import LOCK

# a number must not be summed over these
NOT_SUMMED = {
    "ad_spend": {"currency"},
    "attribution": {"model"},
    "audience_funnel": {"audience", "step"},
    "data_quality_by_night": {"area", "subject"},
    "permission_overview": {"purpose_and_channel"},
    "permission_trend": {"purpose", "channel"},
    "segment_movements": {"scheme"},
    "segment_overview": {"scheme"},
}


@pytest.fixture(scope="module")
def files() -> dict[str, Any]:
    return {name: yaml.safe_load(text) for name, text in read_bundle().items()}


def of(files: dict[str, Any], kind: str) -> dict[str, Any]:
    return {document["uuid"]: document for name, document in files.items() if name.startswith(f"{kind}/")}


def test_the_datasets_are_those_of_the_models(manifest):
    bundle = read_bundle()
    renewed = renewed_datasets(bundle, read_dictionary(manifest, COMPANY_CURRENCY))
    assert len(renewed) > 10
    assert [name for name, text in renewed.items() if bundle[name] != text] == [], "`kundbild superset --renew`"


def test_no_dataset_has_rows_about_one_person(files):
    assert [
        d["table_name"] for d in of(files, "datasets").values() if d["table_name"].startswith(("fct_", "dim_"))
    ] == []


def test_every_reference_is_there_and_every_chart_is_shown(files):
    uuids = Counter(document["uuid"] for name, document in files.items() if name != "metadata.yaml")
    assert [uuid for uuid, times in uuids.items() if times > 1] == []
    databases, datasets, charts = (of(files, kind) for kind in ("databases", "datasets", "charts"))
    assert {d["database_uuid"] for d in datasets.values()} == set(databases)
    assert {c["dataset_uuid"] for c in charts.values()} == set(datasets), (
        "a chart without dataset, or one without charts"
    )
    dashboards = of(files, "dashboards").values()
    shown = {part["meta"]["uuid"] for d in dashboards for part in d["position"].values() if "uuid" in _meta(part)}
    assert shown == set(charts)
    for dashboard in dashboards:
        for target in (t for f in dashboard["metadata"]["native_filter_configuration"] for t in f["targets"]):
            assert target["column"]["name"] in _columns(datasets[target["datasetUuid"]])


def test_charts_name_columns_and_metrics_of_their_dataset(files):
    datasets = of(files, "datasets")
    for chart in of(files, "charts").values():
        dataset, params = datasets[chart["dataset_uuid"]], chart["params"]
        metrics = {*params.get("metrics", []), *filter(None, [params.get("metric")])}
        assert metrics <= {m["metric_name"] for m in dataset["metrics"]}, chart["slice_name"]
        assert _named(params) <= _columns(dataset), chart["slice_name"]
        assert chart["description"] and chart["viz_type"] == params["viz_type"]


def test_money_has_its_currency_in_its_label(files):
    """But advertising, which is told by currency, and what is a ratio of two amounts."""
    told = {}
    for dataset in of(files, "datasets").values():
        for metric in dataset["metrics"]:
            if re.search("amount|revenue", metric["expression"]) and dataset["table_name"] != "ad_spend":
                told[metric["verbose_name"]] = "currency" in metric["verbose_name"].lower()
    for chart in of(files, "charts").values():
        for name, how in (chart["params"].get("column_config") or {}).items():
            if re.search("amount|revenue", name):
                told[how["customColumnName"]] = "currency" in how["customColumnName"].lower()
    assert len(told) > 6 and {label for label, has in told.items() if not has} == {"Return on spend"}


def test_no_chart_sums_what_must_not_be_summed(files):
    datasets = of(files, "datasets")
    chosen = _chosen_by_filters(files)
    for uuid, chart in of(files, "charts").items():
        table = datasets[chart["dataset_uuid"]]["table_name"]
        if chart["params"].get("query_mode") != "raw":
            equals = {f["subject"] for f in chart["params"]["adhoc_filters"] if f.get("operator") == "=="}
            assert NOT_SUMMED.get(table, set()) <= {*_named(chart["params"]), *equals, *chosen.get(uuid, set())}, chart["slice_name"]  # fmt: skip


def test_a_sum_with_a_hidden_cell_is_empty(files):
    """What is empty because it is of few people would else be left out of the sum unseen."""
    # of the grade open nothing is hidden: small cells are put together
    sums = [m for d in of(files, "datasets").values() if d["schema"] == "bi" for m in d["metrics"] if re.search(r"sum\(\w*(_count|net_amount)\)", m["expression"])]  # fmt: skip
    assert len(sums) > 10
    assert [m["metric_name"] for m in sums if "count(*) = count(" not in m["expression"]] == []


def test_superset_has_the_duckdb_of_the_project():
    own, project = (
        dict(re.findall(r"^([a-z0-9-]+)==(\S+)", path.read_text(), re.M)) for path in (LOCK, PROJECT_DIR / "requirements.lock")
    )  # fmt: skip
    assert all(own[name] == project[name] for name in ("duckdb", "duckdb-engine"))
    asked = re.findall(r"^([a-z0-9-]+)", LOCK.with_suffix(".in").read_text(), re.M)
    assert set(asked) <= set(own) and own["apache-superset"]


def _meta(part: Any) -> dict[str, Any]:
    return part.get("meta", {}) if isinstance(part, dict) else {}


def _columns(dataset: dict[str, Any]) -> set[str]:
    return {column["column_name"] for column in dataset["columns"]}


def _named(params: dict[str, Any]) -> set[str]:
    """The columns that a chart shows or groups by."""
    found: set[str] = set()
    for key in ("groupby", "groupbyRows", "groupbyColumns", "all_columns", "x_axis"):
        value = params.get(key) or []
        found |= {value} if isinstance(value, str) else set(value)
    return found | {json.loads(order)[0] for order in params.get("order_by_cols", [])}


def _chosen_by_filters(files: dict[str, Any]) -> dict[str, set[str]]:
    """Of each chart, the columns of which a filter of its dashboard always chooses one value."""
    found: dict[str, set[str]] = {}
    for dashboard in of(files, "dashboards").values():
        charts = [part["meta"] for part in dashboard["position"].values() if "uuid" in _meta(part)]
        for one in dashboard["metadata"]["native_filter_configuration"]:
            if one["controlValues"]["enableEmptyFilter"] and not one["controlValues"]["multiSelect"]:
                for chart in charts:
                    if chart["chartId"] not in one["scope"]["excluded"]:
                        found.setdefault(chart["uuid"], set()).add(one["targets"][0]["column"]["name"])
    return found
