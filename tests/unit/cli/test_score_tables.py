"""What `kundbild scores list` and `scores train` print on a terminal of 80 columns: no number is cut."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from rich.console import Console

from orchestration.cli.nightly_scores import table_of_fits, table_of_scores
from orchestration.core.settings import Insight, ScoreSettings
from orchestration.prediction.nightly.estimators import Measure, Score
from orchestration.prediction.nightly.listed import Listed
from orchestration.prediction.nightly.registry import estimators
from orchestration.prediction.nightly.training import Trained

SCORES = [score for one in estimators(ScoreSettings(), Insight()) for score in one.scores]
FITTED = datetime(2026, 6, 1)


@pytest.mark.parametrize(
    ("value", "told"), [(42_212_345_678.9, "42,212.3 M"), (0.0000422, "4.22e-05"), (99_999.4, "99,999")]
)
def test_no_number_is_cut(value, told):
    listed = [
        Listed(
            s.name,
            s.title,
            "v",
            FITTED,
            1_000_000,
            1.0,
            None,
            FITTED,
            False,
            "",
            s.decided_by,
            value,
            value,
            "the rule",
        )
        for s in SCORES
    ]
    trained = [Trained(s.name, "v", True, measures=[measure(s, value)], last=[measure(s, value)]) for s in SCORES]
    for table, times in ((table_of_scores(listed), 2), (table_of_fits(trained), 3)):
        shown = io.StringIO()
        Console(width=80, file=shown).print(table)
        assert shown.getvalue().count(told) == times * len(SCORES)
        assert all(score.name in shown.getvalue() for score in SCORES)
        assert "…" not in shown.getvalue()


def measure(score: Score, value: float) -> Measure:
    return Measure(score.name, score.decided_by, value, value)
