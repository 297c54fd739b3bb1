"""An audience leaves only where every source that says what people want is read, and fresh, up to the export (rule 15)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from orchestration.activation.statement_sources import statement_sources, statements_known_until
from orchestration.core.errors import GateError
from orchestration.core.settings import Settings
from orchestration.core.settings.maps import EntityMap
from orchestration.privacy.intake.statement_tables import note_statement_tables
from orchestration.privacy.intake.withdrawals import prepare_withdrawals
from tests.unit.activation.exporting import (
    CHOICES,
    ENTRIES,
    NIGHT,
    NOW,
    SETTINGS,
    checked,
    exported,
)


def test_a_source_that_says_nothing_of_consent_may_be_stale(night, tmp_path):
    night.execute("update ops.source_status set is_ok = false where source = 'crm'")
    assert exported(night, tmp_path / "a.csv")[0]
    assert statement_sources(SETTINGS) == {"club": ["choices"]}


def test_a_table_of_statements_that_is_not_fresh_stops_exports_and_another_does_not(night, tmp_path):
    checked(night, "raw_crm.people", "is_fresh", passed=False, stage="arrival", severity="WARN")
    assert exported(night, tmp_path / "a.csv")[0]
    checked(night, "raw_club.choices", "is_fresh", passed=False, stage="arrival", severity="WARN")
    with pytest.raises(
        GateError,
        match=r"(?s)source club delivered nothing new of choices for longer than 48 hours.*fresh_within_hours below \[sources.club.tables.choices\]",
    ):
        exported(night, tmp_path / "b.csv")


def came(con, source: str, table: str, at: datetime) -> None:
    """A row of statements, in a file that was read at `at`."""
    con.execute(f"create schema if not exists raw_{source}")
    con.execute("create table if not exists ops.loaded_files (source varchar, table_name varchar, noted_at timestamp)")
    con.execute(f"create or replace table raw_{source}.{table} as select '1' as id, 'anna' as who, $1::timestamp as _extracted_at", [at])  # fmt: skip
    con.execute("insert into ops.loaded_files values (?, ?, ?)", [source, table, at])


def of_club(**more) -> Settings:
    """The settings with another source club."""
    return SETTINGS.model_copy(update={"sources": SETTINGS.sources | {"club": SETTINGS.sources["club"].model_copy(update=more)}})  # fmt: skip


def test_a_table_of_statements_that_was_fresh_at_night_and_is_not_by_now_stops_exports(night, tmp_path):
    """Rule 15: the night passed some 23 hours after the last delivery, and the export comes 23 hours after it."""
    settings = of_club(tables={"choices": CHOICES.model_copy(update={"fresh_within_hours": None})})
    came(night, "club", "choices", NOW - timedelta(hours=23, minutes=59))
    assert exported(night, tmp_path / "a.csv", settings=settings)[0]
    assert statements_known_until(night, settings, NOW) == NOW + timedelta(minutes=1)
    came(night, "club", "choices", NOW - timedelta(hours=24, minutes=1))
    night.execute("delete from ops.loaded_files where noted_at = $1", [NOW - timedelta(hours=23, minutes=59)])
    with pytest.raises(GateError, match=r"(?s)club delivered nothing new of choices for longer than 24 hours"):
        exported(night, tmp_path / "b.csv", settings=settings)
    assert statements_known_until(night, settings, NOW) == NOW
    # a file without a row is a sign of life
    night.execute("insert into ops.loaded_files values ('club', 'choices', $1)", [NOW - timedelta(hours=1)])
    assert exported(night, tmp_path / "c.csv", settings=settings)[0]


def test_a_table_that_is_fresh_by_the_clock_of_its_source_grows_older_since_the_night(night, tmp_path):
    """The night may describe another moment than today's."""
    settings = of_club(tables={"choices": CHOICES.model_copy(update={"cursor": "said_at"})})
    came(night, "club", "choices", NOW)
    read_at = night.execute("select checked_at from ops.source_status where source = 'club'").fetchall()[0][0]
    for as_of in (NIGHT, datetime(2020, 1, 1)):
        night.execute("update ops.clock set as_of = $1", [as_of])
        night.execute("create or replace table raw_club.choices as select '1' as id, $1::timestamp as said_at", [as_of - timedelta(hours=40)])  # fmt: skip
        assert statements_known_until(night, settings, read_at) == read_at + timedelta(hours=8)
        assert statements_known_until(night, settings, read_at + timedelta(hours=9)) == read_at + timedelta(hours=9)


