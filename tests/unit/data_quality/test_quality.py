"""Great Expectations on DuckDB: results are counts, a check that cannot run has failed, upstream has not moved."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from data_quality.checks import Check, Suite
from data_quality.runner import QualityRun, last_counts, remember_counts
from data_quality.suites import all_suites, identity, marts
from data_quality.suites.common import between, keeps_its_volume, no_row_where, no_rows, one_of
from data_quality.suites.consent import audience_suites, segment_suites
from orchestration.contracts.audiences import AudienceModel
from orchestration.contracts.model_files import models_of
from orchestration.core.configuration import load_settings
from orchestration.core.settings import PROJECT_DIR, Engine, Settings, Source
from orchestration.core.warehouse import open_warehouse
from tests.unit.people import person


def never_null(column: str) -> Check:
    return Check(f"{column}_is_there", "…", "ExpectColumnValuesToNotBeNull", {"column": column})


@pytest.fixture
def check(home):
    with open_warehouse(home, Engine()) as con:
        con.execute("create schema s")
        con.execute(
            "create table s.t as select range as id, case when range < 3 then 'secret' || range end as name from range(10)"
        )
    runs = iter(range(100))

    def go(*checks: Check):
        run = QualityRun(home, Engine(), f"r{next(runs)}")
        return {r.check.name: r for r in run.run([Suite("promise", "s", "t", ("s", "t"), checks)])}

    return go


def test_the_private_name_that_we_lean_on_is_still_there():
    from great_expectations.execution_engine import sqlalchemy_execution_engine

    names = sqlalchemy_execution_engine._PERSISTED_CONNECTION_DIALECTS
    assert isinstance(names, tuple) and "sqlite" in {getattr(n, "value", n) for n in names}


PLANTED = {
    "edges": "update identity.edges set left_id = right_id, weight = null",
    "record_clusters": "insert into identity.standing_decisions select min(record_id), max(record_id), 'different' from identity.record_clusters",
    "customer_source_records": "insert into identity.customer_source_records select customer_id, record_id, source_system, source_key, "
    "valid_from, null from identity.customer_source_records; update identity.customer_source_records set valid_to = timestamp '2000-01-01' where source_key = '3'",
    "customer_identity_events": "update identity.customer_identity_events set kind = 'vanished'",
    "customer_id_redirects": "insert into identity.customer_id_redirects values ('old', 'nobody', now()::timestamp)",
    "golden_records": "delete from identity.golden_records",
}


@pytest.mark.parametrize("table", [None, *PLANTED])
def test_the_suites_of_identity_find_what_is_broken(table, resolve, warehouse, home):
    resolve(person("1", email="a@x.se"), person("2", email="a@x.se"), person("3", "Bo"))
    resolve(person("1", email="a@x.se"), person("2", email="a@x.se"), person("3", email="a@x.se"))
    warehouse.execute("create table identity.golden_records as select distinct customer_id from identity.customer_source_records where valid_to is null")  # fmt: skip
    if table:
        warehouse.execute(PLANTED[table])
    warehouse.close()
    suites = identity.suites(Settings(company="T", sources={"s": Source(connector="files", url="/")}), {})
    failed = {r.suite.table for r in QualityRun(home, Engine(), "r").run(suites) if not r.passed}
    assert failed == ({table} if table else set())


def test_an_audience_whose_segment_has_nobody_is_warned_of_by_name(home):
    rules = {"all": (None, None), "some": ("risk", "leaving"), "misspelt": ("risk", "leving"), "half": ("risk", None)}
    with open_warehouse(home, Engine()) as con:
        con.execute("create schema reference; create schema segments; create schema audiences")
        con.execute("create table reference.audience_rules (audience varchar, scheme varchar, segment varchar)")
        con.execute(
            "create table segments.customer_segments as select 'c1' as customer_id, 'risk' as scheme, 'leaving' as segment"
        )
        for name, rule in rules.items():
            con.execute("insert into reference.audience_rules values ($1, $2, $3)", [name, *rule])
            con.execute(
                f"create table audiences.audience_{name} as select 'c1' as customer_id where {name in ('all', 'some')}"
            )
    models = [AudienceModel(f"audience_{name}", f"audience_{name}") for name in rules]
    suites = [
        replace(suite, checks=tuple(check for check in suite.checks if check.name == "its_segment_has_customers"))
        for suite in audience_suites(
            models, Settings(company="T", sources={"s": Source(connector="files", url="/")}), {}
        )
    ]
    told = {
        r.suite.table: (r.passed, r.check.severity, "could_not_run" in r.observed)
        for r in QualityRun(home, Engine(), "r").run(suites)
    }
    assert told == {f"audience_{name}": (name in ("all", "some"), "WARN", False) for name in rules}


def test_a_table_whose_rules_cannot_run_fails_alone(check, home):
    """Marks of rows are made for one table after the other: those of the table before are not taken for them."""
    check()  # makes s.t
    with open_warehouse(home, Engine()) as con:
        con.execute("create table s.u as select 1 as id")
    rule = no_row_where("no_big_ids", "…", "b.id > 7")
    shapes = [
        ("t", (rule,)),
        ("u", (no_row_where("no_such_column", "…", "b.gone > 7"), rule)),
        ("gone", (rule, keeps_its_volume("s.gone", {}, 0.5))),
        ("u2", (keeps_its_volume("s.u2", {}, 0.5),)),
        ("u", (rule, between("id", 0, 5))),
    ]
    # each in the same share, so that one follows the other
    suites = []
    for table, checks in shapes:
        suites += [Suite("promise", "s", table, ("s", table), checks), Suite("promise", "s", "t", ("s", "t"), ())]
    suites[-2] = Suite("consent", "s", "u", ("s", "u"), shapes[-1][1])
    found = [(r.suite.title, r.check.name, r.passed) for r in QualityRun(home, Engine(), "marks").run(suites)]
    assert found == [
        ("promise.s.t", "no_big_ids", False),
        ("promise.s.u", "no_such_column", False),
        ("promise.s.u", "no_big_ids", False),
        ("promise.s.gone", "no_big_ids", False),
        ("promise.s.gone", "keeps_its_volume", False),
        ("promise.s.u2", "keeps_its_volume", False),
        ("consent.s.u", "no_big_ids", True),
        ("consent.s.u", "id_in_range", True),
    ]


def test_checks_pass_and_fail_as_they_should_and_tell_counts_only(check, home):
    results = check(
        never_null("id"),
        never_null("name"),
        between("id", 0, 5),
        one_of("name", ["secret0"]),
        no_rows("no_big_ids", "…", "select * from {batch} where id > 7"),
        no_row_where("no_ids_above_six", "…", "b.id > 6"),
        no_row_where("no_ids_above_nine", "…", "b.id > 9"),
        keeps_its_volume("s.t", {"s.t": 100}, 0.5),
        Check("has_columns", "…", "ExpectTableColumnsToMatchSet", {"column_set": ["id", "gone"], "exact_match": False}),
    )
    assert {name: r.passed for name, r in results.items()} == {
        "id_is_there": True, "name_is_there": False, "id_in_range": False, "name_is_known": False, "no_big_ids": False,
        "no_ids_above_six": False, "no_ids_above_nine": True, "keeps_its_volume": False, "has_columns": False,
    }  # fmt: skip
    assert results["name_is_there"].observed["unexpected_count"] == 7
    assert results["id_in_range"].observed["unexpected_count"] == 4
    assert results["no_big_ids"].observed == {"unexpected_count": 2}
    assert results["no_ids_above_six"].observed == {"element_count": 10, "unexpected_count": 3}
    assert results["keeps_its_volume"].observed == {"row_count": 10}
    with open_warehouse(home, Engine()) as con:
        stored = con.execute("select observed from ops.check_results").fetchall()
    assert len(stored) == 9
    assert "secret" not in json.dumps(stored)


def test_a_check_that_cannot_run_has_failed(check):
    broken = (
        no_rows("broken", "…", "select * from {batch} where no_such_column > 7"),
        no_row_where("broken", "…", "b.no_such_column > 7"),
    )
    for one in broken:
        result = check(one)["broken"]
        assert not result.passed and result.observed == {"could_not_run": 1}


def test_data_docs_hold_no_value(home, check):
    check(never_null("id"))
    run = QualityRun(home, Engine(), "docs")
    run.run(
        [
            Suite(
                "promise",
                "s",
                "t",
                ("s", "t"),
                (one_of("name", ["x"]), no_rows("r", "…", "select name from {batch} where name is not null")),
            )
        ]
    )
    index = run.build_docs()
    pages = [p.read_text() for p in home.data_docs.rglob("*.html")]
    assert index.exists() and len(pages) == 2
    for page in home.data_docs.rglob("*.html"):
        links = re.findall(r'<a[^>]*href="([^"#][^"]*)"', page.read_text())
        assert [link for link in links if not (page.parent / link).exists()] == [], page
    assert not any("secret1" in page for page in pages)
    # and no page asks another host for anything when it is opened
    assert not any(re.search(r"<(link|script|img)[^>]*(href|src)=[\"']https?://", page) for page in pages)
    assert "ERROR: name_is_known" in index.read_text() and "validations/" in index.read_text()


EVIL = [
    "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "<svg onload=alert(1)><a href='javascript:alert(1)'>x</a></svg>",
    "<a href=' java\tscript:alert(1)'>x</a>", "<iframe srcdoc='<b onload=alert(1)>'>", "<div style='background:url(//x)' onclick=alert(1)>x", "\"><img/src/onerror=alert(1)//",
]  # fmt: skip


def test_a_name_out_of_a_file_runs_nothing_in_data_docs(home, check):
    check(never_null("id"))
    named = ", ".join('"' + name.replace('"', '""') + '" varchar' for name in EVIL)
    with open_warehouse(home, Engine()) as con:
        con.execute(f"create or replace table s.t (id bigint, {named})")
    run = QualityRun(home, Engine(), "evil")
    # as the check of a delivery's columns: its page shows what is there and what should be
    wanted = {"column_set": ["id", *EVIL[:2], "<b onmouseover=alert(1)>gone</b>"], "exact_match": True}
    run.run(
        [
            Suite(
                "arrival",
                "s",
                "t",
                ("s", "t"),
                (Check("has_columns", f"Has {EVIL}.", "ExpectTableColumnsToMatchSet", wanted),),
            )
        ]
    )
    run.build_docs()
    pages = list(home.data_docs.rglob("*.html"))
    assert len(pages) == 2
    for page in pages:
        tags = Tags(page.read_text())
        assert tags.policies == 1, page
        assert not tags.names & {"script", "img", "svg", "iframe", "link", "form", "input"}, page
        assert not [
            a
            for a in tags.attributes
            if a[0].startswith("on") or a[0] in ("src", "srcdoc", "style") or (":" in (a[1] or "") and a[0] == "href")
        ], page


class Tags(HTMLParser):
    """The tags and attributes that a browser would see on a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names, self.attributes, self.policies = set[str](), list[tuple[str, str | None]](), 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes += attrs
        self.policies += ("http-equiv", "Content-Security-Policy") in attrs


