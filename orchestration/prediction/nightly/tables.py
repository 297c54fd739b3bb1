"""The schema `scores`: fits, their quality, and the rows of customers. Here: its tables and what is written. Not here: deciding."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table, scalar
from orchestration.prediction.nightly.estimators import About, Estimator, Measure

# a string of the module: migrations read it
_DDL = sql_script(__file__, "tables")
# of two fits of one night, as of one that was asked for, the later one counts
_NEWEST = """
select version, as_of, inputs, content, without_scores from scores.score_models
where model = $model and not is_held_back order by as_of desc, rowid desc limit 1
"""
_STANDING = """
select model, version from scores.score_models where not is_held_back
qualify row_number() over (partition by model order by as_of desc, rowid desc) = 1 order by model
"""
_LAST_TRIED = "select version, as_of, inputs from scores.score_models where model = $model order by as_of desc, rowid desc limit 1"
# keeps quality for all fits, model content only for the active and last tried
_FORGET = """
delete from scores.score_models where model = $model and version not in ($standing, $tried)
"""


@dataclass(frozen=True)
class Standing:
    """The fit that scores."""

    version: str
    as_of: datetime
    inputs: str
    content: dict[str, Any]
    without_scores: list[str]


def prepare_scores(con: duckdb.DuckDBPyConnection) -> None:
    """Makes the tables where there are none yet."""
    con.execute(_DDL)


def standing_fit(con: duckdb.DuckDBPyConnection, model: str) -> Standing | None:
    rows = con.execute(_NEWEST, {"model": model}).fetchall()
    if not rows:
        return None
    version, as_of, inputs, content, without_scores = rows[0]
    return Standing(version, as_of, inputs, json.loads(content), without_scores)


def standing_versions(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """(model, version) of the fits that score; [] before the first night."""
    return con.execute(_STANDING).fetchall() if has_table(con, "scores", "score_models") else []


def last_tried(con: duckdb.DuckDBPyConnection, model: str) -> tuple[str, datetime, str] | None:
    """(version, as of when, inputs) of the newest fit, held back or not."""
    rows = con.execute(_LAST_TRIED, {"model": model}).fetchall()
    return rows[0] if rows else None


def forget_fits(con: duckdb.DuckDBPyConnection, model: str, unless_like: str = "") -> None:
    """Takes a model's fits away; of `unless_like`, those whose inputs do not begin so."""
    con.execute(
        "delete from scores.score_models where model = $1 and ($2 = '' or not starts_with(inputs, $2))",
        [model, unless_like],
    )


def note_fit(
    con: duckdb.DuckDBPyConnection,
    model: str,
    fit: Standing,
    *,
    measures: Sequence[Measure],
    baselines: Mapping[str, str],
    about: Mapping[str, About],
    held_back: bool,
    why: Mapping[str, str],
) -> None:
    """Keeps a fit and its quality, in place of another of the same version. Needs a transaction."""
    con.execute("delete from scores.score_models where version = $1", [fit.version])
    con.execute("delete from scores.score_quality where version = $1", [fit.version])
    con.execute(
        "insert into scores.score_models values ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            model, fit.version, fit.as_of, fit.inputs, json.dumps(fit.content), held_back, fit.without_scores,
            json.dumps({score: asdict(one) for score, one in about.items()}),
        ],
    )  # fmt: skip
    for m in measures:
        con.execute(
            "insert into scores.score_quality values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            [
                m.score, fit.version, fit.as_of, m.measure, m.value, m.baseline_value, m.error,
                baselines.get(m.score, ""), held_back or m.score in why, why.get(m.score, ""),
            ],
        )  # fmt: skip
    standing = standing_fit(con, model)
    con.execute(_FORGET, {"model": model, "standing": standing.version if standing else "", "tried": fit.version})


def about_of(con: duckdb.DuckDBPyConnection, version: str, score: str) -> About | None:
    """What the card of a score says of the fit; None of a fit that is not kept, or says nothing."""
    rows = con.execute("select about from scores.score_models where version = $1", [version]).fetchall()
    told = json.loads(rows[0][0]).get(score) if rows else None
    return None if told is None else About(**{**told, "curve": [tuple(one) for one in told["curve"]]})


def measures_of(con: duckdb.DuckDBPyConnection, version: str) -> list[Measure]:
    rows = con.execute(
        "select score, measure, value, baseline_value, error from scores.score_quality where version = $1", [version]
    ).fetchall()
    return [Measure(*row) for row in rows]


def write_rows(con: duckdb.DuckDBPyConnection, estimator: Estimator, fit: Standing, as_of: datetime) -> int:
    """The estimator's rows out of the temporary table `scored`, in place of those of before. Needs a transaction."""
    forget_rows(con, estimator)
    words = pa.table(
        {"code": pa.array(list(estimator.reasons), pa.string()), "words": pa.array(list(estimator.reasons.values()), pa.string())}
    )  # fmt: skip
    con.register("reason_words", words)
    try:
        values = {"without": fit.without_scores, "version": fit.version, "as_of": as_of}
        return int(scalar(con, sql_script(__file__, "customer_scores"), values))
    finally:
        con.unregister("reason_words")


def forget_rows(con: duckdb.DuckDBPyConnection, estimator: Estimator) -> None:
    """Takes the estimator's rows away. Needs a transaction."""
    names = [score.name for score in estimator.scores]
    con.execute("delete from scores.customer_scores where list_contains($1, score)", [names])
