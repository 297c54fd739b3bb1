"""What the tables beside a list of orders say that each order comes to: the prices of its lines, freight on each line, payments.

Here: sums of each order, noted while a look lasts, and how often two tables say the same. An order is kept as a hash, and for the look
alone. Not here: what is proposed of it (sums_of_lines.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.contracts.words import QUALIFIED, concepts_of, plain_words_for, words_of
from orchestration.core.warehouse import quote, text
from orchestration.proposals.columns import Column
from orchestration.proposals.found import FoundTable

# of a table about so many orders: of two tables the same part is compared
_KEPT = 10_000
# of orders that both tables have, so many say the same to be believed, and at least so many are compared
SHARE, _LEAST = 0.9, 3
_CENT = 0.011
# of orders of several lines, where so many say another value on another line, it is of the line
_OF_LINES = 0.05


def note_sums(con: duckdb.DuckDBPyConnection, relation: str, table: FoundTable) -> None:
    """Notes what the rows of each order come to, of lines and of payments. To be called while the relation is there."""
    con.execute(
        "create temp table if not exists noted_sums (name varchar, place varchar, part ubigint, ordered ubigint, total double, lines bigint, differs boolean)"
    )
    con.execute(f"delete from noted_sums where name = {text(table.name)}")
    key, amounts = order_key(table), [*prices(table), *freights(table), *payments(table)]
    if not key or not amounts:
        return
    part = 1 << max(0, key.distinct // _KEPT).bit_length()
    ordered = f"nullif(trim(cast({quote(key.name)} as varchar)), '')"
    for name in dict.fromkeys(amounts):
        amount = f"try_cast({quote(name)} as double)"
        con.execute(
            f"insert into noted_sums select {text(table.name)}, {text(name)}, {part}, hash({ordered}), sum({amount}), count(*), "
            f"min({amount}) is distinct from max({amount}) from {relation} where {ordered} is not null and hash({ordered}) % {part} = 0 "
            f"group by {ordered}"
        )


def order_key(table: FoundTable) -> Column | None:
    """The column of lines and of payments that names their order."""
    lines = next((one for one in table.maps if one.entity == "order_items"), None)
    if lines and (key := lines.of("order_key")):
        return next((c for c in table.columns if (c.name,) == key.columns), None)
    called = [(concepts_of(c.name, table.name).get("order_key", 0.0), c) for c in table.columns if not c.is_time]
    sure, found = max(called, key=lambda one: one[0], default=(0.0, None))
    return found if sure >= QUALIFIED else None


def prices(table: FoundTable) -> list[str]:
    return [f.columns[0] for one in table.maps if one.entity == "order_items" and (f := one.of("unit_price"))]


def freights(table: FoundTable) -> list[str]:
    """Columns of lines that say what it costs to send them."""
    if not prices(table):
        return []
    return [c.name for c in table.columns if c.name not in table.read and _is_plain(c) and _says(c.name, "freight")]


def payments(table: FoundTable) -> list[str]:
    """The one amount of a table of payments. None where a word may say that some failed or were paid back, or another entity is read from it."""
    if table.usable or any(concepts_of(c.name, table.name).get("status", 0.0) >= QUALIFIED for c in table.columns):
        return []
    names = [
        c.name
        for c in table.columns
        if c.name not in table.withheld
        and _is_plain(c)
        and concepts_of(c.name, table.name).get("amount", 0.0) >= QUALIFIED
    ]
    is_of_payments = any(_says(one, "paid") for one in (table.name, *names))
    return names if len(names) == 1 and is_of_payments else []


def is_of_each_line(con: duckdb.DuckDBPyConnection, table: str, column: str) -> bool:
    """Whether a column says something of each line: not the same on all lines of an order, as what is of the whole order."""
    rows = con.execute(
        f"select count(*) filter (where differs), count(*) from noted_sums where name = {text(table)} and place = {text(column)} and lines > 1"
    ).fetchall()
    differing, several = rows[0]
    return several > 0 and differing >= _OF_LINES * several


def agreement(
    con: duckdb.DuckDBPyConnection, whole: tuple[str, str], parts: Sequence[tuple[str, str]]
) -> tuple[float, int]:
    """(share of the orders that both have of which one column is the sum of the others, how many these are); columns as (table, name)."""
    first, *others = parts
    of = ", ".join(
        f"sum(total) filter (where (name, place) = ({text(t)}, {text(c)})) as v{n}"
        for n, (t, c) in enumerate([whole, first, *others])
    )
    summed = " + ".join(f"v{n + 1}" for n in range(len(parts)))
    there = f"(name, place) in ({', '.join(f'({text(t)}, {text(c)})' for t, c in [whole, *parts])})"
    rows = con.execute(
        f"with compared as (select max(part) as part from noted_sums where {there}), "
        f"orders as (select {of} from noted_sums, compared where {there} and ordered % compared.part = 0 group by ordered) "
        f"select count(*) filter (where abs(v0 - ({summed})) < {_CENT}), count(*) from orders where v0 is not null and ({summed}) is not null"
    ).fetchall()
    same, both = rows[0]
    return (same / both if both >= _LEAST else 0.0), int(both)


def is_noted(con: duckdb.DuckDBPyConnection) -> bool:
    return bool(con.execute("select 1 from duckdb_tables() where table_name = 'noted_sums'").fetchall())


def _is_plain(column: Column) -> bool:
    is_number = column.kind in ("BIGINT", "DOUBLE") or column.kind.startswith("DECIMAL")
    return bool(column.filled) and is_number and column.money is None and not column.is_flag


def _says(name: str, meaning: str) -> bool:
    """Whether a name has a word of a meaning, or one that begins with it: fraktbelopp."""
    words = words_of(name)
    terms = plain_words_for(meaning)
    return any(word in terms or any(len(one) > 4 and word.startswith(one) for one in terms) for word in words)
