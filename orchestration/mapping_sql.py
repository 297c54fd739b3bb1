"""The SQL of mappings: `stg_<source>__<entity>` out of the raw tables that a source maps to one entity.

Here: expressions, reasons, keys, and what the books count. Names and values out of kundbild.toml reach dbt's Jinja only
through `plain` and `argument`, so none of them is rendered. Not here: files (mapping.py), checks of mappings
(extract/systems), or the rules of an entity's columns (the conformed models' yml).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestration.conformed import EntityRetention, entities, required_columns, retentions
from orchestration.map_settings import ColumnMap, EntityMap
from orchestration.settings import Table
from orchestration.warehouse import key_text, quote, text

# what a statement that is no grant denies, where it does not tell (macros/staging.sql)
_OF_A_WITHDRAWAL = {"stated_at": "_extracted_at", "purpose": "'all'", "channel": "'all'"}
# times of statements on consent: what names only a day is read apart (macros/engine/casts.sql)
_TIMES_OF_STATEMENTS = {
    ("consent_events", "stated_at"),
    ("consent_events", "confirmed_at"),
    ("email_events", "occurred_at"),
}
# white space that people and systems leave around a value; a pattern costs a third of trim with a list of characters
_BLANKS = text(r"^[\s\p{Z}\x{FEFF}\x{200B}]+|[\s\p{Z}\x{FEFF}\x{200B}]+$")
# other rows name these by their key: one key in two maps is one thing. Of all others it is two rows.
_NAMED_BY_OTHERS = ("people", "companies", "products", "orders", "carts", "campaigns", "survey_responses", "web_sessions")  # fmt: skip
_WHOLE = ("integer", "bigint")
# of what somebody said no row may stand for another: one that shares its key may be the withdrawal
_STATEMENTS = ("consent_events", "email_events")


@dataclass(frozen=True)
class Part:
    """One map of one raw table. `label` parts its keys from those of the table's earlier maps to the entity."""

    table: str
    shape: Table
    mapping: EntityMap
    label: str = ""
    nulls: tuple[str, ...] = ()  # what the source writes for nothing
    null_keys: tuple[str, ...] = ()  # what it writes, besides, where a row refers to nobody

    @property
    def is_unique(self) -> bool:
        """Whether raw already holds one row for each key."""
        columns = self.mapping.how("source_key").columns  # type: ignore[union-attr] # checked when it was read
        is_own = bool(self.shape.key) and set(self.shape.key) <= set(columns)
        return not self.mapping.one_row_per_key and (is_own or columns == ["_row_key"])

    def key(self, of: str = "") -> str:
        key = _key(self, of)
        if self.mapping.entity in _STATEMENTS:
            # a statement whose key is shared, or empty, is known by all that it says
            said = ", ".join(f"coalesce(cast({of}{quote(c)} as varchar), '')" for c in self.mapping.read)
            content = f"'|' || md5(concat_ws('|', {said}))"
            key = f"coalesce({key}, '')" + (
                f" || {content}" if not self.is_unique else f"|| case when {key} is null then {content} else '' end"
            )
        return f"({key}) || {text('|' + self.label)}" if self.label else key

    @property
    def hidden_by(self) -> EntityRetention | None:
        """The entity's retention where the table's rows may have to stay longer, for another entity."""
        said = retentions().get(self.mapping.entity)
        if not said or not said.happened_at or said.is_kept or said.only or self.mapping.entity == "people":
            return None
        others = {r.category for m in self.shape.maps if (r := retentions().get(m.entity))}
        others |= {self.shape.retention.category} if self.shape.retention else set()
        return said if others - {said.category} else None

    def is_wanted(self, days: Mapping[str, int], of: str = "") -> str:
        """SQL: whether a row is read for the entity at all. Empty: every row is."""
        wanted = [f"{self.key(of)} is not null"] if self.mapping.one_row_per_key else []
        if said := self.hidden_by:
            moments = [m for column in said.happened_at if (m := mapped_moment(self.mapping, column, of))]
            moment = f"coalesce(greatest({', '.join(moments)}), {of}_extracted_at)" if moments else f"{of}_extracted_at"
            kept = days.get(said.category, "d.retention_days")
            wanted.append(
                f"{moment} >= (select cast(c.as_of as date) - {kept} from ops.clock c, reference.data_categories d "
                f"where d.category = {text(said.category)})"
            )
        return " and ".join(wanted)


