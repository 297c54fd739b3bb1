"""A rule that reads what no source delivers says so, and why; a rule on what is delivered says nothing."""

from __future__ import annotations

import pytest

from orchestration.contracts.segment_rules import checked, readable_columns
from orchestration.insight.deliveries import note_of, undelivered
from tests.unit.empty_tables import add_rows, empty_tables

NOTES = {
    "order_count >= 3": "",
    "web_session_count = 0": "web_session_count is empty for every customer: no source delivers web sessions",
    "not is_business": "is_business is empty for every customer: no source delivers employers",
    # days since a time need what the time needs
    "days_since_last_visited > 30 and web_session_count_90d = 0 or is_business": "days_since_last_visited, web_session_count_90d are empty "
    "for every customer: no source delivers web sessions; is_business is empty for every customer: no source delivers employers",
    "review_count = 0": "review_count is empty for every customer: no source delivers reviews",
}


@pytest.mark.parametrize("condition", NOTES)
def test_a_rule_says_what_of_it_no_source_delivers(warehouse, condition):
    columns = checked("s", "s", condition, "", "--where").columns
    assert note_of(columns, undelivered(warehouse)) == ""
    empty_tables(warehouse, "delivered_entities")
    for entity in sorted({one for column in readable_columns().values() for one in column.delivered_by}):
        is_delivered = entity not in ("web_sessions", "employers", "reviews")
        add_rows(warehouse, "marts.delivered_entities", {"entity": entity, "is_delivered": is_delivered})
    assert note_of(columns, undelivered(warehouse)) == NOTES[condition]
