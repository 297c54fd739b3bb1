"""What bi has rounded to [privacy] min_people passes no test of k people by that: 8 people are 10 there. Through every script."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.core.settings import DBT_DIR
from orchestration.dashboards import parts as dashboards
from orchestration.publishing.report import asking, rules
from orchestration.publishing.report.asking import _TABLE
from tests.unit.publishing.report.company import AS_OF, make_company
from tests.unit.publishing.report.test_rules_of_reports import OF_ROWS, QUESTIONS

_BI = DBT_DIR / "models" / "bi"
_MODELS = [yaml.safe_load(file.read_text())["models"][0] for file in sorted(_BI.glob("*.yml"))]
# table → columns that are rounded there
ROUNDED = {
    model["config"]["alias"]: columns
    for model in _MODELS
    if (columns := [c["name"] for c in model["columns"] if "Rounded to [privacy] min_people" in c["description"]])
}
_OF_DASHBOARDS = [
    path.stem
    for path in sorted((Path(dashboards.__file__).parent / "sql").glob("*.sql"))
    if re.search(r"\bas people(_rounded)?\b", path.read_text())
]
SCRIPTS = [(asking.__file__, name) for name in sorted(QUESTIONS)] + [(dashboards.__file__, name) for name in _OF_DASHBOARDS]  # fmt: skip


def read(beside: str, name: str) -> tuple[str, list[str]]:
    """A script, and the tables with rounded columns that it reads."""
    script = asking.read_script(name, AS_OF, 10, 5, beside=beside)
    return script, [table for table in dict.fromkeys(t.removeprefix("bi.") for t in _TABLE.findall(script)) if table in ROUNDED]  # fmt: skip


def told(con: duckdb.DuckDBPyConnection, script: str) -> list[tuple]:
    columns = [column[0] for column in con.execute(f"from ({script}) limit 0").description]
    return con.execute(rules.told(script, columns, 10, min_people=5)).fetchall()


def test_every_column_that_a_model_rounds_is_named_so():
    rounding = {file.stem.removeprefix("bi_") for file in _BI.glob("*.sql") if "{{ rounded(" in file.read_text()}
    assert rounding == set(ROUNDED)


@pytest.mark.parametrize(("beside", "name"), [(b, n) for b, n in SCRIPTS if read(b, n)[1] and n not in OF_ROWS])
def test_ten_of_bi_that_may_be_eight_people_are_told_as_nobody(tmp_path, beside, name):
    make_company(tmp_path / "kundbild.duckdb")
    script, tables = read(beside, name)
    with duckdb.connect(str(tmp_path / "kundbild.duckdb")) as con:
        assert told(con, script)
        for table in tables:
            for column in ROUNDED[table]:
                con.execute("begin")
                con.execute(f"update bi.{table} set {column} = null")
                without = told(con, script)
                con.execute(f"update bi.{table} set {column} = 10")
                assert told(con, script) == without, column
                con.execute("rollback")


def test_what_bi_rounded_is_told_as_it_is(tmp_path):
    make_company(tmp_path / "kundbild.duckdb")
    script, _ = read(asking.__file__, "bought_again")
    with duckdb.connect(str(tmp_path / "kundbild.duckdb")) as con:
        con.execute("update bi.cohort_retention set cohort_customer_count = 35, repeat_customer_count = 15, repeat_share = 0.49")  # fmt: skip
        assert {row[1:] for row in told(con, script)} == {("month", 35, 15, 49)}
