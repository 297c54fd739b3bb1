"""`kundbild …`: thin, one command, one call. Here: arguments and what is printed. Not here: work."""

from __future__ import annotations

import atexit
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table as RichTable

from orchestration.cli.audience import audience_app
from orchestration.cli.audit import audit_app
from orchestration.cli.breach import breach
from orchestration.cli.campaigns import campaigns_app
from orchestration.cli.catalogue import catalogue
from orchestration.cli.consent import consent_app
from orchestration.cli.console import Json, Watch, err, me, out, print_findings, print_json, print_outcome, styled
from orchestration.cli.dashboards import dashboards
from orchestration.cli.demo import demo_app
from orchestration.cli.dictionary import dictionary
from orchestration.cli.erasure import confirm, erase, prove_erasure
from orchestration.cli.explain import explain
from orchestration.cli.failures import code_of, flushed, tell
from orchestration.cli.help_panels import Grouped
from orchestration.cli.hold import hold_app
from orchestration.cli.identity import identity_app
from orchestration.cli.metrics import mcp, metrics_app
from orchestration.cli.pepper import pepper_app
from orchestration.cli.processing import record_of_processing
from orchestration.cli.quarantine import quarantine_app
from orchestration.cli.report import infographic, report
from orchestration.cli.requests import requests_app
from orchestration.cli.review import review_app
from orchestration.cli.rights import export_subject, object_to_marketing, rectify, restrict, withdraw
from orchestration.cli.scores import scores_app
from orchestration.cli.segments import add_segment, segments
from orchestration.cli.show import show
from orchestration.cli.source_state import backfill, source_app
from orchestration.cli.sources import add_source, add_system, preview
from orchestration.cli.statistics import statistics_app
from orchestration.cli.superset import superset
from orchestration.core.errors import KundbildError
from orchestration.publishing.grades import GradeName

app = typer.Typer(
    cls=Grouped,
    help="Kundbild: a customer data warehouse that a small team can run tonight.",
    epilog="Start with `kundbild demo`, then `kundbild run`, then `kundbild status`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(audience_app, name="audience")
app.add_typer(audit_app, name="audit")
app.add_typer(campaigns_app, name="campaigns")
app.add_typer(consent_app, name="consent")
app.add_typer(demo_app, name="demo")
app.add_typer(hold_app, name="hold")
app.add_typer(identity_app, name="identity")
app.add_typer(metrics_app, name="metrics")
app.add_typer(source_app, name="source")
app.command("backfill", epilog="Example: kundbild backfill shop --table orders --from 2026-01-01")(backfill)
app.add_typer(pepper_app, name="pepper")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(requests_app, name="requests")
app.add_typer(review_app, name="review")
app.add_typer(scores_app, name="scores")
app.add_typer(statistics_app, name="statistics")
app.command(epilog="Example: kundbild breach found.csv --notification notification.md --customers whom.csv")(breach)
app.command()(explain)
app.command(epilog="Example: kundbild show crm:1042 --html customer.html")(show)
app.command(epilog="Example: kundbild segments lifecycle")(segments)
app.command(
    "add-segment",
    epilog='Example: kundbild add-segment big_spenders --where "order_count >= 10 and not is_business" --try',
)(add_segment)
app.command("add-source", epilog="Example: kundbild add-source shop --from /exports/shop")(add_source)
app.command("add-system", epilog="Example: kundbild add-system till --kind webshop --from /exports/till")(add_system)
app.command(epilog="Example: kundbild preview shop")(preview)
app.command()(catalogue)
app.command(epilog="Example: kundbild dashboards --port 8600 --open")(dashboards)
app.command(epilog="Example: kundbild dictionary --to dictionary.html")(dictionary)
app.command(epilog="Example: kundbild report --open")(report)
app.command(epilog="Example: kundbild infographic --topic survey --to survey.png")(infographic)
app.command(epilog="Example: kundbild superset --port 8088")(superset)
app.command(epilog="Example: kundbild erase --email - --received 2026-05-31")(erase)
app.command(epilog="Example: kundbild confirm 8f0c2a1b9d3e")(confirm)
app.command("export-subject", epilog="Example: kundbild export-subject --customer ID --to it.json --html it.html")(
    export_subject
)
app.command(epilog="How to connect an assistant: docs/analyst.md")(mcp)
app.command("object", epilog="Example: kundbild object --email - --received 2026-05-31")(object_to_marketing)
app.command(epilog="Example: kundbild withdraw --customer ID --purpose newsletter --channel email")(withdraw)
app.command("prove-erasure")(prove_erasure)
app.command(epilog="Example: kundbild rectify --customer ID --set city=Luleå")(rectify)
app.command("record-of-processing", epilog="Example: kundbild record-of-processing --to record.html")(
    record_of_processing
)
app.command(epilog="Example: kundbild restrict --customer ID --received 2026-05-31")(restrict)


@app.callback()
def main(
    home: Annotated[
        Path | None, typer.Option(help="Folder for the warehouse and everything a run makes.", envvar="KUNDBILD_HOME")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="The configuration file.", envvar="KUNDBILD_CONFIG")] = None,
) -> None:
    for name, value in (("KUNDBILD_HOME", home), ("KUNDBILD_CONFIG", config)):
        if value is not None:
            os.environ[name] = str(value.resolve())


