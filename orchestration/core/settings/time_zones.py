"""The type of a setting that names a time zone. Here: its check. Not here: reading times in it (dbt: macros/engine/casts.sql)."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator


def _known(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not a time zone: write one as Europe/Stockholm")
    return name


TimeZone = Annotated[str, AfterValidator(_known)]
