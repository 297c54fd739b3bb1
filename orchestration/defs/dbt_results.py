"""What dbt tells while it runs, as Dagster takes it: each result at once, with the table's rows and its columns' lineage.

Not here: running dbt (transform/), or which models a step builds (transform.py).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from orchestration.contracts.lineage import Lineage
from orchestration.core.warehouse import count_rows, quote, rows_of_table
from orchestration.run.progress import tell
from orchestration.transform.runner import shared_connection

_FAILED = ("error", "fail", "skipped", "partial success")


class Results:
    """Results of one build. `take` is called by dbt's threads, everything else by the step."""

    def __init__(self, manifest: Mapping[str, Any], translator: DagsterDbtTranslator, target: Path, total: int) -> None:
        self._manifest, self._translator, self._target, self._total = manifest, translator, target, total
        self._compiled = target / "compiled" / manifest["metadata"]["project_name"]
        self._keys = {
            (props["schema"], props.get("identifier") or props.get("alias") or props["name"]): translator.get_asset_key(
                props
            )
            for props in [*manifest["nodes"].values(), *manifest["sources"].values()]
            if props["resource_type"] in ("model", "seed", "source")
        }
        self._lineage = Lineage(target / "column_lineage.json")
        self._con: duckdb.DuckDBPyConnection | None = None
        self._lock = threading.Lock()
        self._done: set[str] = set()
        # dbt's events by node, of what failed: it may be built once more
        self._failed: dict[str, DbtCoreCliEventMessage] = {}

    def take(self, event: Any, on_result: Callable[[DbtCoreCliEventMessage], None]) -> None:
        """Hands on the result of a node. What failed is handed on by `left`, unless it succeeds later."""
        if not event.info.name.startswith("Log") or not event.info.name.endswith("Result"):
            return
        from google.protobuf.json_format import MessageToDict

        node = event.data.node_info
        result = DbtCoreCliEventMessage(
            raw_event=MessageToDict(event, preserving_proto_field_name=True), event_history_metadata={}
        )
        with self._lock:
            self._con = self._con or shared_connection()
            if event.info.name in ("LogModelResult", "LogSeedResult"):
                self._done.add(node.unique_id)
                tell("transform", f"{len(self._done)} of {self._total}: {node.node_name}")
            if node.node_status in _FAILED:
                self._failed[node.unique_id] = result
                return
            self._failed.pop(node.unique_id, None)
        on_result(result)

    def left(self) -> list[DbtCoreCliEventMessage]:
        """What failed."""
        return list(self._failed.values())

    def events(self, result: DbtCoreCliEventMessage, context: dg.AssetExecutionContext) -> Iterator[Any]:
        """Dagster's events of one result."""
        node = self._manifest["nodes"][result.raw_event["data"]["node_info"]["unique_id"]]
        for event in result.to_default_asset_events(self._manifest, self._translator, context, self._target):
            yield self._described(event, node) if isinstance(event, dg.Output) else event

    def close(self) -> None:
        """Keeps the lineage that was read, and closes the connection."""
        self._lineage.save()
        if self._con:
            self._con.close()

    def _described(self, output: dg.Output[Any], node: Mapping[str, Any]) -> dg.Output[Any]:
        assert self._con
        schema, table = node["schema"], node.get("alias") or node["name"]
        metadata: dict[str, Any] = dict(output.metadata)
        rows = rows_of_table(self._con, schema, table)
        if rows is None and schema == "bi":
            rows = count_rows(self._con, f"{quote(schema)}.{quote(table)}", "true")
        if rows is not None:
            metadata["dagster/row_count"] = rows
        if node["resource_type"] == "model":
            metadata |= self._column_lineage(self._con, node, schema, table)
        return output.with_metadata(metadata)

    def _column_lineage(
        self, con: duckdb.DuckDBPyConnection, node: Mapping[str, Any], schema: str, table: str
    ) -> dict[str, dg.TableColumnLineage]:
        """What each column of a model is made of, in assets."""
        columns = self._lineage.of(con, schema, table, self._compiled / node["original_file_path"])
        if columns == {}:
            tell("lineage", f"the columns of {node['name']} cannot be traced: its lineage is left out")
        if not columns:
            return {}
        deps = {
            column: [dg.TableColumnDep(self._keys[s, t], c) for s, t, c in sources if (s, t) in self._keys]
            for column, sources in columns.items()
        }
        return {"dagster/column_lineage": dg.TableColumnLineage(deps)}
