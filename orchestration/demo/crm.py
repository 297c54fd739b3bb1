"""The demo's CRM: a SQLite file, as a small company's self-hosted CRM keeps one. Here: its tables at a moment."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import duckdb

from orchestration.demo.mess import state_sql

_BATCH = 50_000

_TABLES = {
    "contacts": """
        select key as contact_id, given_name as first_name, family_name as last_name, email as email_address,
            phone as mobile, birth_text as birthdate, upper(gender) as sex, street as street_address, postal_code as zip,
            city, country_code as country, case when is_business then 1 + person_id % greatest(getvariable('companies'), 1) end as company_id,
            case when is_business then (['Buyer', 'Manager', 'Owner', 'Guide'])[1 + key % 4] end as job_title,
            'Store ' || (1 + (person_id + version) % 8) as preferred_store,
            case when in_club then 'club member' when is_business then 'contact' else 'lead' end as status,
            iso(created_at) as created_at, iso(updated_at) as updated_at
        from ({contacts}) where deleted_at is null""",
    "companies": """
        select i as company_id, (['Fjell', 'Nordic', 'Skog', 'Vidde', 'Polar', 'Kyst'])[1 + i % 6] || ' '
            || (['Guiding', 'Outdoor', 'Events', 'Camp', 'Expeditions'])[1 + (i // 6) % 5] || ' ' || i as name,
            (556000 + i)::varchar || '-' || lpad((i * 37 % 10000)::varchar, 4, '0') as org_number,
            (['Tourism', 'Sports', 'Education', 'Public sector'])[1 + i % 4] as industry,
            (['SE', 'NO', 'DK', 'FI'])[1 + i % 4] as country, iso(getvariable('begin')) as updated_at
        from range(1, getvariable('companies') + 1) r (i)""",
    "deals": """
        select d.* exclude (opened, closed, won) replace (coalesce(f.replacement::double, amount) as amount), iso(opened) as opened_at, case when closed < {cutoff} then iso(closed) end as closed_at,
            case when closed < {cutoff} then won end as is_won, iso(case when closed < {cutoff} then closed else opened end) as updated_at
        from (
            select key * 10 + n as deal_id, key as contact_id, 1 + person_id % greatest(getvariable('companies'), 1) as company_id,
                'B2B' as pipeline, (['proposal', 'negotiation', 'won', 'lost'])[1 + (u(draw, 'stage' || n) * 4)::int % 4] as stage,
                round(5000 + u(draw, 'amount' || n) * 90000, 2) as amount, 'SEK' as currency,
                created_at + (n * 60 * 86400)::bigint as opened, created_at + (n * 60 + 20) * 86400::bigint as closed,
                (u(draw, 'won' || n) < 0.4)::int as won, (['fair', 'web form', 'referral'])[1 + n % 3] as lead_source
            from record, range(3) r (n) where system = 'crm' and is_business
        ) d left join fault f on f.system = 'crm' and f.source_table = 'deals' and f.source_key = deal_id
        where opened < {cutoff}""",
    "activities": """
        select call_no as activity_id, k.key as contact_id,
            (['call', 'store visit', 'chat', 'mail', 'meeting', 'club'])[1 + c.channel] as type,
            case when c.channel in (1, 5) or call_no % 3 > 0 then 'in' else 'out' end as direction,
            coalesce(f.replacement, iso(occurred_at)) as occurred_at,
            (['sizing', 'delivery', 'returns', 'advice', 'club points'])[1 + c.topic] as topic, iso(occurred_at) as updated_at
        from calls c join crm_key k using (person_id)
        left join fault f on f.system = 'crm' and f.source_table = 'activities' and f.source_key = call_no
        where occurred_at < {cutoff}""",
    "cases": """
        select ticket_no as case_id, k.key as contact_id, iso(opened_at) as opened_at,
            case when first_reply_at < {cutoff} then iso(first_reply_at) end as first_reply_at,
            case when solved_at < {cutoff} then iso(solved_at) end as solved_at,
            (['delivery', 'product', 'return', 'payment', 'other'])[1 + t.category] as category,
            case when solved_at < {cutoff} then satisfaction end as satisfaction,
            iso(case when solved_at < {cutoff} then solved_at when first_reply_at < {cutoff} then first_reply_at else opened_at end)
                as updated_at
        from tickets t join crm_key k using (person_id) where opened_at < {cutoff}""",
    "invoices": """
        select key * 10 + n as invoice_id, key as contact_id, 1 + person_id % greatest(getvariable('companies'), 1) as company_id,
            round(2000 + u(draw, 'invoice' || n) * 60000, 2) as amount, 'SEK' as currency,
            strftime(ts(created_at + (n * 45 + 30) * 86400), '%Y-%m-%d') as due_date,
            -- one in five pays only the first
            case when u(draw, 'paid' || n) < 0.93 and (n = 0 or u(draw, 'pays late') > 0.2) and created_at + (n * 45 + 28) * 86400 < {cutoff}
                then strftime(ts(created_at + (n * 45 + 28) * 86400), '%Y-%m-%d') end as paid_date,
            iso(created_at + (n * 45 + case when created_at + (n * 45 + 28) * 86400 < {cutoff} then 28 else 0 end) * 86400) as updated_at
        from record, range(4) r (n) where system = 'crm' and is_business and created_at + n * 45 * 86400 < {cutoff}""",
    "consents": """
        select key * 10 + n as consent_id, key as contact_id, case when n = 3 then phone else trim(lower(email)) end as contact_point,
            case when n = 3 then 'phone' else 'email' end as contact_point_type,
            (['offers', 'survey', 'profiling', 'offers'])[1 + n] as purpose,
            (['email', 'email', 'email', 'sms'])[1 + n] as channel,
            case when u(draw, 'yes' || n) < 0.7 then 'granted' else 'withdrawn' end as status, 'consent' as legal_basis,
            iso(created_at + 60 * n) as stated_at, case when u(draw, 'confirmed' || n) < 0.8 then iso(created_at + 60 * n + 300) end as confirmed_at,
            case when u(draw, 'expires' || n) < 0.5 then iso(created_at + 730 * 86400) end as expires_at,
            'crm-2024-' || (1 + n % 2) as wording_version, 'club form' as source, iso(created_at + 60 * n + 300) as updated_at
        from record, range(4) r (n)
        where system = 'crm' and in_club and created_at + 600 < {cutoff} and u(draw, 'asked' || n) < 0.8
            and case when n = 3 then phone else email end is not null""",
    "attributes": """
        select key * 10 + n as attribute_id, key as contact_id, (['favourite_activity', 'shoe_size', 'household_income_estimate', 'occupation', 'occupation', 'housing', 'vehicle', 'loan', 'family'])[1 + n] as name,
            case n when 0 then (['hiking', 'skiing', 'climbing', 'paddling'])[1 + (u(draw, 'fav') * 4)::int % 4]
                when 1 then (36 + (u(draw, 'shoe') * 11)::int)::varchar when 2 then (180 + (u(draw, 'income') * 700)::int)::varchar || '000'
                when 5 then (['flat', 'terraced house', 'house'])[1 + (u(draw, 'housing') * 3)::int % 3]
                when 6 then (['none', 'bicycle', 'car', 'electric car'])[1 + (u(draw, 'vehicle') * 4)::int % 4]
                when 7 then (['none', 'mortgage', 'car loan'])[1 + (u(draw, 'loan') * 3)::int % 3]
                when 8 then (['single', 'couple', 'couple with children', 'single parent'])[1 + (u(draw, 'family') * 4)::int % 4]
                -- the next in the list is another one
                else (['teacher', 'engineer', 'carpenter', 'sales manager', 'consultant', 'driver', 'chef', 'student'])[1 + ((u(draw, 'job') * 8)::int + n) % 8] end as value,
            iso(said_at) as observed_at, (['club', 'app', 'bought', 'club', 'club', 'bought', 'bought', 'app', 'club'])[1 + n] as origin, iso(said_at) as updated_at
        from (
            -- some say a new occupation later
            select r.*, n, case when n = 4 then created_at + (u(draw, 'new job') * (getvariable('final') - created_at))::bigint else created_at end as said_at
            from record r, range(9) x (n) where r.system = 'crm' and in_club
        ) a
        where said_at < {cutoff} and u(draw, 'attr' || case n when 4 then 3 else n end) < 0.5 and (n <> 4 or u(draw, 'changes job') < 0.15)""",
}


def write_crm(con: duckdb.DuckDBPyConnection, path: Path, cutoff: int) -> dict[str, int]:
    """Writes the whole CRM as it stands at `cutoff` (s since 1970) to a fresh SQLite file. Returns rows per table."""
    con.execute(
        "create or replace temp table crm_key as select person_id, min(key) as key from record where system = 'crm' "
        f"and (deleted_at is null or deleted_at > {cutoff}) and created_at < {cutoff} group by all"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    counts: dict[str, int] = {}
    with sqlite3.connect(path) as crm:
        crm.execute("pragma journal_mode = off")
        crm.execute("pragma synchronous = off")
        for name, sql in _TABLES.items():
            result = con.execute(sql.format(contacts=state_sql("crm", 0, cutoff), cutoff=cutoff))
            columns = [column[0] for column in result.description]
            types = [
                "integer" if str(column[1]) in _WHOLE else "real" if str(column[1]) in _REAL else "text"
                for column in result.description
            ]
            declared = ", ".join(
                f"{c} {t}{' primary key' if at == 0 else ''}"
                for at, (c, t) in enumerate(zip(columns, types, strict=True))
            )
            crm.execute(f"create table {name} ({declared})")
            insert = f"insert into {name} values ({', '.join('?' * len(columns))})"
            counts[name] = 0
            while rows := result.fetchmany(_BATCH):
                crm.executemany(insert, rows)
                counts[name] += len(rows)
            if name in ("contacts", "activities", "cases"):
                crm.execute(f"create index {name}_updated on {name} (updated_at)")
    crm.close()
    return counts


_WHOLE = {"BIGINT", "INTEGER", "HUGEINT", "NUMBER"}
_REAL = {"DOUBLE", "DECIMAL"}
