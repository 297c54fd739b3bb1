"""A database of a publication that is cut: told, closed, and gone where somebody is to leave it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from orchestration.core.errors import KundbildError
from orchestration.core.settings import PROJECT_DIR
from orchestration.privacy.erasure.rewriting import rewrite_publications
from orchestration.publishing import snapshot
from orchestration.publishing.grades import GRADES
from orchestration.publishing.query import ask
from orchestration.run.state_files import examine_files, told_of_files
from tests.unit.publishing.published import MOMENT


@pytest.fixture
def cut(filled, home, monkeypatch):
    """Two publications; of the newest, `cut(file)` halves a database, whose catalogue may still be found."""
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    for table in ("bi.fct_orders", "marts.dim_customers"):
        filled.execute(
            f"create or replace table {table} as select range as customer_id, md5(range::varchar) as name from range(100_000)"
        )
    for night in range(2):
        snapshot.publish(filled, home, f"run-{night}", MOMENT + timedelta(days=night), keep=3)

    def go(name: str) -> Path:
        path = (home.published / "current" / name).resolve()
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        return path

    return go


@pytest.mark.parametrize("grade", ["analyst", "people"])
def test_a_database_of_the_publication_that_is_cut_is_told_and_closed(filled, home, cut, grade):
    path = cut(GRADES[grade].file)
    told = next(finding for finding in examine_files(home) if finding.what == "publication")
    assert not told.is_ok and path.name in told.found and "run" in told.to_do
    assert [line for line in told_of_files(home) if path.name in line]
    with pytest.raises(KundbildError, match="is truncated: nobody can read it"):
        ask("select 1", grade=GRADES[grade])
    newest = snapshot.current(home).version
    # back to the one before, and no more to this one
    assert snapshot.rollback(home).version < newest
    with pytest.raises(KundbildError, match=f"{path.name} is cut or gone"):
        snapshot.rollback(home, newest)
    # the next publication removes it
    snapshot.publish(filled, home, "run-2", MOMENT + timedelta(days=2), keep=3)
    assert newest not in snapshot.standing_versions(home)
    assert all(finding.is_ok for finding in examine_files(home))


def test_a_published_database_that_is_cut_goes_where_somebody_is_to_leave_it(filled, home, cut):
    """What it still holds cannot be taken out of it: an objection or an erasure does not fail on it, and leaves no bytes."""
    path = cut(GRADES["people"].file)
    assert snapshot.close_audiences(home) and not path.exists()
    assert not snapshot.close_audiences(home)
    path = cut(GRADES["analyst"].file)
    held = rewrite_publications(filled, home, lambda table, columns: None)
    assert held == [path.parent.name] and not path.exists()
