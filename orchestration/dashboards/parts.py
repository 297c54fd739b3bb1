"""What each page shows: parts of the report, and further ones. Here: which, and what of them can be filtered. Not here: how they are shown
(views.py), the scripts of the report's parts (publishing/report/sections.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from orchestration.publishing.report.asking import Question
from orchestration.publishing.report.parts import Part
from orchestration.publishing.report.sections import SECTIONS
from orchestration.publishing.report.topics import (
    ATTRIBUTION,
    BY_HOUR,
    DISAGREEMENT,
    EFFECT,
    EVENTS,
    PERMISSIONS,
    PRODUCTS,
    RISKS,
)

_REPORT = {
    part.question.script: replace(part, add=part.add or section.add) for section in SECTIONS for part in section.parts
}


@dataclass(frozen=True)
class Board:
    """The parts of a page, and the columns by whose values they are filtered, as words."""

    parts: tuple[Part, ...]
    filters: Mapping[str, str]


def _asked(script: str, **how: Any) -> Question:
    return Question(script, beside=__file__, **how)


_TOGETHER = Part(
    "Bought together",
    _asked("bought_together", order="customer_count desc, lift_average desc, product, other_product limit 20"),
    note="Lift: how many times more often in one order than by chance. The 20 pairs of most customers.",
    add="connect a source of order lines and products",
)
_BY_GROUP = Part(
    "Per segment and store",
    _asked("matrix_by_group", order="scheme, segment, customer_count desc nulls last, interaction, use_of_data"),
    note="What most customers of the cell lack to move up by one. The store is where they buy most. A kind that no source delivers counts as not done.",
    add="connect a source of people and of orders",
)

BOARDS: dict[str, Board] = {
    "segments": Board(
        tuple(_REPORT[name] for name in ("customers_by_stage", "customers_by_rfm", "customers_by_age", "segment_movements", "segments")),
        {"scheme": "Scheme"},
    ),
    "channels": Board(
        (ATTRIBUTION, DISAGREEMENT, *(_REPORT[name] for name in ("sales_by_month", "sales_by_channel", "visits_by_channel", "ad_spend_by_channel"))),
        {"channel": "Channel", "landing_channel": "Channel of the visit"},
    ),
    "campaigns": Board(
        tuple(_REPORT[name] for name in ("email_campaigns", "campaign_lift", "audience_steps", "audience_reasons")),
        {"campaign": "Campaign", "audience": "Audience"},
    ),
    "products": Board(
        (_REPORT["products_by_category"], _REPORT["interest_gap"], PRODUCTS, _TOGETHER),
        {"category": "Category", "product": "Product"},
    ),
    "service": Board(
        (
            *(_REPORT[name] for name in ("tickets_by_month", "nps_by_month")),
            BY_HOUR,
            *(_REPORT[name] for name in ("feedback_themes", "tickets_by_category")),
            EFFECT,
            *(_REPORT[name] for name in ("surveys", "surveys_by_moment")),
            RISKS,
        ),
        {"survey": "Survey", "category": "Cause"},
    ),
    "experience": Board((_REPORT["experience_matrix"], _BY_GROUP), {"scheme": "Scheme", "segment": "Segment or store"}),
    "consent": Board((_REPORT["consents"], PERMISSIONS), {"purpose": "Purpose", "channel": "Channel"}),
    "health": Board(
        (*(_REPORT[name] for name in ("quality_by_night", "quality_of_records", "quality_set_aside", "quality_of_sources", "gaps", "order_gaps", "undelivered", "newest_rows")), EVENTS), {"source_system": "Source"}
    ),
}  # fmt: skip
OVERVIEW = tuple(
    _REPORT[name]
    for name in ("customers_by_stage", "sales_by_month", "bought_again", "north_star_drivers", "nps_by_month")
)
