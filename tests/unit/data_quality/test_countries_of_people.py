"""A country of people that nobody can read is told; a code or a name, in whatever language, is not."""

from __future__ import annotations

from data_quality.checks import Suite, by_source
from data_quality.runner import QualityRun
from data_quality.suites.conformed import suites
from orchestration.core.settings import Engine, Settings, Source

READ, UNREAD = ["SE", "no", "Sverige", "United Kingdom", "Tanska", None], ["SE", "Unspecified", "Fjollträsk", ""]


def test_a_country_that_nobody_can_read_is_told_with_how_many(home, warehouse):
    source = Source(connector="files", url="/in", tables={})
    found = suites(Settings(company="T", sources={"s": source}), {})
    (check,) = [c for suite in found for c in suite.checks if c.name == "country_can_be_read"]
    for table, countries in (("read", READ), ("unread", UNREAD)):
        warehouse.execute(f"create schema if not exists conformed; create table conformed.{table} as select unnest($1) as country_code, case when country_code = 'Fjollträsk' then 'shop' else 'crm' end as source_system", [countries])  # fmt: skip
    warehouse.close()
    told = [QualityRun(home, Engine(), "r").run([Suite(table, "conformed", table, ("conformed", table), (check,))]) for table in ("read", "unread")]  # fmt: skip
    assert [(result.passed, result.observed.get("unexpected_count")) for (result,) in told] == [(True, 0), (False, 3)]
    assert [by_source(result.observed) for (result,) in told] == ["", "crm 2, shop 1"]
