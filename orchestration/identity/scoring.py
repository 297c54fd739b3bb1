"""The model applied to pairs of records. Here: `identity.scored_pairs`, through Splink in a scratch schema.

A night scores only the pairs of records that changed. What a score depends on beyond its two records (which pairs are
compared, how frequent a value is, how many pairs are one person) is fixed by a calibration, which stands until the
records are another tenth as many; so a night's scores are those that scoring everything anew would give.
Not here: what is compared (comparisons.py), or which scored pairs become edges (edges.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import log2
from typing import Any

import duckdb

from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import scalar, text
from orchestration.identity.blocks import blocking_rules, blocks_fit, choose_blocks
from orchestration.identity.comparisons import FREQUENCY_COLUMNS, make_compared, make_compared_again
from orchestration.identity.frequencies import SHAPE, STANDING, count_frequencies, look_up
from orchestration.identity.model import Model

WORK_SCHEMA = "identity_work"
# of two records nothing can be said but what rules say
_LEAST_RECORDS = 3
# of pairs that differ more than this, in bits, nothing is kept
_MIN_WEIGHT = -6.0
# what the prior of the model is worth against the pairs of a set: on a handful of records it decides
_KNOWN_PAIRS = 10_000
# a calibration stands until the records are so many more or fewer
_MAX_GROWTH = 0.1

_DDL = sql_script(__file__, "scoring", shape=SHAPE)


@dataclass(frozen=True)
class Calibration:
    """What the scores of a set depend on beyond the model: how many records it was made on, bits added to every weight, blocks."""

    records: int
    shift: float
    blocks: list[list[str]]


@dataclass(frozen=True)
class Scored:
    """What scoring did: every pair anew, and by a calibration made anew."""

    everything: bool
    is_calibrated_anew: bool


def score_pairs(con: duckdb.DuckDBPyConnection, model: Model, *, everything: bool = False) -> Scored:
    """Brings `identity.scored_pairs` (left_id < right_id, weight in bits, probability) up to date.

    Pairs of touched records that are another in what is compared are scored, those of records that went are dropped;
    all of them when the calibration is made anew, or `everything` is asked for.
    """
    con.execute(_DDL)
    records = scalar(con, "select count(*) from identity.normalised_people")
    if records < _LEAST_RECORDS:
        con.execute("delete from identity.scored_pairs")
        con.execute("delete from identity.calibration")
        con.execute("drop table if exists identity.compared_people")
        return Scored(everything=True, is_calibrated_anew=True)
    with workplace(con) as (work, api):
        calibration = _standing_calibration(work, model, records)
        if calibration and not everything:
            make_compared_again(work, WORK_SCHEMA)
            # of the records that come, which alone could make a block burst
            if blocks_fit(work, WORK_SCHEMA, calibration.blocks, records):
                _score_changed(work, api, model, calibration)
                return Scored(everything=False, is_calibrated_anew=False)
            calibration = None
        make_compared(work, WORK_SCHEMA)
        if calibration and not (
            _columns(work, "identity") == _columns(work, WORK_SCHEMA)
            and blocks_fit(work, WORK_SCHEMA, calibration.blocks, records)
        ):
            calibration = None
        _score_all(work, api, model, calibration, records)
        return Scored(everything=True, is_calibrated_anew=calibration is None)


def forget_calibration(con: duckdb.DuckDBPyConnection) -> None:
    """The next scoring is made anew from all records: frequencies, blocks, prior, every pair."""
    con.execute(_DDL)
    con.execute("delete from identity.calibration")


def _standing_calibration(con: duckdb.DuckDBPyConnection, model: Model, records: int) -> Calibration | None:
    """The calibration in force, or None where it was made with another model or on too different a set."""
    rows = con.execute(
        "select records, shift, blocks from identity.calibration where model_version = $version",
        {"version": model.version},
    ).fetchall()
    if not rows:
        return None
    calibration = Calibration(int(rows[0][0]), float(rows[0][1]), json.loads(rows[0][2]))
    return calibration if abs(records - calibration.records) <= _MAX_GROWTH * calibration.records else None


def _score_all(
    con: duckdb.DuckDBPyConnection, api: Any, model: Model, calibration: Calibration | None, records: int
) -> None:
    blocks = calibration.blocks if calibration else choose_blocks(con, WORK_SCHEMA, records)
    if calibration is None:
        count_frequencies(con, model.settings, WORK_SCHEMA)
    # of the calibration's records, so that a night keeps the pairs that scoring everything would
    least = _least_weight(model, calibration.records if calibration else records)
    pairs = predict(con, api, model.settings, blocking_rules(blocks), least=least)
    if calibration is None:
        _, shift = learn_prior(con, pairs, model.settings["probability_two_random_records_match"], records)
        calibration = Calibration(records, shift, blocks)
    con.execute(
        sql_script(
            __file__,
            "scoring_all",
            work=WORK_SCHEMA,
            insert_pairs=_insert_pairs(calibration, pairs),
            version=text(model.version),
            records=calibration.records,
            shift=calibration.shift,
            blocks=text(json.dumps(calibration.blocks)),
        )
    )


def _score_changed(con: duckdb.DuckDBPyConnection, api: Any, model: Model, calibration: Calibration) -> None:
    """Scores the pairs of records that are new, or another in anything that is compared; drops those of the others'.

    In one transaction: a run that is killed leaves the pairs as they were.
    """
    con.execute(sql_script(__file__, "scoring_stale", work=WORK_SCHEMA))
    insert = ""
    if scalar(con, f"select count(*) from {WORK_SCHEMA}.changed_people"):
        rules = blocking_rules(calibration.blocks)
        _find_near(con, rules)
        touched = [f"{rule} and (l.is_changed or r.is_changed)" for rule in rules]
        least = _least_weight(model, calibration.records)
        pairs = predict(con, api, model.settings, touched, people="near_people", least=least)
        insert = _insert_pairs(calibration, pairs) + ";"
    con.execute(sql_script(__file__, "scoring_changed", work=WORK_SCHEMA, insert_pairs=insert))


def _find_near(con: duckdb.DuckDBPyConnection, rules: list[str]) -> None:
    """Makes `near_people`: the changed records (is_changed), and those that a rule compares with one of them."""
    # stale records among those found fall out below
    found = " union ".join(
        f"select r.unique_id from {WORK_SCHEMA}.changed_people l join identity.compared_people r on {rule}"
        for rule in rules
    )
    con.execute(
        f"""
        create table {WORK_SCHEMA}.near_people as
            select p.*, p.unique_id in (select unique_id from {WORK_SCHEMA}.changed_people) as is_changed
            from {WORK_SCHEMA}.standing_people p
            where p.unique_id in ({found} union select unique_id from {WORK_SCHEMA}.changed_people)
        """
    )


def _insert_pairs(calibration: Calibration, pairs: str) -> str:
    return (
        "insert into identity.scored_pairs select least(unique_id_l, unique_id_r), greatest(unique_id_l, unique_id_r), "
        f"match_weight + {calibration.shift}, {probability(calibration.shift)} from {pairs} "
        f"where match_weight + {calibration.shift} >= {_MIN_WEIGHT}"
    )


def _least_weight(model: Model, records: int) -> float:
    """Bits below which no pair is kept, before the calibration's shift: of few records more are one person than the
    model expects, of each record about one other."""
    expected = log_odds(1 / records) - log_odds(model.settings["probability_two_random_records_match"])
    return _MIN_WEIGHT - max(0.0, expected)


def _columns(con: duckdb.DuckDBPyConnection, schema: str) -> list[tuple[str, str]]:
    """Name and type of each column of the schema's `compared_people`; none where it is not there."""
    return con.execute(
        "select column_name, data_type from duckdb_columns() where schema_name = $schema and table_name = 'compared_people' "
        "order by column_index",
        {"schema": schema},
    ).fetchall()


