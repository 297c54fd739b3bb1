"""Nobody who said no is in an audience, by the demo's truth of who is who and the words of the source systems themselves.

Not here: what each rule permits (tests/unit/dbt_project/test_consent_rules.py).
"""

from __future__ import annotations

from tests.conftest import Kundbild

# each source's people and statements as they are delivered, without anything that the pipeline makes of them
_RECORDS = """
create temp table records as select system, source_key::varchar as key, person_id from '{truth}/records.parquet';
create temp table people as
select 'crm' as system, contact_id::varchar as key, first_name, last_name, email_address as email, mobile as phone, birthdate as born, zip from raw_crm.contacts
union all select 'webshop', id::varchar, first_name, last_name, email, phone, date_of_birth, address.zip from raw_webshop.customers
union all select 'email', subscriber_id::varchar, first_name, last_name, email, null, null, null from raw_email.subscribers
union all select 'survey', respondent_id, first_name, last_name, email, null, null, null from raw_survey.respondents;
create temp table statements as
-- `from_` and `until`: of one that tells no hour, its whole day
select *, try_cast(said[:10] || ' ' || coalesce(nullif(hour, ''), '00:00:00') as timestamp) as from_,
    try_cast(said[:10] || ' ' || case when hour in ('', '00:00', '00:00:00') then '23:59:59' else hour end as timestamp) as until from (
select *, regexp_extract(said, '[T ]([0-9][0-9]:[0-9][0-9](:[0-9][0-9])?)', 1) as hour from (
    select 'crm' as system, contact_id::varchar as key, contact_point as point, purpose, channel, status, stated_at::varchar as said from raw_crm.consents
    union all select 'webshop', customer_id::varchar, email, 'newsletter', 'email', status, stated_at::varchar from raw_webshop.newsletter_signups
    union all select 'email', subscriber_id::varchar, email, list, 'email', status, stated_at::varchar from raw_email.optins
    -- a no to all marketing by email
    union all select 'email', subscriber_id::varchar, email, unnest(['newsletter', 'offers']), 'email', 'withdrawn', occurred_at::varchar from raw_email.events
        where event in ('unsubscribe', 'spamreport')
));
"""
_SAID = """
create or replace temp table members as {members};
-- whose a customer is, by the truth of each of the records
create or replace temp table whose as select m.*, r.person_id, s.source_system as system, s.source_key as key from members m
join identity.customer_source_records s on s.customer_id = m.customer_id and s.valid_to is null
join records r on r.system = s.source_system and r.key = s.source_key;
-- a no of the person, in whatever record, that no later yes of the person or of the customer's records reverses: of two
-- systems, whose clocks may be of two zones, one that is three hours later
create or replace temp table refused as
select distinct w.audience, w.customer_id, n.system, n.key, n.point from whose w
join records r using (person_id) join statements n on n.system = r.system and n.key = r.key
    and n.purpose = w.purpose and n.channel = w.channel and n.status <> 'granted'
where not exists (
    select 1 from statements y left join records o on o.system = y.system and o.key = y.key
    where y.status = 'granted' and y.purpose = w.purpose and y.channel = w.channel
        and y.from_ > n.until + case when y.system = n.system then interval 0 hour else interval 3 hour end
        and (o.person_id = w.person_id or exists (select 1 from whose t where t.customer_id = w.customer_id and t.system = y.system and t.key = y.key)));
"""
# names that two customers have, in a folding of this test's own that takes more of them for one than identity does
_FOLDED = "regexp_replace(replace(replace(replace(strip_accents(translate(lower(first_name || '|' || last_name), 'øæå', 'oaa')), 'aa', 'a'), 'oe', 'o'), 'ae', 'a'), '[^a-z|]', '', 'g')"
_FEW = f"""
create or replace temp table few as
select name, list(distinct source_system || ':' || source_key) as keys from (
    select {_FOLDED} as name, s.customer_id, s.source_system, s.source_key, p.born, p.first_name, p.last_name from people p
    join identity.customer_source_records s on s.source_system = p.system and s.source_key = p.key and s.valid_to is null
) where len(trim(first_name)) > 1 and len(trim(last_name)) > 1 group by name having count(distinct customer_id) = 2 and count(distinct born) <= 1;
"""
# what a record that refused has in common with one of the customer's: the contact point that refused, an address, a number,
# a name with its birth date or postal code, or a name that nobody else has, where the birth dates do not differ
_SHARED = f"""
with named as (select *, {_FOLDED} as name from people)
select audience, f.customer_id, f.system, f.key from refused f
left join named n on n.system = f.system and n.key = f.key
join whose w using (audience, customer_id) left join named p on p.system = w.system and p.key = w.key
where (f.system, f.key) = (w.system, w.key)
    or lower(trim(p.email)) in (lower(trim(n.email)), lower(trim(f.point))) or lower(trim(w.contact_point)) in (lower(trim(n.email)), lower(trim(f.point)))
    or right(regexp_replace(p.phone, '[^0-9]', '', 'g'), 8) = right(regexp_replace(n.phone, '[^0-9]', '', 'g'), 8)
    or p.name = n.name and (p.born = n.born or replace(p.zip, ' ', '') = replace(n.zip, ' ', ''))
    or exists (select 1 from few where list_contains(keys, f.system || ':' || f.key) and list_contains(keys, w.system || ':' || w.key))
"""


def test_whoever_said_no_is_in_no_audience_where_any_record_of_theirs_tells_who_they_are(demo: Kundbild):
    """A record with nothing but the name of many in common is anybody's of that name: docs/data-protection.md says how many."""
    with demo.warehouse() as con:
        rules = con.execute("select audience, purpose, channel from reference.audience_rules").fetchall()
        audiences = " union all ".join(
            f"select '{name}' as audience, '{purpose}' as purpose, '{channel}' as channel, customer_id, contact_point from audiences.audience_{name}"
            for name, purpose, channel in rules
        )
        con.execute(_RECORDS.format(truth=demo.home / "demo" / "truth"))
        con.execute(_FEW)
        con.execute(_SAID.format(members=audiences))
        assert con.execute("select count(*) from members").fetchall()[0][0] > 100
        assert con.execute(_SHARED).fetchall() == []
        # and of whom no record tells, there are few
        members, unknown = con.execute("select (select count(*) from members), (select count(distinct (audience, customer_id)) from refused)").fetchall()[0]  # fmt: skip
        assert unknown <= members // 50
        # the same query sees each no of those who were left out
        con.execute(_SAID.format(members=f"select 'all' as audience, 'newsletter' as purpose, 'email' as channel, customer_id, email as contact_point from marts.dim_customers where customer_id not in (select customer_id from ({audiences}))"))  # fmt: skip
        assert len(con.execute(_SHARED).fetchall()) > 50
