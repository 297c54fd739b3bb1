"""A new secret of the pepper: every hash is renewed, whoever has the old one makes none, and a kill leaves nothing half."""

from __future__ import annotations

from datetime import datetime

import pytest

from orchestration.core.errors import KundbildError
from orchestration.core.settings import Engine, Privacy
from orchestration.core.warehouse import open_warehouse
from orchestration.privacy.audit.exports import exports_with, note_export
from orchestration.privacy.audit.log import AuditError, AuditLog, audit_log
from orchestration.privacy.erasure import rotation
from orchestration.privacy.intake.suppression import SuppressionList
from orchestration.privacy.rights.requests import note_request, prepare_requests
from orchestration.privacy.secrets.pepper import Pepper, find_pepper, pepper_file, read_pepper
from orchestration.privacy.secrets.pseudonyms import forget_former_keys

AT = datetime(2026, 5, 1)
ONE, TWO, THREE = (
    "first secret, of thirty-two letters",
    "second secret, of thirty-two letter",
    "third secret, of thirty-two letters",
)
OLD, NEW = Pepper((ONE,)), Pepper((ONE, TWO))


@pytest.fixture
def hashed_home(home, tmp_path, monkeypatch):
    """A home folder with a hash of every kind."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    with open_warehouse(home, Engine()) as con:
        pepper = find_pepper(con, ())
        log = audit_log(home, Privacy())
        log.append("erased", subject="c1")
        SuppressionList.of(con, home, pepper).add([("email", "a@x.se"), ("record", "crm:1")], "erasure")
        note_export(con, pepper, "audience newsletter", ["c1", "c2"], AT, held_out=["c3"])
        prepare_requests(con)
        note_request(con, "erase", log.keyed("c1"), AT, "held", reference="R-1")
        note_request(con, "erase", log.keyed("c2"), AT, "held", reference=log.keyed("asked by a@x.se"))
        con.execute(
            "create schema if not exists identity; create table identity.customer_keys (customer_id varchar, customer_key varchar)"
        )
        con.execute("insert into identity.customer_keys values ('c1', 'k1'), ('c2', 'k2')")
    return home


def found(home) -> list[object]:
    """What is found by the pepper of today."""
    with open_warehouse(home, Engine()) as con:
        pepper = find_pepper(con, ())
        log = audit_log(home, Privacy())
        suppression = SuppressionList.of(con, home, pepper)
        requests = con.execute(
            "select subject, reference from restricted.rights_requests order by reference = 'R-1' desc"
        ).fetchall()
        return [
            {("email", suppression.hashed("email", "a@x.se")), ("record", suppression.hashed("record", "crm:1"))} == suppression.standing(),
            exports_with(con, pepper, ["c2"]),
            requests == [(log.keyed("c1"), "R-1"), (log.keyed("c2"), log.keyed("asked by a@x.se"))],
            [entry.action for entry in log.entries() if entry.subject in log.names_of("c1")],
        ]  # fmt: skip


WHOLE = [True, ["2026-05-01 00:00: audience newsletter"], True, ["erased"]]


@pytest.mark.parametrize("pepper", [OLD, NEW, Pepper((ONE, TWO, THREE))], ids=["one", "two", "three"])
def test_duckdb_hashes_and_renews_as_python_does(warehouse, pepper):
    for value in ("", "+46701234567", "åsa@berg.se"):
        query = f"select {pepper.hashed_sql('$value')}"
        assert warehouse.execute(query, {"value": value, **pepper.parameters()}).fetchall() == [(pepper.hashed(value),)]
        for older in pepper.older():
            old = older.hashed(value)
            assert pepper.renewed(old, older.count) == pepper.hashed(value) != old
            query = f"select {pepper.renewed_sql('$value', older.count)}"
            bound = {"value": old, **pepper.parameters(older.count)}
            assert warehouse.execute(query, bound).fetchall() == [(pepper.hashed(value),)]


def test_every_hash_is_renewed_and_found_as_before_and_the_old_ones_are_in_no_byte(hashed_home):
    assert found(hashed_home) == WHOLE
    old = read_pepper((), is_known=True)
    with open_warehouse(hashed_home, Engine()) as con:
        noted = "select keyed_hash from restricted.export_members union all select keyed_hash from restricted.held_out"
        hashes = [row[0] for row in con.execute(noted).fetchall()]
        hashes += [entry.keyed_hash for entry in SuppressionList.of(con, hashed_home, old).entries()]
    rotated = rotation.rotate(hashed_home, Engine(), (), [])
    assert (rotated.secrets, rotated.is_new, rotated.hashes, rotated.pseudonyms) == (2, True, 6, 2)
    assert found(hashed_home) == WHOLE
    everything = b"".join(
        path.read_bytes()
        for folder in (hashed_home.root, pepper_file().parent)
        for path in folder.rglob("*")
        if path.is_file()
    )
    assert hashes and not [hash_ for hash_ in hashes if hash_.encode() in everything]
    assert pepper_file().stat().st_mode & 0o077 == 0
    again = rotation.rotate(hashed_home, Engine(), (), [])
    assert (again.secrets, again.is_new) == (3, True) and found(hashed_home) == WHOLE
    assert audit_log(hashed_home, Privacy()).verify()[0] == 3


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", ["AuditLog.renew", "SuppressionList.renew", "_renew_warehouse", "note_check"])
def test_what_a_kill_left_is_renewed_by_the_next_rotation_without_a_further_secret(hashed_home, monkeypatch, step):
    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(f"orchestration.privacy.erasure.rotation.{step}", killed)
        rotation.rotate(hashed_home, Engine(), (), [])
    # until then nothing is hashed with one pepper and looked for with another
    with pytest.raises(KundbildError) as refused:
        found(hashed_home)
    assert "older pepper" in refused.value.what and "kundbild pepper rotate" in refused.value.to_do
    rotated = rotation.rotate(hashed_home, Engine(), (), [])
    assert (rotated.secrets, rotated.is_new) == (2, False) and found(hashed_home) == WHOLE


def test_a_killed_run_between_the_entry_and_the_head_is_renewed_too(tmp_path):
    log = AuditLog(tmp_path / "audit.jsonl", OLD)
    log.append("published")
    AuditLog(log._path, OLD).append("pepper-rotated", detail={"check": NEW.check})
    renewed = AuditLog(log._path, NEW)
    renewed.renew()
    assert renewed.verify()[0] == 2 and renewed.append("published").number == 3 and renewed.verify()[0] == 3


def test_who_has_the_old_pepper_forges_nothing_that_was_sealed(tmp_path):
    log = AuditLog(tmp_path / "audit.jsonl", OLD)
    log.append("exported", subject="c1")
    AuditLog(log._path, NEW).renew()
    AuditLog(log._path, NEW).append("published")
    kept = log._path.read_text().splitlines()
    assert AuditLog(log._path, NEW).verify()[0] == 3
    # the first entry made anew, and all that stood after it put behind
    forged = AuditLog(tmp_path / "forged.jsonl", OLD)
    forged.append("published")
    log._path.write_text("\n".join([forged._path.read_text().strip(), *kept[1:]]) + "\n")
    with pytest.raises(AuditError, match="at entry 2"):
        AuditLog(log._path, NEW).verify()
    # cut to before the rotation, with a head that fits
    log._path.write_text(forged._path.read_text())
    log._head.write_text(forged._head.read_text())
    with pytest.raises(AuditError, match="older pepper"):
        AuditLog(log._path, NEW).verify()
    with pytest.raises(AuditError, match="older pepper"):
        AuditLog(log._path, NEW).append("published")
    # and what was changed is sealed by no rotation
    log._path.write_text(kept[0].replace("exported", "published") + "\n")
    with pytest.raises(AuditError, match="does not hold"):
        AuditLog(log._path, NEW).renew()


def test_a_pepper_of_the_configuration_is_rotated_by_adding_to_it(hashed_home):
    secret = pepper_file().read_text().strip()
    pepper_file().unlink()
    with pytest.raises(KundbildError, match="the configuration gives the pepper") as refused:
        rotation.rotate(hashed_home, Engine(), [secret], [])
    assert 'pepper = ["${OLD_PEPPER}", "${NEW_PEPPER}"]' in refused.value.to_do
    with pytest.raises(KundbildError, match="not the one"):
        rotation.rotate(hashed_home, Engine(), [THREE, TWO], [])
    rotated = rotation.rotate(hashed_home, Engine(), [secret, TWO], [])
    assert (rotated.secrets, rotated.is_new) == (2, False)
    with open_warehouse(hashed_home, Engine()) as con:
        assert exports_with(con, find_pepper(con, [secret, TWO]), ["c1"])
        with pytest.raises(KundbildError, match="not the one"):
            find_pepper(con, [secret])


def test_former_pseudonyms_are_kept_as_long_as_a_publication_holds_them(hashed_home):
    rotation.rotate(hashed_home, Engine(), (), ["20260430T020000-a", "20260501T020000-b"])
    with open_warehouse(hashed_home, Engine()) as con:
        for kept, left in ((["20260501T020000-b", "20260502T020000-c"], 2), (["20260502T020000-c"], 0)):
            forget_former_keys(con, kept)
            assert con.execute("select count(*) from restricted.former_customer_keys").fetchall() == [(left,)]
