"""What `kundbild scores evaluate` prints: each measure beside what it means. Not here: measures (prediction/classify)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table as RichTable

from orchestration.cli.console import out

if TYPE_CHECKING:
    from orchestration.prediction.classify.evaluate import Evaluation
    from orchestration.prediction.classify.quality import Measured

_MOST_SHOWN = 10
_IN_WORDS = {"logistic": "a plain logistic regression", "base rate": "the share of yes for everybody"}


def print_evaluation(found: Evaluation) -> None:
    measured, rate = found.measured, found.measured.positives / found.measured.rows
    how = "by a model of another file" if found.test is not None else f"by models of other folds ({found.folds} folds)"
    out.print(
        f"{found.label}: yes for {measured.positives:,} of {measured.rows:,} customers ({rate:.1%}), scored {how}",
        highlight=False,
    )
    table = RichTable("", "AUC", "average precision", "calibration error", "Brier", title="How good, 95 % interval")
    for model, quality in found.quality.items():
        table.add_row(model, *(_with_interval(one) for one in quality.values()))
    out.print(table)
    for line in (
        "AUC: the chance that a yes has a higher score than a no; 0.5 is a coin, 1 is perfect.",
        f"Average precision: the share of yes among the highest scores, over all cuts; by chance {rate:.3f}.",
        "Calibration error: the mean gap between what was said and what happened; scores that are exactly right show "
        f"{found.by_chance:.3f} on so few customers.",
        "Brier: the mean square of the gap of each customer; the lower, the better.",
        *(
            f"Compared with {_IN_WORDS[baseline]}, by Brier: {found.verdict(baseline)}."
            for baseline in found.difference
        ),
        f"The tenth with the highest scores: {found.top_tenth['share']:.0%} said yes, "
        f"{found.top_tenth['of_all_yes']:.0%} of all who did.",
    ):
        out.print(line, highlight=False)
    _print_table("What was said and what happened", ("said", "happened", "customers"), [
        (f"{said:.1%}", f"{was:.1%}", f"{count:,}") for said, was, count in found.curve
    ])  # fmt: skip
    _print_table("Most important columns", ("column", "AUC lost without it", "direction (not a cause)"), [
        (one["column"], f"{one['auc_lost']:.3f}", one["direction"]) for one in found.important[:_MOST_SHOWN]
    ])  # fmt: skip
    _print_table("Columns not learnt from", ("column", "why"), list(found.columns_left_out.items()))
    _print_table(
        "Groups",
        ("column", "group", "customers", "said", "happened", "AUC", "in the top fifth"),
        [
            (g["column"], g["group"], f"{g['customers']:,}", f"{g['mean_score']:.1%}", f"{g['share']:.1%}",
             "" if g["auc"] is None else f"{g['auc']:.3f}", f"{g['in_top_fifth']:.1%}")
            for g in found.fairness
        ],
    )  # fmt: skip
    for part in (found.train, found.test):
        for reason, count in part.left_out.items() if part else ():
            out.print(f"Left out of {part.name if part else ''}: {count:,} rows ({reason})", highlight=False)
    if found.in_both:
        out.print(f"{found.in_both:,} customers are in both files, with other values", highlight=False)
    for column in found.drift:
        out.print(f"{column} differs a lot between the files: the model may not fit the later one", highlight=False)
    out.print("A score decides nothing: a person does (Art. 22 GDPR)")


def _print_table(title: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    if not rows:
        return
    table = RichTable(*head, title=title)
    for row in rows:
        table.add_row(*row)
    out.print(table)


def _with_interval(found: Measured) -> str:
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"
