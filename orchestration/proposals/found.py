"""What was found of a place, whatever kind of place it is: tables with their maps, and what of them the block says.

Here: currencies, cursors, types as they are declared. Not here: looking (propose.py, database.py, api.py), or writing TOML (block.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from orchestration.contracts.conformed import entities, named_by
from orchestration.contracts.words import concepts_of, currency_of
from orchestration.core.errors import ConfigurationError
from orchestration.core.settings import CsvDialect, Table
from orchestration.privacy.intake.entry_columns import category_of_column, names_of
from orchestration.privacy.intake.national_id_names import holds_national_ids
from orchestration.proposals import block
from orchestration.proposals.columns import Column
from orchestration.proposals.entities import table_of, withheld
from orchestration.proposals.proposal import Proposal
from orchestration.proposals.recognised import Recognised

# read as text, whatever they look like: 022 and 22 are two of them, and the next may have a letter
_TEXT = ("postal_code", "phone", "registration_number", "house_number")
# numbers that are no amounts
_COUNTS = ("quantity", "refunded_quantity", "items")
# columns that an error names of a table
_MOST_NAMED = 8


@dataclass(frozen=True)
class FoundTable:
    """What was found of one table. Nothing in it is a value of a row."""

    name: str
    files: int
    rows: int
    columns: list[Column]
    key: tuple[str, ...]
    withheld: dict[str, str]  # column that never enters raw → why
    maps: list[Proposal]
    unmapped: list[str]
    problem: str = ""
    dialect: CsvDialect | None = None
    vendor: Recognised | None = None  # whose table it is, where it is known as it is
    is_view: bool = False
    looked_at: int | None = None  # rows, where they are not all
    notes: tuple[str, ...] = ()  # what a person has to know of all its rows
    has_cursor: bool = True  # whether changes can be asked for
    within: dict[str, object] = field(default_factory=dict)  # which list it is, where it is one; whose its answers are
    foreign: dict[str, str] = field(default_factory=dict)  # column → the table whose key it holds, as a database says
    # columns that maps of other tables look up → whether they look by it
    lent: Mapping[str, bool] = field(default_factory=dict)

    @property
    def usable(self) -> list[Proposal]:
        """The maps that a night accepts."""
        return [one for one in self.maps if not one.missing]

    @property
    def entities(self) -> set[str]:
        """What it has; people who are read out of rows count where the rows say who they are."""
        return {one.entity for one in self.usable if not _are_bare(one)}

    @property
    def read(self) -> set[str]:
        """The columns that a map reads, of this table or of another one."""
        return {*self.lent, *(column for one in self.usable for column in one.read)}

    @property
    def is_read(self) -> bool:
        """Whether a night reads the table at all."""
        return bool(self.usable or self.lent)

    @property
    def not_read(self) -> list[str]:
        """What neither a map nor the block reads; what the tables beside it told may have mapped more since."""
        return [column for column in self.unmapped if column not in self.read]

    @property
    def named_by(self) -> set[str]:
        """The columns by which the block says whose the rows are, beyond its maps."""
        persons = self.within.get("persons")
        said = [one for person in persons for one in person.values()] if isinstance(persons, list) else []
        return {c for one in said for c in ([one] if isinstance(one, str) else one)}


@dataclass(frozen=True)
class ProposedSource:
    """A block for kundbild.toml, and what it stands on. `names` are the sources in it: one for each format."""

    block: str
    names: list[str]
    tables: list[FoundTable]
    ignored: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict, repr=False)  # secrets that are to be set before a run
    to_set: tuple[str, ...] = ()  # variables of secrets that nobody has said yet
    more: tuple[str, ...] = ()  # what a person has to know that no table says

    @property
    def notes(self) -> list[str]:
        told = (
            note if len(self.tables) == 1 or note.startswith(f"{table.name}: ") else f"{table.name}: {note}"
            for table in self.tables
            for note in (*table.notes, *(said for one in table.maps for said in one.notes))
        )
        # two maps of one column say the same of it
        return list(dict.fromkeys([*told, *self.more]))


def assert_name(name: str) -> None:
    """Raises ConfigurationError where a source cannot be called so."""
    if not name.isidentifier() or name != name.lower() or "__" in name:
        raise ConfigurationError(
            f"'{name}' is not a valid name for a source", to_do="use lower-case letters, digits and single _"
        )


def nothing_is_mapped(tables: Iterable[FoundTable], where: str) -> ConfigurationError:
    told = "; ".join(_told(table) for table in tables)
    return ConfigurationError(
        f"nothing there could be mapped by itself: {told}", where=where,
        to_do="write the block by hand (README, Your own systems), or `kundbild add-system` for models of your own",
    )  # fmt: skip


def _told(table: FoundTable) -> str:
    """A table of which nothing is mapped: why it could not be read, or its columns."""
    if table.problem:
        return f"{table.name}: {table.problem}"
    names = [column.name for column in table.columns]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{table.name} ({', '.join(names[:_MOST_NAMED])}{more})"


def unread(name: str, problem: str, files: int = 0) -> FoundTable:
    return FoundTable(name, files, 0, [], (), {}, [], [], problem=problem)


def why_withheld(
    names: Sequence[str], rows_in: str | None = None, carried: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Columns that never enter raw → why. Of elements of a list their names there count too."""
    of = table_of(names, rows_in, carried)
    return {column: category_of_column(of, column) or _number_of(of, column) for column in withheld(names, of)}


