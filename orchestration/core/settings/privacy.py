"""The section [privacy]: the pepper, who is told of in the record of processing, and how strict the rules are.

Not here: the other sections (settings/__init__.py), the shape of a processor (settings/processing.py).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, PositiveInt

from orchestration.core.settings.own import Purpose
from orchestration.core.settings.processing import Processor

# what the schemes region, life phase, purchasing power and capital of the seed segment_rules are made of
InferredOfPlaceOrLife = Literal["region", "life_phase", "purchasing_power", "economic_capital", "cultural_capital"]
Secret = Annotated[str, Field(min_length=32)]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value or []


class Privacy(BaseModel, extra="forbid", frozen=True):
    pepper: Annotated[tuple[Secret, ...], BeforeValidator(_listed)] = Field(
        default=(),
        repr=False,
        description="secret of keyed hashes, as ${NAME_OF_ENVIRONMENT_VARIABLE}, or a list of them, the oldest first; "
        "else it lies in the user's own settings",
    )
    controller: str = Field(
        default="", description="who answers for the data: name and address, for who asks (Art. 15); else the company"
    )
    officer: str = Field(default="", description="how to reach the data protection officer, for who asks")
    joint_controllers: list[str] = Field(default=[], description="who answers for the data too: name and address")
    representative: str = Field(
        default="", description="of a controller outside the EEA: who stands for it (Art. 27), name and address"
    )
    processors: list[Processor] = Field(
        default=[], description="who processes data for the company, as who sends its email"
    )
    security_measures: list[str] = Field(
        default=[],
        description="what the company does to protect the data besides what Kundbild does, as: disks are encrypted",
    )
    is_charity: bool = Field(
        default=False, description="the company is a charity: Reservasjonsregisteret has a choice of its own for those"
    )
    not_for_segments: list[InferredOfPlaceOrLife] = Field(
        default=[],
        description="what no segment may be made of, where the data protection officer does not confirm it: region, life_phase, "
        "purchasing_power, economic_capital, cultural_capital",
    )
    soft_opt_in: bool = Field(
        default=False,
        description="let grants with legal basis 'soft opt-in' count for marketing by email and sms, of customers who bought before",
    )
    unknown_age: Literal["exclude", "adult"] | dict[str, Literal["exclude", "adult"]] = Field(
        default="exclude",
        description="whether customers without a birth date are out of audiences or count as adults; or by purpose, as "
        '{ newsletter = "adult" }: purposes that are not named exclude them',
    )
    namesakes_share_refusals: int = Field(
        default=2,
        ge=1,
        le=1000,
        description="customers of one full name, where no more than this many are known and their birth dates do not differ, "
        "share what any of them refused; 1 for never",
    )
    retired_sources: list[str] = Field(
        default=[],
        description="sources of consent events, email events or requests, or tables of them as source.table, that are gone for good: "
        "nobody can say anything there any more. Of any other that is switched off or missing exports are refused",
    )
    retention_days: dict[str, PositiveInt] = Field(
        default={}, description="days by category, where they are others than the seed data_categories says"
    )
    purposes: dict[Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")], Purpose] = Field(
        default={}, description="what customers may be contacted for, beyond the purposes of the seed"
    )
    second_person: bool = Field(
        default=False,
        description="an erasure waits, restricted, until another user of the system says `kundbild confirm`",
    )
    prove_erasures: bool = Field(
        default=True,
        description="at the end of a night after an erasure, look for everybody who was erased in every file of the home folder",
    )
    expiring_days: int = Field(
        default=60, gt=0, description="grants that end within so many days are counted in bi.consent_overview"
    )
    min_people: int = Field(
        default=5,
        gt=0,
        description="in bi nothing is counted, or told of a place, of fewer people; counts in bi_open are multiples of it",
    )
    analyst_time: Literal["second", "day", "week", "month"] = Field(
        default="second",
        description="how fine the times of pseudonymised rows in bi are: each is the start of its second, day, week or month",
    )

    @property
    def unknown_age_is_adult(self) -> list[str]:
        """Purposes for which whose age is not known counts as an adult; `all` for every one."""
        if isinstance(self.unknown_age, str):
            return ["all"] if self.unknown_age == "adult" else []
        return sorted(purpose for purpose, verdict in self.unknown_age.items() if verdict == "adult")
