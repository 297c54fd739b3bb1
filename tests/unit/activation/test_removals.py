"""What left has to be taken back: a recipient is told of every contact point that it may no longer use or keep, and once."""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest

from orchestration.activation.export import export_audience
from orchestration.activation.removals import pending, write_removals
from orchestration.core.errors import HomeVersionError, KundbildError
from orchestration.core.settings import Privacy
from orchestration.privacy.audit.exported_points import forget_points
from orchestration.privacy.audit.exports import content_hash
from orchestration.privacy.erasure.rotation import _renew_warehouse
from orchestration.privacy.intake.noted import prepare_noted
from orchestration.privacy.rights.objections import object_to_marketing
from orchestration.privacy.rights.restrictions import restrict
from orchestration.privacy.secrets.pepper import Pepper, noted_check
from tests.unit.activation.exporting import NIGHT, NOW, PEPPER, SETTINGS

EXPORTED = NOW - timedelta(hours=5)


@pytest.fixture
def sent(night, tmp_path):
    """The audience at a recipient: {customer: reference}; the people stand in the warehouse as they do after a night."""
    night.execute("create schema conformed")
    night.execute(
        "create table conformed.conformed_people as select 'crm' as source_system, 'SE' as country_code, * from (values "
        "('anna', 'Anna@X.se', null), ('bo', 'bo@x.se', null), ('eva', null, '070-111 22 33')) t(source_key, email, phone)"
    )
    file = tmp_path / "sent.csv"
    export_audience(night, "news", file, PEPPER, EXPORTED, SETTINGS, recipient="mailer")
    with file.open(newline="") as text:
        return {row["customer_id"]: row["reference"] for row in csv.DictReader(text)}


@pytest.fixture
def told(night, tmp_path):
    def go(**more) -> list[tuple[str, str, str]]:
        file = tmp_path / "removals.csv"
        write_removals(
            night,
            PEPPER,
            more.pop("privacy", Privacy()),
            "news",
            more.pop("to", "mailer"),
            file,
            more.pop("at", NOW),
            overwrite=True,
            **more,
        )
        with file.open(newline="") as text:
            return [(row["reference"], row["contact_point"], row["reason"]) for row in csv.DictReader(text)]

    return go


def test_whoever_may_still_be_written_to_stays_and_whoever_left_the_audience_alone_too(sent, night, told):
    assert len(set(sent.values())) == 3 and told() == []
    night.execute("delete from audiences.audience_news")
    assert told() == []


def test_each_way_of_saying_no_is_told_to_the_recipient_once(sent, night, told):
    object_to_marketing(night, "c-anna", NOW - timedelta(hours=1), "r1")
    restrict(night, "c-bo", NOW - timedelta(hours=1), "r2")
    night.execute("delete from marts.contact_permissions where customer_id = 'c-bo'")  # as hide() does
    night.execute(
        "update marts.contact_permissions set is_permitted = false, contact_point = null where customer_id = 'c-eva'"
    )
    assert {found.recipient: dict(found.by_reason) for found in pending(night, PEPPER, Privacy(), NOW)} == {
        "mailer": {"not permitted": 2, "restricted": 1}
    }
    assert set(told()) == {
        (sent["c-anna"], "Anna@X.se", "not permitted"),
        (sent["c-bo"], "bo@x.se", "restricted"),
        (sent["c-eva"], "070-111 22 33", "not permitted"),
    }
    assert told() == [] and len(told(is_again=True)) == 3
    # what was told is not kept for good
    assert told(at=NOW + timedelta(days=32)) == [] and told(is_again=True) == []
    assert night.execute("select count(*) from restricted.exported_points").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("became", "stays_as_adult"),
    [
        ("is_protected = true", False),
        ("is_deceased = true", False),
        ("is_minor_or_unknown_age = true, birth_date = '2015-01-01'", False),
        ("is_minor_or_unknown_age = true, birth_date = null", True),
        ("is_minor_or_unknown_age = true, birth_date = null, has_impossible_birth_date = true", False),
    ],
)
def test_who_became_protected_deceased_or_a_minor_is_taken_back(sent, night, told, became, stays_as_adult):
    night.execute(f"update marts.dim_customers set {became} where customer_id = 'c-bo'")
    # where an unknown age counts as an adult's, it does so here, as in the audience
    adult = Privacy(unknown_age={"newsletter": "adult"})
    (found,) = pending(night, PEPPER, adult, NOW)
    assert (found.count, found.standing) == ((0, 3) if stays_as_adult else (1, 2))
    # the recipient is not told which of them it is
    assert told() == [(sent["c-bo"], "bo@x.se", "kept out")] and told() == []


