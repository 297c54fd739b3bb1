"""What `kundbild scores evaluate` prints: each measure beside what it means. Not here: measures (prediction/classify)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table as RichTable

from orchestration.cli.console import out

if TYPE_CHECKING:
    from orchestration.prediction.classify.evaluation import Evaluation
    from orchestration.prediction.classify.quality import Measured

_MOST_SHOWN = 10


def print_evaluation(found: Evaluation) -> None:
    from orchestration.prediction.classify.card import measures_explained, rows_told

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
    for line in measures_explained(found):
        out.print(line, highlight=False)
    _print_table("Predicted and observed", ("predicted", "observed", "customers"), [
        (f"{said:.1%}", f"{was:.1%}", f"{count:,}") for said, was, count in found.curve
    ])  # fmt: skip
    _print_table("Most important columns", ("column", "AUC lost without it", "direction (not a cause)"), [
        (one["column"], f"{round(one['auc_lost'], 3) + 0:.3f}", one["direction"]) for one in found.important[:_MOST_SHOWN]
    ])  # fmt: skip
    _print_table("Columns not learnt from", ("column", "why"), list(found.columns_left_out.items()))
    _print_table(
        "Groups",
        ("column", "group", "customers", "predicted", "observed", "AUC", "in the top fifth"),
        [
            (g["column"], g["group"], f"{g['customers']:,}", f"{g['mean_score']:.1%}", f"{g['share']:.1%}",
             "" if g["auc"] is None else f"{g['auc']:.3f}", f"{g['in_top_fifth']:.1%}")
            for g in found.fairness
        ],
    )  # fmt: skip
    for line in rows_told(found):
        out.print(line, highlight=False)
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
