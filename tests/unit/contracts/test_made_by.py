"""By what SQL a table is made: also by that of the models and macros before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.contracts.made_by import made_by

FILES = {
    "models/bi/bi_sales.sql": "select {{ rounded('n') }} as n from {{ ref('sales') }}",
    "models/bi/bi_visits.sql": "select n from {{ ref('visits') }}",
    "models/marts/sales.sql": "select 1 as n",
    "models/marts/visits.sql": "select 2 as n",
    "macros/few.sql": "{% macro rounded(n) -%} round({{ n }}, {{ least() }}) {%- endmacro %}{% macro least() %}5{% endmacro %}",
}


def made(project: Path, **changed: str) -> dict[str, str]:
    for name, text in (FILES | changed).items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    made_by.cache_clear()
    return made_by(project)


@pytest.mark.parametrize(
    ("file", "text", "others"),
    [
        ("models/bi/bi_sales.sql", "select n from {{ ref('sales') }}", {"sales"}),
        ("models/marts/sales.sql", "select 3 as n", {"sales"}),
        ("macros/few.sql", FILES["macros/few.sql"].replace("5", "9"), {"sales"}),
        ("models/marts/visits.sql", "select 2\n  as n -- of all", set()),
        ("models/marts/nobody_asks.sql", "select 1", set()),
    ],
)
def test_a_table_is_made_by_its_model_and_all_before_it(tmp_path, file, text, others):
    before = made(tmp_path)
    after = made(tmp_path, **{file: text})
    assert before.keys() == after.keys() == {"sales", "visits"}
    assert {table for table in before if before[table] != after[table]} == others
