"""The estimators of a night. Not here: any of them."""

from __future__ import annotations

from orchestration.core.settings import Insight, ScoreSettings
from orchestration.prediction.nightly.categories import NextCategory
from orchestration.prediction.nightly.estimators import Estimator
from orchestration.prediction.nightly.moved import CampaignLift
from orchestration.prediction.nightly.purchases import PurchaseScores
from orchestration.prediction.nightly.trained import ANSWERS, CONTRACTS, leads


def estimators(scores: ScoreSettings, insight: Insight) -> tuple[Estimator, ...]:
    """A campaign is answered within the days that the marts count."""
    return (
        PurchaseScores(),
        NextCategory(),
        CONTRACTS,
        ANSWERS,
        leads(scores.lead_days),
        CampaignLift(insight.response_days),
    )
