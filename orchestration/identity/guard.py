"""The cluster guard: a component that is too loose to be one person is taken apart at its weakest edges.

Here: which edges are cut. Not here: the components themselves (components.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from orchestration.core.settings import Identity
from orchestration.identity.edges import SAME_NUMBER

# a component is looked at when fewer of its pairs are joined than this, when a pair in it is vetoed, by its size, or
# when it has more email addresses or phone numbers than a person has
_MIN_DENSITY = 0.5
_MAX_RECORDS = 50
# two parts become one when at least this share of the pairs between them is joined
_MIN_LINKAGE = 0.34

_LOOSE = """
create or replace temp table loose as
with sized as (
    select cluster_id, count(*) as n, count(distinct email_key) as emails, count(distinct phone_key) as phones
    from member_components join members using (record_id) group by cluster_id having count(*) > 2
),
joined as (
    select c.cluster_id, count(distinct (e.left_id, e.right_id)) as edges
    from member_edges e join member_components c on c.record_id = e.left_id group by c.cluster_id
), vetoed as (
    select distinct c.cluster_id from sized s
    join member_components c using (cluster_id) join member_components d using (cluster_id)
    join members a on a.record_id = c.record_id join members b on b.record_id = d.record_id
    where s.n <= $max_records and c.record_id < d.record_id and identity.veto_reason(a, b) is not null
)
select s.cluster_id from sized s join joined j using (cluster_id)
where s.n > $max_records or s.emails > $max_emails or s.phones > $max_phones or j.edges < $min_density * s.n * (s.n - 1) / 2 or s.cluster_id in (from vetoed)
union
select l.cluster_id from identity.standing_decisions d join member_components l on l.record_id = d.left_id
join member_components r on r.record_id = d.right_id and r.cluster_id = l.cluster_id
where d.verdict = 'different'
union
select c.cluster_id from member_components c join members p using (record_id)
join restricted.national_ids n using (source_system, source_key)
group by c.cluster_id, n.country_code having count(distinct n.keyed_hash) > 1
"""

_EDGES = """
select c.cluster_id, e.left_id, e.right_id, max(e.weight) as weight
from member_edges e join member_components c on c.record_id = e.left_id
where c.cluster_id in (from loose) group by all order by c.cluster_id, weight desc, e.left_id, e.right_id
"""

_VETOED = """
select c.record_id, d.record_id
from member_components c join member_components d using (cluster_id)
join members a on a.record_id = c.record_id join members b on b.record_id = d.record_id
where c.cluster_id in (from loose) and c.record_id < d.record_id and identity.veto_reason(a, b) is not null
    and c.cluster_id in (select cluster_id from member_components group by all having count(*) <= $most)
