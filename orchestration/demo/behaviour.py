"""What the demo's people do over two years. Here: latent events with the signals that later issues estimate.

Signals: purchase rate and drop-out differ between people (gamma rate, exponential life: buy-till-you-die), seasons,
campaigns with a true lift and a hold-out, abandoned carts, visits that fall before a cancellation, NPS that follows
delivery and service. Not here: how the year goes (season.py), how a system records them.

Times are seconds since 1970, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from orchestration.demo.season import DAY, HORIZON_DAYS, Season

HOLD_OUT = 0.10
LIFT = 0.012  # extra orders of a recipient who is a webshop's customer still
# a campaign's true lift is told in buyers of so many days, as [insight] response_days has them unless set otherwise
RESPONSE_DAYS = 14
REFUNDED = 0.06
PRODUCTS = 240
# a subscription lasts at least so many days, and so many more on average, without a memory
SPELL_LEAST_DAYS, SPELL_MORE_DAYS = 30, 330
# uses a day; in the last days before a cancellation they fade to none
USES_A_DAY, FADING_DAYS = 0.11, 60


@dataclass
class Behaviour:
    """The latent tables by name; `people` holds the per-person traits that the others follow from."""

    tables: dict[str, pa.Table] = field(default_factory=dict)


def draw_behaviour(rng: np.random.Generator, is_minor: np.ndarray, end: int) -> Behaviour:
    """Traits, orders, items, sessions, carts, subscriptions, campaigns, messages, tickets, surveys … until `end`."""
    start = end - HORIZON_DAYS * DAY
    season = Season(start)
    traits = _traits(rng, is_minor, start, end)
    world = Behaviour()

    in_shop = traits["in_webshop"] | traits["in_club"]
    lived_until = np.minimum(traits["joined_at"] + traits["life"], end)
    person, at = season.draw(rng, traits["rate"] * in_shop, traits["joined_at"], lived_until)
    web = rng.random(len(person)) < np.where(traits["in_webshop"][person], 0.75, 0.0)

    campaigns = np.arange(start + 20 * DAY, end - DAY, 21 * DAY) + 9 * 3600
    messages = _messages(rng, traits, campaigns, lived_until)
    extra = messages.pop("extra")
    person = np.concatenate([person, extra["person"]])
    at = np.concatenate([at, extra["at"]])
    campaign = np.concatenate([np.zeros(len(web), int), extra["campaign"]])
    web = np.concatenate([web, np.ones(len(extra["at"]), bool)])
    inside = at < end
    person, at, campaign, web = person[inside], at[inside], campaign[inside], web[inside]
    order = np.argsort(at, kind="stable")
    person, at, campaign, web = person[order], at[order], campaign[order], web[order]
    orders = len(person)
    delivery_days = np.where(web, rng.gamma(3.0, 1.2, orders).round().clip(1, 21), 0).astype(int)
    world.tables["orders"] = pa.table(
        {
            "order_no": np.arange(1, orders + 1),
            "person_id": person + 1,
            "ordered_at": at,
            "is_web": web,
            "campaign_id": campaign,
            "delivery_days": delivery_days,
            "delivered_at": at + delivery_days * DAY + rng.integers(0, 8 * 3600, orders),
            "is_refunded": rng.random(orders) < REFUNDED,
            "refunded_at": at + (delivery_days + rng.integers(2, 20, orders)) * DAY,
            "store": rng.integers(1, 9, orders),
        }
    )
    lines = 1 + rng.poisson(0.9, orders)
    line_order = np.repeat(np.arange(orders), lines)
    first = np.concatenate([[0], np.cumsum(lines)[:-1]])
    world.tables["items"] = pa.table(
        {
            "order_no": line_order + 1,
            "line_no": np.arange(len(line_order)) - first[line_order] + 1,
            "product_id": (rng.random(len(line_order)) ** 1.7 * PRODUCTS).astype(int) + 1,
            "quantity": 1 + (rng.random(len(line_order)) < 0.15),
            "discount_share": np.where(rng.random(len(line_order)) < 0.2, 0.2, 0.0),
        }
    )
    _visits(rng, world, season, traits, lived_until, person[web], at[web], np.flatnonzero(web) + 1, end)
    _subscriptions(rng, world, traits, lived_until, start, end)
    _service(rng, world, season, traits, lived_until, person, at, delivery_days, end)
    world.tables["messages"] = pa.table(messages)
    world.tables["campaigns"] = pa.table(
        {
            "campaign_id": np.arange(1, len(campaigns) + 1),
            "sent_at": campaigns,
            "true_lift": _true_lifts(world, traits, lived_until, campaigns, end),
        }
    )
    world.tables["traits"] = pa.table(
        {"person_id": np.arange(1, len(is_minor) + 1), "lived_until": lived_until, **traits}
    )
    return world


def _traits(rng: np.random.Generator, is_minor: np.ndarray, start: int, end: int) -> dict[str, np.ndarray]:
    count = len(is_minor)
    joined = start + (rng.beta(1.1, 1.6, count) * 1.1 - 0.1) * HORIZON_DAYS * DAY
    joined = np.minimum(joined, end - rng.random(count) * 3 * DAY - 3600).astype(np.int64)
    subscribed = (rng.random(count) < 0.62) & ~(is_minor & (rng.random(count) < 0.8))
    subscribed_at = joined + (rng.exponential(12 * DAY, count)).astype(np.int64) + 600
    leaves = rng.random(count) < 0.22
    return {
        "joined_at": joined,
        "rate": rng.gamma(0.8, 0.054, count) * np.where(is_minor, 0.1, 1.0),
        "life": (rng.exponential(620 * DAY, count) + 5 * DAY).astype(np.int64),
        "in_webshop": (rng.random(count) < 0.72) & ~is_minor,
        "in_crm": rng.random(count) < 0.55,
        "in_club": rng.random(count) < 0.40,
        "in_survey": (rng.random(count) < 0.30) & ~is_minor,
        "in_email": subscribed,
        "is_business": rng.random(count) < 0.02,
        "subscribed_at": subscribed_at,
        "unsubscribed_at": np.where(
            leaves, subscribed_at + rng.exponential(200 * DAY, count).astype(np.int64) + DAY, np.iinfo(np.int64).max
        ),
        "is_confirmed": rng.random(count) < 0.9,
        "openness": rng.beta(2, 4, count),
    }


def _messages(
    rng: np.random.Generator, traits: dict[str, np.ndarray], campaigns: np.ndarray, lived_until: np.ndarray
) -> dict[str, np.ndarray | dict[str, np.ndarray]]:
    """One row per (campaign, recipient) with the times of what followed; 0 means it did not happen."""
    parts: dict[str, list[np.ndarray]] = {}
    extra: dict[str, list[np.ndarray]] = {"person": [], "at": [], "campaign": []}
    for number, sent in enumerate(campaigns, start=1):
        on_list = traits["in_email"] & traits["is_confirmed"] & (traits["subscribed_at"] < sent)
        person = np.flatnonzero(on_list & (traits["unsubscribed_at"] > sent))
        held = rng.random(len(person)) < HOLD_OUT
        alive = (lived_until[person] > sent) & traits["in_webshop"][person]
        opened = ~held & (rng.random(len(person)) < traits["openness"][person] * np.where(alive, 1.0, 0.35))
        clicked = opened & (rng.random(len(person)) < 0.18)
        bounced = ~held & (rng.random(len(person)) < 0.012)
        opened &= ~bounced
        clicked &= ~bounced
        opened_at = sent + rng.exponential(9 * 3600, len(person)).astype(np.int64) + 60
        columns = {
            "campaign_id": np.full(len(person), number),
            "person_id": person + 1,
            "is_held_out": held,
            "sent_at": sent + rng.integers(0, 1800, len(person)),
            "is_bounced": bounced,
            "opened_at": np.where(opened, opened_at, 0),
            "clicked_at": np.where(clicked, opened_at + rng.integers(5, 900, len(person)), 0),
            "forwarded_at": np.where(clicked & (rng.random(len(person)) < 0.02), opened_at + 1200, 0),
            "complained_at": np.where(opened & (rng.random(len(person)) < 0.0008), opened_at + 90, 0),
        }
        for name, values in columns.items():
            parts.setdefault(name, []).append(values)
        bought = ~held & alive & (rng.random(len(person)) < LIFT)
        extra["person"].append(person[bought])
        extra["at"].append(sent + rng.integers(1800, 5 * DAY, int(bought.sum())))
        extra["campaign"].append(np.full(int(bought.sum()), number))
    out: dict[str, np.ndarray | dict[str, np.ndarray]] = {
        name: np.concatenate(values) for name, values in parts.items()
    }
    out["extra"] = {name: np.concatenate(values) for name, values in extra.items()}
    return out


def _true_lifts(
    world: Behaviour, traits: dict[str, np.ndarray], lived_until: np.ndarray, campaigns: np.ndarray, end: int
) -> np.ndarray:
    """Of each campaign the share of its list, held out or not, whom it is expected to make buyers: customers who buy and keep goods within
    RESPONSE_DAYS if it is sent to them, and do not if it is not."""
    orders, messages = world.tables["orders"], world.tables["messages"]
    campaign, recipient = messages["campaign_id"].to_numpy(), messages["person_id"].to_numpy() - 1
    told = {name: orders[name].to_numpy() for name in ("person_id", "ordered_at", "campaign_id", "refunded_at")}
    is_kept = ~(orders["is_refunded"].to_numpy(zero_copy_only=False) & (told["refunded_at"] < end))
    lifts = np.zeros(len(campaigns))
    for number, sent in enumerate(campaigns, start=1):
        listed = recipient[campaign == number]
        is_anyway = is_kept & (told["campaign_id"] != number)
        is_anyway &= (told["ordered_at"] >= sent) & (told["ordered_at"] < sent + RESPONSE_DAYS * DAY)
        buys_anyway = np.zeros(len(lived_until), dtype=bool)
        buys_anyway[told["person_id"][is_anyway] - 1] = True
        is_moved = (lived_until > sent) & traits["in_webshop"] & ~buys_anyway
        lifts[number - 1] = LIFT * (1 - REFUNDED) * is_moved[listed].sum() / max(len(listed), 1)
    return lifts


def _visits(
    rng: np.random.Generator,
    world: Behaviour,
    season: Season,
    traits: dict[str, np.ndarray],
    lived_until: np.ndarray,
    buyer: np.ndarray,
    bought_at: np.ndarray,
    order_no: np.ndarray,
    end: int,
) -> None:
    """Sessions (every web order has one; many more end without) and the carts that were left."""
    person, at = season.draw(rng, traits["rate"] * 2.2 * traits["in_webshop"] + 0.002, traits["joined_at"], lived_until)
    pages = 1 + rng.poisson(2.2, len(person))
    session_person = np.concatenate([buyer, person])
    started = np.concatenate([bought_at - rng.integers(120, 2400, len(buyer)), at])
    seconds = np.concatenate([rng.integers(120, 2400, len(buyer)), pages * rng.integers(5, 90, len(person))])
    sessions = len(started)
    world.tables["sessions"] = pa.table(
        {
            "session_no": np.arange(1, sessions + 1),
            "person_id": session_person + 1,
            "started_at": started,
            "seconds": seconds,
            "page_views": np.concatenate([4 + rng.poisson(3, len(buyer)), pages]),
            "order_no": np.concatenate([order_no, np.zeros(len(person), int)]),
            "product_id": (rng.random(sessions) ** 1.7 * PRODUCTS).astype(int) + 1,
            "landing": rng.integers(0, 6, sessions),
            "is_signed_in": rng.random(sessions) < 0.7,
        }
    )
    left = rng.random(len(person)) < 0.12
    left &= (at + 3600 < end) & traits["in_webshop"][person]
    world.tables["carts"] = pa.table(
        {
            "cart_no": np.arange(1, int(left.sum()) + 1),
            "person_id": person[left] + 1,
            "created_at": at[left],
            "abandoned_at": at[left] + 3600,
            "items": rng.integers(1, 4, int(left.sum())),
            "value": (rng.gamma(2, 600, int(left.sum())) + 90).round(2),
        }
    )


def _subscriptions(
    rng: np.random.Generator, world: Behaviour, traits: dict[str, np.ndarray], lived: np.ndarray, start: int, end: int
) -> None:
    """The subscription box: monthly renewals, and use that falls in the sixty days before a cancellation."""
    person = np.flatnonzero(traits["in_webshop"] & (rng.random(len(lived)) < 0.10))
    began = np.maximum(traits["joined_at"][person], start) + rng.integers(0, 90 * DAY, len(person))
    person, began = person[began < end], began[began < end]
    spell = rng.exponential(SPELL_MORE_DAYS * DAY, len(person)).astype(np.int64) + SPELL_LEAST_DAYS * DAY
    cancelled = np.where(began + spell < end, began + spell, 0)
    until = np.where(cancelled > 0, cancelled, end)
    world.tables["subscriptions"] = pa.table(
        {
            "subscription_no": np.arange(1, len(person) + 1),
            "person_id": person + 1,
            "started_at": began,
            "renewed_at": began + ((until - began) // (30 * DAY)) * 30 * DAY,
            "cancelled_at": cancelled,
            "reason": rng.integers(0, 4, len(person)),
        }
    )
    uses = rng.poisson(np.maximum(until - began, 0) / DAY * USES_A_DAY)
    spell_of = np.repeat(np.arange(len(person)), uses)
    used = began[spell_of] + (rng.random(len(spell_of)) * (until - began)[spell_of]).astype(np.int64)
    days_left = (until[spell_of] - used) / DAY
    fading = (cancelled[spell_of] > 0) & (days_left < FADING_DAYS) & (rng.random(len(used)) > days_left / FADING_DAYS)
    world.tables["uses"] = pa.table(
        {
            "use_no": np.arange(1, int((~fading).sum()) + 1),
            "person_id": person[spell_of[~fading]] + 1,
            "used_at": used[~fading],
            "kind": rng.integers(0, 3, int((~fading).sum())),
        }
    )


def _service(
    rng: np.random.Generator,
    world: Behaviour,
    season: Season,
    traits: dict[str, np.ndarray],
    lived_until: np.ndarray,
    buyer: np.ndarray,
    at: np.ndarray,
    delivery_days: np.ndarray,
    end: int,
) -> None:
    """Tickets (late deliveries make more of them), surveys whose score follows delivery and service, reviews, calls."""
    trouble = rng.random(len(buyer)) < 0.02 + 0.02 * np.maximum(delivery_days - 4, 0)
    opened = at[trouble] + (delivery_days[trouble] + 1) * DAY
    reply_hours = rng.exponential(14, int(trouble.sum())) + 0.2
    kept = opened + 3600 < end
    satisfaction = (5.2 - reply_hours / 14 - rng.exponential(0.6, len(opened))).round().clip(1, 5).astype(int)
    world.tables["tickets"] = pa.table(
        {
            "ticket_no": np.arange(1, int(kept.sum()) + 1),
            "person_id": buyer[trouble][kept] + 1,
            "opened_at": opened[kept],
            "first_reply_at": (opened + reply_hours * 3600).astype(np.int64)[kept],
            "solved_at": (opened + reply_hours * 3600 + rng.exponential(30 * 3600, len(opened))).astype(np.int64)[kept],
            "category": rng.integers(0, 5, int(kept.sum())),
            "satisfaction": satisfaction[kept],
        }
    )
    asked = np.flatnonzero((rng.random(len(buyer)) < 0.5) & traits["in_survey"][buyer])
    had_trouble = np.zeros(len(buyer))
    had_trouble[trouble] = (5 - satisfaction) * 0.8 + 0.5
    score = 9.2 - 0.35 * np.maximum(delivery_days - 3, 0) - had_trouble + rng.normal(0, 1.4, len(buyer))
    sent = at + (delivery_days + 3) * DAY
    answered = asked[(rng.random(len(asked)) < 0.45) & (sent[asked] + 2 * DAY < end)]
    world.tables["responses"] = pa.table(
        {
            "response_no": np.arange(1, len(answered) + 1),
            "person_id": buyer[answered] + 1,
            "sent_at": sent[answered],
            "submitted_at": sent[answered] + rng.integers(600, 2 * DAY, len(answered)),
            "nps": score[answered].round().clip(0, 10).astype(int),
            "csat": (score[answered] / 2).round().clip(1, 5).astype(int),
            "comment": rng.integers(0, 6, len(answered)),
        }
    )
    silent = np.setdiff1d(asked, answered)
    world.tables["silences"] = pa.table(
        {
            "response_no": len(answered) + np.arange(1, len(silent) + 1),
            "person_id": buyer[silent] + 1,
            "sent_at": sent[silent],
        }
    )
    reviewed = np.flatnonzero((rng.random(len(buyer)) < 0.05) & traits["in_webshop"][buyer] & (sent + 5 * DAY < end))
    world.tables["reviews"] = pa.table(
        {
            "review_no": np.arange(1, len(reviewed) + 1),
            "person_id": buyer[reviewed] + 1,
            "order_no": reviewed + 1,
            "rating": (score[reviewed] / 2).round().clip(1, 5).astype(int),
            "reviewed_at": sent[reviewed] + rng.integers(0, 4 * DAY, len(reviewed)),
        }
    )
    person, when = season.draw(rng, np.where(traits["in_crm"], 0.004, 0.0), traits["joined_at"], lived_until)
    world.tables["calls"] = pa.table(
        {
            "call_no": np.arange(1, len(person) + 1),
            "person_id": person + 1,
            "occurred_at": when,
            "channel": rng.integers(0, 6, len(person)),
            "topic": rng.integers(0, 5, len(person)),
        }
    )
