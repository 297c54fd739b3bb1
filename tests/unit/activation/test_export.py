"""What must hold before an audience leaves, on a small warehouse written by hand: who is in the file, and who is not."""

from __future__ import annotations

import csv
from contextlib import chdir
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from orchestration.activation.export import audiences, export_audience
from orchestration.activation.statement_sources import statement_sources, statements_known_until
from orchestration.core.errors import GateError, KundbildError
from orchestration.core.home import assert_may_write, write_private
from orchestration.core.settings import Settings, Source, Table
from orchestration.core.settings.maps import EntityMap
from orchestration.core.spreadsheets import csv_text
from orchestration.privacy.intake.statement_tables import note_statement_tables
from orchestration.privacy.intake.withdrawals import prepare_withdrawals
from orchestration.privacy.rights.rights import object_to_marketing, prepare_requests, restrict, withdraw
from orchestration.privacy.secrets.pepper import Pepper
from orchestration.publishing.gate import assert_audiences_checked

NOW = datetime(2026, 11, 2, 8)
NIGHT = datetime(2026, 11, 2, 2)
PEPPER = Pepper(("p" * 40,))
_CHOICES = Table(
    columns={"id": "VARCHAR", "who": "VARCHAR"},
    key=["id"],
    fresh_within_hours=48,
    maps=[EntityMap(entity="consent_events", columns={"source_key": "id", "person_key": "who"})],
)
_PEOPLE = Table(columns={"id": "VARCHAR"}, maps=[EntityMap(entity="people", columns={"source_key": "id"})])
SETTINGS = Settings(
    company="T",
    sources={
        "crm": Source(connector="files", url="/", tables={"people": _PEOPLE}),
        "club": Source(connector="files", url="/", tables={"choices": _CHOICES, "members": _PEOPLE}),
    },
)
PEOPLE = {"c-anna": "anna@x.se", "c-bo": "bo@x.se", "c-eva": "+46701112233", "c-odd": "=cmd|'/C calc'!A0@x.se"}


@pytest.fixture
def night(warehouse):
    """The warehouse after a night of four people in one audience, all permitted."""
    prepare_requests(warehouse)
    warehouse.execute("""
create schema audiences; create schema reference; create schema marts; create schema if not exists ops;
create table reference.audience_rules as select 'news' as audience, 'newsletter' as purpose, 'email' as channel, null::integer as min_days_since_order, null::integer as max_days_since_order;
create table reference.country_rules as select 'SE' as country_code, 18 as marketing_age;
create table reference.purposes as select 'newsletter' as purpose, true as is_marketing;
create table identity.customer_source_records (customer_id varchar, record_id bigint, source_system varchar, source_key varchar, valid_from timestamp, valid_to timestamp);
create table identity.customer_id_redirects (old_customer_id varchar, customer_id varchar);
create table marts.contact_permissions (customer_id varchar, purpose varchar, channel varchar, contact_point varchar, is_permitted boolean, decided_at timestamp, reason_code varchar, expires_at timestamp);
create table marts.dim_customers (customer_id varchar, birth_date date, is_minor_or_unknown_age boolean, is_protected boolean, is_deceased boolean);
create table audiences.audience_news (customer_id varchar, contact_point varchar, given_name varchar, country_code varchar, purpose varchar, channel varchar);
create table ops.publications (fingerprint varchar, project varchar, load_id bigint, run_id varchar, published_at timestamp);
create table ops.loads (load_id bigint, inserted bigint, updated bigint, deleted bigint);
create table ops.check_results (run_id varchar, stage varchar, table_name varchar, check_name varchar, severity varchar, passed boolean, checked_at timestamp);
create table ops.source_status (source varchar primary key, checked_at timestamp, is_ok boolean, message varchar);
""")
    warehouse.execute("create table ops.clock as select $1::timestamp as as_of", [NIGHT])
    for customer, point in PEOPLE.items():
        key = customer.removeprefix("c-")
        warehouse.execute("insert into identity.customer_source_records values (?, 1, 'crm', ?, '2025-01-01', null)", [customer, key])  # fmt: skip
        warehouse.execute("insert into marts.contact_permissions values (?, 'newsletter', 'email', ?, true, '2026-01-01', 'granted', null)", [customer, point])  # fmt: skip
        warehouse.execute("insert into marts.dim_customers values (?, '1980-01-01', false, false, false)", [customer])
        warehouse.execute("insert into audiences.audience_news values (?, ?, ?, 'SE', 'newsletter', 'email')", [customer, point, key.title()])  # fmt: skip
    checked(warehouse, "audiences.audience_news", "every_row_has_permission")
    warehouse.execute("insert into ops.loads values (1, 4, 0, 0)")
    warehouse.execute("insert into ops.publications values ('', '', 1, 'r', ?)", [NIGHT + timedelta(minutes=9)])
    for source in ("crm", "club"):
        warehouse.execute("insert into ops.source_status values (?, ?, true, '')", [source, NIGHT])
    return warehouse


