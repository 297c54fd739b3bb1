"""The probabilistic model: trained without labels, stored as JSON with a version, applied to pairs. Here: Splink.

Not here: what is compared (comparisons.py), or which scored pairs become edges (edges.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.errors import KundbildError
from orchestration.home import Home
from orchestration.identity.comparisons import COMPARISONS_VERSION, blocking_rules, comparisons, make_compared
from orchestration.identity.vetoes import define_vetoes
from orchestration.warehouse import quote, scalar

DEFAULT_MODEL = Path(__file__).parent / "default_model.json"
# fewer records teach nothing, and what is frequent among them says nothing: only rules join them
MIN_RECORDS = 500
_SCHEMA = "identity_work"
# of pairs that differ more than this, in bits, nothing is kept
_MIN_WEIGHT = -6.0
_SAMPLED_PAIRS = 2_000_000
# pairs that are surely one person, and the share of true pairs that such rules find: only where EM starts from
_SURE = (
    "l.given_key = r.given_key and l.family_key = r.family_key and l.birth_text = r.birth_text",
    "l.email_key = r.email_key and l.given_key = r.given_key",
    "l.phone_key = r.phone_key and l.given_key = r.given_key",
)
_SURE_RECALL = 0.6
_VETOED_ROUNDS = 2
_SMOOTHING = 0.5
# what the prior of the model is worth against the pairs of a set: on a handful of records it decides
_KNOWN_PAIRS = 10_000
# what holds a household together (address, family name) is left out: EM would learn what a family is
_TRAINED_ON = (("given_key", "family_key"), ("birth_text",), ("email_key",))


@dataclass(frozen=True)
class Model:
    """Trained Splink settings. `version` names them in every edge: a digest, so that no two models share it."""

    settings: dict[str, Any]
    trained_on_records: int

    @property
    def version(self) -> str:
        digest = hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()
        return f"splink-{COMPARISONS_VERSION}-{digest[:8]}"

    def save(self, path: Path) -> None:
        path.write_text(
            json.dumps(
                {
                    "comparisons_version": COMPARISONS_VERSION,
                    "trained_on_records": self.trained_on_records,
                    "settings": self.settings,
                },
                indent=1,
            )
            + "\n",
            encoding="utf-8",
        )

    @classmethod
    def load(cls, path: Path) -> Model:
        """Raises KundbildError where the file is no model, or compares in another way than this version does."""
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            version, settings, records = (stored[k] for k in ("comparisons_version", "settings", "trained_on_records"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise KundbildError(
                "this is no identity model", where=str(path), to_do="`kundbild identity train` makes one"
            ) from error
        if version != COMPARISONS_VERSION:
            raise KundbildError(
                f"the identity model is of version {version}; this Kundbild compares by version {COMPARISONS_VERSION}",
                where=str(path),
                to_do="`kundbild identity train` makes a new one; or take the file away, and the default model serves",
            )
        return cls(settings, records)


def train(con: duckdb.DuckDBPyConnection, seed: int = 1) -> Model:
    """Learns the model from `identity.normalised_people` and `identity.identifiers`, without labels.

    Splink's EM comes first. It takes families for people, for they share so much; so it is followed by rounds of EM
    over all the pairs that are compared at night, without those that are vetoed.
    """
    from splink import Linker, SettingsCreator, block_on

    define_vetoes(con)
    with _workplace(con) as (work, api):
        filled = make_compared(work, _SCHEMA)
        settings = SettingsCreator(
            link_type="dedupe_only",
            comparisons=comparisons(filled),
            blocking_rules_to_generate_predictions=[],
            retain_matching_columns=False,
            max_iterations=30,
        )
        linker = Linker(api.register("compared_people"), settings, log_level="CRITICAL")
        linker.training.estimate_probability_two_random_records_match(list(_SURE), recall=_SURE_RECALL)
        linker.training.estimate_u_using_random_sampling(max_pairs=_SAMPLED_PAIRS, seed=seed)
        for columns in _TRAINED_ON:
            if all(filled[column] for column in columns):
                linker.training.estimate_parameters_using_expectation_maximisation(block_on(*columns))
        trained = _without_names(linker.misc.save_model_to_json())
    for _ in range(_VETOED_ROUNDS):
        trained = _without_families(con, trained)
    return Model(trained, filled["unique_id"])


def _without_families(con: duckdb.DuckDBPyConnection, settings: dict[str, Any]) -> dict[str, Any]:
    """One round of EM: how often each level holds among pairs that are one person, by what the model says of each."""
    settings = json.loads(json.dumps(settings))
    with _workplace(con) as (work, api):
        pairs = _predict(work, api, settings, with_levels=True)
        work.execute(
            "create or replace temp table trusted as "
            f"select p.* from {pairs} p join identity.normalised_people a on a.record_id = p.unique_id_l "
            "join identity.normalised_people b on b.record_id = p.unique_id_r where identity.veto_reason(a, b) is null"
        )
        records = scalar(work, "select count(*) from identity.normalised_people")
        prior, shift = _prior(
            work, "trusted", "match_weight", settings["probability_two_random_records_match"], records
        )
        settings["probability_two_random_records_match"] = prior
        for comparison in settings["comparisons"]:
            gamma = quote(f"gamma_{comparison['output_column_name']}")
            found = dict(
                work.execute(
                    f"select {gamma}, sum(1 / (1 + power(2, -(least(match_weight, 60) + {shift})))) from trusted "
                    f"where {gamma} >= 0 group by all"
                ).fetchall()
            )
            levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
            total = sum(found.values()) + _SMOOTHING * len(levels)
            for number, level in enumerate(reversed(levels)):
                level["m_probability"] = (found.get(number, 0.0) + _SMOOTHING) / total
                level.setdefault("u_probability", 1 / _SAMPLED_PAIRS)
    return settings


def nightly_model(home: Home) -> Model:
    """The company's own model where `kundbild identity train` made one, else the default one."""
    return Model.load(home.identity_model if home.identity_model.exists() else DEFAULT_MODEL)


