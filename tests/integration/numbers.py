"""What tests of amounts stand on: raw rows of a small shop in the source's own words, built by dbt. Not here: the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orchestration.core.configuration import load_settings
from orchestration.core.home import Home
from orchestration.core.settings import Settings
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.extract import prepare_raw
from orchestration.insight.segment_history import prepare_memberships
from orchestration.privacy.intake.special_values import prepare_special_values
from orchestration.transform.runner import Dbt, set_clock
from tests.loads import note_load
from tests.unit.empty_tables import add_rows, empty_tables

AT, LATE = "2026-11-10T10:00:00Z", "2026-11-20T10:00:00Z"
CONFIG = """
company = "Lilla Butiken"
currency = "SEK"
[report]
after_publication = false
[sources.shop]
connector = "files"
url = "/d"
[sources.shop.tables.sales]
path = "sales.csv"
key = ["no"]
columns = { no = "VARCHAR", who = "VARCHAR", at = "VARCHAR", total = "VARCHAR", off = "VARCHAR", back = "VARCHAR", cur = "VARCHAR", state = "VARCHAR" }
[[sources.shop.tables.sales.maps]]
entity = "orders"
columns = { source_key = "no", person_key = "who", ordered_at = "at", amount = "total", discount = "off", refunded_amount = "back", currency = "cur", status = "state" }
[sources.shop.tables.lines]
path = "lines.csv"
key = ["no", "line"]
columns = { no = "VARCHAR", line = "VARCHAR", qty = "VARCHAR", price = "VARCHAR", back = "VARCHAR", cur = "VARCHAR", item = "VARCHAR" }
[[sources.shop.tables.lines.maps]]
entity = "order_items"
columns = { source_key = ["no", "line"], order_key = "no", quantity = "qty", unit_price = "price", refunded_quantity = "back", currency = "cur", product_key = "item" }
[sources.shop.tables.rates]
path = "rates.csv"
key = ["cur", "base", "day"]
columns = { cur = "VARCHAR", base = "VARCHAR", day = "VARCHAR", price = "VARCHAR" }
[[sources.shop.tables.rates.maps]]
entity = "exchange_rates"
columns = { source_key = ["cur", "base", "day"], currency = "cur", base_currency = "base", rate = "price", valid_on = "day" }
[sources.shop.tables.answers]
path = "answers.csv"
columns = { id = "VARCHAR", who = "VARCHAR", at = "VARCHAR", nps = "VARCHAR" }
[[sources.shop.tables.answers.maps]]
entity = "survey_responses"
columns = { source_key = "id", person_key = "who", submitted_at = "at", nps = "nps" }
[sources.shop.tables.said]
path = "said.csv"
key = ["id"]
columns = { id = "VARCHAR", who = "VARCHAR", mail = "VARCHAR", what = "VARCHAR", at = "VARCHAR" }
[[sources.shop.tables.said.maps]]
entity = "consent_events"
columns = { source_key = "id", person_key = "who", contact_point = "mail", stated_at = "at", status = { column = "what", values = { no = "withdrawn", yes = "granted" }, ignore = ["maybe"] } }
constants = { purpose = "newsletter", channel = "email" }
"""
MODELS = (
    "config.schema:staging purposes data_categories currencies order_statuses exchange_rates conformed_orders conformed_order_items conformed_products conformed_exchange_rates "
    "conformed_survey_responses conformed_consent_events quarantined_rows books set_aside exchange_rates_by_day order_returns credit_notes "
    "fct_orders fct_order_items customer_purchases delivered_entities customer_360 segment_changes segment_membership_history customer_segments customer_lifecycle customer_rfm"
)
# what the models read of people; the rest of a customer is not asked here
_PEOPLE = """
create schema if not exists identity; create schema if not exists marts; create schema if not exists reference;
create or replace table identity.customer_source_records (source_system varchar, source_key varchar, customer_id varchar, valid_to timestamp);
insert into identity.customer_source_records select 'shop', w, 'c-' || w, null from unnest([{people}]) t (w);
create table identity.customer_id_redirects (old_customer_id varchar, customer_id varchar, since timestamp);
create table if not exists identity.restrictions (source_system varchar, source_key varchar);
create table marts.bridge_customer_source_records as from identity.customer_source_records;
create table reference.permission_reasons (reason_code varchar, kind varchar, reason varchar);
create table reference.rfm_segments (segment varchar, recency_from int, recency_to int, frequency_from int, frequency_to int);
"""
_NOT_ASKED = (
    "conformed_people", "dim_customers", "dim_products", "contact_permissions", "fct_web_sessions", "fct_email_events", "fct_carts", "fct_tickets", "conformed_carts", "conformed_ad_spend",
    "fct_survey_responses", "conformed_reviews", "fct_subscriptions", "conformed_usage_events", "fct_interactions", "bridge_household_customers", "dim_households",
    "customer_profile", "customer_scores", "feedback_texts", "customer_life_events", "customer_addresses", "conformed_social_engagements", "stated_wishes",
    "customer_attributes",
)  # fmt: skip


class Shop:
    """Raw tables of the shop, and the models that dbt makes of them, night by night."""

    def __init__(self, home: Home, config: Any) -> None:
        self.home = home
        config.write_text(CONFIG, encoding="utf-8")
        self.settings: Settings = load_settings(config, {})
        self._dbt = Dbt(self.settings, home)
        self._load = 0

    def begin(self, people: list[str]) -> None:
        with self.open() as con:
            prepare_raw(con, self.settings)
            con.execute(_PEOPLE.format(people=", ".join(f"'{person}'" for person in people)))
            prepare_memberships(con)
            prepare_special_values(con)
            empty_tables(con, *_NOT_ASKED)
            of_people = {"country_code": "SE", "first_seen_at": "2020-01-01"}
            add_rows(con, "marts.dim_customers", *({"customer_id": f"c-{person}"} | of_people for person in people))
            con.execute("insert into marts.customer_profile by name select customer_id from marts.dim_customers")

    def open(self) -> Any:
        return open_warehouse(self.home, self.settings.engine)

    def deliver(self, table: str, *rows: tuple) -> None:
        """One load of a table: rows with a key that is there replace it."""
        self._load += 1
        shape = self.settings.sources["shop"].tables[table]
        names = [*shape.columns, "_extracted_at", "_load_id"]
        with self.open() as con:
            for given in rows:
                row = (*given, *[None] * (len(shape.columns) - len(given)))
                keyed = dict(zip(shape.columns, row, strict=True))
                if shape.key:
                    con.execute(
                        f'delete from raw_shop."{table}" where ' + " and ".join(f'"{c}" = ?' for c in shape.key),
                        [keyed[c] for c in shape.key],
                    )
                con.execute(
                    f'insert into raw_shop."{table}" ({", ".join(chr(34) + n + chr(34) for n in names)}) values ({", ".join("?" * len(names))})',
                    [*row, "2026-12-01", self._load],
                )
            note_load(con, self._load, "shop", table, "2026-12-01", source_rows=len(rows), inserted=len(rows))

    def build(self, *, published_load: int = 0, full_refresh: bool = False) -> None:
        from datetime import datetime

        with self.open() as con:
            set_clock(con, datetime(2026, 12, 1), published_load)
        # what reads the people of a whole home
        self._dbt.build(MODELS, exclude="nothing_outlives_its_retention", full_refresh=full_refresh)

    def ask(self, sql: str) -> list[tuple]:
        with self.open() as con:
            return con.execute(sql).fetchall()

    def everything(self) -> dict[str, list[tuple]]:
        """Every table that was built, without what differs between a night and a rebuild: nothing."""
        tables = ("conformed.conformed_orders", "conformed.conformed_order_items", "quarantine.quarantined_rows", "quarantine.books",
                  "quarantine.set_aside", "marts.exchange_rates_by_day", "marts.order_returns", "marts.credit_notes", "marts.fct_orders", "marts.fct_order_items",
                  "marts.customer_360", "segments.customer_lifecycle", "segments.customer_rfm")  # fmt: skip
        return {table: self.ask(f"from {table} order by all") for table in tables}


def amounts(found: list[tuple]) -> dict[str, tuple]:
    return {key: tuple(float(v) if v is not None else None for v in values) for key, *values in found}


def built(folder: Path, people: list[str], *delivered: tuple[str, list[tuple]]) -> Shop:
    shop = Shop(Home(folder / "home").prepare(), folder / "kundbild.toml")
    shop.begin(people)
    for table, rows in delivered:
        shop.deliver(table, *rows)
    shop.build()
    return shop
