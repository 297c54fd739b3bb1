"""Credit notes take back what they credit, in whatever word their status is."""

from __future__ import annotations

import pytest

WORDS = ("credited", "Krediterad", "kreditert", "krediteret", "hyvitetty", "credit-note")


@pytest.fixture
def conformed(compiled, warehouse, staged_orders):
    def go(rows: list[tuple[str, int]]) -> dict[str, tuple]:
        """Of (status, amount): status as written and amount → status as conformed, of the orders that stand."""
        for status, amount in rows:
            warehouse.execute(
                "insert into staging.stg_webshop__orders by name select $1 || $2 as source_key, 'webshop' as source_system, $1 as status, "
                "$2 as amount, 'SEK' as currency, timestamp '2026-03-01' as ordered_at, timestamp '2026-03-01' as extracted_at, 1 as load_id",
                [status, amount],
            )
        return dict(warehouse.execute(f"select source_key, status from ({compiled['conformed_orders']})").fetchall())

    return go


def test_rule_08_a_credit_note_stands_in_whatever_word_and_an_order_only_in_a_known_one(conformed):
    rows = [*((word, -100) for word in WORDS), ("completed", 100), ("mystery", 100), ("mystery", -100)]
    assert conformed(rows) == {f"{word}-100": "refunded" for word in WORDS} | {"completed100": "completed", "mystery-100": None}  # fmt: skip
