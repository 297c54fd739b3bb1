"""The page of a report: its numbers are those of the publication, it shows nobody, and it needs nothing but itself."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser
from xml.etree import ElementTree

import duckdb
import pytest

from orchestration.core.clock import now
from orchestration.core.errors import KundbildError
from orchestration.publishing.report import asking
from orchestration.publishing.report.page import Report, as_page
from orchestration.publishing.report.picture import as_picture, as_png
from orchestration.publishing.report.sections import SECTIONS
from orchestration.publishing.report.topics import EFFECT, NORTH_STAR, TOPICS, WISHES
from orchestration.publishing.report.words import shown
from tests.unit.publishing.report.company import AS_OF, asked, make_company, make_empty

VOID = {"meta", "link", "br", "img", "hr", "input"}


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    path = tmp_path_factory.mktemp("company") / "kundbild.duckdb"
    make_company(path)
    return path


@pytest.fixture(scope="module")
def page(company) -> str:
    with asked(company) as opened:
        return as_page(Report("Fjäll & Skog", "SEK", opened), "dictionary.html", now())


class Tags(HTMLParser):
    """Notes every element, and asserts that each is closed where it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "code"):
            self.text.append(data)


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    return tags


def part(company, script: str, k: int = 10):
    with asked(company, k) as opened:
        report = Report("C", "SEK", opened)
        return next(report.answer(opened, p.question) for s in SECTIONS for p in s.parts if p.question.script == script)


def test_numbers_are_those_of_the_publication(company, page):
    with duckdb.connect(str(company), read_only=True) as con:
        stages = con.execute("select lifecycle_stage from bi.dim_customers").fetchall()
        orders = con.execute("select channel, net_amount from bi.fct_orders where ordered_at > timestamp '2025-11-01 02:00:00'").fetchall()  # fmt: skip
        nps = [score for (score,) in con.execute("select nps from bi.fct_survey_responses where submitted_at > timestamp '2026-08-03 02:00:00'").fetchall()]  # fmt: skip
    told = {row["lifecycle_stage"]: row["customer_count"] for row in part(company, "customers_by_stage").records}
    counted = {stage: sum(s == (stage,) for s in stages) for (stage,) in set(stages)}
    assert counted.pop("few of them") == 9
    assert told == {stage: round(count / 10) * 10 for stage, count in counted.items()}
    sold = {row["channel"]: row["net_amount"] for row in part(company, "sales_by_channel").records}
    # no customer's part exceeds 1000
    of_web = float(sum(net for channel, net in orders if channel == "web"))
    assert set(sold) == {"web", "store"} and sold["web"] == round(of_web / 1000) * 1000
    score = round(100 * (sum(n >= 9 for n in nps) - sum(n <= 6 for n in nps)) / len(nps))
    text = " ".join(parsed(page).text)
    assert f"{score:+d}".replace("-", "−") in text and "400" in text
    for value in told.values():
        assert str(value) in text


def test_every_number_names_its_table_and_shows_its_query_which_answers_the_same(company, page):
    tags = parsed(page)
    linked = {attrs["href"] for tag, attrs in tags.found if tag == "a" and attrs["href"].startswith("dictionary")}
    assert "dictionary.html#bi.fct_orders" in linked and "dictionary.html#bi.consent_overview" in linked
    answer = part(company, "sales_by_month")
    with duckdb.connect(str(company), read_only=True) as con:
        assert con.execute(answer.sql).fetchall() == list(answer.rows)
    assert len([1 for tag, _ in tags.found if tag == "details"]) == len([1 for tag, _ in tags.found if tag == "pre"]) > 15  # fmt: skip


def test_nobody_is_shown(company, page):
    picture = ""
    with asked(company) as opened:
        picture = "".join(as_picture(Report("C", "SEK", opened), topic) for topic in TOPICS)
    for planted in ("KEY", "Astrid", "Lindqvist", "@example", "few of them"):
        assert planted not in page and planted not in picture, planted


