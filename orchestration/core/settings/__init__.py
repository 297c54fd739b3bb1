"""Every setting, typed. Here: the shape of `kundbild.toml`. Not here: reading the file (configuration.py).

An unknown key is an error: a misspelt setting must never be silently ignored.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from orchestration.core.settings.auth import Auth
from orchestration.core.settings.identity import GoldenRecord, Identity
from orchestration.core.settings.insight import Insight
from orchestration.core.settings.maps import MAX_AGE_HOURS
from orchestration.core.settings.nobody import NOBODYS_KEYS
from orchestration.core.settings.operation import Alerts, Engine, Publishing, Quality, Report, Schedule
from orchestration.core.settings.own import ExchangeRate
from orchestration.core.settings.paging import ForEach, Paging
from orchestration.core.settings.privacy import Privacy
from orchestration.core.settings.scores import ScoreSettings
from orchestration.core.settings.secret_names import is_secret_header, names_within, sounds_secret
from orchestration.core.settings.segments import Segment, SegmentName
from orchestration.core.settings.statistics import PlaceStatistics
from orchestration.core.settings.tables import CsvDialect, Table
from orchestration.core.settings.time_zones import TimeZone

PROJECT_DIR = Path(__file__).resolve().parents[3]
DBT_DIR = PROJECT_DIR / "dbt_project"


UNCLEAR_LOGIN = (
    "its user or password holds a character that parts a URL, so that a part of it would be read as the host: write it "
    "percent-encoded (@ as %40, / as %2F, : as %3A, ? as %3F, # as %23)"
)


def has_unclear_login(url: str, *, is_sql: bool) -> bool:
    """Whether a user or password in a URL is not told apart from what stands behind it: libraries would take a part of it for
    the host, and tell that. `is_sql`: as SQLAlchemy reads URLs, where a password ends with the first @."""
    rest = url.partition("://")[2]
    if "@" not in rest or rest.startswith("/"):
        return False
    if is_sql:
        return rest.count("@") > 1 or re.match("[^:@]*[/?#]", rest) is not None
    authority, behind = [*re.split("[/?#]", rest, maxsplit=1), ""][:2]
    # what stands behind a colon of a host is a port
    return authority.count("@") > 1 or ("@" in behind and re.search(r"^[^@\[]*:(?!\d*$)[^@]*$", authority) is not None)


class Source(BaseModel, extra="forbid", frozen=True):
    """A source system: which connector reads it and from where."""

    connector: Literal["files", "sql", "rest"]
    system: str | None = Field(
        default=None,
        description="the system of Kundbild's own whose tables it has; unless given, that of its name if it declares no tables",
    )
    vendor: str | None = Field(
        default=None, description="shopify, …: its tables are known, and only what differs needs to be written"
    )
    form: Literal["export", "landed", "dlt", "airbyte", "api"] | None = Field(
        default=None,
        description="of a vendor: files of its admin page, tables as Fivetran lands them, or as dlt or Airbyte does, or its API",
    )
    landed_in: str | None = Field(default=None, description="sql, of a vendor: the schema that its tables lie in")
    purpose: str | None = Field(default=None, description="of a vendor: what its subscriptions are for; newsletter")
    wording: str | None = Field(
        default=None,
        description="of a vendor: the version of the text that subscribers agreed to: without it a grant permits nothing",
    )
    url: str = Field(description="folder or fsspec URL · SQLAlchemy URL · base URL of the API")
    enabled: bool = True
    format: Literal["csv", "jsonl", "json_pages", "parquet", "xlsx", "sie"] = "csv"
    csv: CsvDialect = CsvDialect()
    token: str | None = Field(
        default=None, repr=False, description="rest: bearer token, as ${NAME_OF_ENVIRONMENT_VARIABLE}"
    )
    auth: Auth | None = Field(default=None, description="rest: who asks, where it is no bearer token")
    headers: dict[str, str] = Field(
        default={}, description="rest: what is sent with every request, such as the version of the API; no secret"
    )
    page_size: int = Field(default=1000, gt=0)
    paging: Paging = Field(
        default=Paging(), description="rest: how the API pages; json_pages: `rows` alone, where a file has its rows"
    )
    max_minutes: float = Field(
        default=120, gt=0, le=525_600, description="a source that takes longer is given up for this run"
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
        default=[*NOBODYS_KEYS],
        description="what it writes, besides, where a row refers to nobody, without case and blanks: such rows share no key; 0 "
        "stands for whatever is only zeros and marks too (0000, the nil UUID)",
    )
    timezone: TimeZone | None = Field(
        default=None,
        description="in which times without an offset are read; where it is not stated they are read as UTC, and one of a "
        "consent grants nothing that lies within 14 to 26 hours after a withdrawal of another source",
    )
    tables: dict[str, Table] = {}
    # of a look: so many rows of each table of a database, and one page of each endpoint, are enough
    _most_rows: int | None = PrivateAttr(default=None)

    @field_validator("url")
    @classmethod
    def _login_is_clear(cls, url: str, info: ValidationInfo) -> str:
        if has_unclear_login(url, is_sql=info.data.get("connector") == "sql"):
            raise ValueError(UNCLEAR_LOGIN)
        return url

    @model_validator(mode="after")
    def _lists_are_read(self) -> Source:
        is_json = self.connector in ("rest", "sql") or (
            self.connector == "files" and self.format in ("jsonl", "json_pages")
        )
        if self.auth and (self.token is not None or self.connector != "rest"):
            raise ValueError("auth is of a source that is an API, and has no token beside it")
        if self.headers and self.connector != "rest":
            raise ValueError("headers are of a source that is an API")
        if secret := next((name for name in self.headers if is_secret_header(name)), None):
            raise ValueError(f"the header {secret} says who asks: write it as auth, so that it stays secret")
        for name, table in self.tables.items():
            if table.for_each and self.connector != "rest":
                raise ValueError(f"table {name} says for_each, which only rest has")
            if table.made and (self.connector != "rest" or self.paging_of(table).next != "none"):
                raise ValueError(
                    f"table {name} says made, which only rest has, with paging.next = none: the file has all rows"
                )
            self._refuse_wrong_bodies(name, table)
            if table.carried and not table.rows_in and self.connector == "files":
                raise ValueError(f"table {name} says carried, which needs rows_in")
            if table.rows_in and not is_json:
                raise ValueError(f"table {name} says rows_in, which only rest, sql, jsonl and json_pages have")
            if self.connector == "sql" and table.find_deletions and (table.rows_in or {*table.key} & {*table.carried}):
                raise ValueError(f"table {name} says find_deletions, but its key lies within a column of the database")
            if self.format == "json_pages" and not self.paging_of(table).rows:
                raise ValueError(
                    'a file that is the rows themselves is read with format = "jsonl": paging.rows names where a page has its rows'
                )
            if self.connector == "files" and (more := self.paging_of(table).model_fields_set - {"rows"}):
                raise ValueError(
                    f"paging.{min(more)} is of an API: of files only paging.rows is read, where a page has its rows"
                )
        return self

    def _refuse_wrong_bodies(self, name: str, table: Table) -> None:
        """Raises ValueError where a request of a table has a body that is no API's, holds a secret, or goes for a key that is sent in its place."""
        takes_body = self.connector == "rest" and not (self.auth and self.auth.place == "form")
        for asked in (table, *(table.for_each.outermost_first if table.for_each else ())):
            has_body = asked.body is not None or (self.connector == "rest" and self.paging_of(asked).sent_in == "body")
            whose = f"table {name}" if asked is table else f"the for_each of table {name}"
            if has_body and not takes_body:
                raise ValueError(f"{whose} says body, which only rest has, and no key that is sent as a form beside it")
            if secret := next((key for key in names_within(asked.body) if sounds_secret(key)), None):
                raise ValueError(f"the body of {whose} has {secret}: write who asks as auth, so that it stays secret")

    def first(self, rows: int) -> Source:
        """The same source, of which a look reads so many rows of each table of a database, or one page of each endpoint."""
        tables = {name: table.model_copy(update={"find_deletions": False}) for name, table in self.tables.items()}
        looked = self.model_copy(update={"tables": tables, "page_size": min(rows, self.page_size)})
        looked._most_rows = rows  # type: ignore[misc]  # of a frozen model only the fields are
        return looked

    @property
    def nobodys(self) -> tuple[str, ...]:
        """What the source writes as the key of a person where there is none."""
        return (*self.null_values, *self.null_keys)

    @property
    def most_rows(self) -> int | None:
        return self._most_rows

    def paging_of(self, asked: Table | ForEach) -> Paging:
        return asked.paging or self.paging

    def fresh_within(self, table: Table) -> float | None:
        """Hours within which something new is to come of `table`, or None: what it says, else a day for statements that come
        as files. A table of a database or an API that is read tonight is known up to tonight, however quiet it is."""
        if table.fresh_within_hours is None and self.connector == "files" and table.holds_statements:
            return MAX_AGE_HOURS
        return table.fresh_within_hours


