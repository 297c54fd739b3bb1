"""Whether a new fit is used. Here: the decision, on its measures. Not here: measuring (the estimators)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestration.prediction.nightly.estimators import Measure, Score
from orchestration.prediction.sureness import CLEARLY


def reasons_against(
    scores: Sequence[Score], measures: Sequence[Measure], last: Mapping[str, float], most_lost: float
) -> dict[str, str]:
    """Score → why its new fit is not good enough; {} where it is. `last` is the gain of the standing fit by score (gains)."""
    found = {}
    now = gains(scores, measures)
    for score in scores:
        measure = _deciding(score, measures)
        if measure is None or measure.value is None or measure.baseline_value is None or measure.error is None:
            continue
        worse = (measure.value - measure.baseline_value) * (1 if score.is_lower_better else -1)
        if worse > CLEARLY * measure.error:
            found[score.name] = f"{_plain(measure)}: worse than the simple rule ({measure.baseline_value:.4g})"
        elif score.name in last and last[score.name] - now[score.name] > most_lost:
            found[score.name] = (
                f"{_plain(measure)}: {now[score.name]:.0%} better than the simple rule, where the last fit was {last[score.name]:.0%} better"
            )
    return found


def gains(scores: Sequence[Score], measures: Sequence[Measure]) -> dict[str, float]:
    """Score → by what share the deciding measure is better than the simple rule's: of two fits on two times, it can be compared."""
    found = {}
    for score in scores:
        measure = _deciding(score, measures)
        if measure is not None and measure.value is not None and measure.baseline_value:
            gain = measure.value / measure.baseline_value - 1
            found[score.name] = -gain if score.is_lower_better else gain
    return found


def _deciding(score: Score, measures: Sequence[Measure]) -> Measure | None:
    return next((m for m in measures if (m.score, m.measure) == (score.name, score.decided_by)), None)


def _plain(measure: Measure) -> str:
    return f"{measure.measure.replace('_', ' ')} {measure.value:.4g}"