@app.command()
def run(
    as_of: Annotated[
        str | None,
        typer.Option(help="The moment that the night describes: ISO 8601, UTC unless it has an offset. Default: now."),
    ] = None,
    force: Annotated[bool, typer.Option(help="Build and publish even when nothing new came.")] = False,
    full_refresh: Annotated[bool, typer.Option(help="Rebuild incremental tables from raw.")] = False,
    is_dry: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Read up to 1,000 rows of each table, tell all that does not fit, and write nothing."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Run the nightly: extract, build, identify, check, publish. Safe to repeat.

    Exit code 0: published (or nothing new). 1: it failed, or a source could not be read. 2: it could not be done, as where
    the disk is full. Readers keep the last good publication.
    """
    if is_dry:
        from orchestration.run.dry_run import dry_run

        print_findings(dry_run(), as_json=as_json)
        return
    from orchestration.run.launch import run_nightly
    from orchestration.run.night import watching
    from orchestration.run.preflight import moment_of

    with Watch("nightly") as show, watching(show):
        outcome = run_nightly(
            as_of=moment_of(as_of) if as_of is not None else None, force=force, full_refresh=full_refresh
        )
    if as_json:
        print_json(outcome.as_dict())
    else:
        print_outcome(outcome)
    if not outcome.is_clean:
        raise typer.Exit(2 if outcome.is_disk_full else 1)


@app.command()
def status(as_json: Json = False) -> None:
    """Show what was loaded and when, which checks failed, and what is published."""
    from orchestration.run.status import read_status

    found = read_status()
    if as_json:
        print_json(found)
        return
    if found["running"]:
        out.print(f"Going on: {found['running']}. What follows is how it stood before.", highlight=False)
    table = RichTable("source", "state", "since", "last asked", "rows", title="Sources")
    for source in found["sources"]:
        state = styled("[green]ok[/green]") if source["is_ok"] else styled("[red]failed[/red] {}", source["message"])
        table.add_row(source["source"], state, source["since"][:16], source["checked_at"][:16], f"{source['rows']:,}")
    out.print(table)
    last = found["last_run"]
    if last:
        failed = ", [red]failed[/red]" if last["problems"] else ""
        out.print(
            styled("Last run: {}, ended at {}" + failed, last["run_id"][:8], last["ended_at"][:16]), highlight=False
        )
        for problem in last["problems"]:
            out.print(f"  {problem}", highlight=False)
    if found["unnoted_run"]:
        out.print(styled("[red]{}[/red]", found["unnoted_run"]), highlight=False)
    for check in found["failed_checks"]:
        colour = "red" if check["severity"] == "ERROR" else "yellow"
        out.print(styled(f"[{colour}]{{}}[/] {{}}: {{}}", check["severity"], check["table"], check["check"]))
    for line in found.get("set_aside", []):
        out.print(styled("[yellow]rows[/yellow] {}", line), highlight=False)
    for line in found.get("unread", []):
        out.print(styled("[yellow]not read[/yellow] {}", line), highlight=False)
    for line in found["state_files"]:
        out.print(styled("[yellow]files[/yellow] {}", line), highlight=False)
    publication = found["publication"]
    out.print(
        f"Published: {publication['version']} ({publication['rows']:,} rows)"
        if publication
        else "Nothing is published yet."
    )
    for grade in publication["grades"] if publication else []:
        out.print(styled("  {}: {} (for {})", grade["grade"], grade["file"], grade["readers"]), highlight=False)
    if publication and publication["report"]:
        out.print(f"  report: {publication['report']}", highlight=False)
    following = "query 'select * from bi.dim_customers limit 5'" if publication else "run"
    out.print(styled("Next: [bold]{} {}[/bold]", me(), following))


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
    from orchestration.core.configuration import home_and_config
    from orchestration.core.migrations import refuse_newer
    from orchestration.publishing import versions
    from orchestration.publishing.shown import go_back

    home, _ = home_and_config()
    if rollback or version:
        home.prepare()
        with home.lock("rollback"):
            refuse_newer(home)
            publication, problem = go_back(home, version)
        if problem:
            err.print(styled("[yellow]warning[/yellow]: {}", problem), highlight=False)
        if as_json:
            print_json({"version": publication.version, "published_at": publication.published_at, "warning": problem})
            return
        out.print(f"Readers now see {publication.version}, published at {publication.published_at}")
        if publication != versions.list_publications(home)[0]:
            out.print(
                "It shows no audience and no permission: somebody may have withdrawn since. `kundbild run` makes new ones."
            )
        return
    if not list_:
        raise KundbildError("give --list or --rollback", to_do="`kundbild publish --help`; `kundbild run` publishes")
    now = versions.current(home)
    publications = versions.list_publications(home)
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


@app.command(epilog='Example: kundbild query "select count(*) from bi.fct_orders"')
def query(
    sql: Annotated[
        str,
        typer.Argument(help="SQL on the tables of the grade: bi_open; bi; or marts, segments, insight and audiences."),
    ],
    grade: Annotated[
        GradeName | None,
        typer.Option(
            help="open: rounded counts; analyst: pseudonymised rows; people: names and contact points. Default: analyst."
        ),
    ] = None,
    people: Annotated[bool, typer.Option("--people", help="The same as --grade people.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds after which the query is stopped.", min=0.1, max=86_400)] = 60,
    as_json: Json = False,
) -> None:
    """Ask one grade of the publication, read-only. Who asked which, when, and how many rows is noted: `kundbild audit access`."""
    from orchestration.publishing.grades import GRADES
    from orchestration.publishing.query import ask

    if people and grade not in (None, "people"):
        raise KundbildError("--people and another --grade were both given", to_do="say one of them")
    columns, rows = ask(sql, timeout, grade=GRADES["people" if people else grade or "analyst"])
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    table = RichTable(*columns)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    out.print(table)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check the configuration, that sources can be reached, secrets, disk and versions; say what to fix."""
    from orchestration.run.doctor import examine

    print_findings(examine(), as_json=as_json)


@app.command("job-token")
def job_token() -> None:
    """Give a token for one run of erase_customers or export_subject in the Dagster UI, good for 15 minutes."""
    from orchestration.core.clock import now
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.core.migrations import refuse_newer
    from orchestration.privacy.audit.log import audit_log
    from orchestration.privacy.secrets.job_tokens import give_token

    home, config = home_and_config()
    refuse_newer(home)
    token = give_token(home.prepare(), now())
    audit_log(home, load_settings(config).privacy).append("gave a job token")
    print(token)


@app.command()
def prepare() -> None:
    """Compile the dbt project for the Dagster UI, which never compiles it while it loads, and put a run history aside that Dagster
    cannot read. `kundbild run` does both too."""
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.core.migrations import refuse_newer
    from orchestration.run.run_history import damaged, put_aside
    from orchestration.transform.runner import Dbt

    home, config = home_and_config()
    refuse_newer(home)
    dbt = Dbt(load_settings(config), home.prepare())
    if damaged(home):
        with home.lock("putting a damaged run history aside"):
            for told in put_aside(home):
                out.print(told, highlight=False)
    path = dbt.standing_manifest()
    if path is None:
        with home.lock("compiling the dbt project"):
            path = dbt.ensure_manifest()
    out.print(f"The dbt project is compiled: {path}", highlight=False)


@app.command("dbt", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def dbt_command(context: typer.Context) -> None:
    """Run dbt by hand with this home and configuration: `kundbild dbt build --select customer_360+`."""
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.core.migrations import refuse_newer
    from orchestration.privacy.audit.access import BY_DBT, command_to_note, note_access
    from orchestration.transform.runner import Dbt

    home, config = home_and_config()
    home.prepare()
    settings = load_settings(config)
    command = command_to_note(context.args)
    with home.lock("dbt by hand"):
        refuse_newer(home)
        if command:
            note_access(home, settings.privacy, BY_DBT, command=command)
        is_success = Dbt(settings, home).invoke(context.args)
    raise typer.Exit(0 if is_success else 1)


def entry() -> None:
    """The command's entry point: an error that the user can fix is printed without a traceback."""
    try:
        app()
    except SystemExit as leaving:
        _leave(code_of(leaving))
    except Exception as error:  # of whatever kind, it is told, with --json as JSON
        _leave(tell(error))


def _leave(code: int) -> None:
    # DuckDB's binding prints leak reports when the interpreter takes its modules down: leave before that, but only
    # after what waits for the end (open files, semaphores, child processes) has had its turn
    atexit._run_exitfuncs()
    os._exit(flushed(code))
