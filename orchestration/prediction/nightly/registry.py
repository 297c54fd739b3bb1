"""The estimators of a night. Not here: any of them."""

from __future__ import annotations

from orchestration.core.settings import ScoreSettings
from orchestration.prediction.nightly.categories import NextCategory
from orchestration.prediction.nightly.estimators import Estimator
from orchestration.prediction.nightly.moved import CampaignLift
from orchestration.prediction.nightly.purchases import PurchaseScores
from orchestration.prediction.nightly.trained import ANSWERS, CONTRACTS, leads


def estimators(settings: ScoreSettings) -> tuple[Estimator, ...]:
    return (
        PurchaseScores(),
        NextCategory(),
        CONTRACTS,
        ANSWERS,
        leads(settings.lead_days),
        CampaignLift(settings.campaign_days),
    )
