"""Two arms of a campaign are compared by published methods, and keep their promises on data whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from orchestration.prediction.uplift.lift import Arm, compare, pooled


def rate(name: str, successes: int, customers: int) -> Arm:
    share = successes / customers
    return Arm(name, customers, share, share * (1 - share) * customers / (customers - 1))


def mean(name: str, values: np.ndarray) -> Arm:
    return Arm(name, len(values), float(values.mean()), float(values.var(ddof=1)))


@pytest.mark.parametrize(
    ("treated", "control", "low", "high"),
    [  # Newcombe 1998, table II, method 10: the difference of two rates
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_rates_have_the_interval_of_the_paper(treated, control, low, high):
    (found,) = compare(rate("none", *control), [rate("a", *treated)], is_rate=True)
    assert (found.lift_low, found.lift_high) == pytest.approx((low, high), abs=0.00006)


def test_means_have_welchs_interval():
    draw = np.random.default_rng(7)
    control, treated = draw.gamma(2, 50, 400), draw.gamma(2, 60, 90)
    (found,) = compare(mean("none", control), [mean("a", treated)], is_rate=False)
    expected = stats.ttest_ind(treated, control, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert (found.p_value, found.lift_low, found.lift_high) == pytest.approx((expected.pvalue, *interval))


def test_all_treated_are_one_arm():
    draw = np.random.default_rng(3)
    parts = [draw.exponential(20, size) for size in (30, 70, 5)]
    expected = mean("all", np.concatenate(parts))
    found = pooled([mean("", part) for part in parts], "all")
    assert (found.customers, found.value, found.variance) == pytest.approx((105, expected.value, expected.variance))


@pytest.mark.parametrize("true_lift", [0.0, 0.02])
def test_the_true_lift_is_in_95_of_100_intervals(true_lift):
    draw, base, size = np.random.default_rng(11), 0.04, 3000
    inside = 0
    for _ in range(600):
        control, treated = (
            rate("none", draw.binomial(size, base), size),
            rate("a", draw.binomial(size, base + true_lift), size),
        )
        (found,) = compare(control, [treated], is_rate=True)
        inside += found.lift_low <= true_lift <= found.lift_high
    assert 0.93 <= inside / 600 <= 0.975


def test_a_lift_of_the_minimum_detectable_effect_is_found_in_80_of_100_tests():
    draw, base, size = np.random.default_rng(5), 0.10, 4000
    (sized,) = compare(rate("none", 400, size), [rate("a", 470, size)], is_rate=True)
    true_lift, found = sized.minimum_detectable_effect, 0
    for _ in range(600):
        control, treated = (
            rate("none", draw.binomial(size, base), size),
            rate("a", draw.binomial(size, base + true_lift), size),
        )
        found += compare(control, [treated], is_rate=True)[0].lift_low > 0
    assert 0.75 <= found / 600 <= 0.85


def test_one_of_many_arms_that_differs_by_chance_is_not_called_a_lift():
    control, draw, size = rate("none", 120, 2000), np.random.default_rng(2), 2000
    # alone it would be one: its own interval leaves zero out
    arms = [rate("lucky", 152, size), *(rate(f"a{n}", draw.binomial(size, 0.06), size) for n in range(9))]
    alone = compare(control, arms[:1], is_rate=True)[0]
    among = compare(control, arms, is_rate=True)[0]
    assert alone.lift_low > 0 and alone.verdict.startswith("higher")
    assert among.p_value == alone.p_value and among.p_adjusted == pytest.approx(10 * alone.p_value)
    assert among.verdict.startswith("may be chance")


def test_words_say_what_the_interval_says():
    higher, lower, unknown = (
        compare(rate("none", 100, 1000), [rate("a", successes, 1000)], is_rate=True)[0] for successes in (160, 50, 104)
    )
    assert higher.verdict.startswith("higher than the control: 95 % interval +")
    assert lower.verdict.startswith("lower than the control: 95 % interval -")
    assert unknown.verdict.startswith("cannot tell") and "find a lift of" in unknown.verdict
    # of whom nobody, or everybody, responded no test of any size is known to find a lift of 0
    for successes, said in (
        (0, "nobody responded in either arm"),
        (1000, "all customers of both arms have the same outcome"),
    ):
        (alike,) = compare(rate("none", successes, 1000), [rate("a", successes, 1000)], is_rate=True)
        assert (alike.minimum_detectable_effect, alike.verdict) == (None, f"cannot tell: {said}")


@pytest.mark.parametrize(("successes", "expected"), [(0, None), (10, pytest.approx(0.0))])
def test_a_control_without_success_has_no_lift_in_per_cent(successes, expected):
    (found,) = compare(rate("none", successes, 100), [rate("a", 10, 100)], is_rate=True)
    assert found.relative_lift == expected and 0 <= found.p_value <= 1


def test_arms_in_which_nobody_differs_are_compared():
    (found,) = compare(Arm("none", 5, 3.0, 0.0), [Arm("a", 5, 3.0, 0.0)], is_rate=False)
    assert (found.lift, found.lift_low, found.lift_high, found.p_value) == (0, 0, 0, 1)
