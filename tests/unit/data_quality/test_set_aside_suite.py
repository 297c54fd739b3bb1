"""What is set aside holds a publication where it is much, or somebody's no. The table is written by hand."""

from __future__ import annotations

import pytest

from data_quality.checks import CheckResult, by_source
from data_quality.runner import QualityRun
from data_quality.suites import set_aside
from orchestration.core.settings import Engine, Quality, Settings, Source, Table
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.records import prepare_ops
from orchestration.privacy.intake.withdrawals import prepare_withdrawals
from orchestration.run.set_aside import acknowledge, read_set_aside

SETTINGS = Settings(
    company="T", sources={"shop": Source(connector="files", url="/d", tables={"t": Table(columns={"id": "VARCHAR"})})}
)


def failed(home, *rows: tuple, untied: str = "", **quality) -> set[str]:
    return {f"{one.check.severity} {one.check.name}" for one in results_of(home, *rows, untied=untied, **quality)}


def observed(home, *rows: tuple) -> dict[str, str]:
    return {one.check.name: by_source(one.observed) for one in results_of(home, *rows)}


def results_of(home, *rows: tuple, untied: str = "", **quality) -> list[CheckResult]:
    """The checks that fail."""
    with open_warehouse(home, Engine()) as con:
        prepare_ops(con)
        prepare_withdrawals(con)
        con.execute(untied or "delete from identity.untied_withdrawals")
        con.execute(
            "create schema if not exists quarantine; create or replace table quarantine.set_aside (source_system varchar, table_name varchar, "
            "kind varchar, reason varchar, row_count bigint, acknowledged_count bigint, of_count bigint, share double)"
        )
        for number, row in enumerate(rows):
            con.execute(
                "insert into quarantine.set_aside select 'shop', ?, ?, ?, ?, ?, ?, 0",
                [row[0], row[1], f"reason {number}", *row[2:]],
            )
    settings = SETTINGS.model_copy(update={"quality": Quality(**quality)})
    run = QualityRun(home, Engine(), "r1")
    results = run.run(set_aside.suites(settings, {}))
    run.close()
    return [result for result in results if not result.passed]


@pytest.mark.parametrize(
    ("rows", "quality", "expected"),
    [
        # table, kind, rows, acknowledged, of
        ([("orders", "row", 1, 0, 3)], {}, set()),  # one bad line stops one line
        ([("orders", "row", 5, 0, 100)], {}, set()),
        ([("orders", "row", 6, 0, 100)], {}, {"ERROR share_is_small"}),
        ([("deals", "row", 5, 0, 20)], {}, set()),  # a small table with a few bad rows
        ([("deals", "row", 5, 0, 20)], {"max_quarantine_rows": 4}, {"ERROR share_is_small"}),
        ([("deals", "row", 2, 0, 3)], {}, {"ERROR share_is_small"}),  # most of it
        ([("deals", "row", 1, 0, 1)], {}, {"ERROR share_is_small"}),
        ([("orders", "row", 3, 0, 100), ("orders", "shared key", 3, 0, 100)], {}, {"ERROR share_is_small"}),
        ([("orders", "row", 3, 0, 100), ("people", "row", 3, 0, 100)], {}, set()),
        ([("orders", "row", 6, 4, 100)], {}, set()),
        ([("orders", "row", 6, 0, 100)], {"max_quarantine_share": 0.1}, set()),
        ([("orders", "ignored", 90, 0, 100), ("orders", "duplicate", 90, 0, 100)], {}, set()),
        ([("sales", "rejected", 20, 0, 100)], {}, {"ERROR share_is_small"}),
        ([("sales", "rejected", 20, 0, 100)], {"max_reject_share": 0.3}, set()),
        ([("consent_events", "withdrawal", 1, 0, 1000)], {}, {"ERROR no_withdrawal_is_set_aside"}),
        ([("consent_events", "withdrawal", 1, 1, 1000)], {}, set()),
        ([("consent_events", "grant", 1, 0, 1000)], {}, {"WARN no_grant_is_set_aside"}),
        ([("reservations", "register", 1, 0, 1000)], {}, {"ERROR no_register_entry_is_set_aside"}),
        ([("reservations", "register", 1, 1, 1000)], {}, set()),
    ],
)
def test_what_holds_a_publication(home, rows, quality, expected):
    assert failed(home, *rows, **quality) == expected


def test_what_is_set_aside_too_much_is_named_with_its_share(home):
    told = observed(home, ("orders", "row", 34, 0, 100), ("people", "row", 1, 0, 100))
    assert told["share_is_small"] == "shop orders (34.0% of 100) 34"


def test_a_withdrawal_about_nobody_holds_the_publication_until_it_is_acknowledged(home):
    names_nobody = "insert into identity.untied_withdrawals values ('shop', 'consent_events', 'k', 7, 'it names a person who is not known', 'person_unknown', 'd')"
    assert failed(home, untied=names_nobody) == {"ERROR no_withdrawal_is_about_nobody"}
    with open_warehouse(home, Engine()) as con:
        con.execute(
            "create table quarantine.books (source_system varchar, entity varchar, raw_count bigint); "
            "insert into quarantine.books values ('shop', 'consent_events', 20)"
        )
        told = (
            "shop consent_events: 1 of 20 (5.0%) withdrawals are about nobody known: it names a person who is not known"
        )
        assert [str(one) for one in read_set_aside(con)] == [told]
        acknowledge(con, "shop", "consent_events", "k", "an export of 2019")
        assert [str(one) for one in read_set_aside(con)] == [told + ", 1 acknowledged"]
    assert failed(home, untied="select 1") == set()


def test_a_line_of_a_register_that_could_not_be_read_holds_the_publication_until_it_is_acknowledged(home):
    unread = "insert into identity.untied_withdrawals values ('shop', 'gone', 'line 7', 7, 'not of the declared type', 'not_of_type', 'register:d')"
    assert failed(home, untied=unread) == {"ERROR every_register_line_is_read"}
    with open_warehouse(home, Engine()) as con:
        assert acknowledge(con, "shop", "gone", "line 7", "kept out by hand") == 1
    assert failed(home, untied="select 1") == set()
