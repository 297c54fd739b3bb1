"""`kundbild statistics …`: arguments and what is printed. Not here: reading statistics (extract/statistics)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, me, out, print_json, styled
from orchestration.cli.session import home_and_settings, locked_warehouse

if TYPE_CHECKING:
    from orchestration.core.settings import Settings
    from orchestration.core.settings.statistics import PlaceStatistics

statistics_app = typer.Typer(help="Official statistics of places: income and education.", no_args_is_help=True)


@statistics_app.command(
    epilog="Example: kundbild statistics load 06944.json --country NO --measure median_income --pick HusholdType=0000"
)
def load(
    what: Annotated[
        str,
        typer.Argument(
            help="A name below statistics in kundbild.toml, or a file or an address that answers JSON-stat2."
        ),
    ],
    country: Annotated[str | None, typer.Option(help="Of a file or an address: the country, as NO.")] = None,
    measure: Annotated[str | None, typer.Option(help="median_income or share_higher_education.")] = None,
    area_kind: Annotated[str | None, typer.Option(help="municipality or postal_area. Default: municipality.")] = None,
    area_dimension: Annotated[
        str | None, typer.Option(help="The dimension of areas, if the table does not name it.")
    ] = None,
    year_dimension: Annotated[
        str | None, typer.Option(help="The dimension of years, if the table does not name it.")
    ] = None,
    pick: Annotated[
        list[str] | None, typer.Option(help="DIMENSION=CODE: what to read of a dimension with several. Repeat it.")
    ] = None,
    area_prefix: Annotated[str | None, typer.Option(help="The office's prefix of an area's code, as K-.")] = None,
    factor: Annotated[
        float | None, typer.Option(help="1000 for a table of thousands, 0.01 for one of per cent.")
    ] = None,
    licence: Annotated[str | None, typer.Option(help="Licence or credit, as CC BY 4.0.")] = None,
    as_json: Json = False,
) -> None:
    """Read a table of a statistical office. It replaces earlier data of the same country, kind of area and measure.

    The next night compares customers' places by it: purchasing power, economic and cultural capital in marts.customer_profile.
    """
    from orchestration.core.clock import now
    from orchestration.extract.records import prepare_ops
    from orchestration.extract.statistics.load import load_statistics, read_statistics

    options = {
        "country": country, "measure": measure, "area_kind": area_kind, "area_dimension": area_dimension,
        "year_dimension": year_dimension, "area_prefix": area_prefix, "factor": factor, "licence": licence,
    }  # fmt: skip
    given: dict[str, Any] = {key: value for key, value in options.items() if value is not None}
    _, settings = home_and_settings()
    spec = _spec(settings, what, given | ({"pick": _picked(pick)} if pick else {}))
    name = what if what in settings.statistics else "statistics"
    with locked_warehouse("loading statistics"):
        pass  # a home that takes nothing says so before the office is asked
    dataset = read_statistics(name, spec)
    with locked_warehouse("loading statistics") as (con, _):
        prepare_ops(con)
        loaded = load_statistics(con, name, spec, dataset, now())
    if as_json:
        print_json(asdict(loaded))
        return
    years = f"{loaded.years[0]} to {loaded.years[-1]}" if len(loaded.years) > 1 else str(loaded.years[0])
    out.print(
        styled(
            "[green]loaded[/green] {}: {} of {} areas, {}", spec.measure, f"{loaded.figures:,} figures", f"{loaded.areas:,}", years
        ),
        highlight=False,
    )  # fmt: skip
    if loaded.unknown:
        out.print(f"Without a figure: {loaded.unknown:,} cells of known areas", highlight=False)
    if loaded.other_areas:
        out.print(f"Left out: {loaded.other_areas:,} areas of another kind, or unknown", highlight=False)
    if now().year - loaded.years[-1] > settings.insight.max_statistics_age_years:
        out.print(styled("[yellow]old[/yellow]: the newest figures are of {}", str(loaded.years[-1])), highlight=False)
    out.print(styled("Next: [bold]{} run --force[/bold]", me()))


@statistics_app.command("list")
def list_(as_json: Json = False) -> None:
    """List what is loaded: areas, years, source, licence and age."""
    from orchestration.extract.records import prepare_ops
    from orchestration.extract.statistics.load import loaded_statistics

    with locked_warehouse("listing statistics") as (con, _):
        prepare_ops(con)
        found = loaded_statistics(con)
    if as_json:
        print_json(found)
        return
    if not found:
        out.print(styled("No statistics are loaded. [bold]{} statistics load --help[/bold]", me()))
        return
    table = RichTable("country", "area", "measure", "areas", "newest year", "source", "licence", "loaded")
    for row in found:
        table.add_row(*(str(value) for value in row.values()))
    out.print(table)


def _spec(settings: Settings, what: str, given: dict[str, Any]) -> PlaceStatistics:
    from pydantic import ValidationError

    from orchestration.core.errors import ConfigurationError
    from orchestration.core.settings.statistics import PlaceStatistics

    said = settings.statistics.get(what)
    try:
        return PlaceStatistics.model_validate((said.model_dump() if said else {"url": what}) | given)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        known = ", ".join(sorted(settings.statistics)) or "none"
        raise ConfigurationError(
            f"{key}: {first['msg'].lower()}",
            where="statistics load",
            to_do=f"give --{key.replace('_', '-')}, or the name of a table in kundbild.toml ({known})",
        ) from None


def _picked(pick: list[str]) -> dict[str, str]:
    from orchestration.core.errors import ConfigurationError

    if odd := [one for one in pick if "=" not in one]:
        raise ConfigurationError(
            f"--pick {odd[0]} is not DIMENSION=CODE", where="--pick", to_do="for example: --pick HusholdType=0000"
        )
    return dict(one.split("=", 1) for one in pick)
