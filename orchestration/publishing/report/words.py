"""Numbers, headings and sentences of a report. Here: values as people read them, and what changed, in words.

Not here: the numbers (asking.py), where the sentences stand (sections.py).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from orchestration.publishing.report.asking import Answer
from orchestration.publishing.report.parts import Says
from orchestration.publishing.report.rules import is_measure

NOTHING = "–"
# of what another word says better than the column's name
_HEADINGS = {
    "a_week_ago_count": "a week ago",
    "bought_again_count": "bought again",
    "ces_average": "CES",
    "cost_of_each_amount": "cost of each (Markov)",
    "csat_average": "CSAT",
    "expiring_count": "expiring",
    "first_count": "first",
    "first_reply_hours": "hours to reply",
    "in_the_audience_count": "in the audience",
    "last_count": "last",
    "linear_count": "linear",
    "markov_count": "Markov",
    "median_days": "days until then",
    "never_bought_count": "never bought",
    "net_amount": "net revenue",
    "nps_score": "NPS",
    "ordered_again_count": "ordered again",
    "orders_each_average": "orders each",
    "re_consent_count": "to be asked again",
    "read_count": "read",
    "refunded_amount": "refunds",
    "satisfaction_average": "satisfaction",
    "solved_hours": "hours to solve",
    "spend_amount": "spend",
    "week_on": "week of",
    "without_age_count": "without age",
    "without_country_count": "without country",
    "without_rate_count": "without exchange rate",
}
_FULL_MONTHS = 2
# words of seeds, which are names there
_NAMES = ("audience", "purpose")


def heading(column: str, currency: str = "") -> str:
    """A column as a table's head."""
    if column.endswith("_percent"):
        return f"{_plain(column.removesuffix('_percent'))}, %"
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
    if column.endswith(("_average", "_hours")):
        return f"{value:.1f}"
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


def change(column: str, now: Any, before: Any, since: datetime, currency: str) -> str:
    """How a figure changed, in words; "" where one of both is not known."""
    if now is None or before is None:
        return ""
    # the year stands at the head of the page
    when = f"{since.day} {since:%B}"
    if now == before:
        return f"unchanged since {when}"
    more = "up" if now > before else "down"
    by = abs(now - before)
    percent = f" ({by / abs(before):.0%})".replace("%", " %") if before and not column.endswith("_score") else ""
    amount = f"{round(by)} points" if column.endswith("_score") else shown(column, by, currency)
    return f"{more} {amount}{percent} since {when}"


def largest(dimension: str, measure: str, what: str) -> Says:
    """Which row has the most, and its share of all rows that are shown."""

    def say(answer: Answer, _: Answer | None, currency: str) -> str:
        rows = [row for row in answer.records if row[measure]]
        if len(rows) < 2:
            return ""
        top = max(rows, key=lambda row: row[measure])
        share = top[measure] / sum(row[measure] for row in rows)
        return f"{str(top[dimension]).capitalize()} has the most {what}: {shown(measure, top[measure], currency)} ({share:.0%}).".replace("%", " %")  # fmt: skip

    return say


def moved(dimension: str, measure: str, what: str) -> Says:
    """Which rows grew and shrank most since the publication that the report compares with."""

    def say(answer: Answer, before: Answer | None, currency: str) -> str:
        if before is None or not before.rows or not answer.rows:
            return largest(dimension, measure, what)(answer, before, currency)
        old = {row[dimension]: row[measure] for row in before.records}
        moves = {
            row[dimension]: row[measure] - old[row[dimension]]
            for row in answer.records
            if row[measure] is not None and old.get(row[dimension]) is not None
        }
        grew, shrank = max(moves, key=moves.__getitem__, default=""), min(moves, key=moves.__getitem__, default="")
        said = []
        if moves and moves[grew] > 0:
            said.append(f"{str(grew).capitalize()} grew most, by {shown(measure, moves[grew], currency)} {what}")
        if moves and moves[shrank] < 0:
            said.append(f"{shrank} shrank most, by {shown(measure, -moves[shrank], currency)}")
        if not said:
            return f"No change in {what} that is large enough to be shown."
        return "; ".join(said) + "."

    return say


def by_month(month: str, measure: str, what: str) -> Says:
    """The last full month beside the one before it; months that are not over yet say nothing."""

    def say(answer: Answer, _: Answer | None, currency: str) -> str:
        totals: dict[date, Any] = {}
        for row in answer.records:
            if row[measure] is not None:
                totals[row[month]] = totals.get(row[month], 0) + row[measure]
        full = sorted(totals)[:-1][-_FULL_MONTHS:]
        if len(full) < _FULL_MONTHS:
            return ""
        former, last = (totals[each] for each in full)
        amount = shown(measure, last, currency)
        said = f"{full[-1]:%B %Y}: {f'{amount} {what}' if measure.endswith('_count') else f'{what} {amount}'}"
        if not former or measure.endswith(("_score", "_hours", "_average")):
            return f"{said}, after {shown(measure, former, currency)} in {full[0]:%B}."
        move = (last - former) / abs(former)
        return f"{said}, {abs(move):.0%} {'more' if move >= 0 else 'less'} than in {full[0]:%B}.".replace("%", " %")

    return say


def newest(month: str, measure: str, what: str) -> Says:
    """The newest month that is known, beside the one before it."""

    def say(answer: Answer, _: Answer | None, currency: str) -> str:
        known = [row for row in answer.records if row[measure] is not None]
        if not known:
            return ""
        said = f"{known[-1][month]:%B %Y}: {shown(measure, known[-1][measure], currency)} {what}"
        if len(known) == 1:
            return f"{said}."
        return f"{said}, after {shown(measure, known[-2][measure], currency)} in {known[-2][month]:%B}."

    return say


def sentence(answer: Answer, columns: tuple[str, ...], label: str, currency: str) -> str:
    """What a chart shows, for who does not see it."""
    rows = []
    for row in answer.records[:12]:
        measured = [f"{heading(column)} {shown(column, row[column], currency)}" for column in columns if is_measure(column) or column.endswith("_percent")]  # fmt: skip
        rows.append(f"{shown(label, row[label])}: {', '.join(measured)}")
    return "; ".join(rows)
