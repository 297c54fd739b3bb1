"""What the demo's people do, as the marts that scores are learnt from: as if each system had told all of it. No night is run.

The latent tables stay beside the marts, for the truth.
"""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import numpy as np

from orchestration.demo.behaviour import draw_behaviour
from tests.unit.empty_tables import empty_tables

MARTS = (
    "fct_orders", "fct_web_sessions", "fct_email_events", "fct_carts", "fct_tickets", "fct_survey_responses", "conformed_usage_events",
    "fct_subscriptions", "fct_interactions", "conformed_deals", "dim_customers", "customer_profile", "bridge_customer_source_records",
    "conformed_people",
)  # fmt: skip
_OF_A_RECORD = (
    "fct_orders", "fct_web_sessions", "fct_email_events", "fct_carts", "fct_tickets", "fct_survey_responses", "fct_subscriptions",
    "fct_interactions",
)  # fmt: skip


def demo_marts(people: int, seed: int, until: datetime, marts: tuple[str, ...] = MARTS) -> duckdb.DuckDBPyConnection:
    """Marts of that many people over the two years before `until`, filled but for those left out; customer_id is the person's number."""
    rng = np.random.default_rng(seed)
    end = int(until.replace(tzinfo=UTC).timestamp())
    behaviour = draw_behaviour(rng, rng.random(people) < 0.1, end)
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    empty_tables(con, *MARTS)
    for name, table in behaviour.tables.items():
        con.register("latent", table)
        con.execute(f"create table {name} as from latent")
        con.unregister("latent")
    con.execute("create temp macro moment(seconds) as make_timestamp(seconds * 1000000)")
    for statement in _MARTS.split(";\n"):
        if statement.split()[2].partition(".")[2] in marts:
            con.execute(statement)
    for table in set(_OF_A_RECORD) & set(marts):
        con.execute(f"update marts.{table} set person_system = 'webshop', person_key = customer_id")
    return con


_MARTS = """
insert into marts.customer_profile by name
select cast(person_id as varchar) as customer_id, 'region ' || person_id % 5 as region from traits;
insert into marts.dim_customers by name
select
    cast(person_id as varchar) as customer_id, moment(joined_at) as first_seen_at,
    case person_id % 2 when 0 then 'female' else 'male' end as gender,
    date '1950-01-01' + cast(hash(person_id) % 20000 as integer) as birth_date
from traits;
insert into marts.bridge_customer_source_records by name
select cast(person_id as varchar) as customer_id, 'webshop' as source_system, cast(person_id as varchar) as source_key from traits;
insert into conformed.conformed_people by name
select 'webshop' as source_system, cast(person_id as varchar) as source_key, moment(joined_at) as created_at from traits;
insert into marts.fct_orders by name
select
    'webshop' as source_system, cast(order_no as varchar) as source_key, cast(person_id as varchar) as customer_id,
    moment(ordered_at) as ordered_at, true as is_order, true as is_sale, 100 as gross_amount, case when is_web then 'web' else 'store' end as channel
from orders;
insert into marts.fct_web_sessions by name
select
    'web_analytics' as source_system, cast(session_no as varchar) as source_key, cast(person_id as varchar) as customer_id,
    moment(started_at) as started_at, page_views
from sessions where is_signed_in or order_no > 0;
insert into marts.fct_carts by name
select
    'webshop' as source_system, cast(cart_no as varchar) as source_key, cast(person_id as varchar) as customer_id,
    moment(created_at) as created_at
from carts;
insert into marts.fct_subscriptions by name
select
    'webshop' as source_system, cast(subscription_no as varchar) as source_key, cast(person_id as varchar) as customer_id,
    moment(started_at) as started_at, moment(renewed_at) as renewed_at, moment(nullif(cancelled_at, 0)) as cancelled_at
from subscriptions;
insert into conformed.conformed_usage_events by name
select
    'webshop' as source_system, cast(use_no as varchar) as source_key, 'webshop' as person_system,
    cast(person_id as varchar) as person_key, moment(used_at) as occurred_at
from uses;
insert into marts.fct_tickets by name
select
    'webshop' as source_system, cast(ticket_no as varchar) as source_key, cast(person_id as varchar) as customer_id,
    moment(opened_at) as opened_at, moment(solved_at) as solved_at
from tickets;
insert into marts.fct_survey_responses by name
select
    'survey' as source_system, cast(response_no as varchar) as source_key, cast(person_id as varchar) as customer_id,
    moment(submitted_at) as submitted_at, nps, csat
from responses;
insert into marts.fct_email_events by name
with sent as (from messages where not is_held_out)
select
    'email' as source_system, campaign_id || '-' || person_id || '-' || kind as source_key, cast(person_id as varchar) as customer_id,
    cast(campaign_id as varchar) as campaign_key, kind, moment(seconds) as occurred_at
from sent, lateral (values ('sent', sent_at), ('delivered', case when is_bounced then 0 else sent_at + 40 end),
    ('opened', opened_at), ('clicked', clicked_at)) as v (kind, seconds)
where seconds > 0
union all
select
    'email', campaign_id || '-' || person_id || '-held_out', cast(person_id as varchar), cast(campaign_id as varchar), 'held_out', moment(sent_at)
from messages where is_held_out
"""
