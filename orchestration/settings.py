"""Every setting, typed. Here: the shape of `kundbild.toml`. Not here: reading the file (configuration.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestration.identity_settings import GoldenRecord, Identity
from orchestration.map_settings import EntityMap
from orchestration.operation_settings import Alerts, Engine, Publishing, Quality, Schedule
from orchestration.privacy_settings import Privacy
from orchestration.time_zones import TimeZone

PROJECT_DIR = Path(__file__).resolve().parent.parent
DBT_DIR = PROJECT_DIR / "dbt_project"


class Strict(BaseModel):
    """An unknown key is an error: a misspelt setting must never be silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NationalId(Strict):
    """Keep a keyed hash of a table's national identity numbers, to confirm and veto who is who. The column never enters raw."""

    column: str
    country: Literal["SE", "NO", "DK", "FI"] | None = Field(default=None, description="whose numbers they all are, or")
    country_column: str | None = Field(default=None, description="the column that says whose a row's number is")

    @model_validator(mode="after")
    def _says_whose(self) -> NationalId:
        if (self.country is None) == (self.country_column is None):
            raise ValueError("national_id needs either country or country_column")
        return self


class Grant(Strict):
    """Where a row says that somebody consented: a new explicit consent lets in again who was erased."""

    status: str = Field(description="column that says so")
    granted: list[str] = Field(min_length=1, description="its values that do")
    stated_at: str = Field(description="column of when")
    wording: str = Field(description="column of what was consented to: without it, nothing was")
    purpose: str | None = Field(default=None, description="column of what for")
    channel: str | None = Field(default=None, description="column of by which channel")


class Person(Strict):
    """Whose a table's rows are: what erasure, suppression, restriction and subject access go by."""

    key: str | list[str] | None = Field(
        default=None, description="column, or columns, with the person's key, the source_key of people"
    )
    system: str | None = Field(default=None, description="source whose key it is; the table's own unless given")
    email: list[str] = []
    phone: list[str] = []
    country_code: str | None = Field(default=None, description="how phone numbers without a country are read")
    given_name: str | None = None
    family_name: str | None = None
    birth_date: str | None = None
    own: list[str] = Field(
        default=[],
        description="columns whose values are one person's, as a visitor's cookie: rows that share one go too",
    )
    is_kept: bool = Field(
        default=False, description="erasure keeps the rows, for accounting: `key` and what is `emptied` become null"
    )
    emptied: list[str] = []
    grant: Grant | None = None
    refusal: str | None = Field(default=None, description="column of the kind of a message's event: refusals withdraw")

    @property
    def key_columns(self) -> list[str]:
        return [self.key] if isinstance(self.key, str) else self.key or []

    @property
    def columns(self) -> list[str]:
        said = self.grant.model_dump(exclude={"granted"}).values() if self.grant else ()
        single = [self.country_code, self.given_name, self.family_name, self.birth_date, self.refusal, *said]
        return [*self.key_columns, *filter(None, single), *self.email, *self.phone, *self.own, *self.emptied]


class Retention(Strict):
    """How long a table's rows are kept: `category` of the seed data_categories says how many days, `happened_at` from when on.

    Rows about a person's record itself are kept until nothing was heard of the customer for so long.
    """

    category: str
    happened_at: list[str] = Field(
        default=[], description="columns of times or dates; the latest counts; unless given, when the row came"
    )
    only: dict[str, list[str]] = Field(
        default={},
        description="column and values of the only rows that expire, without case and blanks: all others stand, as "
        "withdrawals do in whatever words",
    )
    while_known: bool = Field(
        default=False, description="rows stay as long as somebody of their name and birth date is known"
    )


class CsvDialect(Strict):
    delimiter: str = ","
    quote: str = '"'
    encoding: Literal["utf-8", "latin-1", "windows-1252", "utf-16"] = Field(
        default="utf-8", description="latin-1 is read as Windows-1252, of which it is a part"
    )
    decimal: Literal[".", ","] = "."
    has_header: bool = Field(default=True, description="without one, the columns are those declared, in their order")


