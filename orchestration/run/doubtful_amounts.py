"""Amounts that are in doubt, counted by source and reason: without a rate or by a stale one, refunded by an unknown amount, twice or by
more than was paid, of an order or a customer that is not there.

Here: counting what the facts say. Not here: how amounts are worked out (dbt: macros/revenue.sql), telling it (set_aside.py).
"""

from __future__ import annotations

import duckdb

from orchestration.core.warehouse import columns_of

# what is said of the rows of each kind
WHAT = {
    "no amount": "without an amount",
    "stale rate": "converted by a stale rate",
    "unknown refund": "refunded by an unknown part",
    "refund above": "refunded by more than was paid",
    "refund twice": "credit notes that count as nothing",
    "note abroad": "credit notes that may say a refund again",
    "note apart": "credit notes that may say a refund again",
    "note of nobody": "credit notes of nobody",
    "no customer": "of nobody known",
    "no order": "of no order that is here",
    "other currency": "with lines in another currency",
}
# (source, entity, kind, reason, rows, acknowledged, rows in all)
Told = tuple[str, str, str, str, int, int, int]

_ORDERS = """
select source_system, kind, sum(found)::bigint as found, any_value(came) as came from (
    select source_system, count(*)::bigint as came,
        count(*) filter (order_status = 'partially refunded' and refunded_amount = 0)::bigint as unknown_refund,
        count(*) filter (credited_order_key is not null)::bigint as refund_twice,
        count(*) filter (customer_id is null and person_key is not null)::bigint as no_customer,
        count(*) filter (
            order_amount < 0 and customer_id is null and person_key is null and order_status is distinct from 'cancelled'
        )::bigint as note_of_nobody
    from marts.fct_orders group by 1
) unpivot (found for kind in (unknown_refund as 'unknown refund', refund_twice as 'refund twice', no_customer as 'no customer',
    note_of_nobody as 'note of nobody'))
where found > 0 group by all order by 1, 2
"""
_ORDER_REASONS = {
    "unknown refund": "neither the order nor its lines say how much: the whole is still counted as revenue",
    "refund twice": "the order of the same person and amount says itself that it was refunded",
    "note of nobody": "it names no person: it is subtracted from revenue and from no customer, also where an order says the same refund itself",
    "no customer": "the person that the order names is gone or was never delivered: its revenue has no customer",
}
# negative lines may have been taken off the amount already
_ABOVE = """
select e.source_system, count(*)::bigint as found, (select count(*) from marts.fct_orders o where o.source_system = e.source_system) as came
from conformed.conformed_orders e
left join marts.order_returns r on r.source_system = e.source_system and r.order_key = e.source_key
where e.deleted_at is null and e.amount >= 0 and e.status is distinct from 'cancelled'
    and e.refunded_amount > e.amount + coalesce(r.negative_amount, 0)
group by 1 order by 1
"""
_RATES = """
select source_system, coalesce(currency, '') as currency, missing, came from (
    select source_system, currency, count(*) filter (net_amount is null) as missing,
        sum(count(*)) over (partition by source_system)::bigint as came from marts.fct_orders group by 1, 2
) where missing > 0 order by all
"""
_RATE_REASONS = {
    "": "the order says no currency",
    "XXX": "the currency is no word of the seed currencies, or may be several",
}
_STALE = """
select o.source_system, o.currency, count(*) as stale,
    (select count(*) from marts.fct_orders a where a.source_system = o.source_system) as came
from marts.fct_orders o
join marts.exchange_rates_by_day r on r.currency = o.currency and r.rated_on = cast(o.ordered_at as date) and r.is_stale
where o.net_amount is not null
group by 1, 2 order by all
"""
_LINES = """
select i.source_system, count(*) filter (o.source_key is null) as missing, count(*) as came from marts.fct_order_items i
left join marts.fct_orders o on o.source_system = i.source_system and o.source_key = i.order_key
group by 1 having missing > 0 order by 1
"""
# credit notes n beside an order o of the same person that says a refund itself
_TWICE = """
select n.source_system, count(*)::bigint as found, (select count(*) from marts.fct_orders o where o.source_system = n.source_system) as came
from marts.fct_orders n
where n.order_amount < 0 and n.credited_order_key is null and n.order_status is distinct from 'cancelled' and exists (
    select 1 from marts.fct_orders o
    where o.source_system = n.source_system and o.person_system = n.person_system and o.person_key = n.person_key
        and o.order_amount >= 0 and (o.order_status = 'refunded' or o.refunded_amount > 0) and {of})
group by 1 order by 1
"""
# in another currency: paired by amount they are not, for the rate may be another day's
_TWICE_ABROAD = _TWICE.format(of="o.currency <> n.currency and o.ordered_at <= n.ordered_at")
# in one currency: its amount is that of none of the refunds that the person's orders say themselves, nor of several
_TWICE_APART = _TWICE.format(
    of="o.currency is not distinct from n.currency and cast(o.ordered_at as date) <= cast(n.ordered_at as date) "
    "and (o.source_system, o.source_key) not in ("
    "select source_system, credited_order_key from marts.fct_orders where credited_order_key is not null)"
)
_FOREIGN = """
select r.source_system, count(*) as found, (select count(*) from marts.fct_orders o where o.source_system = r.source_system) as came
from marts.order_returns r where r.is_foreign group by 1 order by 1
"""
_RETURNS = (
    (_ABOVE, "refund above", "refunded_amount is more than the order's amount: no more than that is subtracted"),
    (_FOREIGN, "other currency", "what was given back is the lines' share of what was paid"),
)


