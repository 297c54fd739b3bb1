"""Every analysis mart without a single row to read: it is empty, and its columns are those of its contract."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.contracts.model_files import model_file, models_of
from orchestration.contracts.seeds import SEEDS
from orchestration.core.settings import DBT_DIR
from orchestration.insight.quality_history import prepare_quality
from tests.unit.compiled import compiled_models
from tests.unit.dbt_project.insight import Marts

MODELS = DBT_DIR / "models"
NAMES = [name for name, _ in models_of("insight")]
# what analysts see of them
SHOWN = [f"bi_{name}" for name in NAMES if (MODELS / "bi" / f"bi_{name}.yml").exists()]


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_models(tmp_path_factory, [*NAMES, *SHOWN])


def test_columns_are_those_of_the_contract_and_nothing_is_told_of_nothing(warehouse, models):
    read = [p.stem for area in ("customers", "engagement") for p in (MODELS / "marts" / area).glob("*.sql")]
    read += [p.stem for p in (MODELS / "conformed").glob("*.sql")]
    marts = Marts(warehouse, models, (*read, "contact_permissions", "contact_permission_history", "customer_segments"))
    warehouse.execute(
        "create schema if not exists bi;"
        + "".join(
            f"create table reference.{seed} as from read_csv('{SEEDS}/{seed}.csv');"
            for seed in ("event_plan", "feedback_words")
        )
    )
    prepare_quality(warehouse, "none")
    left = dict(models)
    while left:
        built = [name for name, sql in left.items() if _built(warehouse, name, sql)]
        assert built, f"these cannot be built: {', '.join(left)}"
        left = {name: sql for name, sql in left.items() if name not in built}
    for name in models:
        (path,) = MODELS.rglob(f"{name}.yml")
        declared = {c["name"]: c["data_type"].replace(" ", "") for c in model_file(path)["models"][0]["columns"]}
        table = _table(name)
        there = {c: kind.lower().replace(" ", "") for c, kind, *_ in warehouse.execute(f"describe {table}").fetchall()}
        assert there == declared, name
        assert warehouse.execute(f"select count(*) from {table}").fetchone() == (0,), name
    assert marts.models


def _table(name: str) -> str:
    return f"bi.{name.removeprefix('bi_')}" if name in SHOWN else f"insight.{name}"


def _built(con: duckdb.DuckDBPyConnection, name: str, sql: str) -> bool:
    try:
        con.execute(f"create table {_table(name)} as {sql}")
    except duckdb.CatalogException as error:
        # it reads one that is built after it
        if "does not exist" not in str(error):
            raise
        return False
    return True
