"""What must hold before an audience leaves, on a small warehouse written by hand: who is in the file, and who is not."""

from __future__ import annotations

from contextlib import chdir
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from orchestration.activation.export import audiences, export_audience
from orchestration.core.errors import GateError, KundbildError
from orchestration.core.home import assert_may_write, write_private
from orchestration.core.spreadsheets import csv_text
from orchestration.privacy.rights.objections import object_to_marketing, withdraw
from orchestration.privacy.rights.restrictions import restrict
from orchestration.publishing.gate import assert_audiences_checked
from tests.unit.activation.exporting import (
    NOW,
    PEOPLE,
    PEPPER,
    SETTINGS,
    exported,
)


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
    # an objection that a later grant outdid is no more in the way; of what is not marketing there is none
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
    # a segment is profiling whatever the audience is for, as one that a score chooses
    night.execute("update reference.audience_rules set min_days_since_order = null")
    night.execute("update reference.purposes set is_marketing = false")
    assert set(exported(night, tmp_path / "m.csv")[0]) == everybody
    night.execute(
        "alter table reference.audience_rules add column scheme varchar; alter table reference.audience_rules add column segment varchar"
    )
    assert set(exported(night, tmp_path / "n.csv")[0]) == everybody
    night.execute("update reference.audience_rules set scheme = 'risk', segment = 'leaving'")
    assert set(exported(night, tmp_path / "o.csv")[0]) == {"c-eva"}
    night.execute("update reference.purposes set is_marketing = true")
    night.execute("update reference.audience_rules set scheme = null, segment = null, min_days_since_order = 180")
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
    # an audience that is not marketing chooses whom to ask about what they bought
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
