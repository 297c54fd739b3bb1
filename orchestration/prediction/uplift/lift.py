"""How much more the treated did than the control, and how sure that is. Here: statistics of two arms. Not here: reading them.

A rate is compared by Newcombe's hybrid score interval, which keeps its coverage for few and for rare successes (Newcombe 1998,
Statistics in Medicine 17:873, method 10), and tested by Pearson's chi-square or, where a cell expects fewer than five, Fisher's
exact test. A mean is compared by Welch's t. The lift in per cent has an interval on the scale of logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from orchestration.prediction.sureness import CONFIDENCE

# the chance with which a lift of the minimum detectable effect is found
POWER = 0.8
_FEW = 5


@dataclass(frozen=True)
class Arm:
    """One arm: its name, how many were in it, the mean of their outcome and its variance (of a sample)."""

    arm: str
    customers: int
    value: float
    variance: float

    @property
    def successes(self) -> int:
        """How many had the outcome, where it is a rate."""
        return round(self.value * self.customers)


@dataclass(frozen=True)
class Lift:
    """An arm against the control. `lift` is in the outcome's own unit: of a rate a share (0.01 is one percentage point).

    `relative_*` are shares of the control's value, None where that is not above zero. `p_adjusted` is by Holm over all arms.
    `minimum_detectable_effect` is None where all customers of both arms have the same outcome: nothing is known of their spread.
    """

    arm: str
    customers: int
    value: float
    lift: float
    lift_low: float
    lift_high: float
    relative_lift: float | None
    relative_lift_low: float | None
    relative_lift_high: float | None
    p_value: float
    p_adjusted: float
    minimum_detectable_effect: float | None
    verdict: str


def compare(control: Arm, treated: Sequence[Arm], *, is_rate: bool) -> list[Lift]:
    """Each treated arm against the control. Every arm has at least two customers."""
    found = [_lift(control, arm, is_rate=is_rate) for arm in treated]
    adjusted = _holm([lift.p_value for lift in found])
    return [
        replace(lift, p_adjusted=p, verdict=_verdict(lift, p, is_rate=is_rate))
        for lift, p in zip(found, adjusted, strict=True)
    ]


def pooled(arms: Sequence[Arm], name: str) -> Arm:
    """All arms as one."""
    customers = sum(arm.customers for arm in arms)
    value = sum(arm.value * arm.customers for arm in arms) / customers
    squares = sum(arm.variance * (arm.customers - 1) + arm.customers * (arm.value - value) ** 2 for arm in arms)
    return Arm(name, customers, value, squares / (customers - 1))


def _lift(control: Arm, arm: Arm, *, is_rate: bool) -> Lift:
    low, high, p = _rates(control, arm) if is_rate else _means(control, arm)
    relative = _relative(control, arm)
    return Lift(
        arm=arm.arm,
        customers=arm.customers,
        value=arm.value,
        lift=arm.value - control.value,
        lift_low=low,
        lift_high=high,
        relative_lift=relative[0],
        relative_lift_low=relative[1],
        relative_lift_high=relative[2],
        p_value=p,
        p_adjusted=p,
        minimum_detectable_effect=_detectable(control, arm),
        verdict="",
    )


def _rates(control: Arm, arm: Arm) -> tuple[float, float, float]:
    """(low, high, p) of the difference between two rates."""
    from scipy import stats

    (low_0, high_0), (low_1, high_1) = (wilson(a.successes, a.customers) for a in (control, arm))
    difference = arm.value - control.value
    low = difference - math.hypot(arm.value - low_1, high_0 - control.value)
    high = difference + math.hypot(high_1 - arm.value, control.value - low_0)
    table = [[a.successes, a.customers - a.successes] for a in (control, arm)]
    if not sum(row[0] for row in table) or not sum(row[1] for row in table):
        return low, high, 1.0
    if stats.contingency.expected_freq(table).min() < _FEW:
        return low, high, float(stats.fisher_exact(table).pvalue)
    return low, high, float(stats.chi2_contingency(table, correction=False).pvalue)


def wilson(successes: float, customers: float) -> tuple[float, float]:
    """Wilson's interval of a rate. Neither number need be whole: SciPy's own knows counts only."""
    z, rate = _z((1 + CONFIDENCE) / 2), successes / customers
    middle = rate + z**2 / (2 * customers)
    width = z * math.sqrt(rate * (1 - rate) / customers + (z / (2 * customers)) ** 2)
    whole = 1 + z**2 / customers
    return max(0.0, (middle - width) / whole), min(1.0, (middle + width) / whole)


def _means(control: Arm, arm: Arm) -> tuple[float, float, float]:
    """(low, high, p) of the difference between two means."""
    from scipy import stats

    shares = [a.variance / a.customers for a in (control, arm)]
    difference = arm.value - control.value
    if not sum(shares):  # nobody differs from anybody in an arm: the difference is what it is
        return difference, difference, 1.0 if difference == 0 else 0.0
    freedom = sum(shares) ** 2 / sum(
        share**2 / (a.customers - 1) for share, a in zip(shares, (control, arm), strict=True)
    )
    error = math.sqrt(sum(shares))
    width = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * error
    return difference - width, difference + width, float(2 * stats.t.sf(abs(difference) / error, freedom))


def _relative(control: Arm, arm: Arm) -> tuple[float | None, float | None, float | None]:
    """(lift, low, high) as shares of the control's value."""
    if control.value <= 0:
        return None, None, None
    ratio = arm.value / control.value
    if arm.value <= 0:
        return ratio - 1, None, None
    error = math.sqrt(sum(a.variance / (a.customers * a.value**2) for a in (control, arm)))
    width = _z((1 + CONFIDENCE) / 2) * error
    return ratio - 1, ratio * math.exp(-width) - 1, ratio * math.exp(width) - 1


def _detectable(control: Arm, arm: Arm) -> float | None:
    """The smallest true lift that arms of these sizes find with a chance of POWER, by the spread of all in them."""
    if not control.variance and not arm.variance and math.isclose(control.value, arm.value):
        return None
    spread = pooled([control, arm], "").variance
    return (_z((1 + CONFIDENCE) / 2) + _z(POWER)) * math.sqrt(spread * (1 / control.customers + 1 / arm.customers))


def _z(share: float) -> float:
    from scipy import stats

    return float(stats.norm.ppf(share))


def _holm(values: Sequence[float]) -> list[float]:
    """Holm's step-down: the chance that any of several arms differs by chance alone."""
    adjusted, highest = [0.0] * len(values), 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        highest = max(highest, min(1.0, (len(values) - rank) * values[place]))
        adjusted[place] = highest
    return adjusted


def _verdict(lift: Lift, p_adjusted: float, *, is_rate: bool) -> str:
    def of(value: float) -> str:
        return f"{100 * value:+.2f} percentage points" if is_rate else f"{value:+,.2f}"

    between = f"95 % interval {of(lift.lift_low)} to {of(lift.lift_high)}"
    if lift.minimum_detectable_effect is None:
        alike = (
            "nobody responded in either arm" if not lift.value else "all customers of both arms have the same outcome"
        )
        return f"cannot tell: {alike}"
    if lift.lift_low <= 0 <= lift.lift_high:
        least = of(lift.minimum_detectable_effect).lstrip("+")
        return f"cannot tell: {between} holds zero. Arms of this size find a lift of {least} in {POWER:.0%} of tests"
    way = "higher" if lift.lift > 0 else "lower"
    if p_adjusted > 1 - CONFIDENCE:
        return (
            f"may be chance: {way} than the control, {between}, but not once all arms are counted (p {p_adjusted:.2f})"
        )
    return f"{way} than the control: {between}"
