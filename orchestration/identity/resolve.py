"""The whole identity step, in order. Here: one call that a run makes. Not here: how a step works."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import duckdb

from orchestration.core.settings import Identity
from orchestration.core.warehouse import scalar, transaction
from orchestration.identity.components import cluster_records
from orchestration.identity.decisions import find_standing
from orchestration.identity.edges import are_many, find_edges, find_identifiers, recount_identifiers
from orchestration.identity.ids import IdChanges, carry_ids
from orchestration.identity.model import Model
from orchestration.identity.normalise import normalise_changed, normalise_people
from orchestration.identity.review import find_review_queue
from orchestration.identity.scoring import forget_calibration, score_pairs
from orchestration.identity.touched import digest_of, forget_made_with, is_made_with, note_made_with, prepare_touched
from orchestration.identity.vetoes import define_vetoes


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

    What changed and its neighbourhood is looked at; `everything`: all records, which gives the same.
    """
    prepare_people(con, settings, step, everything=everything)
    link_records(con, settings, model, step)
    step("review_queue", find_review_queue(con, settings))
    changes = carry_ids(con, run_id, moment, everything=not is_made_with(con, "ids", ""))
    note_made_with(con, "ids", "")
    step("customer_source_records", changes.customers)
    return changes


def prepare_people(
    con: duckdb.DuckDBPyConnection,
    settings: Identity,
    step: Callable[[str, int], None] = lambda name, rows: None,
    *,
    everything: bool = False,
) -> None:
    """Conformed people → `identity.normalised_people` and `identity.identifiers`: what is compared, and trained on."""
    prepare_touched(con)
    digest = digest_of(con, settings)
    is_known = is_made_with(con, "people", digest)
    if everything or not is_known:
        forget_made_with(con, "people", "links", "ids")
        if not is_known:
            forget_calibration(con)
        step("normalised_people", normalise_people(con, settings.default_country))
        step("identifiers", find_identifiers(con, settings))
        note_made_with(con, "people", digest)
    else:
        with transaction(con):
            step("normalised_people", normalise_changed(con, settings.default_country))
            step("identifiers", recount_identifiers(con, settings))


def link_records(
    con: duckdb.DuckDBPyConnection,
    settings: Identity,
    model: Model,
    step: Callable[[str, int], None] = lambda name, rows: None,
) -> None:
    """Normalised people → `identity.record_clusters`: which records are one customer, before any id is given."""
    digest = digest_of(con, settings, model.version, are_many(con))
    everything = not is_made_with(con, "links", digest)
    find_standing(con)
    if everything:
        forget_made_with(con, "links", "ids")
    scored = score_pairs(con, model, everything=everything)
    if scored.everything:
        forget_made_with(con, "links", "ids")
    if scored.is_calibrated_anew:
        define_vetoes(con)
    step("scored_pairs", int(scalar(con, "select count(*) from identity.scored_pairs")))
    step("edges", find_edges(con, settings, model.version, everything=scored.everything))
    step("record_clusters", cluster_records(con, settings, everything=scored.everything))
    note_made_with(con, "links", digest)