def checked(con, table: str, check: str, *, passed: bool = True, stage: str = "consent", severity: str = "ERROR"):
    con.execute("insert into ops.check_results values ('r', ?, ?, ?, ?, ?, ?)", [stage, table, check, severity, passed, NIGHT + timedelta(minutes=5)])  # fmt: skip


def exported(con, file: Path, **more) -> tuple[dict[str, str], dict[str, int]]:
    """(contact point by customer, who was left out) of an export."""
    at, settings = more.pop("at", NOW), more.pop("settings", SETTINGS)
    done = export_audience(con, "news", file, PEPPER, at, settings, **more)
    with file.open(newline="") as text:
        rows = list(csv.DictReader(text))
    assert len(rows) == done.customers
    return {row["customer_id"]: row["contact_point"] for row in rows}, done.left_out


def test_an_export_holds_the_audience_and_no_cell_that_a_spreadsheet_would_run(night, tmp_path):
    night.execute(
        "update audiences.audience_news set given_name = '=HYPERLINK(\"http://x\")' where customer_id = 'c-bo'"
    )
    file = tmp_path / "a.csv"
    left, out = exported(night, file)
    # a number keeps its plus; an address that would run is not changed: it stays at home
    assert left == {"c-anna": "anna@x.se", "c-bo": "bo@x.se", "c-eva": "+46701112233"}
    assert out == {"the address would run as a formula": 1}
    assert "'=HYPERLINK" in file.read_text() and file.stat().st_mode & 0o077 == 0
    assert night.execute("select count(*) from restricted.export_members").fetchall() == [(3,)]
    assert csv_text(["a"], [["=1"], ["a\r=1"], ["+1+1"], ["-2"], ["@x"], ["\t=1"], ["\rx"], [" =1"], ["a=1"], ["+4670111"], [None], [-5]]) == (
        'a|\'=1|"a\r\'=1"|\'+1+1|\'-2|\'@x|\'\t\'=1|"\'\rx"|\' =1|a=1|+4670111|""|-5|'.replace("|", "\r\n")
    )  # fmt: skip


def test_whose_grant_ended_since_the_night_is_left_out(night, tmp_path):
    night.execute("update marts.contact_permissions set expires_at = $1 where customer_id = 'c-anna'", [NOW])
    night.execute(
        "update marts.contact_permissions set expires_at = $1 where customer_id = 'c-bo'", [NOW + timedelta(seconds=1)]
    )
    left, out = exported(night, tmp_path / "a.csv")
    assert set(left) == {"c-bo", "c-eva"} and out["the grant has expired since the night"] == 1


def test_who_objected_or_was_restricted_since_the_night_is_left_out_without_another_night(night, tmp_path):
    object_to_marketing(night, "c-anna", NOW - timedelta(hours=1), "r1")
    restrict(night, "c-bo", NOW - timedelta(hours=1), "r2")
    left, out = exported(night, tmp_path / "a.csv")
    assert set(left) == {"c-eva"}
    assert out["objected or withdrew since the night"] == 1 and out["restricted since the night"] == 1
    # an objection that a later grant outdid is no more in the way; of what is no marketing there is none
    night.execute("update marts.contact_permissions set decided_at = $1 where customer_id = 'c-anna'", [NOW])
    assert "c-anna" in exported(night, tmp_path / "b.csv")[0]
    night.execute("update marts.contact_permissions set decided_at = timestamp '2026-01-01'")
    assert "c-anna" not in exported(night, tmp_path / "c.csv")[0]
    night.execute("update reference.purposes set is_marketing = false")
    assert "c-anna" in exported(night, tmp_path / "d.csv")[0]
    # a withdrawal of one purpose on one channel
    for purpose, channel, stays in (
        ("newsletter", "sms", True),
        ("survey", "email", True),
        ("newsletter", "email", False),
        ("newsletter", None, False),
    ):
        night.execute("update identity.objections set purpose = ?, channel = ?", [purpose, channel])
        assert ("c-anna" in exported(night, tmp_path / "e.csv", overwrite=True)[0]) is stays


