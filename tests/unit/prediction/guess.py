"""An estimator for tests of what becomes of fits, and the scores that nights made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orchestration.prediction.nightly.estimators import SCORED, Fit, Measure, Score


@dataclass
class Guess:
    """An estimator that says what it is told to."""

    brier: float = 0.1
    # of scores beside the first
    briers: Mapping[str, float] = field(default_factory=dict)
    content: str = "first"
    seen: str = "1"
    why_not: str = ""
    asked: list[str] = field(default_factory=list)
    name: str = "guess"
    shape: int = 1
    marts: tuple[str, ...] = ()
    scores: tuple[Score, ...] = (Score("guess", "a guess", "brier"),)
    reasons: Mapping[str, str] = field(default_factory=lambda: {"a": "one thing", "b": "another"})

    def inputs(self, con, as_of: datetime) -> str:
        return self.seen

    def fit(self, con, as_of: datetime) -> Fit:
        self.asked.append(self.content)
        if self.why_not:
            return Fit({}, [], {}, why_not=self.why_not)
        briers = {"guess": self.brier, **self.briers}
        return Fit(
            {"said": self.content}, [Measure(s, "brier", b, 0.2, 0.01) for s, b in briers.items()], {"guess": "a coin"}
        )

    def score(self, con, content: Mapping[str, Any], as_of: datetime) -> None:
        value = {"first": 0.25, "second": 0.75}[content["said"]]
        for score in self.scores:
            con.execute(
                f"insert into {SCORED} select unnest(['c1', 'c2', 'nobody']), $2, unnest([$1, 2 * $1, 0.5]), null, null, ['b', 'a'], null",
                [value, score.name],
            )


def rows(con, columns: str = "*", where: str = "true") -> list[tuple]:
    return con.execute(f"select {columns} from scores.customer_scores where {where} order by all").fetchall()
