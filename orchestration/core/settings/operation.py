"""Settings of how a night runs: schedule, quality limits, publications, their report, alerts, engine.

Not here: sources (settings/__init__.py), privacy (settings/privacy.py), identity (settings/identity.py), mappings (settings/maps.py).
"""

from __future__ import annotations

import re
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, field_validator, model_validator

# DuckDB takes more than this, and reads -5MB and none as most of the machine's memory
_AMOUNT = re.compile(r"(\d{1,6}(?:\.\d+)?) *([KMGT])(i?)B?", re.IGNORECASE)
_SHARE = re.compile(r"(\d{1,3}(?:\.\d+)?) *%")
# with less, DuckDB cannot open a warehouse and do anything in it
_LEAST_MEMORY = 50_000_000


class Schedule(BaseModel, extra="forbid", frozen=True):
    nightly: str = "30 2 * * *"
    timezone: str = "Europe/Stockholm"
    run_timeout_minutes: int = Field(default=240, gt=0)
    retries: int = Field(default=2, ge=0, description="tries more for a source that may come back by itself")
    retry_delay_seconds: float = Field(default=5, ge=0, description="before the first retry; doubled for each next")
    enabled: bool = False


class Quality(BaseModel, extra="forbid", frozen=True):
    max_volume_drop: float = Field(default=0.5, gt=0, le=1, description="share by which a table may shrink in a night")
    max_quarantine_share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="share of a table's rows that may be set aside: above, nothing is published",
    )
    max_quarantine_rows: int = Field(
        default=5,
        ge=0,
        description="so many rows of a table may be set aside whatever their share, unless they are more than half of it",
    )
    max_reject_share: float = Field(default=0.5, gt=0, le=1, description="above: the column counts as retyped")
    max_rate_age_days: int = Field(
        default=45,
        gt=0,
        description="days after which the newest exchange rate of a currency is stale: amounts are converted by it all the "
        "same, a check warns, and the run's sum tells how many orders; monthly rates that come late need more than 31",
    )
    max_address_age_days: int = Field(
        default=730,
        gt=0,
        description="days after which an address that no source confirmed again is old, in data_quality_by_night",
    )
    failed_source: Literal["WARN", "ERROR"] = Field(
        default="ERROR", description="severity of the check that fails where a source could not be read"
    )


class Publishing(BaseModel, extra="forbid", frozen=True):
    keep: int = Field(default=5, gt=0, description="publications kept for rollback")
    first_without_failed: bool = Field(
        default=False, description="publish for the first time also where a source could not be read"
    )
    max_audience_drop: float = Field(default=0.5, gt=0, le=1, description="an audience that falls by more is held back")


class Report(BaseModel, extra="forbid", frozen=True):
    after_publication: bool = Field(
        default=True, description="make the report of every publication; `kundbild report` makes it at any time"
    )
    max_seconds: float = Field(default=120, gt=0, le=3600, description="a report that takes longer is given up")


class Alerts(BaseModel, extra="forbid", frozen=True):
    webhook: str | None = Field(
        default=None,
        description="gets a JSON POST when a run fails, cannot start, goes on without a source, or finds requests overdue",
    )
    email_to: list[str] = []
    email_from: str = "kundbild@localhost"
    smtp_host: str = "localhost"
    smtp_port: int | None = Field(default=None, description="25, 587 with starttls and 465 with tls, unless given")
    smtp_tls: Literal["none", "starttls", "tls"] = Field(
        default="none",
        description="how the connection to the mail server is encrypted: from its start (tls), by STARTTLS, or not at all, as to "
        "a server on this machine. The server's certificate is checked",
    )
    smtp_user: str | None = Field(default=None, description="who logs in to the mail server; nobody unless given")
    smtp_password: str | None = Field(default=None, repr=False, description="as ${NAME_OF_ENVIRONMENT_VARIABLE}")

    @property
    def port(self) -> int:
        return self.smtp_port or {"none": 25, "starttls": 587, "tls": 465}[self.smtp_tls]

    @model_validator(mode="after")
    def _log_in_privately(self) -> Self:
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError("smtp_user and smtp_password go together")
        if self.smtp_password is not None and self.smtp_tls == "none":
            raise ValueError('smtp_password is not sent in the clear: say smtp_tls = "starttls" or "tls"')
        return self


class Engine(BaseModel, extra="forbid", frozen=True):
    memory_limit: str = Field(
        default="1200MB", description="a number and its unit: 800MB, 4GB, 4GiB, or 50% of the machine"
    )
    threads: int = Field(default=2, gt=0)
    dbt_threads: int = Field(default=4, gt=0)

    @field_validator("memory_limit", mode="before")
    @classmethod
    def _is_an_amount(cls, said: Any) -> str:
        form = 'write a number and its unit, as "4GB" or "800MB"'
        text = str(said).strip()
        if share := _SHARE.fullmatch(text):
            if not 0 < float(share[1]) <= 100:
                raise ValueError(f"memory_limit = {text!r} is not a share of the machine's memory: {form}")
            return text
        amount = _AMOUNT.fullmatch(text)
        if not amount:
            raise ValueError(f"memory_limit = {text!r} is not an amount of memory: {form}")
        number, unit, is_binary = amount.groups()
        if float(number) * (1024 if is_binary else 1000) ** ("KMGT".index(unit.upper()) + 1) < _LEAST_MEMORY:
            raise ValueError(f"memory_limit = {text!r} is too little: {_LEAST_MEMORY // 1_000_000}MB at least; {form}")
        return text