# rows of these say what was sold: totals outlast the person
_ACCOUNTING = ("orders", "order_items", "invoices")


class Table(Strict):
    """One table of a source system, as the vendor has it. `columns` are DuckDB types, the schema contract."""

    columns: dict[str, str] = Field(min_length=1)
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
        "events of email are unless said otherwise: such rows are entered late, with old times",
    )
    path: str | None = Field(default=None, description="files: glob below the source's url")
    table: str | None = Field(default=None, description="sql: the table's name there, when it differs")
    endpoint: str | None = Field(default=None, description="rest: path below the source's url")
    find_deletions: bool = Field(default=False, description="sql: compare keys, mark rows that are gone there")
    fresh_within_hours: float | None = Field(
        default=None,
        description="warn when nothing new came for so long: no row that changed by the cursor, else no row and no file; of "
        "consent and email events exports stop, too",
    )
    csv: CsvDialect | None = Field(default=None, description="files: where this table's files differ from the source's")
    is_whole: bool = Field(
        default=False, description="files: each is the whole table: rows that the newest one has no more are gone"
    )
    optional: bool = Field(default=False, description="files: no file at all is no error")
    told_by: Literal["sha256", "rows"] | None = Field(
        default=None,
        description="files: beside each lies one of the same name with .sha256 (as `sha256sum` writes it) or .rows (a number) "
        "after it; a file that is not as it tells, or has none yet, is not read",
    )
    min_rows: int | None = Field(default=None, ge=0, description="files: one with fewer rows is refused: it may be cut")
    national_id: NationalId | None = None
    persons: list[Person] = Field(default=[], description="whose the rows are, where they are anybody's")
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
    not_special: list[str] = Field(
        default=[], description="columns that are named as a special category is (Art. 9), and are none: kept"
    )
    maps: list[EntityMap] = []

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
        if self.is_whole and not self.key:
            raise ValueError("a table whose files are whole needs a key: by it rows that are gone are found")
        identity = [self.national_id.column, self.national_id.country_column] if self.national_id else []
        persons = [column for person in self.persons for column in person.columns]
        read = [path.partition(".")[0] for path in [*(self.texts or []), *self.questions, *self.questions.values()]]
        aged = [*self.retention.happened_at, *self.retention.only] if self.retention else []
        used = [*self.key, *filter(None, [self.cursor, *identity]), *persons, *read, *self.not_special, *aged]
        for name in used:
            if name not in self.columns:
                raise ValueError(
                    f"'{name}' is used as key, cursor, national_id, persons, retention, texts, questions or not_special but is "
                    f"not among the columns: {_list(self.columns)}"
                )
        return self

    @property
    def holds_statements(self) -> bool:
        """Whether its rows say what somebody consented to, withdrew or complained of."""
        return any(m.entity in ("consent_events", "email_events") for m in self.maps) or any(
            p.grant or p.refusal for p in self.persons
        )

    @property
    def is_read_whole(self) -> bool:
        """Whether it is read whole each night whatever its cursor: asked for, or statements, which are entered with old times."""
        return self.read == "whole" or (self.holds_statements and self.read != "changes")

    @property
    def whose(self) -> list[Person]:
        """The persons that are declared, else what the mappings say. Where a row also says what was sold, it outlasts all of them."""
        if self.persons:
            return self.persons
        found = [(mapped, person) for mapped in self.maps if (person := _mapped_person(mapped))]
        sold = {c for m in self.maps if m.entity in _ACCOUNTING for c in m.read if c not in _named(m)}
        if not sold:
            return [person for _, person in found]
        return [
            person.model_copy(
                update={"is_kept": True, "emptied": sorted({*mapped.read} - sold - {*person.key_columns})}
            )
            for mapped, person in found
        ]


def _named(mapped: EntityMap) -> list[str]:
    """Columns of a mapped table that say who its person is."""
    how = mapped.how("person_key")
    return how.columns if how else []


