"""Columns as matrices that models read. Here: what is learnt of a column, and both matrices. Not here: which columns (features.py).

A value that training never saw is treated as rare, a number outside the range as its nearest end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.prediction.classify.labelled import NUMBER, Values

Matrix = NDArray[np.float64]
# products of numbers grow with their square
_MOST_PRODUCTS = 6
_FEWEST_OF_A_LEVEL = 5
_KNOTS = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class Number:
    """A number: the range it is cut to, its middle for gaps, what it is scaled by, and where its slope may change (scaled)."""

    name: str
    low: float
    high: float
    middle: float
    mean: float
    scale: float
    knots: tuple[float, ...]
    log_mean: float
    log_scale: float
    has_gaps: bool

    def filled(self, values: Matrix) -> Matrix:
        return np.clip(np.where(np.isnan(values), self.middle, values), self.low, self.high)

    def scaled(self, filled: Matrix) -> Matrix:
        return (filled - self.mean) / self.scale

    def logged(self, filled: Matrix) -> Matrix:
        return (np.log1p(filled - self.low) - self.log_mean) / self.log_scale


@dataclass(frozen=True)
class Category:
    """A category and its levels that are not rare; "" is a gap."""

    name: str
    levels: tuple[str, ...]

    def hot(self, values: NDArray[Any]) -> Matrix:
        if not self.levels:
            return np.zeros((len(values), 0))
        words, places = np.unique(values, return_inverse=True)
        return (words[:, None] == np.array(self.levels)[None, :]).astype(np.float64)[places]


@dataclass(frozen=True)
class Encoding:
    """What was learnt of the columns."""

    numbers: tuple[Number, ...]
    categories: tuple[Category, ...]

    def trees(self, values: Values) -> Matrix:
        """Numbers as they are, nan for a gap; each level of a category 0 or 1."""
        return np.column_stack(
            [*(values[n.name] for n in self.numbers), *(c.hot(values[c.name]) for c in self.categories)]
        )

    def plain(self, values: Values) -> Matrix:
        """What a simple logistic regression reads: numbers scaled, levels 0 or 1."""
        return self._plain(values, {n.name: n.scaled(n.filled(values[n.name])) for n in self.numbers})

    def linear(self, values: Values) -> Matrix:
        """The same with curves of each number and products of the first ones."""
        filled = {n.name: n.filled(values[n.name]) for n in self.numbers}
        scaled = {n.name: n.scaled(filled[n.name]) for n in self.numbers}
        curved = [n for n in self.numbers if n.knots]
        logs = [n.logged(filled[n.name]) for n in curved]
        parts = [self._plain(values, scaled)]
        for n, log in zip(curved, logs, strict=True):
            parts += [log, *(np.maximum(scaled[n.name] - knot, 0) for knot in n.knots)]
        both = [scaled[n.name] for n in curved[:_MOST_PRODUCTS]] + logs[:_MOST_PRODUCTS]
        parts += [a * b for a, b in combinations_with_replacement(both, 2)]
        return np.column_stack(parts)

    def _plain(self, values: Values, scaled: Mapping[str, Matrix]) -> Matrix:
        gaps = [np.isnan(values[n.name]).astype(float) for n in self.numbers if n.has_gaps]
        return np.column_stack([*scaled.values(), *gaps, *(c.hot(values[c.name]) for c in self.categories)])


def learn_encoding(values: Values, kinds: Mapping[str, str]) -> Encoding:
    """The encoding of the training rows."""
    numbers = tuple(_number(name, values[name]) for name, kind in kinds.items() if kind == NUMBER)
    categories = tuple(_category(name, values[name]) for name, kind in kinds.items() if kind != NUMBER)
    return Encoding(numbers, categories)


def _number(name: str, values: Matrix) -> Number:
    known = values[~np.isnan(values)]
    if not len(known):
        known = np.zeros(1)
    low, high = float(known.min()), float(known.max())
    # an outlier must not set the scale of all
    if len(known) >= 200:
        low, high = (float(q) for q in np.quantile(known, [0.001, 0.999]))
    cut = np.clip(known, low, high)
    mean, scale = float(cut.mean()), float(cut.std()) or 1.0
    logs = np.log1p(cut - low)
    different = len(np.unique(known))
    knots = tuple(sorted({float((q - mean) / scale) for q in np.quantile(cut, _KNOTS)})) if different > 10 else ()
    gaps = bool(np.isnan(values).sum() >= _FEWEST_OF_A_LEVEL)
    return Number(
        name, low, high, float(np.median(cut)), mean, scale, knots, float(logs.mean()), float(logs.std()) or 1.0, gaps
    )


def _category(name: str, values: NDArray[Any]) -> Category:
    words, counts = np.unique(values, return_counts=True)
    return Category(name, tuple(str(w) for w, n in zip(words, counts, strict=True) if n >= _FEWEST_OF_A_LEVEL))
