"""Settings of who is who: when records are one customer, and which of their values it has. Not here: any other (settings/__init__.py)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class Identity(BaseModel, extra="forbid", frozen=True):
    """When two records are one customer, and how much sharing makes an identifier worthless."""

    default_country: str = Field(default="", description="ISO alpha-2; how phone numbers without a country are read")
    max_records_per_email: int = Field(default=40, gt=1, description="above: joins nobody, and is not compared")
    max_records_per_phone: int = Field(default=40, gt=1)
    max_records_per_person_id: int = Field(
        default=200, gt=1, description="above: an id that a system itself keeps of a person joins nobody"
    )
    max_names_per_identifier: int = Field(default=5, gt=1)
    max_emails_per_customer: int = Field(default=10, gt=0, description="a customer that has more is taken apart")
    max_phones_per_customer: int = Field(default=10, gt=0)
    link_probability: float = Field(default=0.85, gt=0, lt=1, description="from here up, alike records are joined")
    names_alone_probability: float = Field(
        default=0.98,
        gt=0,
        lt=1,
        description="the same where nothing but names is alike: they are shared more than they seem",
    )
    review_probability: float = Field(default=0.5, gt=0, lt=1, description="from here up, a person is asked")
    max_review_pairs: int = Field(default=10_000, ge=0, description="pairs that a person is asked about, at most")
    max_changed_ids: float = Field(
        default=0.01, ge=0, le=1, description="share of customers whose id may change since the last publication"
    )
    min_changed_ids: int = Field(
        default=10, ge=0, description="so many may in any case: of a handful of customers one merge is much of a share"
    )


# what a value may be chosen by; a later criterion decides between values that the earlier ones leave equal
Criterion = Literal["source_priority", "verified", "newest", "most_complete"]
_VERIFIED: list[Criterion] = ["verified", "newest"]
_NEWEST: list[Criterion] = ["newest"]


class GoldenRecord(BaseModel, extra="forbid", frozen=True):
    """Which of the records' values a customer has, field by field: the survivorship policy.

    verified: an email address or phone number that was confirmed; a name, birth date or address as in the address
    register. most_complete: from the record with most fields filled; of an address, the one with most parts.
    """

    source_priority: list[str] = Field(default=[], description="sources, the most trusted first; others come after")
    full_name: list[Criterion] = _VERIFIED
    given_name: list[Criterion] = _VERIFIED
    family_name: list[Criterion] = _VERIFIED
    email: list[Criterion] = _VERIFIED
    phone: list[Criterion] = _VERIFIED
    birth_date: list[Criterion] = _VERIFIED
    gender: list[Criterion] = _NEWEST
    address: list[Criterion] = _VERIFIED
    country_code: list[Criterion] = _NEWEST
    preferred_store: list[Criterion] = _NEWEST
