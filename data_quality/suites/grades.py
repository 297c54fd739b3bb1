"""What the grades of `bi` may tell (rule 32): no personal column or value, no count of few, no time too fine.

Checks of the consent suite, which stops publication. Not here: who may be written to (consent.py).
"""

from __future__ import annotations

import re
from typing import Any

from data_quality.checks import Check, History, Suite
from data_quality.suites.common import keeps_its_volume, no_row_where, no_rows
from data_quality.suites.identity_numbers import columns_of_identity_numbers, holds_identity_number
from orchestration.contracts.model_files import model_file
from orchestration.core.settings import DBT_DIR, Settings
from orchestration.core.sql_scripts import LUMPED
from orchestration.core.warehouse import text
from orchestration.privacy.audit.catalogue import NONE
from orchestration.privacy.intake.national_ids_in_text import REMOVED
from orchestration.privacy.intake.personal_text import (
    ADDRESS_REMOVED,
    KEY_SHOWN,
    PHONE_REMOVED,
    any_holds_point,
)

# what a column of personal data would be called, and what its values would look like
_PERSONAL_NAMES = [
    "customer_id", "full_name", "given_name", "family_name", "email", "phone", "birth_date", "street", "postal_code", "city",
    "contact_point", "handle", "person_key",
]  # fmt: skip
_NUMERIC = re.compile("bigint|hugeint|double|decimal|numeric")
# what the times or the amounts of the same row tell
_TOLD_BESIDE = {("fct_subscriptions", "is_active"), ("fct_orders", "is_order")}
# ids that Kundbild makes at random: by chance their digits have the form of a number of somebody's
_MADE_AT_RANDOM = ("run_id",)
# keys of rows that are somebody's, or of somebody: no aggregate has one
_ROW_KEYS = ["customer_key", "source_key", "order_key", "visitor_key", "company_key", "household_id"]
# tables of bi that count people, and which columns do
_COUNTED = {
    "permission_overview": ("customer_count", "permitted_count"),
    "consent_overview": ("customer_count", "permitted_count", "expiring_count", "withdrawn_count", "re_consent_count", "closed_by_register_count"),
    "email_campaigns": ("sent_count", "delivered_count", "opened_count", "clicked_count", "bounced_count", "unsubscribed_count", "complained_count", "read_count"),
    "contact_compliance": ("message_count",),
    "customers_by_age": ("customer_count",),
    "audience_funnel": ("customer_count",),
    "attribution": ("customer_count",),
    "attribution_spread": (),
    "campaign_results": ("sent_count", "measured_sent_count", "held_out_count", "fewest_count"),
    "cohort_retention": ("cohort_customer_count", "active_customer_count", "repeat_customer_count"),
    "north_star": ("customer_count", "reached_count", "discounted_count", "discounted_reached_count", "partly_returned_count", "partly_returned_reached_count", "visited_count", "visited_reached_count", "clicked_count", "clicked_reached_count"),
    "product_performance": ("customer_count", "first_buyer_count", "came_back_count"),
    "product_affinity": ("customer_count",),
    "interest_gap": ("people_count", "unviewed_people_count", "customer_count", "searched_count", "viewed_count", "carted_count", "bought_count", "never_bought_count"),
    "service_performance": ("people_count", "ticket_count", "replied_count", "solved_count", "rated_count", "nps_count", "followed_count", "bought_before_count", "bought_after_count"),
    "survey_performance": ("people_count", "asked_count", "answered_count", "nps_count", "nps_people_count", "csat_people_count", "promoter_count", "detractor_count", "csat_count", "ces_count"),
    "experience_matrix": ("customer_count", "ordered_count", "visited_count", "clicked_count", "used_count", "whole_record_count", "contactable_count", "reading_count", "known_interest_count", "next_interaction_count", "next_data_use_count", "nps_count"),
    "feedback_themes": ("people_count", "text_count", "positive_count", "neutral_count", "negative_count"),
    "purchase_intervals": ("customer_count", "next_order_count"),
    "wishes": ("people_count", "customer_count", "bought_count"),
}  # fmt: skip


def grades(settings: Settings, history: History) -> list[Suite]:
    return [*_bi(settings, history), *_bi_open(settings.privacy.min_people)]


