"""Customers who may be one person share what either refused, and nothing that either allowed.

Here: rows of `identity.heirs` and `identity.point_holders` for pairs of the review queue, and for namesakes: customers of one
given and family name, of which few are known, whose birth dates do not differ; namesakes of records that are gone or absent. Not here: what a withdrawal
names by itself (contact_points.py).
"""

from __future__ import annotations

import duckdb

from orchestration.core.warehouse import drop_tables, has_table

_STANDING = """
create or replace temp table standing as
select customer_id, source_system, source_key, record_id from identity.customer_source_records where valid_to is null
"""
_QUEUED = """
insert into may_be_one
select l.customer_id, r.customer_id from identity.review_queue q
join standing l on l.record_id = q.left_id join standing r on r.record_id = q.right_id where l.customer_id <> r.customer_id
"""
# an initial is a name of too many
_NAMESAKES = """
insert into may_be_one
with named as (
    select s.customer_id, n.given_key, n.family_key, list(distinct n.birth_date) filter (n.birth_date is not null) as births
    from identity.normalised_people n join standing s using (source_system, source_key)
    where len(n.given_key) > 1 and len(n.family_key) > 1 group by all
),
few as (select given_key, family_key from named group by all having count(*) between 2 and $at_most)
select l.customer_id, r.customer_id from few
join named l using (given_key, family_key) join named r using (given_key, family_key)
where l.customer_id < r.customer_id and (l.births is null or r.births is null or list_has_any(l.births, r.births))
"""
# each record of the one, and a record of the other that inherits
_SIDES = """
create or replace temp table inheriting as
with sides as (select one, other from may_be_one union select other, one from may_be_one),
first_records as (
    select customer_id, min(struct_pack(source_system, source_key)) as record from standing
    where customer_id in (select other from sides) group by customer_id
)
select distinct s.source_system, s.source_key, f.record.source_system as heir_system, f.record.source_key as heir_key
from sides b join standing s on s.customer_id = b.one join first_records f on f.customer_id = b.other
"""
_HEIRS = """
insert into identity.heirs
select source_system, source_key, heir_system, heir_key from inheriting
where (source_system, source_key) in (select (person_system, person_key) from {refusing})
"""
# a withdrawal that names nothing but a contact point
_HOLDERS = """
insert into identity.point_holders
select p.contact_point, any_value(p.statements), any_value(p.digest), i.heir_system, i.heir_key, true
from identity.point_holders p
join inheriting i on i.source_system = p.person_system and i.source_key = p.person_key
anti join identity.point_holders o
    on o.contact_point = p.contact_point and o.person_system = i.heir_system and o.person_key = i.heir_key
group by p.contact_point, i.heir_system, i.heir_key
"""


# a record that is gone or absent shares as it would if it stood: it is one more of the name, unless one of them had it. A name
# that stands in one column may begin with the family's
_BY_NAME = """
insert into identity.heirs
with named as (
    select n.given_key, n.family_key, s.customer_id, min(struct_pack(source_system, source_key)) as record,
        list(distinct n.birth_date) filter (n.birth_date is not null) as births
    from identity.normalised_people n join identity.customer_source_records s using (source_system, source_key)
    where s.valid_to is null and len(n.given_key) > 1 and len(n.family_key) > 1 group by 1, 2, 3
),
few as (
    select given_key, family_key, list(customer_id) as customers,
        [given_key || ' ' || family_key, family_key || ' ' || given_key] as names
    from named group by 1, 2 having count(*) <= $at_most
),
gone as (
    select distinct source_system, source_key, birth_date,
        unnest([match_keys.words_key(given_name || ' ' || family_name), match_keys.words_key(full_name)]) as name
    from gone_people
),
owners as (
    select source_system, source_key, arg_max(customer_id, valid_from) as customer_id from identity.customer_source_records group by 1, 2
)
select distinct g.source_system, g.source_key, n.record.source_system, n.record.source_key
from (select *, unnest(names) as name from few) f join gone g using (name)
join named n using (given_key, family_key)
left join owners o on o.source_system = g.source_system and o.source_key = g.source_key
where $at_most > 1 and (len(f.customers) < $at_most or coalesce(list_contains(f.customers, o.customer_id), false))
    and (g.birth_date is null or n.births is null or list_contains(n.births, g.birth_date))
    and (g.source_system, g.source_key, n.record.source_system, n.record.source_key) not in (
        select (gone_system, gone_key, person_system, person_key) from identity.heirs)
"""


def share_by_name(con: duckdb.DuckDBPyConnection, namesakes: int) -> None:
    """Adds to `identity.heirs` the namesakes of records of the temp table `gone_people`; see share_refusals."""
    con.execute(_BY_NAME, {"at_most": namesakes})


def share_refusals(con: duckdb.DuckDBPyConnection, refusing: str, namesakes: int) -> None:
    """Adds to `identity.heirs` and `identity.point_holders`, which it needs, with people, customers and the review queue.

    `refusing` is a query of the records that refused anything (person_system, person_key); `namesakes` the greatest number of
    customers of one name who share refusals, 1 for none.
    """
    con.execute("create or replace temp table may_be_one (one varchar, other varchar)")
    con.execute(_STANDING)
    if has_table(con, "identity", "review_queue"):
        con.execute(_QUEUED)
    con.execute(_NAMESAKES, {"at_most": namesakes})
    for statement in (_SIDES, _HEIRS.format(refusing=refusing), _HOLDERS):
        con.execute(statement)
    drop_tables(con, "may_be_one", "standing", "inheriting")
