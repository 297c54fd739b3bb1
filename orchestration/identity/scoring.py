"""The model applied to pairs of records. Here: `identity.scored_pairs`, through Splink in a scratch schema.

Not here: what is compared (comparisons.py), or which scored pairs become edges (edges.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import log2
from typing import Any

import duckdb

from orchestration.identity.comparisons import blocking_rules, make_compared
from orchestration.identity.model import MIN_RECORDS, Model
from orchestration.warehouse import scalar

WORK_SCHEMA = "identity_work"
# of pairs that differ more than this, in bits, nothing is kept
_MIN_WEIGHT = -6.0
# what the prior of the model is worth against the pairs of a set: on a handful of records it decides
_KNOWN_PAIRS = 10_000


def score_pairs(con: duckdb.DuckDBPyConnection, model: Model) -> int:
    """Rebuilds `identity.scored_pairs` (left_id < right_id, weight in bits, probability). Returns its rows.

    How many of all pairs are one person differs from set to set; it is learnt anew from the scores themselves (one
    more EM step, on the prior alone), so that a model trained on one set serves another.
    """
    con.execute(
        "create or replace table identity.scored_pairs (left_id ubigint, right_id ubigint, weight double, probability double)"
    )
    records = scalar(con, "select count(*) from identity.normalised_people")
    if records < MIN_RECORDS:
        return 0
    with workplace(con) as (work, api):
        pairs = predict(work, api, model.settings)
        _, shift = learn_prior(work, pairs, model.settings["probability_two_random_records_match"], records)
        work.execute(
            f"insert into identity.scored_pairs select least(unique_id_l, unique_id_r), greatest(unique_id_l, unique_id_r), "
            f"match_weight + {shift}, {probability(shift)} from {pairs}"
        )
    return int(scalar(con, "select count(*) from identity.scored_pairs"))


def predict(work: duckdb.DuckDBPyConnection, api: Any, settings: dict[str, Any], *, with_levels: bool = False) -> str:
    """The name of Splink's table of scored pairs, with each comparison's level if wanted."""
    from splink import Linker

    records = make_compared(work, WORK_SCHEMA)["unique_id"]
    rules = [_as_rule(rule) for rule in blocking_rules(work, WORK_SCHEMA, records)]
    linker = Linker(
        api.register("compared_people"),
        {
            **settings,
            "blocking_rules_to_generate_predictions": rules,
            "retain_matching_columns": with_levels,
        },
        log_level="CRITICAL",
        validate_settings=False,
    )
    return f"{WORK_SCHEMA}.{linker.inference.predict(threshold_match_weight=_MIN_WEIGHT).physical_name}"


def learn_prior(con: duckdb.DuckDBPyConnection, pairs: str, trained: float, records: int) -> tuple[float, float]:
    """(share of all pairs that are one person, bits to add to every weight): EM on the prior alone.

    `pairs` names a table with a match_weight of a model whose prior was `trained`.
    """
    everything = records * (records - 1) / 2
    prior, shift = trained, 0.0
    for _ in range(50):
        expected = scalar(con, f"select coalesce(sum({probability(shift)}), 0) from {pairs}")
        fresh = (expected + trained * _KNOWN_PAIRS) / (everything + _KNOWN_PAIRS)
        shift = _log_odds(fresh) - _log_odds(trained)
        if abs(fresh - prior) < 1e-3 * prior:
            break
        prior = fresh
    return fresh, shift


def probability(shift: float) -> str:
    """SQL: the probability that a match_weight says, `shift` bits added. Beyond 60 bits it is 1."""
    return f"(1 / (1 + power(2, -(least(match_weight, 60) + {shift}))))"


def _log_odds(share: float) -> float:
    return log2(share / (1 - share))


def _as_rule(rule: Any) -> Any:
    return rule if isinstance(rule, str) else rule.get_blocking_rule("duckdb").as_dict()


@contextmanager
def workplace(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[duckdb.DuckDBPyConnection, Any]]:
    """A cursor whose schema is a scratch one, for what Splink leaves behind; dropped on the way out."""
    from splink import DuckDBAPI

    work = con.cursor()
    work.execute(f"drop schema if exists {WORK_SCHEMA} cascade")
    try:
        yield work, DuckDBAPI(work, output_schema=WORK_SCHEMA)
    finally:
        work.execute(f"set schema 'main'; drop schema if exists {WORK_SCHEMA} cascade")
        work.close()
