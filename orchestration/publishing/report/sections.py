"""Which sections a report has, in their order. Not here: how they are asked, drawn and written, the figures at the head (figures.py), the
topics of pictures (topics.py).

A question that you add needs a script in `sql/` and a Part here; rules.py says how its columns are named.
"""

from __future__ import annotations

from orchestration.publishing.report.asking import Question
from orchestration.publishing.report.figures import LEFT_OUT, ORDERS, TICKETS
from orchestration.publishing.report.parts import Drawn, Part, Section
from orchestration.publishing.report.words import by_month, first_row, largest, moved, newest, nights

_STAGES = Part(
    "Lifecycle",
    Question("customers_by_stage", order="customer_count desc nulls last, lifecycle_stage"),
    Drawn("bars", "lifecycle_stage", ("customer_count",)),
    says=moved("lifecycle_stage", "customer_count", "customers"),
    note="Net revenue is of all time.",
)
_SALES_BY_MONTH = Part(
    "Net revenue by month and channel",
    Question("sales_by_month", order="sales_month, channel"),
    Drawn("months", "sales_month", ("net_amount",), by="channel"),
    has_table=False,
    says=by_month("sales_month", "net_amount", "net revenue"),
    note="The newest month is not over.",
)
_NPS = Part(
    "NPS by month of the answer",
    Question("nps_by_month", order="answered_month", is_sample=True),
    Drawn("line", "answered_month", ("nps_score",)),
    has_table=False,
    says=by_month("answered_month", "nps_score", "NPS"),
)
_CAMPAIGNS = Part(
    "Newest email campaigns",
    Question(
        "email_campaigns",
        order="sent_on desc, campaign",
        shares={
            "read_percent": ("read_count", "delivered_count"),
            "clicked_percent": ("clicked_count", "delivered_count"),
        },
    ),
    Drawn("steps", "campaign", ("delivered_count", "read_count", "clicked_count"), most=6),
    note="People, not messages. Shares are of those to whom it was delivered. Read: clicked in it, or opened it later than programs do.",
)
_AUDIENCES = Part(
    "From a rule to an audience",
    Question("audience_steps", order="audience"),
    Drawn("steps", "audience", ("matched_count", "permitted_count", "in_the_audience_count")),
    note="Matched: the rule of the audience holds. Permitted: may be contacted for its purpose by its channel.",
)
_CATEGORIES = Part(
    "Net revenue by category, last 12 months",
    Question("products_by_category", order="net_amount desc nulls last, category"),
    Drawn("bars", "category", ("net_amount",)),
    says=largest("category", "net_amount", "net revenue"),
)
_TICKETS = Part(
    "Tickets by month",
    Question("tickets_by_month", order="opened_month"),
    Drawn("months", "opened_month", ("ticket_count",)),
    has_table=False,
    says=by_month("opened_month", "ticket_count", "tickets"),
)
_MOMENTS = Part(
    "By moment, all time",
    Question(
        "surveys_by_moment",
        order="survey, array_position(['after delivery', 'after service', 'at another time'], moment) nulls last, moment",
    ),
    note="After the newest delivery or support request before the question; at another time: there was none shortly before.",
)
_THEMES = Part(
    "What people write about",
    Question("feedback_themes", order="text_count desc nulls last, theme"),
    Drawn("steps", "theme", ("positive_count", "negative_count"), most=6),
    note="Reviews and answers in surveys. Themes and moods are found by single words, and so miss irony. Texts of customers who may not be profiled are left out.",
    add="connect a source of reviews, or of surveys with free answers",
)
_MATRIX = Part(
    "Extent of interaction and use of data",
    Question(
        "experience_matrix",
        order="list_position(['high', 'medium', 'low'], interaction) nulls last, list_position(['low', 'medium', 'high'], use_of_data) nulls last",
        optional=("no_source_for",),
    ),
    Drawn("grid", "use_of_data", ("customer_count",), by="interaction", levels=("low", "medium", "high")),
    note="Interaction: ordered, visited, clicked, used. Use of data: the record is whole, may be contacted, reads, has a known interest. "
    "Of each axis three are high, two medium. What most of them lack: it would move most customers of the cell up. "
    "Cells of few people are one row of the table, and not in the chart. A kind that no source delivers (no source for) counts as not done: "
    "a low level then says that it is not known.",
)
_CONSENTS = Part(
    "Permissions",
    Question(
        "consents",
        order="purpose, channel",
        shares={"permitted_percent": ("permitted_count", "customer_count")},
    ),
    note="Customers of whom anything was ever said about the purpose and channel. Expiring: their consent ends soon. "
    + LEFT_OUT,
)


