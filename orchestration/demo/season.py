"""When the demo's people do something: the days that are told of, and how a year goes. Not here: what they do (behaviour.py)."""

from __future__ import annotations

import numpy as np

DAY = 86_400
HORIZON_DAYS = 730
_MONTH_WEIGHT = np.array([0.8, 0.8, 0.9, 1.0, 1.25, 1.4, 1.1, 0.9, 0.85, 0.95, 1.3, 1.5])


class Season:
    """Draws event times with a yearly season: uniform in cumulated season weight, then mapped back to seconds."""

    def __init__(self, start: int) -> None:
        days = np.arange(HORIZON_DAYS + 1)
        months = (np.datetime64(start, "s") + days.astype("timedelta64[D]")).astype("datetime64[M]").astype(int) % 12
        self.start = start
        self.cumulated = np.concatenate([[0.0], np.cumsum(_MONTH_WEIGHT[months])])

    def weight_at(self, at: np.ndarray) -> np.ndarray:
        return np.interp((at - self.start) / DAY, np.arange(len(self.cumulated)), self.cumulated)

    def draw(
        self, rng: np.random.Generator, daily_rate: np.ndarray, since: np.ndarray, until: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(person index, time in s) of a Poisson process of `daily_rate` times season on [since, until)."""
        low, high = self.weight_at(np.maximum(since, self.start)), self.weight_at(until)
        counts = rng.poisson(daily_rate * np.maximum(high - low, 0))
        person = np.repeat(np.arange(len(counts)), counts)
        point = low[person] + rng.random(len(person)) * (high - low)[person]
        days = np.interp(point, self.cumulated, np.arange(len(self.cumulated)))
        return person, (self.start + days * DAY).astype(np.int64)
