"""The estimators of a night. Not here: any of them."""

from __future__ import annotations

from orchestration.prediction.nightly.estimators import Estimator
from orchestration.prediction.nightly.purchases import PurchaseScores
from orchestration.prediction.nightly.trained import ANSWERS, CONTRACTS

ESTIMATORS: tuple[Estimator, ...] = (PurchaseScores(), CONTRACTS, ANSWERS)
