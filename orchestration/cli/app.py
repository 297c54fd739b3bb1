"""`kundbild …`: thin, one command, one call. Here: arguments and what is printed. Not here: work."""

from __future__ import annotations

import atexit
import os
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.audience import audience_app
from orchestration.cli.audit import audit_app
from orchestration.cli.breach import breach
from orchestration.cli.campaigns import campaigns_app
from orchestration.cli.catalogue import catalogue
from orchestration.cli.consent import consent_app
from orchestration.cli.console import keep_typed
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
from orchestration.cli.night import dbt, doctor, job_token, prepare, run
from orchestration.cli.pepper import pepper_app
from orchestration.cli.processing import record_of_processing
from orchestration.cli.publication import publish, query
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
from orchestration.cli.status import status
from orchestration.cli.superset import superset

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
app.command()(run)
app.command()(status)
app.command()(publish)
app.command(epilog='Example: kundbild query "select count(*) from bi.fct_orders"')(query)
app.command()(doctor)
app.command("job-token")(job_token)
app.command()(prepare)
app.command("dbt", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(dbt)
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
    keep_typed(home=home, config=config)
    for name, value in (("KUNDBILD_HOME", home), ("KUNDBILD_CONFIG", config)):
        if value is not None:
            os.environ[name] = str(value.resolve())


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
