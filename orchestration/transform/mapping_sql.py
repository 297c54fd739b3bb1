"""The SQL of mappings: `stg_<source>__<entity>` out of the raw tables that a source maps to one entity.

Here: expressions, reasons, and what the books count. Names and values out of kundbild.toml reach dbt's Jinja only through
`plain` and `argument`, so none of them is rendered. Not here: files (mapping.py), keys (contracts/mapping_parts.py), a mapped value
or time (mapping_values.py, mapping_times.py), checks of mappings (extract/systems), or the rules of an entity's columns
(the conformed models' yml).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from orchestration.contracts.conformed import entities, never_null_columns, required_unless, retentions
from orchestration.contracts.mapping_expressions import WHERE, is_left_out, unread_column, unread_columns
from orchestration.contracts.mapping_parts import Part, how_of, said_or_null
from orchestration.contracts.mapping_times import (
    TIMES_OF_STATEMENTS,
    is_no_time,
    known_time,
    stated_as_grant,
    written_time,
)
from orchestration.contracts.mapping_values import argument, is_ignored, mapped_text, plain, stripped, written_amount
from orchestration.core.settings.maps import STATEMENTS, ColumnMap, EntityMap
from orchestration.core.warehouse import key_text, quote, text
from orchestration.privacy.intake.evidence_words import is_evident

# of an entry of an address register, what hides its person
_HIDES = ("is_protected", "is_deceased")
# what a statement that is not a grant denies, where it does not tell (macros/staging.sql)
_OF_A_WITHDRAWAL = {"stated_at": "_extracted_at", "purpose": "'all'", "channel": "'all'"}
# spreadsheets, and exports for them, write an apostrophe before a value that is text, as before +46: neither it nor a blank is a part of it
_AS_TEXT = ("email", "phone", "contact_point")
_WHOLE, _TIMES = ("integer", "bigint"), ("timestamp", "date")


def model_sql(source: str, parts: Sequence[Part], days: Mapping[str, int] | None = None, dbt_source: str = "") -> str:
    """The model of one entity of one source. One row a key; what shares a key is counted in the model's meta.

    `days` are those of [privacy] retention_days; `dbt_source` is what dbt calls the source, where that is another name.
    """
    days = days or {}
    is_hiding = any(part.hidden_by for part in parts)
    meet = len({part.table for part in parts}) > 1 or (len(parts) > 1 and not parts[-1].label)
    is_ranked = meet or not all(part.is_unique for part in parts)
    body = "\nunion all\n".join(_select(source, part, is_ranked, days, dbt_source or source) for part in parts)
    # else the rows of the raw tables that a model reads are those of its entity
    is_other = any(part.written and (part.written.lookups or part.written.lines_of) for part in parts)
    head = _books(source, parts, days) if is_ranked or is_hiding or is_other or len(parts) > 1 else ""
    head += (
        "-- how long rows are kept: {{ ref('data_categories') }}, as of {{ source('ops', 'clock') }}\n"
        if is_hiding
        else ""
    )
    if not is_ranked:
        return head + body + "\n"
    # of rows with one key the newest stands; a table of its own goes before one that people are read out of
    entity = parts[0].mapping.entity
    own = ["is_zoneless"] if entity in STATEMENTS else []
    columns = [*entities()[entity], *own, "source_system", "deleted_at", "extracted_at"]
    left_out = "quarantine_code is not distinct from 'ignored', " if any(part.mapping.where for part in parts) else ""
    newest = left_out + "is_read_out, deleted_at is not null, changed_at desc nulls last, load_id desc, row_no desc"
    return (
        head
        + f"select\n    {', '.join(columns)},\n"
        # a row that stands again because a newer one went is new by the load that took the newer one
        + "    case when source_key is null then load_id else max(load_id) over (partition by source_key) end as load_id,\n"
        + f"    quarantine_reason, quarantine_code\nfrom (\n{body}\n)\n"
        + f"qualify source_key is null or row_number() over (partition by source_key order by {newest}) = 1\n"
    )


def _books(source: str, parts: Sequence[Part], days: Mapping[str, int]) -> str:
    """The model's head: how many rows of the entity lie in raw, and how many of them share another's key."""

    def keys(of: Sequence[Part], *, is_of_all: bool = True) -> str:
        rows = []
        for part in of:
            wanted = [
                part.is_wanted(days),
                *([] if is_of_all else [f"not ({one})" for one in is_left_out(part.mapping, "")]),
            ]
            said = " and ".join(filter(None, wanted))
            raw = part.rows(lambda table: f"{quote('raw_' + source)}.{quote(table)}")
            rows.append(f"select {part.key()} as k from {raw}" + (f" where {said}" if said else ""))
        return " union all ".join(rows)

    meta = {"raw_rows": f"(select count(distinct k) + count(*) filter (k is null) from ({keys(parts)}))"}
    told = [part for part in parts if not part.mapping.one_row_per_key]
    if told:
        meta["shared_keys"] = f"(select count(k) - count(distinct k) from ({keys(told, is_of_all=False)}))"
    if any(part.loses_keys for part in parts):
        meta["loses_keys"] = "true"
    # set apart: dbt reads a plain call of config without Jinja, and leaves escapes in the text
    variables = "".join(f"{{% set {name} = {argument(query)} %}}\n" for name, query in meta.items())
    return variables + "{{ config(meta={" + ", ".join(f'"{name}": {name}' for name in meta) + "}) }}\n\n"


def _select(source: str, part: Part, is_ranked: bool, days: Mapping[str, int], dbt_source: str) -> str:
    """The SELECT of one map, in dbt's Jinja: every conformed column, the technical ones, and a quarantine reason with its code."""
    mapping = part.mapping
    lines: list[str] = []
    expressions: dict[str, str] = {}
    # (condition, what it says of the column, reason_code): the first that holds wins
    unread = unread_columns(part.written) if part.written else []
    # first: where it is not known whether a row is left out, nobody left it out
    reasons = [
        (f"r.{quote(unread_column(WHERE))}", "a condition of the mapping cannot be computed", "unreadable")
        for column in unread
        if column == WHERE
    ]
    reasons += [(said, "the mapping leaves it out (where)", "ignored") for said in is_left_out(mapping, "r.")]
    reasons += [
        (plain(is_ignored(how, "r.")), f"{column} is one of those that the mapping ignores", "ignored")
        for column in mapping.columns
        if (how := how_of(mapping, column)).ignore
    ]
    for column, kind in entities()[mapping.entity].items():
        found = mapping.how(column)
        if column == "source_key":
            expression = plain(part.key("r."))
        elif found:
            reader = "parsed_birth" if column == "birth_date" else "parsed_time"
            stated = stated_as_grant(mapping, column)
            expression = _expression(
                found, kind, part, is_key=column.endswith("_key") or column == "person_id", reader=reader, stated=stated
            )
            if mapping.entity == "email_events" and column == "occurred_at" and (kind_of := mapping.how("kind")):
                harmless = f"{{{{ is_harmless({argument(mapped_text(kind_of, 'r.'))}) }}}}"
                expression = f"case when not {harmless} then {expression} else {_expression(found, kind, part)} end"
            expression = _of_a_register(mapping, column, expression)
            if mapping.entity == "consent_events" and column in _OF_A_WITHDRAWAL:
                said = expression if kind.upper() != "VARCHAR" else f"nullif(trim({expression}), '')"
                is_grant = plain(str(stated_as_grant(mapping, "stated_at")))
                expression = f"coalesce({said}, case when not {is_grant} then {_OF_A_WITHDRAWAL[column]} end)"
            if column in _AS_TEXT:
                expression = f"ltrim(trim({expression}), chr(39))"
            if kind.upper() != "VARCHAR" and found.on_bad == "quarantine":
                raw = f"nullif({stripped(plain(said_or_null(part, key_text(found.columns, 'r.'))))}, '')"
                is_bad = f"{_is_said(raw, kind)} and {expression} is null"
                reasons.append((is_bad, f"{column} cannot be read", "unreadable"))
            if column in unread and found.on_bad == "quarantine":
                is_bad = f"r.{quote(unread_column(column))} and {expression} is null"
                reasons.append((is_bad, f"{column} cannot be computed", "unreadable"))
        elif column in mapping.constants:
            expression = f"cast({plain(text(str(mapping.constants[column])))} as {kind})"
        else:
            expression = _unsaid(source, mapping, column, kind)
        lines.append(f"    {expression} as {column}")
        if column in never_null_columns(mapping.entity):
            reasons.append((f"{expression} is null", f"{column} is missing", "missing"))
        expressions[column] = expression
    reasons += [
        (f"{expressions[column]} is null and {expressions[other]} is null", f"{column} is missing", "missing")
        for column, other in required_unless(mapping.entity).items()
    ]
    lines += [
        *([f"    {_is_zoneless(part)} as is_zoneless"] if mapping.entity in STATEMENTS else []),
        f"    '{source}' as source_system",
        "    r._deleted_at as deleted_at",
        "    r._extracted_at as extracted_at",
        "    r._load_id as load_id",
        f"    {_first((condition, words) for condition, words, _ in reasons)} as quarantine_reason",
        f"    {_first((condition, code) for condition, _, code in reasons)} as quarantine_code",
    ]
    if is_ranked:
        read_out = str(mapping.one_row_per_key).lower()
        lines += [f"    {read_out} as is_read_out", f"    {_changed_at(part)} as changed_at", "    r.rowid as row_no"]
    wanted = part.is_wanted(days, "r.")
    named = f"\nwhere {plain(wanted)}" if wanted else ""
    return "select\n" + ",\n".join(lines) + f"\nfrom {_rows(part, dbt_source)} as r" + named


