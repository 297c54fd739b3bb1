"""Some customers whose segments are worked out night by night, by the compiled models. Not here: what is expected of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from orchestration.contracts.seeds import SEEDS
from orchestration.identity.ids import prepare_ids
from orchestration.insight.segment_history import keep_memberships, prepare_memberships
from orchestration.privacy.intake.personal_text import prepare_shown_values
from orchestration.privacy.intake.special_values import prepare_special_values
from orchestration.privacy.rights.requests import prepare_requests
from orchestration.transform.runner import set_clock
from tests.unit.compiled import compiled_models
from tests.unit.empty_tables import add_rows, empty_tables

MODELS = (
    "segment_changes",
    "segment_membership_history",
    "customer_segments",
    "bi_segment_overview",
    "bi_segment_movements",
)


@dataclass
class Customer:
    """What the models read of one customer."""

    order_count: int = 0
    days: int | None = None
    nps: int | None = None
    is_business: bool = False
    refuses: bool = False
    is_restricted: bool = False
    region: str | None = None
    is_protected: bool = False


class Nights:
    """The models over a warehouse: `night` builds them, and keeps what they found where the night is published."""

    def __init__(self, con: Any, models: dict[str, str]) -> None:
        self.con, self.models = con, models
        for schema in ("conformed", "ops"):
            con.execute(f"create schema if not exists {schema}")
        con.execute("create schema if not exists reference")
        con.execute(f"create table reference.data_categories as from read_csv('{SEEDS / 'data_categories'}.csv')")
        con.execute("alter table reference.data_categories alter retention_days type integer")
        prepare_ids(con)
        prepare_requests(con)
        empty_tables(con, "customer_360", "customer_rfm", "customer_profile")
        prepare_shown_values(con)
        prepare_memberships(con)
        prepare_special_values(con)
        # the views read it before the first night
        con.execute("create table identity.segment_changes as select * from identity.segment_memberships limit 0")
        for view in ("segment_membership_history", "customer_segments"):
            con.execute(f"create view segments.{view} as {models[view]}")

    def night(self, at: datetime, customers: dict[str, Customer], *, is_published: bool = True) -> None:
        con = self.con
        set_clock(con, at)
        con.execute(
            "delete from marts.customer_360; delete from segments.customer_rfm; "
            "delete from identity.restrictions; delete from identity.customer_source_records; delete from marts.customer_profile"
        )
        for name, c in customers.items():
            record = {
                "customer_id": name,
                "record_id": 1,
                "source_system": "crm",
                "source_key": name,
                "valid_from": "2020-01-01",
            }
            add_rows(con, "identity.customer_source_records", record)
            if c.is_restricted:
                restricted = {"source_system": "crm", "source_key": name, "since": at, "request_id": "r"}
                add_rows(con, "identity.restrictions", restricted)
                continue
            row = {
                "customer_id": name, "order_count": c.order_count, "order_count_365d": c.order_count, "revenue_amount": c.order_count * 100,
                "last_ordered_at": None if c.days is None else at - timedelta(days=c.days), "last_nps": c.nps, "web_session_count": 0,
                "is_business": c.is_business, "region": None if c.is_protected else c.region,
            }  # fmt: skip
            add_rows(con, "marts.customer_360", row)
            if not c.is_protected and not c.refuses:
                add_rows(con, "marts.customer_profile", {"customer_id": name})
        con.execute(f"create or replace table identity.segment_changes as {self.models['segment_changes']}")
        if is_published:
            keep_memberships(con)

    def merge(self, old: str, into: str, at: datetime) -> None:
        self.con.execute("insert into identity.customer_id_redirects values (?, ?, ?)", [old, into, at])
        self.con.execute("update identity.customer_id_redirects set customer_id = ? where customer_id = ?", [into, old])

    def as_of(self, at: datetime, scheme: str) -> dict[str, str]:
        rows = self.con.execute(
            "select customer_id, segment from segments.segment_membership_history where scheme = ? and entered_at <= ? and coalesce(left_at > ?, true)",
            [scheme, at, at],
        ).fetchall()
        found = dict(rows)
        assert len(found) == len(rows), "a customer is in two segments of a scheme at once"
        return found

    def rows(self, scheme: str = "lifecycle", table: str = "segments.segment_membership_history") -> list[tuple]:
        return self.con.execute(
            f"select customer_id, segment, entered_at, left_at from {table} where scheme = ? and segment is not null order by all",
            [scheme],
        ).fetchall()


def compiled(factory: pytest.TempPathFactory) -> dict[str, str]:
    return compiled_models(factory, MODELS)
