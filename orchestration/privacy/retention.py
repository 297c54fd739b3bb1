"""Retention: no row is older than the seed data_categories says of its category. Rows that are leave every night.

Before anything is built: out of raw by the time that a row tells of, and out of what stands from earlier nights. A person's
record stays until nothing was heard of the customer for as long; withdrawals stay with it. What was sold stays as nobody's.
Rows of people under a legal hold stay (held_rows.py). Not here: how long (the seed), what a table's rows are (settings, the conformed entities).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from orchestration.conformed import EntityRetention, retentions
from orchestration.map_settings import EntityMap
from orchestration.mapping_parts import parts_of
from orchestration.mapping_times import mapped_moment
from orchestration.mapping_values import mapped_text
from orchestration.match_keys import birth, define_match_keys
from orchestration.person_settings import Person
from orchestration.privacy.catalogue import categories_with
from orchestration.privacy.held_rows import HeldRows
from orchestration.privacy.set_aside import forget_set_aside
from orchestration.settings import Settings, Table
from orchestration.warehouse import has_table, key_text, quote, scalar, text, transaction

_UNKNOWN = "identity"
# staged times may be read otherwise than raw ones, by hours at most
_SLACK = timedelta(days=2)


@dataclass(frozen=True)
class Rule:
    """When a raw table's rows are old: those whose `moment`, an SQL timestamp, is before `cutoff`, but for what is `kept`."""

    moment: str
    cutoff: date
    kept: str

    @property
    def is_old(self) -> str:
        return f"({self.moment} < date {text(self.cutoff.isoformat())} and not coalesce({self.kept}, false))"


@dataclass(frozen=True)
class _People:
    """A table whose rows are people's own records."""

    source: str
    name: str
    key: str
    rule: Rule
    theirs: str  # SQL: whether a row is of somebody under a legal hold


def forget_expired(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    today: date,
    *,
    is_rebuild: bool = False,
    held: HeldRows | None = None,
) -> dict[str, int]:
    """Deletes what is too old `today`, in one transaction; what was sold stays, without the person.

    Returns {source.table: rows}, of tables that lost any. `is_rebuild`: what stands from earlier nights is made anew anyway.
    `held`: whose rows stay, being under a legal hold; how many is noted there.
    Raises KundbildError where the configuration names a category that there is none of.
    """
    define_match_keys(con)
    days = categories_with(settings.privacy.retention_days)
    cutoffs = {name: today - timedelta(days=category.retention_days) for name, category in days.items()}
    gone: dict[str, int] = {}
    with transaction(con):
        people: list[_People] = []
        for source, spec in settings.enabled_sources.items():
            for name, table in spec.tables.items():
                rule = rule_of(con, table, cutoffs)
                if not rule or not has_table(con, f"raw_{source}", name):
                    continue
                theirs = held.of(con, source, name, table) if held else "false"
                if key := _own_key(table):
                    people.append(_People(source, name, key, rule, theirs))
                else:
                    raw = _raw(source, name)
                    if held:
                        held.counts[f"{source}.{name}"] += _count(con, raw, f"{_going(table, rule)} and {theirs}")
                    kept = Rule(rule.moment, rule.cutoff, f"coalesce({rule.kept}, false) or {theirs}")
                    gone[f"{source}.{name}"] = _changed(con, _forgetting(table, raw, kept))
        gone |= _forget_inactive(con, settings, people, cutoffs, held)
        hiding = {source for source, spec in settings.enabled_sources.items() if _hides_rows(spec.tables)}
        swept = sorted({place.split(".")[0] for place, rows in gone.items() if rows} | hiding)
        if swept and not is_rebuild:
            for entity, said in retentions().items():
                for source in swept:
                    _forget_built(con, entity, said, source, cutoffs)
        gone["quarantine.rejected_rows"] = _forget_rejects(con, max(cutoffs.values()), held)
    return {place: rows for place, rows in sorted(gone.items()) if rows}


def _hides_rows(tables: dict[str, Table]) -> bool:
    return any(part.hidden_by for parts in parts_of(tables).values() for part in parts)


def _forgetting(table: Table, raw: str, rule: Rule) -> str:
    """The statement that rids a raw table of what is old: of rows, or, where they say what was sold, of whose they are."""
    if not _is_sold(table):
        return f"delete from {raw} where {_going(table, rule)}"
    emptied = ", ".join(f"{quote(column)} = null" for column in _emptied(table))
    return f"update {raw} set {emptied} where {_going(table, rule)}"


def _going(table: Table, rule: Rule) -> str:
    """SQL: whether a row is old, and still somebody's where it stays as nobody's."""
    if not _is_sold(table):
        return rule.is_old
    is_somebodys = " or ".join(f"{quote(column)} is not null" for column in _emptied(table))
    return f"{rule.is_old} and ({is_somebodys})"


def _is_sold(table: Table) -> bool:
    return any(person.is_kept for person in table.whose)


def _emptied(table: Table) -> list[str]:
    return list(dict.fromkeys(column for p in table.whose for column in [*p.key_columns, *p.emptied]))


