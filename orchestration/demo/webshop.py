"""The demo's webshop: JSON pages as its REST API returns them, and its web analytics as Parquet. Not here: serving."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from orchestration.demo.mess import state_sql

PAGE_ROWS = 1000
_PAGES_AT_ONCE = 200

_ACCOUNT = "join shop_key k using (person_id)"

# each: the rows changed in [{since}, {cutoff}), as they stand at {cutoff}; `updated` is the time of the last change
_TABLES = {
    "customers": """
        select key as id, given_name as first_name, family_name as last_name, email, phone, birth_text as date_of_birth,
            gender, {{'street': street, 'zip': postal_code, 'city': city, 'country': country_code}} as address,
            'Store ' || (1 + (person_id + version) % 8) as preferred_store, iso(created_at) as created_at,
            iso(updated_at) as updated_at, case when deleted_at is not null then iso(deleted_at) end as deleted_at
        from ({customers})""",
    "products": """
        select product_id as id, title, category, price, round(price * (0.45 + product_id % 7 * 0.05), 2) as cost, 'SEK' as currency, iso(getvariable('begin')) as updated_at
        from product where getvariable('begin') >= {since}""",
    "orders": """
        select o.order_no as id, k.key as customer_id,
            case when k.key is null then c.club_contact_id end as club_contact_id, coalesce(f.replacement, iso(ordered_at)) as created_at,
            iso(updated) as updated_at,
            case when is_refunded and refunded_at < {cutoff} then 'refunded' when is_web and delivered_at >= {cutoff} then 'open'
                else 'completed' end as status,
            case when is_web then 'web' else 'store' end as channel, 'Store ' || store as store,
            case when campaign_id > 0 then campaign_id end as campaign_id, k.currency,
            sum(i.gross)::decimal(18, 2) as subtotal, sum(i.discount)::decimal(18, 2) as discount,
            case when is_web and delivered_at < {cutoff} then iso(delivered_at) end as delivered_at,
            list({{'line': i.line_no, 'product_id': i.product_id, 'quantity': i.quantity, 'unit_price': i.unit_price,
                'discount': i.discount, 'refunded_quantity': case when is_refunded and refunded_at < {cutoff} then i.quantity else 0 end}}
                order by i.line_no) as line_items
        from (
            select *, case when is_refunded and refunded_at < {cutoff} then refunded_at
                when is_web and delivered_at < {cutoff} then delivered_at
                -- one order in a hundred reaches the shop a day late, out of an offline till
                when not is_web and order_no % 100 = 0 then ordered_at + 86400 else ordered_at end as updated
            from orders where ordered_at < {cutoff}
        ) o
        join shop_key k using (person_id) left join club_key c using (person_id)
        join priced_item i on i.order_no = o.order_no left join fault f on f.system = 'webshop' and f.source_table = 'orders' and f.source_key = o.order_no
        where updated >= {since} and updated < {cutoff} group by all""",
    "checkouts": """
        select cart_no as id, k.key as customer_id, iso(created_at) as created_at, iso(abandoned_at) as abandoned_at, value, items,
            k.currency, iso(abandoned_at) as updated_at
        from carts {account} where abandoned_at >= {since} and abandoned_at < {cutoff}""",
    "subscriptions": """
        select * exclude (updated), iso(updated) as updated_at from (
            select subscription_no as id, k.key as customer_id, iso(started_at) as started_at,
                case when renewed_at < {cutoff} then iso(renewed_at) end as renewed_at,
                case when cancelled_at > 0 and cancelled_at < {cutoff} then iso(cancelled_at) end as cancelled_at,
                case when cancelled_at > 0 and cancelled_at < {cutoff}
                    then (['price', 'not used', 'moved', 'quality'])[1 + reason] end as reason,
                case when cancelled_at > 0 and cancelled_at < {cutoff} then cancelled_at when renewed_at < {cutoff} then renewed_at
                    else started_at end as updated
            from subscriptions {account} where started_at < {cutoff}
        ) where updated >= {since}""",
    "box_events": """
        select use_no as id, k.key as customer_id, iso(used_at) as occurred_at,
            (['box opened', 'app visit', 'guide read'])[1 + kind] as kind, 1 as quantity, iso(used_at) as updated_at
        from uses {account} where used_at >= {since} and used_at < {cutoff}""",
    "reviews": """
        select review_no as id, k.key as customer_id, product_id, coalesce(f.replacement, rating::varchar)::int as rating,
            (['Good', 'As expected', 'Too small', 'Warm and light', 'Broke at once'])[1 + review_no % 5] || told(review_no) as text,
            iso(reviewed_at) as created_at, iso(reviewed_at) as updated_at
        from reviews {account} join priced_item i on i.order_no = reviews.order_no and i.line_no = 1
        left join fault f on f.system = 'webshop' and f.source_table = 'reviews' and f.source_key = review_no
        where reviewed_at >= {since} and reviewed_at < {cutoff}""",
    "newsletter_signups": """
        select key as id, key as customer_id, trim(lower(email)) as email,
            case when u(draw, 'checkout box') < 0.6 then 'granted' else 'withdrawn' end as status, iso(created_at + 30) as stated_at,
            case when u(draw, 'checkout confirm') < 0.75 then iso(created_at + 900) end as confirmed_at,
            'checkout-3' as wording_version, iso(created_at + 900) as updated_at
        from record where system = 'webshop' and email is not null and created_at + 900 >= {since} and created_at + 900 < {cutoff}""",
}

_ANALYTICS = {
    "sessions": """
        select 'S' || session_no as session_id, 'V' || coalesce(k.key, 0) || '-' || s.person_id % 3 as visitor_id,
            case when is_signed_in then k.key end as customer_id, ts(started_at) as started_at, seconds as duration_seconds, page_views,
            (['organic', 'direct', 'paid search', 'email', 'social', 'referral'])[1 + landing] as landing_channel,
            case landing when 3 then 'newsletter' when 2 then 'search-brand' when 4 then 'social-brand' end as campaign,
            page_views = 1 as is_bounce, order_no > 0 as is_converted
        from sessions s left join shop_key k using (person_id) where started_at >= {since} and started_at < {cutoff}""",
    "events": """
        select 'E' || session_no || '-' || i as event_id, 'S' || session_no as session_id,
            'V' || coalesce(k.key, 0) || '-' || s.person_id % 3 as visitor_id, case when is_signed_in then k.key end as customer_id,
            case when i = 0 then 'page_view' when order_no > 0 and i = page_views - 1 then 'add_to_cart'
                else (['product_view', 'page_view', 'search', 'click', 'scroll', 'product_view', 'form'])[1 + (session_no * 7 + i * 3) % 7]
            end as kind, '/p/' || (session_no * 13 + i) % 400 as page,
            case when i % 5 = 3 then 'button-' || i % 9 end as element, case when i % 5 = 4 then 25 * (1 + i % 4) end as scroll_depth,
            case when (session_no * 7 + i * 3) % 7 = 2 then (['tent', 'boots', 'wool', 'ski'])[1 + i % 4] end as term,
            -- nothing of wool is sold, and of boots little
            case when (session_no * 7 + i * 3) % 7 = 2 then (['12', (session_no % 3)::varchar, '0', '31'])[1 + i % 4]::bigint end as result_count,
            case when i > 0 then product_id end as product_id, ts(started_at + i * (seconds // page_views)) as occurred_at
        from (select *, unnest(range(page_views)) as i from sessions where started_at >= {since} and started_at < {cutoff}) s
        left join shop_key k using (person_id)""",
    "ad_spend": """
        select strftime(ts(d), '%Y-%m-%d') || ':' || c.c as spend_id, ts(d)::date as spend_on, c.c as channel, campaign,
            round(400 + 300 * u(d, c.c), 2) as spend, 'SEK' as currency, (9000 * (0.5 + u(d, c.c)))::int as impressions,
            (6000 * (0.5 + u(d, c.c)))::int as reach, (140 * (0.5 + u(d, c.c)))::int as clicks
        from range(getvariable('begin')::bigint, {cutoff}::bigint, 86400) r (d), (values ('paid search', 'search-brand'), ('social', 'social-brand'), ('display', 'display-brand')) c (c, campaign)
        where d >= {since} and d + 86400 <= {cutoff}""",
    "social_engagements": """
        select 'X' || session_no as engagement_id, (['like', 'comment', 'share'])[1 + session_no % 3] as kind,
            ts(started_at) as occurred_at, '@visitor' || person_id % 5000 as handle, 'instagram' as network
        from sessions where landing = 4 and session_no % 4 = 0 and started_at >= {since} and started_at < {cutoff}""",
}


def prepare_webshop(con: duckdb.DuckDBPyConnection) -> None:
    """Makes what the tables share: each person's account with currency, the price list and the priced order lines."""
    con.execute(
        "create or replace table shop_key as select person_id, min(key) as key, any_value(country_code) as country_code, "
        "(map {'SE': 'SEK', 'NO': 'NOK', 'DK': 'DKK', 'FI': 'EUR'})[any_value(country_code)] as currency, "
        "(map {'SE': 1.0, 'NO': 1.02, 'DK': 0.65, 'FI': 0.088})[any_value(country_code)] as rate "
        "from record where system = 'webshop' group by person_id"
    )
    # a store buyer without a webshop account shows the club card: the till knows the CRM's contact
    con.execute(
        "insert into shop_key select person_id, null, 'SE', 'SEK', 1.0 from trait where person_id not in (select person_id from shop_key)"
    )
    con.execute(
        "create or replace table club_key as select person_id, min(key) as club_contact_id from record "
        "where system = 'crm' group by person_id"
    )
    con.execute(
        "create or replace table priced_item as select i.order_no, i.line_no, i.product_id, i.quantity, "
        "round(p.price * k.rate, 2) as unit_price, round(i.quantity * p.price * k.rate, 2) as gross, "
        "round(i.quantity * p.price * k.rate * i.discount_share, 2) as discount "
        "from items i join orders o using (order_no) join shop_key k using (person_id) join product p using (product_id)"
    )


def write_pages(con: duckdb.DuckDBPyConnection, folder: Path, night: int, since: int, cutoff: int) -> dict[str, int]:
    """Writes one night's API pages below `folder/<table>/` and notes them in its index.json. Returns rows per table."""
    counts: dict[str, int] = {}
    for name, sql in _TABLES.items():
        filled = sql.format(customers=state_sql("webshop", since, cutoff), account=_ACCOUNT, since=since, cutoff=cutoff)
        con.execute(
            f"create or replace temp table page_rows as select *, row_number() over () - 1 as row_no from ({filled})"
        )
        rows, latest = con.execute("select count(*), max(updated_at) from page_rows").fetchone() or (0, None)
        columns = [row[0] for row in con.execute("describe page_rows").fetchall() if row[0] != "row_no"]
        fields = ", ".join(f"'{column}': {column}" for column in columns)
        target = folder / name
        target.mkdir(parents=True, exist_ok=True)
        pages = -(-rows // PAGE_ROWS)
        for first in range(0, pages, _PAGES_AT_ONCE):
            texts = con.execute(
                f"select row_no // {PAGE_ROWS} as page, string_agg(to_json({{{fields}}}), ',' order by row_no) from page_rows "
                f"where row_no >= {first * PAGE_ROWS} and row_no < {(first + _PAGES_AT_ONCE) * PAGE_ROWS} group by page"
            ).fetchall()
            for page, body in texts:
                (target / f"{night:03d}-{page + 1:05d}.json").write_text('{"data":[' + body + "]}", encoding="utf-8")
        (target / f"index-{night:03d}.json").write_text(
            json.dumps({"night": night, "pages": pages, "rows": rows, "latest": latest}), encoding="utf-8"
        )
        counts[name] = rows
    return counts


def write_analytics(
    con: duckdb.DuckDBPyConnection, folder: Path, night: int, since: int, cutoff: int
) -> dict[str, int]:
    """Writes one night's Parquet exports `<table>_<night>.parquet`. Returns rows per table."""
    folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    for name, sql in _ANALYTICS.items():
        path = folder / f"{name}_{night:03d}.parquet"
        done = con.execute(f"copy ({sql.format(since=since, cutoff=cutoff)}) to '{path}' (format parquet)").fetchone()
        counts[name] = done[0] if done else 0
    return counts