def test_no_street_of_whoever_became_protected_is_told_again(night, told, tmp_path):
    for table in ("reference.audience_rules", "audiences.audience_news", "marts.contact_permissions"):
        night.execute(f"update {table} set channel = 'post'")
    for table in ("audiences.audience_news", "marts.contact_permissions"):
        night.execute(f"update {table} set contact_point = 'Gatan 1, 11122 Stad' where customer_id = 'c-bo'")
    export_audience(night, "news", tmp_path / "sent.csv", PEPPER, EXPORTED, SETTINGS, recipient="mailer")
    night.execute("update marts.dim_customers set is_protected = true where customer_id = 'c-bo'")
    (row,) = told()
    assert row[1:] == ("", "kept out")


def test_who_is_no_customer_of_the_marts_any_more_is_taken_back(sent, night, told):
    night.execute("delete from marts.dim_customers where customer_id = 'c-bo'")
    assert told() == [(sent["c-bo"], "bo@x.se", "kept out")]


def test_who_refuses_profiling_is_taken_back_from_an_audience_that_is_chosen_by_behaviour(sent, night, told):
    refusal = "insert into marts.contact_permissions values (?, 'profiling', 'email', null, false, ?, ?, null)"
    night.execute(refusal, ["c-bo", NIGHT, "withdrawn"])
    # a register is no word of theirs; a grant that does not count any more is one
    night.execute(refusal, ["c-anna", NIGHT, "reserved"])
    night.execute(refusal, ["c-eva", None, "grant_expired"])
    assert told() == []
    night.execute("update reference.audience_rules set min_days_since_order = 90")
    assert {(reference, reason) for reference, _, reason in told()} == {
        (sent[who], "not permitted") for who in ("c-bo", "c-eva")
    }


def test_who_refused_profiling_since_the_night_is_taken_back_at_once(sent, night, told):
    object_to_marketing(night, "c-bo", NOW, "r1", "profiling")
    assert told() == []
    night.execute("update reference.audience_rules set min_days_since_order = 90")
    assert told() == [(sent["c-bo"], "bo@x.se", "not permitted")]


def test_whose_grant_expired_since_the_night_is_taken_back(sent, night, told):
    night.execute("update marts.contact_permissions set expires_at = $1 where customer_id = 'c-bo'", [NOW])
    grant = "insert into marts.contact_permissions values ('c-anna', 'profiling', 'sms', '+46700000000', true, ?, 'granted', ?)"
    night.execute(grant, [NIGHT, NOW])
    assert told(at=NOW - timedelta(seconds=1)) == []
    assert told() == [(sent["c-bo"], "bo@x.se", "not permitted")]
    night.execute("update reference.audience_rules set min_days_since_order = 90")
    assert told() == [(sent["c-anna"], "Anna@X.se", "not permitted")]


def test_it_is_never_refused_for_the_age_of_the_night(sent, night, told):
    object_to_marketing(night, "c-anna", NOW + timedelta(days=2), "r1")
    assert [row[0] for row in told(at=NOW + timedelta(days=9))] == [sent["c-anna"]]


def test_a_corrected_address_is_taken_back_and_does_not_leave_again(sent, night, told, tmp_path):
    night.execute(
        "insert into identity.corrections values ('crm', 'anna', 'email', 'anna@y.se', $1, 'r1', null)", [NOW]
    )
    # a spelling of the same address is no other one
    night.execute("insert into identity.corrections values ('crm', 'bo', 'email', ' BO@X.SE', $1, 'r2', null)", [NOW])
    assert told() == [(sent["c-anna"], "Anna@X.se", "changed")]
    file = tmp_path / "next.csv"
    done = export_audience(night, "news", file, PEPPER, NOW, SETTINGS, recipient="mailer")
    assert "anna@x.se" not in file.read_text() and "bo@x.se" in file.read_text()
    assert done.left_out["corrected since the permission was given"] == 1
    # and an address that the source itself changed: nobody here has the old one
    night.execute("delete from identity.corrections where source_key = 'bo'")
    night.execute("update conformed.conformed_people set email = 'bo@new.se' where email = 'bo@x.se'")
    night.execute("update marts.contact_permissions set contact_point = 'bo@new.se' where customer_id = 'c-bo'")
    assert told() == [(sent["c-bo"], "", "changed")]


