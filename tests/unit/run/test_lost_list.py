"""The list of who was erased is gone, or lost entries, in both its places: a run is refused, for they would come back."""

from __future__ import annotations

import pytest

from orchestration.privacy.audit.log import AuditLog
from orchestration.privacy.intake.suppression import SuppressionError, SuppressionList, files_of
from orchestration.privacy.rights.requests import prepare_requests
from orchestration.privacy.secrets.pepper import Pepper
from orchestration.run.doctor import _lacking
from orchestration.run.preflight import assert_lasting_files, assert_suppression
from orchestration.run.state_files import examine_files

PEPPER = Pepper(("p" * 40,))


@pytest.fixture
def erased(home, warehouse, tmp_path, monkeypatch):
    """A home where somebody was erased; returns what knows of it, and the list."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    suppression = SuppressionList.of(warehouse, home, PEPPER)
    suppression.add([("email", "a@x.se")], "erasure")
    prepare_requests(warehouse)
    warehouse.execute(
        "insert into restricted.rights_requests (request_id, kind, subject, received_at, due_on, state) "
        "values ('R1', 'erase', 'x', now()::timestamp, now()::date, 'done')"
    )
    log = AuditLog(home.audit_log, PEPPER)
    log.append("published", detail={"version": "v1"})
    log.append("erased", subject="x", detail={"request": "R1"})
    return suppression


@pytest.mark.parametrize("knows", ["audit log", "requests"])
@pytest.mark.parametrize("how", ["gone", "empty"])
def test_a_list_that_is_gone_in_both_places_refuses_a_run(erased, home, warehouse, knows, how):
    if knows == "audit log":
        warehouse.execute("delete from restricted.rights_requests")
    else:
        home.audit_log.unlink()
    own, beside = files_of(warehouse, home)
    kept = own.read_bytes()
    for path in (own, beside):
        assert_lasting_files(warehouse, home)
        path.write_bytes(b"")
        if how == "gone":
            path.unlink()
    with pytest.raises(SuppressionError, match="is gone") as caught:
        assert_lasting_files(warehouse, home)
    assert str(own) in caught.value.where and str(beside) in caught.value.where
    assert "backup" in caught.value.to_do and "kundbild erase" in caught.value.to_do
    # as a backup is put back in either place, or somebody is erased anew
    beside.write_bytes(kept)
    assert_lasting_files(warehouse, home)
    beside.unlink()
    erased.add([("email", "a@x.se")], "erasure")
    assert_lasting_files(warehouse, home)


def test_without_a_warehouse_the_copy_that_nothing_leads_to_is_named(erased, home, warehouse):
    """The copy has the warehouse's name, and a warehouse that is made anew has another."""
    own, beside = files_of(warehouse, home)
    assert_lasting_files(None, home)
    own.rename(own.with_name("aside"))
    with pytest.raises(SuppressionError, match="is gone") as caught:
        assert_lasting_files(None, home)
    assert str(beside) in caught.value.to_do
    # beside a warehouse the copy may be its own: who looks without opening it says nothing
    assert not [found for found in examine_files(home) if found.what == "suppression list"]
    home.warehouse.rename(home.warehouse.with_name("elsewhere"))
    (finding,) = [found for found in examine_files(home) if found.what == "suppression list"]
    assert not finding.is_ok and str(beside) in finding.to_do


def test_a_home_where_nobody_was_erased_has_no_list(home, warehouse, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    prepare_requests(warehouse)
    warehouse.execute(
        "insert into restricted.rights_requests (request_id, kind, subject, received_at, due_on, state) "
        "values ('R1', 'erase', 'x', now()::timestamp, now()::date, 'refused'), ('R2', 'object', 'x', now()::timestamp, now()::date, 'done')"
    )
    AuditLog(home.audit_log, PEPPER).append("erasure-refused", subject="x")
    assert_lasting_files(warehouse, home)
    assert_lasting_files(None, home)


def _without_line(path, number):
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:number] + lines[number + 1 :]))


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_entries_that_one_copy_lost_come_back_from_the_other(erased, home, warehouse, place, number):
    erased.add([("email", "b@x.se"), ("phone", "+46701112233")], "erasure")
    files = files_of(warehouse, home)
    whole = [path.read_bytes() for path in files]
    assert not _lacking(warehouse, home)
    _without_line(files[place], number)
    assert_suppression(warehouse, home)
    (finding,) = _lacking(warehouse, home)
    assert not finding.is_ok and str(files[place]) in finding.found and str(files[1 - place]) not in finding.found
    assert erased.fix() == 1
    assert [sorted(path.read_bytes().splitlines()) for path in files] == [sorted(was.splitlines()) for was in whole]
    assert not erased.fix() and not _lacking(warehouse, home)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_entries_that_both_copies_lost_refuse_a_run_until_they_are_back_or_acknowledged(
    erased, home, warehouse, number
):
    erased.add([("email", "b@x.se")], "erasure")
    erased.add([("email", "c@x.se")], "erasure")
    files = files_of(warehouse, home)
    kept = files[1].read_bytes()
    for path in files:
        assert_suppression(warehouse, home)
        _without_line(path, number)
    with pytest.raises(SuppressionError, match="1 of 3 entries") as caught:
        assert_lasting_files(warehouse, home)
    assert all(str(path) in caught.value.where for path in files)
    assert "backup" in caught.value.to_do and "kundbild audit acknowledge" in caught.value.to_do
    # a backup of either is enough
    shrunken = files[1].read_bytes()
    files[1].write_bytes(kept)
    assert_suppression(warehouse, home)
    files[1].write_bytes(shrunken)
    # who is erased meanwhile makes up for nobody
    erased.fix()
    erased.add([("email", "d@x.se")], "erasure")
    with pytest.raises(SuppressionError, match="1 of 4 entries"):
        assert_suppression(warehouse, home)
    assert erased.accept() == (4, 3)
    assert_suppression(warehouse, home)


def test_a_home_of_an_older_version_is_counted_from_its_next_night_on(erased, home, warehouse):
    erased.add([("email", "b@x.se")], "erasure")
    warehouse.execute("delete from restricted.suppression_mark")
    assert_suppression(warehouse, home)
    erased.fix()
    for path in files_of(warehouse, home):
        _without_line(path, 0)
    with pytest.raises(SuppressionError, match="1 of 2 entries"):
        assert_suppression(warehouse, home)
