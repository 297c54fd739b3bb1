"""Settings of the scores that nights make. Not here: how they are made (orchestration/prediction/nightly)."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ScoreSettings(BaseModel, extra="forbid", frozen=True):
    """The section [scores]."""

    enabled: bool = Field(
        default=True, description="whether nights score customers, which is profiling; else nobody has a score"
    )
    refit_days: float = Field(
        default=7,
        ge=0,
        description="a fit is made anew when it is so old and something is known that was not; the scores are of every night",
    )
    keep_fit_days: float = Field(
        default=90,
        ge=0,
        description="a fit that is older is not kept in place of a new one that gains less, nor where nothing can be learnt: it may be the luck of one night, "
        "and it learnt from people who objected since",
    )
    lead_days: int = Field(
        default=90,
        ge=7,
        le=365,
        description="within how many days after the night a lead is asked to become a customer (lead_conversion)",
    )
    most_lost: float = Field(
        default=0.1,
        gt=0,
        le=1,
        description="a new fit is held back where it gains less on the simple rule than the last one, by more than this share",
    )