def rule_of(con: duckdb.DuckDBPyConnection, table: Table, cutoffs: Mapping[str, date]) -> Rule | None:
    """The rule of a raw table, None where its rows are nobody's: as it says, or as the entity that it is mapped to."""
    if table.retention:
        said = table.retention
        moments = [_utc(quote(column)) for column in said.happened_at]
        return _rule(con, table, said.category, moments, {quote(c): v for c, v in said.only.items()}, said.while_known, cutoffs)  # fmt: skip
    rules = []
    for mapped in table.maps:
        entity = retentions().get(mapped.entity)
        if entity:
            moments = [m for m in (mapped_moment(mapped, column) for column in entity.happened_at) if m]
            only = {_mapped_value(mapped, c): v for c, v in entity.only.items()}
            rules.append(_rule(con, table, entity.category, moments, only, entity.while_known, cutoffs))
    if len(rules) > 1:
        # a row stays while any entity needs it; staging hides it from those that are done with it (mapping_parts.py)
        moment = f"greatest({', '.join(rule.moment for rule in rules)})"
        kept = " or ".join(f"coalesce({rule.kept}, false)" for rule in rules)
        return Rule(moment, min(rule.cutoff for rule in rules), f"({kept})")
    if rules:
        return rules[0]
    return _rule(con, table, _UNKNOWN, [], {}, False, cutoffs) if table.whose else None


def _rule(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    category: str,
    moments: list[str],
    only: dict[str, list[str]],
    while_known: bool,
    cutoffs: Mapping[str, date],
) -> Rule:
    # fail closed: a row expires by what it is known to be, so that a withdrawal in unknown words stands
    kept = [
        f"coalesce(lower(trim({column}::varchar)) not in ({', '.join(text(value.lower()) for value in values)}), true)"
        for column, values in only.items()
    ]
    if table.is_whole:
        # what the newest delivery has still stands, since whenever
        kept.append("_deleted_at is null")
    named = [p for p in table.whose if p.given_name and p.family_name and p.birth_date]
    if while_known and named:
        kept.append(_is_of_somebody_known(con, named[0]))
    # of a row that tells no time, it is known when it came
    moment = f"coalesce(greatest({', '.join(moments)}), _extracted_at)" if moments else "_extracted_at"
    return Rule(moment, cutoffs[category], " or ".join(kept) or "false")


def _is_of_somebody_known(con: duckdb.DuckDBPyConnection, person: Person) -> str:
    """SQL: whether somebody known has the birth date and one of the family names; true of what came since people were built.

    In doubt a row stays: it may protect somebody who is delivered with it.
    """
    if not has_table(con, "conformed", "conformed_people"):
        return "true"
    born = f"'|' || {birth(quote(str(person.birth_date)))}"
    word = f"unnest(match_keys.words_of({quote(str(person.family_name))})) || {born}"
    known = f"unnest(match_keys.words_of(concat_ws(' ', family_name, full_name))) || '|' || {birth('birth_date')}"
    people = "conformed.conformed_people"
    return (
        f"exists (select 1 from (select {word} as name) where name in (select {known} from {people})) "
        f"or _load_id > (select coalesce(max(load_id), 0) from {people})"
    )


def _utc(expression: str) -> str:
    return f"(try_cast({expression}::varchar as timestamptz) at time zone 'UTC')"


def _mapped_value(mapped: EntityMap, column: str) -> str:
    """SQL of the conformed value of a mapped column; null where nothing says it."""
    how = mapped.how(column)
    if how is None:
        return text(str(mapped.constants[column])) if column in mapped.constants else "null"
    return mapped_text(how)


def _own_key(table: Table) -> str | None:
    """SQL: the key, as text, of a table whose rows are people's own records."""
    own = next((p.key_columns for p in table.whose if p.key and p.key_columns == table.key and not p.system), None)
    return key_text(own) if own else None


# every record of whoever has one that is old, and whether it is heard of: by itself, so far
_THEIRS = """
create or replace temp table theirs as
with current_records as ({records}),
records as (
    select source_system, source_key, customer_id as customer from current_records
    where customer_id in (select customer_id from current_records join old_records using (source_system, source_key))
    union all
    select source_system, source_key, source_system || ':' || source_key from old_records
    anti join current_records using (source_system, source_key)
)
select r.*, o.source_key is null as is_active, coalesce(o.is_held, false) as is_held
from records r left join old_records o using (source_system, source_key)
"""
_RECORDS = "select source_system, source_key, customer_id from identity.customer_source_records where valid_to is null"
_NO_RECORDS = "select '' as source_system, '' as source_key, '' as customer_id where false"
_INACTIVE = "(select source_key from theirs where source_system = {source} and customer not in (select customer from theirs where {by}))"


