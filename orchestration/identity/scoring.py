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

from orchestration.identity.comparisons import (
    FREQUENCY_COLUMNS,
    blocking_rules,
    blocks_fit,
    choose_blocks,
    make_compared,
)
from orchestration.identity.model import Model
from orchestration.warehouse import scalar, text

WORK_SCHEMA = "identity_work"
# of two records nothing can be said but what rules say
_LEAST_RECORDS = 3
# of pairs that differ more than this, in bits, nothing is kept
_MIN_WEIGHT = -6.0
# what the prior of the model is worth against the pairs of a set: on a handful of records it decides
_KNOWN_PAIRS = 10_000
# what the frequency that the model knows of is worth against the records of a set: two of sixty say little of a number
_KNOWN_RECORDS = 1000
# a calibration stands until the records are so many more or fewer
_MAX_GROWTH = 0.1

_FREQUENCY_SHAPE = "column_name varchar not null, value varchar, frequency double not null"
_DDL = f"""
create table if not exists identity.calibration (
    model_version varchar not null, records ubigint not null, shift double not null, blocks varchar not null
);
create table if not exists identity.term_frequencies ({_FREQUENCY_SHAPE});
create table if not exists identity.scored_pairs (left_id ubigint, right_id ubigint, weight double, probability double);
"""

# of a value seen once, or not at all when they were counted, no row is kept but one a country ('|SE'), and one without a
# value; a name is counted among those of its country, which stands behind the |
_FREQUENCIES = """
insert into {into}
with counted as (
    select {column} as value, nullif(regexp_extract({column}, '[|].*$'), '') as country, count(*) as n
    from {schema}.compared_people where {column} is not null group by all
), whole as (select country, sum(n)::double as records from counted group by all),
every as (select greatest(coalesce(sum(n), 0), 1)::double as records from counted),
found as (
    select value, n, records from counted join whole on whole.country is not distinct from counted.country where n > 1
    union all select country, 1, records from whole where country is not null
    union all select null, 1, records from every
)
select '{column}', value, least(n / records, (n + {known} * {share}::double) / (records + {known})) from found
"""
_FREQUENCY_TABLE = """
create or replace table {schema}.frequencies_{column} as
select v.{column}, coalesce(t.frequency, c.frequency, (select frequency from {counted} where column_name = '{column}' and value is null))
    as tf_{column}
from (select distinct {column} from {schema}.compared_people where {column} is not null) v
left join {counted} t on t.column_name = '{column}' and t.value = v.{column}
left join {counted} c on c.column_name = '{column}' and c.value = nullif(regexp_extract(v.{column}, '[|].*$'), '')
"""
_STANDING = "identity.term_frequencies"


@dataclass(frozen=True)
class Calibration:
    """What the scores of a set depend on beyond the model: how many records it was made on, bits added to every weight, blocks."""

    records: int
    shift: float
    blocks: list[list[str]]


def score_pairs(con: duckdb.DuckDBPyConnection, model: Model, *, everything: bool = False) -> int:
    """Brings `identity.scored_pairs` (left_id < right_id, weight in bits, probability) up to date. Returns its rows.

    Pairs of records that changed since the last time are scored, those of records that went are dropped; all of them
    when the calibration is made anew, or `everything` is asked for.
    """
    con.execute(_DDL)
    records = scalar(con, "select count(*) from identity.normalised_people")
    if records < _LEAST_RECORDS:
        con.execute(
            "delete from identity.scored_pairs; delete from identity.calibration; drop table if exists identity.compared_people"
        )
        return 0
    with workplace(con) as (work, api):
        make_compared(work, WORK_SCHEMA)
        calibration = _standing_calibration(work, model, records)
        is_all = everything or calibration is None
        _mark_changed(work, is_all)
        if calibration is None:
            blocks = choose_blocks(work, WORK_SCHEMA, records)
            count_frequencies(work, model.settings)
        else:
            blocks = calibration.blocks
        pairs = predict(
            work,
            api,
            model.settings,
            blocks,
            only_changed=not is_all,
            # of the calibration's records, so that a night keeps the pairs that scoring everything would
            least=_least_weight(model, calibration.records if calibration else records),
        )
        if calibration is None:
            _, shift = learn_prior(work, pairs, model.settings["probability_two_random_records_match"], records)
            calibration = Calibration(records, shift, blocks)
        _store(work, model, calibration, pairs)
    return int(scalar(con, "select count(*) from identity.scored_pairs"))


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
    if not rows or _columns(con, "identity") != _columns(con, WORK_SCHEMA):
        return None
    calibration = Calibration(int(rows[0][0]), float(rows[0][1]), json.loads(rows[0][2]))
    if abs(records - calibration.records) > _MAX_GROWTH * calibration.records:
        return None
    return calibration if blocks_fit(con, WORK_SCHEMA, calibration.blocks, records) else None