def test_nothing_leaves_after_a_night_that_loaded_something_and_broke_off_before_its_checks(night, tmp_path):
    night.execute("insert into ops.loads values (2, 0, 0, 0)")
    assert len(exported(night, tmp_path / "a.csv")[0]) == 3
    night.execute("insert into ops.loads values (3, 0, 1, 0)")
    with pytest.raises(GateError, match="the last night was not published"):
        exported(night, tmp_path / "b.csv")
    assert not (tmp_path / "b.csv").exists()


def test_a_withdrawal_by_an_address_alone_is_honoured_at_once(night, tmp_path):
    night.execute(
        "create table identity.withdrawals (entity varchar, source_system varchar, contact_point varchar, purpose varchar, channel varchar, stated_at timestamp)"
    )
    for purpose, channel, at, stays in (
        ("newsletter", "email", NOW, False),
        ("all", "all", NOW, False),
        ("direct_marketing", "all", NOW, False),
        ("offers", "email", NOW, True),
        ("newsletter", "sms", NOW, True),
        ("newsletter", "email", datetime(2025, 1, 1), True),
    ):
        night.execute("delete from identity.withdrawals")
        night.execute(
            "insert into identity.withdrawals values ('requests', 'kundbild', ' <ANNA@x.se>', ?, ?, ?)",
            [purpose, channel, at],
        )
        left, _ = exported(night, tmp_path / "a.csv", overwrite=True)
        assert ("c-anna" in left) is stays and "c-bo" in left, (purpose, channel, at)
    object_to_marketing(night, "c-bo", NOW, "r1")
    night.execute("update identity.objections set purpose = 'direct_marketing', channel = 'all'")
    assert "c-bo" not in exported(night, tmp_path / "a.csv", overwrite=True)[0]  # fmt: skip


def test_who_refuses_profiling_is_in_no_audience_that_is_chosen_by_behaviour_without_another_night(night, tmp_path):
    object_to_marketing(night, "c-anna", NOW, "r1", "profiling")
    withdraw(night, "c-bo", NOW, "r2", "profiling", "sms")
    everybody = set(PEOPLE) - {"c-odd"}
    assert set(exported(night, tmp_path / "a.csv")[0]) == everybody
    night.execute("update reference.audience_rules set min_days_since_order = 180")
    left, out = exported(night, tmp_path / "b.csv")
    assert set(left) == {"c-eva"} and out["objected to profiling since the night"] == 2
    # a later grant on the channel opens it again: of one channel, not of all
    night.execute(
        "insert into marts.contact_permissions select unnest(['c-anna', 'c-bo']), 'profiling', 'sms', '+46700000000', true, $1, 'granted', null",
        [NOW + timedelta(minutes=1)],
    )
    assert set(exported(night, tmp_path / "c.csv")[0]) == {"c-bo", "c-eva"}
    # and counts until it expires, and not until the next night
    night.execute("update marts.contact_permissions set expires_at = $1 where purpose = 'profiling'", [NOW])
    assert set(exported(night, tmp_path / "e.csv", at=NOW - timedelta(seconds=1))[0]) == {"c-bo", "c-eva"}
    left, out = exported(night, tmp_path / "f.csv")
    assert set(left) == {"c-eva"} and out["the grant for profiling has expired since the night"] == 1
    # an audience that is no marketing chooses whom to ask about what they bought
    night.execute("update reference.purposes set is_marketing = false")
    assert set(exported(night, tmp_path / "d.csv")[0]) == everybody


@pytest.mark.parametrize(
    ("channel", "field", "value", "stays"),
    [
        # a correction is about the contact point of its own kind
        ("post", "phone", "+46709998877", True),
        ("post", "email", "new@x.se", True),
        ("sms", "street", "Nygatan 9", True),
        ("sms", "phone", "+46709998877", False),
        ("sms", "phone", "070-111 22 33", True),
        ("post", "street", "Nygatan 9", False),
        ("post", "street", "Storgatan 1", False),
        ("post", "street", "gatan 12", False),
        ("post", "street", None, False),
        ("post", "street", "", False),
        ("post", "street", " STORGATAN 12", True),
        ("post", "postal_code", "11122", True),
        ("post", "postal_code", "111 23", False),
        ("post", "city", "lund", True),
        ("post", "city", "Lun", False),
        # and of whoever is a child by it
        ("post", "birth_date", "2015-01-01", False),
        ("post", "birth_date", "1970-01-01", True),
        ("sms", "birth_date", "2015?", False),
    ],
)
def test_what_was_corrected_since_the_night_keeps_out_by_what_it_is_about(
    night, tmp_path, channel, field, value, stays
):
    point = {"post": "c/o Ek, Storgatan 12, 111 22 Lund", "sms": "+46701112233"}[channel]
    for table in ("reference.audience_rules", "marts.contact_permissions", "audiences.audience_news"):
        night.execute(f"update {table} set channel = $1", [channel])
    for table in ("marts.contact_permissions", "audiences.audience_news"):
        night.execute(f"update {table} set contact_point = $1 where customer_id = 'c-bo'", [point])
    night.execute("insert into identity.corrections values ('crm', 'bo', ?, ?, ?, 'r1', null)", [field, value, NOW])
    assert ("c-bo" in exported(night, tmp_path / "a.csv")[0]) is stays