def test_no_count_of_few_is_told_nor_a_difference_of_two(company):
    with asked(company) as opened:
        report = Report("C", "SEK", opened)
        for section in SECTIONS:
            for one in section.parts:
                answer = report.answer(opened, one.question)
                for column in (c for c in answer.columns if c.endswith("_count")):
                    values = [row[column] for row in answer.records if row[column] is not None]
                    assert all(value == 0 or value >= 10 for value in values), (one.title, column)
                    # what bi rounded is exact nowhere, nor is a difference of two
                    least = 5 if f" as {column}_rounded" in answer.sql else 10
                    assert not [1 for a in values for b in values if 0 < abs(a - b) < least], (one.title, column)
    assert {row["channel"] for row in part(company, "consents").records} == {"email"}
    # 7 of 300 clicked, and 8 of 400 never said a thing
    assert {row["clicked_count"] for row in part(company, "email_campaigns").records} == {None}
    assert {row["reason"] for row in part(company, "audience_reasons").records} == {"withdrawn"}
    ways = [(row["from_segment"], row["customer_count"]) for row in part(company, "segment_movements").records]
    assert ways == [("low", 15)]
    assert [tuple(row.values()) for row in part(company, "segments").records] == [("value tier", "low", 370, 345, 2.3), ("value tier", "top", 20, None, 2.3)]  # fmt: skip
    # of 26.5 purchases, not of 30
    credits = {row["channel"]: (row["markov_count"], row["cost_of_each_amount"]) for row in part(company, "attribution").records}  # fmt: skip
    # of no campaign of display ten are known, and of the channel as a whole they are
    assert credits == {"social": (30, 5), "email": (None, None), "display": (10, 11), "print": (0, None)}
    # what was spent is nobody's, and told of a channel that nobody came by as well
    assert {row["channel"]: row["spend_amount"] for row in part(company, "attribution").records}["print"] == 70
    assert {row["by_hold_out"] for row in part(company, "attribution").records} == {"not measured"}
    # of all letters enough are told; few of them are said to be few, and not that nobody measured
    with duckdb.connect(str(company), read_only=True) as con:
        script, of_twenty = (asking.read_script("attribution", AS_OF, k, 5) for k in (10, 20))  # fmt: skip
        for fewest, lots, expected in ((9, 1, "measured, of too few people to be shown"), (None, 1, "measured, of too few people to be shown"), (None, 0, "not measured"), (60, 1, "10 to 50")):  # fmt: skip
            changed = script.replace("bi.campaign_results", f"(select * replace ({'null' if fewest is None else fewest} as fewest_count, {lots} as measured_lot_count, 11 as caused_responses_low, 52 as caused_responses_high) from bi.campaign_results)")  # fmt: skip
            assert ("email", expected) in con.execute(f"select channel, by_hold_out from ({changed})").fetchall(), (
                fewest,
                lots,
            )
        # a company that shows no figure of fewer than twenty people shows none here
        changed = of_twenty.replace("bi.campaign_results", "(select * replace (15 as fewest_count, 11 as caused_responses_low, 52 as caused_responses_high) from bi.campaign_results)")  # fmt: skip
        told = con.execute(f"select by_hold_out from ({changed}) where channel = 'email'").fetchall()
        assert told == [("measured, of too few people to be shown",)]
        # that nobody did is no count of few, where each arm is of enough
        for arms, expected in (("", "measured: nobody responded in either arm"), (", 9 as held_out_count", "measured, of too few people to be shown")):  # fmt: skip
            changed = script.replace("bi.campaign_results", f"(select * replace (0 as fewest_count, 0 as measured_response_share, 0 as held_out_response_share{arms}) from bi.campaign_results)")  # fmt: skip
            assert ("email", expected) in con.execute(f"select channel, by_hold_out from ({changed})").fetchall()
    # checks are nobody's and exact; rows are rounded, and hidden where they are few
    nights = [tuple(row.values())[1:] for row in part(company, "quality_by_night").records]
    assert nights == [("published", 700, 3, 0, 1, 40), ("held", 700, 0, 1, 1, 40), ("published", 700, 2, 0, 1, 40)]
    assert [tuple(row.values()) for row in part(company, "quality_set_aside").records] == [("shop", "orders", 400, 40), ("forms", "survey responses", 80, None)]  # fmt: skip
    assert [tuple(row.values()) for row in part(company, "quality_of_records").records] == [("without phone", 400, 100, 100, 25), ("without name", 400, None, None, None)]  # fmt: skip
    assert [row["last_night"] for row in part(company, "quality_of_sources").records] == ["could not be read", "read"]
    lifts = [
        (row["campaign"], row["bought_percent"], row["held_out_bought_percent"], row["lift_in_percentage_points"])
        for row in part(company, "campaign_lift").records
    ]
    assert lifts == [("all by email", 21, 11, "+10.0 (+5.0 to +15.0)"), ("Letter 3", 21, None, "not measured: nobody was held out"), ("Letter 1", 21, 18, "cannot tell: -3.0 to +7.0")]  # fmt: skip
    assert [row["reached_percent"] for row in part(company, "north_star").records] == [52, 52, 52, 52, 52]
    assert {row["target_percent"] for row in part(company, "north_star").records} == {55}
    # of 42 customers 21 did and 21 did not: whoever is told of no fewer than 25 is told of the month
    with asked(company, 25) as opened:
        months = [tuple(row.values()) for row in opened.ask(NORTH_STAR.question).records]
    assert months == [(date(2026, 6, 1), "month", 200, 100, 55, 51)], months
    # of each driver only weeks that tell of both sides, and no count of few
    assert [tuple(row.values()) for row in part(company, "north_star_drivers").records] == [
        ("visited the site again", "yes", 80, 50, 57),
        ("visited the site again", "no", 90, 40, 40),
    ]
    spread = [tuple(row.values()) for row in part(company, "attribution_disagreement").records]
    assert spread == [("social", alike := "Markov, first, last, linear", 30, "time decay", 60), ("email", alike, None, "time decay", None)]  # fmt: skip
    with asked(company) as opened:
        drawn = as_picture(Report("C", "SEK", opened), "north-star")
    assert "reached, %" in drawn and "target, %" in drawn and re.search(r">\d+ %</text>", drawn)
    moments = [tuple(row.values()) for row in part(company, "surveys_by_moment").records]
    assert moments == [
        ("after purchase", "after delivery", 60, 57, 4),
        ("after purchase", "after service", 20, None, 4),
    ]
    themes = [tuple(row.values()) for row in part(company, "feedback_themes").records]
    assert themes == [("delivery, in reviews", 70, 20, None)]
    matrix = [tuple(row.values()) for row in part(company, "experience_matrix").records]
    assert matrix == [("high", "high", 120, 8.6, "reading", "used"), ("low", "high", 30, None, "reading", "used")]
    gap = [tuple(row.values()) for row in part(company, "interest_gap").records]
    # of 120 so few have never bought that of as many others it might not be told
    assert gap == [("Tents", 120, 120, None, 110, 10, None)]
    # of 57 customers who came 14 bought again
    assert part(company, "bought_again").first["bought_again_percent"] == 25
    assert [row["median_days"] for row in part(company, "purchase_intervals").records] == [42, 42, 42, None]
    assert len(part(company, "customers_by_stage", 150).rows) == 0


