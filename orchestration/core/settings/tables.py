"""Settings of one table of a source system: its columns, how it is read, whose its rows are.

Not here: the source (settings/__init__.py), persons and retention (settings/people.py), mappings (settings/maps.py), whose rows
they say that they are (settings/whose.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, Field, PrivateAttr, field_validator, model_validator

from orchestration.core.settings.maps import MAX_AGE_HOURS, REGISTERS, STATEMENTS, EntityMap
from orchestration.core.settings.paging import ForEach, Made, Paging, refuse_unnamed
from orchestration.core.settings.people import NationalId, Person, Retention
from orchestration.core.settings.whose import mapped_persons


class CsvDialect(BaseModel, extra="forbid", frozen=True):
    delimiter: str = Field(default=",", description="one character")
    quote: str = Field(default='"', description="one character, or none where the file quotes nothing")
    encoding: Literal["utf-8", "latin-1", "windows-1252", "utf-16"] = Field(
        default="utf-8", description="latin-1 is read as Windows-1252, of which it is a part"
    )
    decimal: Literal[".", ","] = "."
    has_header: bool = Field(default=True, description="without one, the columns are those declared, in their order")
    skip_lines: int = Field(
        default=0, ge=0, description="lines before the header, or before the first row, that say something else"
    )

    @field_validator("delimiter")
    @classmethod
    def _is_one_character(cls, said: str) -> str:
        if len(said) != 1 or said in "\r\n":
            raise ValueError(
                f"delimiter = {said!r} is not one character: have the file exported with one, as ; or | or \\t"
            )
        return said

    @field_validator("quote")
    @classmethod
    def _is_one_byte(cls, said: str) -> str:
        if len(said) > 1 or not said.isascii() or said in ("\r", "\n"):
            raise ValueError(f'quote = {said!r} is not one character of ASCII: say "" where the file quotes nothing')
        return said

    @model_validator(mode="after")
    def _are_two(self) -> CsvDialect:
        if self.delimiter == self.quote:
            raise ValueError(f"delimiter and quote are both {self.quote!r}: they are two characters")
        return self


class Table(BaseModel, extra="forbid", frozen=True):
    """One table of a source system, as the vendor has it. `columns` are DuckDB types, the schema contract."""

    columns: dict[str, str] = Field(
        min_length=1,
        description="column → DuckDB's type; a list of names, or nothing where maps say what is read: they are text, but for `types`",
    )
    types: dict[str, str] = Field(
        default={}, description="types of columns that are not text, where `columns` says none"
    )
    key: list[str] = Field(default=[], description="merge on these; empty: every delivered row is a row of its own")
    cursor: str | None = Field(default=None, description="column that grows when a row changes: incremental reads")
    cursor_lag: float | None = Field(
        default=None,
        ge=0,
        description="how far below the newest row an incremental read begins, for rows that are committed late: hours, or of a "
        "cursor that is a number so many numbers; 24 hours or 1000 unless given",
    )
    read: Literal["changes", "whole"] | None = Field(
        default=None,
        description="sql and rest: read what changed by the cursor, or the whole table each time, as statements of consent and "
        "events of email are unless said otherwise: such rows are entered late, with old times; of files a row that comes later "
        "then counts, whatever its cursor says",
    )
    path: str | None = Field(default=None, description="files: glob below the source's url")
    sheet: str | None = Field(default=None, description="files of Excel: the sheet; the first unless given")
    table: str | None = Field(default=None, description="sql: the table's name there, when it differs")
    endpoint: str | None = Field(default=None, description="rest: path below the source's url")
    body: dict[str, Any] | None = Field(
        default=None, description="rest: what the endpoint is asked with, by POST, as JSON; no secret"
    )
    paging: Paging | None = Field(
        default=None,
        description="rest: where this endpoint pages otherwise than its source; json_pages: `rows` alone, where a file has its rows",
    )
    for_each: ForEach | None = Field(
        default=None,
        description="rest: an endpoint, for each of whose rows this one is asked: forms/{form_id}/responses",
    )
    made: Made | None = Field(
        default=None, description="rest: where the API first makes a file of the rows, which is waited for and fetched"
    )
    rows_in: str | None = Field(
        default=None,
        description="rest, sql, jsonl and json_pages: the list within each row whose elements are the rows of this table: line_items",
    )
    carried: dict[str, str] = Field(
        default={},
        description='with rows_in: column → where the row that holds the list has it, as order_id = "id"; # is the place in the list; rest and sql '
        "also without rows_in: where the row itself has it, to read a part of an object and not be told of the others",
    )
    filled_only: list[str] = Field(
        default=[],
        description="rest, sql, jsonl and json_pages: columns that stand in a row only where they are filled, so that none of many rows may have them",
    )
    not_read: list[str] = Field(
        default=[], description="columns that are known to be there and are not read: a night does not tell of them"
    )
    find_deletions: bool = Field(
        default=False,
        description="sql: compare keys, mark rows that are gone there; rest: the same, whenever the table is read whole",
    )
    fresh_within_hours: float | None = Field(
        default=None,
        description="warn when nothing new came for so long: no row that changed by the cursor, else no row and no file; of "
        f"consent and email events exports stop, too, and of their files {MAX_AGE_HOURS} hours are meant where nothing is said",
    )
    csv: CsvDialect | None = Field(default=None, description="files: where this table's files differ from the source's")
    is_whole: bool = Field(
        default=False, description="files: each is the whole table: rows that the newest one has no more are gone"
    )
    optional: bool | Literal["before_first"] = Field(
        default=False, description="files: no file at all is not an error; before_first: as long as none ever came"
    )
    told_by: Literal["sha256", "rows"] | None = Field(
        default=None,
        description="files: beside each lies one of the same name with .sha256 (as `sha256sum` writes it) or .rows (a number) "
        "after it; a file that is not as it tells, or has none yet, is not read",
    )
    min_rows: int | None = Field(default=None, ge=0, description="files: one with fewer rows is refused: it may be cut")
    national_id: NationalId | None = None
    persons: list[Person] = Field(
        default=[],
        description="whose the rows are, where they are anybody's; [] says that they are nobody's, where a column is called as an address or a number",
    )
    retention: Retention | None = Field(
        default=None, description="unless given, as of the entity that the table is mapped to"
    )
    texts: list[str] | None = Field(
        default=None,
        description="columns that people write in, or column.field of nested rows: special categories and identity numbers are "
        "taken out of them; unless given, all text of which nothing else is said",
    )
    questions: dict[str, str] = Field(
        default={}, description="column that says what another's value is about: none is kept of a special category"
    )
    choices: list[str] = Field(
        default=[],
        description="columns of what people chose, as a number of at most three digits: whatever else is written there is emptied",
    )
    not_special: list[str] = Field(
        default=[], description="columns that are named as a special category is (Art. 9), and are none: kept"
    )
    maps: list[EntityMap] = []
    lacks: list[str] = Field(default=[], description="columns of a vendor's table that this one does not have")
    more: list[str] = Field(default=[], description="columns of a vendor's table that this one has, of its `opt_outs`")
    answers: dict[str, str] | list[str] = Field(
        default=[],
        description="of a vendor's table of responses, columns of grades, or column → its question: a number of at most three digits is an answer",
    )
    nps: str | None = Field(
        default=None, description="of a vendor's table of responses, the column of how likely they recommend, 0 to 10"
    )
    opt_outs: list[str] = Field(
        default=[],
        description="of a vendor's table, patterns of columns that say who opted out of one kind of message: a table with one that "
        "`more` does not name is not read",
    )
    # entities that a staging model written by hand makes of it: the models say so, not the configuration
    _staged_for: frozenset[str] = PrivateAttr(default=frozenset())

    @model_validator(mode="after")
    def _key_and_cursor_are_columns(self) -> Table:
        if self.national_id and (len(self.key) != 1 or self.national_id.column in self.key):
            raise ValueError("a table with a national_id needs one key column, which is another")
        by_letters = [name.casefold() for name in self.columns]
        alike = sorted(name for name in self.columns if by_letters.count(name.casefold()) > 1)
        if alike:
            raise ValueError(
                f"columns that differ by case alone: {', '.join(alike)}; the warehouse cannot tell them apart"
            )
        if both := sorted({*self.not_read} & {*self.columns}):
            raise ValueError(f"{', '.join(both)}: among the columns, and not_read: take it out of one of them")
        for column in self.carried:
            if column not in self.columns:
                raise ValueError(f"carried says '{column}', which is not among the columns")
        refuse_unnamed(self.endpoint or "", self.for_each)
        if self.is_whole and not self.key:
            raise ValueError("a table whose files are whole needs a key: by it rows that are gone are found")
        identity = [self.national_id.column, self.national_id.country_column] if self.national_id else []
        persons = [column for person in self.persons for column in person.columns]
        paths = [*(self.texts or []), *self.questions, *self.questions.values()]
        # a column's own name may hold a dot
        read = [path if path in self.columns else path.partition(".")[0] for path in paths]
        aged = [*self.retention.happened_at, *self.retention.only] if self.retention else []
        used = [
            *self.key,
            *filter(None, [self.cursor, *identity]),
            *persons,
            *read,
            *self.choices,
            *self.not_special,
            *self.filled_only,
            *aged,
        ]
        for name in used:
            if name not in self.columns:
                raise ValueError(
                    f"'{name}' is used as key, cursor, national_id, persons, retention, texts, questions, choices, not_special or filled_only but is "
                    f"not among the columns: {', '.join(sorted(self.columns))}"
                )
        return self

    def staged_for(self, entities: Iterable[str]) -> Table:
        """The same table, of which staging models written by hand make these entities."""
        staged = self.model_copy()
        staged._staged_for = frozenset(entities)  # type: ignore[misc]  # of a frozen model only the fields are
        return staged

    @property
    def entities(self) -> set[str]:
        """The conformed entities that its rows become, by mapping or by a staging model written by hand."""
        return {mapped.entity for mapped in self.maps} | self._staged_for

    @property
    def holds_statements(self) -> bool:
        """Whether its rows say what somebody consented to, withdrew or complained of."""
        return not self.entities.isdisjoint(STATEMENTS) or any(p.grant or p.refusal for p in self.persons)

    @property
    def is_address_register(self) -> bool:
        """Whether its rows say whose identity is protected, and who died."""
        by_columns = {"is_protected", "is_deceased"} <= set(self.columns)
        return by_columns or "address_updates" in self.entities

    @property
    def is_register(self) -> bool:
        """Whether its rows are a register's: who is reserved, protected or dead. A lost one lets somebody be written to."""
        is_kept_as_one = self.retention is not None and self.retention.category == "register"
        return is_kept_as_one or not self.entities.isdisjoint(REGISTERS)

    @property
    def is_by_cursor(self) -> bool:
        """Whether of two deliveries of a row in files the one with the greater cursor stands. Statements, and an address register
        (`read = "whole"`), are entered with old times: their times are of what they tell."""
        return bool(self.cursor) and self.read != "whole" and not self.holds_statements

    @property
    def is_read_whole(self) -> bool:
        """Whether it is read whole each night whatever its cursor: asked for, or statements, which are entered with old times."""
        return self.read == "whole" or (self.holds_statements and self.read != "changes")

    @property
    def whose(self) -> list[Person]:
        """The persons that are declared, else what the mappings say."""
        if self.persons:
            return [self._with_formats(person) for person in self.persons]
        return mapped_persons(self.maps)

    def _with_formats(self, person: Person) -> Person:
        """The person, whose birth date is read by the formats of the mapping of its column."""
        found = [how.formats for m in self.maps if (how := m.how("birth_date")) and how.columns == [person.birth_date]]
        own = person.birth_formats or next(filter(None, found), [])
        return person.model_copy(update={"birth_formats": own})
