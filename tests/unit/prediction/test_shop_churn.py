"""Who does not order again, in the demo company: near the best possible score, which its makers know."""

from __future__ import annotations

from orchestration.prediction.classify.quality import calibration_error
from tests.bench.shop_churn import scored_buyers
from tests.bench.trained import share_of_reachable


def test_buyers_who_do_not_order_again_are_told_near_the_best_possible_score():
    label, score, best = scored_buyers(3000)
    assert len(label) > 1000 and abs(best.mean() - label.mean()) < 0.03, "the truth is calibrated"
    assert share_of_reachable(score, best) > 0.95
    assert calibration_error(label, score) < 0.04
