"""What a model may read for its purpose (rule 22). Not here: the models of the demo (tests/integration/test_least_access.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.core.errors import GateError
from orchestration.core.settings import DBT_DIR
from orchestration.privacy.audit.purposes import assert_purposes


@pytest.fixture
def read(warehouse, tmp_path: Path):
    """Looks at an audience of newsletters that is this query."""
    warehouse.execute("create schema reference; create schema marts")
    for seed in ("purposes", "purpose_categories", "audience_rules"):
        warehouse.execute(f"create table reference.{seed} as from read_csv('{DBT_DIR}/seeds/{seed}.csv')")
    warehouse.execute("create table marts.dim_customers (customer_id varchar, email varchar, birth_date date)")
    warehouse.execute("create table marts.fct_interactions (customer_id varchar, topic varchar)")
    folder = tmp_path / "audiences"
    folder.mkdir()

    def go(sql: str) -> int:
        (folder / "audience_newsletter_email.sql").write_text(sql)
        return assert_purposes(warehouse, tmp_path)

    return go


def test_rule_22_an_audience_reads_what_its_purpose_allows(read):
    assert read("select customer_id, email from warehouse.marts.dim_customers") == 1


@pytest.mark.parametrize(
    "sql",
    [
        "select c.customer_id, t.topic from {c} c join {t} t on t.customer_id = c.customer_id",
        "select c.customer_id from {c} c join {t} t on t.customer_id = c.customer_id and t.topic = 'x'",
        "select customer_id from {c} c where exists (select 1 from {t} t where t.topic = 'x')",
    ],
)
def test_rule_22_and_nothing_else_neither_in_what_it_shows_nor_in_a_condition(read, sql):
    with pytest.raises(
        GateError, match=r"reads marts.fct_interactions.topic, which is .* not allowed for the purpose newsletter"
    ):
        read(sql.format(c="warehouse.marts.dim_customers", t="warehouse.marts.fct_interactions"))


def test_rule_22_insight_is_profiling_unless_its_model_names_another_purpose(read, warehouse, tmp_path):
    warehouse.execute("create table marts.fct_tickets (category varchar)")
    assert read("select 1 as customer_id") == 1
    folder = tmp_path / "insight"
    folder.mkdir()
    (folder / "service_performance.sql").write_text("select category from warehouse.marts.fct_tickets")
    assert assert_purposes(warehouse, tmp_path) == 2
    (folder / "service_performance.sql").write_text("select email from warehouse.marts.dim_customers")
    with pytest.raises(GateError, match="not allowed for the purpose improvement of the service"):
        assert_purposes(warehouse, tmp_path)
    (folder / "service_performance.sql").unlink()
    (folder / "risk_signals.sql").write_text("select category from warehouse.marts.fct_tickets")
    with pytest.raises(GateError, match="not allowed for the purpose profiling"):
        assert_purposes(warehouse, tmp_path)