# a mistake is told without its value, which may be a secret
class Settings(BaseModel, extra="forbid", frozen=True, hide_input_in_errors=True):
    """The whole of `kundbild.toml`. `owner` is the team that Dagster names as the owner of every asset."""

    company: str
    owner: str = "team:data"
    currency: str = Field(default="SEK", description="ISO 4217; every amount is also given in it")
    exchange_rates: list[ExchangeRate] = Field(
        default=[], description="in place of the seed's examples, and beside a table that is mapped to exchange_rates"
    )
    sources: dict[str, Source] = Field(min_length=1)
    schedule: Schedule = Schedule()
    identity: Identity = Identity()
    golden_record: GoldenRecord = GoldenRecord()
    quality: Quality = Quality()
    privacy: Privacy = Privacy()
    insight: Insight = Insight()
    scores: ScoreSettings = ScoreSettings()
    publishing: Publishing = Publishing()
    report: Report = Report()
    alerts: Alerts = Alerts()
    engine: Engine = Engine()
    segments: dict[SegmentName, Segment] = {}
    statistics: dict[SegmentName, PlaceStatistics] = {}

    @model_validator(mode="after")
    def _trusted_sources_exist(self) -> Settings:
        for name in self.golden_record.source_priority:
            if name not in self.sources:
                raise ValueError(
                    f"golden_record.source_priority names '{name}'; the sources are {', '.join(sorted(self.sources))}"
                )
        return self

    @property
    def enabled_sources(self) -> dict[str, Source]:
        return {name: source for name, source in self.sources.items() if source.enabled}
