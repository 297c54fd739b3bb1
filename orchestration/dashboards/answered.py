"""Counts of sets of customers that tell of nobody, not even one count less another. Here: what is told of a set. Not here: which sets
are counted (builder.py).

A count is rounded to a multiple of `least`; a set of fewer has none. Two rules that differ by few customers would tell of these by their
difference: a set that is nearly one that was told before (fewer than `least` are in one and not in the other) has the number of that one,
whatever its own is. So it tells nothing new.
"""

from __future__ import annotations

import threading

import numpy as np

from orchestration.core.errors import KundbildError

_MOST_BYTES = 64_000_000


class AnsweredSets:
    """What was told of sets of customers of one publication. A set says yes or no of each customer, always in the same order."""

    def __init__(self, customers: int, least: int) -> None:
        self._least = least
        self._lock = threading.Lock()
        self._told: list[int | None] = []
        self._sets = np.zeros((16, (customers + 7) // 8), dtype=np.uint8)
        # all but few are all
        self.told(np.ones(customers, dtype=bool))

    def told(self, held: np.ndarray) -> int | None:
        """The rounded number of customers in the set; None: fewer than `least`. Raises KundbildError after very many sets."""
        packed = np.packbits(held)
        with self._lock:
            known = len(self._told)
            differing = np.bitwise_count(self._sets[:known] ^ packed).sum(axis=1, dtype=np.int64)
            if (near := np.flatnonzero(differing < self._least)).size:
                return self._told[int(near[0])]
            if (known + 1) * packed.size > _MOST_BYTES:
                raise KundbildError(
                    "very many rules were counted of this publication",
                    to_do="start the dashboards again, or wait for the next night",
                )
            if known == len(self._sets):
                self._sets = np.concatenate([self._sets, np.zeros_like(self._sets)])
            self._sets[known] = packed
            many = int(np.count_nonzero(held))
            # as the pages round (publishing/report/rules.py): halves up
            self._told.append(
                None if many < self._least else (2 * many + self._least) // (2 * self._least) * self._least
            )
            return self._told[-1]
