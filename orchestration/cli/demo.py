"""`kundbild demo …`: arguments and what is printed. Not here: work (orchestration/demo)."""

from __future__ import annotations

import os
from datetime import date, datetime
from typing import Annotated

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, Watch, err, me, out, print_json, styled
from orchestration.core.errors import KundbildError

demo_app = typer.Typer(
    help="The demo company: make it, serve its webshop's API, prepare the next night.", invoke_without_command=True
)


@demo_app.callback()
def demo(
    context: typer.Context,
    customers: Annotated[int, typer.Option(help="Number of people in the company's data.", min=100)] = 10_000,
    as_of: Annotated[
        datetime | None, typer.Option(help="Day of the first night; today unless given.", formats=["%Y-%m-%d"])
    ] = None,
    nights: Annotated[
        int, typer.Option(help="Nights to prepare; `demo next` goes on to the next one.", min=1, max=60)
    ] = 3,
    days_per_night: Annotated[int, typer.Option(help="Days between two nights.", min=1, max=60)] = 1,
    seed: Annotated[int, typer.Option(help="The same seed gives the same company.")] = 7,
    as_json: Json = False,
) -> None:
    """Make the demo company's source systems: a Nordic outdoor shop with webshop, stores, club and subscription box."""
    if context.invoked_subcommand:
        return
    from orchestration.core.configuration import home_and_config
    from orchestration.core.migrations import refuse_newer
    from orchestration.demo.generate import generate

    home, _ = home_and_config()
    refuse_newer(home)
    home.prepare()
    with Watch("demo") as show:
        counts = generate(
            home.demo,
            customers=customers,
            as_of=as_of.date() if as_of else date.today(),
            nights=nights,
            days_per_night=days_per_night,
            seed=seed,
            progress=lambda step: show("demo", step),
        )
    if as_json:
        print_json({"folder": str(home.demo), "rows": counts})
        return
    table = RichTable("system", "table", "rows", title=f"The demo company, {customers:,} customers")
    for name, rows in counts.items():
        system, _, source_table = name.partition(".")
        table.add_row(system, source_table, f"{rows:,}")
    out.print(table)
    out.print(styled("It lies in {}\nNext: [bold]{} run[/bold]", home.demo, me()))


@demo_app.command("serve")
def demo_serve(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.", min=0, max=65_535)] = 8765,
    requests_per_second: Annotated[float, typer.Option(help="Above this rate the API answers 429.")] = 500,
) -> None:
    """Serve the demo webshop's REST API on 127.0.0.1 until Ctrl-C. `kundbild run` does this by itself."""
    from orchestration.core.configuration import home_and_config
    from orchestration.core.settings.secret_names import DEMO_TOKEN
    from orchestration.demo.server import make_server

    home, _ = home_and_config()
    pages = home.demo / "webshop"
    if not pages.is_dir():
        raise KundbildError(
            "there is no demo company here", where=str(home.demo), to_do="make one with `kundbild demo`"
        )
    token = os.environ.get("KUNDBILD_DEMO_TOKEN", DEMO_TOKEN)
    try:
        server = make_server(pages, token, port=port, requests_per_second=requests_per_second)
    except OSError as error:
        raise KundbildError(
            f"port {port} cannot be used: {error.strerror}", to_do="choose another with --port"
        ) from error
    err.print(f"The demo webshop answers on http://127.0.0.1:{server.server_address[1]} (Ctrl-C stops it)")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


@demo_app.command("next")
def demo_next() -> None:
    """Let the demo company live through one more night: new, changed, late and deleted rows arrive."""
    from orchestration.core.configuration import home_and_config
    from orchestration.core.migrations import refuse_newer
    from orchestration.demo.generate import next_night

    home, _ = home_and_config()
    refuse_newer(home)
    night = next_night(home.demo)
    out.print(styled("Night {} has passed. Next: [bold]{} run[/bold]", night, me()))
