"""Results of dbt as Dagster takes them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from orchestration.defs import dbt_results
from orchestration.defs.dbt_results import Results


def _result(status: str, node: str = "model.kundbild.m") -> SimpleNamespace:
    told = SimpleNamespace(unique_id=node, node_name=node.rpartition(".")[2], node_status=status)
    return SimpleNamespace(info=SimpleNamespace(name="LogModelResult"), data=SimpleNamespace(node_info=told))


def test_what_fails_and_then_succeeds_has_succeeded(monkeypatch):
    monkeypatch.setattr(dbt_results, "shared_connection", lambda: SimpleNamespace(close=lambda: None))
    monkeypatch.setattr(
        "google.protobuf.json_format.MessageToDict", lambda event, **_: {"status": event.data.node_info.node_status}
    )
    manifest = {"metadata": {"project_name": "kundbild"}, "nodes": {}, "sources": {}}
    results = Results(manifest, SimpleNamespace(), Path("/nowhere"), 2)
    read: list[str] = []

    def take(event):
        results.take(event, lambda result: read.append(result.raw_event["status"]))

    take(_result("error"))
    take(_result("skipped", "model.kundbild.below"))
    assert not read and len(results.left()) == 2
    take(_result("success"))
    assert read == ["success"] and [left.raw_event["status"] for left in results.left()] == ["skipped"]
