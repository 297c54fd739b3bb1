"""What many unit tests stand on: people in a warehouse, resolved night by night."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from orchestration.identity.evaluate import load_seeds
from orchestration.identity.model import DEFAULT_MODEL, Model
from orchestration.identity.resolve import resolve_identities
from orchestration.settings import Identity

COLUMNS = {
    "source_system": "varchar", "source_key": "varchar", "kind": "varchar", "full_name": "varchar", "given_name": "varchar",
    "family_name": "varchar", "email": "varchar", "phone": "varchar", "birth_date": "date", "street": "varchar",
    "postal_code": "varchar", "city": "varchar", "country_code": "varchar", "created_at": "timestamp", "deleted_at": "timestamp",
}  # fmt: skip


@pytest.fixture
def resolve(warehouse):
    warehouse.execute("create schema conformed")
    load_seeds(warehouse)
    nights = iter(range(1000))

    def go(*people: dict) -> dict[str, str]:
        """Resolves these people; returns source_key → customer_id."""
        declared = ", ".join(f"{c} {t}" for c, t in COLUMNS.items())
        warehouse.execute(f"create or replace table conformed.conformed_people ({declared})")
        rows = [[{"source_system": "crm", "country_code": "SE", **p}.get(c) for c in COLUMNS] for p in people]
        if rows:
            warehouse.executemany(
                f"insert into conformed.conformed_people values ({', '.join('?' * len(COLUMNS))})", rows
            )
        night = next(nights)
        go.changes = resolve_identities(
            warehouse,
            Identity(),
            Model.load(DEFAULT_MODEL),
            f"run-{night}",
            datetime(2026, 1, 1) + timedelta(days=night),
        )
        return dict(
            warehouse.execute(
                "select source_key, customer_id from identity.customer_source_records where valid_to is null"
            ).fetchall()
        )

    return go
