"""People of whom a table has several rows: a column beside the key that says who they are becomes their person_id.

Here: which column that is. Not here: which column is the key (keys.py), who is one person (identity/).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from orchestration.proposals.columns import Column
from orchestration.proposals.found import FoundTable
from orchestration.proposals.proposal import Filled, Proposal

# customer_unique_id, unikt_kundnr
_SAYS_WHO = re.compile(r"(?i)(?:^|[_ -])uni(?:que|k|kt|kke)(?:[_ -]|id$|nr$)(?:.*(?:id|key|no|nr|nummer))?$")
# master_customer_no: of a master account, or a golden record, nobody knows whether it is one person
_MASTER = re.compile(r"(?i)(?:^|[_ -])(?:master|golden)(?:[_ -].*)?(?:id|key|no|nr|nummer)$")
_PERSON = re.compile(r"(?i)(?:customer|person|member|client|contact|kund|medlem|asiakas|jäsen)")
# rows that have it: who it is of is said of nearly everybody
_LEAST_FILLED = 0.95
# different values a row: fewer are groups of people
_LEAST_SHARE = 0.1
_SURENESS = 0.8


def with_person_ids(tables: Sequence[FoundTable]) -> list[FoundTable]:
    """The tables; a map of people whose key is another column takes the one that says who they are as person_id."""
    return [replace(table, maps=[_with_person_id(table, one) for one in table.maps]) for table in tables]


def _with_person_id(table: FoundTable, one: Proposal) -> Proposal:
    key = one.of("source_key")
    taken = {column for filled in one.filled for column in filled.columns}
    # of files the columns have those that never enter raw
    kept = [c for c in table.columns if c.name not in taken and c.name not in table.withheld]
    found = [c for c in kept if _says_who(c.name) and _is_of_people(c)]
    if one.entity != "people" or one.one_row_per_key or not key or len(found) != 1:
        return one
    (column,) = found
    why = f"{column.rows:,} rows have about {column.distinct:,} of it: rows that share it become one customer"
    return replace(one, filled=(*one.filled, Filled("person_id", (column.name,), _SURENESS, why)))


def _says_who(name: str) -> bool:
    return bool(_SAYS_WHO.search(name) or (_MASTER.search(name) and _PERSON.search(name)))


def _is_of_people(column: Column) -> bool:
    is_everybodys = column.rows > 0 and column.filled >= _LEAST_FILLED * column.rows
    return is_everybodys and column.distinct >= _LEAST_SHARE * column.rows
