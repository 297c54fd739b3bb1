"""What commands print is text: markup is written in the program, and said by `styled`."""

from __future__ import annotations

import ast
import re

from orchestration.settings import PROJECT_DIR


def test_markup_is_printed_by_styled_alone():
    """A console prints text as text: say `out.print(styled("[bold]{}[/bold]", value))`."""
    tag = re.compile(r"\[/?(bold|red|green|yellow|dim|/)[^\]]*\]")
    found = []
    for path in sorted((PROJECT_DIR / "orchestration").glob("*.py")):
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
                    found.append(f"{path.name}:{call.lineno}")
            if any(keyword.arg == "markup" for keyword in call.keywords):
                found.append(f"{path.name}:{call.lineno}")
    assert found == []