def parts_of(
    tables: dict[str, Table], nulls: Sequence[str] = (), null_keys: Sequence[str] = ()
) -> dict[str, list[Part]]:
    """By entity: the maps of a source's tables that feed it; `nulls` and `null_keys` are the source's."""
    found: dict[str, list[Part]] = {}
    for table, shape in tables.items():
        for mapping in shape.maps:
            parts = found.setdefault(mapping.entity, [])
            earlier = sum(part.table == table for part in parts)
            is_labelled = earlier and mapping.entity not in _NAMED_BY_OTHERS
            label = (mapping.name or str(earlier + 1)) if is_labelled else ""
            parts.append(Part(table, shape, mapping, label, tuple(nulls), tuple(null_keys)))
    return found


def model_sql(source: str, parts: Sequence[Part], days: Mapping[str, int] | None = None, dbt_source: str = "") -> str:
    """The model of one entity of one source. One row a key; what shares a key is counted in the model's meta.

    `days` are those of [privacy] retention_days; `dbt_source` is what dbt calls the source, where that is another name.
    """
    days = days or {}
    is_hiding = any(part.hidden_by for part in parts)
    meet = len({part.table for part in parts}) > 1 or (len(parts) > 1 and not parts[-1].label)
    is_ranked = meet or not all(part.is_unique for part in parts)
    body = "\nunion all\n".join(_select(source, part, is_ranked, days, dbt_source or source) for part in parts)
    head = _books(source, parts, days) if is_ranked or is_hiding or len(parts) > 1 else ""
    head += (
        "-- how long rows are kept: {{ ref('data_categories') }}, as of {{ source('ops', 'clock') }}\n"
        if is_hiding
        else ""
    )
    if not is_ranked:
        return head + body + "\n"
    # of rows with one key the newest stands; a table of its own goes before one that people are read out of
    entity = parts[0].mapping.entity
    own = ["is_zoneless"] if entity in _STATEMENTS else []
    columns = [*entities()[entity], *own, "source_system", "deleted_at", "extracted_at"]
    newest = "is_read_out, deleted_at is not null, changed_at desc nulls last, load_id desc, row_no desc"
    return (
        head
        + f"select\n    {', '.join(columns)},\n"
        # a row that stands again because a newer one went is new by the load that took the newer one
        + "    case when source_key is null then load_id else max(load_id) over (partition by source_key) end as load_id,\n"
        + f"    quarantine_reason\nfrom (\n{body}\n)\n"
        + f"qualify source_key is null or row_number() over (partition by source_key order by {newest}) = 1\n"
    )


def _books(source: str, parts: Sequence[Part], days: Mapping[str, int]) -> str:
    """The model's head: how many rows of the entity lie in raw, and how many of them share another's key."""

    def keys(of: Sequence[Part]) -> str:
        rows = [
            f"select {part.key()} as k from {quote('raw_' + source)}.{quote(part.table)}"
            + (f" where {wanted}" if (wanted := part.is_wanted(days)) else "")
            for part in of
        ]
        return " union all ".join(rows)

    meta = {"raw_rows": f"(select count(distinct k) + count(*) filter (k is null) from ({keys(parts)}))"}
    told = [part for part in parts if not part.mapping.one_row_per_key]
    if told:
        meta["shared_keys"] = f"(select count(k) - count(distinct k) from ({keys(told)}))"
    # set apart: dbt reads a plain call of config without Jinja, and leaves escapes in the text
    variables = "".join(f"{{% set {name} = {argument(query)} %}}\n" for name, query in meta.items())
    return variables + "{{ config(meta={" + ", ".join(f'"{name}": {name}' for name in meta) + "}) }}\n\n"