"""
_OTHER_NUMBERS = f"""
select left_id, right_id from ({
    SAME_NUMBER.format(
        pairs="(select * from member_components where cluster_id in (from loose)) c "
        "join (select * from member_components where cluster_id in (from loose)) d using (cluster_id)",
        left="l.record_id = c.record_id",
        right="r.record_id = d.record_id and c.record_id < d.record_id",
    )
}) where not is_same
"""
_HELD = """
select c.record_id, n.email_key, n.phone_key from member_components c join members n using (record_id)
where c.cluster_id in (from loose)
"""
# of a component larger than this, pairs are not compared one by one: only its edges decide
_MOST_PAIRED = 2000


def guard_clusters(con: duckdb.DuckDBPyConnection, settings: Identity) -> int:
    """Makes the temp table `cut_edges`: pairs of `member_edges` whose ends belong to different people. Returns how many.

    Of the temp relations `members`, `member_edges` and `member_components`; needs the macro `veto_reason`.
    """
    con.execute("create or replace temp table cut_edges (left_id ubigint, right_id ubigint)")
    most = {"max_emails": settings.max_emails_per_customer, "max_phones": settings.max_phones_per_customer}
    con.execute(_LOOSE, {"min_density": _MIN_DENSITY, "max_records": _MAX_RECORDS, **most})
    edges = con.execute(_EDGES).fetchall()
    if not edges:
        return 0
    vetoed: dict[int, set[int]] = defaultdict(set)
    for left, right in con.execute(_VETOED, {"most": _MOST_PAIRED}).fetchall():
        vetoed[left].add(right)
        vetoed[right].add(left)
    for left, right in con.execute(_OTHER_NUMBERS).fetchall():
        vetoed[left].add(right)
        vetoed[right].add(left)
    decided: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for left, right, verdict in con.execute("from identity.standing_decisions").fetchall():
        decided[verdict].add((left, right))
    for left, right in decided["different"]:
        vetoed[left].add(right)
        vetoed[right].add(left)
    by_cluster: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for cluster, left, right, _ in edges:
        by_cluster[cluster].append((left, right))
    held = {record: (email, phone) for record, email, phone in con.execute(_HELD).fetchall()}
    limits = Limits(held, settings.max_emails_per_customer, settings.max_phones_per_customer)
    cut = [pair for pairs in by_cluster.values() for pair in _parted(pairs, vetoed, decided["same"], limits)]
    con.register("cut", pa.table({"left_id": pa.array([p[0] for p in cut], pa.uint64()), "right_id": pa.array([p[1] for p in cut], pa.uint64())}))  # fmt: skip
    con.execute("insert into cut_edges from cut")
    con.unregister("cut")
    return len(cut)


@dataclass(frozen=True)
class Limits:
    """What each record is reached at, (email, phone), and how many different ones of each a person has at most."""

    held: dict[int, tuple[str | None, str | None]] = field(default_factory=dict)
    emails: int = 10
    phones: int = 10

    def allow(self, records: set[int]) -> bool:
        reached = [self.held.get(record, (None, None)) for record in records]
        return len({e for e, _ in reached if e}) <= self.emails and len({p for _, p in reached if p}) <= self.phones


def _parted(
    pairs: list[tuple[int, int]],
    vetoed: dict[int, set[int]],
    same: Collection[tuple[int, int]] = (),
    limits: Limits = Limits(),
) -> Iterable[tuple[int, int]]:
    """The pairs whose ends end up in different parts. `pairs` come strongest first; those in `same` are joined whatever.

    Two records that were decided to be one bring their whole parts together, unless a veto stands between these: then
    the two are joined first of all, and the others go where they belong more.
    """
    decided = [pair for pair in pairs if pair in same]
    parts = _Parts(pairs, vetoed, limits)
    parts.join_by([pair for pair in pairs if pair not in same])
    if not all(parts.join_whole(*pair) for pair in decided):
        parts = _Parts(pairs, vetoed, limits)
        for left, right in decided:
            parts.join(left, right)
        parts.join_by(pairs)
    return [(left, right) for left, right in pairs if parts.of[left] != parts.of[right]]


class _Parts:
    """Records in parts, each alone at first; `of` says which part a record is in."""

    def __init__(self, pairs: list[tuple[int, int]], vetoed: dict[int, set[int]], limits: Limits) -> None:
        self._vetoed, self._limits = vetoed, limits
        self._neighbours: dict[int, set[int]] = defaultdict(set)
        for left, right in pairs:
            self._neighbours[left].add(right)
            self._neighbours[right].add(left)
        self.of = {record: record for record in self._neighbours}
        self._members = {record: {record} for record in self._neighbours}

    def join_by(self, pairs: list[tuple[int, int]]) -> None:
        """Agglomerative: two parts are joined by their strongest edge when no pair between them is vetoed and enough of
        the pairs between them are joined; what is refused is tried again after every join, for a third part may tie them.
        """
        waiting, joined = list(pairs), True
        while joined:
            joined, refused = False, []
            for left, right in waiting:
                if self.of[left] == self.of[right]:
                    continue
                if self._belong_together(self._members[self.of[left]], self._members[self.of[right]]):
                    self.join(left, right)
                    joined = True
                else:
                    refused.append((left, right))
            waiting = refused

    def join_whole(self, left: int, right: int) -> bool:
        """Joins the parts of two records, unless a pair between them, but for these two, is vetoed."""
        a, b = self._members[self.of[left]], self._members[self.of[right]]
        between = {(one, other) for one in a for other in self._vetoed.get(one, set()) & b}
        if a is not b and between - {(left, right), (right, left)}:
            return False
        self.join(left, right)
        return True

    def join(self, left: int, right: int) -> None:
        a, b = self.of[left], self.of[right]
        if a == b:
            return
        if len(self._members[a]) < len(self._members[b]):
            a, b = b, a
        for record in self._members[b]:
            self.of[record] = a
        self._members[a] |= self._members.pop(b)

    def _belong_together(self, a: set[int], b: set[int]) -> bool:
        small, large = (a, b) if len(a) <= len(b) else (b, a)
        if any(not self._vetoed[record].isdisjoint(large) for record in small if record in self._vetoed):
            return False
        ties = sum(len(self._neighbours[record] & large) for record in small)
        return ties >= _MIN_LINKAGE * len(a) * len(b) and self._limits.allow(a | b)
