"""What the demo company's makers know of its people: the chances that a perfect score would tell. Here: by what behaviour.py draws.

A perfect score knows how people behave, and of each what the systems recorded, but not what is yet to come.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orchestration.demo.behaviour import FADING_DAYS, LIFT, SPELL_LEAST_DAYS, SPELL_MORE_DAYS, USES_A_DAY

Days = NDArray[np.float64]
# beyond these days an ending leaves no trace in what is known
_FAR = 400.0


def chance_of_ending(days_subscribed: Days, use_of: NDArray[np.int64], days_since_use: Days, within: float) -> Days:
    """For each subscription the chance that it ends within so many days, after Bayes.

    `use_of` and `days_since_use` are one use each: the place of its subscription, and how long ago it was.
    """
    left = np.concatenate([np.arange(0.25, FADING_DAYS, 0.5), np.arange(FADING_DAYS + 0.5, _FAR, 1.0)])
    width = np.where(left < FADING_DAYS, 0.5, 1.0)
    bound = np.maximum(SPELL_LEAST_DAYS - days_subscribed, 0)[:, None]
    prior = np.where(left >= bound, np.exp(-(left - bound) / SPELL_MORE_DAYS) / SPELL_MORE_DAYS * width, 0)
    beyond = np.exp(-(_FAR - bound[:, 0]) / SPELL_MORE_DAYS)
    lately = days_since_use < FADING_DAYS
    seen = np.zeros((len(days_subscribed), len(left)))
    kept = np.log(np.minimum((left + days_since_use[lately, None]) / FADING_DAYS, 1))
    np.add.at(seen, use_of[lately], kept)
    # fewer uses are expected before an ending: their rate, summed up over the days that are known
    known = np.minimum(days_subscribed, FADING_DAYS)[:, None]
    faded = np.minimum(known, np.maximum(FADING_DAYS - left, 0))
    expected = (left * faded + faded**2 / 2) / FADING_DAYS + known - faded
    after = prior * np.exp(seen - USES_A_DAY * (expected - known))
    return np.asarray(after[:, left < within].sum(axis=1) / (after.sum(axis=1) + beyond))


def lift_of_a_campaign(
    lived_until: NDArray[np.int64], in_webshop: NDArray[np.bool_], sent_at: NDArray[np.int64] | int
) -> Days:
    """For each person how many more orders a campaign makes that was sent to them."""
    return np.where((lived_until > sent_at) & in_webshop, LIFT, 0.0)