def test_an_objection_follows_the_person_to_the_customer_of_today(night, tmp_path):
    object_to_marketing(night, "c-anna", NOW, "r1")
    night.execute("update identity.customer_source_records set customer_id = 'c-bo' where customer_id = 'c-anna'")
    assert set(exported(night, tmp_path / "a.csv")[0]) == {"c-anna", "c-eva"}
    night.execute("update identity.customer_source_records set valid_to = '2026-11-01' where source_key = 'anna'")
    night.execute("update identity.customer_source_records set customer_id = 'old' where source_key = 'anna'")
    night.execute("insert into identity.customer_id_redirects values ('old', 'c-eva')")
    assert set(exported(night, tmp_path / "b.csv")[0]) == {"c-anna", "c-bo"}


def test_a_row_without_a_permission_of_its_own_never_leaves(night, tmp_path):
    night.execute("update marts.contact_permissions set contact_point = 'other@x.se' where customer_id = 'c-anna'")
    night.execute("update marts.contact_permissions set is_permitted = false where customer_id = 'c-bo'")
    left, out = exported(night, tmp_path / "a.csv")
    assert set(left) == {"c-eva"} and out["no longer permitted"] == 2


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("update ops.source_status set is_ok = false where source = 'club'", "source club could not be read"),
        ("update ops.source_status set checked_at = checked_at - interval 20 hour where source = 'club'", "source club was last read 26 hours ago"),
        ("delete from ops.source_status where source = 'club'", "source club was never read"),
        ("delete from ops.check_results", "no consent check of the newest run"),
        ("update ops.check_results set table_name = 'audiences.audience_other'", "no consent check of the newest run"),
        ("update reference.audience_rules set audience = 'other'", "no rule says for which purpose"),
        ("insert into ops.check_results values ('r2', 'consent', 'x', 'y', 'ERROR', true, timestamp '2026-11-02 02:06')", "no consent check of the newest run"),
    ],
)  # fmt: skip
def test_an_export_is_refused_and_says_why(night, tmp_path, broken, said):
    night.execute(broken)
    with pytest.raises(GateError, match=said):
        exported(night, tmp_path / "a.csv")
    assert not (tmp_path / "a.csv").exists()


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
    settings = of_club(tables={"choices": _CHOICES.model_copy(update={"fresh_within_hours": None})})
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
    settings = of_club(tables={"choices": _CHOICES.model_copy(update={"cursor": "said_at"})})
    came(night, "club", "choices", NOW)
    read_at = night.execute("select checked_at from ops.source_status where source = 'club'").fetchall()[0][0]
    for as_of in (NIGHT, datetime(2020, 1, 1)):
        night.execute("update ops.clock set as_of = $1", [as_of])
        night.execute("create or replace table raw_club.choices as select '1' as id, $1::timestamp as said_at", [as_of - timedelta(hours=40)])  # fmt: skip
        assert statements_known_until(night, settings, read_at) == read_at + timedelta(hours=8)
        assert statements_known_until(night, settings, read_at + timedelta(hours=9)) == read_at + timedelta(hours=9)


_CRM = {"crm": SETTINGS.sources["crm"]}
_NO_CHOICES = {"tables": {"members": _PEOPLE}}


