"""How an API pages: where its answers have their rows, and how the next page is asked for. Not here: following pages (extract/paging.py)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, model_validator


class Paging(BaseModel, extra="forbid", frozen=True):
    """Unless it says otherwise: `?limit=1000`, rows in {"data": [...]}, the next page as a Link header says, changes by `updated_since`."""

    rows: str = Field(
        default="data",
        description="where an answer has its rows: a name, or names with dots; empty: the answer is the rows",
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
    first: int = Field(default=1, ge=0, description="page: the number of the first one")
    size: str = Field(default="limit", description="what page_size is sent as; empty: it is not sent")
    since: str = Field(
        default="updated_since",
        description="what the newest cursor is sent as, for tables that have one; empty: nothing is, and the table is read whole",
    )

    @model_validator(mode="after")
    def _says_enough(self) -> Paging:
        if self.next in ("url", "cursor", "header") and not self.at:
            raise ValueError(f'next = "{self.next}" needs at: where an answer has it')
        if self.next in ("cursor", "header", "page", "offset") and not self.parameter:
            raise ValueError(f'next = "{self.next}" needs parameter: what it is sent as')
        return self
