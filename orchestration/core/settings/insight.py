"""Settings of the analysis marts (schema `insight`): windows, half-life, limits, the North Star metric.

Not here: how they are computed (dbt_project/models/marts/insight), the thresholds of segments (seeds).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, field_validator

from orchestration.core.sql_scripts import LUMPED

# a campaign that is sent within so many days is one lot; one that goes on is a lot each day.
LOT_DAYS = 3


class AgeBand(BaseModel, extra="forbid", frozen=True):
    """Ages that are told together; the last one has no upper end."""

    name: str = Field(min_length=1, max_length=40, pattern="^[^'\\\\{}\\r\\n]+$")
    below: int | None = Field(default=None, gt=0, le=120, description="the first age that is above it")


_AttributeName = Annotated[str, Field(pattern="^[A-Za-z0-9_ .-]+$")]


class DescriptiveAttributes(BaseModel, extra="forbid", frozen=True):
    """Attributes of people that stand in customer_360: of each column the name that the sources give the attribute."""

    housing: _AttributeName = "housing"
    vehicle: _AttributeName = "vehicle"
    loan: _AttributeName = "loan"
    family: _AttributeName = "family"


_AGE_BANDS = [
    AgeBand(name="under 18", below=18),
    AgeBand(name="18 to 29", below=30),
    AgeBand(name="30 to 44", below=45),
    AgeBand(name="45 to 64", below=65),
    AgeBand(name="65 and over"),
]


class Insight(BaseModel, extra="forbid", frozen=True):
    """Every value is a dbt var of the same name, below `insight`."""

    attribution_days: int = Field(
        default=365, gt=0, description="conversions and ad spend of so many days up to the night are attributed"
    )
    response_days: int = Field(
        default=14, gt=0, description="a purchase so many days after a campaign was sent counts as a response to it"
    )
    touch_window_days: int = Field(
        default=30, gt=0, description="visits and email clicks count for a conversion so many days after them"
    )
    half_life_days: float = Field(
        default=7, gt=0, description="time-decay: a touch so many days older has half of the weight"
    )
    repeat_purchases: bool = Field(
        default=False, description="whether every purchase is a conversion, or only the first of a customer"
    )
    same_visit_minutes: int = Field(
        default=30, ge=0, description="an email click and an email visit so soon after it are one touch"
    )
    most_channels: int = Field(
        default=12, gt=1, le=50, description="channels of which the Markov model tells apart the most frequent"
    )
    north_star_purchases: int = Field(
        default=2, gt=1, description="how many purchases make a customer count for the North Star metric"
    )
    north_star_days: int = Field(default=90, gt=0, description="within how many days after the first")
    north_star_target: float | None = Field(
        default=None, gt=0, le=1, description="the share of first buyers that the company aims at"
    )
    interest_days: int = Field(
        default=365, gt=0, description="searches, views and carts of so many days up to the night are interest"
    )
    after_service_days: int = Field(
        default=90, gt=0, description="NPS and purchases count as what followed a support request so many days after it"
    )
    survey_moment_days: int = Field(
        default=30, gt=0, description="a survey is about the newest delivery or support request of so many days before"
    )
    experience_days: int = Field(
        default=90,
        gt=0,
        description="orders, visits and clicks of so many days are interaction in the experience matrix",
    )
    experience_medium_points: int = Field(
        default=2, ge=1, le=4, description="from so many of the four kinds on, an axis of the matrix is medium"
    )
    experience_high_points: int = Field(
        default=3, ge=1, le=4, description="from so many of the four kinds on, an axis of the matrix is high"
    )
    experience_schemes: list[Annotated[str, Field(pattern="^[a-z0-9_ ]+$")]] = Field(
        default=["lifecycle", "store"], description="schemes of segments that the matrix is told for"
    )
    most_order_numbers: int = Field(
        default=24, gt=0, description="up to which order of a customer the time to the next is told"
    )
    most_paired_products: int = Field(
        default=200, gt=1, description="so many of the best-selling products are paired for basket affinity"
    )
    min_pair_orders: int = Field(default=5, gt=0, description="orders that a pair of products needs to be told of")
    event_days: int = Field(default=90, gt=35, description="web events of so many days up to the night are looked at")
    event_drift: float = Field(
        default=2.0, gt=1, description="an event drifts with a week of so many times more or less than the four before"
    )
    least_weekly_events: int = Field(
        default=50, gt=0, description="events a week that it takes to say whether a kind drifts"
    )
    most_pages: int = Field(default=100, gt=0, description="pages whose clicks and scrolling are told, by visitors")
    trend_weeks: int = Field(default=52, gt=0, description="so many past weeks are told of in tables by week")
    risk_refunded_share: float = Field(
        default=0.5, gt=0, le=1, description="a signal: so much of what was ordered was given back"
    )
    risk_least_orders: int = Field(default=5, gt=0, description="orders that it takes to say so, or that they are many")
    risk_order_factor: float = Field(
        default=5.0, gt=1, description="a signal: so many times as many orders as in a usual week"
    )
    risk_sharing_customers: int = Field(
        default=3,
        gt=0,
        description="a signal: so many customers of other households have the same email address or phone number",
    )
    risk_most_sharing: int = Field(
        default=12,
        gt=1,
        description="an address or number of more customers is a switchboard's or a placeholder, and no signal",
    )
    descriptive_attributes: DescriptiveAttributes = Field(
        default=DescriptiveAttributes(),
        description="the attributes of people that are their housing, vehicle, loan and family: columns of customer_360, with origin and age",
    )
    income_attribute: _AttributeName | None = Field(
        default=None,
        description="the attribute of people that is a yearly income, compared with their municipality's; unless named, none is: "
        "name it only where people were told that it serves profiling",
    )
    job_attribute: _AttributeName | None = Field(
        default=None,
        description="the attribute of people that is their job or employer: where its value changes there is a life event; unless named, "
        "no new job is known",
    )
    wish_questions: list[Annotated[str, Field(min_length=1, max_length=500)]] = Field(
        default=[],
        description="questions of surveys whose chosen answers say what people prefer, expect or want, such as the next product, for the "
        "improvement of the service; unless named, none does; name nothing about health, faith, politics or a union: what its words tell is refused",
    )
    purchasing_power_low: float = Field(
        default=0.8, gt=0, le=1, description="an income below so many times the municipality's median is low"
    )
    purchasing_power_high: float = Field(
        default=1.2, ge=1, description="an income above so many times the municipality's median is high"
    )
    max_statistics_age_years: int = Field(
        default=5, gt=0, description="statistics of places are old after so many years"
    )
    example_statistics: bool = Field(
        default=False, description="for the demo: invented statistics of places, until real ones are loaded"
    )
    age_bands: list[AgeBand] = Field(
        default=_AGE_BANDS,
        min_length=4,
        max_length=20,
        description="name and first age above each, from the youngest; the first ends with childhood, the second with youth, and the last is of seniors",
    )
    overdue_days: int = Field(default=30, ge=0, description="a signal: an invoice unpaid so many days after it was due")

    @field_validator("age_bands")
    @classmethod
    def _follow_each_other(cls, said: list[AgeBand]) -> list[AgeBand]:
        ends = [band.below for band in said]
        bounds = [end for end in ends[:-1] if end is not None]
        if ends[-1] is not None or len(bounds) < len(said) - 1 or bounds != sorted({*bounds}):
            raise ValueError("each age band but the last says `below`, an age above that of the band before it")
        names = [band.name for band in said]
        if len({*names}) < len(names) or not {"unknown", LUMPED}.isdisjoint(names):
            raise ValueError(f"the names of age bands differ, and none is 'unknown' or '{LUMPED}'")
        return said
