"""A table of a statistical office → ops.place_statistics, by file and by HTTP: what is kept, and what is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.core.errors import ConfigurationError, SourceError
from orchestration.core.migrations import opened
from orchestration.core.settings import Engine
from orchestration.core.settings.statistics import PlaceStatistics
from orchestration.extract.records import prepare_ops
from orchestration.extract.statistics.load import Loaded, load_statistics, loaded_statistics, read_statistics

NIGHT = datetime(2026, 11, 1)
# as SSB answers 06944: the country and a county stand among municipalities
REGIONS = ["0", "34", "0301", "3420"]
TABLE = {
    "version": "2.0", "class": "dataset", "source": "Statistisk sentralbyrå",
    "id": ["Region", "HusholdType", "ContentsCode", "Tid"], "size": [4, 2, 1, 2],
    "role": {"geo": ["Region"], "time": ["Tid"], "metric": ["ContentsCode"]},
    "dimension": {
        "Region": {"category": {"index": REGIONS}},
        "HusholdType": {"category": {"index": {"0000": 0, "0001": 1}}},
        "ContentsCode": {"category": {"label": {"InntSkatt": "Inntekt etter skatt, median (kr)"}}},
        "Tid": {"category": {"index": ["2022", "2023"]}},
    },
    "value": [600_000 + 1_000 * n for n in range(16)], "status": {"9": ":"},
}  # fmt: skip

CONFIG = 'company = "T"\n[sources.crm]\nconnector = "sql"\nsystem = "crm"\nurl = "sqlite://"\n'


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        prepare_ops(connection)
        yield connection


@pytest.fixture
def place(tmp_path):
    def write(document) -> str:
        path = tmp_path / "06944.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)

    return write


def spec(url, **other):
    said = {
        "url": url,
        "country": "NO",
        "measure": "median_income",
        "pick": {"HusholdType": "0000"},
        "licence": "CC BY 4.0",
    }
    return PlaceStatistics.model_validate(said | other)


def load(con, name: str, said: PlaceStatistics) -> Loaded:
    return load_statistics(con, name, said, read_statistics(name, said), NIGHT)


def kept(con):
    return con.execute("select area_code, year, value from ops.place_statistics order by all").fetchall()


def test_figures_of_known_areas_are_kept_with_their_provenance(con, place):
    loaded = load(con, "income", spec(place(TABLE)))
    # of 16 cells those of the household type 0000 at Oslo (8, 9) and Elverum (12, 13)
    assert kept(con) == [
        ("0301", 2022, 608_000),
        ("0301", 2023, None),
        ("3420", 2022, 612_000),
        ("3420", 2023, 613_000),
    ]
    assert (loaded.areas, loaded.years, loaded.figures, loaded.unknown, loaded.other_areas) == (
        2,
        [2022, 2023],
        3,
        1,
        2,
    )
    told = con.execute("select distinct source, licence, loaded_at from ops.place_statistics").fetchall()
    assert told == [("Statistisk sentralbyrå", "CC BY 4.0", NIGHT)]
    assert loaded_statistics(con) == [{
        "country": "NO", "area_kind": "municipality", "measure": "median_income", "areas": 2, "newest_year": 2023,
        "source": "Statistisk sentralbyrå", "licence": "CC BY 4.0", "loaded_at": "2026-11-01",
    }]  # fmt: skip


def test_loading_again_replaces_and_a_table_that_cannot_be_read_changes_nothing(con, place):
    load(con, "income", spec(place(TABLE)))
    before = kept(con)
    with pytest.raises(SourceError):
        load(con, "income", spec(place(TABLE | {"value": []})))
    assert kept(con) == before
    load(con, "income", spec(place(TABLE | {"value": [9_000] * 16, "status": {}})))
    assert {value for *_, value in kept(con)} == {9_000}


def test_a_prefix_and_a_factor_of_the_office_are_taken_away(con, place):
    named = json.loads(json.dumps(TABLE))
    named["dimension"]["Region"]["category"]["index"] = [f"K-{code}" for code in REGIONS]
    named["value"] = [value / 1000 for value in TABLE["value"]]
    load(con, "income", spec(place(named), area_prefix="K-", factor=1000))
    assert kept(con)[0] == ("0301", 2022, 608_000)


def test_postal_areas_are_known_with_a_blank_too(con, place):
    table = {
        "class": "dataset", "id": ["area", "year"], "size": [2, 1], "value": [40, 60.5], "role": {"time": ["year"]},
        "dimension": {"area": {"category": {"index": ["111 20", "999 99"]}}, "year": {"category": {"index": ["2024"]}}},
    }  # fmt: skip
    said = spec(
        place(table),
        country="SE",
        measure="share_higher_education",
        area_kind="postal_area",
        area_dimension="area",
        factor=0.01,
        pick={},
    )
    load(con, "education", said)
    assert kept(con) == [("11120", 2024, 0.4)]


@pytest.mark.parametrize(("other", "document", "message"), [
    ({"pick": {}}, {}, r"several categories of HusholdType.*pick = .*0000, 0001"),
    ({"pick": {"HusholdType": "9"}}, {}, "no category 9 of HusholdType"),
    ({"pick": {"Husholdtype": "0000"}}, {}, "no dimension Husholdtype"),
    ({"area_dimension": "Regio"}, {}, r"no dimension Regio.*did you mean Region\?"),
    ({"area_dimension": "Tid"}, {}, "the same dimension"),
    ({}, {"role": {}}, "does not say which dimension is the area"),
    ({"year_dimension": "HusholdType"}, {}, "several categories of Tid"),
    ({"country": "FI"}, {}, "not known here by their official codes"),
])  # fmt: skip
def test_a_table_that_does_not_fit_the_configuration_says_what_to_set(con, place, other, document, message):
    with pytest.raises(ConfigurationError, match=f"(?s){message}") as error:
        load(con, "income", spec(place(TABLE | document), **other))
    assert error.value.where == "[statistics.income]" and error.value.to_do
    assert not kept(con)


@pytest.mark.parametrize(("other", "message"), [
    ({"country": "SE"}, "no figure of a known municipality of SE"),
    ({"factor": 0.001}, "median_income lie outside"),
    ({"measure": "share_higher_education"}, "share_higher_education lie outside"),
])  # fmt: skip
def test_figures_that_cannot_be_are_refused(con, place, other, message):
    with pytest.raises(SourceError, match=message):
        load(con, "income", spec(place(TABLE), **other))
    assert not kept(con)


def test_no_other_measure_is_read():
    """What stands for origin, faith or health is none of the measures."""
    with pytest.raises(ValueError, match="median_income"):
        spec("a.json", measure="share_born_abroad")


@contextmanager
def office(told: Callable[[str], None], status: int = 200, body: str = json.dumps(TABLE)) -> Iterator[str]:
    """The address of a table; `told` is of each question, before the answer."""

    class Office(BaseHTTPRequestHandler):
        def do_GET(self):
            told(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Office)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tables/06944/data?valueCodes[Tid]=top(1)"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(("status", "body", "message"), [
    (200, json.dumps(TABLE), None), (404, "no such table", "answers 404"), (200, "<html>", "answers 200, and not with JSON")
])  # fmt: skip
def test_an_office_is_asked_by_http(con, status, body, message):
    asked: list[str] = []
    with office(asked.append, status, body) as url:
        if message:
            with pytest.raises(SourceError, match=message):
                load(con, "income", spec(url))
        else:
            assert load(con, "income", spec(url)).areas == 2
    assert len(asked) == 1 and "06944" in asked[0]


def test_a_file_that_is_not_there_is_an_error(con, tmp_path):
    with pytest.raises(SourceError, match="cannot be opened"):
        load(con, "income", spec(str(tmp_path / "none.json")))


def test_the_command_says_that_there_is_no_warehouse_yet(tmp_path, monkeypatch):
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path / "home"))
    done = CliRunner().invoke(app, ["statistics", "load", "06944.json", "--country", "NO"])
    assert done.exit_code and "no warehouse yet" in str(done.exception)


def test_a_night_may_start_while_the_office_takes_its_time(home, warehouse, write_config, monkeypatch):
    warehouse.close()
    with opened(home, Engine(), "preparing"):
        pass
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(write_config(CONFIG)))
    held: list[str] = []
    with office(lambda _: held.append(home.holder())) as url:
        done = CliRunner().invoke(
            app, ["statistics", "load", url, "--country", "NO", "--measure", "median_income", "--pick", "HusholdType=0000", "--json"]
        )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert held == [""] and json.loads(done.stdout)["areas"] == 2
