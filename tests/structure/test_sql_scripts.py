"""SQL of more than a statement stands in a file beside the module that runs it, where an editor helps with it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from orchestration.core.settings import PROJECT_DIR
from orchestration.core.sql_scripts import sql_script

_STATEMENT = re.compile(
    r"\s*(?:--.*\n\s*)*(?:select|insert|create|delete|update|drop|with|alter|merge|copy|attach|from|set)\s",
    re.IGNORECASE,
)


def scripts(source: str) -> list[str]:
    """Strings of more than one statement that are longer than a line, f-strings with their gaps; no docstrings."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    texts = [
        node.value if isinstance(node, ast.Constant) else "".join(p.value if isinstance(p, ast.Constant) else "x" for p in node.values)
        for node in ast.walk(tree)
        if id(node) not in docstrings | inner and isinstance(node, (ast.Constant, ast.JoinedStr))
    ]  # fmt: skip
    found = [text for text in texts if isinstance(text, str) and "\n" in text]
    return [text for text in found if sum(bool(_STATEMENT.match(part)) for part in text.split(";")) > 1]


def test_no_python_holds_a_script():
    files = [p for folder in ("orchestration", "data_quality") for p in sorted((PROJECT_DIR / folder).rglob("*.py"))]
    assert len(files) > 300
    assert {str(p.relative_to(PROJECT_DIR)) for p in files if scripts(p.read_text(encoding="utf-8"))} == set()


@pytest.mark.parametrize("source", ['A = """\ncreate table a (b int);\ninsert into a values (1)\n"""', 'f"""\ndelete from {a};\n-- why\nfrom {b}\n"""[1:]'])  # fmt: skip
def test_a_script_is_seen(source):
    assert scripts(source)


def test_every_script_is_read_by_its_module():
    """A file of no module is a leftover."""
    for path in [p for folder in ("orchestration", "data_quality") for p in (PROJECT_DIR / folder).rglob("sql/*.sql")]:
        modules = "".join(p.read_text(encoding="utf-8") for p in path.parent.parent.glob("*.py"))
        assert f'"{path.stem}"' in modules or f'"{path.name}"' in modules, path


def test_parts_are_filled_in_and_a_missing_one_is_an_error(tmp_path: Path):
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "some.sql").write_text("select {{ what }} from {{ where }};\n", encoding="utf-8")
    assert sql_script(str(tmp_path / "some.py"), "some", what="'{{ x }}'", where="t") == "select '{{ x }}' from t;\n"
    with pytest.raises(KeyError, match="where"):
        sql_script(str(tmp_path / "some.py"), "some", what=1)


def test_each_macro_of_match_keys_is_defined_once():
    scripts = sorted((PROJECT_DIR / "orchestration" / "match_keys" / "sql").glob("*.sql"))
    named = [
        name
        for path in scripts
        for name in re.findall(r"(?i)create or replace macro ([\w.]+)", path.read_text("utf-8"))
    ]
    assert len(named) > 100 and sorted({name for name in named if named.count(name) > 1}) == []
