"""Which entity a key of another one names, by what the contracts call it. Not here: what is told of it (tests/unit/proposals)."""

from __future__ import annotations

from orchestration.contracts.conformed import entities, named_by

# a visitor is of no table, and a person of people of any source
_OF_NONE = {"source_key", "person_key", "visitor_key"}


def test_every_key_names_an_entity():
    keys = {(e, c) for e, columns in entities().items() for c in columns if c.endswith("_key") and c not in _OF_NONE}
    named = {(e, column): of for e in entities() for column, of in named_by(e).items()}
    assert named.keys() == keys and len(keys) > 10
    assert {
        ("orders", "campaign_key"): "campaigns", ("people", "company_key"): "companies", ("survey_answers", "response_key"): "survey_responses",
        ("web_events", "session_key"): "web_sessions", ("order_items", "order_key"): "orders", ("reviews", "product_key"): "products",
    }.items() <= named.items()  # fmt: skip