def test_the_consent_suite_has_a_page_of_its_own_by_rule(home, check):
    check(never_null("id"))
    run = QualityRun(home, Engine(), "consent")
    broken = no_row_where("nobody", "Nobody <at all>.", "b.id >= 0", rule=24)
    run.run(
        [
            Suite("promise", "s", "t", ("s", "t"), (never_null("id"),)),
            Suite("consent", "s", "t", ("s", "t"), (broken, no_row_where("some", "…", "b.id < 0", rule=4))),
        ]
    )
    index = run.build_docs().read_text()
    page = (home.data_docs / "consent.html").read_text()
    assert '<a href="consent.html">The consent suite</a>, rule by rule: 1 of 2 checks passed.' in index
    rows = [re.sub("<[^>]*>", "|", row) for row in re.findall("<tr>(.*?)</tr>", page)[1:]]
    assert [re.findall(r"[^|]+", row)[0] for row in rows] == ["4", "24"]
    assert "Nobody &lt;at all&gt;." in rows[1] and "ERROR: nobody" in rows[1] and "10 rows, 10 broke it" in rows[1]
    assert all((home.data_docs / link).exists() for link in re.findall('href="([^"]*)"', index + page))


def test_volume_floors_come_from_the_last_published_night(home, check):
    check(never_null("id"))
    suite = Suite("promise", "s", "t", ("s", "t"), ())
    with open_warehouse(home, Engine()) as con:
        assert last_counts(con) == {}
        remember_counts(con, "r1", [suite])
        con.execute("delete from s.t where id > 4")
        remember_counts(con, "r2", [suite])
        assert last_counts(con) == {"s.t": 5}


