"""Each page over a small publication: what it shows, what it leaves out, and that it follows what readers are led to."""

from __future__ import annotations

import re

import duckdb
import pytest

from orchestration.dashboards.pages import _DRAW
from orchestration.dashboards.reading import current_reading
from orchestration.dashboards.titles import TITLES
from tests.unit.dashboards.conftest import html, page

# planted in the company: keys, an address and a name that no answer may show
_PRIVATE = ("CKEY", "OKEY", "SKEY", "astrid", "Astrid", "@example")


def test_every_page_of_the_navigation_is_drawn():
    assert list(TITLES) and set(TITLES) == set(_DRAW)


@pytest.mark.parametrize("name", [name for name in TITLES if name != "customer"])
def test_a_page_shows_its_publication_and_nobody(company, name: str):
    company()
    app = page(name)
    assert not app.exception and not app.error
    assert app.title[0].value == TITLES[name][0]
    assert "1 November 2026" in app.caption[0].value and "fewer than 10 people" in app.caption[0].value
    shown = html(app) + "".join(one.value for one in [*app.markdown, *app.caption, *app.info, *app.header])
    assert [word for word in _PRIVATE if word in shown] == []


def test_the_overview_says_what_changed_since_the_publication_before(company):
    company("20261025T020000-before", "2026-10-25T02:00:00Z", without="n >= 300")
    company()
    app = page("overview")
    assert "400" in html(app) and "up 100 (33\u00a0%) since 25 October" in html(app)
    assert [one.value for one in app.header][:2] == ["North Star by when the first purchase was", "Lifecycle"]


def test_a_page_follows_a_new_publication(company):
    company("20261025T020000-before", "2026-10-25T02:00:00Z", without="n >= 300")
    app = page("overview")
    assert "25 October 2026" in app.caption[0].value
    company()
    app.run()
    assert not app.exception and "1 November 2026" in app.caption[0].value and "400" in html(app)


def test_before_the_first_night_a_page_says_what_to_do(company, tmp_path):
    (tmp_path / "home").mkdir()
    app = page("overview")
    assert (
        not app.exception and "nothing is published yet" in app.error[0].value and "kundbild run" in app.error[0].value
    )


def test_filters_stand_in_the_address_and_choose_rows(company):
    company()
    app = page("channels", channel="web")
    assert app.multiselect(key="filter_channels_channel").value == ["web"]
    sales = [one.proto.body for one in app.get("html") if "Channels, last 12 months" in one.proto.body]
    assert sales and ">web<" in sales[0] and ">store<" not in sales[0]
    app.multiselect(key="filter_channels_channel").select("store").run()
    assert app.query_params["channel"] == ["web", "store"]


def test_downloads_hold_the_rows_and_no_formula(company, monkeypatch):
    company()
    taken = {}
    monkeypatch.setattr(
        "streamlit.download_button", lambda label, data, file_name, **how: taken.update({file_name: data})
    )
    page("channels")
    header, *rows = taken["sales_by_channel.csv"].splitlines()
    assert header.startswith("channel,known_customer_count") and len(rows) == 2
    path = current_reading().path
    path.chmod(0o600)
    with duckdb.connect(str(path)) as con:
        con.execute("update bi.fct_orders set channel = '=cmd()' where channel = 'web'")
    page("channels")
    assert "'=cmd()" in taken["sales_by_channel.csv"]


def test_metrics_are_asked_by_the_address(company):
    company()
    app = page("metrics", metric="customers", by="lifecycle_stage")
    assert not app.exception and not app.warning
    # "few of them" has nine customers
    assert "active" in html(app) and "few of them" not in html(app)


def test_one_customer_is_shown_with_the_grade_people_only(company):
    company()
    assert "customers.duckdb" in page("customer").info[0].value


def test_service_is_told_by_hour_and_by_what_follows_and_not_of_few(company):
    company()
    app = page("service")
    assert not app.exception
    shown = html(app)
    assert ">08<" in shown and ">09<" not in shown and "small groups" not in shown
    # 77 requests are of 72 people, and the 62 that were not rated may be of all but ten of them
    (by_hour,) = [one.proto.body for one in app.get("html") if ">08<" in one.proto.body]
    assert ">9.6<" in by_hour and ">3.6<" not in by_hour
    (effect,) = [one.proto.body for one in app.get("html") if "within 4 h" in one.proto.body]
    rows = [
        re.sub("<[^>]+>|\u00a0", " ", row).split()
        for row in re.findall("<tr.*?</tr>", effect, re.DOTALL)
        if "<td" in row
    ]
    # of 50 that bi rounded 45 may be, of 40 people: the fifth that did not buy before may be eight of them
    assert [" ".join(row) for row in rows] == ["within 4 h 70 50 – 60 %", "later 40 20 – –"]
    assert ">payment<" in shown and ">returns<" not in shown
    assert any("A person looks into it" in one.value for one in app.caption)


def test_the_matrix_is_filtered_by_segment_or_store(company):
    company()
    app = page("experience")
    assert not app.exception and ">Store 1<" in html(app) and ">Store 2<" not in html(app)
    app = page("experience", scheme="lifecycle")
    assert ">active<" in html(app) and ">Store 1<" not in html(app)
