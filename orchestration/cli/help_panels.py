"""The order in which `kundbild --help` shows the commands, and the panels it groups them in. Not here: the commands."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

PANELS = {
    "The night": ("run", "status", "doctor", "quarantine", "add-source", "preview", "source", "backfill", "add-system", "statistics", "demo", "dbt", "prepare", "job-token"),
    "What is published": (
        "query", "metrics", "mcp", "report", "dashboards", "superset", "infographic", "dictionary", "publish", "segments", "add-segment",
        "audience", "campaigns", "scores",
    ),
    "Who is who": ("show", "explain", "review", "identity"),
    "People's rights": (
        "consent", "object", "withdraw", "restrict", "rectify", "export-subject", "erase", "confirm", "prove-erasure",
        "hold", "requests",
    ),
    "For the data protection officer": ("audit", "catalogue", "record-of-processing", "breach", "pepper"),
}  # fmt: skip


class Grouped(TyperGroup):
    """Commands in the panels and order of PANELS; one that no panel names comes last."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        ordered = [(name, panel) for panel, names in PANELS.items() for name in names if name in self.commands]
        for name, panel in ordered:
            self.commands[name].rich_help_panel = panel  # type: ignore[attr-defined] # Typer's own commands have it
        named = {name: self.commands[name] for name, _ in ordered}
        self.commands = {**named, **self.commands}
