"""The best possible scores of the demo company, computed from how `orchestration/demo/behaviour.py` draws its people.

A perfect score knows how people behave, and of each what the systems recorded, but not what is yet to come.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestration.demo.behaviour import FADING_DAYS, HOLD_OUT, LIFT, SPELL_LEAST_DAYS, SPELL_MORE_DAYS, USES_A_DAY
from orchestration.demo.season import DAY, Season

Days = NDArray[np.float64]
# how people are drawn (behaviour.py): rates of orders, lives, systems, visits
_RATE_SHAPE, _RATE_SCALE, _LIFE_LEAST_DAYS, _LIFE_MORE_DAYS = 0.8, 0.054, 5, 620
_MINORS, _WEBSHOP, _CLUB, _MINORS_RATE = 0.1, 0.72, 0.40, 0.1
_VISITS_OF_AN_ORDER, _VISITS_OF_ALL, _SIGNED_IN = 2.2, 0.002, 0.7
_SUBSCRIBERS, _SUBSCRIBED_WITHIN = 0.10, 90
# who is on the list, confirmed and did not leave it, about; a campaign every so many days
_MAILED, _CAMPAIGN_DAYS = 0.47, 21
# beyond these days an ending leaves no trace in what is known
_FAR = 400.0


def expected_qini(lift: Days, true_lift: Days) -> float:
    """The Qini of a ranking by `lift` where the true lift of each customer is known: without the luck of the arms."""
    count = len(lift)
    order = np.lexsort((np.random.default_rng(0).random(count), -lift))
    gained = np.cumsum(true_lift[order]) / count
    shares = np.arange(1, 101) / 100
    ends = np.ceil(np.arange(1, 101) * count / 100).astype(np.int64) - 1
    return float((gained[ends] - shares * gained[-1]).mean())


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


@dataclass(frozen=True)
class _Kind:
    """People who behave alike: `share` of all, whether they order, how often by the rate, and whether they come to the webshop."""

    share: float
    orders: float
    in_webshop: bool


_KINDS = (
    _Kind((1 - _MINORS) * _WEBSHOP, 1.0, True),
    _Kind((1 - _MINORS) * (1 - _WEBSHOP) * _CLUB, 1.0, False),
    _Kind(_MINORS * _CLUB, _MINORS_RATE, False),
    _Kind((1 - (1 - _MINORS) * _WEBSHOP) * (1 - _CLUB), 0.0, False),
)


def chance_of_first_order(
    season: Season, joined_at: Days, visits: NDArray[np.int64], last_visit_at: Days, now: int, within: int
) -> Days:
    """For each person without an order or subscription the chance of one within so many days, after Bayes, from the visits that were
    signed in and nothing else. Times are in seconds; `last_visit_at` is 0 where there was none."""
    rates, drawn = _rates()
    start = np.maximum(joined_at, season.start)
    lived, seen, ahead, days_ahead = _lives(season, joined_at, last_visit_at, now, within)
    total, none = np.zeros(len(lived)), np.zeros(len(lived))
    days_known = (now - start) / DAY
    for kind in _KINDS:
        to_begin = (
            np.maximum(1 - days_known / _SUBSCRIBED_WITHIN, 0) * _SUBSCRIBERS if kind.in_webshop else 0 * days_known
        )
        not_begun = 1 - _SUBSCRIBERS + to_begin if kind.in_webshop else 1 + 0 * days_known
        # the window of beginnings is no longer than the days that are asked about
        stays = 1 - to_begin / not_begun * min(1.0, within / _SUBSCRIBED_WITHIN)
        mailed = _MAILED * (1 - HOLD_OUT) * LIFT / _CAMPAIGN_DAYS * kind.in_webshop
        for rate, share in zip(rates * kind.orders, drawn, strict=True):
            visiting = _SIGNED_IN * (_VISITS_OF_AN_ORDER * rate * kind.in_webshop + _VISITS_OF_ALL)
            of_visits = visits * np.log(visiting)
            odds = lived * np.exp(of_visits[:, None] - (visiting + rate) * seen)
            weight = kind.share * share * not_begun
            total += weight * odds.sum(axis=1)
            none += weight * stays * (odds * np.exp(-rate * ahead - mailed * days_ahead)).sum(axis=1)
    return np.asarray(1 - none / total)


def chance_of_no_order(
    season: Season, joined_at: Days, orders: NDArray[np.int64], last_order_at: Days, now: int, within: int
) -> Days:
    """For each person who has ordered the chance of no order within so many days, after Bayes, from how many orders there were and when the last
    one was. Times are in seconds. The orders that campaigns make, one of seventy, are not told apart."""
    rates, drawn = _rates()
    lived, seen, ahead, _ = _lives(season, joined_at, last_order_at, now, within)
    total, none = np.zeros(len(lived)), np.zeros(len(lived))
    for kind_rate, share in ((1.0, 1 - _MINORS), (_MINORS_RATE, _MINORS)):
        for rate, part in zip(rates * kind_rate, drawn, strict=True):
            odds = lived * np.exp((orders * np.log(rate))[:, None] - rate * seen)
            total += share * part * odds.sum(axis=1)
            none += share * part * (odds * np.exp(-rate * ahead)).sum(axis=1)
    return np.asarray(none / total)


def _rates() -> tuple[Days, Days]:
    """Rates of orders a day, and how likely each is."""
    rates = np.exp(np.linspace(np.log(1e-4), np.log(0.5), 50))
    drawn = rates**_RATE_SHAPE * np.exp(-rates / _RATE_SCALE)
    return rates, drawn / drawn.sum()


def _lives(season: Season, joined_at: Days, last_at: Days, now: int, within: int) -> tuple[Days, Days, Days, Days]:
    """Of each person, for several ends of their life that what was seen last allows: how likely it is, the season's weight before now and
    after it until the end, and the days after it."""
    start = np.maximum(joined_at, season.start)
    earliest = np.maximum(joined_at + _LIFE_LEAST_DAYS * DAY, last_at)
    gone = earliest[:, None] + (now - earliest)[:, None] * (np.arange(20) + 0.5) / 20
    later = now + within * DAY * (np.arange(10) + 0.5) / 10
    ends = np.column_stack([gone, np.tile(later, (len(gone), 1)), np.full(len(gone), now + within * DAY)])
    lived = _chances_of_ends(earliest, joined_at, now, within)
    seen = season.weight_at(np.minimum(ends, now)) - season.weight_at(start)[:, None]
    ahead = season.weight_at(np.maximum(ends, now)) - season.weight_at(np.array([now]))
    return lived, seen, ahead, np.maximum(ends - now, 0) / DAY


def _chances_of_ends(earliest: Days, joined_at: Days, now: int, within: int) -> Days:
    """How likely the life ends in each part of the time before, in each of the days after, and later than that."""

    def left(at: Days) -> Days:
        return np.exp(-np.maximum((at - joined_at[:, None]) / DAY - _LIFE_LEAST_DAYS, 0) / _LIFE_MORE_DAYS)

    before = earliest[:, None] + np.maximum(now - earliest, 0)[:, None] * np.arange(21) / 20
    after = np.tile(now + within * DAY * np.arange(11) / 10, (len(before), 1))
    return np.column_stack([-np.diff(left(before), axis=1), -np.diff(left(after), axis=1), left(after)[:, -1]])
