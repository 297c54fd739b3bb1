"""The topics of pictures to share, one for each question that an analyst asks most. Here: title, figures above the chart, the part that it
draws; parts that the report itself does not have. Not here: how a picture is made (picture.py), the report's own parts (sections.py).
"""

from __future__ import annotations

from dataclasses import replace

from orchestration.publishing.report.asking import Question
from orchestration.publishing.report.figures import (
    AGREED,
    BUYERS,
    CUSTOMERS,
    ORDERS,
    RECENT_NPS,
    RECENT_ORDERS,
    RECENT_REVENUE,
    TICKETS_OPENED,
)
from orchestration.publishing.report.parts import Drawn, Figure, Part
from orchestration.publishing.report.sections import SECTIONS

_REPORT = {part.question.script: part for section in SECTIONS for part in section.parts}

NORTH_STAR = Part(
    "North Star by week of the first purchase",
    Question("north_star_weeks", order="week_on", shares={"reached_percent": ("reached_count", "new_customer_count")}),
    Drawn("weeks", "week_on", ("reached_percent", "target_percent")),
    note="Percent of new customers who bought again in time, of weeks whose customers have had all days. "
    "The company set how many purchases within how many days count, and the target, where there is one.",
    add="connect a source of orders",
)
ATTRIBUTION = replace(
    _REPORT["attribution"],
    drawn=Drawn("steps", "channel", ("first_count", "last_count", "linear_count", "markov_count"), most=8),
)
PERMISSIONS = Part(
    "Who may be contacted, by week",
    Question("permissions_by_week", order="week_on, purpose, channel"),
    Drawn("weeks", "week_on", ("permitted_count",), by="asked_for", most=60),
    note="Permitted at the end of the week. The newest week is not over.",
    add="connect a source of consents",
)
EVENTS = Part(
    "Tracked events",
    Question("event_plan", order="event_kind"),
    Drawn("bars", "event_kind", ("event_count",)),
    note="Events of the last seven days, and whether they are as planned.",
    add="connect a source of web events",
)
RISKS = Part(
    "Risk signals",
    Question("risk_signals", order="customer_count desc nulls last, signal"),
    Drawn("bars", "signal", ("customer_count",)),
    note="Customers of whom something is unusual. A person looks into it and decides (Art. 22): a signal proves nothing.",
    add=ORDERS,
)
_GAP = replace(
    _REPORT["interest_gap"], drawn=Drawn("steps", "interest", ("customer_count", "never_bought_count"), most=8)
)

# topic → (title, figures above the chart, the part that it draws)
TOPICS: dict[str, tuple[str, tuple[Figure, ...], Part]] = {
    "segments": ("Where our customers stand", (CUSTOMERS, BUYERS), _REPORT["customers_by_stage"]),
    "sales": ("What our customers buy", (RECENT_ORDERS, RECENT_REVENUE), _REPORT["sales_by_month"]),
    "survey": ("What our customers say", (RECENT_NPS,), _REPORT["nps_by_month"]),
    "campaigns": ("Our newest campaigns", (AGREED,), _REPORT["email_campaigns"]),
    "products": ("What sells", (RECENT_REVENUE,), _REPORT["products_by_category"]),
    "service": ("How we help", (TICKETS_OPENED,), _REPORT["tickets_by_month"]),
    "north-star": ("Who buys again in time", (), NORTH_STAR),
    "attribution": ("What brings purchases", (), ATTRIBUTION),
    "lift": ("What campaigns caused", (), _REPORT["campaign_lift"]),
    "retention": ("Who comes back", (), _REPORT["bought_again"]),
    "interest": ("Wanted, and never bought", (), _GAP),
    "experience": ("How we serve whom", (), _REPORT["experience_matrix"]),
    "events": ("What we track", (), EVENTS),
    "risks": ("What is unusual", (), RISKS),
    "permissions": ("Who lets us write", (), PERMISSIONS),
}
