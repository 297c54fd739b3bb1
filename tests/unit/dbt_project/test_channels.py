"""A channel is a row of the seed: what the law says of a kind of contact point holds for it, and no code names it."""

from __future__ import annotations

import pytest

from orchestration.contracts import channels as channels_module
from orchestration.contracts.channels import ADDRESS, PHONE, channels, is_channel_of
from orchestration.contracts.seeds import seed
from tests.unit.consent import said
from tests.unit.people import person

ANNA = person("anna", email="anna@x.se", phone="+46701112233")


@pytest.fixture
def with_whatsapp(warehouse):
    def add() -> None:
        warehouse.execute(
            "insert into reference.channels values ('whatsapp', 'phone', true, 'Messages of a kind that no seed has')"
        )

    return add


def _permitted(permitted, with_whatsapp, *statements, **more):
    permitted([ANNA], consent_events=list(statements), **more)
    with_whatsapp()
    return {channel for _, _, channel in permitted.derive()}


def test_a_channel_without_a_row_permits_nothing_and_with_one_what_was_granted(permitted, with_whatsapp):
    granted = said("anna", channel="whatsapp", contact_point="+46701112233")
    assert permitted([ANNA], consent_events=[granted]) == {}
    assert _permitted(permitted, with_whatsapp, granted) == {"whatsapp"}


def test_a_contact_point_of_another_kind_is_no_evidence_for_a_new_channel(permitted, with_whatsapp):
    assert _permitted(permitted, with_whatsapp, said("anna", channel="whatsapp", contact_point="anna@x.se")) == set()


@pytest.mark.parametrize("of", ["whatsapp", "all", "telegraph"])
def test_who_withdrew_from_every_channel_withdrew_from_a_new_one(permitted, with_whatsapp, of):
    granted = said("anna", channel="whatsapp", contact_point="+46701112233")
    withdrawn = said("anna", "withdrawn", "2026-02-01", channel=of)
    assert _permitted(permitted, with_whatsapp, granted, withdrawn) == set()


def test_a_withdrawal_from_another_channel_leaves_a_new_one(permitted, with_whatsapp):
    granted = said("anna", channel="whatsapp", contact_point="+46701112233")
    withdrawn = said("anna", "withdrawn", "2026-02-01", channel="email")
    assert _permitted(permitted, with_whatsapp, granted, withdrawn) == {"whatsapp"}


def test_what_asks_outside_the_warehouse_knows_a_new_channel(monkeypatch):
    more = {"channel": "whatsapp", "contact_point_kind": "phone", "is_electronic_mail": "true", "description": ""}
    monkeypatch.setattr(channels_module, "seed", lambda name: [*seed(name), more])
    assert channels()[-1] == "whatsapp"
    assert "'whatsapp'" in is_channel_of("channel", PHONE)
    assert "'whatsapp'" not in is_channel_of("channel", ADDRESS)
