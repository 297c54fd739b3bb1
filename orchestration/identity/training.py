"""Learning the model from the records themselves, without labels. Here: Splink's EM, and EM without vetoed pairs.

Not here: the model's file (model.py), applying it (scoring.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.home import Home
from orchestration.core.settings import Identity
from orchestration.core.warehouse import quote, scalar
from orchestration.identity.blocks import blocking_rules, choose_blocks
from orchestration.identity.comparisons import comparisons, make_compared
from orchestration.identity.decisions import assert_people
from orchestration.identity.frequencies import count_frequencies
from orchestration.identity.model import DEFAULT_MODEL, MIN_RECORDS, Model
from orchestration.identity.resolve import prepare_people
from orchestration.identity.scoring import WORK_SCHEMA, learn_prior, predict, probability, workplace
from orchestration.identity.vetoes import define_vetoes

_SAMPLED_PAIRS = 2_000_000
# pairs that are surely one person, and the share of true pairs that such rules find: only where EM starts from
_SURE = (
    "l.given_key = r.given_key and l.family_key = r.family_key and l.birth_text = r.birth_text",
    "l.email_key = r.email_key and l.given_key = r.given_key",
    "l.phone_key = r.phone_key and l.given_key = r.given_key",
)
_SURE_RECALL = 0.6
# what holds a household together (address, family name) is left out: EM would learn what a family is
_TRAINED_ON = (("given_key", "family_key"), ("birth_text",), ("email_key",))
_VETOED_ROUNDS = 2
# pairs that every level is given beforehand, so that none is impossible
_SMOOTHING = 0.5
# pairs that the default model's shares are worth
_KNOWN_PAIRS = 50
# rounds of Splink's EM: fewer where these run a share down to nothing; and what is kept of a share near nothing
_ITERATIONS = (30, 10, 4)
_LEAST_SHARE = 1e-12


def train(con: duckdb.DuckDBPyConnection, seed: int = 1) -> Model:
    """Learns the model from `identity.normalised_people` and `identity.identifiers`, without labels.

    Splink's EM comes first. It takes families for people, for they share so much; so it is followed by rounds of EM
    over all the pairs that are compared at night, without those that are vetoed.
    Raises KundbildError where the records are too few to learn from.
    """
    records = scalar(con, "select count(*) from identity.normalised_people")
    if records < MIN_RECORDS:
        raise KundbildError(
            f"{records} records are too few to learn from: {MIN_RECORDS} are needed",
            to_do="the default model is made for so few; train when there are more",
        )
    define_vetoes(con)
    trained = _by_splink(con, seed)
    for _ in range(_VETOED_ROUNDS):
        trained = _without_families(con, trained)
    return Model(trained, records)


def _by_splink(con: duckdb.DuckDBPyConnection, seed: int) -> dict[str, Any]:
    """Settings after Splink's own training. On few records EM may run a share down to nothing, which Splink refuses:
    then it is stopped earlier; the rounds that follow fix what is lost."""
    from splink import Linker, SettingsCreator, block_on

    for iterations in _ITERATIONS:
        with workplace(con) as (work, api):
            filled = make_compared(work, WORK_SCHEMA)
            settings = SettingsCreator(
                link_type="dedupe_only",
                comparisons=comparisons(filled),
                blocking_rules_to_generate_predictions=[],
                retain_matching_columns=False,
                max_iterations=iterations,
            )
            linker = Linker(api.register("compared_people"), settings, log_level="CRITICAL")
            linker.training.estimate_probability_two_random_records_match(list(_SURE), recall=_SURE_RECALL)
            linker.training.estimate_u_using_random_sampling(max_pairs=_SAMPLED_PAIRS, seed=seed)
            try:
                for columns in _TRAINED_ON:
                    if all(filled[column] for column in columns):
                        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*columns))
            except ValueError as error:
                if "below the minimum" not in str(error):
                    raise
                continue
            return _without_names(linker.misc.save_model_to_json())
    raise KundbildError(
        "nothing can be learned from these records: Splink's probabilities go to zero",
        to_do="leave the default model in place, or train when there are more records",
    )


def train_nightly_model(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    settings: Identity,
    step: Callable[[str, int], None] = lambda name, rows: None,
) -> Model:
    """Trains on the people of the last night and stores the model where the next night finds it. Raises KundbildError before the
    first one."""
    assert_people(con)
    prepare_people(con, settings, step)
    model = train(con)
    model.save(home.identity_model)
    return model


def _without_families(con: duckdb.DuckDBPyConnection, settings: dict[str, Any]) -> dict[str, Any]:
    """One round of EM: how often each level holds among pairs that are one person, by what the model says of each."""
    settings = json.loads(json.dumps(settings))
    with workplace(con) as (work, api):
        blocks = choose_blocks(work, WORK_SCHEMA, make_compared(work, WORK_SCHEMA)["unique_id"])
        # in a table of its own: the standing calibration is the night's
        frequencies = f"{WORK_SCHEMA}.counted_frequencies"
        count_frequencies(work, settings, WORK_SCHEMA, frequencies)
        with_levels = {**settings, "retain_matching_columns": True}
        pairs = predict(work, api, with_levels, blocking_rules(blocks), frequencies=frequencies)
        work.execute(
            "create or replace temp table trusted as "
            f"select p.* from {pairs} p join identity.normalised_people a on a.record_id = p.unique_id_l "
            "join identity.normalised_people b on b.record_id = p.unique_id_r where identity.veto_reason(a, b) is null"
        )
        records = scalar(work, "select count(*) from identity.normalised_people")
        prior, shift = learn_prior(work, "trusted", settings["probability_two_random_records_match"], records)
        settings["probability_two_random_records_match"] = prior
        for comparison in settings["comparisons"]:
            gamma = quote(f"gamma_{comparison['output_column_name']}")
            found = dict(
                work.execute(
                    f"select {gamma}, sum({probability(shift)}) from trusted where {gamma} >= 0 group by all"
                ).fetchall()
            )
            levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
            before = _known_before(comparison["output_column_name"], levels)
            total = sum(found.values()) + sum(before)
            for number, (level, known) in enumerate(zip(reversed(levels), reversed(before), strict=True)):
                level["m_probability"] = (found.get(number, 0.0) + known) / total
                level.setdefault("u_probability", 1 / _SAMPLED_PAIRS)
    return settings


def _known_before(comparison: str, levels: list[dict[str, Any]]) -> list[float]:
    """Pairs that each level is given beforehand: what a small set does not show, the default model knows."""
    try:
        known = {
            level["label_for_charts"]: level["m_probability"]
            for other in Model.load(DEFAULT_MODEL).settings["comparisons"]
            if other["output_column_name"] == comparison
            for level in other["comparison_levels"]
            if not level.get("is_null_level")
        }
    except KundbildError:  # the default model itself is being made
        known = {}
    return [_SMOOTHING + _KNOWN_PAIRS * known.get(level["label_for_charts"], 0.0) for level in levels]


def fitting_model(con: duckdb.DuckDBPyConnection) -> Model:
    """A model trained on the records themselves where there are enough of them, else the default one."""
    if scalar(con, "select count(*) from identity.normalised_people") >= MIN_RECORDS:
        return train(con)
    return Model.load(DEFAULT_MODEL)


def _without_names(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings without what differs from training to training by chance, and without what EM took for impossible."""
    for comparison in settings["comparisons"]:
        for level in comparison["comparison_levels"]:
            for share in ("m_probability", "u_probability"):
                if level.get(share) is not None:
                    level[share] = max(level[share], _LEAST_SHARE)
    return {
        key: value
        for key, value in settings.items()
        if key not in ("linker_uid", "blocking_rules_to_generate_predictions")
    }