def _bi(settings: Settings, history: History) -> list[Suite]:
    found = []
    for path in sorted((DBT_DIR / "models" / "bi").glob("bi_*.yml")):
        model = model_file(path)["models"][0]
        table = model["config"]["alias"]
        checks = (
            _no_column("no_personal_column", "that holds personal data", "bi", table, _PERSONAL_NAMES),
            *_no_personal_value(model["columns"]),
            *_nothing_taken_out(model["columns"]),
            *_no_personal_number(model["columns"]),
            *_of_few(table, settings.privacy.min_people),
            *_words_of_few(table, model["columns"], settings.privacy.min_people),
            *_of_time(model["columns"], settings.privacy.analyst_time),
            # counts of people are rows that come and go as they are told alone or with others
            *(
                []
                if table in _COUNTED
                else [keeps_its_volume(f"bi.{table}", history, settings.quality.max_volume_drop)]
            ),
        )
        found.append(Suite("consent", "bi", table, ("bi", table), checks))
    return found


def _bi_open(least: int) -> list[Suite]:
    """The open grade: nobody's row, and every count a multiple of `least`. Its rows come and go as counts grow and shrink."""
    found = []
    for path in sorted((DBT_DIR / "models" / "bi_open").glob("bi_open_*.yml")):
        model = model_file(path)["models"][0]
        table = model["config"]["alias"]
        counts = [c["name"] for c in model["columns"] if c["name"].endswith("_count")]
        # a whole multiple of the least is none of few, and tells of no one more or less
        broken = " or ".join(f"b.{count} < 0 or b.{count} % {least} <> 0" for count in counts)
        checks = (
            _no_column("no_personal_column", "that holds personal data", "bi_open", table, _PERSONAL_NAMES),
            _no_column("no_key", "by which a row is somebody's", "bi_open", table, _ROW_KEYS),
            *_no_personal_value(model["columns"]),
            *_no_personal_number(model["columns"]),
            no_row_where("counts_are_rounded", f"Every count is a multiple of {least}.", broken, rule=32),
        )
        found.append(Suite("consent", "bi_open", table, ("bi_open", table), checks))
    return found


def _no_column(name: str, what: str, schema: str, table: str, names: list[str]) -> Check:
    return Check(
        name,
        f"Has no column {what}: " + ", ".join(names) + ".",
        "UnexpectedRowsExpectation",
        {
            "unexpected_rows_query": f"select column_name from information_schema.columns where table_schema = '{schema}' "
            f"and table_name = '{table}' and column_name in ({', '.join(map(text, names))}) "
            "and (select count(*) from {batch}) >= 0"
        },
        rule=32,
    )


def _no_personal_value(columns: list[dict[str, Any]]) -> list[Check]:
    texts = [c["name"] for c in columns if c["data_type"] == "varchar" and c["name"] not in _MADE_AT_RANDOM]
    if not texts:
        return []
    plain = [f"b.{column}" for column in texts if not _is_key(column)]
    looks = [any_holds_point(plain, [f"b.{column}" for column in texts if _is_key(column)])]
    # a key may have the form of any number
    looks += [holds_identity_number(plain)] if plain else []
    told = "No text has an email address, a phone number or an identity number in it, and no key an address or a phone number."
    return [no_row_where("no_personal_value", told, " or ".join(looks), rule=32)]


def _is_key(column: str) -> bool:
    return column.endswith("_key")


def _nothing_taken_out(columns: list[dict[str, Any]]) -> list[Check]:
    """What the source wrote is shown as it is. Counts the rows where it is not: their address or number belongs elsewhere."""
    texts = [c["name"] for c in columns if c["data_type"] == "varchar" and c["name"] != "customer_key"]
    if not texts:
        return []
    marks = (ADDRESS_REMOVED, PHONE_REMOVED, REMOVED)
    looks = [
        f"starts_with(b.{column}, {text(KEY_SHOWN)}) and length(b.{column}) = {len(KEY_SHOWN) + 32}"
        if _is_key(column)
        else " or ".join(f"contains(b.{column}, {text(mark)})" for mark in marks)
        for column in texts
    ]
    told = f"The source wrote no address and no number of somebody into: {', '.join(texts)}. Analysts see such a text without it, and a keyed hash for such a key."
    return [no_row_where("nothing_personal_taken_out", told, " or ".join(looks), "WARN", rule=32)]


