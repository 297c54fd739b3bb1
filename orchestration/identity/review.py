"""Pairs that a person should look at. Here: `identity.review_queue`, as a table, as CSV out and in, masked for screens.

Not here: what was decided (decisions.py), how a pair is weighed (scoring.py).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.home import write_private
from orchestration.core.settings import Identity
from orchestration.core.spreadsheets import csv_text
from orchestration.core.warehouse import has_table, scalar
from orchestration.identity.decisions import Decision, Verdict, parse_record

# the strongest pair stands for two customers; what joining them changes is every pair of their records
_QUEUE = """
create or replace table identity.review_queue as
with candidates as (
    select left_id, right_id, weight, probability, 'alike, but not enough' as reason
    from identity.scored_pairs where probability >= $least
    union all
    select left_id, right_id, max(weight), 1 / (1 + power(2, -least(max(weight), 60))), 'parted by the cluster guard'
    from identity.edges where not is_used group by all
), apart as (
    select c.*, l.cluster_id as left_cluster, r.cluster_id as right_cluster
    from candidates c
    join identity.record_clusters l on l.record_id = c.left_id
    join identity.record_clusters r on r.record_id = c.right_id
    join identity.normalised_people a on a.record_id = c.left_id
    join identity.normalised_people b on b.record_id = c.right_id
    where l.cluster_id <> r.cluster_id and identity.veto_reason(a, b) is null
), strongest as (
    select * from apart
    qualify row_number() over (
        partition by least(left_cluster, right_cluster), greatest(left_cluster, right_cluster) order by weight desc, left_id, right_id, reason desc
    ) = 1
), kept_apart as (
    select distinct least(l.cluster_id, r.cluster_id) as low, greatest(l.cluster_id, r.cluster_id) as high
    from identity.standing_decisions d
    join identity.record_clusters l on l.record_id = d.left_id join identity.record_clusters r on r.record_id = d.right_id
    where d.verdict = 'different'
), sized as (select cluster_id, count(*) as records from identity.record_clusters group by all)
select
    left(md5(s.left_id || ' ' || s.right_id), 10) as pair_id, s.left_id, s.right_id, s.weight, s.probability, s.reason,
    (x.records * y.records)::bigint as effect
from strongest s
join sized x on x.cluster_id = s.left_cluster join sized y on y.cluster_id = s.right_cluster
anti join kept_apart k on k.low = least(s.left_cluster, s.right_cluster) and k.high = greatest(s.left_cluster, s.right_cluster)
order by s.weight * x.records * y.records desc, pair_id
limit $most
"""

_FIELDS = ("full_name", "given_name", "family_name", "email", "phone", "birth_date", "street", "postal_code", "city")
_VERDICT_COLUMN = "verdict (same / different)"
_PAIRS = f"""
select q.pair_id, q.reason, q.weight, q.probability, q.effect,
    a.source_system || ':' || a.source_key as left_record, b.source_system || ':' || b.source_key as right_record,
    {", ".join(f"p.{f}::varchar as left_{f}, r.{f}::varchar as right_{f}" for f in _FIELDS)}