def test_few_households_may_all_go_and_few_customers_may_not():
    settings = Settings(company="T", sources={"s": Source(connector="files", url="/")})
    for rows, table, floor in ((3, "bridge_household_customers", 0), (100, "bridge_household_customers", 50), (3, "dim_households", 0), (3, "dim_customers", 1)):  # fmt: skip
        (suite,) = [s for s in marts.suites(settings, {f"marts.{table}": rows}) if s.table == table]
        assert suite.checks[0].arguments == {"min_value": floor}, (rows, table)


def test_every_raw_conformed_public_and_bi_table_has_a_suite():
    settings = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": "/h"})
    suites = all_suites(settings)
    names = {suite.name for suite in suites}
    assert len({suite.title for suite in suites}) == len(suites)
    assert {f"raw_{s}.{t}" for s, source in settings.sources.items() for t in source.tables} <= names
    dbt = PROJECT_DIR / "dbt_project" / "models"
    assert {f"conformed.{p.stem}" for p in (dbt / "conformed").glob("*.sql")} <= names
    of_their_own = ("segments", "insight", "audiences")
    areas = [path for path in (dbt / "marts").iterdir() if path.is_dir() and path.name not in of_their_own]
    public = {f"marts.{p.stem}" for a in areas for p in a.glob("*.sql")}
    public |= {f"{schema}.{table}" for schema in of_their_own for _, table in models_of(schema)}
    assert public - names == set(), (
        "add the table to _RULES in data_quality/suites/marts.py, with [] where it has no promise"
    )
    promised = {suite.name for suite in suites if suite.stage == "promise"}
    segments = {f"segments.{table}" for _, table in models_of("segments")}
    assert segments - promised == set(), "add the segment to _RULES in data_quality/suites/marts.py"
    assert {f"bi.{p.stem.removeprefix('bi_')}" for p in (dbt / "bi").glob("*.sql")} <= names
    assert {f"bi_open.{p.stem.removeprefix('bi_open_')}" for p in (dbt / "bi_open").glob("*.sql")} <= names
    keys = [(suite.name, c.name) for suite in suites for c in suite.checks]
    assert len(keys) == len(set(keys))
    of_rules = {c.rule for suite in suites for c in suite.checks if suite.stage == "consent"}
    assert {1, 2, 4, 13, 14, 17, 19, 24, 32} <= of_rules
    consent = [c for suite in suites if suite.stage == "consent" for c in suite.checks]
    ruleless = {
        c.name for c in consent if c.rule is None and c.name not in ("keeps_its_volume", "its_segment_has_customers")
    }
    # as of a table without a text, of which nothing can be asked of texts
    assert [
        f"{suite.name} {c.name}"
        for suite in suites
        for c in suite.checks
        if c.rule and c.expectation == "ExpectColumnValuesToBeNull" and not c.breaks
    ] == []
    assert ruleless == set(), "say of each consent check which rule it is of (rule=…)"