def test_who_was_erased_is_told_by_the_reference_alone_and_nothing_else_is_kept(sent, night, told):
    prepare_noted(night)
    night.execute("insert into restricted.erasing_customers values ('c-anna', 'k')")
    night.execute("insert into restricted.erasing_values values ('phone', '+46701112233', false)")
    forget_points(night, PEPPER)
    kept = night.execute(
        "select reference from restricted.exported_points where customer_hash is null and point_hash is null order by 1"
    ).fetchall()
    assert kept == sorted([(sent["c-anna"],), (sent["c-eva"],)])
    assert set(told()) == {(sent["c-anna"], "", "erased"), (sent["c-eva"], "", "erased")}
    # who is erased after the recipient was told leaves nothing
    night.execute("insert into restricted.erasing_customers values ('c-bo', 'k2')")
    object_to_marketing(night, "c-bo", NOW, "r1")
    assert [row[0] for row in told()] == [sent["c-bo"]]
    forget_points(night, PEPPER)
    assert night.execute("select count(*) from restricted.exported_points where reference = $1", [sent["c-bo"]]).fetchall() == [(0,)]  # fmt: skip


def test_no_contact_point_and_no_id_is_kept_of_what_left(sent, night):
    kept = night.execute("from restricted.exported_points").fetchall()
    assert len(kept) == len(sent)
    rows = str(kept).lower()
    for known in ("anna", "x.se", "1112233", "c-bo"):
        assert known not in rows


def test_a_merge_a_new_export_and_a_new_grant(sent, night, told, tmp_path):
    # the customer has another id: the same person and address stay
    night.execute("insert into identity.customer_id_redirects values ('c-anna', 'c-new')")
    for table in (
        "identity.customer_source_records",
        "marts.contact_permissions",
        "marts.dim_customers",
        "audiences.audience_news",
    ):
        night.execute(f"update {table} set customer_id = 'c-new' where customer_id = 'c-anna'")
    assert told() == []
    object_to_marketing(night, "c-bo", NOW - timedelta(hours=1), "r1")
    assert [row[0] for row in told()] == [sent["c-bo"]]
    # a later grant opens it again: exported anew under the same reference, which counts anew
    night.execute("update marts.contact_permissions set decided_at = $1 where customer_id = 'c-bo'", [NOW])
    file = tmp_path / "again.csv"
    export_audience(night, "news", file, PEPPER, NOW, SETTINGS, recipient="mailer")
    assert sent["c-bo"] in file.read_text()
    restrict(night, "c-bo", NOW, "r2")
    assert [row[0] for row in told()] == [sent["c-bo"]]


def test_each_recipient_is_told_of_what_it_got(sent, night, told, tmp_path):
    export_audience(night, "news", tmp_path / "o.csv", PEPPER, EXPORTED, SETTINGS)
    object_to_marketing(night, "c-anna", NIGHT + timedelta(hours=1), "r1")
    (mailers,), (others,) = told(), told(to="")
    assert mailers[0] == sent["c-anna"] != others[0]
    with pytest.raises(KundbildError, match="no export of the audience news to printer"):
        told(to="printer")
    with pytest.raises(KundbildError, match="a recipient's name"):
        export_audience(night, "news", tmp_path / "p.csv", PEPPER, NOW, SETTINGS, recipient="Anna Berg, +46701112233")


def test_a_new_secret_of_the_pepper_forgets_nothing_of_what_left(sent, night, tmp_path):
    later = Pepper((*PEPPER.secrets, "q" * 40))
    noted_check(night)
    _renew_warehouse(night, PEPPER, later, [])
    (found,) = pending(night, later, Privacy(), NOW)
    assert (found.count, found.standing) == (0, 3)
    restrict(night, "c-bo", NOW, "r1")
    file = tmp_path / "after.csv"
    write_removals(night, later, Privacy(), "news", "mailer", file, NOW)
    assert sent["c-bo"] in file.read_text() and sent["c-anna"] not in file.read_text()
    # and the file is known again by its bytes
    (kept,) = night.execute("select content_hash from restricted.exports").fetchall()[0]
    assert kept == content_hash(later, (tmp_path / "sent.csv").read_bytes())


def test_removals_are_noted_before_their_file_is_there(sent, night, tmp_path):
    file, noted = tmp_path / "removals.csv", []
    night.execute("delete from marts.contact_permissions")

    def refuse(removals: int) -> None:
        noted.append((removals, file.exists()))
        raise KundbildError("the log is not whole")

    with pytest.raises(KundbildError, match="log is not whole"):
        write_removals(night, PEPPER, Privacy(), "news", "mailer", file, NOW, note=refuse)
    # and is told it the next time
    assert noted == [(3, False)] and not file.exists()
    assert write_removals(night, PEPPER, Privacy(), "news", "mailer", file, NOW).count == 3


def test_permissions_of_an_older_program_are_refused_before_a_row_leaves(sent, night, told, tmp_path):
    night.execute("alter table marts.contact_permissions rename column reason_code to reason")
    for attempt in (told, lambda: export_audience(night, "news", tmp_path / "next.csv", PEPPER, NOW, SETTINGS)):
        with pytest.raises(HomeVersionError, match="older version"):
            attempt()
    assert not (tmp_path / "next.csv").exists()
