"""A command that fails says so in words, with `--json` as one JSON object, and what became of a request. Not here: why it fails."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
import typer

from orchestration.cli import app as cli
from orchestration.cli.failures import flushed
from orchestration.core.errors import ConfigurationError, KundbildError
from orchestration.core.home import Home
from orchestration.core.settings import Engine
from orchestration.core.warehouse import open_warehouse
from tests.conftest import Kundbild
from tests.unit.conftest import resolving
from tests.warm import run_warm

ANNA = ("--email", "anna@berg.se")


def commands() -> dict[str, list[typer.core.TyperCommand]]:
    """Every command that knows `--json`, by how it is typed."""
    found = {}

    def look(name, command):
        if any("--json" in parameter.opts for parameter in command.params):
            found[" ".join(name)] = command
        for word, below in getattr(command, "commands", {}).items():
            look([*name, word], below)

    look([], typer.main.get_command(cli.app))
    return found


KNOWN = commands()


def typed(name: str) -> list[str]:
    """The command with something for all that it requires."""
    needed = []
    for parameter in KNOWN[name].params:
        if parameter.required:
            needed += ["2026-01-01"] if parameter.param_type_name == "argument" else [parameter.opts[0], "2026-01-01"]
    return [*name.split(), *needed, "--json"]


class LeftError(BaseException):
    """In place of the end of the process."""


@pytest.fixture
def ended(monkeypatch, capsys):
    """(exit code, what was printed, what was told) of a command line, as a process of its own would end."""

    def leave(code):
        raise LeftError(code)

    monkeypatch.setattr(cli, "_leave", leave)

    def go(*arguments):
        monkeypatch.setattr(sys, "argv", ["kundbild", *arguments])
        capsys.readouterr()
        with pytest.raises(LeftError) as left:
            cli.entry()
        said = capsys.readouterr()
        return left.value.args[0], said.out, said.err

    return go


def test_most_commands_know_json():
    assert len(KNOWN) > 30 and {"run", "status", "doctor", "withdraw", "audience export"} <= set(KNOWN)


@pytest.mark.parametrize("name", KNOWN)
def test_every_command_answers_json_whatever_went_wrong(ended, monkeypatch, name):
    for error, kind, code in (
        (ConfigurationError("wrong", where="x", to_do="y"), "configuration", 2),
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full", 2),
        (duckdb.IOException("IO Error: Could not write file: File too large"), "disk_full", 2),
        (ValueError("Anna Berg"), "unforeseen", 1),
    ):

        def fail(*_, error=error):
            raise error

        with monkeypatch.context() as broken:
            for command in (typer.core.TyperCommand, typer.core.TyperGroup):
                broken.setattr(command, "invoke", fail)
            found, out, told = ended(*typed(name))
        said = json.loads(out)
        assert (found, said["kind"]) == (code, kind) and said["error"] and "Anna" not in out + told
        assert ("Traceback" in told) == (kind == "unforeseen")
        assert told and (kind != "configuration" or (said["where"], said["to_do"]) == ("x", "y"))
    code, out, told = ended(*name.split(), "--no-such-option", "--json")
    assert (code, json.loads(out)["kind"]) == (2, "usage") and "no-such-option" in json.loads(out)["error"] and told


@pytest.mark.parametrize("said", ["", " "])
def test_a_moment_that_is_empty_is_refused_and_no_night_starts(ended, monkeypatch, said):
    """As an empty variable of a script leaves it: none was said, and now is not meant."""
    monkeypatch.setattr("orchestration.run.launch.run_nightly", lambda **_: pytest.fail("a night started"))
    code, out, _ = ended("run", "--as-of", said, "--json")
    found = json.loads(out)
    assert (code, found["kind"], found["where"]) == (2, "configuration", "--as-of")


@pytest.fixture(scope="module")
def with_one_customer(tmp_path_factory, new_warehouse) -> bytes:
    """The file of a warehouse with one customer."""
    home = Home(tmp_path_factory.mktemp("one") / "home").prepare()
    home.warehouse.write_bytes(new_warehouse)
    with open_warehouse(home, Engine()) as con:
        resolving(con)({"source_key": "1", "given_name": "Anna", "family_name": "Berg", "email": "anna@berg.se"})
        con.execute(
            "create table conformed.conformed_consent_events (person_system varchar, person_key varchar, contact_point varchar); "
            "create table conformed.conformed_email_events (person_system varchar, person_key varchar, contact_point varchar); "
            "create schema if not exists reference; create table reference.purposes as select 'newsletter' as purpose"
        )
    return home.warehouse.read_bytes()


@pytest.fixture
def kundbild(home, with_one_customer, tmp_path, monkeypatch) -> Kundbild:
    """The command line on a home with one customer."""
    home.warehouse.write_bytes(with_one_customer)
    config = tmp_path / "kundbild.toml"
    config.write_text(f'company = "T"\n[sources.crm]\nconnector = "files"\nsystem = "crm"\nurl = "{tmp_path}"\n')
    for name, value in (("KUNDBILD_HOME", home.root), ("KUNDBILD_CONFIG", config), ("XDG_CONFIG_HOME", tmp_path / "s")):
        monkeypatch.setenv(name, str(value))
    return Kundbild(home.root, config)


# what needs no lock, or takes long before it asks for it
_WITHOUT_LOCK = {"demo", "identity evaluate"}


@pytest.mark.parametrize("name", sorted(KNOWN.keys() - _WITHOUT_LOCK))
def test_every_command_answers_json_while_another_process_holds_the_warehouse(kundbild, home, ended, name):
    with home.lock("run 12345678"):
        code, out, told = ended(*typed(name))
    said = json.loads(out)
    assert "Traceback" not in told
    if code == 2:
        assert {"error", "kind", "where", "to_do"} == said.keys()
        assert said["kind"] == "warehouse_busy" or "run 12345678" not in said["error"]


@pytest.mark.parametrize("name", ["run", "requests", "audience list", "quarantine list", "review", "prove-erasure"])
def test_who_holds_the_warehouse_is_in_the_json(kundbild, home, ended, name):
    with home.lock("run 12345678"):
        code, out, _ = ended(*typed(name))
    said = json.loads(out)
    assert (code, said["kind"]) == (2, "warehouse_busy") and f"process {os.getpid()} (run 12345678)" in said["error"]


@pytest.mark.parametrize(
    ("arguments", "state"),
    [(("hold", "add", "--because", "legal-claims", "--until", "2999-01-01"), "unknown"), (("export-subject",), "unknown")],
)  # fmt: skip
def test_a_request_about_nobody_is_answered_in_json(kundbild, ended, arguments, state):
    code, out, _ = ended(*arguments, "--email", "nobody@x.se", "--json")
    assert code == 3 and json.loads(out)["state"] == state


def test_an_output_that_takes_no_more_is_told(monkeypatch, capsys):
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        print("x")
        assert flushed(0) == 2 and "standard output cannot be written: No space left" in capsys.readouterr().err
        # what is left in its buffer goes somewhere when it is closed
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())
    said = SimpleNamespace(flush=lambda: (_ for _ in ()).throw(BrokenPipeError(errno.EPIPE, "")))
    monkeypatch.setattr(sys, "stdout", said)
    assert flushed(0) == 1 and not capsys.readouterr().err


RIGHTS = [("withdraw",), ("object",), ("restrict",), ("rectify", "--set", "city=Mora"), ("export-subject",), ("erase",)]


@pytest.fixture
def disk(tmp_path):
    """A file system of its own."""
    at = tmp_path / "disk"
    at.mkdir()
    mounts = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(at)]
    if subprocess.run(mounts, check=False, capture_output=True).returncode:
        pytest.skip("a file system cannot be mounted here")
    yield at
    subprocess.run(["umount", str(at)], check=False)


@pytest.mark.parametrize(
    "right",
    [RIGHTS[0], *(pytest.param(right, marks=pytest.mark.slow) for right in RIGHTS[1:])],
    ids=lambda right: right[0],
)
def test_a_request_that_a_full_disk_does_not_take_is_not_noted_and_can_be_repeated(kundbild, disk, right):
    """It fails as it is noted; with room again it is done."""
    shutil.copytree(kundbild.home, disk / "home")
    there = Kundbild(disk / "home", kundbild.config)
    assert there.json("requests") == []
    # what an answer is written to lies there too
    to = ("--to", str(disk / "answer.json")) if right[0] == "export-subject" else ()
    (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free))
    done = run_warm(there.command(*right, *ANNA, *to, "--json"), there.environment(), timeout=60)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr[-3000:]
    said = json.loads(done.stdout)
    assert said["kind"] == "disk_full" and f"left on the file system {disk}" in said["error"]
    assert "nothing of the request is noted" in said["error"] and "repeat the command" in said["to_do"]
    (disk / "filler").unlink()
    assert there.json("requests") == [] and not (disk / "answer.json").exists()
    there(*right, *ANNA, *to, "--json")
    assert [request["state"] for request in there.json("requests")] == ["done"]


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("right", "fails", "state", "logged"),
    [
        ("restrict", "orchestration.privacy.erasure.erasure.hide", "open", "restrict"),
        ("object", "orchestration.publishing.shown.take_out_later_words", "done", "object"),
        ("erase", "orchestration.privacy.intake.noted.suppress_noted", "open", None),
    ],
)
def test_a_request_that_is_noted_when_the_disk_is_full_is_not_to_be_repeated(
    kundbild, ended, monkeypatch, right, fails, state, logged
):
    with monkeypatch.context() as broken:
        broken.setattr(fails, full)
        code, out, told = ended(right, *ANNA, "--json")
    said = json.loads(out)
    assert (code, said["kind"]) == (2, "disk_full") and "Traceback" not in told
    assert "the request is noted" in said["error"] and "do not repeat the command" in said["to_do"]
    assert [request["state"] for request in kundbild.json("requests")] == [state]
    log = kundbild.home / "audit.jsonl"
    lines = log.read_text().splitlines() if log.exists() else []
    assert [json.loads(line)["action"] for line in lines] == [logged] * bool(logged)


@pytest.mark.slow
def test_an_answer_that_cannot_be_written_leaves_no_request_answered(kundbild, ended):
    to = ("--to", "/dev/full", "--overwrite")
    code, out, told = ended("export-subject", *ANNA, *to, "--html", str(kundbild.home / "page.html"), "--json")
    said = json.loads(out)
    assert (code, said["kind"]) == (2, "disk_full") and "nothing of the request is noted" in said["error"], told
    assert kundbild.json("requests") == [] and Path("/dev/full").exists()
    # a file that was written before the other one failed is taken away
    page = kundbild.home / "page.json"
    assert ended("export-subject", *ANNA, "--to", str(page), "--html", "/dev/full", "--overwrite", "--json")[0] == 2
    assert not page.exists() and kundbild.json("requests") == []


def test_what_fails_inside_is_raised_and_not_that_nothing_can_be_rolled_back(warehouse):
    from orchestration.core.warehouse import transaction

    with pytest.raises(KundbildError, match="full"), transaction(warehouse):
        warehouse.execute("rollback")
        raise KundbildError("full")
    with transaction(warehouse):
        warehouse.execute("select 1")
