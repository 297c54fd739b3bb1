"""The list of who was erased is gone in both its places: a run is refused, for they would come back."""

from __future__ import annotations

import pytest

from orchestration.privacy.audit.log import AuditLog
from orchestration.privacy.intake.suppression import SuppressionError, SuppressionList, files_of
from orchestration.privacy.rights.rights import prepare_requests
from orchestration.privacy.secrets.pepper import Pepper
from orchestration.run.preflight import assert_lasting_files
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