def _select(source: str, part: Part, is_ranked: bool, days: Mapping[str, int], dbt_source: str) -> str:
    """The SELECT of one map, in dbt's Jinja: every conformed column, the technical ones, and a quarantine reason."""
    mapping = part.mapping
    lines, reasons = (
        [],
        [_ignored_because(how, column) for column in mapping.columns if (how := _how(mapping, column)).ignore],
    )
    for column, kind in entities()[mapping.entity].items():
        found = mapping.how(column)
        if column == "source_key":
            expression = plain(part.key("r."))
        elif found:
            reader = "parsed_birth" if column == "birth_date" else "parsed_time"
            stated = _stated(mapping, column)
            expression = _expression(found, kind, part, is_key=column.endswith("_key"), reader=reader, stated=stated)
            if mapping.entity == "email_events" and column == "occurred_at" and (kind_of := mapping.how("kind")):
                harmless = f"{{{{ is_harmless({argument(mapped_text(kind_of, 'r.'))}) }}}}"
                expression = f"case when not {harmless} then {expression} else {_expression(found, kind, part)} end"
            if mapping.entity == "consent_events" and column in _OF_A_WITHDRAWAL:
                said = expression if kind.upper() != "VARCHAR" else f"nullif(trim({expression}), '')"
                is_grant = plain(str(_stated(mapping, "stated_at")))
                expression = f"coalesce({said}, case when not {is_grant} then {_OF_A_WITHDRAWAL[column]} end)"
            if kind.upper() != "VARCHAR" and found.on_bad == "quarantine":
                raw = f"nullif({_stripped(plain(_said(part, key_text(found.columns, 'r.'))))}, '')"
                reasons.append(f"when {raw} is not null and {expression} is null then '{column} cannot be read'")
        elif column in mapping.constants:
            expression = f"cast({plain(text(str(mapping.constants[column])))} as {kind})"
        elif column == "person_system" and "person_key" in mapping.columns:
            expression = f"'{source}'"
        elif mapping.entity == "consent_events" and column == "capture_source":
            # where nothing says by which form, the system that delivers it is the source of the evidence
            expression = plain(text(source))
        else:
            expression = f"cast(null as {kind})"
        lines.append(f"    {expression} as {column}")
        if column in required_columns(mapping.entity):
            reasons.append(f"when {expression} is null then '{column} is missing'")
    lines += [
        *([f"    {_is_zoneless(part)} as is_zoneless"] if mapping.entity in _STATEMENTS else []),
        f"    '{source}' as source_system",
        "    r._deleted_at as deleted_at",
        "    r._extracted_at as extracted_at",
        "    r._load_id as load_id",
        f"    {'case ' + ' '.join(reasons) + ' end' if reasons else 'cast(null as varchar)'} as quarantine_reason",
    ]
    if is_ranked:
        read_out = str(mapping.one_row_per_key).lower()
        lines += [f"    {read_out} as is_read_out", f"    {_changed_at(part)} as changed_at", "    r.rowid as row_no"]
    wanted = part.is_wanted(days, "r.")
    named = f"\nwhere {plain(wanted)}" if wanted else ""
    return (
        "select\n"
        + ",\n".join(lines)
        + f"\nfrom {{{{ source({argument(dbt_source)}, {argument(part.table)}) }}}} as r"
        + named
    )


def _changed_at(part: Part) -> str:
    """SQL: when a row last changed by the source's own clock, as a number: seconds, or the cursor's own."""
    how = part.mapping.how("updated_at")
    if how:
        return f"cast(epoch({_expression(how, 'timestamp')}) as double)"
    if not part.shape.cursor:
        return "cast(null as double)"
    cursor = f"cast(r.{quote(part.shape.cursor)} as varchar)"
    return plain(f"coalesce(epoch(try_cast({cursor} as timestamptz)), try_cast({cursor} as double))")


def _how(mapping: EntityMap, column: str) -> ColumnMap:
    how = mapping.how(column)
    assert how, column
    return how


def _ignored_because(how: ColumnMap, column: str) -> str:
    return plain(f"when {is_ignored(how, 'r.')} then 'ignored: {column} is one of those that the mapping ignores'")


def is_ignored(how: ColumnMap, of: str = "") -> str:
    """SQL: whether a mapped column has one of the values whose rows the mapping leaves out. Not in Jinja."""
    listed = ", ".join(text(value.strip().lower()) for value in how.ignore)
    return f"coalesce(lower({_stripped(key_text(how.columns, of))}), '') in ({listed})"


def _stated(mapping: EntityMap, column: str) -> str | None:
    """SQL: whether a time of a statement is a grant's; None of a column that is no such time. Not in Jinja."""
    if (mapping.entity, column) not in _TIMES_OF_STATEMENTS:
        return None
    if mapping.entity == "email_events":
        return "false"
    how = mapping.how("status")
    status = text(str(mapping.constants["status"])) if "status" in mapping.constants else "null"
    return f"coalesce(lower({_stripped(mapped_text(how, 'r.') if how else status)}) = 'granted', false)"


def _key(part: Part, of: str) -> str:
    how = _how(part.mapping, "source_key")
    key = mapped_text(how, of)
    if len(how.columns) == 1:
        key = _said(part, key, is_key=part.mapping.entity == "people")
    return key


