"""A home that a newer version built: every command of the command line either refuses it, or writes nothing into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.core.errors import HomeVersionError
from orchestration.core.home import Home
from orchestration.core.migrations import opened
from orchestration.core.settings import PROJECT_DIR, Engine

# {file} is a file that is there, {new} one that is not
REFUSE = {
    "add-segment": "big --where order_count>10 --try",
    "audience export": "newsletter_email --to {new}",
    "audience list": "",
    "audience removals": "",
    "audit acknowledge": "",
    "backfill": "crm --from 2026-01-01",
    "breach": "{file}",
    "campaigns results": "",
    "confirm": "abc",
    "consent explain": "--customer abc --purpose offers --channel email",
    "dashboards": "",
    "dbt": "parse",
    "demo next": "",
    "demo": "--customers 100",
    "dictionary": "",
    "erase": "--customer abc",
    "explain": "abc",
    "export-subject": "--customer abc",
    "hold add": "--customer abc --because legal-claims --until 2027-06-30",
    "hold list": "",
    "hold remove": "abc",
    "identity train": "",
    "infographic": "--topic sales --to {new}.png",
    "job-token": "",
    "mcp": "",
    "metrics query": "orders",
    "object": "--customer abc",
    "pepper rotate": "",
    "prepare": "",
    "prove-erasure": "",
    "publish": "--rollback",
    "quarantine acknowledge": "crm people --note seen",
    "quarantine list": "",
    "query": "select(1)",
    "record-of-processing": "",
    "rectify": "--customer abc --set city=Luleå",
    "report": "",
    "requests close": "abc --as refused",
    "requests extend": "abc --because complexity",
    "requests": "",
    "restrict": "--customer abc",
    "review accept": "abc",
    "review decide": "same crm:1 crm:2",
    "review decisions": "",
    "review export": "{new}",
    "review import": "{file}",
    "review reject": "abc",
    "review undo": "crm:1 crm:2",
    "review": "",
    "run": "",
    "scores list": "",
    "scores show": "churn_shop",
    "scores train": "",
    "segments": "",
    "show": "abc",
    "source reset": "crm",
    "source show": "crm",
    "statistics list": "",
    "statistics load": "{file} --country NO --measure median_income",
    "superset": "--to {new}",
    "withdraw": "--customer abc",
}
READ = {"audit access": "", "audit list": "", "audit verify": "", "catalogue": "", "doctor": "", "status": ""}
# a folder of the project, a file and a port are all that they use
NO_HOME = {
    "add-source", "add-system", "campaigns evaluate", "identity evaluate", "demo serve", "metrics list", "preview", "scores evaluate", "scores uplift",
    "scores forecast",
}  # fmt: skip


def leaves(command: Any, name: str = "") -> Iterator[str]:
    """Every command that can be typed; a group that does something by itself is one."""
    if not hasattr(command, "commands"):
        yield name
        return
    if command.invoke_without_command:
        yield name
    for below, one in command.commands.items():
        yield from leaves(one, f"{name} {below}".strip())


@pytest.fixture
def newer(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    with opened(home, Engine(), "first") as con:
        con.execute("update ops.home set schema_version = 99, program = 'tomorrow'")
    return home


def files(home: Home) -> dict[Path, bytes]:
    """All but what says who has the home, and that a run began."""
    return {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file() and path not in (home.lock_file, home.last_attempt)}  # fmt: skip


def test_each_command_is_known_here():
    assert set(leaves(typer.main.get_command(app))) == REFUSE.keys() | READ.keys() | NO_HOME


@pytest.mark.parametrize("name", REFUSE)
def test_a_command_that_writes_refuses_a_newer_home(newer: Home, tmp_path: Path, name: str):
    file = tmp_path / "file.csv"
    file.write_text("left_record,right_record,verdict\ncrm:1,crm:2,same\n")
    arguments = REFUSE[name].format(file=file, new=tmp_path / "new.csv").split()
    before = files(newer)
    result = CliRunner().invoke(app, [*name.split(), *arguments])
    assert isinstance(result.exception, HomeVersionError), (result.output, result.exception)
    assert "schema version 99" in result.exception.what
    assert files(newer) == before and not (tmp_path / "new.csv").exists()


@pytest.mark.parametrize("name", READ)
def test_a_command_that_reads_leaves_it_as_it_is(newer: Home, name: str):
    before = files(newer)
    CliRunner().invoke(app, [*name.split(), *READ[name].split()])
    assert files(newer) == before
