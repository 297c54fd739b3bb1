"""The app that Streamlit runs for each look: its pages, and which of them the address opens.

Not here: what stands on them (pages.py and its neighbours).
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from orchestration.dashboards.pages import show
from orchestration.dashboards.titles import OPENED, TITLES


def main() -> None:
    """Draws the page that the address names."""
    st.set_page_config(page_title="Kundbild", layout="wide", page_icon=str(Path(__file__).with_name("icon.svg")))
    pages = {
        name: st.Page(
            lambda name=name: show(name),  # type: ignore[misc] # a page is called without arguments
            title=title,
            url_path=name,
            icon=icon,
            default=name == "overview",
        )
        for name, (title, icon) in TITLES.items()
    }
    chosen = st.navigation(list(pages.values()))
    asked = {name: st.query_params.get_all(name) for name in st.query_params}
    opened = asked.pop(OPENED, [""])[0]
    if opened in pages:
        st.switch_page(
            pages[opened], query_params=[(name, value) for name, values in asked.items() for value in values]
        )
    chosen.run()


main()
