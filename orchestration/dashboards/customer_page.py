"""One customer on a page: who, figures by part of the picture, segments, permissions, and what happened last. Not here: reading it
(customer.py)."""

from __future__ import annotations

import streamlit as st

from orchestration.core.settings.maps import MAX_AGE_HOURS
from orchestration.dashboards.customer import MOST_FOUND, picture, search
from orchestration.dashboards.reading import Reading
from orchestration.dashboards.views import cards, escaped, plain, table
from orchestration.insight.customer_picture import Picture
from orchestration.insight.customer_words import in_words, name_in_words

_ID = "customer"
# rows of a part of the picture, which never scroll
_ALL = 1_000
# told in the heading, or of no use to a reader
_NOT_SHOWN = ("full_name", "customer_key")


def customer_page(reading: Reading) -> None:
    """A search, and the customer that is found or that the address names; the address holds nothing but the id."""
    if not reading.people:
        st.info(
            "This page needs customers.duckdb, the grade people of the publication. It is not here, or this user may not read it."
        )
        return
    asked = st.text_input(
        "Customer", placeholder="Customer id, email address, source record as crm:1042, or a part of the name"
    )
    customer_id = st.query_params.get(_ID, "")
    if asked and asked != st.session_state.get("customer_asked"):
        found = search(reading, asked)
        st.session_state["customer_found"] = found
        st.session_state["customer_asked"] = asked
        customer_id = found[0].customer_id if len(found) == 1 else ""
    elif not asked:
        st.session_state["customer_found"] = []
    customer_id = _one_of_found(customer_id) if asked else customer_id
    if not customer_id:
        return
    st.query_params[_ID] = customer_id
    told = picture(reading, customer_id)
    if told is None:
        st.info(
            "The publication has no such customer: whoever is restricted is in none, and a new one comes with the next night."
        )
        return
    _show(told)


def _one_of_found(customer_id: str) -> str:
    found = st.session_state.get("customer_found", [])
    if not found:
        st.info("No customer is found.")
        return ""
    if len(found) == 1:
        return str(found[0].customer_id)
    words = {one.customer_id: f"{one.full_name}, {one.city}" if one.city else one.full_name for one in found}
    options = list(words)
    if len(found) == MOST_FOUND:
        st.caption(f"The first {MOST_FOUND} that fit.")
    place = options.index(customer_id) if customer_id in options else None
    return st.selectbox("Found", options, index=place, format_func=words.__getitem__, placeholder="Choose one") or ""


def _show(told: Picture) -> None:
    st.header(escaped(told.name or "Customer"), anchor=False)
    st.caption(f"customer_id {escaped(told.customer_id)}")
    if told.segments:
        cards([(name_in_words(scheme), str(segment), "") for scheme, segment in told.segments["segments"].items()])
    groups = {"Who": told.facts, **told.parts}
    places = st.columns(2, gap="large")
    for number, (title, row) in enumerate(groups.items()):
        with places[number % 2]:
            st.header(plain(title).capitalize(), anchor=False)
            rows = [
                [name_in_words(name), in_words(value, name)] for name, value in row.items() if name not in _NOT_SHOWN
            ]
            table(["what", "value"], rows, plain(title), most=_ALL)
    if told.life_events:
        st.header("Life events", anchor=False)
        rows = [[in_words(row["happened_on"]), row["event"], row["told_by"]] for row in told.life_events]
        table(["day", "what", "known from"], rows, "Life events")
    if told.attributes:
        st.header("What they or others said of them", anchor=False)
        rows = [
            [plain(row["attribute_name"]), row["attribute_value"] or "", row["origin"] or ""] for row in told.attributes
        ]
        table(["attribute", "value", "origin"], rows, "Attributes")
    st.header("What is permitted", anchor=False)
    if told.permissions:
        rows = [
            [
                plain(row["purpose"]),
                row["channel"],
                in_words(row["is_permitted"]),
                row["contact_point"] or "",
                row["reason"],
            ]
            for row in told.permissions
        ]
        table(["purpose", "channel", "permitted", "contact point", "why"], rows, "Permissions")
    else:
        st.info(f"No permission is shown: permissions are shown for {MAX_AGE_HOURS} hours after their night.")
    st.header("What happened last", anchor=False)
    table(
        ["when (UTC)", "kind", "what"],
        [[f"{event.at:%Y-%m-%d %H:%M}", event.lane, event.what] for event in told.events],
        "Events",
    )
    if told.event_count > len(told.events):
        st.caption(f"The newest {len(told.events)} of {told.event_count:,} events.")
