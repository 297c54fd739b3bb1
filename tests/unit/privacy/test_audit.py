"""The audit log only grows, shows every change, and holds nobody's data."""

from __future__ import annotations

import json
import os
import stat
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.core.clock import now
from orchestration.core.home import Home
from orchestration.core.settings import PROJECT_DIR, Privacy
from orchestration.privacy.audit.log import AuditError, AuditLog, audit_log
from orchestration.privacy.secrets.pepper import Pepper
from orchestration.run.audit_gap import why_short
from orchestration.run.doctor import examine
from orchestration.run.status import read_status

PEPPER = Pepper(("a pepper of the tests, thirty-two long",))


ANOTHER = Pepper(("another pepper, of thirty-two letters",))


@pytest.fixture
def log(tmp_path) -> AuditLog:
    log = AuditLog(tmp_path / "audit.jsonl", PEPPER)
    log.append("published", detail={"version": "20260101T020000-run", "rows": 5})
    for customer in ("c1", "c2", "c1"):
        log.append("explained a customer", subject=customer)
    return log


def lines(log: AuditLog) -> list[str]:
    return log._path.read_text().splitlines()


def rewrite(log: AuditLog, kept: list[str]) -> None:
    log._path.write_text("".join(line + "\n" for line in kept))


def test_rule_31_the_audit_log_is_append_only_chained_and_free_of_personal_data(log):
    count, chain = log.verify()
    assert count == 4 and lines(log)[-1].endswith(f'"chain": "{chain}"}}')
    assert stat.S_IMODE(log._path.stat().st_mode) == 0o600
    # about whom is found by who knows the id, and by nobody else
    about = [entry.subject for entry in log.entries()]
    assert about == ["", log.keyed("c1"), log.keyed("c2"), log.keyed("c1")]
    assert log.keyed("c1") != AuditLog(log._path, ANOTHER).keyed("c1")
    assert '"c1"' not in log._path.read_text()
    for detail in ("Anna Berg", "anna@berg.se", "+46701234567", "Storgatan 1", ""):
        with pytest.raises(ValueError, match="more than the name of a thing"):
            log.append("exported", detail={"what": detail})
    assert log.verify() == (count, chain)


