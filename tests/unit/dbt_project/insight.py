"""What tests of the analysis marts stand on: compiled models over hand-written facts. Not here: the tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb

from orchestration.contracts.seeds import SEEDS
from tests.unit.empty_tables import add_rows, empty_tables

AS_OF = "2026-06-01"
# what the model of whom anything may be inferred of reads
PROFILE = (
    "customer_profile", ("fct_orders", "contact_permissions", "dim_customers", "bridge_customer_source_records", "bridge_company_source_records",
    "conformed_people", "conformed_deals", "customer_life_phase", "customer_places", "delivered_entities"),
)  # fmt: skip
# why nothing may be inferred of somebody → what says so
NOT_PROFILED: dict[str, tuple[str, dict[str, Any]]] = {
    "refused": ("marts.contact_permissions", {"purpose": "profiling", "channel": "email", "is_permitted": False, "reason_code": "withdrawn"}),
    "protected": ("marts.dim_customers", {"is_protected": True}),
    "dead": ("marts.dim_customers", {"is_deceased": True}),
}  # fmt: skip


def order(key: str, customer: str | None, at: str, net: float | None = 100, **more: Any) -> dict[str, Any]:
    return {"source_system": "shop", "source_key": key, "customer_id": customer, "ordered_at": datetime.fromisoformat(at), "is_order": True,
            "is_sale": net is None or net > 0, "gross_amount": net, "refunded_amount": 0, "net_amount": net, "currency": "SEK", "order_status": "paid"} | more  # fmt: skip


class Marts:
    """Facts without rows at first. `rows` of a model are dicts, read out of its SQL over whatever stands there by then."""

    def __init__(self, con: duckdb.DuckDBPyConnection, models: dict[str, str], facts: tuple[str, ...]) -> None:
        self.con, self.models = con, models
        if PROFILE[0] in models:
            facts = tuple(dict.fromkeys(facts + PROFILE[1]))
        empty_tables(con, *facts)
        con.execute("create schema ops; create schema reference; create schema if not exists insight")
        self.at(AS_OF)
        con.execute(
            "create schema if not exists identity; create or replace table identity.shown_values (is_key boolean, value varchar, shown varchar); "
            "create or replace table identity.special_values (value varchar, category varchar); "
            "create or replace table identity.customer_source_records (source_system varchar, source_key varchar, customer_id varchar, valid_to timestamp); "
            "create or replace table identity.restrictions (source_system varchar, source_key varchar)"
        )
        for seed in ("permission_reasons",):
            con.execute(f"create table reference.{seed} as from read_csv('{SEEDS}/{seed}.csv')")
        if PROFILE[0] in models:
            con.execute(f"create view marts.customer_profile as {models[PROFILE[0]]}")

    def knows(self, *customers: str) -> None:
        """Customers of whom nothing is said that would keep anybody from inferring."""
        self.add("marts.dim_customers", *({"customer_id": customer} for customer in customers))

    def knows_everybody_of(self, *tables: str) -> None:
        """Customers of facts are known ones."""
        for table in tables:
            self.con.execute(
                f"insert into marts.dim_customers by name select distinct customer_id from marts.{table} "
                "where customer_id is not null and customer_id not in (select customer_id from marts.dim_customers)"
            )

    def hides(self, customer: str, why: str) -> None:
        """Says of a known customer what keeps them out, by NOT_PROFILED."""
        table, said = NOT_PROFILED[why]
        if table == "marts.dim_customers":
            self.con.execute(f"delete from {table} where customer_id = ?", [customer])
        self.add(table, said | {"customer_id": customer})

    def at(self, moment: str) -> None:
        self.con.execute(f"create or replace table ops.clock as select timestamp '{moment}' as as_of")

    def add(self, table: str, *rows: dict[str, Any]) -> None:
        add_rows(self.con, table, *rows)

    def build(self, *models: str) -> None:
        for model in models:
            self.con.execute(f"create or replace table insight.{model} as {self.models[model]}")

    def rows(self, model: str, where: str = "true") -> list[dict[str, Any]]:
        found = self.con.execute(f"select * from ({self.models[model]}) where {where} order by all")
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def by(self, model: str, *key: str) -> dict[Any, dict[str, Any]]:
        def name(row: dict[str, Any]) -> Any:
            return tuple(row[k] for k in key) if len(key) > 1 else row[key[0]]

        rows = self.rows(model)
        found = {name(row): row for row in rows}
        assert len(found) == len(rows), "the grain is not unique"
        return found
