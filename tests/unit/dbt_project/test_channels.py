"""A channel is a row of the seed: what the law says of a kind of contact point holds for it, and no code names it."""

from __future__ import annotations

from orchestration.contracts import channels as channels_module
from orchestration.contracts.channels import ADDRESS, PHONE, channels, is_channel_of
from orchestration.contracts.seeds import seed
from tests.unit.consent import said
from tests.unit.people import by_case, someone

NUMBER, ADDRESS_OF = "phone", "email"
# (on which of their points somebody was granted messages by whatsapp, from what they withdrew later, whether they get any)
GRANTED = {
    "granted": (NUMBER, None, True),
    # a contact point of another kind is no evidence for it
    "granted on an address": (ADDRESS_OF, None, False),
    # who withdrew from every channel withdrew from a new one
    "withdrawn from it": (NUMBER, "whatsapp", False),
    "withdrawn from all": (NUMBER, "all", False),
    "withdrawn from what is no channel": (NUMBER, "telegraph", False),
    "withdrawn from another channel": (NUMBER, "email", True),
}


def test_a_channel_without_a_row_permits_nothing_and_with_one_what_was_granted(permitted, warehouse):
    people, statements = [someone(n) for n in range(len(GRANTED))], []
    for one, (kind, withdrawn_from, _) in zip(people, GRANTED.values(), strict=True):
        key, point = one["source_key"], {"contact_point": one[kind]}
        statements.append(said(key, channel="whatsapp", **point))
        if withdrawn_from:
            statements.append(said(key, "withdrawn", "2026-02-01", channel=withdrawn_from, **point))
    assert permitted(people, consent_events=statements) == {}
    warehouse.execute(
        "insert into reference.channels values ('whatsapp', 'phone', true, 'Messages of a kind that no seed has')"
    )
    found = permitted.derive()
    assert by_case(GRANTED, lambda n: {channel for key, _, channel in found if key == f"p{n}"}) == by_case(
        GRANTED, lambda n: {"whatsapp"} if [*GRANTED.values()][n][2] else set()
    )


def test_what_asks_outside_the_warehouse_knows_a_new_channel(monkeypatch):
    more = {"channel": "whatsapp", "contact_point_kind": "phone", "is_electronic_mail": "true", "description": ""}
    monkeypatch.setattr(channels_module, "seed", lambda name: [*seed(name), more])
    assert channels()[-1] == "whatsapp"
    assert "'whatsapp'" in is_channel_of("channel", PHONE)
    assert "'whatsapp'" not in is_channel_of("channel", ADDRESS)