def _unsaid(source: str, mapping: EntityMap, column: str, kind: str) -> str:
    """What stands in a column that a mapping does not say."""
    is_statement = mapping.entity == "consent_events"
    if column == "person_system" and "person_key" in mapping.columns:
        return f"'{source}'"
    if is_statement and column == "stated_at":
        # a map that grants nothing may have no time: what it says stands from when it was first known
        return f"case when not {plain(str(stated_as_grant(mapping, column)))} then r._extracted_at end"
    if is_statement and column == "capture_source":
        # where nothing says by which form, the system that delivers it is the source of the evidence; by what it is called, where that
        # alone would be read as none: ok, test
        return plain(text(source if is_evident(source) else f"delivered by {source}"))
    return f"cast(null as {kind})"


def _rows(part: Part, dbt_source: str) -> str:
    """The relation of a part in Jinja: raw tables alone are rendered."""
    pieces = part.rows(lambda table: f"\0{table}\0").split("\0")
    return "".join(
        f"{{{{ source({argument(dbt_source)}, {argument(piece)}) }}}}" if number % 2 else plain(piece)
        for number, piece in enumerate(pieces)
    )


def _is_said(raw: str, kind: str) -> str:
    """SQL: whether a value says anything: of times, more than what systems write for none."""
    return f"{raw} is not null" + (f" and not {is_no_time(raw)}" if kind.lower() in _TIMES else "")