def _mark_changed(con: duckdb.DuckDBPyConnection, is_all: bool) -> None:
    """Adds is_changed to the compared people: new, or another in anything that is compared."""
    changed = (
        "true"
        if is_all
        else f"unique_id in (select unique_id from (from {WORK_SCHEMA}.compared_people except from identity.compared_people))"
    )
    con.execute(
        f"create or replace table {WORK_SCHEMA}.compared_people as select *, {changed} as is_changed from {WORK_SCHEMA}.compared_people"
    )


def count_frequencies(con: duckdb.DuckDBPyConnection, settings: dict[str, Any], into: str = _STANDING) -> None:
    """Fills the table `into` (column_name, value, frequency) from the scratch schema's `compared_people`."""
    shares = _known_shares(settings)
    con.execute(f"create or replace table {into} ({_FREQUENCY_SHAPE})")
    for column in FREQUENCY_COLUMNS:
        known = {"known": _KNOWN_RECORDS if column in shares else 0, "share": shares.get(column, 0)}
        con.execute(_FREQUENCIES.format(column=column, schema=WORK_SCHEMA, into=into, **known))


def _known_shares(settings: dict[str, Any]) -> dict[str, float]:
    """How often two records that are not one person have the same value, by column, as the model knows."""
    return {
        level["tf_adjustment_column"]: level["u_probability"]
        for comparison in settings["comparisons"]
        for level in comparison["comparison_levels"]
        if level.get("tf_adjustment_column")
        and "u_probability" in level
        and level["label_for_charts"].startswith("Exact match")
    }


def _least_weight(model: Model, records: int) -> float:
    """Bits below which no pair is kept, before the calibration's shift: of few records more are one person than the
    model expects, of each record about one other."""
    expected = _log_odds(1 / records) - _log_odds(model.settings["probability_two_random_records_match"])
    return _MIN_WEIGHT - max(0.0, expected)


def _store(con: duckdb.DuckDBPyConnection, model: Model, calibration: Calibration, pairs: str) -> None:
    """Replaces the pairs of changed and vanished records in one transaction: a run that is killed leaves them as they were."""
    outdated = f"select unique_id from {WORK_SCHEMA}.compared_people where not is_changed"
    con.execute(
        f"""
        begin;
        delete from identity.scored_pairs where left_id not in ({outdated}) or right_id not in ({outdated});
        insert into identity.scored_pairs select least(unique_id_l, unique_id_r), greatest(unique_id_l, unique_id_r),
            match_weight + {calibration.shift}, {probability(calibration.shift)} from {pairs}
            where match_weight + {calibration.shift} >= {_MIN_WEIGHT};
        create or replace table identity.compared_people as select * exclude (is_changed) from {WORK_SCHEMA}.compared_people;
        delete from identity.calibration;
        insert into identity.calibration values
            ({text(model.version)}, {calibration.records}, {calibration.shift}, {text(json.dumps(calibration.blocks))});
        commit
        """
    )


def _columns(con: duckdb.DuckDBPyConnection, schema: str) -> list[tuple[str, str]]:
    """Name and type of each column of the schema's `compared_people`; none where it is not there."""
    return con.execute(
        "select column_name, data_type from duckdb_columns() where schema_name = $schema and table_name = 'compared_people' "
        "order by column_index",
        {"schema": schema},
    ).fetchall()


