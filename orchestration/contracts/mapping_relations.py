"""What a mapping reads: its raw table, with what expressions, lookups and lines add to each row.

Not here: what they may say (mapping_expressions.py), the models (transform/mapping_sql.py).
"""

from __future__ import annotations

from collections.abc import Callable

from orchestration.contracts.mapping_expressions import WHERE, computed_column
from orchestration.core.settings.maps import EntityMap, Lookup
from orchestration.core.warehouse import key_text, quote

# a table of the source → SQL of its raw table
Raw = Callable[[str], str]


def relation(mapping: EntityMap, raw: str, other: Raw) -> str:
    """SQL: the raw table, with the mapping's computed columns. A sum of rows of which one has no value is none: it would be too small."""
    if not mapping.is_computed:
        return raw
    rows, has_rowid = raw, False
    if mapping.lines_of:
        rows, has_rowid = _lines(mapping, rows), True
    for lookup in mapping.lookups:
        rows, has_rowid = _beside(rows, lookup, other(lookup.table), has_rowid=has_rowid), True
    added = _added(mapping)
    if not added:
        return rows
    return f"(select *, {'' if has_rowid else 'rowid as rowid, '}{', '.join(added)} from {rows})"


def _added(mapping: EntityMap) -> list[str]:
    key = mapping.how("source_key")
    window = f"(partition by {key_text(key.columns)})" if key else "()"
    condition = f"coalesce(({mapping.where}), false)" if mapping.where else "true"
    stands = f"filter (where _deleted_at is null and {condition}) over {window}"
    added = []
    for target in mapping.columns:
        how = mapping.how(target)
        if not how or not how.is_computed:
            continue
        value = (
            f"({how.sql})"
            if how.sql is not None
            else key_text(how.columns)
            if len(how.columns) > 1
            else quote(how.columns[0])
        )
        if how.aggregate:
            value = f"case when count(*) {stands} = count({value}) {stands} then {how.aggregate}({value}) {stands} end"
        added.append(f"{value} as {quote(computed_column(target))}")
    return added + ([f"{condition} as {quote(WHERE)}"] if mapping.where else [])


def _lines(mapping: EntityMap, raw: str) -> str:
    """The lines of the newest file that has any of a thing: an order comes again in the next export, with all of its lines."""
    of = f"over (partition by {quote(mapping.lines_of)}"
    said = [f"max({quote(c)}) {of}, _source_file) as {quote(c)}" for c in mapping.said_once]
    all_columns = f"* replace ({', '.join(said)})" if said else "*"
    newest = f"arg_max(coalesce(_source_file, ''), [_load_id, rowid]) {of})"
    is_newest = f"coalesce(_source_file, '') = {newest}"
    return (
        f"(select {all_columns}, rowid as rowid from {raw} where _deleted_at is null "
        f"qualify {quote(mapping.lines_of)} is null or {is_newest})"
    )


def _beside(rows: str, lookup: Lookup, other: str, *, has_rowid: bool) -> str:
    """Rows with what another table says of them. A row is as new as the newest of what it is put together of."""
    stands = "filter (where _deleted_at is null" + (f" and coalesce(({lookup.where}), false))" if lookup.where else ")")
    keys = ", ".join(f"cast({quote(there)} as varchar) as k{n}" for n, there in enumerate(lookup.by.values()))
    by = " and ".join(f"cast(b.{quote(here)} as varchar) = l.k{n}" for n, here in enumerate(lookup.by))
    brought = ", ".join(
        f"{lookup.aggregate}({quote(c)}) {stands} as v{n}" for n, c in enumerate(lookup.columns.values())
    )
    named = ", ".join(f"l.v{n} as {quote(name)}" for n, name in enumerate(lookup.columns))
    return (
        f"(select b.* replace (greatest(b._load_id, coalesce(l.newest, 0)) as _load_id), {'' if has_rowid else 'b.rowid as rowid, '}{named} "
        f"from {rows} b left join (select {keys}, max(_load_id) as newest, {brought} from {other} group by all) l on {by})"
    )
