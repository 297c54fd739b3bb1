"""Compiles metrics to SQL with MetricFlow, in this process and without a database. Not here: what is asked (question.py), running
the SQL (answer.py)."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Sequence
from functools import cache
from typing import Any

import yaml

from orchestration.contracts.metric_definitions import Definitions, read_definitions
from orchestration.contracts.model_files import model_file
from orchestration.core.errors import KundbildError
from orchestration.core.settings import DBT_DIR
from orchestration.core.sql_scripts import sql_script

TIME = "metric_time"
GRAINS = ("day", "week", "month", "quarter", "year")
# what MetricFlow reads that the publication does not hold as such: temporary views, sql/<name>.sql
_HELPERS = ("order_lines", "days")
_REF = re.compile(r"ref\('(\w+)'\)")


class Compiler:
    """MetricFlow on the definitions: which dimensions a metric has, and the SQL of a question."""

    def __init__(self, definitions: Definitions) -> None:
        from metricflow.engine.metricflow_engine import MetricFlowEngine
        from metricflow.protocols.sql_client import SqlEngine
        from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
        from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

        class NoClient:
            """All that the engine asks of a database as long as it only compiles."""

            sql_engine_type = SqlEngine.DUCKDB
            sql_plan_renderer = DuckDbSqlPlanRenderer()

        # it logs every question
        for name in ("metricflow", "metricflow_semantics"):
            logging.getLogger(name).setLevel(logging.ERROR)
        self._definitions = definitions
        self._engine = MetricFlowEngine(SemanticManifestLookup(_manifest(definitions)), NoClient())
        self._dimensions: dict[tuple[str, ...], dict[str, str]] = {}
        self._grains: dict[tuple[str, ...], tuple[str, ...]] = {}
        # MetricFlow numbers its aliases by a counter of the process
        self._one_at_a_time = threading.Lock()

    def grains(self, metrics: Sequence[str]) -> tuple[str, ...]:
        """The grains of time that all of these metrics can be grouped by, the finest first."""
        self.dimensions(metrics)
        return self._grains[tuple(sorted(metrics))]

    def dimensions(self, metrics: Sequence[str]) -> dict[str, str]:
        """What all of these metrics can be grouped by, as <entity>__<dimension>, with its meaning; time apart."""
        key = tuple(sorted(metrics))
        if key not in self._dimensions:
            told = {
                f"{entity['name']}__{dimension['name']}": dimension["description"]
                for model in self._definitions.semantic_models
                for entity in model["entities"]
                if entity["type"] == "primary"
                for dimension in model["dimensions"]
                if dimension["type"] == "categorical"
            }
            found = self._engine.simple_dimensions_for_metrics(list(key), without_any_property=[])
            names = {dimension.dunder_name for dimension in found}
            self._dimensions[key] = {name: told[name] for name in sorted(names & told.keys())}
            self._grains[key] = tuple(grain for grain in GRAINS if f"{TIME}__{grain}" in names)
        return self._dimensions[key]

    def sql(self, metrics: Sequence[str], by: Sequence[str], where: Sequence[str]) -> str:
        """One select with a column for each dimension (`by`) and each metric."""
        from metricflow.engine.metricflow_engine import MetricFlowQueryRequest
        from metricflow_semantics.errors.error_classes import InvalidQueryException

        request = MetricFlowQueryRequest.create(
            metric_names=list(metrics), group_by_names=list(by), where_constraints=list(where)
        )
        try:
            with self._one_at_a_time:
                return str(self._engine.explain(request).sql_statement.sql)
        except InvalidQueryException as error:
            raise KundbildError(
                f"{', '.join(metrics)} cannot be asked by {', '.join(by) or 'nothing'} together",
                to_do="ask for each metric alone, or by what both have: `kundbild metrics list`",
            ) from error


@cache
def compiler() -> Compiler:
    """The one of this process: making it takes a second."""
    return Compiler(read_definitions())


def with_helpers(sql: str) -> str:
    """The query with what it reads of the temporary views in front of it, for one connection."""
    needed = [sql_script(__file__, name) for name in _HELPERS if f"temp.main.{name}" in sql]
    return "\n".join([*needed, sql])


def _manifest(definitions: Definitions) -> Any:
    """The definitions as MetricFlow reads them, checked by its own rules. Raises KundbildError where they break one."""
    from metricflow_semantic_interfaces.errors import ParsingException
    from metricflow_semantic_interfaces.parsing.dir_to_model import (
        parse_yaml_files_to_validation_ready_semantic_manifest,
    )
    from metricflow_semantic_interfaces.parsing.objects import YamlConfigFile
    from metricflow_semantic_interfaces.validations.validator_helpers import SemanticManifestValidationException

    documents: list[dict[str, Any]] = [
        {"semantic_model": {**_read_by_metricflow(model), "node_relation": _table(model)}}
        for model in definitions.semantic_models
    ]
    documents += [{"metric": metric} for metric in definitions.raw_metrics]
    day = {"name": "day", "time_granularity": "day"}
    spine = {"node_relation": _table({"model": "ref('days')"}), "primary_column": day}
    documents.append({"project_configuration": {"time_spines": [spine]}})
    text = yaml.safe_dump_all(documents, allow_unicode=True)
    try:
        built = parse_yaml_files_to_validation_ready_semantic_manifest(
            [YamlConfigFile(filepath="semantic_models", contents=text)]
        )
    except (ParsingException, SemanticManifestValidationException) as error:
        raise KundbildError(
            f"the semantic models cannot be read: {str(error).splitlines()[0]}", where="dbt_project/semantic_models"
        ) from error
    return built.semantic_manifest


def _read_by_metricflow(model: dict[str, Any]) -> dict[str, Any]:
    """Without where its rows are, which it says otherwise, and without the config of dimensions, which is for metric_definitions.py."""
    dimensions = [{k: v for k, v in one.items() if k != "config"} for one in model.get("dimensions", [])]
    return {**{k: v for k, v in model.items() if k != "model"}, "dimensions": dimensions}


def _table(model: dict[str, Any]) -> dict[str, str]:
    """Where the model's rows are: in the publication, or one of the temporary views."""
    found = _REF.fullmatch(model["model"])
    name = found[1] if found else ""
    if name in _HELPERS:
        return {"database": "temp", "schema_name": "main", "alias": name}
    beside = next((DBT_DIR / "models" / "bi").rglob(f"{name}.yml"), None) if name else None
    if beside is None:
        raise KundbildError(
            f"a semantic model stands on {model['model']}, which is not a model of the schema bi",
            where="dbt_project/semantic_models",
        )
    return {"schema_name": "bi", "alias": model_file(beside)["models"][0]["config"]["alias"]}
