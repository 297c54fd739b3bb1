"""Orders that name their person by an email address alone, as a shop exports them whose customers have no number.

Here: taking the address for the person's key. Not here: guests beside accounts (guests.py), keys of another table (linked.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from orchestration.contracts.words import QUALIFIED
from orchestration.proposals.columns import Column
from orchestration.proposals.proposal import Filled, Proposal

_WHY = "no column holds a key of the customer: the address stands for it"
# two people may have one address
_SURENESS = 0.75


def address_of(columns: Sequence[Column], said: Mapping[str, Mapping[str, float]]) -> Filled | None:
    """The one column of addresses as a person's key; None where several may be, as the buyer's and the seller's."""
    named = [c.name for c in columns if c.looks_like == "email" or said[c.name].get("email", 0.0) >= QUALIFIED]
    return Filled("person_key", (named[0],), _SURENESS, _WHY) if len(named) == 1 else None


def by_address(one: Proposal, address: Filled | None) -> Proposal:
    """Orders, which name their person by the address."""
    if one.entity != "orders" or not address or one.of("person_key"):
        return one
    return replace(one, filled=(*one.filled, address))


def is_by_address(one: Filled | None) -> bool:
    return one is not None and one.why == _WHY
