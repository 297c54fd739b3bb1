"""Segments of a company's own. Here: the shape of [segments.NAME]. Not here: whether a condition can be read (contracts/segment_rules.py)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

NAME = "^[a-z][a-z0-9_]{0,59}$"
SegmentName = Annotated[str, StringConstraints(pattern=NAME)]


class Segment(BaseModel, extra="forbid", frozen=True):
    """A segment that is one condition."""

    where: str = Field(min_length=1, description="a condition on columns of customer_360 and customer_rfm, as SQL")
    scheme: SegmentName | None = Field(
        default=None,
        description="a customer is in one segment of a scheme at most, the first whose condition holds; unless given, the segment "
        "is a scheme of its own",
    )
    description: str = ""
