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
    TICKETS,
    TICKETS_OPENED,
)
from orchestration.publishing.report.parts import Drawn, Figure, Part
from orchestration.publishing.report.sections import SECTIONS

_REPORT = {part.question.script: part for section in SECTIONS for part in section.parts}

NORTH_STAR = Part(
    "North Star by when the first purchase was",
    Question(
        "north_star",
        order="week_on",
        shares={"reached_percent": ("reached_count", "new_customer_count")},
        optional=("target_percent",),
    ),
    Drawn("weeks", "week_on", ("reached_percent", "target_percent")),
    note="Percent of new customers who bought again in time, by week, or by month, quarter or year where weeks would tell of few; of "
    "periods whose customers have had all days. "
    "How many purchases within how many days count is a setting of the company, and so is the target.",
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
DISAGREEMENT = replace(
    _REPORT["attribution_disagreement"], drawn=Drawn("steps", "channel", ("least_count", "most_count"), most=8)
)
PRODUCTS = Part(
    "Products",
    Question(
        "products",
        order="customer_count desc nulls last, product limit 60",
        shares={"came_back_percent": ("came_back_count", "first_buyer_count")},
        is_sample=True,
    ),
    note="The 60 products of most customers. Came back: of those whose first purchase it was, who bought again. Shown of products with so many "
    "first buyers that few of them would have to be left out, and only where nearly all of these may be shown: those of which all came back are no fair sample.",
    add="connect a source of order lines and products",
)
BY_HOUR = Part(
    "When requests come, by hour of the day (UTC), all time",
    Question("service_by_hour", order="hour"),
    Drawn("bars", "hour", ("ticket_count",), most=24),
    note="All requests that are kept. Hours to reply are medians.",
    add=TICKETS,
)
EFFECT = Part(
    "What customers do after a request, by how soon it was answered",
    Question(
        "service_effect",
        order="array_position(['within 1 h', 'within 4 h', 'within 24 h', 'later', 'none yet'], first_reply) nulls last, first_reply",
    ),
    Drawn("steps", "first_reply", ("bought_before_percent", "bought_after_percent")),
    note="Requests of which all days have passed, and in how many of 100 the customer bought in as many days before and after. Whoever is "
    "answered late may differ in other ways too.",
    add=TICKETS,
)
WISHES = Part(
    "What people say that they want",
    Question("wishes", order="said_by_count desc nulls last, answer"),
    Drawn("bars", "answer", ("said_by_count",)),
    note="Answers to the questions that the company named, of people: what names no category is not sold yet. "
    "Answers of few people are one row: whether they are sold is unknown.",
    add="name a question of your surveys",
)
_PRICES = replace(
    PRODUCTS,
    title="Median price of the products of most customers, in the company's currency",
    drawn=Drawn("bars", "product", ("median_price_average",), most=15),
)
_BROUGHT_BACK = replace(
    PRODUCTS,
    title="New customers who bought again, by their first product, %",
    drawn=Drawn("bars", "product", ("came_back_percent",), most=15),
)
_CAUSES = replace(_REPORT["tickets_by_category"], drawn=Drawn("bars", "category", ("ticket_count",)))
_REPLIES = replace(
    _REPORT["tickets_by_category"],
    title="Hours to the first reply by cause, median",
    drawn=Drawn("bars", "category", ("first_reply_hours",)),
    says=None,
)
_MOMENTS = replace(
    _REPORT["surveys_by_moment"], title="NPS by moment, all time", drawn=Drawn("bars", "moment", ("nps_score",))
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
    "prices": ("What it sells at", (), _PRICES),
    "first-products": ("What brings customers back", (), _BROUGHT_BACK),
    "service": ("How we help", (TICKETS_OPENED,), _REPORT["tickets_by_month"]),
    "causes": ("Why customers write", (), _CAUSES),
    "replies": ("How soon we answer", (), _REPLIES),
    "hours": ("When customers write", (), BY_HOUR),
    "after-service": ("What a reply leads to", (), EFFECT),
    "moments": ("How customers score us", (RECENT_NPS,), _MOMENTS),
    "themes": ("What people write about", (), _REPORT["feedback_themes"]),
    "north-star": ("Who buys again in time", (), NORTH_STAR),
    "attribution": ("What brings purchases", (), ATTRIBUTION),
    "disagreement": ("Where models disagree", (), DISAGREEMENT),
    "lift": ("What campaigns caused", (), _REPORT["campaign_lift"]),
    "retention": ("Who comes back", (), _REPORT["bought_again"]),
    "interest": ("Wanted, and never bought", (), _GAP),
    "wishes": ("What people wish for", (), WISHES),
    "experience": ("How we serve whom", (), _REPORT["experience_matrix"]),
    "events": ("What we track", (), EVENTS),
    "risks": ("What is unusual", (), RISKS),
    "nights": ("How our nights end", (), _REPORT["quality_by_night"]),
    "records": ("How whole our records are", (CUSTOMERS,), _REPORT["quality_of_records"]),
    "permissions": ("Who lets us write", (), PERMISSIONS),
}
