"""The report and the data dictionary in Chromium, on a phone and on screens: what axe finds, and what is wider than the screen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.contracts.dictionary import Column, Entry, as_text
from orchestration.core.clock import now
from orchestration.publishing.report.page import Report, as_page
from tests.systems.chromium import chromium
from tests.unit.publishing.report.company import asked, make_company

_SCREENS = (390, 1280, 1920)
_WIDE = """[...document.querySelectorAll("body *")].filter(e => !e.closest(".scroll, .table, pre, svg")
    && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.className || e.tagName)"""
# tables that are cut at the edge of their card, as half of a screen or a printed page is
_CUT = """[...document.querySelectorAll(".scroll")].filter(e => Math.max(e.scrollWidth, e.firstElementChild.offsetWidth) > e.clientWidth + 1)
    .map(e => e.ariaLabel)"""
_PRINTED = 688  # A4 less its margins

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not shutil.which("chromium"), reason="Chromium is not here: install the package chromium"),
]


def test_the_report_and_the_dictionary_fit_every_screen_and_have_no_serious_barrier(tmp_path: Path):
    make_company(tmp_path / "kundbild.duckdb")
    with asked(tmp_path / "kundbild.duckdb") as opened:
        report = as_page(Report("Fjällskog Friluftsliv och Uteliv", "SEK", opened), "dictionary.html", now())
    columns = (Column("customer_key", "varchar", "", "pseudonym", True, "Whose it is."), Column("net_amount", "decimal(18, 2)", "SEK", "none", False, "Less what was refunded."))  # fmt: skip
    entries = [Entry(schema, "orders", "One row per order.", ("customer_key",), ("marts.fct_orders",), columns) for schema in ("bi", "marts")]  # fmt: skip
    # the queries are shown too
    (tmp_path / "report.html").write_text(report.replace("<details ", "<details open "), encoding="utf-8")
    (tmp_path / "dictionary.html").write_text(as_text(entries, "html"), encoding="utf-8")
    with chromium(tmp_path / "profile") as tab:
        for name in ("report", "dictionary"):
            for width in _SCREENS:
                tab.open((tmp_path / f"{name}.html").as_uri(), width)
                tab.wait(f"document.readyState === 'complete' && location.pathname.endsWith('/{name}.html') && innerWidth <= {width}")  # fmt: skip
                assert tab.value("document.documentElement.scrollWidth <= innerWidth") and tab.value(_WIDE) == [], (
                    name,
                    width,
                )
                assert tab.barriers() == [], (name, width)
        for width in (390, 600, 768, 1024, 1280, 1440, 1920, _PRINTED):
            tab.tell("Emulation.setEmulatedMedia", media="print" if width == _PRINTED else "")
            tab.open((tmp_path / "report.html").as_uri(), width)
            tab.wait(f"document.readyState === 'complete' && location.pathname.endsWith('/report.html') && innerWidth <= {width}")  # fmt: skip
            assert tab.value("document.querySelectorAll('.scroll.many').length") > 2 and tab.value(_CUT) == [], width
        tab.tell("Emulation.setEmulatedMedia", media="")
        # a barrier is seen
        tab.value("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: #bbb; background: #fff\">pale</p><img src=\"data:,\">')")  # fmt: skip
        assert {one.partition(":")[0] for one in tab.barriers()} == {"color-contrast", "image-alt"}
        assert tab.problems == []
