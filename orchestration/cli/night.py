"""`kundbild run`, `doctor`, `prepare`, `dbt` and `job-token`: run a night, and what a data engineer does around it."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.cli.console import Json, Watch, out, print_findings, print_json, print_outcome


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
            "--dry-run",
            help="Read up to 1,000 rows of each table, list everything that does not fit and how many rows would be set aside, and write nothing.",
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
    from orchestration.run.preflight import moment_of
    from orchestration.run.progress import watching

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


def doctor(as_json: Json = False) -> None:
    """Check the configuration, whether sources can be reached, secrets, disk and versions, and list what to fix."""
    from orchestration.run.doctor import examine

    print_findings(examine(), as_json=as_json)


def job_token() -> None:
    """Print a token for one run of erase_customers or export_subject in the Dagster UI, valid for 15 minutes."""
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


def prepare() -> None:
    """Compile the dbt project for the Dagster UI, which never compiles it while loading, and set aside a run history
    that Dagster cannot read. `kundbild run` does both too."""
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.core.migrations import refuse_newer
    from orchestration.run.run_history import damaged, put_aside
    from orchestration.transform.runner import Dbt

    home, config = home_and_config()
    refuse_newer(home)
    compiler = Dbt(load_settings(config), home.prepare())
    if damaged(home):
        with home.lock("putting a damaged run history aside"):
            for told in put_aside(home):
                out.print(told, highlight=False)
    path = compiler.standing_manifest()
    if path is None:
        with home.lock("compiling the dbt project"):
            path = compiler.ensure_manifest()
    out.print(f"The dbt project is compiled: {path}", highlight=False)


def dbt(context: typer.Context) -> None:
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
