"""Settings of whose a raw table's rows are: identity numbers, grants, persons, how long rows are kept.

Here: what stands below a table in `kundbild.toml`, or in a system's module. Not here: the table itself (settings/tables.py),
what is done with it (privacy/).
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, model_validator


class NationalId(BaseModel, extra="forbid", frozen=True):
    """Keep a keyed hash of a table's national identity numbers, to confirm and veto who is who. The column never enters raw."""

    column: str
    country: Literal["SE", "NO", "DK", "FI"] | None = Field(default=None, description="whose numbers they all are, or")
    country_column: str | None = Field(default=None, description="the column that says whose a row's number is")

    @model_validator(mode="after")
    def _says_whose(self) -> NationalId:
        if (self.country is None) == (self.country_column is None):
            raise ValueError("national_id needs either country or country_column")
        return self


class Grant(BaseModel, extra="forbid", frozen=True):
    """Where a row says that somebody consented: a new explicit consent lets in again who was erased."""

    status: str = Field(description="column that says so")
    granted: list[str] = Field(min_length=1, description="its values that do")
    stated_at: str = Field(description="column of when")
    wording: str = Field(description="column of what was consented to: without it, nothing was")
    purpose: str | None = Field(default=None, description="column of what for")
    channel: str | None = Field(default=None, description="column of by which channel")


class Person(BaseModel, extra="forbid", frozen=True):
    """Whose a table's rows are: what erasure, suppression, restriction and subject access go by."""

    key: str | list[str] | None = Field(
        default=None, description="column, or columns, with the person's key, the source_key of people"
    )
    system: str | None = Field(default=None, description="source whose key it is; the table's own unless given")
    email: list[str] = []
    phone: list[str] = []
    country_code: str | None = Field(default=None, description="how phone numbers without a country are read")
    full_name: str | None = Field(default=None, description="where the name stands in one column")
    given_name: str | None = None
    family_name: str | None = None
    birth_date: str | None = None
    birth_formats: list[str] = Field(
        default=[], description="strptime formats of `birth_date` where it has its own, tried before the common ones"
    )
    own: list[str] = Field(
        default=[],
        description="columns whose values are one person's, as a visitor's cookie: rows that share one go too",
    )
    person_id: str | None = Field(
        default=None,
        description="column of the id under which the source keeps the person across records, the person_id of people",
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
        single = [
            self.country_code,
            self.full_name,
            self.given_name,
            self.family_name,
            self.birth_date,
            self.person_id,
            self.refusal,
            *said,
        ]
        return [*self.key_columns, *filter(None, single), *self.email, *self.phone, *self.own, *self.emptied]


class Retention(BaseModel, extra="forbid", frozen=True):
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
