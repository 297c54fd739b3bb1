"""What commands print is text: markup is written in the program, and said by `styled`."""

from __future__ import annotations

import ast
import re
from typing import Any

import typer

from orchestration.cli.app import app
from orchestration.cli.help_panels import PANELS
from orchestration.core.settings import PROJECT_DIR


def test_markup_is_printed_by_styled_alone():
    """A console prints text as text: say `out.print(styled("[bold]{}[/bold]", value))`."""
    tag = re.compile(r"\[/?(bold|red|green|yellow|dim|/)[^\]]*\]")
    found = []
    paths = sorted((PROJECT_DIR / "orchestration").rglob("*.py"))
    assert {"app.py", "console.py", "erasure.py"} <= {path.name for path in paths} and len(paths) > 500
    for path in paths:
        tree = ast.parse(path.read_text())
        for call in ast.walk(tree):
            if not (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr in ("print", "add_row")
            ):
                continue
            for argument in call.args:
                inside = [
                    n for n in ast.walk(argument) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "styled"
                ]
                if not inside and tag.search(ast.unparse(argument)):
                    found.append(f"{path.relative_to(PROJECT_DIR)}:{call.lineno}")
            if any(keyword.arg == "markup" for keyword in call.keywords):
                found.append(f"{path.relative_to(PROJECT_DIR)}:{call.lineno}")
    assert found == []


def test_no_help_holds_brackets_that_its_markup_would_swallow():
    found = []

    def look(command: Any, name: str) -> None:
        texts = [command.help, command.epilog, *(getattr(p, "help", None) for p in command.params)]
        found.extend(name for text in texts if text and re.search(r"\[\w", text))
        for child, of in getattr(command, "commands", {}).items():
            look(of, f"{name} {child}")

    look(typer.main.get_command(app), "kundbild")
    assert found == []


def test_the_help_shows_every_command_in_a_panel_in_the_order_of_use():
    shown = typer.main.get_command(app).commands  # type: ignore[attr-defined] # a group has them
    assert [(name, command.rich_help_panel) for name, command in shown.items()] == [
        (name, panel) for panel, names in PANELS.items() for name in names
    ], "add the command to PANELS in orchestration/cli/help_panels.py"