CHANGES = {
    "changed": lambda kept: [*kept[:2], kept[2].replace("explained", "exported"), kept[3]],
    "taken out": lambda kept: [kept[0], *kept[2:]],
    "moved": lambda kept: [kept[0], kept[2], kept[1], kept[3]],
    "doubled": lambda kept: [*kept, kept[-1]],
    "added": lambda kept: [*kept, kept[-1].replace('"number": 4', '"number": 5')],
    "cut short": lambda kept: kept[:-1],
    "emptied": lambda kept: [],
    "made nonsense": lambda kept: [*kept[:3], "nonsense"],
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_later_change_is_found_and_nothing_is_written_after_it(log, change):
    rewrite(log, CHANGES[change](lines(log)))
    with pytest.raises(AuditError, match="does not hold at entry"):
        log.verify()


def test_a_chain_made_anew_without_the_pepper_does_not_hold(log, tmp_path):
    forged = AuditLog(tmp_path / "forged.jsonl", ANOTHER)
    for entry in log.entries():
        forged.append(entry.action, detail=entry.detail)
    rewrite(log, lines(forged))
    with pytest.raises(AuditError):
        log.verify()
    log._head.write_text(forged._head.read_text())
    with pytest.raises(AuditError):
        log.verify()


def test_a_killed_run_leaves_what_the_next_entry_fixes(log):
    head = log._head.read_text()
    log.append("published")
    log._head.write_text(head)  # killed between the entry and the head
    assert log.verify()[0] == 5
    with log._path.open("a") as file:
        file.write('{"number": 6, "at"')  # killed in the middle of a line
    assert log.append("published").number == 6
    assert log.verify()[0] == 6 and len(lines(log)) == 6
    assert all(json.loads(line) for line in lines(log))


def test_nothing_is_written_after_entries_that_were_taken_out(log):
    rewrite(log, lines(log)[:2])
    with pytest.raises(AuditError, match="nothing is written after them"):
        log.append("published")


@pytest.fixture
def anchored(home, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    log = audit_log(home, Privacy())
    for number in range(4):
        log.append("published", detail={"rows": number})
    return log


def test_an_older_log_that_is_put_back_with_its_head_does_not_hold_until_somebody_says_why(anchored, home):
    old = [path.read_bytes() for path in (home.audit_log, anchored._head)]
    anchored.append("exported"), anchored.append("erased")
    for path, content in zip((home.audit_log, anchored._head), old, strict=True):
        path.write_bytes(content)
    with pytest.raises(AuditError, match="it ends at 4, and had come to 6"):
        audit_log(home, Privacy()).verify()
    # the work goes on, and the gap is told for good
    audit_log(home, Privacy()).append("published")
    assert [entry.action for entry in anchored.entries()][4:] == ["audit-set-back", "published"]
    with pytest.raises(AuditError, match="it was set back 1 times"):
        audit_log(home, Privacy()).verify()
    assert audit_log(home, Privacy()).acknowledge() == 1
    assert audit_log(home, Privacy()).verify()[0] == 7 and audit_log(home, Privacy()).acknowledge() == 0
    # another one that is put back later is another gap
    for path, content in zip((home.audit_log, anchored._head), old, strict=True):
        path.write_bytes(content)
    with pytest.raises(AuditError, match="missing"):
        audit_log(home, Privacy()).verify()


def test_a_log_that_is_deleted_with_its_head_is_missed(anchored, home):
    for path in (home.audit_log, anchored._head):
        path.unlink()
    with pytest.raises(AuditError, match="it ends at 0, and had come to 4"):
        audit_log(home, Privacy()).verify()
    audit_log(home, Privacy()).append("published")
    with pytest.raises(AuditError, match="set back"):
        audit_log(home, Privacy()).verify()


def test_of_a_folder_that_was_moved_it_is_told_that_nothing_says_how_far_its_log_had_come(anchored, home, monkeypatch):
    def verified(folder: Path) -> tuple[bool, str]:
        at = ["--home", str(folder)]
        told = CliRunner().invoke(app, [*at, "audit", "verify"])
        said = json.loads(CliRunner().invoke(app, [*at, "audit", "verify", "--json"]).stdout)
        assert told.exit_code == 0 and said["entries"] == 4
        return said["is_anchored"], told.stdout

    is_anchored, told = verified(home.root)
    assert is_anchored and "4 entries, as written" in told and "moved" not in told
    moved = home.root.rename(home.root.with_name("moved"))
    is_anchored, told = verified(moved)
    assert not is_anchored and "the folder was moved" in " ".join(told.split())


DID = {
    "publications": "create schema ops; create table ops.publications as select $1::timestamp as published_at",
    "exports": "create schema restricted; create table restricted.exports as select $1::timestamp as exported_at",
    "rights requests": "create schema restricted; create table restricted.rights_requests as select $1::timestamp as received_at, 'export' as kind, 'done' as state",
    "": "create schema ops; create table ops.publications as select $1::timestamp as published_at where false",
}


@pytest.mark.parametrize("did", DID)
def test_a_home_that_was_copied_without_its_log_does_not_verify(anchored, home, did, monkeypatch):
    """The anchor goes by where the folder lies: of the copy it knows nothing."""
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(DID[did], [now()])
    moved = home.root.rename(home.root.with_name("moved"))

    def audit(*said: str):
        return CliRunner().invoke(app, ["--home", str(moved), "audit", *said])

    assert audit("verify").exit_code == 0
    for path in moved.glob("audit.*"):
        path.unlink()
    found = audit("verify")
    monkeypatch.setenv("KUNDBILD_HOME", str(moved))
    told = [finding for finding in examine() if finding.what == "audit log"], read_status()["state_files"]
    if not did:
        assert found.exit_code == 0 and told == ([], [])
        return
    assert isinstance(found.exception, AuditError) and f"no audit log, and the home has 1 {did}" in str(found.exception)
    (finding,), (line,) = told
    assert not finding.is_ok and "no audit log" in finding.found and "no audit log" in line
    # during a run the warehouse says nothing, and what is left of the log is looked at all the same
    with Home(moved).lock("a run"):
        assert audit("verify").exit_code == 0
        (moved / "published" / "versions" / "20260101T020000-run").mkdir(parents=True)
        assert isinstance(audit("verify").exception, AuditError)
    assert audit("acknowledge").exit_code == 0 and audit("verify").exit_code == 0
    assert "audit-set-back-acknowledged" in (moved / "audit.jsonl").read_text()
    assert "Nothing is missing" in audit("acknowledge").stdout


def test_a_log_that_begins_long_after_the_first_publication_does_not_verify(anchored, home, monkeypatch):
    """It was taken away, and the next run began another."""
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(DID["publications"], [now() - timedelta(days=1)])
    assert CliRunner().invoke(app, ["audit", "verify"]).exit_code == 0
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("update ops.publications set published_at = published_at - interval 3 day")
    error = CliRunner().invoke(app, ["audit", "verify"]).exception
    assert isinstance(error, AuditError) and "the audit log begins at" in str(error)
    assert CliRunner().invoke(app, ["audit", "acknowledge"]).exit_code == 0
    assert CliRunner().invoke(app, ["audit", "verify"]).exit_code == 0


def test_a_home_without_a_warehouse_tells_by_its_publications(home):
    (home.published / "versions" / "20260101T020000-run").mkdir(parents=True)
    assert "no audit log, and the home has 1 publications" in why_short(None, home)


def test_a_log_of_before_there_were_anchors_gets_one(anchored, home):
    anchored._anchor.path.unlink()
    assert audit_log(home, Privacy()).verify()[0] == 4
    audit_log(home, Privacy()).append("published")
    assert anchored._anchor.read().number == 5
    anchored._anchor.path.write_text("nonsense")
    with pytest.raises(AuditError, match="missing"):
        audit_log(home, Privacy()).verify()


def test_the_actor_is_who_the_system_says_and_no_environment_variable(log, monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    entry = log.append("published")
    assert entry.actor.split()[0] == str(os.getuid()) and "somebody-else" not in entry.actor
