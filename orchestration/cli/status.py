"""`kundbild status`: what was loaded, which checks failed, and what readers see."""

from __future__ import annotations

from typing import Any

from rich.table import Table as RichTable

from orchestration.cli.console import Json, me, out, print_json, styled


def status(as_json: Json = False) -> None:
    """Show what was loaded and when, which checks failed, and what is published."""
    from orchestration.run.status import read_status

    found = read_status()
    if as_json:
        print_json(found)
        return
    if found["running"]:
        out.print(f"Going on: {found['running']}. What follows is how it stood before.", highlight=False)
    _print_sources(found["sources"])
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
    _print_checks(found["failed_checks"])
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


def _print_sources(sources: list[dict[str, Any]]) -> None:
    """What a source said stands below the table: beside it, each of its words would be in a line of its own."""
    table = RichTable("source", "state", "since", "last asked", "rows", title="Sources")
    for source in sources:
        state = styled("[green]ok[/green]") if source["is_ok"] else styled("[red]failed[/red]")
        table.add_row(source["source"], state, source["since"][:16], source["checked_at"][:16], f"{source['rows']:,}")
    # the source's name alone goes on in the next line of a narrow screen
    for column in table.columns[1:]:
        column.no_wrap = True
    out.print(table)
    for source in sources:
        if not source["is_ok"]:
            out.print(styled("[red]failed[/red] {}: {}", source["source"], source["message"]), highlight=False)


def _print_checks(checks: list[dict[str, Any]]) -> None:
    for check in checks:
        colour = "red" if check["severity"] == "ERROR" else "yellow"
        of = f" (rows of {check['sources']})" if check["sources"] else ""
        out.print(styled(f"[{colour}]{{}}[/] {{}}: {{}}{{}}", check["severity"], check["table"], check["check"], of))