def doubtful_amounts(con: duckdb.DuckDBPyConnection) -> list[Told]:
    """By kind; empty before the facts have been built by this version."""
    found: list[Told] = []
    if _has(con, "fct_orders", "net_amount"):
        for source, code, missing, came in con.execute(_RATES).fetchall():
            reason = _RATE_REASONS.get(code, f"there is no exchange rate for {code}")
            found.append((source, "orders", "no amount", reason, missing, 0, came))
    if _has(con, "exchange_rates_by_day", "is_stale") and _has(con, "fct_orders", "net_amount"):
        for source, code, stale, came in con.execute(_STALE).fetchall():
            reason = f"no newer exchange rate for {code} came for longer than [quality] max_rate_age_days"
            found.append((source, "orders", "stale rate", reason, stale, 0, came))
    if _has(con, "fct_orders", "credited_order_key"):
        for source, kind, rows, came in con.execute(_ORDERS).fetchall():
            found.append((source, "orders", kind, _ORDER_REASONS[kind], rows, 0, came))
        if _has(con, "fct_order_items", "order_key"):
            for source, rows, came in con.execute(_LINES).fetchall():
                reason = (
                    "the line counts as sold all the same, on its own day and in its own currency where it says them"
                )
                found.append((source, "order_items", "no order", reason, rows, 0, came))
        for source, rows, came in con.execute(_TWICE_ABROAD).fetchall():
            reason = (
                "an order of the same person in another currency says itself that it was refunded: both are subtracted"
            )
            found.append((source, "orders", "note abroad", reason, rows, 0, came))
        for source, rows, came in con.execute(_TWICE_APART).fetchall():
            reason = "an order of the same person says itself that another amount was refunded: both are subtracted, see whether it is the same refund"
            found.append((source, "orders", "note apart", reason, rows, 0, came))
    if _has(con, "order_returns", "is_foreign"):
        for query, kind, reason in _RETURNS:
            found += [
                (source, "orders", kind, reason, rows, 0, came) for source, rows, came in con.execute(query).fetchall()
            ]
    return found


def _has(con: duckdb.DuckDBPyConnection, table: str, column: str) -> bool:
    return column in columns_of(con, "marts", table)
