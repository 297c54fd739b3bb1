"""Customers who live together and records of one company: groups that are no person, with ids that last.

Here: `identity.household_members`, `identity.company_source_records`. No household ever joins two customers into one.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import scalar, transaction
from orchestration.identity.components import connected
from orchestration.identity.ids import last_published
from orchestration.identity.names import LEGAL_FORMS

# more customers than this at one address or on one number are a stairway or an office, not a household
_MOST_IN_HOUSEHOLD = 8
# customers at one address under one family name, or on one phone or mailbox; each is tied to the first of them
_HOUSEHOLD_EDGES = """
with member as (
    select s.customer_id, p.* from identity.normalised_people p
    join identity.customer_source_records s on s.record_id = p.record_id and s.valid_to is null
), shared as (
    select customer_id, concat_ws('|', 'address', country_code, postal_key, street_key, family_key) as key from member
    where postal_key is not null and street_key is not null and family_key is not null
    union
    select m.customer_id, 'email|' || m.email_key from member m
    join identity.identifiers i on i.kind = 'email' and i.value_key = m.email_key and i.ignored_reason is null
    union
    select m.customer_id, 'phone|' || m.phone_key from member m
    join identity.identifiers i on i.kind = 'phone' and i.value_key = m.phone_key and i.ignored_reason is null
), sized as (
    select *, min(customer_id) over (partition by key) as first_id, count(*) over (partition by key) as customers from shared
)
select first_id as left_id, customer_id as right_id from sized
where customer_id <> first_id and customers <= {most}
"""
# company records that may be one by a domain that they share
_MOST_ON_DOMAIN = 5
_COMPANIES = f"""
create or replace table identity.normalised_companies as
with person_domain as (
    select source_system, company_key, split_part(match_keys.email_key(email), '@', 2) as domain, count(*) as people
    from conformed.conformed_people where deleted_at is null and match_keys.email_key(email) is not null group by all
), own_domain as (
    -- a domain that nearly only people of a company write from, of few at most, is a company's; gmail.com is nobody's
    select source_system, company_key, arg_max(domain, people) as domain
    from (
        select *, sum(people) over (partition by domain) as everybody,
            sum(people) filter (company_key is not null) over (partition by domain) as employed,
            count(company_key) over (partition by domain) as companies
        from person_domain
    )
    where company_key is not null and employed > 1 and employed >= 0.8 * everybody and companies <= {_MOST_ON_DOMAIN} group by all
)
select c.source_system || ':' || c.source_key as company_record, c.source_system, c.source_key, match_keys.country_code(c.country_code) as country_code,
    nullif(regexp_replace(upper(c.registration_number), '[^0-9A-Z]', '', 'g'), '') as registration_key,
    nullif(trim(regexp_replace(' ' || match_keys.folded(c.name) || ' ', ' ({LEGAL_FORMS}) ', ' ', 'g')), '') as name_key,
    d.domain as domain_key
from conformed.conformed_companies c
left join own_domain d on d.source_system = c.source_system and d.company_key = c.source_key
where c.deleted_at is null
"""
# one number is one company; name or domain say so only where the numbers do not say otherwise
_COMPANY_EDGES = """
select l.company_record as left_id, r.company_record as right_id
from identity.normalised_companies l join identity.normalised_companies r
    on l.company_record < r.company_record and (l.registration_key = r.registration_key
        or ((l.name_key = r.name_key or l.domain_key = r.domain_key)
            and coalesce(l.registration_key = r.registration_key, true) and coalesce(l.country_code = r.country_code, true)))
"""


@dataclass(frozen=True)
class _Group:
    """One kind of group: `table` holds (`group_id`, `member`, valid_from, valid_to); of `least` to `most` members."""

    table: str
    group_id: str
    member: str
    least: int
    most: int


_HOUSEHOLDS = _Group("identity.household_members", "household_id", "customer_id", 2, 12)
_COMPANIES_GROUP = _Group("identity.company_source_records", "company_id", "company_record", 1, 1_000_000)

_DDL = """
create table if not exists {table} ({group_id} varchar not null, {member} varchar not null, valid_from timestamp not null, valid_to timestamp)
"""
_TABLES = [_DDL.format(**group.__dict__) for group in (_HOUSEHOLDS, _COMPANIES_GROUP)]


def find_households(con: duckdb.DuckDBPyConnection, moment: object) -> int:
    """Brings `identity.household_members` up to date at `moment` (UTC, naive). Returns the households of two or more."""
    con.execute("create or replace temp table standing_customers as select distinct customer_id from identity.customer_source_records where valid_to is null")  # fmt: skip
    edges = _HOUSEHOLD_EDGES.format(most=_MOST_IN_HOUSEHOLD)
    return _carry(con, _HOUSEHOLDS, connected(edges=edges, members="standing_customers", member="customer_id"), moment)


def find_companies(con: duckdb.DuckDBPyConnection, moment: object) -> int:
    """Brings `identity.company_source_records` up to date at `moment` (UTC, naive). Returns the companies."""
    con.execute(_COMPANIES)
    clusters = connected(edges=_COMPANY_EDGES, members="identity.normalised_companies", member="company_record")
    return _carry(con, _COMPANIES_GROUP, clusters, moment)


def _carry(con: duckdb.DuckDBPyConnection, group: _Group, clusters: str, moment: object) -> int:
    """`clusters` is a query of (member, cluster_id)."""
    names = group.__dict__
    con.execute(_DDL.format(**names))
    con.execute(f"create or replace temp table group_clusters as {clusters}")
    values = {"at": moment, "published": last_published(con)}
    with transaction(con):
        for statement in con.extract_statements(sql_script(__file__, "groups_carry", **names)):
            con.execute(statement, {name: values[name] for name in statement.named_parameters})
    return int(scalar(con, f"select count(distinct {group.group_id}) from {group.table} where valid_to is null"))
