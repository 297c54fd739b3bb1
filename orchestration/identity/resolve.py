"""The whole identity step, in order. Here: one call that a run makes. Not here: how a step works."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import duckdb

from orchestration.identity.components import cluster_records
from orchestration.identity.edges import find_edges
from orchestration.identity.ids import IdChanges, carry_ids
from orchestration.identity.normalise import normalise_people
from orchestration.settings import Identity


def resolve_identities(
    con: duckdb.DuckDBPyConnection,
    settings: Identity,
    run_id: str,
    moment: datetime,
    step: Callable[[str, int], None] = lambda name, rows: None,
) -> IdChanges:
    """Conformed people → `identity.*`. `step` is told each table's name and rows. Rerunning changes nothing."""
    step("normalised_people", normalise_people(con, settings.default_country))
    step("edges", find_edges(con, settings))
    step("record_clusters", cluster_records(con))
    changes = carry_ids(con, run_id, moment)
    step("customer_source_records", changes.customers)
    return changes
