"""Official statistics of places. Here: the shape of [statistics.NAME]. Not here: reading them (extract/statistics)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

Measure = Literal["median_income", "share_higher_education"]
AreaKind = Literal["municipality", "postal_area"]


class PlaceStatistics(BaseModel, extra="forbid", frozen=True):
    """One table of a statistical office, which answers JSON-stat2. `kundbild statistics load NAME` reads it."""

    url: str = Field(min_length=1, description="a file, a URL that fsspec reads, or the address of the query")
    country: str = Field(pattern="^[A-Z]{2}$", description="ISO 3166 code of the country that the areas lie in")
    measure: Measure = Field(
        description="median_income, per year in the country's money; or share_higher_education, 0 to 1"
    )
    area_kind: AreaKind = Field(default="municipality", description="what the area codes stand for")
    area_dimension: str | None = Field(default=None, description="unless given, the one with the role geo")
    year_dimension: str | None = Field(default=None, description="unless given, the one with the role time")
    pick: dict[str, str] = Field(
        default={}, description="dimension → the code to read, for each other one with several"
    )
    area_prefix: str = Field(default="", description="what the office writes before the code of an area, as K-")
    factor: float = Field(default=1, gt=0, description="1000 where the table has thousands, 0.01 where it has per cent")
    licence: str = Field(default="not stated", description="licence or credit that the office asks for, as CC BY 4.0")
    max_minutes: float = Field(default=5, gt=0, le=120, description="when the office is given up")
