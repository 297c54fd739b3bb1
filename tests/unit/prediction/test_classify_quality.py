"""Measures of probabilities: as scikit-learn has them, with ties, with intervals that hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from orchestration.prediction.classify import quality
from orchestration.prediction.classify.calibration import ISOTONIC, NONE, PLATT, choose_calibrator
from orchestration.prediction.classify.card import chart_of
from orchestration.prediction.classify.classifier import fit
from orchestration.prediction.classify.labelled import NUMBER
from orchestration.prediction.classify.members import single_threaded
from orchestration.prediction.uplift.learner import learn_lift


@pytest.mark.parametrize("decimals", [12, 1])
def test_measures_are_those_of_scikit_learn_with_ties_too(decimals):
    rng = np.random.default_rng(1)
    score = np.clip(rng.random(800), 0.01, 0.99).round(decimals)
    label = (rng.random(800) < score).astype(np.int8)
    assert quality.auc(label, score) == pytest.approx(roc_auc_score(label, score))
    assert quality.average_precision(label, score) == pytest.approx(average_precision_score(label, score))
    assert quality.brier(label, score) == pytest.approx(brier_score_loss(label, score))
    clipped = np.clip(score, 1e-6, 1 - 1e-6)
    assert quality.log_loss(label, score) == pytest.approx(log_loss(label, clipped))


@pytest.mark.parametrize(
    ("most", "is_share"), [(0.4, True), (1.0, True), (9.0, False), (226_139.0, False), (3.2e9, False)]
)
def test_numbers_beside_the_calibration_curve_have_room_and_said_is_as_long_as_happened(most, is_share):
    chart = chart_of([(0.1 * most, 0.2 * most, 30), (most, 0.8 * most, 30)], is_share=is_share)
    # digits are 6.7 wide at this size; numbers end 4 before the axis, and the last one below it is centred
    longest = 6.7 * max(len(mark["said"]) for mark in chart["marks"])
    low, high = chart["low"], chart["high"]
    assert longest <= low["x"] - 4 and longest / 2 <= chart["wide"] - high["x"]
    assert high["x"] - low["x"] == pytest.approx(low["y"] - high["y"], abs=0.2)


def test_equal_scores_are_one_group_of_the_calibration_curve():
    label = np.array([1, 0, 0, 0] * 25, dtype=np.int8)
    assert quality.calibration_curve(label, np.full(100, 0.25)) == [(0.25, 0.25, 100)]
    assert quality.calibration_error(label, np.full(100, 0.25)) == 0
    assert quality.calibration_error(label, np.full(100, 0.4)) == pytest.approx(0.15)
    curve = quality.calibration_curve(label, np.linspace(0, 1, 100))
    assert [n for _, _, n in curve] == [10] * 10 and [said for said, _, _ in curve] == sorted(s for s, _, _ in curve)


def test_intervals_hold_the_true_value_and_the_difference_is_of_the_same_customers():
    rng = np.random.default_rng(2)
    rank = rng.random(20_000)
    truth = quality.auc((rng.random(20_000) < rank).astype(np.int8), rank)
    held = 0
    for n in range(20):
        score = rank[n * 1000 : (n + 1) * 1000]
        label = (rng.random(1000) < score).astype(np.int8)
        found, against = quality.measure(label, {"model": [score], "coin": [np.full(1000, 0.5)]}, seed=n)
        held += found["model"]["auc"].low <= truth <= found["model"]["auc"].high
        assert against["coin"]["auc"].value == pytest.approx(found["model"]["auc"].value - 0.5)
        assert against["coin"]["brier"].high < 0 < against["coin"]["auc"].low
    assert held >= 17


def test_scores_that_are_too_sure_are_corrected_and_right_ones_are_left_alone():
    rng = np.random.default_rng(3)
    logit = rng.normal(0, 1.5, 4000)
    right = (rng.random(4000) < 1 / (1 + np.exp(-logit))).astype(np.int8)
    assert choose_calibrator(logit, right, 4000).kind == NONE
    found = choose_calibrator(logit * 3, right, 4000)
    assert found.kind in (PLATT, ISOTONIC)
    assert (
        quality.calibration_error(right, found(logit * 3))
        < 0.02
        < quality.calibration_error(right, 1 / (1 + np.exp(-logit * 3)))
    )


def test_a_column_that_one_customer_has_fails_no_fold():
    """A field of the CRM that sales filled in once: in some folds nobody has it."""
    rng = np.random.default_rng(0)
    x, once = rng.normal(size=400), np.full(400, np.nan)
    once[5] = 1.0
    label = (rng.random(400) < 1 / (1 + np.exp(-x))).astype(np.int8)
    values = {"x": x, "once": once}
    kinds = dict.fromkeys(values, NUMBER)
    with single_threaded():
        found = fit(values, kinds, label)
        learner = learn_lift(values, kinds, rng.random(400) < 0.5, label.astype(float))
    assert quality.auc(label, found.predict(values)) > 0.6
    assert np.isfinite(learner.predict(values)).all()