def _mapped_person(mapped: EntityMap) -> Person | None:
    """Whose the rows of a mapped table are, by the conformed columns that they are mapped to."""

    def columns(name: str) -> list[str]:
        how = mapped.how(name)
        return how.columns if how else []

    def column(name: str) -> str | None:
        return next(iter(columns(name)), None)

    is_people = mapped.entity == "people"
    key = columns("source_key" if is_people else "person_key")
    points = [c for c in map(column, ("email", "phone") if is_people else ("contact_point",)) if c]
    if not key and not points:
        return None
    system = mapped.constants.get("person_system")
    return Person(
        key=key[0] if len(key) == 1 else key or None, system=str(system) if system else None, email=points, phone=points, country_code=column("country_code"),
        given_name=column("given_name"), family_name=column("family_name"), birth_date=column("birth_date"),
        is_kept=mapped.entity in _ACCOUNTING,
    )  # fmt: skip


class Source(Strict):
    """A source system: which connector reads it and from where."""

    connector: Literal["files", "sql", "rest"]
    system: str | None = Field(
        default=None,
        description="the system of Kundbild's own whose tables it has; unless given, that of its name if it declares no tables",
    )
    url: str = Field(description="folder or fsspec URL · SQLAlchemy URL · base URL of the API")
    enabled: bool = True
    format: Literal["csv", "jsonl", "json_pages", "parquet"] = "csv"
    csv: CsvDialect = CsvDialect()
    token: str | None = Field(default=None, description="rest: bearer token, as ${NAME_OF_ENVIRONMENT_VARIABLE}")
    page_size: int = Field(default=1000, gt=0)
    max_minutes: float = Field(
        default=120, gt=0, description="sql and rest, remote files: a source that takes longer is given up for this run"
    )
    full_read_days: float = Field(
        default=7,
        ge=0,
        description="sql and rest: tables with a cursor are read whole again after so many days, which finds rows that pages "
        "or late commits lost; 0: never",
    )
    null_values: list[str] = Field(
        default=["", "NULL", "null", "\\N", "N/A", "n/a", "#N/A"], description="what the source writes for nothing"
    )
    null_keys: list[str] = Field(
        default=["0", "00", "000", "0.0", "-", "--", "-1", "none", "nan", "nil", "guest", "gäst", "gjest", "gæst", "vieras",
                 "anonymous", "anonym", "unknown", "okänd", "ukjent", "ukendt", "tuntematon"],
        description="what it writes, besides, where a row refers to nobody, without case and blanks: such rows share no key",
    )  # fmt: skip
    timezone: TimeZone | None = Field(
        default=None,
        description="in which times without an offset are read; where it is not stated they are read as UTC, and one of a "
        "consent grants nothing that lies within 14 to 26 hours after a withdrawal of another source",
    )
    tables: dict[str, Table] = {}


class Settings(Strict):
    """The whole of `kundbild.toml`. `owner` is the team that Dagster names as the owner of every asset."""

    company: str
    owner: str = "team:data"
    currency: str = Field(default="SEK", description="ISO 4217; every amount is also given in it")
    sources: dict[str, Source] = Field(min_length=1)
    schedule: Schedule = Schedule()
    identity: Identity = Identity()
    golden_record: GoldenRecord = GoldenRecord()
    quality: Quality = Quality()
    privacy: Privacy = Privacy()
    publishing: Publishing = Publishing()
    alerts: Alerts = Alerts()
    engine: Engine = Engine()

    @model_validator(mode="after")
    def _trusted_sources_exist(self) -> Settings:
        for name in self.golden_record.source_priority:
            if name not in self.sources:
                raise ValueError(f"golden_record.source_priority names '{name}'; the sources are {_list(self.sources)}")
        return self

    @property
    def enabled_sources(self) -> dict[str, Source]:
        return {name: source for name, source in self.sources.items() if source.enabled}


def _list(names: dict[str, Any]) -> str:
    return ", ".join(sorted(names))
