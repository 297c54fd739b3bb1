"""Who is known by a register's entries."""

from __future__ import annotations

import pytest


@pytest.fixture
def known(permitted, warehouse):
    def go(people: list[dict], *entries: dict) -> dict[str, tuple[bool, bool]]:
        """source_key → (protected, deceased), of whom either is so."""
        permitted(people, address_updates=list(entries))
        return {
            key: (protected, deceased)
            for key, protected, deceased in warehouse.execute(
                "select s.source_key, p.is_protected, p.is_deceased from identity.protected_customers p "
                "join identity.customer_source_records s on s.customer_id = p.customer_id and s.valid_to is null where p.is_protected or p.is_deceased"
            ).fetchall()
        }

    return go