def _said(part: Part, raw: str, *, is_key: bool = False) -> str:
    """SQL: a value, or null where it is what the source writes for nothing; guests whose key is 0 are not one customer."""
    nothing, written = ["", *part.nulls], _stripped(f"cast({raw} as varchar)")
    if is_key:  # Guest, NONE: of keys in any case
        nothing, written = [value.lower() for value in (*nothing, *part.null_keys)], f"lower({written})"
    listed = ", ".join(text(value) for value in dict.fromkeys(nothing))
    return f"case when {written} not in ({listed}) then {raw} end"


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
        raw = _said(part, raw, is_key=is_key) if is_text or is_key else raw
    if how.values or how.otherwise is not None:
        raw = mapped_text(how, "r.")
    written = _written(raw, how, reader)
    if how.formats and kind.lower() != "timestamp":
        return f"cast({{{{ {written} }}}} as {kind})"
    if kind.lower() == "timestamp":
        return f"{{{{ statement_time({written}, {argument(stated)}) }}}}" if stated else f"{{{{ as_utc({written}) }}}}"
    if kind.lower() in _WHOLE:
        # a cast alone would round
        return plain(
            f"case when try_cast({raw} as double) = floor(try_cast({raw} as double)) then try_cast({raw} as {kind}) end"
        )
    return plain(f"try_cast({raw} as {kind})")


def _written(raw: str, how: ColumnMap, reader: str = "parsed_time") -> str:
    """An argument of a macro: a value, by its formats where it has some."""
    groups = formats_by_offset(how.formats)
    if not groups:
        return argument(raw)
    escaped = [[argument(one.replace("'", "''")) for one in group] for group in groups]
    read = [f"{reader}({argument(raw)}, [{', '.join(group)}])" for group in escaped]
    if len(read) == 1:
        return read[0]
    # as text: of one type all of them would have an offset
    return '"coalesce(" ~ ' + ' ~ ", " ~ '.join(f'"cast(" ~ {one} ~ " as varchar)"' for one in read) + ' ~ ")"'


def formats_by_offset(formats: Sequence[str]) -> list[list[str]]:
    """Formats of times without an offset, and those with one."""
    without, with_one = [f for f in formats if "%z" not in f], [f for f in formats if "%z" in f]
    return [group for group in (without, with_one) if group]


def _is_zoneless(part: Part) -> str:
    """Whether a time of a statement does not tell of which zone it is (macro is_zoneless)."""
    columns = [column for entity, column in sorted(_TIMES_OF_STATEMENTS) if entity == part.mapping.entity]
    times = [
        _written(_said(part, mapped_text(how, "r.")), how) for column in columns if (how := part.mapping.how(column))
    ]
    return f"{{{{ is_zoneless([{', '.join(times)}]) }}}}" if times else "false"


def _stripped(value: str) -> str:
    return f"regexp_replace({value}, {_BLANKS}, '', 'g')"


def mapped_text(how: ColumnMap, of: str = "") -> str:
    """SQL: a mapped column's text, with its `values` and `else` put in. Not in Jinja."""
    raw = key_text(how.columns, of)
    if not how.values and how.otherwise is None:
        return raw
    key = f"coalesce(lower({_stripped(raw)}), '')"
    values = {said.strip().lower(): meant for said, meant in how.values.items()}
    cases = [f"when {text(said)} then {text(meant)}" for said, meant in values.items()]
    cases += [] if "" in values else [f"when '' then {raw}"]
    return f"case {key} {' '.join(cases)} else {raw if how.otherwise is None else text(how.otherwise)} end"


def mapped_moment(mapping: EntityMap, column: str, of: str = "") -> str | None:
    """SQL: the time, UTC, of a column that is mapped; None where it is not. Not in Jinja."""
    how = mapping.how(column)
    if how is None:
        return None
    if how.formats:
        return f"try_strptime({mapped_text(how, of)}, [{', '.join(map(text, how.formats))}])"
    return f"(try_cast({mapped_text(how, of)} as timestamptz) at time zone 'UTC')"


def plain(sql: str) -> str:
    """SQL as it stands in a model: no brace of it opens anything in Jinja."""
    return sql.replace("{", '{{ "{" }}')


def argument(value: str) -> str:
    """A value as a string inside a Jinja expression."""
    return json.dumps(value, ensure_ascii=False)
