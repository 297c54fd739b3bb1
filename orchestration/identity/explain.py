"""Why records are one customer, or are not. Here: the records, the path of edges, each weight's parts, the id's history.

Not here: how it is shown (explain_page.py, cli/explain.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.warehouse import has_table, quote
from orchestration.identity.decisions import Record
from orchestration.identity.model import Model
from orchestration.identity.weights import weigh_pairs

_FIELDS = (
    "kind",
    "full_name",
    "given_name",
    "family_name",
    "email",
    "phone",
    "birth_date",
    "street",
    "postal_code",
    "city",
)


@dataclass(frozen=True)
class Step:
    """One comparison's share of a pair's weight: what was compared, what was found, bits for (+) or against (-)."""

    name: str
    found: str
    bits: float


@dataclass(frozen=True)
class Link:
    """What joins, or parts, two records: `rules` in plain words, the weight in bits and the steps that it is made of."""

    left: Record
    right: Record
    rules: tuple[str, ...]
    is_used: bool
    veto: str | None
    weight: float | None
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Explanation:
    """A customer: its records with their values, the strongest path of links that joins them, what befell its id.

    `golden` is the golden record, a row a field: field, value, record, changed_at, is_conflicting; empty before the
    first night's end.
    """

    customer_id: str
    records: list[dict[str, Any]]
    links: list[Link]
    golden: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    # whose data it shows: two, where records of two customers are compared
    customers: list[str] = field(default_factory=list)


def explain(con: duckdb.DuckDBPyConnection, subject: str, model: Model, other: str | None = None) -> Explanation:
    """Explains a customer id, an old one too, or the customer of `system:key`; with `other`, that record's pair alone.

    Raises KundbildError where there is no such customer or record, or no night has run.
    """
    if not has_table(con, "identity", "customer_source_records"):
        raise KundbildError("no night has resolved identities yet", to_do="`kundbild run`")
    customer_id, record_id = customer_of(con, subject)
    ids = [
        row[0]
        for row in con.execute(
            "select record_id from identity.customer_source_records where customer_id = $id and valid_to is null order by 1",
            {"id": customer_id},
        ).fetchall()
    ]
    customers = [customer_id]
    if other is not None:
        if record_id is None:
            raise KundbildError(
                "a customer cannot be compared with a record", to_do="name two records, system:key each"
            )
        other_customer, other_id = customer_of(con, other)
        customers = sorted({customer_id, other_customer})
        if other_id is None or other_id == record_id:
            raise KundbildError(f"{other!r} is not another source record", to_do="name two records, system:key each")
        pairs, ids = [(min(record_id, other_id), max(record_id, other_id))], [record_id, other_id]
    else:
        pairs = _path(con, ids)
    links, golden = _links(con, pairs, model), [] if other else _golden(con, customer_id)
    return Explanation(customer_id, _records(con, ids), links, golden, _history(con, customer_id), customers)


def customer_of(con: duckdb.DuckDBPyConnection, subject: str) -> tuple[str, int | None]:
    """(customer id, record id where a record was named) of a customer id, an old one too, or of `system:key`.

    Raises KundbildError where there is no such customer or record."""
    if ":" in subject:
        system, key = subject.split(":", 1)
        rows = con.execute(
            "select customer_id, record_id from identity.customer_source_records "
            "where source_system = ? and source_key = ? and valid_to is null",
            [system, key],
        ).fetchall()
        if not rows:
            raise KundbildError(
                f"no customer has a record {subject}", to_do="records are named system:key, as in crm:1042"
            )
        return rows[0][0], rows[0][1]
    rows = con.execute(
        "select coalesce((select customer_id from identity.customer_id_redirects where old_customer_id = $id), $id) as id "
        "where exists (select 1 from identity.customer_source_records where customer_id = $id)",
        {"id": subject},
    ).fetchall()
    if not rows:
        raise KundbildError("there is no customer of that id", to_do="give a customer_id, or a record as system:key")
    return rows[0][0], None


def _rows(con: duckdb.DuckDBPyConnection, query: str, **parameters: object) -> list[dict[str, Any]]:
    cursor = con.execute(query, parameters)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _records(con: duckdb.DuckDBPyConnection, ids: list[int]) -> list[dict[str, Any]]:
    return _rows(
        con,
        f"select s.source_system || ':' || s.source_key as record, {', '.join(f'p.{quote(f)}::varchar as {quote(f)}' for f in _FIELDS)}, "
        "s.valid_from as customer_since from identity.customer_source_records s join conformed.conformed_people p "
        "using (source_system, source_key) where s.valid_to is null and list_contains($ids, s.record_id) order by s.valid_from, 1",
        ids=ids,
    )


def _golden(con: duckdb.DuckDBPyConnection, customer_id: str) -> list[dict[str, Any]]:
    if not has_table(con, "identity", "golden_records"):
        return []
    return _rows(
        con,
        "select field, value, source_system || ':' || source_key as record, changed_at, is_conflicting "
        "from identity.golden_values where customer_id = $id order by field",
        id=customer_id,
    )


def _path(con: duckdb.DuckDBPyConnection, ids: list[int]) -> list[tuple[int, int]]:
    """The strongest used edges that reach every record, as few as there can be (Kruskal's spanning tree)."""
    edges = con.execute(
        "select left_id, right_id from identity.edges where is_used and list_contains($ids, left_id) and list_contains($ids, right_id) "
        "group by all order by max(weight) desc, left_id, right_id",
        {"ids": ids},
    ).fetchall()
    part = {record: record for record in ids}

    def root(record: int) -> int:
        while part[record] != record:
            record = part[record]
        return record

    chosen = []
    for left, right in edges:
        if root(left) != root(right):
            part[root(left)] = root(right)
            chosen.append((left, right))
    return chosen


def _links(con: duckdb.DuckDBPyConnection, pairs: list[tuple[int, int]], model: Model) -> list[Link]:
    weighed = weigh_pairs(con, model, pairs)
    links = []
    for left, right in pairs:
        edges = con.execute(
            "select rule, is_used from identity.edges where left_id = ? and right_id = ? order by weight desc, rule",
            [left, right],
        ).fetchall()
        names = con.execute(
            "select a.source_system, a.source_key, b.source_system, b.source_key, identity.veto_reason(a, b) "
            "from identity.normalised_people a, identity.normalised_people b where a.record_id = ? and b.record_id = ?",
            [left, right],
        ).fetchall()
        if not names:  # a record that went since the last night
            continue
        *records, veto = names[0]
        steps = tuple(Step(*part) for part in weighed.get((left, right), ()))
        links.append(
            Link(
                (records[0], records[1]), (records[2], records[3]),
                tuple(rule for rule, _ in edges), any(used for _, used in edges), veto,
                sum(step.bits for step in steps) if steps else None, steps,
            )
        )  # fmt: skip
    return links


def _history(con: duckdb.DuckDBPyConnection, customer_id: str) -> list[dict[str, Any]]:
    return _rows(
        con,
        "select occurred_at, kind, from_customer_id, to_customer_id, record_count, reason, edge, run_id from identity.customer_identity_events "
        "where from_customer_id = $id or to_customer_id = $id order by occurred_at, kind",
        id=customer_id,
    )
