"""The whole identity step, in order. Here: one call that a run makes. Not here: how a step works."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import duckdb

from orchestration.identity.components import cluster_records
from orchestration.identity.decisions import find_standing
from orchestration.identity.edges import find_edges, find_identifiers
from orchestration.identity.guard import guard_clusters
from orchestration.identity.ids import IdChanges, carry_ids
from orchestration.identity.model import Model
from orchestration.identity.normalise import normalise_people
from orchestration.identity.review import find_review_queue
from orchestration.identity.scoring import score_pairs
from orchestration.identity.vetoes import define_vetoes
from orchestration.settings import Identity
from orchestration.warehouse import scalar


def resolve_identities(
    con: duckdb.DuckDBPyConnection,
    settings: Identity,
    model: Model,
    run_id: str,
    moment: datetime,
    step: Callable[[str, int], None] = lambda name, rows: None,
    *,
    everything: bool = False,
) -> IdChanges:
    """Conformed people → `identity.*`. `step` is told each table's name and rows. Rerunning changes nothing.

    Pairs of changed records are scored; `everything`: all pairs, which gives the same.
    """
    prepare_people(con, settings, step)
    link_records(con, settings, model, step, everything=everything)
    step("review_queue", find_review_queue(con, settings))
    changes = carry_ids(con, run_id, moment)
    step("customer_source_records", changes.customers)
    return changes


def prepare_people(
    con: duckdb.DuckDBPyConnection, settings: Identity, step: Callable[[str, int], None] = lambda name, rows: None
) -> None:
    """Conformed people → `identity.normalised_people` and `identity.identifiers`: what is compared, and trained on."""
    step("normalised_people", normalise_people(con, settings.default_country))
    step("identifiers", find_identifiers(con, settings))


def link_records(
    con: duckdb.DuckDBPyConnection,
    settings: Identity,
    model: Model,
    step: Callable[[str, int], None] = lambda name, rows: None,
    *,
    everything: bool = False,
) -> None:
    """Normalised people → `identity.record_clusters`: which records are one customer, before any id is given."""
    define_vetoes(con)
    find_standing(con)
    step("scored_pairs", score_pairs(con, model, everything=everything))
    step("edges", find_edges(con, settings, model.version))
    cluster_records(con)
    if guard_clusters(con, settings):
        cluster_records(con)
    step("record_clusters", int(scalar(con, "select count(distinct cluster_id) from identity.record_clusters")))
