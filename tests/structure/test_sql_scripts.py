"""SQL of more than a statement stands in a file beside the module that runs it, where an editor helps with it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from orchestration.core.settings import PROJECT_DIR
from orchestration.core.sql_scripts import LUMPED, sql_script

# what stands in a gap of an f-string
_GAP = "\0"
_STATEMENT = re.compile(
    r"\s*(?:--.*\n\s*)*(?:select|insert|create|delete|update|drop|with|alter|merge|copy|attach|detach|from|set|pragma|load|truncate)\s",
    re.IGNORECASE,
)


def scripts(source: str) -> list[str]:
    """Strings of more than one statement, on however many lines, f-strings with their gaps; no docstrings. A gap between
    semicolons is a statement beside one, and in what is executed."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    executed = {
        id(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "execute"
        and node.args
    }
    found = [
        (_written(node), id(node) in executed)
        for node in ast.walk(tree)
        if id(node) not in docstrings | inner and isinstance(node, (ast.Constant, ast.JoinedStr, ast.Call))
    ]
    return [text for text, is_executed in found if _is_script(text, is_executed)]


def _written(node: ast.Constant | ast.JoinedStr | ast.Call) -> str:
    match node:
        case ast.JoinedStr():
            return "".join(part.value if isinstance(part, ast.Constant) else _GAP for part in node.values)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(between)), attr="join")):
            return f"{_GAP}{between}{_GAP}"
        case ast.Constant(value=str(text)):
            return text
    return ""


def _is_script(text: str, is_executed: bool) -> bool:
    parts = [part for part in text.split(";") if _STATEMENT.match(part) or part.strip() == _GAP]
    return len(parts) > 1 and (is_executed or any(_STATEMENT.match(part) for part in parts))


def test_no_python_holds_a_script():
    files = [p for folder in ("orchestration", "data_quality") for p in sorted((PROJECT_DIR / folder).rglob("*.py"))]
    assert len(files) > 300
    found = {str(p.relative_to(PROJECT_DIR)) for p in files if scripts(p.read_text(encoding="utf-8"))}
    assert found == set(), (
        "execute each statement by itself (drop_tables in core/warehouse.py), or write them in sql/ (core/sql_scripts.py)"
    )


@pytest.mark.parametrize(
    "source",
    [
        'A = """\ncreate table a (b int);\ninsert into a values (1)\n"""',
        'f"""\ndelete from {a};\n-- why\nfrom {b}\n"""[1:]',
        'con.execute("drop table a; drop table b")',
        'con.execute(f"attach {a} as b; {c}")',
        'con.execute(f"{a}; {b}")',
        'con.execute("; ".join(drops))',
    ],
)
def test_a_script_is_seen(source):
    assert scripts(source)


@pytest.mark.parametrize("source", ['f"{found}; {kept}"', '"; ".join(notes)', 'con.execute(f"select {a}")', '"from a to b; not from c"'])  # fmt: skip
def test_what_is_no_script_is_left(source):
    assert not scripts(source)


def test_the_groups_of_few_have_one_name():
    """The macro's, the constant's, and that of the metrics' expressions, which can name neither."""
    macro, metrics = ((PROJECT_DIR / "dbt_project" / file).read_text(encoding="utf-8") for file in ("macros/few.sql", "semantic_models/customers.yml"))  # fmt: skip
    assert f"macro lumped() -%}} '{LUMPED}'" in macro and f"lifecycle_stage = '{LUMPED}'" in metrics
    folders = [PROJECT_DIR / folder for folder in ("orchestration", "data_quality", "dbt_project/models", "dbt_project/macros")]  # fmt: skip
    files = [p for folder in folders for kind in ("*.py", "*.sql") for p in folder.rglob(kind)]
    said = {p.name for p in files if re.search(rf"""["']{re.escape(LUMPED)}["']""", p.read_text(encoding="utf-8"))}
    assert said == {"few.sql", "sql_scripts.py"}


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