def test_what_is_lumped_with_others_is_unknown_and_not_none(company):
    """Wishes that are one row may be sold, and who is not profiled may be in the row of small groups."""
    with asked(company) as opened:
        answer = Report("C", "SEK", opened).answer(opened, WISHES.question)
    wishes = {row["answer"]: row["is_it_sold"] for row in answer.records}
    assert wishes == {"tents": "sold", "packrafts": "not sold yet", "other (small groups)": "unknown"}
    gaps = asking.read_script("gaps", AS_OF, 10, 5)
    with duckdb.connect(str(company), read_only=True) as con:
        for told, expected in (("lifecycle_stage", 0), ("if(n < 9, 'other (small groups)', lifecycle_stage)", None), ("if(n < 9, 'other (small groups)', 'not profiled')", 391), ("if(n < 9, 'not profiled', lifecycle_stage)", 9)):  # fmt: skip
            changed = gaps.replace("bi.dim_customers", f"(select * replace ({told} as lifecycle_stage) from (select *, cast(customer_key[5:] as integer) as n from bi.dim_customers))")  # fmt: skip
            assert con.execute(f"select not_profiled_count from ({changed})").fetchall() == [(expected,)], told
        # ages are hidden by place in dim_customers: of all customers are these
        for ages, expected in (("'unknown', 35", 35), ("'30 to 44', 365", 0), ("'other (small groups)', 15", None)):
            changed = gaps.replace("bi.customers_by_age", f"(values ({ages})) a(age_band, customer_count)").replace("bi.dim_customers", "(select * replace ('other (small groups)' as age_band) from bi.dim_customers)")  # fmt: skip
            assert con.execute(f"select without_age_count_rounded from ({changed})").fetchall() == [(expected,)], ages
        nights = "(select * replace ('without country code' as subject) from bi.data_quality_by_night where area = 'records')"
        for said, expected in (("bi.data_quality_by_night", None), (nights, 100)):
            changed = gaps.replace("bi.data_quality_by_night", said)
            assert con.execute(f"select without_country_count_rounded from ({changed})").fetchall() == [(expected,)]


