"""What a company says in its own configuration where the product has examples: exchange rates, purposes.

Not here: days of retention ([privacy] retention_days), the other settings of privacy (settings/privacy.py).
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from pydantic import BaseModel, Field


class ExchangeRate(BaseModel, extra="forbid", frozen=True):
    """One unit of `currency` costs `rate` of `base_currency`, from a day until the next that is said."""

    currency: str = Field(pattern="^[A-Z]{3}$", description="ISO 4217")
    rate: float = Field(gt=0, allow_inf_nan=False)
    base_currency: str | None = Field(default=None, pattern="^[A-Z]{3}$", description="the company's unless given")
    valid_on: date | None = Field(default=None, description="from when on; always unless given")


class Purpose(BaseModel, extra="forbid", frozen=True):
    """What customers may be contacted for, beyond the purposes of the seed. It needs consent."""

    legal_basis: ClassVar[str] = "consent"
    # the kinds of personal data that contact needs
    categories: ClassVar[tuple[str, ...]] = ("pseudonym", "identity", "contact", "consent", "derived", "register")

    description: str = Field(min_length=1, pattern="^[^{}]*$")
    is_marketing: bool = Field(default=True, description="an objection to marketing, and a register, end it")
    needs_confirmation: bool = Field(default=True, description="a grant counts once it is confirmed (double opt-in)")

    def rules(self) -> dict[str, Any]:
        """What the seeds purposes and purpose_categories say of a purpose."""
        return self.model_dump() | {"legal_basis": self.legal_basis, "categories": list(self.categories)}
