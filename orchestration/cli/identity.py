"""`kundbild identity …`: arguments and what is printed. Not here: work (orchestration/identity)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, Watch, me, out, print_json, styled
from orchestration.core.errors import KundbildError

identity_app = typer.Typer(help="Identity resolution: measure its quality, train its model.", no_args_is_help=True)


@identity_app.command()
def evaluate(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet file of people whose true identity is known.")],
    truth: Annotated[str, typer.Option(help="The column of the true identity. No step reads it.")],
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", help="their_column=conformed_column, as surname=family_name. May be repeated."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Resolve the people of a labelled file with the default configuration, and score the result.

    Columns that are named as in conformed people (given_name, family_name, email, phone, birth_date, street,
    postal_code, city, country_code …) are recognised; others are ignored unless mapped.
    """
    from orchestration.core.settings import Engine, Identity
    from orchestration.identity.evaluate import evaluate as score_file

    with Watch("identity") as show:
        scores = score_file(
            file,
            truth,
            _mapping(map_ or []),
            Identity(),
            Engine(),
            lambda step, rows: show("identity", f"{step}: {rows:,}"),
        )
    if as_json:
        print_json(asdict(scores))
        return
    table = RichTable("measure", "value")
    for name, value in asdict(scores).items():
        table.add_row(name.replace("_", " "), f"{value:,}" if isinstance(value, int) else f"{value:.4f}")
    out.print(table)


def _mapping(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        theirs, is_pair, ours = pair.partition("=")
        if not is_pair or not theirs or not ours:
            raise KundbildError(
                f"--map {pair} is not a mapping",
                where="--map",
                to_do="write their_column=conformed_column: surname=family_name",
            )
        mapping[theirs] = ours
    return mapping


@identity_app.command()
def train() -> None:
    """Train the model on the company's own people, without labels; the next night uses it.

    Needs a night that has run. Every customer id can change with a new model: `kundbild run` then lists the changes.
    """
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.core.migrations import opened
    from orchestration.identity.training import train_nightly_model

    home, config = home_and_config()
    if not home.warehouse.exists():
        raise KundbildError("there is no warehouse yet", where=str(home.warehouse), to_do="`kundbild run`")
    settings = load_settings(config)
    with opened(home, settings.engine, "training the identity model") as con, Watch("identity") as show:
        model = train_nightly_model(
            con, home, settings.identity, lambda step, rows: show("identity", f"training after {step}: {rows:,}")
        )
    out.print(f"Trained on {model.trained_on_records:,} records: {model.version}, in {home.identity_model}")
    out.print(styled("Next: [bold]{} run[/bold]", me()))
