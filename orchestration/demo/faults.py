"""The broken rows that are planted, and the truth about each. Not here: writing them (each system's module does)."""

from __future__ import annotations

import duckdb

# system, source table, latent table, its key, its time, fault, what the pipeline must do with it, replacement text
_PLANTED = [
    (
        "crm",
        "contacts",
        "record where system = 'crm'",
        "key",
        "created_at",
        "impossible birth date",
        "quarantine",
        "1985-13-45",
    ),
    (
        "webshop",
        "customers",
        "record where system = 'webshop' and deleted_at is null",
        "key",
        "created_at",
        "impossible birth date",
        "quarantine",
        "31 Feb 1990",
    ),
    (
        "crm",
        "deals",
        "record, range(3) r (n) where system = 'crm' and is_business",
        "key * 10 + n",
        "created_at + (n * 60 + 20) * 86400",
        "impossible amount",
        "quarantine",
        "9e21",
    ),
    ("crm", "activities", "calls where true", "call_no", "occurred_at", "date in words", "quarantine", "yesterday"),
    (
        "webshop",
        "orders",
        "orders where true",
        "order_no",
        "ordered_at",
        "broken date",
        "quarantine",
        "2026-02-31T12:00:00Z",
    ),
    ("webshop", "reviews", "reviews where true", "review_no", "reviewed_at", "rating out of range", "quarantine", "99"),
    (
        "survey",
        "responses",
        "responses where true",
        "response_no",
        "submitted_at",
        "score out of range",
        "quarantine",
        "47",
    ),
]


def plant(con: duckdb.DuckDBPyConnection, first_cutoff: int, people: int) -> None:
    """Makes `fault` (system, source_table, source_key, fault, outcome, replacement): max(3, people/2000) of each kind, of few
    rows a quarter: more than half of a table set aside would hold the night.

    Only rows older than forty days before the first night are broken: they are final, so each is delivered once.
    """
    count = max(3, people // 2000)
    selects = []
    for system, table, latent, key, at, fault, outcome, replacement in _PLANTED:
        selects.append(
            f"(select '{system}' as system, '{table}' as source_table, {key}::bigint as source_key, '{fault}' as fault, "
            f"'{outcome}' as outcome, '{replacement}' as replacement from {latent} and {at} < {first_cutoff - 40 * 86400} "
            f"qualify row_number() over (order by hash({key}, '{fault}', getvariable('seed'))) <= least({count}, ceil(count(*) over () / 4)))"
        )
    con.execute(
        "create or replace table fault (system varchar, source_table varchar, source_key bigint, fault varchar, "
        "outcome varchar, replacement varchar)"
    )
    con.execute("insert into fault " + " union all ".join(selects))
