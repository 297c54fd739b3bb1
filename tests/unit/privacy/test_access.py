"""Whoever reads people's data is noted before anything is shown: who, when, what kind of look, never a value."""

from __future__ import annotations

import json
import os

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.cli.audit import audit_app
from orchestration.core.configuration import load_privacy
from orchestration.core.errors import ConfigurationError, KundbildError
from orchestration.core.settings import Privacy
from orchestration.privacy.audit.access import command_to_note, reads
from orchestration.privacy.audit.log import audit_log
from orchestration.publishing.grades import OPEN, PEOPLE
from orchestration.publishing.query import ask


@pytest.fixture
def published(home, tmp_path, monkeypatch):
    """A publication, read where no secret of a source is at hand."""
    (home.published / "open").mkdir()
    for name, table in (
        ("kundbild", "bi.dim_customers"),
        ("customers", "marts.dim_customers"),
        ("open/kundbild_open", "bi_open.customer_overview"),
    ):
        with duckdb.connect(str(home.published / f"{name}.duckdb")) as con:
            con.execute(f"create schema {table.split('.')[0]}; create table {table} as select unnest(['anna@berg.se', 'bo@dahl.se']) as email")  # fmt: skip
    config = tmp_path / "kundbild.toml"
    config.write_text('company = "T"\n[sources.crm]\nconnector = "sql"\nurl = "postgresql://u:${NOT_HERE}@db/crm"\n')
    for name, value in (("KUNDBILD_HOME", home.root), ("KUNDBILD_CONFIG", config), ("XDG_CONFIG_HOME", tmp_path / "s")):
        monkeypatch.setenv(name, str(value))
    return home


def entries(home) -> list[tuple[str, str, dict]]:
    return [(e.actor.split()[0], e.action, e.detail) for e in reads(audit_log(home, Privacy()))]


def test_a_query_and_a_look_at_the_publication_of_people_are_noted_while_a_night_runs(published):
    with published.lock("run 1234"):
        assert ask("select * from bi.dim_customers where email like 'anna%'")[1] == [("anna@berg.se",)]
        assert len(ask("from marts.dim_customers", grade=PEOPLE)[1]) == 2
        assert len(ask("from bi_open.customer_overview", grade=OPEN)[1]) == 2
    me = str(os.getuid())
    assert entries(published) == [
        (me, "queried", {"of": "analyst", "rows": 1}),
        (me, "queried", {"of": "people", "rows": 2}),
        (me, "queried", {"of": "open", "rows": 2}),
    ]
    assert audit_log(published, Privacy()).verify()[0] == 3
    assert "anna" not in published.audit_log.read_text() and "like" not in published.audit_log.read_text()


def test_who_asks_the_open_grade_cannot_reach_another_one(published):
    other = published.published / "kundbild.duckdb"
    for sql in (
        "from bi.dim_customers",
        f"from '{other}'",
        f"attach '{other}' as k",
        "set enable_external_access = true",
    ):
        with pytest.raises(KundbildError) as refused:
            ask(sql, grade=OPEN)
        assert "anna" not in str(refused.value)
    assert ask("select distinct schema_name from duckdb_tables()", grade=OPEN)[1] == [("bi_open",)]
    noted = [entry[2] for entry in entries(published)]
    assert {detail["of"] for detail in noted} == {"open"}
    assert ["failed" in detail for detail in noted] == [True] * 4 + [False]
    # a publication of before there was one
    (published.published / "open" / "kundbild_open.duckdb").unlink()
    with pytest.raises(KundbildError, match="nothing is published yet"):
        ask("select 1", grade=OPEN)
    (published.published / "current").mkdir()
    with pytest.raises(KundbildError, match=r"older than the grade open"):
        ask("select 1", grade=OPEN)


def test_the_officer_sees_who_read_which_grade(published):
    log = audit_log(published, Privacy())
    log.append("queried", detail={"of": "bi", "rows": 3})  # as it was noted before there were grades
    log.append("explained a customer", subject="c1")
    for grade in ("open", "open", "people"):
        done = CliRunner().invoke(app, ["query", "select 1", "--grade", grade])
        assert done.exit_code == 0, done.output
    assert CliRunner().invoke(app, ["query", "from marts.dim_customers", "--people"]).exit_code == 0
    both = CliRunner().invoke(app, ["query", "from marts.dim_customers", "--people", "--grade", "open"])
    assert isinstance(both.exception, KundbildError) and not both.output
    found = json.loads(CliRunner().invoke(audit_app, ["access", "--json"]).stdout)
    assert [entry["grade"] for entry in found] == ["analyst", "people", "open", "open", "people", "people"]
    assert "6 looks (analyst 1, open 2, people 3)" in CliRunner().invoke(audit_app, ["access"]).stdout
    for grade, looks in (("analyst", 1), ("open", 2), ("people", 3)):
        assert len(json.loads(CliRunner().invoke(audit_app, ["access", "--grade", grade, "--json"]).stdout)) == looks


def test_what_cannot_be_noted_is_not_answered(published):
    ask("from bi.dim_customers")
    lines = published.audit_log.read_text()
    published.audit_log.write_text(lines + lines)
    done = CliRunner().invoke(app, ["query", "select email from bi.dim_customers"])
    assert isinstance(done.exception, KundbildError) and "anna@berg.se" not in done.output


