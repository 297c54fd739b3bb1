"""What a run prints of itself: messages with brackets, customers of a held night, each table of a source that failed."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from orchestration.cli import console
from orchestration.core.errors import KundbildError
from orchestration.run.outcome import Outcome, add_check, add_rows, headlines, of_all


def test_what_stands_in_brackets_in_a_message_is_printed(monkeypatch):
    text = io.StringIO()
    for name in ("out", "err"):
        monkeypatch.setattr(console, name, console.PlainConsole(file=text, width=500))
    outcome = Outcome("r", False, failed_sources={"crm": "see [sources.crm]"}, stale_since={"crm": "2026-01-01"})
    outcome.error, outcome.notes = "[engine] memory_limit is too small [/red]", ["a note of [privacy]"]
    outcome.failed_checks = ["ERROR raw/[x]: y"]
    console.print_outcome(outcome)
    for said in ("[sources.crm]", "[engine]", "[/red]", "[privacy]", "raw/[x]", "stale since 2026-01-01"):
        assert said in text.getvalue()


@pytest.mark.parametrize(
    ("built", "publication", "seen", "told"),
    [
        (75, "", 0, "Customers: 75 built, not published; nothing is published"),
        (75, "p/kundbild.duckdb", 60, "Customers: 75 built, not published; readers see 60"),
        (None, "", 0, "Customers: none built; nothing is published"),
    ],
)
def test_the_sum_of_a_held_night_says_what_was_built_and_what_readers_see(monkeypatch, built, publication, seen, told):
    text = io.StringIO()
    for name in ("out", "err"):
        monkeypatch.setattr(console, name, console.PlainConsole(file=text, width=500))
    outcome = Outcome("r", False, error="1 checks with severity ERROR failed", customers=seen, publication=publication)
    if built is not None:
        metadata = {"dagster/row_count": SimpleNamespace(value=built)}
        add_rows(outcome, SimpleNamespace(asset_key=SimpleNamespace(path=["bi", "dim_customers"]), metadata=metadata))
    console.print_outcome(outcome)
    assert told in text.getvalue()
    assert outcome.as_dict()["customers_built"] == built
    # of a night that is published the two are one
    outcome.error, outcome.is_success = "", True
    console.print_outcome(outcome)
    assert f"Customers: {seen:,}   Checks" in text.getvalue() and "Report" not in text.getvalue()
    outcome.report = "p/[report].html"
    console.print_outcome(outcome)
    assert "Report: p/[report].html" in text.getvalue()


def test_every_table_of_a_source_that_could_not_be_read_is_told():
    failed: dict[str, list[str]] = {}
    errors = [str(KundbildError(f"source s, table t{n}: gone", where="here", to_do="look")) for n in range(7)]
    # a table that was not asked any more says what the source says
    for n, said in enumerate([*errors, errors[0], "source s: 2 tables cannot be read\n  " + "\n  ".join(errors[:2])]):
        key = SimpleNamespace(path=["raw", "s", f"t{n}"])
        add_check(
            Outcome("r", True),
            SimpleNamespace(passed=False, check_name="was_extracted", asset_key=key, description=said),
            failed,
        )
    told = of_all(failed["s"])
    assert [f"table t{n}: gone" in told for n in range(7)] == [True] * 5 + [False] * 2
    assert "and 2 more" in told and told.count("table t0") == 1 and told.count("to do: look") == 5
    assert headlines(told).split("; ")[:2] == ["source s, table t0: gone", "source s, table t1: gone"]
    assert "look" not in headlines(told) and "and 2 more" in headlines(told)
    assert of_all(errors[:1]) == errors[0] and "more" not in of_all(errors[:5])
