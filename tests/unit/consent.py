"""What the tests of consent stand on: the models as dbt compiles them, people, what they said. Not here: the fixtures (conftest.py)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.unit.compiled import compiled_by, compiled_incremental, compiled_models, compiled_otherwise
from tests.unit.people import person

MODELS = (
    "bridge_customer_source_records",
    "customer_id_redirects",
    "golden_records",
    "protected_customers",
    "customer_reservations",
    "register_gaps",
    "consent_inputs",
    "contact_permissions",
    "contact_permission_history",
)
# compiled for tests that build them, on these or on tables of their own
ALONE = (
    "fct_contact_compliance",
    "bi_consent_overview",
    "bi_customers_by_age",
    "bi_dim_customers",
    "conformed_email_events",
    "conformed_orders",
    "exchange_rates_by_day",
    "stg_registers__reservations",
    "stg_registers__address_updates",
)
SEEDS = ("purposes", "channels", "register_rules", "data_categories", "permission_reasons")
FED = ("consent_events", "email_events", "reservations", "address_updates", "campaigns")


SYSTEMS = ("crm", "webshop", "email")
INCREMENTAL = ("contact_permissions", "contact_permission_history")


def compiled_with(
    tmp_path_factory: pytest.TempPathFactory, *, is_incremental: bool = False, soft_opt_in: bool = False
) -> dict[str, str]:
    """The SQL of each model, by [privacy] soft_opt_in; `is_incremental` as where the incremental ones were built before."""
    models = (*MODELS, *ALONE)
    if is_incremental:
        return compiled_incremental(tmp_path_factory, models, INCREMENTAL)
    return (compiled_otherwise if soft_opt_in else compiled_models)(tmp_path_factory, models)


def compiled_in(folder: Path, *, is_incremental: bool = False) -> dict[str, str]:
    """The same, compiled below a folder."""
    built = INCREMENTAL if is_incremental else ()
    return compiled_by(folder, (*MODELS, *ALONE), built=built)


# a grant is evidence on a contact point of its channel's kind
_POINTS = dict.fromkeys(("sms", "phone"), "+46701112233") | {"post": "Storgatan 1, 11122 Stockholm"}


def said(key: str, status: str = "granted", at: str = "2026-01-01", **more) -> dict:
    """One statement; granted it has its evidence."""
    statement = {"person_key": key, "purpose": "survey", "channel": "email", "status": status, "stated_at": datetime.fromisoformat(at),
                 "contact_point": _POINTS.get(more.get("channel", "email"), "{}@x.se").format(key), "wording_version": "w1", "capture_source": "form"}  # fmt: skip
    return statement | more


# statements of a form, in a file whose lines may be rejected
FORMS = """
company = "T"
[sources.forms]
connector = "files"
url = "."
[sources.forms.tables.p]
path = "p*.csv"
columns = { id = "VARCHAR", mail = "VARCHAR", born = "DATE", news = "VARCHAR", said = "VARCHAR" }
key = ["id"]
[[sources.forms.tables.p.maps]]
entity = "consent_events"
constants = { purpose = "survey", channel = "email" }
[sources.forms.tables.p.maps.columns]
source_key = "id"
person_key = "id"
contact_point = "mail"
status = { column = "news", values = { Ja = "granted", Nej = "withdrawn" } }
stated_at = "said"
"""
ANNA, BO = person("anna", email="anna@x.se", phone="+46701112233"), person("bo", "Bo", "Dahl", email="bo@x.se")
SURVEY = ("anna", "survey", "email")
# a statement that names no person
NOBODYS = {"person_system": None, "person_key": None}
# every register of phone and post, fresh, with somebody else in it
ELSEWHERE = {"phone": "+46709999999", "family_name": "Ek", "street": "Annan 9", "postal_code": "99999"}
FRESH = [{"register": r, "version_on": "2026-05-31", **ELSEWHERE} for r in ("nix_telefon", "nix_adresserat")]


def orders(warehouse, *rows: tuple) -> None:
    """fct_orders of (customer_id, ordered_at, order_status, order_amount, net_amount), in SEK unless a currency follows."""
    warehouse.execute(
        "create schema if not exists marts; create or replace table marts.fct_orders (customer_id varchar, ordered_at timestamp, "
        "order_status varchar, order_amount decimal(18, 2), net_amount decimal(18, 2), currency varchar default 'SEK', "
        "is_order boolean as (order_status is distinct from 'cancelled' and order_amount >= 0), "
        "is_sale boolean as (is_order and coalesce(net_amount, 1) > 0), gross_amount decimal(18, 2) as (greatest(order_amount, 0) * case currency when 'SEK' then 1 when 'EUR' then 11 end))"
    )
    for row in rows:
        warehouse.execute(
            "insert into marts.fct_orders (customer_id, ordered_at, order_status, order_amount, net_amount, currency) values (?, ?, ?, ?, ?, ?)",
            [*row, "SEK"][:6],
        )
