"""The warehouse that the tests of audiences export from."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestration.privacy.rights.requests import prepare_requests
from tests.unit.activation.exporting import NIGHT, PEOPLE, checked


@pytest.fixture
def night(warehouse):
    """The warehouse after a night of four people in one audience, all permitted."""
    prepare_requests(warehouse)
    warehouse.execute("""
create schema audiences; create schema reference; create schema marts; create schema if not exists ops;
create table reference.audience_rules as select 'news' as audience, 'newsletter' as purpose, 'email' as channel, null::integer as min_days_since_order, null::integer as max_days_since_order;
create table reference.country_rules as select 'SE' as country_code, 18 as marketing_age;
create table reference.purposes as select 'newsletter' as purpose, true as is_marketing;
create table identity.customer_source_records (customer_id varchar, record_id bigint, source_system varchar, source_key varchar, valid_from timestamp, valid_to timestamp);
create table identity.customer_id_redirects (old_customer_id varchar, customer_id varchar);
create table marts.contact_permissions (customer_id varchar, purpose varchar, channel varchar, contact_point varchar, is_permitted boolean, decided_at timestamp, reason_code varchar, expires_at timestamp);
create table marts.dim_customers (customer_id varchar, birth_date date, is_minor_or_unknown_age boolean, has_impossible_birth_date boolean, is_protected boolean, is_deceased boolean);
create table audiences.audience_news (customer_id varchar, contact_point varchar, given_name varchar, country_code varchar, purpose varchar, channel varchar);
create table ops.publications (fingerprint varchar, project varchar, load_id bigint, run_id varchar, published_at timestamp);
create table ops.loads (load_id bigint, inserted bigint, updated bigint, deleted bigint);
create table ops.check_results (run_id varchar, stage varchar, table_name varchar, check_name varchar, severity varchar, passed boolean, checked_at timestamp);
create table ops.source_status (source varchar primary key, checked_at timestamp, is_ok boolean, message varchar);
""")
    warehouse.execute("create table ops.clock as select $1::timestamp as as_of", [NIGHT])
    for customer, point in PEOPLE.items():
        key = customer.removeprefix("c-")
        warehouse.execute("insert into identity.customer_source_records values (?, 1, 'crm', ?, '2025-01-01', null)", [customer, key])  # fmt: skip
        warehouse.execute("insert into marts.contact_permissions values (?, 'newsletter', 'email', ?, true, '2026-01-01', 'granted', null)", [customer, point])  # fmt: skip
        warehouse.execute(
            "insert into marts.dim_customers values (?, '1980-01-01', false, false, false, false)", [customer]
        )
        warehouse.execute("insert into audiences.audience_news values (?, ?, ?, 'SE', 'newsletter', 'email')", [customer, point, key.title()])  # fmt: skip
    checked(warehouse, "audiences.audience_news", "every_row_has_permission")
    warehouse.execute("insert into ops.loads values (1, 4, 0, 0)")
    warehouse.execute("insert into ops.publications values ('', '', 1, 'r', ?)", [NIGHT + timedelta(minutes=9)])
    for source in ("crm", "club"):
        warehouse.execute("insert into ops.source_status values (?, ?, true, '')", [source, NIGHT])
    return warehouse
