"""How an API pages: where its answers have their rows, how the next page is asked for, and which endpoint is asked once for each row of another.

Not here: following pages (extract/paging.py).
"""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, Field, model_validator


class Paging(BaseModel, extra="forbid", frozen=True):
    """Unless it says otherwise: `?limit=1000`, rows in {"data": [...]}, the next page as a Link header says, changes by `updated_since`."""

    rows: str = Field(
        default="data",
        description="where an answer has its rows: a name, or names with dots; empty: the answer is the rows; with next = none also an object, which is one row",
    )
    next: Literal["link", "url", "cursor", "header", "page", "offset", "none"] = Field(
        default="link",
        description="link: the header Link; url: an address in the answer; cursor: a value of the answer, sent as `parameter`; header: a value of a header, sent so; page, "
        "offset: a number that is counted up, until a page has no rows; none: one answer has all rows",
    )
    at: str = Field(
        default="",
        description="url and cursor: where an answer has it, as `rows` says it; data.-1.id: of the last row; header: its name",
    )
    parameter: str = Field(default="", description="cursor, header, page and offset: what it is sent as")
    pages: str = Field(
        default="",
        description="page: where an answer says how many pages there are, as `rows`; without it pages are read until one has no rows",
    )
    first: int = Field(default=1, ge=0, description="page: the number of the first one")
    size: str = Field(default="limit", description="what page_size is sent as; empty: it is not sent")
    sent_in: Literal["address", "body"] = Field(
        default="address",
        description="where parameter, size and since are sent: in the address, or in the body of a POST, as names with dots (variables.after), of a list by a number (params.1)",
    )
    typed: Literal["json", "tryton"] = Field(
        default="json",
        description="tryton: dates, times and decimals are objects that name their class, as of Tryton's JSON-RPC",
    )
    since: str = Field(
        default="updated_since",
        description="what the newest cursor is sent as, for tables that have one; empty: nothing is, and the table is read whole",
    )
    since_as: str = Field(
        default="%Y-%m-%dT%H:%M:%SZ",
        description="how a time is written there, in UTC, as strftime has it, within whatever else is sent; %s: seconds since 1970",
    )

    @model_validator(mode="after")
    def _says_enough(self) -> Paging:
        if self.next in ("url", "cursor", "header") and not self.at:
            raise ValueError(f'next = "{self.next}" needs at: where an answer has it')
        if self.next == "header" and self.sent_in == "body":
            raise ValueError('next = "header" is sent in the address, and not in the body')
        if self.next in ("cursor", "header", "page", "offset") and not self.parameter:
            raise ValueError(f'next = "{self.next}" needs parameter: what it is sent as')
        return self


class ForEach(BaseModel, extra="forbid", frozen=True):
    """An endpoint whose rows each have an endpoint of their own: of forms, forms/{form_id}/responses."""

    endpoint: str = Field(description="path below the source's url; it is read whole")
    body: dict[str, Any] | None = Field(default=None, description="what it is asked with, by POST")
    paging: Paging | None = Field(default=None, description="where it pages otherwise than the source")
    columns: dict[str, str] = Field(
        min_length=1,
        description='name → where its row has it, as form_id = "id": what the endpoint names as {form_id}, and columns of the table',
    )
    only: dict[str, list[str]] = Field(
        default={}, description="name of `columns` → values: the endpoint is not asked for other rows"
    )
    for_each: ForEach | None = Field(default=None, description="where it is itself asked for each row of another")

    @model_validator(mode="after")
    def _is_asked_by_its_rows(self) -> ForEach:
        refuse_unnamed(self.endpoint, self.for_each)
        if unknown := next((name for name in self.only if name not in self.columns), None):
            raise ValueError(f"only names '{unknown}', which is not among columns: {', '.join(self.columns)}")
        return self

    @property
    def outermost_first(self) -> list[ForEach]:
        return [*(self.for_each.outermost_first if self.for_each else []), self]

    @property
    def said(self) -> dict[str, str]:
        """Name → path in its row, those of outer ones too."""
        return {name: path for one in self.outermost_first for name, path in one.columns.items()}


class Made(BaseModel, extra="forbid", frozen=True):
    """A file that an API makes first: the endpoint, asked by POST, begins it; then `ask` is asked until it is done, and `fetch` is the page."""

    said: dict[str, str] = Field(
        min_length=1,
        description='name → where an answer has it, as file = "result.fileId": what ask and fetch name as {file}',
    )
    ask: str = Field(description="path below the endpoint that says how far the file is: {progress}")
    fetch: str = Field(description="path below the endpoint where the file is, once it is made: {file}/file")
    status: str = Field(description="where an answer says how far it is")
    done: str = Field(description="what stands there when the file is made")
    failed: list[str] = Field(default=[], description="what stands there when it will not be made")

    @model_validator(mode="after")
    def _names_what_is_said(self) -> Made:
        if wrong := next((name for name in named_in(self.ask + self.fetch) if name not in self.said), None):
            raise ValueError(f"made names {{{wrong}}}, which made.said does not say")
        return self


def named_in(endpoint: str) -> list[str]:
    """What stands in braces."""
    return re.findall(r"\{(\w+)\}", endpoint)


def refuse_unnamed(endpoint: str, parent: ForEach | None) -> None:
    """Raises ValueError where an endpoint does not say which row of `parent` it is of, or names what that does not have."""
    named = named_in(endpoint)
    if re.search(r"[{}]", re.sub(r"\{\w+\}", "", endpoint)):
        raise ValueError(f"a brace of the endpoint {endpoint} that names no column of for_each is written %7B or %7D")
    if parent is None:
        if named:
            raise ValueError(f"the endpoint names {{{named[0]}}}, and no for_each says of which rows")
        return
    if not {*named} & {*parent.columns}:
        raise ValueError(
            f"for_each needs one of its columns in the endpoint, as {endpoint}/{{{next(iter(parent.columns))}}}"
        )
    if wrong := next((name for name in named if name not in parent.said), None):
        raise ValueError(f"the endpoint names {{{wrong}}}, which for_each.columns does not say")
