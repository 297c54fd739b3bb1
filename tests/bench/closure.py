"""What simple rules reach after closure: the evidence that the truth holds, and a first attempt at identity."""

from __future__ import annotations

from collections import Counter

import duckdb

from orchestration.core.home import Home

# true pairs that share a contact point, or a full name and birth date or postal code
_EVIDENCE = """
select l.record_id, r.record_id from t l join t r on l.person_id = r.person_id and l.record_id < r.record_id
where l.email_key = r.email_key or l.phone_key = r.phone_key
    or (l.given_key = r.given_key and l.family_key = r.family_key and (l.birth_date = r.birth_date or l.postal_key = r.postal_key))
"""


def anchors(con: duckdb.DuckDBPyConnection, home: Home) -> tuple[float, float]:
    """(evidence recall, pair F1 of the naive rule), each after closure."""
    con.execute(
        "create temp table t as select n.*, r.person_id from identity.normalised_people n "
        f"join '{home.demo}/truth/records.parquet' r on r.system = n.source_system and r.source_key = n.source_key"
    )
    true = pairs(Counter(row[0] for row in con.execute("select person_id from t").fetchall()))
    evidence = pairs(Counter(closed(con.execute(_EVIDENCE).fetchall()).values())) / true
    # each value ties its records to the first of them: the same closure as all their pairs
    ties = []
    for keys in ("email_key", "phone_key", "given_key, family_key, birth_date"):
        there = " and ".join(f"{key} is not null" for key in keys.split(", "))
        ties += con.execute(
            f"select min(record_id) over (partition by {keys}), record_id from t where {there}"
        ).fetchall()
    part = closed(ties)
    person = dict(con.execute("select record_id, person_id from t").fetchall())
    found = pairs(Counter(part.values()))
    right = pairs(Counter((part[record], person[record]) for record in part))
    return evidence, 2 * right / (found + true)


def pairs(sizes: Counter[object]) -> float:
    return sum(n * (n - 1) / 2 for n in sizes.values())


def closed(edges: list[tuple[int, int]]) -> dict[int, int]:
    """record → its component, by union and find."""
    part: dict[int, int] = {}

    def root(record: int) -> int:
        while part.setdefault(record, record) != record:
            part[record] = part[part[record]]
            record = part[record]
        return record

    for left, right in edges:
        part[root(left)] = root(right)
    return {record: root(record) for record in part}
