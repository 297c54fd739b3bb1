"""Settings that only the record of processing reads (Art. 30): who processes data for the company, and where.

Here: shapes of `[[privacy.processors]]`. Not here: other settings of privacy (settings/__init__.py), the record (privacy/audit/processing.py).
"""

from __future__ import annotations

from pydantic import BaseModel, Field


class Processor(BaseModel, extra="forbid", frozen=True):
    """Somebody who processes personal data on the company's behalf (Art. 28), as who sends its email."""

    name: str = Field(description="the company's name")
    task: str = Field(description="what they do with the data, as: sends the newsletter")
    country: str = Field(default="", pattern="^([A-Z]{2})?$", description="ISO 3166 code of where they process it")
    safeguard: str = Field(
        default="",
        description="outside the EEA: on what ground data may go there, as an adequacy decision or standard contractual clauses",
    )
    recipients: list[str] = Field(
        default=[], description="names by which exports go to them (`kundbild audience export --recipient`)"
    )