def test_every_segment_is_checked_for_who_may_not_be_profiled(tmp_path):
    """A segment that forgets `customer_profile` holds the night, whatever it is named."""
    folder = tmp_path / "models" / "marts" / "segments"
    folder.mkdir(parents=True)
    (folder / "customer_taste.sql").write_text("select 1 as customer_id")
    elsewhere = tmp_path / "models" / "marts" / "customers" / "customer_mood.sql"
    elsewhere.parent.mkdir()
    elsewhere.write_text('{{ config(schema="segments", alias="moods") }} select 1 as customer_id')
    tables = [table for _, table in models_of("segments", tmp_path)]
    assert tables == ["moods", "customer_taste"]
    found = {suite.name: [check.name for check in suite.checks] for suite in segment_suites(tables)}
    assert found == {f"segments.{table}": ["nobody_who_may_not_be_profiled"] for table in tables}
    settings = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": "/h"})
    of_today = {suite.name for suite in all_suites(settings) if suite.stage == "consent"}
    assert {f"segments.{table}" for _, table in models_of("segments")} <= of_today


def test_no_check_has_a_colon_that_is_read_as_a_parameter():
    """SQLAlchemy reads `:word` so wherever it stands, in a regular expression too: such a check cannot run, and fails each night."""
    settings = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": "/"})
    texts = {
        check.name: f"{check.breaks} {check.arguments}" for suite in all_suites(settings) for check in suite.checks
    }
    assert len(texts) > 20
    assert [name for name, sql in texts.items() if re.search(r"(?<![:\w\\]):\w+(?!:)", sql)] == []
