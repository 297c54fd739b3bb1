"""`kundbild …`: thin, one command, one call. Here: arguments and what is printed. Not here: work."""

from __future__ import annotations

import atexit
import os
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table as RichTable

from orchestration.console import Watch, err, me, out, print_json, print_outcome
from orchestration.errors import KundbildError
from orchestration.identity_cli import identity_app

app = typer.Typer(
    help="Kundbild: a customer data warehouse that a small team can run tonight.",
    epilog="Start with `kundbild demo`, then `kundbild run`, then `kundbild status`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
demo_app = typer.Typer(
    help="The demo company: make it, serve its webshop's API, let a night pass.", invoke_without_command=True
)
app.add_typer(demo_app, name="demo")
app.add_typer(identity_app, name="identity")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine to read.")]


@app.callback()
def main(
    home: Annotated[
        Path | None, typer.Option(help="Folder for the warehouse and everything a run makes.", envvar="KUNDBILD_HOME")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="The configuration file.", envvar="KUNDBILD_CONFIG")] = None,
) -> None:
    from orchestration.night import home_and_config

    for name, value in (("KUNDBILD_HOME", home), ("KUNDBILD_CONFIG", config)):
        if value is not None:
            os.environ[name] = str(value.resolve())
    where, _ = home_and_config()
    os.environ["DAGSTER_HOME"] = str(where.dagster)


@app.command()
def run(
    as_of: Annotated[
        datetime | None, typer.Option(help="The moment that the night describes (UTC); now unless given.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Build and publish even when nothing new came.")] = False,
    full_refresh: Annotated[bool, typer.Option(help="Rebuild incremental tables from raw.")] = False,
    as_json: Json = False,
) -> None:
    """Run the nightly: extract, build, identify, check, publish. Safe to repeat.

    Exit code 0: published (or nothing new). 1: it failed, or a source could not be read; readers keep the last good
    publication.
    """
    from orchestration.launch import run_nightly
    from orchestration.night import watching

    with Watch("nightly") as show, watching(show):
        outcome = run_nightly(as_of=as_of, force=force, full_refresh=full_refresh)
    if as_json:
        print_json(outcome.as_dict())
    else:
        print_outcome(outcome)
    if not outcome.is_clean:
        raise typer.Exit(1)


@demo_app.callback()
def demo(
    context: typer.Context,
    customers: Annotated[int, typer.Option(help="How many people the company knows.", min=100)] = 10_000,
    as_of: Annotated[
        datetime | None, typer.Option(help="Day of the first night; today unless given.", formats=["%Y-%m-%d"])
    ] = None,
    nights: Annotated[int, typer.Option(help="Nights to prepare; `demo next` lets one pass.", min=1, max=60)] = 3,
    days_per_night: Annotated[int, typer.Option(help="Days between two nights.", min=1, max=60)] = 1,
    seed: Annotated[int, typer.Option(help="The same seed gives the same company.")] = 7,
    as_json: Json = False,
) -> None:
    """Make the demo company's source systems: a Nordic outdoor shop with webshop, stores, club and subscription box."""
    if context.invoked_subcommand:
        return
    from orchestration.demo.generate import generate
    from orchestration.night import home_and_config

    home, _ = home_and_config()
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
    out.print(f"It lies in {home.demo}\nNext: [bold]{me()} run[/bold]")


@demo_app.command("serve")
def demo_serve(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 8765,
    requests_per_second: Annotated[float, typer.Option(help="Above it the API answers 429.")] = 500,
) -> None:
    """Serve the demo webshop's REST API on 127.0.0.1 until Ctrl-C. `kundbild run` does this by itself."""
    from orchestration.demo.server import make_server
    from orchestration.night import home_and_config

    home, _ = home_and_config()
    pages = home.demo / "webshop"
    if not pages.is_dir():
        raise KundbildError(
            "there is no demo company here", where=str(home.demo), to_do="make one with `kundbild demo`"
        )
    token = os.environ.get("KUNDBILD_DEMO_TOKEN", "demo-token")
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
    from orchestration.demo.generate import next_night
    from orchestration.night import home_and_config

    home, _ = home_and_config()
    night = next_night(home.demo)
    out.print(f"Night {night} has passed. Next: [bold]{me()} run[/bold]")


@app.command()
def status(as_json: Json = False) -> None:
    """Show what was loaded and when, which checks failed, and what is published."""
    from orchestration.status import read_status

    found = read_status()
    if as_json:
        print_json(found)
        return
    table = RichTable("source", "state", "since", "rows", title="Sources")
    for source in found["sources"]:
        state = "[green]ok[/green]" if source["is_ok"] else f"[red]failed[/red] {source['message']}"
        table.add_row(source["source"], state, source["checked_at"], f"{source['rows']:,}")
    out.print(table)
    for check in found["failed_checks"]:
        out.print(
            f"[{'red' if check['severity'] == 'ERROR' else 'yellow'}]{check['severity']}[/] {check['table']}: {check['check']}"
        )
    publication = found["publication"]
    out.print(
        f"Published: {publication['version']} ({publication['rows']:,} rows)"
        if publication
        else "Nothing is published yet."
    )
    out.print(
        "Next: [bold]"
        + (f"{me()} query 'select * from bi.dim_customers limit 5'" if publication else f"{me()} run")
        + "[/bold]"
    )


