"""`kundbild scores list`, `show` and `train`: arguments and what is printed. Not here: what stands, and fits (prediction/nightly/)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, Overwrite, Watch, me, out, print_json, styled
from orchestration.cli.session import locked_warehouse
from orchestration.core.errors import KundbildError
from orchestration.core.home import assert_may_write, write_private

if TYPE_CHECKING:
    from orchestration.prediction.nightly.listed import Listed
    from orchestration.prediction.nightly.training import Trained


def list_scores(as_json: Json = False) -> None:
    """List the nightly scores of customers: the fit behind each, and its quality next to a simple rule."""
    from orchestration.prediction.nightly import listed
    from orchestration.prediction.nightly.registry import estimators

    with locked_warehouse("listing scores") as (con, settings):
        found = listed.list_scores(con, estimators(settings.scores, settings.insight))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    out.print(table_of_scores(found))
    for one in found:
        if one.is_held_back:
            out.print(f"{one.score}: the newest fit is held back: {one.why}", highlight=False)
        if one.note:
            out.print(f"{one.score}: {one.note}", highlight=False)
    if found:
        out.print(styled("Next: [bold]{} scores show {}[/bold]", me(), found[0].score))
    else:
        out.print("No score: there is nothing to learn from yet, or [scores] enabled is false.", highlight=False)


def show_score(
    score: Annotated[str, typer.Argument(help="A score, as churn_shop.")],
    card: Annotated[Path | None, typer.Option(help="Write the model card to this .html file.")] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Show one score: its quality fit by fit, its deciles and main features. Of one customer: `kundbild show`."""
    from orchestration.prediction.nightly import listed
    from orchestration.prediction.nightly.card import write_card
    from orchestration.prediction.nightly.registry import estimators

    if card is not None:
        assert_card(card, overwrite=overwrite)
    with locked_warehouse("showing a score") as (con, settings):
        found = listed.show_score(
            con, estimators(settings.scores, settings.insight), score, settings.privacy.min_people
        )
    if card is not None:
        write_private(card, write_card(found), overwrite=overwrite)
    if as_json:
        print_json(asdict(found))
        return
    one = found.listed
    as_of = f", as of {one.as_of:%Y-%m-%d %H:%M} UTC" if one.as_of else ""
    out.print(
        f"{one.score}: {one.title}. {one.customers:,} customers{as_of}. An estimate: a person decides.", highlight=False
    )
    for said in filter(None, (one.note and f"It is {one.note}", one.note_of_deciles)):
        out.print(f"{said}.", highlight=False)
    for moved in found.drift:
        out.print(f"Differs a lot from the night of the fit: {moved.words} ({moved.index:.2f})", highlight=False)
    for fit in found.fits:
        _print_fit(fit)
    tenths = RichTable("tenth", "customers", "from", "to", title="10 has the highest values")
    for tenth, customers, low, high in found.tenths:
        tenths.add_row(str(tenth), f"{customers:,}", _told(low), _told(high))
    out.print(tenths)
    outcomes = RichTable("outcome", "customers", "mean chance", title="What is likeliest of how many")
    for outcome, customers, chance in found.outcomes:
        outcomes.add_row(outcome, f"{customers:,}", _told(chance))
    if found.outcomes:
        out.print(outcomes)
    reasons = RichTable("reason", "customers", title="What it goes back on")
    for reason, customers in found.reasons:
        reasons.add_row(reason, f"{customers:,}")
    if found.reasons:
        out.print(reasons)
    if card is not None:
        out.print(f"Model card: {card}", highlight=False)


def train_scores(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models or scores, as contracts or churn_contract. Default: all.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Refit scores on the last night's marts without waiting for refit_days. The next run uses the accepted fit.

    A fit that is worse than the simple rule, or clearly worse than the last one, is held back.
    """
    from orchestration.run.train_scores import train_models

    with locked_warehouse("training scores") as (con, settings), Watch("scores") as show:
        found = train_models(con, settings, names or (), lambda detail: show("scores", detail))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    out.print(table_of_fits(found))
    for one in found:
        out.print(str(one), highlight=False)
    if any(one.is_used for one in found):
        out.print(styled("Next: [bold]{} run[/bold]", me()))


def table_of_scores(found: Sequence[Listed]) -> RichTable:
    """A score a row. What it is measured by stands below its name: 80 columns have no room for it beside."""
    table = _table("score\n  measured by", "customers", "fitted", "model", "simple\nrule")
    for one in found:
        fitted = f"{one.fitted_at:%Y-%m-%d}" if one.fitted_at else ""
        name = f"{one.score}\n  {_words(one.decided_by)}" if one.value is not None else one.score
        table.add_row(name, f"{one.customers:,}", fitted, _told(one.value), _told(one.baseline_value))
    return table


def table_of_fits(found: Sequence[Trained]) -> RichTable:
    """A measure of a new fit a row."""
    table = _table("score\n  measured by", "new fit", "simple\nrule", "last fit", "seconds")
    for one in found:
        last = {m.score: m.value for m in one.last}
        for m in one.measures:
            measured = map(_told, (m.value, m.baseline_value, last.get(m.score)))
            table.add_row(f"{m.score}\n  {_words(m.measure)}", *measured, f"{one.seconds:,.0f}")
    return table


def _table(*columns: str) -> RichTable:
    """A number that is cut is a wrong number."""
    table = RichTable(*columns)
    for column in table.columns:
        column.no_wrap = True
    return table


def _words(measure: str) -> str:
    return measure.replace("_", " ")


def _print_fit(fit: dict[str, Any]) -> None:
    held = f", held back: {fit['why'] or 'another score of its model is worse'}" if fit["is_held_back"] else ""
    table = RichTable("measure", "model", fit["baseline"] or "simple rule", title=f"Fit {fit['version']}{held}")
    for measure, told in fit["measures"].items():
        table.add_row(_words(measure), _told(told["value"]), _told(told["baseline_value"]))
    out.print(table)


def assert_card(card: Path, *, overwrite: bool) -> None:
    """Raises KundbildError where a model card cannot be written there."""
    if card.suffix.lower() != ".html":
        raise KundbildError(f"{card.name} is not a page", to_do="name an .html: --card FILE.html")
    if not card.parent.is_dir():
        raise KundbildError(f"there is no folder {card.parent}", to_do="make it, or name another file")
    assert_may_write(card, overwrite=overwrite)


def _told(value: float | None) -> str:
    from orchestration.prediction.classify.card import in_short

    return in_short(value)
