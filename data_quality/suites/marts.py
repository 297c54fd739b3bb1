"""Promise: what analysts may rely on in the public marts. Not here: contracts and grains (dbt holds them)."""

from __future__ import annotations

from data_quality.checks import Check, History, Suite
from data_quality.suites.common import (
    NOT_PROFILED,
    RESTRICTED,
    between,
    keeps_its_volume,
    no_row_where,
    no_rows,
    tells_no_special_category,
)
from orchestration.contracts.deliveries import CUSTOMER_360, delivered_by
from orchestration.core.settings import Settings
from orchestration.core.warehouse import text


def _is_restricted(system: str, key: str) -> str:
    """SQL: whether a record, or what hangs on it, is of somebody whose data are restricted."""
    return (
        "exists (select 1 from identity.customer_source_records t "
        f"where t.source_system = {system} and t.source_key = {key} and t.valid_to is null and t.customer_id in {RESTRICTED})"
    )


def _every_row_of(entity: str, *, whoever: bool = False) -> Check:
    """`whoever`: all rows, also of who is restricted (there without the person), or of nobody."""
    free = "" if whoever else f" and not {_is_restricted('e.person_system', 'e.person_key')}"
    return no_rows(
        "has_every_conformed_row",
        f"As many rows as conformed_{entity} has standing ones, but of who is restricted: none lost, none doubled.",
        "select * from (select (select count(*) from {batch}) as here, "
        f"(select count(*) from conformed.conformed_{entity} e where deleted_at is null{free}) as there) as t where here <> there",
    )


def _only_of_profiled(what: str) -> Check:
    return no_row_where(
        "nobody_who_may_not_be_profiled",
        f"No customer who may not be profiled has a {what}.",
        f"b.customer_id in {NOT_PROFILED}",
        rule=22,
    )


# of two fits of one night the later one counts, as `kundbild scores list` has it; where scores are off there are none to hold back
_HELD_BACK = (
    "select score from (select q.score, arg_max(q.is_held_back, (q.as_of, q.nth)) as is_held_back, arg_max(q.version, (q.as_of, q.nth)) as version "
    "from (select score, version, as_of, is_held_back, max(rowid) as nth from scores.score_quality group by all) as q "
    "where q.score in (select score from {batch}) group by q.score) as newest "
    "where is_held_back and version in (select version from scores.score_models) and exists (select 1 from scores.customer_scores)"
)

