"""The proof that erasure leaves nothing (rule 27): it holds where nothing is left, and fails where anything is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.home import Home
from orchestration.core.warehouse import open_warehouse
from orchestration.privacy.erasure import erasure
from orchestration.privacy.erasure.proof import plant
from orchestration.privacy.rights.subjects import Subject
from orchestration.privacy.secrets.pepper import pepper_file
from orchestration.run.erase import erase
from orchestration.run.unfinished import finish_unfinished
from tests.conftest import Kundbild
from tests.integration.someone import Someone, places


@pytest.mark.slow
def test_rule_27_an_erased_canary_is_in_no_byte_and_a_living_control_is(second_night: SimpleNamespace):
    proof = second_night.proof
    assert (
        proof["holds"] and proof["canary_found"] == [] and proof["suppressed_found"] == [] and proof["suppressed"] > 4
    )
    assert proof["canary_found_before"] == proof["control_found"] == [str(second_night.home / "warehouse.duckdb")]
    assert proof["tables"] > 30
    assert looked_in(proof)
    # whoever is put back is found
    assert not second_night.broken_proof["holds"]
    assert {"warehouse.duckdb: quarantine.rejected_rows.content", "dbt_target/logs/left.log: its bytes"} <= set(
        second_night.broken_proof["suppressed_found"]
    )


def looked_in(proof: dict[str, Any]) -> bool:
    """Whether all of a home's files were looked at."""
    files = {path.split("/")[0] for path in proof["files"]}
    databases_and_docs = {"warehouse.duckdb", "published", "data_docs", "dagster", "dbt_target"}
    return files >= databases_and_docs | {"audit.jsonl", "suppression.jsonl"}


def made_up(demo: Kundbild) -> list[str]:
    """The tables where a row is of the people that a proof makes up."""
    with demo.warehouse() as con:
        tables = con.execute(
            "select schema_name, table_name, list('\"' || column_name || '\"') from duckdb_columns() where data_type = 'VARCHAR' and not internal "
            "and (schema_name, table_name) in (select (schema_name, table_name) from duckdb_tables()) "
            "and table_name <> 'check_results' group by all"
        ).fetchall()
        return [
            f"{schema}.{table}"
            for schema, table, columns in tables
            if con.execute(
                f"select count(*) > 0 from (select unnest([{', '.join(columns)}]) as said from {schema}.{table}) "
                "where regexp_matches(said, '(canary|control)[0-9a-f]{24}') or said = 'canary'"
            ).fetchall()
            == [(True,)]
        ]


def test_rule_27_an_erasure_proves_itself_in_one_pass_and_fails_where_anything_is_left(
    demo_copy: Kundbild, someone: Someone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    home = Home(demo_copy.home)
    settings = load_settings(demo_copy.config, {"KUNDBILD_HOME": str(demo_copy.home)})
    shutil.copytree(home.root, tmp_path / "other", symlinks=True)
    plain = Kundbild(tmp_path / "other").json("erase", "--customer", someone.customer_id)[0]
    # the same warehouse has the same suppression list
    for path in pepper_file().parent.glob("suppression-*"):
        path.unlink()
    done = demo_copy.json("erase", "--customer", someone.customer_id, "--prove")[0]
    assert [done[what] for what in ("customers", "records", "rows", "suppressed")] == [
        plain[what] for what in ("customers", "records", "rows", "suppressed")
    ]
    assert done["state"] == "done" and done["customers"] >= 1 and done["records"] >= 3
    proof = done["proof"]
    assert proof["holds"] and proof["canary_found_before"] == proof["control_found"] == [str(home.warehouse)]
    assert looked_in(proof) and places(demo_copy.home, someone.tokens) == []
    # nothing of it is left: no row of the made-up people, no entry of the suppression list
    for line in home.suppression.read_text().splitlines():
        assert json.loads(line)["reason"] == "erasure"
    assert len(home.suppression.read_text().splitlines()) == proof["suppressed"] == done["suppressed"]
    assert made_up(demo_copy) == []
    # nor where it was killed after it had planted them
    with open_warehouse(home, settings.engine) as con:
        plant(con, home, settings)
    assert len(made_up(demo_copy)) > 30
    with home.lock("test"):
        finish_unfinished(home, settings)
    assert made_up(demo_copy) == []
    # one table that is forgotten is enough
    theirs = erasure.theirs_of
    monkeypatch.setattr(
        erasure, "theirs_of", lambda table, *rest: None if table == "fct_web_sessions" else theirs(table, *rest)
    )
    with demo_copy.warehouse() as con:
        (other,) = con.execute("select arg_min(customer_id, email) from marts.dim_customers").fetchall()[0]
    broken = erase(home, settings, [Subject(customer=other)], is_proved=True)[0].proof
    assert broken and not broken.holds and broken.canary_found == [str(home.warehouse)]
