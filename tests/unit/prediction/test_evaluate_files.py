"""`kundbild scores evaluate`: what it says of Telco, which columns it refuses, and what it says of files that do not fit."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from orchestration.cli.scores import scores_app
from orchestration.core.errors import KundbildError
from orchestration.prediction.classify.classifier import BASE_RATE, LOGISTIC
from orchestration.prediction.classify.evaluate import evaluate_files
from orchestration.prediction.classify.predictions import MODEL
from tests.conftest import shared

COLUMNS = {"label": "churned", "id_column": "customer"}


def rows(count, seed=0, **more):
    """Customers who leave the sooner, the shorter they are there; a plan that matters, and a column of noise."""
    rng = np.random.default_rng(seed)
    months, plan, noise = rng.integers(1, 72, count), rng.choice(["month", "year"], count), rng.normal(size=count)
    logit = 1.0 - months / 15 + 1.5 * (plan == "month")
    left = rng.random(count) < 1 / (1 + np.exp(-logit))
    made = [
        {"customer": f"c{seed}-{n}", "months": months[n], "plan": plan[n], "noise": f"{noise[n]:.3f}", "churned": "yes" if left[n] else "no"}
        for n in range(count)
    ]  # fmt: skip
    for column, value in more.items():
        for n, row in enumerate(made):
            row[column] = value(n, row, rng)
    return made


def write(path, made):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(made[0]))
        writer.writeheader()
        writer.writerows(made)
    return path


@pytest.fixture
def file(tmp_path):
    return lambda made, name="train.csv": write(tmp_path / name, made)


@pytest.mark.slow
def test_telco_is_predicted_better_than_by_a_plain_logistic_regression_and_calibrated():
    found = evaluate_files(
        shared("telco_churn_train") / "telco_churn_train.csv", None, label="Churn", id_column="customerID", folds=5
    )
    model, line, base = (found.quality[m] for m in (MODEL, LOGISTIC, BASE_RATE))
    # the calibration error is the goal's; the AUC of this half of the set is below its .850, as that of the logistic regression is (docs/scores.md)
    assert model["auc"].value >= 0.845 and model["calibration_error"].value <= 0.010
    assert model["average_precision"].value > line["average_precision"].value > base["average_precision"].value
    assert model["auc"].low < model["auc"].value < model["auc"].high and base["auc"].value == 0.5
    assert found.verdict(LOGISTIC) == found.verdict(BASE_RATE) == "better"
    assert {one["column"] for one in found.important[:2]} == {"tenure", "Contract"}
    assert set(found.columns_left_out) == {"customerID", "gender", "SeniorCitizen"}
    assert {(g["column"], g["group"]) for g in found.fairness} == {
        ("gender", "Female"), ("gender", "Male"), ("SeniorCitizen", "0"), ("SeniorCitizen", "1"),
    }  # fmt: skip


def test_a_column_that_was_written_after_the_fact_is_refused_and_told(file):
    reason = {
        "reason_of_leaving": lambda n, row, rng: "price" if row["churned"] == "yes" and rng.random() < 0.98 else ""
    }
    train = file(rows(400, **reason))
    found = evaluate_files(train, None, **COLUMNS, folds=2)
    assert "leakage" in found.columns_left_out["reason_of_leaving"] and found.features.leaks["reason_of_leaving"] > 0.97
    assert set(found.features.kinds) == {"months", "plan", "noise"} and found.quality[MODEL]["auc"].value < 0.95
    kept = evaluate_files(train, None, **COLUMNS, folds=2, keep=["reason_of_leaving"], without=["noise"])
    assert kept.quality[MODEL]["auc"].value > 0.97 and set(kept.features.kinds) == {
        "months",
        "plan",
        "reason_of_leaving",
    }


def test_ids_special_categories_and_proxies_are_refused_with_their_reason(file):
    train = file(
        rows(
            200,
            postal_code=lambda n, row, rng: 100 + n % 7,
            firstName=lambda n, row, rng: ["Anna", "Bo"][n % 2],
            nationality=lambda n, row, rng: ["SE", "NO"][n % 2],
            religion=lambda n, row, rng: ["a", "b"][n % 2],
            health_status=lambda n, row, rng: n % 3,
            email=lambda n, row, rng: f"anna{n % 4}@example.com",
            account_no=lambda n, row, rng: 7_000_000 + n * 977,
            joined=lambda n, row, rng: f"2026-01-{1 + n % 28:02}",
            remark=lambda n, row, rng: f"text {n % 90}",
            always=lambda n, row, rng: "same",
            nothing=lambda n, row, rng: "N/A",
            sex=lambda n, row, rng: ["f", "m"][n % 2],
            age=lambda n, row, rng: 18 + n % 60,
        )
    )
    found = evaluate_files(train, None, **COLUMNS, folds=2)
    assert set(found.features.kinds) == {"months", "plan", "noise"}
    said = found.columns_left_out
    for column, reason in {
        "customer": "who the customer is", "postal_code": "postal code", "firstName": "name of a person", "nationality": "origin",
        "religion": "special category", "health_status": "special category", "email": "contact data", "account_no": "looks like an id",
        "joined": "is a date", "remark": "90 different values", "always": "the same value", "nothing": "is empty",
        "sex": "fairness", "age": "fairness",
    }.items():  # fmt: skip
        assert reason in said[column], column
    groups = {(g["column"], g["group"]): g["customers"] for g in found.fairness}
    assert sum(n for (column, _), n in groups.items() if column == "age") == 200
    assert ("age", "30 to 44") in groups and groups["sex", "f"] == 100


def test_another_file_measures_and_its_labels_teach_nothing(file):
    train, made = file(rows(500)), rows(300, seed=1)
    found = evaluate_files(train, file(made, "test.csv"), **COLUMNS)
    assert found.measured.rows == 300 and found.in_both == 0 and not found.drift
    turned = [{**row, "churned": "no" if row["churned"] == "yes" else "yes"} for row in made]
    other = evaluate_files(train, file(turned, "test.csv"), **COLUMNS)
    assert np.array_equal(found.predicted.scores[MODEL][0], other.predicted.scores[MODEL][0])
    assert other.quality[MODEL]["auc"].value == pytest.approx(1 - found.quality[MODEL]["auc"].value)


@pytest.mark.slow
def test_a_row_of_training_does_not_measure(file):
    known = rows(300)
    later = [{**row, "months": row["months"] + 12} for row in known[:40]]
    found = evaluate_files(file(known), file([*known[:100], *later, *rows(200, seed=1)], "test.csv"), **COLUMNS)
    # the first row of a customer stands; the later ones of the same customers are told apart from copies
    assert found.measured.rows == 200 and found.measured.left_out == {
        "the customer has a row before": 40, "the same row is in train.csv": 100,
    }  # fmt: skip
    found = evaluate_files(file(known), file([*later, *rows(200, seed=1)], "test.csv"), **COLUMNS)
    assert (found.measured.rows, found.in_both) == (240, 40)
    with pytest.raises(KundbildError, match=r"300 of 300 rows of test\.csv are in train\.csv too"):
        evaluate_files(file(known), file(known, "test.csv"), **COLUMNS)


def test_what_only_one_file_has_and_what_moved_is_told(file):
    train = rows(300, visits=lambda n, row, rng: n % 9, spent=lambda n, row, rng: rng.normal(50, 5))
    test = rows(300, seed=1, later=lambda n, row, rng: n % 9, spent=lambda n, row, rng: rng.normal(90, 5))
    found = evaluate_files(file(train), file(test, "test.csv"), **COLUMNS)
    assert found.columns_left_out["visits"].startswith("is in train.csv only")
    assert found.columns_left_out["later"] == "is in test.csv only"
    assert set(found.drift) == {"spent"}


def test_a_label_of_chance_is_not_predicted_better_than_by_its_share(file):
    found = evaluate_files(
        file(rows(600, churned=lambda n, row, rng: rng.choice(["yes", "no"]))), None, **COLUMNS, folds=2
    )
    assert found.verdict(BASE_RATE) != "better" and 0.4 < found.quality[MODEL]["auc"].value < 0.6


def test_few_customers_are_scored_with_the_base_rate_and_a_wide_interval(file):
    made = [{**row, "churned": "yes" if n % 5 == 0 else "no"} for n, row in enumerate(rows(40))]
    found = evaluate_files(file(made), None, **COLUMNS)
    assert found.predicted.chosen == {BASE_RATE: 5} and found.quality[MODEL]["calibration_error"].value < 0.1
    json.dumps(found.as_dict(), allow_nan=False)


def test_numbers_with_a_decimal_comma_and_gaps_are_numbers_and_other_words_can_mean_yes(file):
    made = rows(
        400,
        paid=lambda n, row, rng: "NULL" if n % 9 == 0 else f"{row['months'] * 1.5:.1f}".replace(".", ","),
        churned=lambda n, row, rng: "gone" if row["churned"] == "yes" else ["here", "paused", ""][n % 3],
    )
    found = evaluate_files(file(made), None, **COLUMNS, folds=2, positive="Gone")
    assert found.features.kinds["paid"] == "number" and found.train.left_out["no label"] > 0
    assert found.train.positives == sum(row["churned"] == "gone" for row in made)


@pytest.mark.parametrize(
    ("made", "options", "said"),
    [
        (rows(50), {"label": "left"}, "has no column left"),
        (rows(50), {"id_column": "id"}, "has no column id"),
        (rows(50), {"positive": "gone"}, "no row of train.csv has the value 'gone' in churned: it has no, yes"),
        (rows(50), {"label": "noise"}, "different values and is not yes or no"),
        (rows(50), {"label": "plan"}, "is not yes or no: it has month, year"),
        (rows(50, churned=lambda *_: "yes"), {}, "has the same: yes"),
        (rows(50, churned=lambda *_: ""), {}, "is empty"),
        (rows(50, churned=lambda n, *_: "yes" if n < 3 else "no"), {}, "3 customers of the rarer answer"),
        (rows(50), {"without": ["months", "plan", "noise"]}, "no column to learn from"),
        (rows(50), {"keep": ["moths"]}, "has no column moths"),
        (rows(50, sex=lambda n, *_: "fm"[n % 2]), {"keep": ["sex"]}, "sex is not learnt from: gender"),
        (rows(50), {"folds": 5, "test": "train.csv"}, "one at a time"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(file, made, options, said):
    train = file(made)
    test = train if options.pop("test", None) else None
    with pytest.raises(KundbildError, match=said) as raised:
        evaluate_files(train, test, **{**COLUMNS, **options})
    assert raised.value.to_do


def test_a_label_that_is_of_one_person_is_not_told(file):
    made = [{**row, "churned": f"Anna Andersson {n}"} for n, row in enumerate(rows(8))]
    with pytest.raises(KundbildError) as raised:
        evaluate_files(file(made), None, **COLUMNS)
    assert "Anna" not in str(raised.value) + str(raised.value.to_do)


def test_the_command_teaches_and_tells_a_machine_all(file):
    train, test = str(file(rows(400))), str(file(rows(200, seed=1), "test.csv"))
    command = ["evaluate", "--train", train, "--test", test, "--label", "churned", "--id", "customer"]
    shown = CliRunner().invoke(scores_app, command)
    assert shown.exit_code == 0, shown.output
    for words in (
        "AUC: the chance that",
        "Compared with a plain logistic",
        "not a cause",
        "who the customer is",
        "Art. 22",
    ):
        assert words in " ".join(shown.output.split()), words
    told = json.loads(CliRunner().invoke(scores_app, [*command, "--json"]).output)
    assert set(told["quality"]) == {"model", "logistic", "base rate"}
    assert set(told["quality"]["model"]) == {"auc", "average_precision", "calibration_error", "brier"}
    assert set(told["quality"]["model"]["auc"]) == {"value", "low", "high"}
    assert sum(one["customers"] for one in told["calibration_curve"]) == told["customer_count"] == 200
    assert told["important"][0]["column"] == "months" and told["folds"] is None


def test_the_card_tells_all_and_is_not_written_over(file, tmp_path):
    train, card = file(rows(300, gender=lambda n, row, rng: ["<b>f</b>", "m"][n % 2])), tmp_path / "card.html"
    command = ["evaluate", "--train", str(train), "--label", "churned", "--id", "customer", "--folds", "2", "--card", str(card)]  # fmt: skip
    assert CliRunner().invoke(scores_app, command).exit_code == 0
    page = card.read_text(encoding="utf-8")
    for words in ("Model card: churned", "300 customers", "2 folds", "plain logistic regression", "months", "for the fairness table only",
                  "not on a later time", "&lt;b&gt;f", "<circle", "Art. 22"):  # fmt: skip
        assert words in page, words
    assert "<b>f" not in page and "c0-1<" not in page and "://" not in page
    assert card.stat().st_mode & 0o077 == 0
    assert isinstance(CliRunner().invoke(scores_app, command).exception, KundbildError)
    other = [*command[:-1], str(tmp_path / "card.pdf")]
    assert "is not a page" in str(CliRunner().invoke(scores_app, other).exception)