def predict(
    con: duckdb.DuckDBPyConnection,
    api: Any,
    settings: dict[str, Any],
    rules: list[str],
    *,
    people: str = "compared_people",
    frequencies: str = STANDING,
    least: float | None = _MIN_WEIGHT,
) -> str:
    """The name of Splink's table of scored pairs that one of `rules` (SQL on l and r) compares, of `least` bits or more.

    `people` is a table of the scratch schema, `frequencies` the one that says how frequent a value is; what the table
    holds beside the weight, `settings` say.
    """
    from splink import Linker

    blocking = [{"blocking_rule": rule, "sql_dialect": "duckdb"} for rule in rules]
    linker = Linker(
        api.register(people),
        {**settings, "blocking_rules_to_generate_predictions": blocking},
        log_level="CRITICAL",
        validate_settings=False,
    )
    for column in FREQUENCY_COLUMNS:
        table = look_up(con, column, WORK_SCHEMA, people, frequencies)
        linker.table_management.register_term_frequency_lookup(api.register(table), column)
    return f"{WORK_SCHEMA}.{linker.inference.predict(threshold_match_weight=least).physical_name}"


def learn_prior(con: duckdb.DuckDBPyConnection, pairs: str, trained: float, records: int) -> tuple[float, float]:
    """(share of all pairs that are one person, bits to add to every weight): EM on the prior alone.

    `pairs` names a table with a match_weight of a model whose prior was `trained`.
    """
    everything = records * (records - 1) / 2
    prior, shift = trained, 0.0
    for _ in range(50):
        expected = scalar(con, f"select coalesce(sum({probability(shift)}), 0) from {pairs}")
        fresh = (expected + trained * _KNOWN_PAIRS) / (everything + _KNOWN_PAIRS)
        shift = log_odds(fresh) - log_odds(trained)
        if abs(fresh - prior) < 1e-3 * prior:
            break
        prior = fresh
    return fresh, shift


def probability(shift: float) -> str:
    """SQL: the probability that a match_weight says, `shift` bits added. Beyond 60 bits it is 1."""
    return f"(1 / (1 + power(2, -(least(match_weight, 60) + {shift}))))"


def log_odds(share: float) -> float:
    return log2(share / (1 - share))


@contextmanager
def workplace(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[duckdb.DuckDBPyConnection, Any]]:
    """A cursor whose schema is a scratch one, for what Splink leaves behind; dropped on the way out."""
    from splink import DuckDBAPI

    work = con.cursor()
    work.execute(f"drop schema if exists {WORK_SCHEMA} cascade")
    try:
        yield work, DuckDBAPI(work, output_schema=WORK_SCHEMA)
    finally:
        work.execute("set schema 'main'")
        work.execute(f"drop schema if exists {WORK_SCHEMA} cascade")
        work.close()