def _number_of(of: Table, column: str) -> str:
    return "national identity numbers" if any(map(holds_national_ids, names_of(of, column))) else "withheld"


def with_currency(one: Proposal, columns: list[Column], currency: str) -> Proposal:
    """The currency of amounts that no column says: the one beside the amounts, in the column's name, or the company's."""
    of_entity = entities()[one.entity]
    if "currency" not in of_entity or one.of("currency") or one.missing:
        return one
    amounts = [
        f.columns[0] for f in one.filled if of_entity[f.target].startswith("decimal") and f.target not in _COUNTS
    ]
    if not amounts:
        return one
    by_name = {column.name: column for column in columns}
    own = {c for name in amounts if (c := by_name[name].currency or currency_of(name))}
    doubtful = next((name for name in amounts if by_name[name].has_currency_in_doubt and not currency_of(name)), None)
    if doubtful or len(own) > 1:
        said = f"{doubtful or ', '.join(amounts)}: not mapped, for its amounts are of several currencies, or of one that is not known"
        return replace(one, missing=(*one.missing, "currency"), notes=(*one.notes, said))
    constants = {**one.constants, "currency": next(iter(own), currency)}
    return replace(one, constants=constants, assumes_currency=not own)


def beside(table: FoundTable, own: Collection[str], others: Mapping[str, Collection[str]]) -> FoundTable:
    """The table, of a source that has the entities `own`, beside other sources of the same place and theirs: its people are those of
    the one that has people, and what else it names there is told, for it is joined within one source."""
    whose = [source for source, entities_there in others.items() if "people" in entities_there]
    elsewhere = {entity for entities_there in others.values() for entity in entities_there} - set(own)
    maps = []
    are_theirs = "people" not in own and len(whose) == 1
    for one in table.maps:
        if are_theirs and _are_bare(one):
            continue
        said = {"person_system": whose[0]} if are_theirs and one.of("person_key") else {}
        notes = [
            f"{target}: {one.entity} and {of} are files of two formats, and so two sources, which are not joined: write both in one format"
            for target, of in named_by(one.entity).items()
            if of in elsewhere and one.of(target)
        ]
        maps.append(replace(one, constants={**one.constants, **said}, notes=(*one.notes, *notes)))
    return replace(table, maps=maps)


def _are_bare(one: Proposal) -> bool:
    """Whether they are people of whom rows of something else say no more than a key and a place: nothing joins them with anybody."""
    says_who = any(map(one.of, ("email", "phone", "full_name", "family_name")))
    return one.entity == "people" and one.one_row_per_key and not says_who


def with_lent(tables: Sequence[FoundTable]) -> list[FoundTable]:
    """The tables, each with its columns that maps of the tables look up, and whether they look by them."""
    lent: dict[str, dict[str, bool]] = {}
    for lookup in (lookup for table in tables for one in table.usable for lookup in one.lookups):
        columns = lent.setdefault(lookup["table"], {})
        columns |= dict.fromkeys(lookup["columns"].values(), False) | dict.fromkeys(lookup["by"].values(), True)
    return [replace(table, lent=lent.get(table.name, {})) for table in tables]


def declared(table: FoundTable) -> tuple[dict[str, str], str | None]:
    """The columns of the block with their types, and the cursor."""
    cursor = cursor_of(table) if table.has_cursor else None
    wanted = {*table.read, *table.key, *table.named_by, cursor}
    return {c.name: _kind(c, table, table.usable) for c in table.columns if c.name in wanted}, cursor


def table_block(source: str, table: FoundTable, said: dict[str, object]) -> list[str]:
    """The lines of a table and its maps; `said` is how it is read, beyond key and cursor."""
    kinds, cursor = declared(table)
    not_read = [column for column in dict.fromkeys(table.not_read) if column not in kinds]
    how = said | table.within | {"key": list(table.key), "cursor": cursor, "not_read": not_read}
    lines = block.table_lines(source, table.name, how, kinds)
    for one in table.usable:
        lines += block.map_lines(source, table.name, one, table.columns)
    return lines


def cursor_of(table: FoundTable) -> str | None:
    """The column that grows when a row changes: only where the key tells rows apart, and every row has it."""
    if not table.key:
        return None
    found = [
        c
        for c in table.columns
        if "updated_at" in concepts_of(c.name, table.name) and c.declared in ("DATE", "TIMESTAMP")
    ]
    return next((c.name for c in found if c.filled == c.rows), None)


def _kind(column: Column, table: FoundTable, maps: list[Proposal]) -> str:
    targets = {filled.target for one in maps for filled in one.filled if column.name in filled.columns}
    is_text = (
        table.lent.get(column.name)
        or column.name in {*table.key, *table.named_by}
        or any(target.endswith("_key") or target in _TEXT for target in targets)
    )
    return "VARCHAR" if is_text and not column.own_kind else column.declared
