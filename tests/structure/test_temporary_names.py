"""A night has one connection: a temporary table or view that two modules create under one name is lost to the first of them."""

from __future__ import annotations

import ast
import importlib
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from orchestration.core.settings import PROJECT_DIR

_CREATES = re.compile(r"create\s+(?:or\s+replace\s+)?temp(?:orary)?\s+(?:table|view)\s+(?:if\s+not\s+exists\s+)?([\w{}]+)", re.I)  # fmt: skip
_REGISTERS = re.compile(r"\.register\(\s*\"(\w+)\"")
# functions that create one under a name that they are given, and the place of that name among their arguments
_GIVEN = {"read_phones_apart": 3, "note_raw_people": 2, "_connect_members": 2, "_register": 1, "opened_table": 1}


def modules() -> Iterator[Path]:
    """The demo has a connection of its own; what is inside Superset runs in its environment."""
    for path in sorted((PROJECT_DIR / "orchestration").rglob("*")):
        if path.suffix in (".py", ".sql") and not {"demo", "inside"} & set(path.parts):
            yield path


def module_of(path: Path) -> Path:
    """The module that runs a script, or the module itself."""
    if path.suffix == ".py":
        return path
    return next(p for p in sorted(path.parent.parent.glob("*.py")) if f'"{path.stem}' in p.read_text(encoding="utf-8"))


def given_names(tree: ast.AST) -> Iterator[str]:
    """Names that a module has others create, by literals; what differs within one is a star."""
    said = [n for n in ast.walk(tree) if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)]
    local = {
        n.targets[0].id: n.value
        for n in said
        if isinstance(n.value, (ast.JoinedStr, ast.Constant)) or _is_quoted(n.value)
    }
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        called = getattr(call.func, "id", "")
        if called in _GIVEN and len(call.args) > _GIVEN[called]:
            yield written(call.args[_GIVEN[called]], local)


def _is_quoted(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "quote"


def written(node: ast.AST, local: dict[str, ast.expr]) -> str:
    if isinstance(node, ast.Name):
        return written(local[node.id], local)
    if _is_quoted(node):
        return written(node.args[0], local)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    assert isinstance(node, ast.Constant)
    return str(node.value)


def test_no_temporary_name_is_made_in_two_modules():
    makers: defaultdict[str, set[str]] = defaultdict(set)
    for path in modules():
        content, name = path.read_text(encoding="utf-8"), str(module_of(path).relative_to(PROJECT_DIR))
        found = [*_CREATES.findall(content), *_REGISTERS.findall(content)]
        if path.suffix == ".py":
            tree = ast.parse(content)
            arguments = {a.arg for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) and f.name in _GIVEN for a in f.args.args}  # fmt: skip
            module = importlib.import_module(name.removesuffix(".py").replace("/", ".").removesuffix(".__init__"))
            placed = [one.strip("{}") for one in found if one.startswith("{")]
            found = [one for one in found if not one.startswith("{")]
            found += [getattr(module, one) for one in placed if one not in arguments]
            found += given_names(tree)
        for one in found:
            makers[one].add(name)
    assert len(makers) > 90
    assert {one: sorted(where) for one, where in makers.items() if len(where) > 1} == {}