def test_the_page_needs_nothing_but_itself(page):
    tags = parsed(page)
    assert not [tag for tag, _ in tags.found if tag in ("script", "iframe", "object", "embed", "img", "link")]
    assert not [1 for _, attrs in tags.found for name in attrs if name.startswith("on")]
    names = re.findall(r"(?:https?:)?//[^\s\"'<)]+", re.sub(r'xmlns(:\w+)?="[^"]+"', "", page))
    assert names == [] and "url(" not in page and "@import" not in page
    assert len(page.encode()) < 1_000_000
    assert "Fjäll &amp; Skog" in page and '<html lang="en">' in page


def test_charts_are_well_formed_with_words_for_who_does_not_see_them(page):
    charts = re.findall(r"<svg .*?</svg>", page, re.DOTALL)
    assert 5 < len(charts) <= 15
    for chart in charts:
        root = ElementTree.fromstring(chart)
        assert root.get("role") == "img" and root.get("aria-label") == root[0].text
        assert root.findall(".//{http://www.w3.org/2000/svg}text")


def test_no_two_columns_of_a_table_have_one_head(page):
    heads = [
        re.findall(r"<th scope=\"col\"[^>]*>(.*?)</th>", head) for head in re.findall(r"(?s)<thead>.*?</thead>", page)
    ]
    assert len(heads) > 20 and [head for head in heads if len({*head}) < len(head)] == []


def test_an_empty_publication_says_of_each_section_what_to_add(tmp_path):
    path = tmp_path / "kundbild.duckdb"
    make_empty(path)
    with asked(path) as opened:
        page = as_page(Report("C", "SEK", opened), "dictionary.html", now())
        with pytest.raises(KundbildError, match="says nothing of survey"):
            as_picture(Report("C", "SEK", opened), "survey")
    text = " ".join(parsed(page).text)
    assert "bi.fct_tickets is empty: connect a source of tickets." in text and "<svg" not in page


def test_what_the_company_has_not_set_is_no_column_and_what_has_an_order_stands_in_it(tmp_path):
    path = tmp_path / "kundbild.duckdb"
    make_company(path)
    with duckdb.connect(str(path)) as con:
        con.execute("update bi.north_star set target_share = null")
        con.execute("delete from bi.service_performance where breakdown = 'first reply'; insert into bi.service_performance by name select 'first reply' as breakdown, value, 20 + n as people_count, 20 + n as ticket_count from unnest(['none yet', 'later', 'within 4 h', 'within 24 h', 'within 1 h']) with ordinality as t(value, n)")  # fmt: skip
    assert "target_percent" not in part(path, "north_star").columns
    with asked(path) as opened:
        report = Report("C", "SEK", opened)
        weeks = report.answer(opened, NORTH_STAR.question)
        assert weeks.rows and "target_percent" not in weeks.columns and report.chart(NORTH_STAR, weeks)
        replies = [row["first_reply"] for row in report.answer(opened, EFFECT.question).records]
    assert replies == ["within 1 h", "within 4 h", "within 24 h", "later", "none yet"]
    moments = [row["moment"] for row in part(path, "surveys_by_moment").records]
    assert moments == sorted(moments, key=["after delivery", "after service", "other"].index) and len(moments) > 1
    assert (shown("median_price_average", 1290.0), shown("median_price_average", 12.5)) == ("1,290", "12.5")


