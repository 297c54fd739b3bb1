"""A reason is words for people: what is to be told apart by it reads `reason_code` (dbt_project/seeds/permission_reasons.csv,
set_aside_reasons.csv)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.contracts.seeds import seed
from orchestration.core.settings import DBT_DIR, PROJECT_DIR
from orchestration.extract.csv_rejects import code_of

_REASON = r"""(?:[\w.]*\b|\w+\[["'])(?:\w+_)?reason(?:["']\])?"""
_COMPARED = re.compile(
    rf"""{_REASON}\s*(?:=|==|!=|<>|is\s+(?:not\s+)?distinct\s+from|(?:not\s+)?(?:i?like|in|similar\s+to))\s*\(?\s*f?(?:'\w|"\w|\{{text\()"""
    rf"""|(?:starts_with|ends_with|contains|prefix|suffix|instr|strpos|regexp_\w+)\(\s*{_REASON}\b"""
    rf"""|{_REASON}\.(?:startswith|endswith|removeprefix|removesuffix|find|split|partition)\("""
    rf"""|re\.(?:search|match|fullmatch)\([^,]+,\s*{_REASON}\b"""
    rf"""|["']\s+in\s+{_REASON}\b|\bcase\s+{_REASON}\s+when\b""",
    re.IGNORECASE,
)
# a reason that is written, not compared: an assignment in Python
_WRITTEN = re.compile(r"^[ ]+reason = ", re.MULTILINE)


def sources() -> Iterator[Path]:
    for folder in (DBT_DIR / "models", DBT_DIR / "macros", DBT_DIR / "tests", PROJECT_DIR / "orchestration", PROJECT_DIR / "data_quality"):  # fmt: skip
        yield from (path for path in sorted(folder.rglob("*")) if path.suffix in (".sql", ".py"))


def compared(content: str) -> list[str]:
    """Where a reason is compared with words, or taken apart."""
    written = {found.end() for found in _WRITTEN.finditer(content)}
    return [found[0] for found in _COMPARED.finditer(content) if found.start() + len("reason = ") not in written]


def test_no_sql_and_no_python_compares_a_reason_with_words():
    found = {str(path.relative_to(PROJECT_DIR)): compared(path.read_text(encoding="utf-8")) for path in sources()}
    assert len(found) > 400
    assert {path: where for path, where in found.items() if where} == {}


@pytest.mark.parametrize(
    "content",
    [
        "where p.reason = 'withdrawn'", "and reason != 'granted'", "reason in ('granted', 'withdrawn')", "starts_with(b.reason, 'the register ')",
        "not regexp_matches(r.reason, '^reserved in |register')", "reason like 'reserved%'", "case reason when 'granted' then 1 end",
        "ignored_reason like 'junk: %'", 'if step.reason == "withdrawn":', 'if row["reason"] == "withdrawn":', 'reason.startswith("closed")',
        '"register" in decision.reason', "where reason <> {text(REPLACED)}", 're.search("register", step.reason)',
    ],
)  # fmt: skip
def test_a_comparison_with_words_is_seen(content):
    assert compared(content)


@pytest.mark.parametrize(
    "content",
    ["p.reason_code = 'withdrawn'", "min(reason) as reason", "coalesce(s.reason, w.reason, '')", "w.reason_code in ('a', 'b')", "step.reason"],
)  # fmt: skip
def test_a_code_may_be_compared_and_words_shown(content):
    assert not compared(content)


@pytest.mark.parametrize("name", ["permission_reasons", "set_aside_reasons"])
def test_every_code_is_a_stable_name_of_one_reason(name):
    rows = seed(name)
    codes = [row["reason_code"] for row in rows]
    assert len(codes) == len(set(codes)) and all(re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", code) for code in codes)
    assert len({row["reason"] for row in rows}) == len(rows)


def _codes(name: str) -> set[str]:
    return {row["reason_code"] for row in seed(name)}


@pytest.mark.parametrize("name", ["permission_reasons", "set_aside_reasons"])
def test_every_code_of_the_seed_is_written_by_some_sql_or_python(name):
    # a migration names words of before
    written = "".join(path.read_text(encoding="utf-8") for path in sources() if "migrations" not in path.parts)
    written += "".join(path.read_text(encoding="utf-8") for path in sorted((DBT_DIR / "models").rglob("*.yml")))
    unwritten = {code for code in _codes(name) if not re.search(rf"""['" ]{code}['"\]]""", written)}
    # `cast` is a word of SQL too
    assert unwritten | {"cast"} == {"cast"} | (_of_a_reader() if name == "set_aside_reasons" else set())


def _of_a_reader() -> set[str]:
    """The codes of what DuckDB's reader of CSV and of lines says of one, which only its own words name."""
    with duckdb.connect() as con:
        con.execute("select * from read_csv('/dev/null', columns = {'a': 'int'}, store_rejects = true)").fetchall()
        con.execute("create table said as select error_type from reject_errors limit 0")
        codes = f"select {code_of('unnest(enum_range(null::said_type))')}"
        kind = con.execute("select data_type from duckdb_columns() where table_name = 'said'").fetchall()[0][0]
        con.execute(f"create type said_type as {kind}")
        return {row[0] for row in con.execute(codes).fetchall()}


def test_every_code_that_a_row_is_set_aside_with_is_of_the_seed():
    staging = "".join(path.read_text(encoding="utf-8") for path in (DBT_DIR / "models" / "staging").rglob("*.sql"))
    macros = "".join(
        (DBT_DIR / "macros" / f"{name}.sql").read_text(encoding="utf-8") for name in ("staging", "set_aside")
    )
    written = set(re.findall(r""" [^"'\n]*["'],\s*["']([a-z]+(?:_[a-z0-9]+)*)["'],?\s*\]""", staging + macros))
    for path in (DBT_DIR / "models" / "conformed").glob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            rules = model.get("config", {}).get("meta", {}).get("set_aside", [])
            written |= {rule[2] for rule in rules}
    assert len(written) > 12 and written <= _codes("set_aside_reasons")


def test_the_lumped_cells_of_every_table_are_called_alike():
    words = {row["reason_code"]: row["reason"] for row in seed("permission_reasons")}
    macro = (DBT_DIR / "macros" / "few.sql").read_text(encoding="utf-8")
    assert f"macro lumped() -%}} '{words['several']}' {{%- endmacro" in macro
    assert words["several_of_permitted"] == words["several"].replace("other", "other among the permitted")
