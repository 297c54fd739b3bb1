"""Numbers, headings and sentences of a report. Here: values as people read them, and what changed, in words.

Not here: the numbers (asking.py), where the sentences stand (sections.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from orchestration.publishing.report.asking import Answer
from orchestration.publishing.report.parts import Says
from orchestration.publishing.report.rules import is_measure, middle

NOTHING = "–"
# of what another word says better than the column's name
_HEADINGS = {
    "a_week_ago_count": "a week ago",
    "bought_after_count": "bought after",
    "bought_again_count": "bought again",
    "bought_before_count": "bought before",
    "bought_count": "bought",
    "came_back_count": "came back",
    "ces_average": "CES",
    "affected_count": "of them",
    "affected_percent": "of all",
    "came_count": "rows",
    "cost_of_each_amount": "cost of each purchase (Markov)",
    "csat_average": "CSAT",
    "described_at": "night",
    "expiring_count": "expiring",
    "first_count": "first",
    "first_reply_hours": "hours to reply",
    "held_out_count": "held out",
    "in_the_audience_count": "in the audience",
    "last_count": "last",
    "lift_average": "lift",
    "linear_count": "linear",
    "markov_count": "Markov",
    "median_days": "days until then",
    "least_count": "fewest purchases",
    "least_model": "credited least by",
    "most_count": "most purchases",
    "most_model": "credited most by",
    "most_lack": "what most of them lack",
    "median_price_average": "median price",
    "negative_count": "negative",
    "never_bought_count": "never bought",
    "net_amount": "net revenue",
    "newest_nps_average": "newest NPS answer, 0 to 10",
    "nps_score": "NPS",
    "ordered_again_count": "ordered again",
    "orders_each_average": "orders each",
    "positive_count": "positive",
    "re_consent_count": "to be asked again",
    "read_count": "read",
    "refunded_amount": "refunds",
    "said_by_count": "said by",
    "satisfaction_average": "satisfaction",
    "sent_count": "sent to",
    "set_aside_count": "set aside",
    "solved_hours": "hours to solve",
    "spend_amount": "spend",
    # a month, quarter or year where weeks would tell of few
    "week_on": "from",
    "withdrawn_count": "withdrawn",
    "without_age_count": "without age",
    "without_country_count": "without country",
    "without_known_customer_count": "without known customer",
    "without_rate_count": "without exchange rate",
}
# words of seeds, which are names there
_NAMES = ("audience", "purpose")


def heading(column: str, currency: str = "") -> str:
    """A column as a table's head."""
    if column.endswith("_percent"):
        return f"{_HEADINGS.get(column) or _plain(column.removesuffix('_percent'))}, %"
    said = _HEADINGS.get(column) or _plural(column)
    return f"{said}, {currency}" if column.endswith("_amount") and currency else said


def _plural(column: str) -> str:
    name = _plain(column.removesuffix("_count").removesuffix("_month").removesuffix("_on"))
    if column.endswith("_month"):
        return "month"
    return f"{name}s" if column.endswith("_count") and not name.endswith("ed") else name


def _plain(name: str) -> str:
    return name.replace("_", " ")


def shown(column: str, value: Any, currency: str = "") -> str:
    """A value as people read it; NOTHING where there is none, or it is of few."""
    if value is None:
        return NOTHING
    if column.endswith("_month"):
        return f"{value:%b %Y}"
    if isinstance(value, (date, datetime)):
        return f"{value.day} {value:%b %Y}"
    if column.endswith("_score"):
        return f"{round(value):+d}".replace("-", "−").replace("+0", "0")
    if column.endswith("_price_average"):
        return f"{value:,.1f}".removesuffix(".0")
    if column.endswith(("_average", "_hours")):
        return f"{value:,.1f}"
    if column.endswith("_days"):
        return f"{value:,.0f}"
    if column.endswith("_percent"):
        return f"{value:.0f} %"
    if column.endswith("_amount"):
        return f"{currency} {_short(value)}".strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return _plain(str(value)) if column in _NAMES else str(value)