def _has_table(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    return bool(
        scalar(
            con, f"select count(*) from duckdb_tables() where schema_name = 'identity' and table_name = {text(table)}"
        )
    )


def predict(
    con: duckdb.DuckDBPyConnection,
    api: Any,
    settings: dict[str, Any],
    blocks: list[list[str]],
    *,
    only_changed: bool = False,
    frequencies: str = _STANDING,
    with_levels: bool = False,
    least: float = _MIN_WEIGHT,
) -> str:
    """The name of Splink's table of scored pairs of `compared_people`, with each comparison's level if wanted.

    `frequencies` is the table that says how frequent a value is: the calibration's, or another.
    """
    linker = _linker(
        con,
        api,
        {
            **settings,
            "retain_matching_columns": with_levels,
            "additional_columns_to_retain": ["is_changed"] if only_changed else [],
        },
        blocking_rules(blocks, only_changed=only_changed),
        frequencies,
    )
    return f"{WORK_SCHEMA}.{linker.inference.predict(threshold_match_weight=least).physical_name}"


def weigh_pairs(
    con: duckdb.DuckDBPyConnection, model: Model, pairs: list[tuple[int, int]]
) -> dict[tuple[int, int], list[tuple[str, str, float]]]:
    """What each pair's weight is made of, as it was scored: (comparison, what was found, bits), the prior first.

    Pairs are (left_id < right_id). Without a calibration (too few records for the model) nothing is weighed.
    """
    rows = []
    if _has_table(con, "calibration") and pairs:
        rows = con.execute("select shift from identity.calibration where model_version = ?", [model.version]).fetchall()
    if not rows:
        return {}
    wanted = {record for pair in pairs for record in pair}
    with workplace(con) as (work, api):
        work.execute(f"create table {WORK_SCHEMA}.compared_people as from identity.compared_people "
                     "where list_contains($ids, unique_id)", {"ids": sorted(wanted)})  # fmt: skip
        details = {**model.settings, "retain_matching_columns": True, "retain_intermediate_calculation_columns": True}
        linker = _linker(work, api, details, ["1 = 1"])
        cursor = work.execute(f"from {WORK_SCHEMA}.{linker.inference.predict().physical_name}")
        names = [column[0] for column in cursor.description or []]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    prior = model.settings["probability_two_random_records_match"]
    before = (
        "beforehand",
        "few pairs of records are one person",
        _log_odds(prior) + rows[0][0],
    )
    weighed = {}
    for row in found:
        pair = tuple(sorted((row["unique_id_l"], row["unique_id_r"])))
        if pair in pairs:
            weighed[pair] = [before, *_steps(model.settings["comparisons"], row)]
    return weighed


def _steps(comparisons: list[dict[str, Any]], row: dict[str, Any]) -> list[tuple[str, str, float]]:
    steps = []
    for comparison in comparisons:
        name = comparison["output_column_name"]
        levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        gamma = row[f"gamma_{name}"]
        found = (
            "not known on one side"
            if gamma < 0
            else _in_plain_words(levels[len(levels) - 1 - gamma]["label_for_charts"])
        )
        steps.append(
            (
                name.removesuffix("_key").replace("_", " "),
                found,
                float(row[f"mw_{name}"] + (row.get(f"mw_tf_adj_{name}") or 0)),
            )
        )
    return steps


_NAMES = {
    "given_here": "given name", "family_key": "family name", "birth_text": "birth date", "email_key": "email address",
    "phone_key": "phone number", "postal_key": "postal code", "city_key": "place",
}  # fmt: skip


def _in_plain_words(label: str) -> str:
    exact, _, column = label.partition("Exact match on ")
    if column:
        return f"the same {_NAMES.get(column, column.removesuffix('_key'))}"
    return "different" if exact == "All other comparisons" else exact


def _linker(
    con: duckdb.DuckDBPyConnection, api: Any, settings: dict[str, Any], rules: list[str], frequencies: str = _STANDING
) -> Any:
    """Splink's linker on the scratch schema's `compared_people`."""
    from splink import Linker

    blocking = [{"blocking_rule": rule, "sql_dialect": "duckdb"} for rule in rules]
    linker = Linker(
        api.register("compared_people"),
        {**settings, "blocking_rules_to_generate_predictions": blocking},
        log_level="CRITICAL",
        validate_settings=False,
    )
    for column in FREQUENCY_COLUMNS:
        con.execute(_FREQUENCY_TABLE.format(column=column, schema=WORK_SCHEMA, counted=frequencies))
        linker.table_management.register_term_frequency_lookup(api.register(f"frequencies_{column}"), column)
    return linker


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