def _forget_inactive(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    people: list[_People],
    cutoffs: Mapping[str, date],
    held: HeldRows | None,
) -> dict[str, int]:
    """People of whom nothing was heard for as long: neither of the record, nor of another one of the same customer."""
    con.execute("create or replace temp table old_records (source_system varchar, source_key varchar, is_held boolean)")
    for own in people:
        con.execute(
            f"insert into old_records select {text(own.source)}, {own.key}, {own.theirs} "
            f"from {_raw(own.source, own.name)} where {own.rule.is_old}"
        )
    if not scalar(con, "select count(*) from old_records"):
        return {}
    is_known = has_table(con, "identity", "customer_source_records")
    con.execute(_THEIRS.format(records=_RECORDS if is_known else _NO_RECORDS))
    since = max(own.rule.cutoff for own in people)
    for source, spec in settings.enabled_sources.items():
        for name, table in spec.tables.items():
            rule = rule_of(con, table, cutoffs)
            for person in table.whose:
                if rule and person.key and person.key_columns != table.key:
                    con.execute(
                        f"update theirs set is_active = true where source_system = {text(person.system or source)} and source_key in "
                        f"(select {key_text(person.key_columns)} from {_raw(source, name)} where {rule.moment} >= date {text(since.isoformat())})"
                    )
    gone: dict[str, int] = {}
    for own in people:
        raw, place = _raw(own.source, own.name), f"{own.source}.{own.name}"
        # a record under a hold keeps the others of its customer, as one that is heard of does
        inactive, unheard = (
            f"{own.rule.is_old} and {own.key} in {_INACTIVE.format(source=text(own.source), by=by)}"
            for by in ("is_active or is_held", "is_active")
        )
        if held:
            held.counts[place] += _count(con, raw, unheard) - _count(con, raw, inactive)
        gone[place] = _changed(con, f"delete from {raw} where {inactive}")
    return gone


def _forget_built(
    con: duckdb.DuckDBPyConnection, entity: str, said: EntityRetention, source: str, cutoffs: Mapping[str, date]
) -> None:
    """Takes out of a conformed table, of its fact and of quarantine what raw no longer has."""
    staged, table = f"stg_{source}__{entity}", f"conformed_{entity}"
    if not has_table(con, "conformed", table) or not _has_view(con, "staging", staged):
        return
    # only the slice that may be too old is compared; where rows tell no time, or a person decides, all of it
    slice_ = ""
    if said.happened_at and entity != "people":
        until = text((cutoffs[said.category] + _SLACK).isoformat())
        slice_ = f"coalesce(greatest({', '.join(said.happened_at)}), extracted_at) < date {until} and "
    con.execute(
        f"create or replace temp table gone_keys as select source_key from conformed.{table} where {slice_}source_system = {text(source)} "
        f"and source_key not in (select source_key from staging.{staged} where {slice_}source_key is not null)"
    )
    # facts take what is new of their entity, and would not see what is gone
    for schema, name in (("conformed", table), ("marts", f"fct_{entity}")):
        if has_table(con, schema, name):
            con.execute(
                f"delete from {schema}.{name} where source_system = {text(source)} and source_key in (from gone_keys)"
            )
    if said.is_kept:
        _part_from_person(con, entity, source, staged, slice_)
    forget_set_aside(con, source, entity)


def _part_from_person(con: duckdb.DuckDBPyConnection, entity: str, source: str, staged: str, slice_: str) -> None:
    """What was sold is nobody's any more, where it is nobody's in raw."""
    nobodys = f"select source_key from staging.{staged} where {slice_}person_key is null"
    for schema, name, emptied in (
        ("conformed", f"conformed_{entity}", "person_key = null"),
        ("marts", f"fct_{entity}", "person_key = null, customer_id = null"),
    ):
        if has_table(con, schema, name):
            con.execute(
                f"update {schema}.{name} set {emptied} where source_system = {text(source)} and person_key is not null and source_key in ({nobodys})"
            )


def _forget_rejects(con: duckdb.DuckDBPyConnection, before: date, held: HeldRows | None) -> int:
    """Lines that could not be read tell no time: they go as soon as any category would."""
    old = f"load_id in (select load_id from ops.loads where loaded_at < date {text(before.isoformat())})"
    if held and held.is_any:
        theirs = f"{old} and {held.of_line}"
        held.counts["quarantine.rejected_rows"] += int(
            scalar(con, f"select count(*) from quarantine.rejected_rows where {theirs}")
        )
        old += f" and not {held.of_line}"
    return _changed(con, f"delete from quarantine.rejected_rows where {old}")


def _has_view(con: duckdb.DuckDBPyConnection, schema: str, view: str) -> bool:
    found = "select count(*) from duckdb_views() where database_name = current_database() and schema_name = $1 and view_name = $2"
    return bool(scalar(con, found, [schema, view]))


def _raw(source: str, name: str) -> str:
    return f"{quote('raw_' + source)}.{quote(name)}"


def _count(con: duckdb.DuckDBPyConnection, relation: str, where: str) -> int:
    return int(scalar(con, f"select count(*) from {relation} where {where}"))


def _changed(con: duckdb.DuckDBPyConnection, statement: str) -> int:
    return int(scalar(con, statement))
