"""Who is known by a register's entries, and the picture of a customer."""

from __future__ import annotations

import pytest

from orchestration.contracts.deliveries import CUSTOMER_360, delivered_by
from orchestration.contracts.seeds import SEEDS
from tests.unit.compiled import compiled_models
from tests.unit.empty_tables import add_rows, empty_tables

_FED = (
    "fct_orders", "fct_order_items", "dim_products", "fct_web_sessions", "fct_email_events", "fct_carts", "fct_tickets", "fct_survey_responses",
    "conformed_reviews", "fct_subscriptions", "conformed_usage_events", "fct_interactions", "bridge_household_customers", "dim_households",
    "contact_permissions", "dim_customers", "bridge_customer_source_records", "exchange_rates_by_day", "customer_scores",
    "feedback_texts", "customer_life_events", "customer_addresses", "conformed_ad_spend", "conformed_social_engagements", "stated_wishes",
    "bridge_company_source_records", "customer_attributes", "conformed_people", "conformed_deals", "customer_life_phase", "customer_places", "delivered_entities",
)  # fmt: skip


@pytest.fixture
def known(permitted, warehouse):
    def go(people: list[dict], *entries: dict) -> dict[str, tuple[bool, bool]]:
        """source_key → (protected, deceased), of whom either is so."""
        permitted(people, until="protected_customers", address_updates=list(entries))
        return {
            key: (protected, deceased)
            for key, protected, deceased in warehouse.execute(
                "select s.source_key, p.is_protected, p.is_deceased from identity.protected_customers p "
                "join identity.customer_source_records s on s.customer_id = p.customer_id and s.valid_to is null where p.is_protected or p.is_deceased"
            ).fetchall()
        }

    return go


@pytest.fixture
def picture(warehouse, tmp_path_factory):
    """Adds rows, and tells of the figures of a customer. Sources deliver everything."""
    models = compiled_models(tmp_path_factory, ["customer_360", "customer_purchases", "customer_profile"])
    empty_tables(warehouse, *_FED)
    warehouse.execute(
        "create schema ops; create schema reference; create table ops.clock as select timestamp '2026-06-01' as as_of"
    )
    for seed in ("purposes", "permission_reasons", "data_categories"):
        warehouse.execute(f"create table reference.{seed} as from read_csv('{SEEDS}/{seed}.csv')")
    warehouse.execute("alter table reference.data_categories alter retention_days type integer")
    warehouse.execute(
        "create schema identity; create table identity.customer_source_records (source_system varchar, source_key varchar, customer_id varchar, "
        "valid_to timestamp); create table identity.restrictions (source_system varchar, source_key varchar)"
    )
    add_rows(
        warehouse,
        "marts.dim_customers",
        *({"customer_id": c, "is_business": False, "is_club_member": False} for c in ("c1", "c2")),
    )
    for c in ("c1", "c2"):
        add_rows(
            warehouse,
            "marts.bridge_customer_source_records",
            {"customer_id": c, "source_system": "crm", "source_key": c},
        )

    for entity in sorted({one for found in delivered_by(CUSTOMER_360).values() for one in found}):
        add_rows(warehouse, "marts.delivered_entities", {"entity": entity, "is_delivered": True})
    warehouse.execute(f"create view marts.customer_profile as {models['customer_profile']}")
    warehouse.execute(f"create view marts.customer_purchases as {models['customer_purchases']}")

    def go(customer: str, *columns: str):
        found = warehouse.execute(
            f"select {', '.join(columns)} from ({models['customer_360']}) where customer_id = ?", [customer]
        ).fetchall()
        assert len(found) == 1
        return found[0] if len(columns) > 1 else found[0][0]

    go.add = lambda table, *rows: add_rows(warehouse, table, *rows)
    go.run = warehouse.execute
    return go  # fmt: skip