_RULES: dict[tuple[str, str], list[Check]] = {
    ("marts", "dim_customers"): [
        no_rows("every_record_has_its_customer", "Every standing source record, but of who is restricted, belongs to exactly one customer of the table.",
                "select * from (select (select coalesce(sum(source_record_count), 0) from {batch}) as here, "
                "(select count(*) from conformed.conformed_people p where deleted_at is null and not "
                f"{_is_restricted('p.source_system', 'p.source_key')}) as there) as t where here <> there"),
    ],
    ("marts", "bridge_customer_source_records"): [
        no_rows("one_customer_at_a_time", "No record belongs to two customers now.",
                "select source_system, source_key from {batch} where valid_to is null group by all having count(*) > 1"),
    ],
    ("marts", "customer_id_redirects"): [],
    ("marts", "customer_identity_events"): [],
    ("marts", "customer_reservations"): [
        no_row_where("closes_a_channel", "Every reservation is of a register that closes its channel.",
                     "(b.register, b.channel) not in (select (register, channel) from reference.register_rules)"),
    ],
    ("marts", "register_gaps"): [],
    ("marts", "consent_inputs"): [],
    ("marts", "audience_funnel"): [
        no_rows("every_step_adds_up", "Of each audience: matched is not permitted and permitted, permitted is kept out and in it.",
                "select audience from (select audience, "
                "sum(customer_count) filter (step = 'matched') as matched, sum(customer_count) filter (step in ('not permitted', 'permitted')) as parts, "
                "coalesce(sum(customer_count) filter (step = 'permitted'), 0) as permitted, "
                "sum(customer_count) filter (step in ('kept out', 'in the audience')) as ends from {batch} group by 1) as t "
                "where matched <> parts or permitted <> ends"),
    ],
    ("marts", "bridge_household_customers"): [],
    ("marts", "dim_households"): [
        no_row_where("two_live_in_it", "A household is of two customers or more.", "b.customer_count < 2"),
        no_rows("every_member_is_counted", "As many customers as bridge_household_customers has.",
                "select * from (select (select coalesce(sum(customer_count), 0) from {batch}) as here, "
                "(select count(*) from marts.bridge_household_customers) as there) as t where here <> there"),
    ],
    ("marts", "bridge_company_source_records"): [],
    ("marts", "dim_companies"): [
        no_rows("every_record_has_its_company", "Every standing company record belongs to exactly one company of the table.",
                "select * from (select (select coalesce(sum(source_record_count), 0) from {batch}) as here, "
                "(select count(*) from conformed.conformed_companies where deleted_at is null) as there) as t where here <> there"),
    ],
    ("marts", "dim_products"): [_every_row_of("products", whoever=True)],
    ("marts", "exchange_rates_by_day"): [
        no_row_where("rates_are_not_stale", "No amount is converted by a newest rate that is older than [quality] max_rate_age_days: see whether the source of exchange_rates still delivers.",
                     "b.is_stale", "WARN"),
    ],
    ("marts", "order_returns"): [no_row_where("nothing_negative", "No order gives back less than nothing.", "b.refunded_amount < 0 or b.negative_amount < 0")],
    ("marts", "credit_notes"): [],
    ("marts", "fct_orders"): [
        _every_row_of("orders", whoever=True),
        no_row_where("every_currency_has_a_rate", "Every amount can be told in the company's currency: map a source to exchange_rates, or add the currency to the seed.",
                     "b.net_amount is null", "WARN"),
        no_row_where("every_partial_refund_says_how_much", "Every order that was partially refunded says by how much, or its lines do: map refunded_amount or refunded_quantity.",
                     "b.order_status = 'partially refunded' and b.refunded_amount = 0", "WARN"),
        no_row_where("cancelled_is_no_revenue", "What was cancelled is neither an order nor revenue.",
                     "b.order_status = 'cancelled' and (b.is_order or b.is_sale or b.net_amount <> 0)"),
        no_row_where("refunds_are_subtracted", "Net is gross less refunds; no order gives back more than was paid.",
                     "b.net_amount <> b.gross_amount - b.refunded_amount or (b.is_order and b.refunded_amount > b.gross_amount) "
                     "or (b.order_status = 'refunded' and b.net_amount > 0)"),
    ],
    ("marts", "fct_order_items"): [_every_row_of("order_items", whoever=True)],
    ("marts", "fct_carts"): [_every_row_of("carts")],
    ("marts", "fct_web_sessions"): [_every_row_of("web_sessions")],
    ("marts", "fct_email_events"): [_every_row_of("email_events")],
    ("marts", "fct_survey_responses"): [_every_row_of("survey_responses")],
    ("marts", "fct_interactions"): [_every_row_of("interactions")],
    ("marts", "fct_tickets"): [_every_row_of("tickets")],
    ("marts", "fct_subscriptions"): [_every_row_of("subscriptions")],
    ("marts", "customer_360"): [
        no_rows("one_row_per_customer", "As many rows as dim_customers.",
                "select * from (select (select count(*) from {batch}) as here, (select count(*) from marts.dim_customers) as there) as t "
                "where here <> there"),
        no_rows("no_revenue_is_lost", "The revenue of all customers is that of their orders, of those that the source dates up to the night.",
                "select * from (select (select coalesce(sum(revenue_amount), 0) from {batch}) as here, "
                "(select coalesce(sum(net_amount), 0) from marts.fct_orders where customer_id is not null and ordered_at <= (select as_of from ops.clock) and customer_id not in "
                "(select customer_id from marts.fct_orders where customer_id is not null and net_amount is null and ordered_at <= (select as_of from ops.clock))) as there) as t where here <> there"),
        no_rows("what_no_source_delivers_is_empty", "A column that is made of what no source delivers is empty for every customer.",
                " union all ".join(f"select '{column}' as column_name from {{batch}} where {column} is not null and not exists (select 1 from marts.delivered_entities "
                                   f"where is_delivered and entity in ({', '.join(map(text, entities))})) group by all" for column, entities in delivered_by(CUSTOMER_360).items()), "WARN"),
    ],
    ("marts", "delivered_entities"): [
        no_row_where("what_is_delivered_has_a_source", "Of whatever is delivered the configuration names a source.", "b.is_delivered and b.source_systems is null"),
    ],
    ("marts", "customer_attributes"): [],
    ("marts", "customer_profile"): [
        _only_of_profiled("inferred attribute"),
        no_row_where("every_phase_has_its_reasons", "Each inferred phase of life says how sure it is and why.",
                     "b.life_phase is not null and (b.life_phase_confidence is null or b.life_phase_reasons is null)"),
    ],
    ("marts", "customer_addresses"): [
        no_row_where("a_confirmed_address_has_its_source", "Whoever's address is confirmed has a system that says so.",
                     "(b.address_confirmed_on is null) <> (b.address_confirmed_by is null)"),
    ],
    ("marts", "customer_life_events"): [
        _only_of_profiled("inferred life event"),
        no_row_where("has_happened", "No life event is dated after the night.", "b.happened_on > (select as_of::date from ops.clock)"),
    ],
    ("marts", "customer_shared_points"): [
        _only_of_profiled("inferred attribute"),
    ],
    ("marts", "customer_life_phase"): [
        _only_of_profiled("inferred attribute"),
    ],
    ("marts", "customer_places"): [
        _only_of_profiled("inferred attribute"),
        no_row_where("each_has_its_reasons", "Whatever is inferred of a place says why.",
                     "b.purchasing_power is not null and (b.purchasing_power_confidence is null or b.purchasing_power_reasons is null) "
                     "or b.economic_capital is not null and b.economic_capital_reasons is null or b.cultural_capital is not null and b.cultural_capital_reasons is null"),
    ],
    ("marts", "place_levels"): [
        no_rows("no_example_beside_real_ones", "Invented figures are used only where no real ones are loaded.",
                "select 1 from {batch} having bool_or(is_example) and not bool_and(is_example)"),
    ],
    ("marts", "customer_purchases"): [
        no_row_where("net_is_gross_less_refunded", "Revenue is what was ordered less what was given back.", "b.net_amount <> b.gross_amount - b.refunded_amount"),
        tells_no_special_category("favourite_category"),
    ],
    ("marts", "customer_scores"): [
        _only_of_profiled("score"),
        tells_no_special_category("outcome"),
        between("decile", 1, 10),
    ],
    ("scores", "score_quality"): [
        no_rows("no_fit_is_held_back", "The newest fit of each score is used: it is better than the simple rule, and not clearly worse than the last one.",
                _HELD_BACK, "WARN"),
    ],
    ("scores", "score_drift"): [
        no_rows("customers_are_those_of_the_fit", "What models read of customers, and their scores, are spread as on the first night of the fit.",
                "select model, name from (select *, max(as_of) over () as last_night from {batch}) as d where has_moved and as_of = last_night "
                "and version in (select version from scores.customer_scores)", "WARN"),
    ],
    ("segments", "customer_rfm"): [between("recency_score", 1, 5), between("frequency_score", 1, 5), between("money_score", 1, 5)],
    ("segments", "customer_segments"): [tells_no_special_category("segment", "b.scheme = 'interest'")],
    ("segments", "segment_membership_history"): [
        tells_no_special_category("segment", "b.scheme = 'interest'"),
        no_row_where("is_left_after_it_is_entered", "Every membership that is over lasted until a later night.", "b.left_at <= b.entered_at"),
        no_rows("no_two_at_once", "A customer is in one segment of a scheme at a time.",
                "select a.customer_id from (select customer_id, left_at, lead(entered_at) over (partition by customer_id, scheme order by entered_at) as next_at "
                "from {batch}) as a where a.next_at is not null and coalesce(a.left_at > a.next_at, true)"),
    ],
    ("segments", "customer_lifecycle"): [
        no_rows("one_row_per_customer", "As many rows as dim_customers has customers who may be profiled; none where no source delivers orders.",
                "select * from (select (select count(*) from {batch}) as here, "
                f"(select count(*) from marts.dim_customers c where c.customer_id not in {NOT_PROFILED} "
                "and exists (select 1 from marts.delivered_entities where entity = 'orders' and is_delivered)) as there) as t "
                "where here <> there"),
    ],
    ("insight", "attribution_paths"): [
        _only_of_profiled("path"),
        no_row_where("touches_come_before", "Every touch is one of its path, and before the purchase.",
                     "b.touch_number > b.touch_count or b.touched_at > b.converted_at"),
    ],
    ("insight", "attribution_removal"): [between("removal_effect", 0, 1), between("credit_share", 0, 1)],
    ("insight", "attribution"): [
        no_rows("credits_add_up", "Every model credits all purchases of attribution_paths and their revenue, to the cent.",
                "select model from (select model, sum(credited_conversions) as conversions, sum(net_amount) as net from {batch} group by 1) as m, "
                "(select count(*) as conversions, coalesce(sum(net_amount), 0) as net from insight.attribution_paths where is_converted and touch_number = 1) as p "
                "where m.conversions <> p.conversions or m.net <> p.net"),
        no_rows("spend_meets_visits", "Where money is spent on a channel that visits come by, one campaign at least has both: else the cost of no "
                "campaign is known. Write the campaigns of ads and of visits (utm_campaign) alike.",
                "select channel from {batch} where model = 'last' group by channel having sum(spend_amount) > 0 and sum(touch_count) > 0 "
                "and count(case when spend_amount > 0 and touch_count > 0 then 1 end) = 0", "WARN"),
    ],
    ("insight", "campaign_results"): [
        between("lift", -1, 1),
        no_row_where("parts_are_of_their_arms", "No more responded than it was sent to, nor than were held out.",
                     "b.responded_count > b.sent_count or b.measured_sent_count > b.sent_count or b.held_out_responded_count > b.held_out_count"),
        no_row_where("lift_is_within_its_interval", "Every lift is within its 95 % interval.", "b.lift < b.lift_low or b.lift > b.lift_high"),
    ],
    ("insight", "attribution_spread"): [between("spread_share", 0, 1)],
    ("insight", "cohort_retention"): [
        no_row_where("parts_are_of_the_cohort", "No more customers are active, or have bought again, than the cohort has.",
                     "b.active_customer_count > b.cohort_customer_count or b.repeat_customer_count > b.cohort_customer_count"),
        no_rows("every_order_is_counted", "As many orders as fct_orders has of known customers up to the night.",
                "select * from (select (select coalesce(sum(order_count), 0) from {batch}) as here, (select count(*) from marts.fct_orders "
                "where is_order and customer_id is not null and ordered_at <= (select as_of from ops.clock)) as there) as t where here <> there"),
    ],
    ("insight", "event_plan_status"): [
        no_row_where("every_event_has_a_plan", "Every kind of web event that comes is in the seed event_plan, which says who owns it and what it means.", "b.status = 'unknown'", "WARN"),
        no_row_where("what_must_come_came", "Every kind of web event that the seed event_plan requires came in the last 7 days.", "b.is_required and b.status = 'missing'", "WARN"),
    ],
    ("insight", "page_heat"): [no_row_where("no_more_than_were_there", "No area has more visitors than its page.", "b.visitor_count > b.page_visitor_count")],
    ("insight", "data_quality_by_night"): [
        no_row_where("parts_are_of_the_counted", "No more is set aside, nor lacks something, than came.",
                     # what was counted stays as it was counted: a night of before stops no later one
                     "b.area in ('set aside', 'records') and b.affected_count > b.record_count", "WARN"),
    ],
    ("insight", "permission_trend"): [
        no_row_where("nobody_less_than_none", "No count is below 0.", "b.permitted_count < 0"),
        no_rows("agrees_with_the_history", "The newest week has as many permitted customers as contact_permission_history has by now.",
                "select 1 from (select (select coalesce(sum(permitted_count), 0) from {batch} where not is_final) as here, "
                "(select count(*) from marts.contact_permission_history where is_permitted and valid_from <= (select as_of from ops.clock) "
                "and coalesce(valid_to > (select as_of from ops.clock), true)) as there) as t where here <> there"),
    ],
    ("insight", "risk_signals"): [
        _only_of_profiled("signal"),
        no_row_where("every_signal_is_past_its_threshold", "What was seen is at or beyond the threshold.", "b.observed < b.threshold"),
    ],
    ("insight", "north_star"): [
        no_row_where("parts_are_of_the_week", "No more customers reach it than begin in the week.", "b.reached_count > b.customer_count"),
        no_rows("every_first_buyer_is_counted", "As many customers as fct_orders has with a sale up to the night.",
                "select * from (select (select coalesce(sum(customer_count), 0) from {batch}) as here, (select count(distinct customer_id) "
                "from marts.fct_orders where is_sale and ordered_at <= (select as_of from ops.clock)) as there) as t where here <> there"),
    ],
    ("insight", "product_performance"): [
        between("returned_share", 0, 1),
        no_row_where("parts_are_of_the_buyers", "No more customers come back by a product than begin with it, nor begin with it than buy it.",
                     "b.came_back_count > b.first_buyer_count or b.first_buyer_count > b.customer_count"),
    ],
    ("insight", "product_affinity"): [between("support_share", 0, 1), between("confidence_share", 0, 1)],
    ("insight", "interest_gap"): [
        no_row_where("parts_are_of_the_interested", "Who bought and who never did are the known customers, and these are among the people.",
                     "b.bought_count + b.never_bought_count <> b.customer_count or b.customer_count > b.people_count"),
        tells_no_special_category("interest"),
    ],
    ("insight", "service_performance"): [
        no_rows("every_request_is_counted", "Each breakdown has as many requests as fct_tickets has up to the night.",
                "select breakdown from (select breakdown, sum(ticket_count) as here from {batch} group by 1) as b, (select count(*) as there from "
                "marts.fct_tickets where opened_at <= (select as_of from ops.clock)) as t where here <> there"),
    ],
    ("insight", "survey_performance"): [
        no_row_where("parts_are_of_the_asked", "No more answer than are asked, nor promote and detract than answer.",
                     "b.answered_count > b.asked_count or b.promoter_count + b.detractor_count > b.nps_count"),
    ],
    ("insight", "experience_matrix"): [
        no_rows("every_customer_stands_once", "Each breakdown has every customer who may be profiled.",
                "select breakdown from (select breakdown, sum(customer_count) as here from {batch} group by 1) as b, (select count(*) as there from "
                f"marts.customer_360 c where c.customer_id not in {NOT_PROFILED}) as t where here <> there"),
    ],
    ("insight", "feedback_texts"): [
        no_row_where("sentiment_goes_with_score", "Praise has a score above 0, blame one below.",
                     "b.sentiment <> case when b.score > 0 then 'positive' when b.score < 0 then 'negative' else 'neutral' end"),
        _only_of_profiled("sentiment"),
    ],
    ("insight", "stated_wishes"): [
        _only_of_profiled("wish"),
        tells_no_special_category("answer"),
    ],
    ("insight", "wishes"): [
        no_row_where("parts_are_of_the_asked", "No more customers than people, nor buyers than customers.",
                     "b.customer_count > b.people_count or b.bought_count > b.customer_count"),
    ],
    ("insight", "feedback_themes"): [
        no_row_where("sentiments_add_up", "Each text is of one sentiment.", "b.positive_count + b.neutral_count + b.negative_count <> b.text_count"),
    ],
    ("insight", "purchase_intervals"): [
        no_row_where("nobody_comes_from_nowhere", "No more customers order once more than came so far.", "b.next_order_count > b.customer_count"),
    ],
}  # fmt: skip


# as many rows as nights have scores for
_UNEVEN = (
    ("marts", "customer_scores"),
    ("marts", "customer_life_events"),
    ("marts", "customer_shared_points"),
    ("scores", "score_quality"),
    ("scores", "score_drift"),
)
# groups of customers come and go by one customer: of few, all may rightly go
_GROUPS = ("bridge_household_customers", "dim_households")
_FEW = 20


def suites(settings: Settings, history: History) -> list[Suite]:
    found = []
    for (schema, table), rules in _RULES.items():
        few = _FEW if table in _GROUPS else 0
        # an answer has as many rows as what is asked about has channels, products or weeks
        volume = (
            ()
            if schema == "insight" or (schema, table) in _UNEVEN
            else (keeps_its_volume(f"{schema}.{table}", history, settings.quality.max_volume_drop, few=few),)
        )
        found.append(Suite("promise", schema, table, (schema, table), (*volume, *rules)))
    return found
