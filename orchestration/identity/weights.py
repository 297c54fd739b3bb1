"""What the weight of a pair is made of, comparison by comparison, in plain words. Not here: how it is shown (explain.py)."""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.core.warehouse import has_table
from orchestration.identity.model import Model
from orchestration.identity.scoring import WORK_SCHEMA, log_odds, predict, workplace


def weigh_pairs(
    con: duckdb.DuckDBPyConnection, model: Model, pairs: list[tuple[int, int]]
) -> dict[tuple[int, int], list[tuple[str, str, float]]]:
    """What each pair's weight is made of, as it was scored: (comparison, what was found, bits), the prior first.

    Pairs are (left_id < right_id). Without a calibration (too few records for the model) nothing is weighed.
    """
    rows = []
    if has_table(con, "identity", "calibration") and pairs:
        rows = con.execute("select shift from identity.calibration where model_version = ?", [model.version]).fetchall()
    if not rows:
        return {}
    wanted = {record for pair in pairs for record in pair}
    with workplace(con) as (work, api):
        work.execute(f"create table {WORK_SCHEMA}.compared_people as from identity.compared_people "
                     "where list_contains($ids, unique_id)", {"ids": sorted(wanted)})  # fmt: skip
        details = {**model.settings, "retain_matching_columns": True, "retain_intermediate_calculation_columns": True}
        cursor = work.execute(f"from {predict(work, api, details, ['1 = 1'], least=None)}")
        names = [column[0] for column in cursor.description or []]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    prior = model.settings["probability_two_random_records_match"]
    before = (
        "beforehand",
        "few pairs of records are one person",
        log_odds(prior) + rows[0][0],
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
