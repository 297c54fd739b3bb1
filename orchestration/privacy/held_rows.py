"""Rows of people under a legal hold (Art. 17(3)), which retention does not delete before the hold ends.

Here: `identity.held_records`, made anew each night, and which raw rows are theirs: by the person's key, or by an email address
where a row says one. Not here: what a hold is (holds.py), what is too old (retention.py).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

import duckdb

from orchestration.privacy.holds import held
from orchestration.privacy.pepper import Pepper
from orchestration.privacy.rights import prepare_requests
from orchestration.settings import Table
from orchestration.warehouse import has_table, key_text, quote, text

_EMAILS = "select email_key from identity.held_records where email_key is not null"
_IN_RECORDS = "({system}, {key}) in (select (source_system, source_key) from identity.held_records)"


@dataclass(frozen=True)
class HeldRows:
    """Whose rows stay. `counts` says how many of a table stayed for it alone, as retention finds them."""

    is_any: bool
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        return self.counts.total()

    def of(self, source: str, table: Table) -> str:
        """SQL: whether a raw row of a table is of somebody under a hold."""
        found: list[str] = []
        for person in table.whose if self.is_any else []:
            if person.key:
                found.append(_IN_RECORDS.format(system=text(person.system or source), key=key_text(person.key_columns)))
            found += [f"match_keys.email_key({quote(c)}::varchar) in ({_EMAILS})" for c in person.email]
        return f"({' or '.join(f'coalesce({one}, false)' for one in found)})" if found else "false"

    @property
    def of_line(self) -> str:
        """SQL: whether the `content` of a rejected line has the address of somebody under a hold."""
        if not self.is_any:
            return "false"
        return f"exists (select 1 from unnest(match_keys.denied_addresses(content)) t(a) where a in ({_EMAILS}))"


def find_held(con: duckdb.DuckDBPyConnection, pepper: Pepper, today: date) -> HeldRows:
    """Rebuilds `identity.held_records`, of everybody who is under a hold `today`."""
    prepare_requests(con)
    con.execute("delete from identity.held_records")
    # a warehouse that knows no customer yet has no hold on one
    if not has_table(con, "identity", "customer_source_records"):
        return HeldRows(is_any=False)
    customers = list(held(con, pepper, None, today))
    if customers:
        con.execute(
            "insert into identity.held_records select distinct o.source_system, o.source_key, match_keys.email_key(p.email) from owners o "
            "left join conformed.conformed_people p using (source_system, source_key) where o.customer_id in (select unnest($customers::varchar[]))",
            {"customers": customers},
        )
    return HeldRows(is_any=bool(customers))