from identity.review_queue q
join identity.normalised_people a on a.record_id = q.left_id
join identity.normalised_people b on b.record_id = q.right_id
join conformed.conformed_people p on p.source_system = a.source_system and p.source_key = a.source_key
join conformed.conformed_people r on r.source_system = b.source_system and r.source_key = b.source_key
order by q.weight * q.effect desc, q.pair_id
"""


@dataclass(frozen=True)
class Pair:
    """A pair to look at: two source records, `system:key` each, and their (left, right) values by field."""

    pair_id: str
    reason: str
    weight: float
    probability: float
    effect: int
    left: str
    right: str
    values: Mapping[str, tuple[str | None, str | None]]

    def decided(self, verdict: Verdict, note: str = "") -> Decision:
        return Decision(parse_record(self.left), parse_record(self.right), verdict, note)


def find_review_queue(con: duckdb.DuckDBPyConnection, settings: Identity) -> int:
    """Rebuilds `identity.review_queue`: one pair of records for two customers that may be one. Returns its rows.

    Pairs that are alike, but not enough to be joined, and pairs that the cluster guard parted; ranked by weight times
    effect. None that is vetoed, none that a decision keeps apart.
    """
    con.execute(
        _QUEUE,
        {"least": settings.review_probability, "most": settings.max_review_pairs},
    )
    return int(scalar(con, "select count(*) from identity.review_queue"))


def pairs(con: duckdb.DuckDBPyConnection, limit: int | None = None) -> list[Pair]:
    """The queue, most important first. Raises KundbildError before the first night."""
    if not has_table(con, "identity", "review_queue"):
        raise KundbildError("no night has looked for pairs to review yet", to_do="`kundbild run`")
    cursor = con.execute(_PAIRS + (f" limit {int(limit)}" if limit is not None else ""))
    names = [column[0] for column in cursor.description or []]
    return [_pair(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def pair_named(con: duckdb.DuckDBPyConnection, pair_id: str) -> Pair:
    """Raises KundbildError where no pair, or more than one, begins with `pair_id`."""
    found = [pair for pair in pairs(con) if pair_id and pair.pair_id.startswith(pair_id)]
    if len(found) != 1:
        raise KundbildError(
            f"{'no pair' if not found else 'more than one pair'} to review begins with {pair_id!r}",
            to_do="`kundbild review` lists them; each night makes the list anew",
        )
    return found[0]


def _pair(row: dict[str, Any]) -> Pair:
    return Pair(
        row["pair_id"], row["reason"], row["weight"], row["probability"], row["effect"], row["left_record"], row["right_record"],
        {field: (row[f"left_{field}"], row[f"right_{field}"]) for field in _FIELDS},
    )  # fmt: skip


def masked(value: str | None, field: str) -> str:
    """What a screen may show of a value: enough to compare by eye, too little to know who it is."""
    if not value:
        return ""
    if field == "birth_date":
        return value[:4]
    if field == "phone":
        return f"…{value[-2:]}"
    if field == "email":
        user, _, domain = value.partition("@")
        return f"{user[:2]}…@{domain[:1]}…"
    return f"{value[:2]}…"


def review_examples(con: duckdb.DuckDBPyConnection, count: int = 10) -> str:
    """The first pairs as a Markdown table, masked: what a screen may show to whoever runs the nightly."""
    rows = ["| pair | bits | would join | why | left | right |", "| --- | --- | --- | --- | --- | --- |"]
    for pair in pairs(con, count):
        said = [", ".join(masked(both[side], f) for f, both in pair.values.items() if both[side]) for side in (0, 1)]
        rows.append(f"| {pair.pair_id} | {pair.weight:.1f} | {pair.effect} | {pair.reason} | {said[0]} | {said[1]} |")
    return "\n".join(rows)


def write_csv(con: duckdb.DuckDBPyConnection, path: Path, note: Callable[[int], object] = lambda pairs: None) -> int:
    """Writes the queue for a steward with a spreadsheet; the file is private (0600). Returns the pairs.

    `note` is given their number before the file is written: what it cannot note is not written.
    """
    found = pairs(con)
    sides = [f"{side}_{field}" for field in _FIELDS for side in ("left", "right")]
    rows = [
        ["", "", pair.left, pair.right, pair.reason, f"{pair.weight:.1f}", pair.effect]
        + [value or "" for field in _FIELDS for value in pair.values[field]]
        for pair in found
    ]
    header = [_VERDICT_COLUMN, "note", "left_record", "right_record", "why", "weight", "effect", *sides]
    note(len(found))
    # spreadsheets take UTF-8 for what it is only where a mark says so
    write_private(path, "\ufeff" + csv_text(header, rows))
    return len(found)


def read_csv(path: Path) -> list[Decision]:
    """The decisions of a CSV that `write_csv` wrote and a person filled in; rows without a verdict are left out.

    Comma or semicolon, as spreadsheets write. Raises KundbildError naming the line of what cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise KundbildError("the file cannot be read", where=str(path), to_do="give a CSV file in UTF-8") from error
    delimiter = ";" if text.split("\n", 1)[0].count(";") > text.split("\n", 1)[0].count(",") else ","
    reader = csv.DictReader(text.splitlines(), delimiter=delimiter)
    header = {str(name).strip().lower(): name for name in reader.fieldnames or []}
    verdict = next((name for key, name in header.items() if key.startswith("verdict")), None)
    missing = [name for name in ("left_record", "right_record") if name not in header] + (
        [] if verdict else ["verdict"]
    )
    if missing or not verdict:
        raise KundbildError(
            f"the file has no column {', '.join(missing)}",
            where=str(path),
            to_do="`kundbild review export` writes one to fill in",
        )
    decisions = []
    for row in reader:
        said = (row[verdict] or "").strip().lower()
        if not said:
            continue
        if said not in ("same", "different"):
            raise KundbildError(
                f"the verdict {said!r} is none",
                where=f"{path}, line {reader.line_num}",
                to_do="write same, different, or nothing",
            )
        left, right = (parse_record(row[header[side]] or "") for side in ("left_record", "right_record"))
        decisions.append(
            Decision(left, right, "same" if said == "same" else "different", (row.get("note") or "").strip())
        )
    return decisions