def _no_personal_number(columns: list[dict[str, Any]]) -> list[Check]:
    numbers = [c["name"] for c in columns if _NUMERIC.match(c["data_type"]) and not c["name"].endswith("_count")]
    if not numbers:
        return []
    told = "No column of numbers is one of identity numbers: by their dates and check digits, at least three and a third of them."
    return [no_rows("no_personal_number", told, columns_of_identity_numbers(numbers, "{batch}"), rule=32)]


def _of_time(columns: list[dict[str, Any]], unit: str) -> list[Check]:
    """No time of somebody's is finer than analysts may see it; those that are nobody's, as of a campaign, may be."""
    times = [c["name"] for c in columns if c["data_type"] == "timestamp" and c["config"]["meta"]["personal"] != NONE]
    if not times:
        return []
    finer = " or ".join(f"b.{time} <> date_trunc('{unit}', b.{time})" for time in times)
    return [no_row_where("no_time_too_fine", f"Times of rows are whole: each the start of its {unit}.", finer, rule=32)]


def _words_of_few(table: str, columns: list[dict[str, Any]], least: int) -> list[Check]:
    """Of rows that are somebody's: no word, yes or no of few. Who is not known counts as somebody in each row."""
    told = [c["name"] for c in columns if _is_word(c) and (table, c["name"]) not in _TOLD_BESIDE]
    if table == "dim_customers" or not table.startswith("fct_") or not told:
        return []
    if table == "fct_order_items":
        # a line is its order's, which has the customer
        broken = [f"select 1 from {{batch}} where {c} <> {text(LUMPED)} and {c} not in (select {c} from bi.fct_orders where {c} is not null)" for c in told]  # fmt: skip
    else:
        somebody = "count(distinct coalesce(customer_key, source_system || ':' || source_key))"
        broken = [f"select 1 from {{batch}} where {c} is not null and {c}::varchar <> {text(LUMPED)} group by {c} having {somebody} < {least}" for c in told]  # fmt: skip
    said = f"Of at least {least} customers is each value of {', '.join(told)} that is told, else it is one with the others of few, and a yes or no is empty."
    return [no_rows("no_word_of_few", said, " union all ".join(broken), rule=32)]


def _is_word(column: dict[str, Any]) -> bool:
    """Whether a column's values tell rows apart by words. A source is the company's, and a key is of one row, or of a campaign that
    the company knows."""
    return column["data_type"] == "boolean" or (
        column["data_type"] == "varchar" and column["name"] != "source_system" and not _is_key(column["name"])
    )


def _of_few(table: str, least: int) -> list[Check]:
    """What would tell somebody by being of so few."""
    if table == "dim_customers":
        # where nothing is told, it is told of anybody
        told = " or ".join(
            f"{column} is distinct from {text(LUMPED)}" for column in ("country_code", "county", "age_band")
        )
        groups = f"select country_code, county, age_band from {{batch}} where {told} group by all having count(*) < "
        return [
            no_rows(
                "no_place_and_age_of_few",
                f"Place and age are told of at least {least} customers alike.",
                f"{groups}{least}",
                rule=32,
            ),
            no_rows(
                "no_word_of_few",
                f"A stage, a segment and a yes are told of at least {least} customers, unless all are of few.",
                " union all ".join(
                    f"select {column}::varchar as word from {{batch}} where {column} is not null and {column}::varchar <> {text(LUMPED)} group by 1 "
                    f"having count(*) < {least}"
                    for column in (
                        "lifecycle_stage",
                        "rfm_segment",
                        "is_business",
                        "is_club_member",
                        "has_active_subscription",
                    )
                )
                # what only one of the two does not tell would be told by the other
                + f" union all select 'a stage' as word from {{batch}} where lifecycle_stage = {text(LUMPED)} and rfm_segment <> {text(LUMPED)}",
                rule=32,
            ),
        ]
    counts = _COUNTED.get(table, ())
    few = " or ".join(f"b.{column} between 1 and {least - 1}" for column in counts)
    return [no_row_where("no_count_of_few", f"No count is of fewer than {least}.", few, rule=32)] if counts else []