_CRM = {"crm": SETTINGS.sources["crm"]}
_NO_CHOICES = {"tables": {"members": ENTRIES}}


@pytest.mark.parametrize(
    ("settings", "is_noted"),
    [
        # switched off, in a home of before tables were noted too
        (of_club(enabled=False), True),
        (of_club(enabled=False), False),
        # taken out, the source or the table; mapped to something else
        (SETTINGS.model_copy(update={"sources": _CRM}), True),
        (of_club(**_NO_CHOICES), True),
        (of_club(tables={"choices": ENTRIES}), True),
    ],
)  # fmt: skip
def test_a_source_that_told_what_people_want_and_is_read_no_more_stops_exports(night, tmp_path, settings, is_noted):
    night.execute(
        "create table ops.statement_tables (source varchar, table_name varchar, primary key (source, table_name))"
    )
    came(night, "club", "choices", NOW)
    if is_noted:
        note_statement_tables(night, "club", SETTINGS.sources["club"])
        note_statement_tables(night, "club", SETTINGS.sources["club"])
    assert exported(night, tmp_path / "a.csv")[0]
    with pytest.raises(
        GateError,
        match=r"(?s)club delivered statements of people \(choices\), and is no longer read.*retired_sources = \[\"club\"\]",
    ):
        exported(night, tmp_path / "b.csv", settings=settings)
    assert statements_known_until(night, settings, NOW) == NOW and not (tmp_path / "b.csv").exists()
    for number, retired in enumerate(("club", "club.choices")):
        privacy = settings.privacy.model_copy(update={"retired_sources": [retired]})
        assert exported(night, tmp_path / f"{number}.csv", settings=settings.model_copy(update={"privacy": privacy}))[0]
    privacy = settings.privacy.model_copy(update={"retired_sources": ["crm", "club.members"]})
    with pytest.raises(GateError, match="no longer read"):
        exported(night, tmp_path / "b.csv", settings=settings.model_copy(update={"privacy": privacy}))


@pytest.mark.parametrize("where", ["conformed.conformed_email_events", "identity.withdrawals"])
def test_a_source_that_went_before_its_tables_were_noted_is_missed_by_what_it_said(night, tmp_path, where):
    prepare_withdrawals(night)
    night.execute(
        "create schema if not exists conformed; create table conformed.conformed_email_events (source_system varchar)"
    )
    assert exported(night, tmp_path / "a.csv")[0]
    if "withdrawals" in where:
        night.execute("insert into identity.withdrawals by name select 'requests' as entity, 'kundbild' as source_system, 'all' as purpose, 'all' as channel, now()::timestamp as stated_at, true as is_certain, 0 as load_id")  # fmt: skip
        assert exported(night, tmp_path / "b.csv")[0]
        night.execute("update identity.withdrawals set entity = 'email_events', source_system = 'club'")
    else:
        night.execute("insert into conformed.conformed_email_events values ('club')")
    with pytest.raises(GateError, match=r"club delivered statements of people \(email_events\)"):
        exported(night, tmp_path / "c.csv")
    mapped = EntityMap(entity="email_events", columns={"source_key": "id", "person_key": "who"})
    also = CHOICES.model_copy(update={"maps": [*CHOICES.maps, mapped]})
    assert exported(night, tmp_path / "d.csv", settings=of_club(tables={"choices": also}))[0]
