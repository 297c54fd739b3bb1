"""Where a report lies, what it is compared with, and that nothing fails by it."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from orchestration.cli.report import report
from orchestration.core.errors import KundbildError
from orchestration.core.settings import Report, Settings, Source
from orchestration.publishing import versions
from orchestration.publishing.report import making
from orchestration.publishing.report.places import report_path
from tests.unit.publishing.report.company import make_empty, publish

SETTINGS = Settings(company="Fjäll & Skog", sources={"s": Source(connector="files", url="/d", enabled=False)})


def test_the_report_lies_in_the_publication_and_goes_back_with_it(home):
    publish(home, "20261031T020000-a", "2026-10-31T02:00:00Z", without="n > 200")
    publish(home, "20261101T020000-b", "2026-11-01T02:00:00Z")
    page = making.make_report(home, SETTINGS)
    assert page == report_path(home).resolve() and page.stat().st_mode & 0o777 == 0o600
    assert "Compared with 31 October 2026." in page.read_text()
    (home.published / "current").unlink()
    (home.published / "current").symlink_to("versions/20261031T020000-a")
    assert not report_path(home).exists()
    assert "Compared with" not in making.make_report(home, SETTINGS).read_text()


def test_the_data_dictionary_lies_beside_it_and_has_what_it_links_to(home, tmp_path):
    publish(home, "20261101T020000-b", "2026-11-01T02:00:00Z")
    nodes = {"model.k.bi_fct_orders": {"resource_type": "model", "schema": "bi", "alias": "fct_orders", "name": "bi_fct_orders", "description": "Orders.", "columns": {}, "depends_on": {"nodes": []}}}  # fmt: skip
    (home.dbt_target / "manifest-0.json").write_text(json.dumps({"nodes": nodes, "sources": {}}))
    page = making.make_report(home, SETTINGS, tmp_path / "report.html")
    assert 'href="report_dictionary.html#bi.fct_orders"' in page.read_text()
    assert 'id="bi.fct_orders"' in (tmp_path / "report_dictionary.html").read_text()


def test_a_folder_that_is_not_there_is_not_made(home, tmp_path):
    publish(home, "20261101T020000-b", "2026-11-01T02:00:00Z")
    for make in (
        lambda: making.make_report(home, SETTINGS, tmp_path / "none" / "r.html"),
        lambda: making.make_picture(home, SETTINGS, "segments", tmp_path / "none" / "s.svg", ".svg"),
    ):
        with pytest.raises(KundbildError, match="the folder is not there"):
            make()
    assert not (tmp_path / "none").exists()


def test_it_is_compared_with_the_publication_that_is_nearest_to_a_week_older():
    there = [
        versions.Publication(f"202611{day:02}T020000-x", "r", f"2026-11-{day:02}T02:00:00Z", {}) for day in range(1, 21)
    ]
    assert making.compared_with(there[19], there) == there[12]
    assert making.compared_with(there[2], there) == there[0]
    assert making.compared_with(there[0], there) is None
    assert making._moment(there[0]) == datetime(2026, 11, 1, 2)


def test_a_publication_without_anybody_has_a_report(home):
    publish(home, "20261101T020000-b", "2026-11-01T02:00:00Z", make_empty)
    assert "bi.dim_customers is empty: connect a source of people." in making.make_report(home, SETTINGS).read_text()


def test_a_night_does_not_fail_by_its_report(home, monkeypatch):
    with pytest.raises(KundbildError, match="nothing is published yet"):
        making.make_report(home, SETTINGS)
    publish(home, "20261101T020000-b", "2026-11-01T02:00:00Z")
    off = SETTINGS.model_copy(update={"report": Report(after_publication=False)})
    assert making.report_of_night(home, off) == (None, "") and not report_path(home).exists()
    late = SETTINGS.model_copy(update={"report": Report(max_seconds=0.01)})
    report, told = making.report_of_night(home, late)
    assert report is None
    assert told == "Warning: the publication has no report: the report took longer than 0.01 seconds; `kundbild report` tries again"  # fmt: skip
    # one that breaks as no code of ours does
    file = (home.published / "current" / "kundbild.duckdb").resolve()
    file.write_bytes(b"Astrid" * 5000)
    report, told = making.report_of_night(home, SETTINGS)
    assert report is None and "the report could not be made (" in told and "Astrid" not in told
    monkeypatch.setattr(making, "start", lambda module: (_ for _ in ()).throw(MemoryError("Astrid")))
    assert making.report_of_night(home, SETTINGS)[1].startswith("Warning: the publication has no report: the report could not be made (MemoryError)")  # fmt: skip


def test_pictures_are_written_as_svg_and_png(home, tmp_path):
    publish(home, "20261101T020000-b", "2026-11-01T02:00:00Z")
    making.make_picture(home, SETTINGS, "segments", tmp_path / "s.svg", ".svg")
    making.make_picture(home, SETTINGS, "segments", tmp_path / "s.png", ".png")
    assert (tmp_path / "s.svg").read_text().startswith("<svg ") and (tmp_path / "s.png").read_bytes()[:4] == b"\x89PNG"


def test_the_screen_names_the_dictionary_and_no_file_there_is_overwritten_unasked(home, tmp_path, monkeypatch, capsys):
    publish(home, "20261101T020000-b", "2026-11-01T02:00:00Z")
    (home.dbt_target / "manifest-0.json").write_text(json.dumps({"nodes": {}, "sources": {}}))
    monkeypatch.setattr("orchestration.core.configuration.home_and_config", lambda: (home, None))
    monkeypatch.setattr("orchestration.core.configuration.load_settings", lambda config: SETTINGS)
    report(to=tmp_path / "r.html")
    assert "r_dictionary.html" in capsys.readouterr().out.replace("\n", "")
    (tmp_path / "r.html").unlink()
    with pytest.raises(KundbildError, match="the file is there already"):
        report(to=tmp_path / "r.html")