_NIGHTS = Part(
    "Checks by night, last 30 days",
    Question("quality_by_night", order="described_at", is_of_people=False),
    Drawn("weeks", "described_at", ("warned_checks", "failed_checks")),
    says=nights,
    note="Published: readers got it. Unchanged: nothing was new. Held or broken off: readers kept the publication before. A failed check "
    "holds a night, one that warns does not. Set aside: rows that are in no table of this report.",
)
_RECORDS = Part(
    "What customers' records lack",
    Question("quality_of_records", order="affected_count desc nulls last, lacking"),
    Drawn("bars", "lacking", ("affected_percent",)),
    note="Percent of customers; of old addresses, of those who have one. After how long without confirmation an address counts as old is a setting of the company.",
    add="connect a source of people",
)
SECTIONS = (
    Section(
        "segments",
        "Segments",
        (
            _STAGES,
            Part(
                "Recency, frequency and money (RFM)",
                Question("customers_by_rfm", order="net_amount desc nulls last, rfm_segment"),
                Drawn("bars", "rfm_segment", ("net_amount",)),
                says=largest("rfm_segment", "net_amount", "net revenue"),
            ),
            Part("Age", Question("customers_by_age", order="age_place nulls last, age_band"), note="At the date of the report, rounded."),
            Part(
                "Movements between segments, newest week",
                Question("segment_movements", order="customer_count desc nulls last, scheme, from_segment, to_segment"),
                note="The eight ways that most customers went. Ways that few went are left out.",
                add="customers move from the second night on",
            ),
            Part(
                "Other schemes",
                Question("segments", order="scheme, customer_count desc nulls last, segment"),
                note="The largest segments of each scheme. A dash: fewer than are shown, or the scheme is younger.",
            ),
        ),
        "connect a source of people and of orders",
    ),
    Section(
        "sales",
        "Sales",
        (
            _SALES_BY_MONTH,
            Part(
                "Channels, last 12 months",
                Question("sales_by_channel", order="net_amount desc nulls last, channel"),
                says=largest("channel", "net_amount", "net revenue"),
            ),
            Part(
                "Bought again within three months, by month of the first order",
                Question("bought_again", order="cohort_month", is_sample=True),
                Drawn("line", "cohort_month", ("bought_again_percent",)),
                has_table=False,
                says=newest("cohort_month", "bought_again_percent", "of the customers who came bought again within three months"),
                note="By quarter or year where months would tell of few people. "
                "None is shown where those that may be shown are no fair sample: of few customers only periods are left in which many came back, or nobody.",
            ),
            Part(
                "North Star: new customers who bought again in time",
                Question(
                    "north_star",
                    order="week_on desc limit 13",
                    shares={"reached_percent": ("reached_count", "new_customer_count")},
                    optional=("target_percent",),
                ),
                note="By week of the first purchase, or by month, quarter or year where weeks would tell of few people; of periods whose "
                "customers have had all days. How many purchases within how many days count is a setting of the company, and so is the target.",
            ),
            Part(
                "North Star: what goes with it",
                Question(
                    "north_star_drivers",
                    order="driver, applies desc",
                    shares={"reached_percent": ("reached_count", "customer_count")},
                ),
                note="New customers of the last 13 such periods in which enough people are on both sides. Who visits or clicks may differ in "
                "other ways too: this is no measured effect.",
            ),
            Part(
                "From one order to the next",
                Question(
                    "purchase_intervals",
                    order="order_number",
                    shares={"ordered_again_percent": ("ordered_again_count", "customer_count")},
                ),
                note="Customers who came so far, those who ordered once more, and the median of days until then.",
            ),
        ),
        ORDERS,
    ),
    Section(
        "campaigns",
        "Channels and campaigns",
        (
            _CAMPAIGNS,
            Part(
                "Visits by the channel that brought them, last 12 months",
                Question(
                    "visits_by_channel",
                    order="visit_count desc nulls last, landing_channel",
                    shares={"converted_percent": ("converted_visit_count", "visit_count")},
                ),
                says=largest("landing_channel", "visit_count", "visits"),
            ),
            Part(
                "What campaigns caused, measured by hold-outs",
                Question("campaign_lift", order="campaign = 'all by email' desc, sent_on desc nulls last, campaign"),
                Drawn("steps", "campaign", ("bought_percent", "held_out_bought_percent"), most=7),
                says=first_row("lift_in_percentage_points", "Lift of all campaigns by email in percentage points"),
                note="Customers who bought in the days after it, compared with those who were drawn at random not to get it. How many days count is a setting of the company. "
                "A campaign is shown alone where nearly all campaigns of its size may be: only those in which many bought would be no fair sample. "
                "Analysts find more of them in bi.campaign_results.",
                add="connect a source of email events",
            ),
            Part(
                "What brought purchases, by model of attribution",
                Question("attribution", order="markov_count desc nulls last, channel"),
                note="Purchases that each model credits: to the first touch, to the last, to all alike (linear), and by what would be lost without the channel (Markov). "
                "None of them is a measured effect. By hold out: purchases that campaigns caused, by those who were held out of them at random (95 % interval).",
                add="connect a source of web sessions and of orders",
            ),
            Part(
                "Where the models of attribution disagree",
                Question("attribution_disagreement", order="most_count - least_count desc nulls last, channel"),
                note="Of each channel the model that credits the fewest purchases, and the one that credits the most, of all models. The wider "
                "the gap, the less a single model may decide.",
                add="connect a source of web sessions and of orders",
            ),
            Part(
                "Advertising, last 12 months",
                Question("ad_spend_by_channel", order="spend_amount desc nulls last, channel", is_of_people=False),
                Drawn("bars", "channel", ("spend_amount",)),
            ),
        ),
        "connect a source of email events, of web sessions or of advertising",
    ),
    Section(
        "audiences",
        "Audiences and permissions",
        (
            _AUDIENCES,
            Part("Main reasons for being left out", Question("audience_reasons", order="audience, customer_count desc nulls last, reason")),
        ),
        "connect a source of consents",
    ),
    Section(
        "surveys",
        "Surveys",
        (_NPS, Part("Surveys, last 12 months", Question("surveys", order="known_respondent_count desc nulls last, survey"), note="NPS: −100 to 100. CSAT, satisfaction: 1 to 5. CES, effort: 1 to 7."), _MOMENTS, _THEMES),
        "connect a source of surveys or of reviews",
    ),
    Section(
        "service",
        "Service",
        (
            _TICKETS,
            Part(
                "By cause, last 12 months",
                Question("tickets_by_category", order="ticket_count desc nulls last, category"),
                says=largest("category", "ticket_count", "tickets"),
                note="Hours are medians. Satisfaction: 1 to 5.",
            ),
        ),
        TICKETS,
    ),
    Section("experience", "Customer experience matrix", (_MATRIX,), "connect a source of people and of orders"),
    Section(
        "products",
        "Products",
        (
            _CATEGORIES,
            Part(
                "The gap between interest and purchase",
                Question(
                    "interest_gap",
                    order="never_bought_count desc nulls last, interest",
                    shares={"never_bought_percent": ("never_bought_count", "customer_count")},
                    is_sample=True,
                ),
                note="Customers who searched for, viewed or put aside products of a category, and those of them who have never bought one, in the orders that are kept. The share is shown where "
                "nearly all categories with enough of them may show it.",
                add="connect a source of web events",
            ),
            Part("Bought by most customers, last 90 days", Question("products_sold_most", order="known_customer_count desc, product limit 10")),
        ),
        "connect a source of order lines and products",
    ),
    Section(
        "health",
        "Consent and data health",
        (
            _CONSENTS,
            _NIGHTS,
            _RECORDS,
            Part("Rows set aside in the newest night", Question("quality_set_aside", order="set_aside_count desc nulls last, source_system, rows_of", is_of_people=False)),
            Part("Sources in the newest night", Question("quality_of_sources", order="source_system", is_of_people=False)),
            Part("What is missing of customers", Question("gaps")),
            Part("What is missing of orders, last 12 months", Question("order_gaps")),
            Part("What sources deliver, and what is not known", Question("undelivered", is_of_people=False)),
            Part("How new the data are", Question("newest_rows", order="data, source_system")),
        ),
        "connect a source of consents",
    ),
)  # fmt: skip
