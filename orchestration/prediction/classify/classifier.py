"""One calibrated classifier. Here: choosing by cross-validation inside the training rows, fitting. Not here: measuring it.

Candidates are a logistic regression with curves and products, shallow boosting, the mean of both, and the base rate: with few rows
nothing may be better than that. The choice and the calibration are made on predictions of folds that did not see the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.prediction.classify.calibration import Calibrator, choose_calibrator
from orchestration.prediction.classify.encoding import Encoding, learn_encoding
from orchestration.prediction.classify.labelled import Values
from orchestration.prediction.classify.members import Linear, fit_booster, fit_linear, fit_linears, staged_logits
from orchestration.prediction.classify.quality import log_loss

BASE_RATE, LOGISTIC, BOOSTING, BOTH = "base rate", "logistic", "boosting", "mean of logistic and boosting"
STRENGTHS = (0.003, 0.03, 0.3, 3.0)
ROUNDS = (50, 120, 250, 450)
# on many rows three folds pick the same model as five, in half the time
_FOLDS, _FOLDS_OF_MANY, _MANY = 5, 3, 20_000
# fewer of the rarer class teach nothing that another sample would confirm
FEWEST_OF_A_CLASS = 10
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Classifier:
    """A fitted model. `tried` is the log loss of each candidate on rows that it did not see."""

    kind: str
    encoding: Encoding
    base_rate: float
    linear: Linear | None
    trees: Any | None
    calibrator: Calibrator
    tried: dict[str, float]
    strength: float = STRENGTHS[0]
    rounds: int = ROUNDS[0]

    def predict(self, values: Values) -> Scores:
        """The probability of yes for each row."""
        rows = len(next(iter(values.values())))
        if self.kind == BASE_RATE:
            return np.full(rows, self.base_rate)
        logits = []
        if self.linear is not None:
            logits.append(self.linear.logit(self.encoding.linear(values)))
        if self.trees is not None:
            logits.append(self.trees.decision_function(self.encoding.trees(values)))
        return self.calibrator(np.mean(logits, axis=0))


def fit(
    values: Values,
    kinds: Mapping[str, str],
    label: NDArray[Any],
    *,
    seed: int = 0,
    customers: NDArray[Any] | None = None,
) -> Classifier:
    """The best classifier of the training rows. `customers` says whose each row is, where one has several: no fold splits them."""
    encoding = learn_encoding(values, kinds)
    base = float((label.sum() + 0.5) / (len(label) + 1))
    rarer = int(min(label.sum(), len(label) - label.sum()))
    linear, trees = encoding.linear(values), encoding.trees(values)
    if rarer < FEWEST_OF_A_CLASS or not trees.shape[1]:
        return Classifier(BASE_RATE, encoding, base, None, None, Calibrator(), {})
    held_linear, held_trees, held_base = _held_out(linear, trees, label, seed, customers)
    happened = np.tile(label, len(held_base) // len(label))
    strength = min(STRENGTHS, key=lambda c: log_loss(happened, _sigmoid(held_linear[c])))
    rounds = min(ROUNDS, key=lambda r: log_loss(happened, _sigmoid(held_trees[r])))
    logits = {
        BASE_RATE: held_base,
        LOGISTIC: held_linear[strength],
        BOOSTING: held_trees[rounds],
        BOTH: (held_linear[strength] + held_trees[rounds]) / 2,
    }
    tried = {kind: log_loss(happened, _sigmoid(logit)) for kind, logit in logits.items()}
    kind = min(tried, key=tried.__getitem__)
    chosen = Classifier(
        kind,
        encoding,
        base,
        None,
        None,
        choose_calibrator(logits[kind], happened, len(label), seed=seed) if kind != BASE_RATE else Calibrator(),
        tried,
        strength,
        rounds,
    )
    return _with_members(chosen, linear, trees, label)


def fit_again(chosen: Classifier, values: Values, kinds: Mapping[str, str], label: NDArray[Any]) -> Classifier:
    """The same kind of model, as strong and calibrated alike, of other training rows: of those that it was measured on too."""
    encoding = learn_encoding(values, kinds)
    base = float((label.sum() + 0.5) / (len(label) + 1))
    again = replace(chosen, encoding=encoding, base_rate=base)
    return _with_members(again, encoding.linear(values), encoding.trees(values), label)


def always(rate: float) -> Classifier:
    """The model that says the same of everybody."""
    return Classifier(BASE_RATE, Encoding((), ()), rate, None, None, Calibrator(), {})


def _with_members(chosen: Classifier, linear: NDArray[Any], trees: NDArray[Any], label: NDArray[Any]) -> Classifier:
    return replace(
        chosen,
        linear=fit_linear(linear, label, chosen.strength) if chosen.kind in (LOGISTIC, BOTH) else None,
        trees=fit_booster(chosen.rounds, trees, label) if chosen.kind in (BOOSTING, BOTH) else None,
    )


def fit_baseline(values: Values, kinds: Mapping[str, str], label: NDArray[Any]) -> tuple[Encoding, Linear]:
    """The simple logistic regression that a model must beat: scikit-learn's default penalty, no curves."""
    encoding = learn_encoding(values, kinds)
    return encoding, fit_linear(encoding.plain(values), label, 1.0)


def _held_out(
    linear: NDArray[Any], trees: NDArray[Any], label: NDArray[Any], seed: int, customers: NDArray[Any] | None
) -> tuple[dict[float, Scores], dict[int, Scores], Scores]:
    """Logits of each candidate for rows that it did not see, one after the other for each repeat of the folds."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    folds = StratifiedKFold if customers is None else StratifiedGroupKFold

    rows = len(label)
    repeats = 1 if rows > 2000 else 3
    of_linear = {c: np.zeros(rows * repeats) for c in STRENGTHS}
    of_trees = {r: np.zeros(rows * repeats) for r in ROUNDS}
    of_base = np.zeros(rows * repeats)
    for repeat in range(repeats):
        for learn, told in folds(
            _FOLDS_OF_MANY if rows > _MANY else _FOLDS, shuffle=True, random_state=seed + repeat
        ).split(linear, label, customers):
            at = told + repeat * rows
            rate = label[learn].mean()
            of_base[at] = np.log(rate / (1 - rate))
            for c, line in fit_linears(linear[learn], label[learn], STRENGTHS).items():
                of_linear[c][at] = line.logit(linear[told])
            fitted = fit_booster(ROUNDS[-1], trees[learn], label[learn])
            for r, logit in zip(ROUNDS, staged_logits(fitted, trees[told], ROUNDS), strict=True):
                of_trees[r][at] = logit
    return of_linear, of_trees, of_base


def _sigmoid(logit: Scores) -> Scores:
    return np.asarray(1 / (1 + np.exp(-logit)))