def test_a_publication_of_an_older_version_lacks_a_table_and_shows_the_rest(tmp_path):
    path = tmp_path / "kundbild.duckdb"
    make_company(path)
    with duckdb.connect(str(path)) as con:
        con.execute("drop table bi.audience_funnel; alter table bi.fct_tickets drop column satisfaction")
    with asked(path) as opened:
        page = as_page(Report("C", "SEK", opened), "dictionary.html", now())
    text = " ".join(parsed(page).text)
    assert (
        "The publication has no table bi.audience_funnel: an older version made it, and the next night makes it anew."
        in text
    )
    assert "bi.fct_tickets has other columns: an older version made it" in text and "Tents" in text


def test_what_changed_is_told_in_words(company, tmp_path):
    former = tmp_path / "kundbild.duckdb"
    make_company(former, without="n % 4 = 3")
    with asked(company) as opened, asked(former) as before:
        report = Report("C", "SEK", opened, before)
        figure = report.figure(next(iter(TOPICS["segments"][1])))
        assert figure["value"] == "400" and figure["change"] == "up 100 (33\u00a0%) since 1 November"
        stages = report.part(TOPICS["segments"][2], "")
        assert re.fullmatch(r"Grew most: \w+, by \d+ customers\.", stages.says)
        same = Report("C", "SEK", opened, opened)
        assert same.figure(TOPICS["segments"][1][0])["change"] == "about as many as on 1 November"


def test_a_picture_says_its_date_its_source_and_the_fewest_people(company):
    with asked(company) as opened:
        for topic in TOPICS:
            picture = as_picture(Report("Fjäll & Skog", "SEK", opened), topic)
            root = ElementTree.fromstring(picture)
            words = " ".join(root.itertext())
            assert "1 November 2026" in words and "Source: bi." in words and "Fjäll & Skog" in words
            assert "No figure is about fewer than 10 people" in words
            # Arial's letters are half as wide as high, names of tables a bit more
            texts = [text for text in root if text.tag.endswith("text")]
            assert not [text.text for text in texts if float(text.get("x")) + len(text.text or "") * 0.52 * float(text.get("font-size")) > 1080]  # fmt: skip
        assert as_png(picture).startswith(b"\x89PNG")
        with pytest.raises(KundbildError, match="there is no picture of weather") as refused:
            as_picture(Report("C", "SEK", opened), "weather")
    assert "segments, sales, survey" in refused.value.to_do


def test_the_picture_of_service_is_headed_by_tickets(company):
    with asked(company) as opened:
        picture = as_picture(Report("C", "SEK", opened), "service")
        drawn = {topic: as_picture(Report("C", "SEK", opened), topic) for topic in TOPICS}
    assert "Tickets opened in the last 30 days" in picture and "Customers<" not in picture
    # each question of the analysts' page is answered by its own picture, not by the one nearest to it
    for topic, said in {"hours": ">08<", "after-service": ">bought after, %<", "moments": ">after delivery<", "themes": ">delivery, in reviews<",
                        "disagreement": ">most purchases<", "prices": ">99<", "wishes": ">packrafts<", "first-products": ">52 %<", "replies": ">delivery<"}.items():  # fmt: skip
        assert said in drawn[topic].replace("\u00a0", " "), topic


def test_a_permission_is_not_called_an_audience(company, page):
    text = " ".join(parsed(page).text)
    with asked(company) as opened:
        assert "protected and deceased people." in as_picture(Report("C", "SEK", opened), "campaigns")
    assert "Agreed to the newsletter by email" in text and "May get the newsletter" not in text
    assert text.count("Audiences leave out minors, people of unknown age, protected and deceased people.") == 2
