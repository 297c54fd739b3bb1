"""What of a source is mapped to an entity: its tables' maps, and SQL of their keys and of the rows that are read.

Not here: a mapped column's value (mapping_values.py), the models (transform/mapping_sql.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestration.contracts.conformed import EntityRetention, entities, named_by, retentions
from orchestration.contracts.mapping_expressions import resolved
from orchestration.contracts.mapping_relations import Raw, relation
from orchestration.contracts.mapping_times import mapped_moment
from orchestration.contracts.mapping_values import mapped_text, names_nobody, stripped
from orchestration.core.settings import Table
from orchestration.core.settings.maps import STATEMENTS, ColumnMap, EntityMap
from orchestration.core.warehouse import quote, text

# besides those whose key a column of another entity has (named_by): one key in two maps is one thing. Of all others it is two rows
_ONE_THING = ("people", "carts")
# of what somebody said no row may stand for another: one that shares its key may be the withdrawal


@dataclass(frozen=True)
class Part:
    """One map of one raw table. `label` parts its keys from those of earlier maps to the entity, of the table and of the tables
    before it."""

    table: str
    shape: Table
    mapping: EntityMap
    label: str = ""
    nulls: tuple[str, ...] = ()  # what the source writes for nothing
    null_keys: tuple[str, ...] = ()  # what it writes, besides, where a row refers to nobody
    written: EntityMap | None = None  # the mapping as the configuration has it, with its expressions

    def rows(self, raw: Raw) -> str:
        """SQL: the raw table with what the mapping computes of its columns. `raw` says where a table of the source lies."""
        return relation(self.written, raw(self.table), raw) if self.written else raw(self.table)

    @property
    def is_unique(self) -> bool:
        """Whether raw already holds one row for each key."""
        columns = self.mapping.how("source_key").columns  # type: ignore[union-attr] # checked when it was read
        is_own = bool(self.shape.key) and set(self.shape.key) <= set(columns)
        return not self.mapping.one_row_per_key and (is_own or columns == ["_row_key"])

    @property
    def loses_keys(self) -> bool:
        """Whether a key may be gone without a row that is deleted: where raw replaces a row by another key than the map's, or a row is too old."""
        columns = self.mapping.how("source_key").columns  # type: ignore[union-attr] # checked when it was read
        return bool(self.hidden_by) or (bool(self.shape.key) and not set(self.shape.key) <= set(columns))

    def key(self, of: str = "") -> str:
        key = _key(self, of)
        if self.mapping.entity in STATEMENTS:
            # a statement whose key is shared, or empty, is known by all that it says
            said = ", ".join(f"coalesce(cast({of}{quote(c)} as varchar), '')" for c in self.mapping.read)
            content = f"'|' || md5(concat_ws('|', {said}))"
            key = f"coalesce({key}, '')" + (
                f" || {content}" if not self.is_unique else f"|| case when {key} is null then {content} else '' end"
            )
        return f"({key}) || {text('|' + self.label)}" if self.label else key

    @property
    def hidden_by(self) -> EntityRetention | None:
        """The entity's retention where the table's rows may have to stay longer: for another entity, or because raw alone does not
        tell when they happened."""
        said = retentions().get(self.mapping.entity)
        if not said or not said.happened_at or said.is_kept or self.mapping.entity == "people":
            return None
        written = self.written or self.mapping
        if any(written.how(column) and not written.is_raw(column) for column in said.happened_at):
            return said
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
            # withdrawals stand
            stands = [self._is_other(column, values, of) for column, values in said.only.items()]
            is_fresh = (
                f"{moment} >= (select cast(c.as_of as date) - {kept} from ops.clock c, reference.data_categories d "
                f"where d.category = {text(said.category)})"
            )
            wanted.append(f"({' or '.join([is_fresh, *stands])})")
        return " and ".join(wanted)

    def _is_other(self, column: str, values: Sequence[str], of: str) -> str:
        """SQL: whether a conformed column has none of the values."""
        how, constant = self.mapping.how(column), self.mapping.constants.get(column)
        value = f"cast({mapped_text(how, of)} as varchar)" if how else text(str(constant)) if constant else "''"
        return f"coalesce(lower({stripped(value)}) not in ({', '.join(map(text, values))}), true)"


def label_of(mapping: EntityMap, earlier: int) -> str:
    """What parts the keys of a map from those of as many `earlier` maps of the table to its entity; empty where nothing is to."""
    return (mapping.name or str(earlier + 1)) if earlier and not _is_one_thing(mapping.entity) else ""


def _is_one_thing(entity: str) -> bool:
    return entity in _ONE_THING or any(entity in named_by(other).values() for other in entities())


def with_the_same_label(maps: Sequence[EntityMap]) -> EntityMap | None:
    """The first of a table's maps whose rows would share the keys of another one's: two statements with one key are read as one."""
    seen: dict[str, list[str]] = {}
    for mapping in maps:
        labels = seen.setdefault(mapping.entity, [])
        label = label_of(mapping, len(labels))
        if label and label in labels:
            return mapping
        labels.append(label)
    return None


def parts_of(
    tables: dict[str, Table], nulls: Sequence[str] = (), null_keys: Sequence[str] = ()
) -> dict[str, list[Part]]:
    """By entity: the maps of a source's tables that feed it; `nulls` and `null_keys` are the source's."""
    found: dict[str, list[Part]] = {}
    for table, shape in tables.items():
        for mapping in shape.maps:
            parts = found.setdefault(mapping.entity, [])
            label = label_of(mapping, sum(part.table == table for part in parts))
            # two tables count their rows from 1: a line, or a yes, of one must not stand for a line or a no of the other
            if parts and parts[0].table != table and not _is_one_thing(mapping.entity):
                label = f"{table}|{label}" if label else table
            parts.append(Part(table, shape, resolved(mapping), label, tuple(nulls), tuple(null_keys), mapping))
    return found


def _key(part: Part, of: str) -> str:
    how = how_of(part.mapping, "source_key")
    key = mapped_text(how, of)
    if len(how.columns) == 1:
        key = said_or_null(part, key, is_key=part.mapping.entity == "people")
    return key


def said_or_null(part: Part, raw: str, *, is_key: bool = False) -> str:
    """SQL: a value, or null where it is what the source writes for nothing; guests whose key is 0 are not one customer."""
    if is_key:  # Guest, NONE: of keys in any case
        return f"case when not {names_nobody(raw, (*part.nulls, *part.null_keys))} then {raw} end"
    listed = ", ".join(text(value) for value in dict.fromkeys(["", *part.nulls]))
    return f"case when {stripped(f'cast({raw} as varchar)')} not in ({listed}) then {raw} end"


def how_of(mapping: EntityMap, column: str) -> ColumnMap:
    how = mapping.how(column)
    assert how, column
    return how
