"""What the card says of a fit that is learnt from past days. Here: its words. Not here: the page (card.py), the finding (classify/)."""

from __future__ import annotations

from orchestration.prediction.classify.card import doubts
from orchestration.prediction.nightly.estimators import About
from orchestration.prediction.warehouse.learning import Learnt
from orchestration.prediction.warehouse.reasons import words_of

# the columns after the first ones add little
_MOST_IMPORTANT = 12


def about_of_learnt(found: Learnt) -> About:
    rate, evaluation = found.rate, found.evaluation
    if evaluation is None or evaluation.test is None:
        days = f"{min(found.days):%Y-%m-%d} to {max(found.days):%Y-%m-%d}"
        counted = f"Learnt from {rate.customers:,} customers of past days, {days}: {rate.yes:,} times yes of {rate.rows:,}, one a customer and day."
        return About(
            [counted, "Too few of them answered either way to measure it on: everybody gets the share of yes."]
        )
    train, test, left_out = evaluation.train, evaluation.test, evaluation.features.leaks
    data = [
        f"Learnt from {train.name}: {train.rows:,} rows of customers, {train.positives:,} with yes. The fit that scores has learnt from the measured day too.",
        f"Measured on {test.name}: {test.rows:,} customers, {test.positives:,} with yes. What it was learnt from had ended before.",
        f"Model: {', '.join(evaluation.predicted.chosen)}, chosen on customers that it did not see.",
    ]
    important = [
        {**one, "column": words_of(one["column"])}
        for one in evaluation.important[:_MOST_IMPORTANT]
        if one["auc_lost"] > 0
    ]
    limits = [
        *doubts(evaluation),
        *(f"{words_of(column)}: left out, it tells the answer by itself." for column in left_out),
        *(
            f"{words_of(column)}: differs a lot between the days that it learnt from and the measured one."
            for column in evaluation.drift
        ),
    ]
    return About(data, evaluation.curve, important, evaluation.fairness, limits)