def _short(value: float) -> str:
    """An amount as it is said: what is rounded has no more digits than these."""
    sign, size = "−" if value < 0 else "", abs(value)
    for by, unit in ((1e9, " bn"), (1e6, " M"), (1e3, " k")):
        if size >= by * (1 if by > 1e3 else 10):
            return f"{sign}{size / by:,.4g}{unit}"
    return f"{sign}{size:,.0f}"


def day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def change(column: str, now: Answer, before: Answer, since: datetime, currency: str) -> str:
    """How a figure of two answers of one row changed, in words; "" where one of both is not known."""
    value, former = now.first.get(column), before.first.get(column)
    if value is None or former is None:
        return ""
    # the year stands at the head of the page
    when = f"{since.day} {since:%B}"
    if column.endswith("_score"):
        by = round(value - former)
        return f"{'up' if by > 0 else 'down'} {abs(by)} points since {when}" if by else f"unchanged since {when}"
    if not (by := _told_change(column, [now.exact[0]], [before.exact[0]])):
        return f"{_about_as(column)} as on {when}"
    percent = _percent(abs(by.share)) if by.share is not None else ""
    return f"{'up' if by.exact > 0 else 'down'} {shown(column, by.rounded, currency)}{percent and f' ({percent})'} since {when}"


@dataclass(frozen=True)
class _Change:
    exact: float
    # without a sign, to the step that the figures are rounded to
    rounded: int
    # of what was before, where there was any
    share: float | None


def _told_change(column: str, now: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]]) -> _Change | None:
    """How the sum of exact values changed; None where the change is so small that it could tell of few people."""
    step = max(row[column][1] for row in (*now, *before))
    by = sum(row[column][0] for row in now) - sum(row[column][0] for row in before)
    was = _sum(column, before)
    share = (_sum(column, now) - was) / was if was else None
    return _Change(by, round(round(abs(by) / step) * step), share) if abs(by) >= step else None


def _sum(column: str, rows: Sequence[Mapping[str, Any]]) -> float:
    """What a share or a change in percent is computed of: exact amounts, but no exact counts."""
    is_count = column.endswith("_count")
    return sum(middle(*row[column]) if is_count else row[column][0] for row in rows)


def _about_as(column: str) -> str:
    return "about as many" if column.endswith("_count") else "about as much"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def largest(dimension: str, measure: str, what: str) -> Says:
    """Which row has the most, and its share of all rows that are shown."""

    def say(answer: Answer, _: Answer | None, currency: str) -> str:
        rows = [(row, exact) for row, exact in zip(answer.records, answer.exact, strict=True) if row[measure]]
        if len(rows) < 2:
            return ""
        top, of_top = max(rows, key=lambda row: row[0][measure])
        share = _sum(measure, [of_top]) / _sum(measure, [exact for _, exact in rows])
        return f"Most {what}: {top[dimension]}, {shown(measure, top[measure], currency)} ({_percent(share)})."

    return say


def moved(dimension: str, measure: str, what: str) -> Says:
    """Which rows grew and shrank most since the publication that the report compares with."""

    def say(answer: Answer, before: Answer | None, currency: str) -> str:
        if before is None or not before.rows or not answer.rows:
            return largest(dimension, measure, what)(answer, before, currency)
        old = {row[dimension]: exact for row, exact in zip(before.records, before.exact, strict=True)}
        moves = {}
        for row, exact in zip(answer.records, answer.exact, strict=True):
            there = old.get(row[dimension], {})
            if measure in exact and measure in there and (by := _told_change(measure, [exact], [there])):
                moves[row[dimension]] = by
        grew = max(moves, key=lambda row: moves[row].exact, default="")
        shrank = min(moves, key=lambda row: moves[row].exact, default="")
        said = []
        if moves and moves[grew].exact > 0:
            said.append(f"Grew most: {grew}, by {shown(measure, moves[grew].rounded, currency)} {what}")
        if moves and moves[shrank].exact < 0:
            said.append(
                f"{'shrank' if said else 'Shrank'} most: {shrank}, by {shown(measure, moves[shrank].rounded, currency)}{'' if said else f' {what}'}"
            )
        if not said:
            return f"No change in {what} that is large enough to be shown."
        return "; ".join(said) + "."

    return say