def fitting_model(con: duckdb.DuckDBPyConnection) -> Model:
    """A model trained on the records themselves where there are enough of them, else the default one."""
    if scalar(con, "select count(*) from identity.normalised_people") >= MIN_RECORDS:
        return train(con)
    return Model.load(DEFAULT_MODEL)


def _without_names(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings without what differs from training to training by chance."""
    return {
        key: value
        for key, value in settings.items()
        if key not in ("linker_uid", "blocking_rules_to_generate_predictions")
    }


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
    with _workplace(con) as (work, api):
        pairs = _predict(work, api, model.settings)
        _, shift = _prior(work, pairs, "match_weight", model.settings["probability_two_random_records_match"], records)
        work.execute(
            f"insert into identity.scored_pairs select least(unique_id_l, unique_id_r), greatest(unique_id_l, unique_id_r), "
            f"match_weight + {shift}, 1 / (1 + power(2, -(least(match_weight, 60) + {shift}))) from {pairs}"
        )
    return int(scalar(con, "select count(*) from identity.scored_pairs"))


def _predict(work: duckdb.DuckDBPyConnection, api: Any, settings: dict[str, Any], *, with_levels: bool = False) -> str:
    """The name of Splink's table of scored pairs, with each comparison's level if wanted."""
    from splink import Linker

    records = make_compared(work, _SCHEMA)["unique_id"]
    rules = [_as_rule(rule) for rule in blocking_rules(work, _SCHEMA, records)]
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
    return f"{_SCHEMA}.{linker.inference.predict(threshold_match_weight=_MIN_WEIGHT).physical_name}"


def _prior(
    con: duckdb.DuckDBPyConnection, pairs: str, weight: str, trained: float, records: int
) -> tuple[float, float]:
    """(share of all pairs that are one person, bits to add to every weight): EM on the prior alone."""
    everything = records * (records - 1) / 2
    prior, shift = trained, 0.0
    for _ in range(50):
        expected = scalar(
            con, f"select coalesce(sum(1 / (1 + power(2, -(least({weight}, 60) + {shift})))), 0) from {pairs}"
        )
        fresh = (expected + trained * _KNOWN_PAIRS) / (everything + _KNOWN_PAIRS)
        shift = _log_odds(fresh) - _log_odds(trained)
        if abs(fresh - prior) < 1e-3 * prior:
            break
        prior = fresh
    return fresh, shift


def _log_odds(probability: float) -> float:
    from math import log2

    return log2(probability / (1 - probability))


def _as_rule(rule: Any) -> Any:
    return rule if isinstance(rule, str) else rule.get_blocking_rule("duckdb").as_dict()


@contextmanager
def _workplace(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[duckdb.DuckDBPyConnection, Any]]:
    """A cursor whose schema is a scratch one, for what Splink leaves behind; dropped on the way out."""
    from splink import DuckDBAPI

    work = con.cursor()
    work.execute(f"drop schema if exists {_SCHEMA} cascade")
    try:
        yield work, DuckDBAPI(work, output_schema=_SCHEMA)
    finally:
        work.execute(f"set schema 'main'; drop schema if exists {_SCHEMA} cascade")
        work.close()