def test_the_officer_lists_who_read_and_what_else_was_done_is_not_among_it(published):
    log = audit_log(published, Privacy())
    log.append("published", detail={"rows": 5})
    log.append("explained a customer", subject="c1")
    log.append("explained a customer", subject="c2")
    ask("from bi.dim_customers")
    found = json.loads(CliRunner().invoke(audit_app, ["access", "--json"]).stdout)
    assert [entry["action"] for entry in found] == ["explained a customer", "explained a customer", "queried"]
    (one,) = json.loads(CliRunner().invoke(audit_app, ["access", "--about", "c2", "--json"]).stdout)
    assert one["subject"] == log.keyed("c2")
    assert f"{log.append('published').actor}: 3 looks" in CliRunner().invoke(audit_app, ["access"]).stdout


def test_only_the_settings_of_privacy_are_read_to_note_a_look(published, tmp_path):
    config = tmp_path / "kundbild.toml"
    config.write_text(config.read_text() + '[privacy]\npepper = "${PEPPER}"\n')
    assert load_privacy(config, {"PEPPER": "p" * 40}).pepper == ("p" * 40,)
    with pytest.raises(ConfigurationError, match="PEPPER is not set"):
        load_privacy(config, {})
    config.write_text('[privacy]\nofficr = "x"\n[[privacy.processors]]\nname = "B"\ntsk = "x"\n')
    with pytest.raises(ConfigurationError, match=r"key privacy\.(officr|processors)"):
        load_privacy(config, {})
    assert load_privacy(tmp_path / "none.toml").pepper == ()


def test_lists_of_pairs_and_of_rows_set_aside_are_noted(published, resolve, warehouse, monkeypatch, tmp_path):
    resolve({"source_key": "1", "given_name": "Anna", "family_name": "Berg"})
    warehouse.execute(
        "create schema if not exists quarantine; create table quarantine.quarantined_rows as select 'crm' as source_system, "
        "'people' as entity, '7' as source_key, 'unreadable' as kind, 'no name' as reason, 1 as load_id"
    )
    warehouse.close()
    config = tmp_path / "own.toml"
    config.write_text(f'company = "T"\n[sources.crm]\nconnector = "files"\nsystem = "crm"\nurl = "{tmp_path}"\n')
    monkeypatch.setenv("KUNDBILD_CONFIG", str(config))
    for command in (["review", "--show-values", "--json"], ["quarantine", "list", "--keys", "--json"]):
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, (done.output, done.exception)
    assert [entry[1:] for entry in entries(published)] == [
        ("listed pairs to review", {"rows": 0, "shown": "values"}), ("listed rows set aside", {"rows": 1}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "is_shown"),
    [("select email::int from bi.dim_customers", False), ("select error(email) from bi.dim_customers", False), ("select emal from bi.dim_customers", True)],
)  # fmt: skip
def test_a_query_that_fails_is_noted_and_its_error_quotes_no_row(published, sql, is_shown):
    with pytest.raises(KundbildError) as failed:
        ask(sql)
    assert "anna" not in str(failed.value) and ("emal" in str(failed.value)) == is_shown
    ((_, action, detail),) = entries(published)
    assert action == "queried" and detail["rows"] == 0 and detail["failed"].endswith("Exception")


def test_a_query_that_is_stopped_is_noted(published):
    with pytest.raises(KundbildError, match="was stopped"):
        ask("select count(*) from range(1000000000) a, range(1000000) b", seconds=0.2)
    assert [entry[2]["failed"] for entry in entries(published)] == ["InterruptException"]


def test_dbt_by_hand_is_noted_whatever_stands_in_front_of_its_command(published, tmp_path):
    config = tmp_path / "kundbild.toml"
    config.write_text(f'company = "T"\n[sources.crm]\nconnector = "files"\nsystem = "crm"\nurl = "{tmp_path}"\n')
    # an option that dbt does not know ends it at once, after it was noted
    for command in (["--log-level", "list", "show"], ["--profile", "run", "build"], ["build"]):
        assert CliRunner().invoke(app, ["dbt", *command, "--no-such-option"]).exit_code == 1
    assert [entry[1:] for entry in entries(published)] == [("ran dbt by hand", {"command": "dbt"})] * 2


@pytest.mark.parametrize(
    ("said", "noted"),
    [
        ("show --inline x", "show"), ("--log-level list show", "dbt"), ("-q run", "dbt"), ("run-operation anna", "run-operation"), ("anna", "dbt"),
        ("", "dbt"), ("compile --inline x", "compile"), ("compile --inline=x", "compile"), ("seed --show", "seed"), ("seed", ""), ("build -s a", ""),
    ],
)  # fmt: skip
def test_a_command_of_dbt_that_may_show_rows_is_noted_and_nothing_else_of_what_was_said(said, noted):
    assert command_to_note(said.split()) == noted


def test_pairs_are_not_written_to_a_file_where_that_cannot_be_noted(published, resolve, warehouse, tmp_path):
    resolve({"source_key": "1", "given_name": "Anna", "family_name": "Berg"})
    warehouse.close()
    config = tmp_path / "kundbild.toml"
    config.write_text(f'company = "T"\n[sources.crm]\nconnector = "files"\nsystem = "crm"\nurl = "{tmp_path}"\n')
    ask("from bi.dim_customers")
    lines = published.audit_log.read_text()
    published.audit_log.write_text(lines + lines)
    file = tmp_path / "pairs.csv"
    done = CliRunner().invoke(app, ["review", "export", str(file)])
    assert isinstance(done.exception, KundbildError) and not file.exists()