@pytest.mark.parametrize(
    ("settings", "is_noted"),
    [
        # switched off, in a home of before tables were noted too
        (of_club(enabled=False), True),
        (of_club(enabled=False), False),
        # taken out, the source or the table; mapped to something else
        (SETTINGS.model_copy(update={"sources": _CRM}), True),
        (of_club(**_NO_CHOICES), True),
        (of_club(tables={"choices": _PEOPLE}), True),
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
        match=r"(?s)club told what people want \(choices\), and is read no more.*retired_sources = \[\"club\"\]",
    ):
        exported(night, tmp_path / "b.csv", settings=settings)
    assert statements_known_until(night, settings, NOW) == NOW and not (tmp_path / "b.csv").exists()
    for number, retired in enumerate(("club", "club.choices")):
        privacy = settings.privacy.model_copy(update={"retired_sources": [retired]})
        assert exported(night, tmp_path / f"{number}.csv", settings=settings.model_copy(update={"privacy": privacy}))[0]
    privacy = settings.privacy.model_copy(update={"retired_sources": ["crm", "club.members"]})
    with pytest.raises(GateError, match="read no more"):
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
    with pytest.raises(GateError, match=r"club told what people want \(email_events\)"):
        exported(night, tmp_path / "c.csv")
    mapped = EntityMap(entity="email_events", columns={"source_key": "id", "person_key": "who"})
    also = _CHOICES.model_copy(update={"maps": [*_CHOICES.maps, mapped]})
    assert exported(night, tmp_path / "d.csv", settings=of_club(tables={"choices": also}))[0]


@pytest.mark.parametrize("kind", ["table", "view"])
def test_an_audience_made_behind_the_gates_back_is_told_and_never_leaves(night, tmp_path, kind):
    night.execute(f"create {kind} audiences.audience_everyone_email as from audiences.audience_news")
    found = {audience.name: audience.purpose for audience in audiences(night)}
    assert found == {"everyone_email": None, "news": "newsletter"}
    with pytest.raises(GateError, match=r"audiences\.audience_everyone_email"):
        assert_audiences_checked(night, "r")
    with pytest.raises(GateError, match="no rule says"):
        export_audience(night, "everyone_email", tmp_path / "a.csv", PEPPER, NOW, SETTINGS)
    night.execute("insert into reference.audience_rules values ('everyone_email', 'newsletter', 'email', null, null)")
    with pytest.raises(GateError, match="no consent check of the newest run"):
        export_audience(night, "everyone_email", tmp_path / "a.csv", PEPPER, NOW, SETTINGS)


def test_an_export_follows_no_link_and_overwrites_only_when_told(night, tmp_path):
    target = tmp_path / "target"
    target.write_text("mine")
    link = tmp_path / "link.csv"
    link.symlink_to(target)
    for overwrite in (False, True):
        with pytest.raises(KundbildError, match="symbolic link" if overwrite else "there already"):
            exported(night, link, overwrite=overwrite)
    with pytest.raises(KundbildError, match="there already"):
        exported(night, target)
    assert target.read_text() == "mine"
    assert night.execute("select count(*) from duckdb_tables() where table_name = 'exports'").fetchall() == [(0,)]
    exported(night, target, overwrite=True)
    assert "anna@x.se" in target.read_text()


@pytest.mark.parametrize("inside", ["a.csv", "below/a.csv", "new.csv"])
def test_an_export_goes_through_no_folder_that_is_a_link(night, tmp_path, inside):
    """Relative or not; the home folder itself may lie behind one."""
    (tmp_path / "target" / "below").mkdir(parents=True)
    (tmp_path / "target" / "a.csv").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for overwrite in (False, True):
        with pytest.raises(KundbildError, match="folder is a symbolic link"):
            exported(night, tmp_path / "link" / inside, overwrite=overwrite)
        with chdir(tmp_path), pytest.raises(KundbildError, match="folder is a symbolic link"):
            assert_may_write(Path("link", inside), overwrite=overwrite)
    assert [path.name for path in (tmp_path / "target").rglob("*.csv")] == ["a.csv"]
    assert (tmp_path / "target" / "a.csv").read_text() == "mine"
    write_private(tmp_path / "link" / "of_the_home.json", "{}")


def test_an_export_is_noted_before_its_file_is_there_and_does_not_leave_where_that_fails(night, tmp_path):
    """A kill between the two leaves a note without a file, and never a file without a note."""
    file, noted = tmp_path / "a.csv", []
    exported(night, file, note=lambda customers: noted.append((customers, file.exists())))
    assert noted == [(3, False)] and file.exists()
    other = tmp_path / "b.csv"

    def refuse(customers: int) -> None:
        raise KundbildError("the log is not whole")

    with pytest.raises(KundbildError, match="log is not whole"):
        exported(night, other, note=refuse)
    assert not other.exists()
    assert night.execute("select count(*) from restricted.exports").fetchall() == [(1,)]