def _changed_at(part: Part) -> str:
    """SQL: when a row last changed by the source's own clock, as a number: seconds, or the cursor's own."""
    how = part.mapping.how("updated_at")
    if how is None and part.mapping.one_row_per_key and not part.shape.cursor:
        # the order in a row of an order list says when its customer was written so
        how = part.mapping.how("created_at") or _happened(part)
    if how:
        return f"cast(epoch({_expression(how, 'timestamp')}) as double)"
    if not part.shape.cursor:
        return "cast(null as double)"
    cursor = f"cast(r.{quote(part.shape.cursor)} as varchar)"
    at = known_time(f"try_cast({cursor} as timestamptz)")
    return plain(f"coalesce(epoch({at}), try_cast({cursor} as double))")


def _happened(part: Part) -> ColumnMap | None:
    """When what else the table's rows are mapped to happened; the first that a map tells."""
    said = [(m, r.happened_at) for m in part.shape.maps if (r := retentions().get(m.entity))]
    return next((how for m, columns in said for column in columns if (how := m.how(column))), None)


def _first(cases: Iterable[tuple[str, str]]) -> str:
    """SQL: the text of the first condition that holds."""
    told = " ".join(f"when {condition} then '{value}'" for condition, value in cases)
    return f"case {told} end" if told else "cast(null as varchar)"


def _of_a_register(mapping: EntityMap, column: str, expression: str) -> str:
    """What an address register tells of who is to be hidden: in doubt yes, and without a readable date since it was delivered.
    A value that cannot be read would set the row aside, and hide nobody."""
    if mapping.entity != "address_updates":
        return expression
    told = {c: f"{{{{ is_told({argument(mapped_text(f, 'r.'))}) }}}}" for c in _HIDES if (f := mapping.how(c))}
    if column == "effective_on" and told:
        return f"coalesce({expression}, case when {' or '.join(told.values())} then cast(r._extracted_at as date) end)"
    return told.get(column, expression)


def _expression(
    how: ColumnMap,
    kind: str,
    part: Part | None = None,
    *,
    is_key: bool = False,
    reader: str = "parsed_time",
    stated: str | None = None,
) -> str:
    raw = f"r.{quote(how.columns[0])}" if len(how.columns) == 1 else key_text(how.columns, "r.")
    if part and len(how.columns) == 1 and (part.nulls or is_key):
        is_text = part.shape.columns.get(how.columns[0], "VARCHAR").upper() == "VARCHAR"
        # a number or a time is never N/A; a reference to nobody may be a number
        raw = said_or_null(part, raw, is_key=is_key) if is_text or is_key else raw
    if how.values or how.otherwise is not None:
        raw = mapped_text(how, "r.")
    if how.decimal:
        raw = written_amount(raw, how.decimal)
    written = written_time(raw, how, reader)
    if how.formats and kind.lower() != "timestamp":
        read = f"cast({{{{ {written} }}}} as {kind})"
        return known_time(read) if kind.lower() == "date" and reader != "parsed_birth" else read
    if kind.lower() == "timestamp":
        if stated:
            return f"{{{{ statement_time({written}, {argument(stated)}) }}}}"
        return known_time(f"{{{{ as_utc({written}) }}}}")
    if kind.lower() in _WHOLE:
        # a cast alone would round
        return plain(
            f"case when try_cast({raw} as double) = floor(try_cast({raw} as double)) then try_cast({raw} as {kind}) end"
        )
    if reader == "parsed_birth":
        return f"{{{{ as_birth({argument(raw)}) }}}}"
    if kind.lower() == "date":
        return known_time(plain(f"try_cast({raw} as {kind})"))
    return plain(f"try_cast({raw} as {kind})")


def _is_zoneless(part: Part) -> str:
    """Whether a time of a statement does not tell of which zone it is (macro is_zoneless)."""
    columns = [column for entity, column in sorted(TIMES_OF_STATEMENTS) if entity == part.mapping.entity]
    times = [
        written_time(said_or_null(part, mapped_text(how, "r.")), how)
        for column in columns
        if (how := part.mapping.how(column))
    ]
    return f"{{{{ is_zoneless([{', '.join(times)}]) }}}}" if times else "false"
