"""What a mapping reads: its raw table, with what expressions, lookups and lines add to each row.

Not here: what they may say (mapping_expressions.py), the models (transform/mapping_sql.py).
"""

from __future__ import annotations

from collections.abc import Callable

from orchestration.contracts.mapping_expressions import WHERE, computed_column, unread_column
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
    for number, lookup in enumerate(mapping.lookups):
        rows, has_rowid = _beside(rows, number, lookup, other(lookup.table), has_rowid=has_rowid), True
    added = _added(mapping)
    if not added:
        return rows
    return f"(select *, {'' if has_rowid else 'rowid as rowid, '}{', '.join(added)} from {rows})"


def _added(mapping: EntityMap) -> list[str]:
    """SELECT items. An expression that fails on a row's values has none there, and the row is unread: DuckDB's own error would stop the
    model, and quotes the value."""
    key = mapping.how("source_key")
    window = f"(partition by {key_text(key.columns)})" if key else "()"
    # whether the row counts is not known
    is_unsure = " or ".join(
        [
            *([_fails(mapping.where)] if mapping.where else []),
            *(quote(_unread_lookup(n)) for n, one in enumerate(mapping.lookups) if one.where),
        ]
    )
    condition = _holds(mapping.where) if mapping.where else "true"
    stands = f"filter (where _deleted_at is null and {condition}) over {window}"
    added = []
    for target in mapping.columns:
        how = mapping.how(target)
        if not how or not how.is_computed:
            continue
        value = (
            f"({_tried(how.sql)})[1]"
            if how.sql is not None
            else key_text(how.columns)
            if len(how.columns) > 1
            else quote(how.columns[0])
        )
        unread = [_fails(how.sql)] if how.sql is not None else []
        if how.aggregate:
            value = f"case when count(*) {stands} = count({value}) {stands} then {how.aggregate}({value}) {stands} end"
            unread = [f"coalesce(bool_or({one}) {stands}, false)" for one in unread]
        if how.aggregate and is_unsure:
            unsure = f"coalesce(bool_or({is_unsure}) filter (where _deleted_at is null) over {window}, false)"
            value = f"case when not {unsure} then {value} end"
            unread.append(unsure)
        added.append(f"{value} as {quote(computed_column(target))}")
        if unread:
            added.append(f"{' or '.join(unread)} as {quote(unread_column(target))}")
    added += [f"{condition} as {quote(WHERE)}"] if mapping.where else []
    return added + ([f"({is_unsure}) as {quote(unread_column(WHERE))}"] if is_unsure else [])


def _tried(expression: str) -> str:
    """SQL: a list of an expression's value; null where it fails, and not where its value is null."""
    return f"try([({expression})])"


def _fails(expression: str) -> str:
    return f"({_tried(expression)} is null)"


def _holds(condition: str) -> str:
    return f"coalesce(({_tried(condition)})[1], false)"


def _unread_lookup(number: int) -> str:
    return f"_unread_lookup_{number}"


def _lines(mapping: EntityMap, raw: str) -> str:
    """The lines of a thing, as of an order, that comes again in the next export with all of its lines.

    Lines of its older files are deleted by the load that replaced them: a row that is just not there would stand for good in
    models that take new loads only. For the same reason all lines of a thing are as new as its newest row, deleted ones
    included: what one line says of all (`said_once`) changes them, and older lines stand again when a file goes.
    """
    thing, file = quote(mapping.lines_of), "coalesce(_source_file, '')"
    of, of_file = f"over (partition by {thing})", f"over (partition by {thing}, _source_file)"
    stands = "filter (where _deleted_at is null)"
    said = [
        # what a file says now, and of deleted lines else what it said
        f"coalesce(max({quote(c)}) {stands} {of_file}, case when _deleted_at is not null then max({quote(c)}) {of_file} end) as {quote(c)}"
        for c in mapping.said_once
    ]
    is_replaced = f"{thing} is not null and {file} <> arg_max({file}, [_load_id, rowid]) {stands} {of}"
    replaced = [
        *said,
        f"case when _deleted_at is null and {is_replaced} then max(_extracted_at) {stands} {of} else _deleted_at end as _deleted_at",
        f"case when {thing} is null then _load_id else max(_load_id) {of} end as _load_id",
    ]
    return f"(select * replace ({', '.join(replaced)}), rowid as rowid from {raw})"


def _beside(rows: str, number: int, lookup: Lookup, other: str, *, has_rowid: bool) -> str:
    """Rows with what another table says of them. A row is as new as the newest of what it is put together of."""
    stands = f"filter (where _deleted_at is null{f' and {_holds(lookup.where)}' if lookup.where else ''})"
    keys = ", ".join(f"cast({quote(there)} as varchar) as k{n}" for n, there in enumerate(lookup.by.values()))
    by = " and ".join(f"cast(b.{quote(here)} as varchar) = l.k{n}" for n, here in enumerate(lookup.by))
    first = ", ".join(f"{quote(c)} nulls first" for c in lookup.first_by)
    value = f"first({{}} order by {first})" if first else f"{lookup.aggregate}({{}})"
    brought = [f"{value.format(quote(c))} {stands} as v{n}" for n, c in enumerate(lookup.columns.values())]
    named = [f"l.v{n} as {quote(name)}" for n, name in enumerate(lookup.columns)]
    if lookup.where:
        brought.append(f"bool_or({_fails(lookup.where)}) filter (where _deleted_at is null) as is_unread")
        named.append(f"coalesce(l.is_unread, false) as {quote(_unread_lookup(number))}")
    return (
        f"(select b.* replace (greatest(b._load_id, coalesce(l.newest, 0)) as _load_id), {'' if has_rowid else 'b.rowid as rowid, '}{', '.join(named)} "
        f"from {rows} b left join (select {keys}, max(_load_id) as newest, {', '.join(brought)} from {other} group by all) l on {by})"
    )
