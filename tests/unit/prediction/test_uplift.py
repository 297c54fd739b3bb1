"""`kundbild scores uplift`: who is moved is found, chance is not, and files that do not fit are told."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from orchestration.cli.scores import scores_app
from orchestration.core.errors import KundbildError
from orchestration.prediction.uplift.learner import SAME, learn_lift
from orchestration.prediction.uplift.qini import qini, tenths
from orchestration.prediction.uplift.uplift_file import uplift_of_file
from tests.bench.truth import expected_qini

COLUMNS = {"arm": "variant", "control": "none", "outcome": "bought", "id_column": "customer"}


def campaign(count, seed=0, effect=0.25, **more):
    """Who visits a lot buys anyway; only who is new is moved. Returns (rows, the true lift of each)."""
    rng = np.random.default_rng(seed)
    visits, months = rng.poisson(5, count), rng.integers(1, 60, count)
    base = 1 / (1 + np.exp(2.5 - 0.3 * visits))
    lift = np.where(months < 20, effect * (1 - base), 0)
    sent = rng.random(count) < 0.7
    bought = rng.random(count) < base + sent * lift
    rows = [
        {"customer": f"c{n}", "variant": "blue" if sent[n] else "none", "visits": visits[n], "months": months[n],
         "bought": "yes" if bought[n] else "no"} | {c: value(sent[n], rng) for c, value in more.items()}
        for n in range(count)
    ]  # fmt: skip
    return rows, lift


@pytest.fixture
def file(tmp_path):
    def write(rows):
        path = tmp_path / "sent.csv"
        with path.open("w", encoding="utf-8", newline="") as made:
            writer = csv.DictWriter(made, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


def test_who_is_moved_is_ranked_first_and_who_buys_anyway_is_not(file):
    rows, true = campaign(4000)
    found = uplift_of_file(file(rows), **COLUMNS)
    assert expected_qini(found.lift, true) > 0.8 * expected_qini(true, true)
    assert found.qini.low > 0 and "better than chance" in found.verdict
    assert found.mean.lift_low < true.mean() < found.mean.lift_high
    visits = np.array([row["visits"] for row in rows])
    assert expected_qini(visits, true) < 0.1 * expected_qini(true, true)
    first, last = found.tenths[0], found.tenths[-1]
    assert first["lift"] > last["lift"] + 0.1 and first["lift_low"] > 0 > last["lift_low"]
    assert sum(t["customers"] for t in found.tenths) == 4000


@pytest.mark.parametrize("seeds", [[0], pytest.param([1, 2, 3, 4, 5], marks=pytest.mark.slow)])
def test_where_nobody_is_moved_it_says_so(file, seeds):
    found = [uplift_of_file(file(campaign(800, seed=seed, effect=0.0)[0]), **COLUMNS) for seed in seeds]
    # one of 40 is wrong by chance
    assert sum(one.qini.low > 0 for one in found) <= len(seeds) // 5
    assert sum("cannot tell" in one.verdict for one in found) >= len(seeds) * 3 / 5


def test_what_was_written_after_the_campaign_is_not_learnt_from(file):
    rows, _ = campaign(1000, opened=lambda sent, rng: int(sent and rng.random() < 0.5), postcode=lambda *_: "123 45")
    found = uplift_of_file(file(rows), **COLUMNS)
    assert set(found.features.kinds) == {"visits", "months"}
    assert "written after the campaign" in found.features.left_out["opened"]
    assert found.features.left_out["postcode"].startswith("may stand for origin")


def test_the_command_tells_a_machine_and_a_person(file):
    rows, _ = campaign(600)
    rows[0]["variant"], rows[1]["bought"], rows[2]["bought"] = "", "", "perhaps"
    options = ["--arm", "variant", "--control", "none", "--outcome", "bought", "--id", "customer"]
    made = str(file(rows))
    told = json.loads(CliRunner().invoke(scores_app, ["uplift", made, *options, "--json"]).stdout)
    assert told["customer_count"] == 597 and sum(told["rows_left_out"].values()) == 3
    assert [c["rank"] for c in told["customers"]] == [*range(1, 598)] and told["customers"][0]["tenth"] == 1
    lifts = [c["lift"] for c in told["customers"]]
    assert lifts == sorted(lifts, reverse=True) and told["qini"]["low"] <= told["qini"]["value"] <= told["qini"]["high"]
    printed = CliRunner().invoke(scores_app, ["uplift", made, *options])
    assert printed.exit_code == 0 and "Mean lift" in printed.stdout and "Left out: 1 rows (no arm)" in printed.stdout


def test_amounts_are_lifted_too_and_few_customers_are_no_error(file):
    rows, true = campaign(3000)
    for row in rows:
        row["bought"] = 120 if row["bought"] == "yes" else 0
    found = uplift_of_file(file(rows), **COLUMNS)
    assert found.kind == "mean" and expected_qini(found.lift, true) > 0.6 * expected_qini(true, true)
    few = uplift_of_file(file(campaign(40)[0]), **COLUMNS)
    assert set(few.learnt_by) == {SAME} and len({round(one, 9) for one in few.lift}) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"control": "nobody"}, "0 customers of sent.csv with an outcome have the control 'nobody' in variant"),
        ({"outcome": "gain"}, "has no column gain"),
        ({"outcome": "variant"}, "arm, outcome and id are three columns"),
    ],
)
def test_a_file_that_does_not_fit_is_told(file, change, told):
    with pytest.raises(KundbildError, match=told):
        uplift_of_file(file(campaign(100)[0]), **{**COLUMNS, **change})


def test_a_qini_by_hand():
    treated = np.array([True, False] * 100)
    lift = np.repeat(np.arange(100)[::-1], 2).astype(float)
    # the upper half is moved, all of them
    outcome = (treated & (lift >= 50)).astype(float)
    found = qini(lift, treated, outcome)
    assert found.curve[49][1] == pytest.approx(0.5) and found.curve[-1][1:] == (pytest.approx(0.5), pytest.approx(0.5))
    assert found.value == pytest.approx(0.125, abs=0.002) == expected_qini(lift, (lift >= 50).astype(float))
    table = tenths(lift, treated, outcome, is_rate=True)
    assert [row["lift"] for row in table] == [1.0] * 5 + [0.0] * 5


@pytest.mark.parametrize("answers", [("yes", "no"), ("100", "0")])
def test_several_rows_of_one_customer_are_one_person(file, answers):
    """Of six campaigns that the same customers were held out of: whoever buys anyway buys often, which is no six answers."""
    rng = np.random.default_rng(6)
    held, buyer = rng.random(400) < 0.3, rng.random(400) < 0.3
    rows = [
        {"customer": f"c{n}", "variant": "none" if held[n] else "blue", "months": rng.integers(1, 60),
         "bought": answers[0] if buyer[n] and rng.random() < 0.8 else answers[1]}
        for _ in range(6) for n in range(400)
    ]  # fmt: skip
    found = uplift_of_file(file(rows), **COLUMNS)
    assert found.customers == 2400 and found.mean.customers == 6 * int((~held).sum())
    unit = 1 if answers[0] == "yes" else 100
    least = (0.3 * 0.7 * 0.8**2 * (1 / held.sum() + 1 / (~held).sum())) ** 0.5
    assert found.mean.lift_high - found.mean.lift_low > 2 * 1.96 * least * unit * 0.85
    if unit == 1:
        tenth = found.tenths[0]
        assert tenth["lift_low"] <= tenth["lift"] <= tenth["lift_high"]


def test_few_of_an_arm_get_the_same_lift():
    rng = np.random.default_rng(0)
    treated, outcome = np.arange(300) % 30 > 0, (rng.random(300) < 0.5).astype(float)
    learner = learn_lift({"x": rng.normal(size=300)}, {"x": "number"}, treated, outcome)
    assert learner.kind == SAME and len(set(learner.predict({"x": rng.normal(size=9)}))) == 1