def by_month(month: str, measure: str, what: str) -> Says:
    """The last full month that is shown beside the one before it; the month that is not over says nothing."""

    def say(answer: Answer, _: Answer | None, currency: str) -> str:
        totals: dict[date, Any] = {}
        exact: dict[date, list[Mapping[str, Any]]] = {}
        for row, of_row in zip(answer.records, answer.exact, strict=True):
            if row[measure] is not None:
                totals[row[month]] = totals.get(row[month], 0) + row[measure]
                exact.setdefault(row[month], []).append(of_row)
        assert answer.as_of
        this_month = _first_of(answer.as_of)
        if not (full := [each for each in totals if each < this_month]):
            return ""
        last = max(full)
        former = _month_before(last)
        hidden = "" if last == _month_before(this_month) else " Later months have too few people to be shown."
        amount = shown(measure, totals[last], currency)
        said = f"{last:%B %Y}: {f'{amount} {what}' if measure.endswith('_count') else f'{what} {amount}'}"
        if former not in totals:
            return f"{said}.{hidden}"
        if not totals[former] or measure.endswith(("_score", "_hours", "_average")):
            return f"{said}, after {shown(measure, totals[former], currency)} in {former:%B}.{hidden}"
        if not (by := _told_change(measure, exact[last], exact[former])):
            return f"{said}, {_about_as(measure)} as in {former:%B}.{hidden}"
        of_former = abs(by.share or 0)
        less = "fewer" if measure.endswith("_count") else "less"
        return f"{said}, {_percent(of_former)} {'more' if by.exact > 0 else less} than in {former:%B}.{hidden}"

    return say


def _first_of(day: date) -> date:
    return date(day.year, day.month, 1)


def _month_before(month: date) -> date:
    return _first_of(month - timedelta(days=1))


def nights(answer: Answer, _: Answer | None, currency: str) -> str:
    """How the nights that are shown ended."""
    ended = Counter(str(row["outcome"]) for row in answer.records)
    listed = ", ".join(f"{times} {outcome}" for outcome, times in ended.items())
    return f"{len(answer.rows)} night{'s' if len(answer.rows) > 1 else ''}: {listed}."


def first_row(column: str, about: str) -> Says:
    """What the first row says in words."""
    return lambda answer, before, currency: f"{about}: {answer.first[column]}." if answer.rows else ""


def newest(month: str, measure: str, what: str) -> Says:
    """The newest month that is known, beside the one before it where that is known too."""

    def say(answer: Answer, _: Answer | None, currency: str) -> str:
        known = {row[month]: row[measure] for row in answer.records if row[measure] is not None}
        if not known:
            return "Too few people bought again, or did not, to show a fair sample of periods."
        last = max(known)
        if (period := answer.records[0].get("period", "month")) != "month":
            return f"{period.capitalize()} from {last:%B %Y}: {shown(measure, known[last], currency)} {what}."
        former = _month_before(last)
        said = f"{last:%B %Y}: {shown(measure, known[last], currency)} {what}"
        if former not in known:
            return f"{said}."
        return f"{said}, after {shown(measure, known[former], currency)} in {former:%B}."

    return say


def sentence(answer: Answer, columns: tuple[str, ...], label: str, currency: str) -> str:
    """What a chart shows, for who does not see it."""
    rows = []
    for row in answer.records[:12]:
        measured = [f"{heading(column)} {shown(column, row[column], currency)}" for column in columns if column in row and (is_measure(column) or column.endswith("_percent"))]  # fmt: skip
        rows.append(f"{shown(label, row[label])}: {', '.join(measured)}")
    return "; ".join(rows)
