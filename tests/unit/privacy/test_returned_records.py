"""Records that come back to their source get their customer's id again; not that of somebody who was erased meanwhile."""

from __future__ import annotations

from datetime import datetime

import pytest

from orchestration.core.settings import Identity
from orchestration.core.warehouse import open_warehouse
from orchestration.identity.model import DEFAULT_MODEL, Model
from orchestration.identity.resolve import resolve_identities
from orchestration.privacy.rights.subjects import Subject
from orchestration.run.erase import erase
from tests.unit.two_people import build, settings_of


@pytest.mark.parametrize("is_erased", [True, False])
def test_rule_25_who_is_erased_while_gone_comes_back_as_nobody_known(
    home, warehouse, resolve, tmp_path, monkeypatch, is_erased
):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    settings = settings_of(tmp_path)
    before = build(home, warehouse, resolve, settings)

    def night(number: int, records: str) -> dict[str, str]:
        with open_warehouse(home, settings.engine) as con:
            con.execute(f"create or replace table conformed.conformed_people as {records}")
            at = datetime(2026, 7, number)
            resolve_identities(con, Identity(), Model.load(DEFAULT_MODEL), f"night-{number}", at)
            standing = "select source_key, customer_id from identity.customer_source_records where valid_to is null"
            return dict(con.execute(standing).fetchall())

    with open_warehouse(home, settings.engine) as con:
        con.execute("create table everybody as from conformed.conformed_people")
    assert night(1, "from everybody where source_key = '2'") == {"2": before["2"]}
    if is_erased:
        assert [outcome.state for outcome in erase(home, settings, [Subject(customer=before["1"])])] == ["done"]
    # both of her records
    after = night(2, "from everybody")
    assert after["2"] == before["2"]
    assert (after["1"] != before["1"]) is is_erased
    with open_warehouse(home, settings.engine) as con:
        known = "select count(*) from identity.customer_identity_events where $id in (from_customer_id, to_customer_id)"
        assert bool(con.execute(known, {"id": before["1"]}).fetchall()[0][0]) is not is_erased
