"""Promise: what every consumer of a conformed entity may rely on. Not here: row shapes (dbt's contracts hold them)."""

from __future__ import annotations

from data_quality.checks import Check, History, Suite
from data_quality.suites.common import between, keeps_its_volume, no_row_where, no_rows, one_of
from data_quality.suites.identity_numbers import columns_of_identity_numbers
from orchestration.contracts.channels import channels
from orchestration.contracts.conformed import entities
from orchestration.core.settings import Settings

_CHANNELS = channels()


def _not_ahead(column: str) -> Check:
    return no_row_where(
        f"{column}_is_not_ahead",
        f"{column} is not after the night.",
        f"b.{column} > (select as_of from ops.clock) + interval 1 day",
        "WARN",
    )


_RULES: dict[str, list[Check]] = {
    "people": [
        no_row_where("born_in_the_past", "Nobody is born after the night or before 1900.",
                "birth_date > (select as_of from ops.clock) or birth_date < date '1900-01-01'", "WARN"),
        no_row_where("country_can_be_read", "country_code is a country's code of two letters, or its name: of any other text no country is known, and no register.",
                "country_code is not null and match_keys.country_code(country_code) is null", "WARN"),
        no_rows("corrections_can_be_read", "Every corrected birth date (kundbild rectify) is a date: one that is none is unknown until the request is corrected.",
                "select request_id from identity.corrections where field = 'birth_date' and value is not null and try_cast(value as date) is null", "WARN"),
        no_rows("keys_are_no_identity_numbers", "People's keys are no identity numbers, by their dates and check digits: at least three and a third of the long ones. "
                "A key enters as it is: declare another one of the source, or a view of it without the number.",
                columns_of_identity_numbers(["digits"], "(select try_cast(translate(source_key, '-+ ', '') as double) as digits from {batch})"), "WARN", rule=18),
    ],
    "deals": [between("amount", 0, severity="WARN")],
    "interactions": [one_of("direction", ["in", "out"], "WARN"), _not_ahead("occurred_at")],
    "tickets": [
        between("satisfaction", 1, 5),
        no_row_where("replied_after_it_was_opened", "No reply comes before the ticket.",
                "first_reply_at < opened_at or solved_at < opened_at", "WARN"),
    ],
    "products": [between("price", 0)],
    "orders": [
        _not_ahead("ordered_at"),
        no_row_where("currency_can_be_read", "Every order says its currency, in a word of the seed currencies; what may be several, as kr, is none.",
                "currency = 'XXX' or currency is null", "WARN"),
    ],
    "order_items": [
        no_row_where("refunds_no_more_than_was_bought", "refunded_quantity is at most quantity.",
                "refunded_quantity > abs(quantity)"),
    ],
    "carts": [between("value", 0, severity="WARN")],
    "subscriptions": [
        no_row_where("cancelled_after_it_began", "No spell ends before it begins.",
                "cancelled_at < started_at"),
    ],
    "usage_events": [between("quantity", 0, severity="WARN"), _not_ahead("occurred_at")],
    "web_sessions": [between("duration_seconds", 0), between("page_views", 1, severity="WARN"), _not_ahead("started_at")],
    "web_events": [
        one_of("kind", ["page_view", "product_view", "search", "click", "scroll", "add_to_cart", "form"], "WARN"),
        between("scroll_depth", 0, 100, "WARN"),
    ],
    "campaigns": [one_of("channel", _CHANNELS)],
    "email_events": [
        # no row is set aside for its kind: an unknown word may be a withdrawal, and denies
        one_of("kind", ["sent", "delivered", "opened", "clicked", "bounced", "forwarded", "unsubscribed", "complained", "held_out"], "WARN"),
        _not_ahead("occurred_at"),
    ],
    "ad_spend": [between("spend", 0), between("impressions", 0)],
    "survey_responses": [between("nps", 0, 10), between("csat", 1, 5), between("ces", 1, 7)],
    "reviews": [between("rating", 1, 5)],
    "consent_events": [
        one_of("status", ["granted", "withdrawn"]),
        one_of("channel", [*_CHANNELS, "all"]),
        no_row_where("purpose_is_declared", "Every purpose stands in the seed purposes, or is what withdraws several: marketing, direct_marketing, all.",
                "b.purpose not in (select purpose from reference.purposes) and b.purpose not in ('marketing', 'direct_marketing', 'all')", "WARN"),
        one_of("contact_point_type", ["email", "phone", "post"], "WARN"),
        no_row_where("not_from_the_future", "No statement is dated after the night.",
                "stated_at > (select as_of from ops.clock) + interval 1 day", "WARN"),
    ],
}  # fmt: skip


def suites(settings: Settings, history: History) -> list[Suite]:
    found = []
    for entity in entities():
        table = f"conformed_{entity}"
        volume = keeps_its_volume(f"conformed.{table}", history, settings.quality.max_volume_drop)
        found.append(Suite("promise", "conformed", table, ("conformed", table), (volume, *_RULES.get(entity, []))))
    return found
