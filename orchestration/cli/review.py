"""`kundbild review …`: arguments and what is printed. Not here: work (orchestration/identity)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, Overwrite, me, out, print_json, styled
from orchestration.cli.session import audit_of, locked_warehouse
from orchestration.core.errors import KundbildError
from orchestration.core.home import assert_may_write

if TYPE_CHECKING:
    pass

review_app = typer.Typer(
    help="Pairs of customers that may be one person: you decide, and every later night keeps the decision.",
    invoke_without_command=True,
)
Note = Annotated[str, typer.Option(help="Why; kept with the decision.")]
PairId = Annotated[str, typer.Argument(help="The pair's id in `kundbild review`, or its beginning.")]
Record = Annotated[str, typer.Argument(help="A source record, as crm:12.")]
OtherRecord = Annotated[str, typer.Argument(help="The other source record, as webshop:90.")]


@review_app.callback()
def review(
    context: typer.Context,
    limit: Annotated[int, typer.Option(help="Pairs to list.", min=1)] = 20,
    show_values: Annotated[bool, typer.Option(help="Show names and addresses instead of masks.")] = False,
    as_json: Json = False,
) -> None:
    """List the pairs to look at, most important first: weight of the evidence times what joining them changes."""
    if context.invoked_subcommand:
        return
    from orchestration.identity import review as queue
    from orchestration.privacy.audit.access import LISTED_PAIRS

    with locked_warehouse("listing pairs to review") as (con, settings):
        found = queue.pairs(con)
        detail: dict[str, int | str] = {"rows": len(found[:limit]), "shown": "values" if show_values else "masks"}
        audit_of(settings).append(LISTED_PAIRS, detail=detail)

    def shown(pair: queue.Pair, side: int) -> dict[str, str]:
        values = {field: both[side] for field, both in pair.values.items()}
        return {f: (v or "") if show_values else queue.masked(v, f) for f, v in values.items() if v}

    if as_json:
        print_json(
            [
                {"pair_id": p.pair_id, "reason": p.reason, "weight": p.weight, "probability": p.probability, "effect": p.effect,
                 "left": {"record": p.left, **shown(p, 0)}, "right": {"record": p.right, **shown(p, 1)}}
                for p in found[:limit]
            ]
        )  # fmt: skip
        return
    table = RichTable(
        "pair", "records", "what they say", "bits", "pairs", "why", title=f"{len(found):,} pairs to review"
    )
    for pair in found[:limit]:
        said = [", ".join(shown(pair, side).values()) for side in (0, 1)]
        table.add_row(
            pair.pair_id,
            f"{pair.left}\n{pair.right}",
            "\n".join(said),
            f"{pair.weight:.1f}",
            str(pair.effect),
            pair.reason,
        )
    out.print(table)
    if found:
        out.print(
            styled(
                "Next: [bold]{0} explain {1} --with {2}[/bold], then [bold]{0} review accept|reject {3}[/bold]; "
                "or [bold]{0} review export FILE.csv[/bold]",
                me(), found[0].left, found[0].right, found[0].pair_id,
            )
        )  # fmt: skip


@review_app.command()
def accept(pair_id: PairId, note: Note = "") -> None:
    """The pair is one person: joined from the next night on."""
    _decide_pair(pair_id, "same", note)


@review_app.command()
def reject(pair_id: PairId, note: Note = "") -> None:
    """The pair is two people: never joined, and not asked again."""
    _decide_pair(pair_id, "different", note)


@review_app.command()
def decide(
    verdict: Annotated[str, typer.Argument(help="same or different")], left: Record, right: OtherRecord, note: Note = ""
) -> None:
    """Decide whether any two source records are one person: `kundbild review decide same crm:12 webshop:90`."""
    from orchestration.identity.decisions import Decision, parse_record

    if verdict not in ("same", "different"):
        raise KundbildError(f"{verdict!r} is not a verdict", to_do="say same or different")
    chosen = Decision(parse_record(left), parse_record(right), "same" if verdict == "same" else "different", note)
    _store([chosen])


@review_app.command()
def undo(left: Record, right: OtherRecord) -> None:
    """Withdraw the decision on two source records."""
    from orchestration.identity.decisions import forget, parse_record

    with locked_warehouse("taking a decision back") as (con, settings):
        forget(con, parse_record(left), parse_record(right))
        for record in (left, right):
            audit_of(settings).append("took a decision back", subject=record)
    out.print("Taken back.")
    _next()


@review_app.command()
def decisions(as_json: Json = False) -> None:
    """What was decided, newest first."""
    from orchestration.identity.decisions import prepare_decisions

    with locked_warehouse("listing decisions") as (con, _):
        prepare_decisions(con)
        cursor = con.execute(
            "select left_system || ':' || left_key as left_record, right_system || ':' || right_key as right_record, verdict, "
            "decided_at, decided_by, note from identity.decisions order by decided_at desc, 1, 2"
        )
        names = [column[0] for column in cursor.description or []]
        rows = cursor.fetchall()
    if as_json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    table = RichTable(*names, title=f"{len(rows):,} decisions")
    for row in rows:
        table.add_row(*(str(value) for value in row))
    out.print(table)


@review_app.command("export")
def export_csv(
    file: Annotated[Path, typer.Argument(help="CSV to write; it holds personal data and is made private.")],
    overwrite: Overwrite = False,
) -> None:
    """Write the pairs for a spreadsheet: fill in the first column with same or different, then `review import`."""
    from orchestration.identity.review import write_csv

    assert_may_write(file, overwrite=overwrite)
    with locked_warehouse("exporting pairs to review") as (con, settings):
        log = audit_of(settings)
        count = write_csv(con, file, lambda pairs: log.append("exported pairs to review", detail={"pairs": pairs}))
    out.print(f"{count:,} pairs in {file}. It holds personal data: delete it when it is done.")
    out.print(styled("Next: [bold]{} review import {}[/bold]", me(), file))


@review_app.command("import")
def import_csv(file: Annotated[Path, typer.Argument(help="CSV that `review export` wrote, filled in.")]) -> None:
    """Store the decisions of a filled-in CSV, all or none."""
    from orchestration.identity.review import read_csv

    _store(read_csv(file))


def _decide_pair(pair_id: str, verdict: Any, note: str) -> None:
    from orchestration.identity.review import pair_named

    with locked_warehouse("finding a pair") as (con, _):
        pair = pair_named(con, pair_id)
    _store([pair.decided(verdict, note)])


def _store(chosen: list[Any]) -> None:
    from orchestration.core.clock import now
    from orchestration.identity.decisions import decide as store
    from orchestration.privacy.audit.asking import actor

    with locked_warehouse("storing decisions") as (con, settings):
        count = store(con, chosen, actor(), now())
        log = audit_of(settings)
        for decision in chosen:
            for record in (decision.left, decision.right):
                log.append("decided", subject=":".join(record), detail={"verdict": decision.verdict})
    out.print(f"{count:,} decision{'' if count == 1 else 's'} stored.")
    _next()


def _next() -> None:
    out.print(styled("Next: [bold]{} run[/bold] applies it now; else the next night does.", me()))