@app.command("add-source")
def add_source(
    name: Annotated[str, typer.Argument(help="Name of the source: lower case, becomes raw_<name>.")],
    kind: Annotated[
        str, typer.Option(help="What it is: webshop, crm, email, survey, analytics, finance, support, register.")
    ],
    from_: Annotated[str, typer.Option("--from", help="A file, a folder, a SQLAlchemy URL or an API's base URL.")],
) -> None:
    """Scaffold a source: its block for kundbild.toml, its module, and staging models with every conformed column listed."""
    from orchestration.scaffold import scaffold

    made = scaffold(name, kind, from_)
    for path in made.files:
        out.print(f"[green]made[/green] {path}")
    out.print("\nAdd this to kundbild.toml:\n")
    print(made.block)
    out.print("Then fill in the staging models, and [bold]kundbild doctor[/bold], [bold]kundbild run[/bold]")


@app.command()
def publish(
    list_: Annotated[bool, typer.Option("--list", help="List the publications that are kept.")] = False,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Go back to the publication before, or to --version.")
    ] = False,
    version: Annotated[str | None, typer.Option(help="Publication to switch to.")] = None,
    as_json: Json = False,
) -> None:
    """List publications, or roll back to an earlier one. Publishing itself is the last step of `kundbild run`."""
    from orchestration.night import home_and_config
    from orchestration.publishing import snapshot

    home, _ = home_and_config()
    if rollback or version:
        home.prepare()
        with home.lock("rollback"):
            publication = snapshot.rollback(home, version)
        out.print(f"Readers now see {publication.version}, published at {publication.published_at}")
        return
    if not list_:
        raise KundbildError("say --list or --rollback", to_do="`kundbild publish --help`; `kundbild run` publishes")
    now = snapshot.current(home)
    publications = snapshot.list_publications(home)
    if as_json:
        print_json(
            [
                {
                    "version": p.version,
                    "published_at": p.published_at,
                    "rows": sum(p.tables.values()),
                    "current": p == now,
                }
                for p in publications
            ]
        )
        return
    table = RichTable("version", "published at", "tables", "rows", "")
    for p in publications:
        table.add_row(
            p.version, p.published_at, str(len(p.tables)), f"{sum(p.tables.values()):,}", "current" if p == now else ""
        )
    out.print(table)


@app.command()
def query(sql: Annotated[str, typer.Argument(help="SQL on the published schema bi.")], as_json: Json = False) -> None:
    """Ask the publication something, read-only: `kundbild query "select count(*) from bi.fct_orders"`."""
    from orchestration.publishing.query import ask

    columns, rows = ask(sql)
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    table = RichTable(*columns)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    out.print(table)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check the configuration, that sources can be reached, secrets, disk and versions; say what to mend."""
    from orchestration.doctor import examine

    findings = examine()
    if as_json:
        print_json([vars(finding) for finding in findings])
    else:
        for finding in findings:
            mark = "[green]ok[/green]  " if finding.is_ok else "[red]mend[/red]"
            out.print(
                f"{mark} {finding.what}: {finding.found}" + (f"\n       → {finding.to_do}" if finding.to_do else "")
            )
    if not all(finding.is_ok for finding in findings):
        raise typer.Exit(1)


@app.command("dbt", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def dbt_command(context: typer.Context) -> None:
    """Run dbt by hand with this home and configuration: `kundbild dbt build --select customer_360+`."""
    from orchestration.configuration import load_settings
    from orchestration.night import home_and_config
    from orchestration.transform import Dbt

    home, config = home_and_config()
    home.prepare()
    with home.lock("dbt by hand"):
        is_success = Dbt(load_settings(config), home).invoke(context.args)
    raise typer.Exit(0 if is_success else 1)


def entry() -> None:
    """The command's entry point: an error that the user can mend is printed without a traceback."""
    try:
        app()
    except KundbildError as error:
        err.print(f"[red]error:[/red] {error}", highlight=False)
        _leave(2)
    except SystemExit as leaving:
        _leave(int(leaving.code or 0) if not isinstance(leaving.code, str) else 1)


def _leave(code: int) -> None:
    # DuckDB's binding prints leak reports when the interpreter takes its modules down: leave before that, but only
    # after what waits for the end (open files, semaphores, child processes) has had its turn
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
