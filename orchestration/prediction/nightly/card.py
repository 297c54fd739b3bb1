"""The card of a nightly score: one page for whoever decides whether it is used. Here: its words. Not here: what stands (listed.py)."""

from __future__ import annotations

from pathlib import Path

from orchestration.prediction.classify.card import card_pages, chart_of
from orchestration.prediction.classify.quality import LEAST_CUSTOMERS
from orchestration.prediction.nightly.listed import Shown

_PAGE = Path(__file__).with_name("score_card.html.jinja")
# measures of chances
_OF_CHANCES = {"brier", "log_loss"}
_NO_CAUSE = "It says what goes with the past of customers, not what causes it, and not what a campaign would change."
_IF_RANDOM = "It is right only where chance decided who was held out: what else differs between the arms is taken for the campaign's."
_ALWAYS = [
    "Customers who denied or objected to profiling, protected people, the dead and the restricted are in no fit and have no score.",
    "A customer may object to it, and ask for a person who decides (Art. 21, 22).",
]


def known_limits(shown: Shown) -> list[str]:
    """What a reader must not take from the card."""
    found = []
    measures = shown.fits[0]["measures"] if shown.fits else {}
    customers = (measures.get("customers") or {}).get("value")
    if shown.listed.note:
        found.append(f"It is {shown.listed.note}.")
    elif not measures:
        found.append("No past is long enough to measure it on: nobody knows how good it is.")
    elif customers is not None and customers < LEAST_CUSTOMERS:
        found.append(
            f"It was measured on {customers:,.0f} customers: too few to say that it is better than the simple rule."
        )
    if shown.listed.note_of_deciles:
        found.append(f"{shown.listed.note_of_deciles}.")
    days = (measures.get("days") or {}).get("value")
    if days is not None and days < 360:
        found.append(f"It was measured on {days:,.0f} days, less than a year: seasons are not in it.")
    found += [
        f"Tonight differs a lot from the night of the fit: {one.words} (stability index {one.index:.2f})."
        for one in shown.drift
    ]
    cause = _IF_RANDOM if shown.listed.decided_by == "qini" else _NO_CAUSE
    return [*found, *shown.about.limits, cause, *_ALWAYS]


def why_no_columns(shown: Shown) -> str:
    """What stands where no column is told."""
    if shown.about.is_by_rule:
        return "A simple rule decides it: no other column counts."
    if not shown.about.curve:
        return "It was not measured on enough customers to say which columns it rests on."
    return "None is told alone: the reasons say what the score of each customer goes back on."


def write_card(shown: Shown) -> str:
    """The card as one HTML file, nothing fetched. It holds no customer, only counts and bounds of groups."""
    # chances are shares; others count or are amounts
    important = shown.about.important
    is_share = shown.listed.decided_by in _OF_CHANCES
    return card_pages(_PAGE.parent).get_template(_PAGE.name).render(
        one=shown.listed, fits=shown.fits, tenths=shown.tenths, reasons=shown.reasons, limits=known_limits(shown), about=shown.about,
        lost=next((key for row in important[:1] for key in row if key.endswith("_lost")), ""), why_no_columns=why_no_columns(shown),
        groups=shown.groups, fewest=shown.fewest_of_a_group, how="share" if is_share else "number",
        chart=chart_of(shown.about.curve, is_share=is_share),
    )  # fmt: skip
