"""A withdrawal that names nobody is told until somebody acknowledges it, or its person comes."""

from __future__ import annotations

import tomllib
from datetime import datetime

import pytest

from orchestration.core.errors import KundbildError
from orchestration.core.settings import Settings
from orchestration.extract.records import prepare_ops
from orchestration.identity.untied import find_untied
from orchestration.privacy.intake.line_readers import readers
from orchestration.privacy.intake.rejected_withdrawals import note_rejected_withdrawals
from orchestration.run.set_aside import _about_nobody, acknowledge, set_aside_rows
from tests.loads import note_load
from tests.unit.consent import ANNA, BO, FORMS, said
from tests.unit.identity.withdrawn import OF_BO, no
from tests.unit.people import person


def test_a_withdrawal_of_nobody_is_told_until_it_is_acknowledged_or_its_person_comes(permitted, noted, warehouse):
    permitted.remembers = True
    of_nobody = [
        no("nils", source_key="k"), no("anna", person_system="salesforce", source_key="s"), no(None, contact_point="at home", source_key="p"),
        no(None, contact_point="12", source_key="n"), no("nils", contact_point="?", source_key="b"),
    ]  # fmt: skip
    fine = [
        no("nils", contact_point="nils@x.se", source_key="f1"), no(None, contact_point="+46 70 999 88 77", source_key="f2"),
        no("anna", source_key="f3"), no(None, contact_point="nobody (at) x.se", source_key="f4"),
    ]  # fmt: skip
    granted = [said("anna"), said("bo")]
    noted([ANNA, BO], consent_events=[*granted, *of_nobody, *fine])
    assert find_untied(warehouse) == 5
    told = "select source_key, reason from identity.untied_withdrawals order by 1"
    assert warehouse.execute(told).fetchall() == [
        ("b", "it names a person who is not known, and its contact point cannot be read"),
        ("k", "it names a person who is not known"),
        ("n", "its contact point cannot be read"),
        ("p", "its contact point cannot be read"),
        ("s", "it names a person who is not known"),
    ]
    assert acknowledge(warehouse, "crm", "consent_events", "k", "left in 2019") == 1
    assert acknowledge(warehouse, "crm", "consent_events", None, "seen to") == 4
    with pytest.raises(KundbildError, match="nothing of crm email_events is set aside"):
        acknowledge(warehouse, "crm", "email_events", None, "-")
    assert warehouse.execute(f"select count(*) from ({set_aside_rows(warehouse)}) where kind = 'withdrawal'").fetchall() == [(5,)]  # fmt: skip
    # whoever comes with that key is denied, and what was somebody's once is not told when their record goes
    nils = person("nils", email="other@x.se")
    assert permitted([ANNA, BO, nils], consent_events=[*granted, *of_nobody, *fine, said("nils")]) == {OF_BO: "bo@x.se"}
    assert find_untied(warehouse) == 3
    warehouse.execute("delete from identity.customer_source_records where source_key = 'nils'")
    permitted.key_points()
    assert find_untied(warehouse) == 3


def test_an_acknowledgement_is_of_what_a_withdrawal_says_and_not_of_the_load_that_brought_it(
    permitted, noted, warehouse
):
    permitted.remembers = True
    warehouse.execute(
        "create schema if not exists quarantine; create table quarantine.books (source_system varchar, entity varchar, raw_count bigint); "
        "create table quarantine.set_aside as select null as source_system where false"
    )

    def open_ones(load: int, *rows: dict) -> int:
        """How many are not acknowledged after a night in which a load brought the rows."""
        events = [row | {"load_id": load, "extracted_at": datetime(2026, 3, load)} for row in rows]
        noted([ANNA], consent_events=[said("anna"), *events])
        find_untied(warehouse)
        return sum(one.rows - one.acknowledged for one in _about_nobody(warehouse))

    timed, untimed = no("nils", source_key="t"), no("olle", source_key="u", stated_at=None)
    assert open_ones(2, timed, untimed) == 2
    # as versions before noted it, by the load
    warehouse.execute(
        "insert into ops.acknowledged select md5(concat_ws('|', 'crm', 'consent_events', 2, 'u')), now(), 'an older one'"
    )
    assert acknowledge(warehouse, "crm", "consent_events", "t", "left in 2019") == 1
    for load in (2, 3, 4):
        assert open_ones(load, timed, untimed) == 0
    # another person's, another purpose, and the same person's at another time are other ones
    for load, other in enumerate(
        ({"person_key": "pelle"}, {"purpose": "profiling"}, {"stated_at": datetime(2026, 4, 2)}), start=5
    ):
        assert open_ones(load, timed | other, untimed) == load - 4
    # and of what is gone from the ledger, as by an erasure, nothing is kept
    noted = "select count(*) from ops.acknowledged where starts_with(digest, 'withdrawal:')"
    assert warehouse.execute(noted).fetchall() == [(2,)]
    warehouse.execute("delete from identity.withdrawals where person_key = 'nils'")
    find_untied(warehouse)
    assert warehouse.execute(noted).fetchall() == [(1,)]


def test_an_acknowledged_line_that_could_not_be_read_stays_so_when_its_file_is_loaded_again(warehouse, noted):
    """It has no time of its own: its load's is another each time."""
    settings = Settings.model_validate(tomllib.loads(FORMS))
    prepare_ops(warehouse)
    noted([ANNA], consent_events=[said("anna")])

    def open_ones(load: int, *lines: str) -> int:
        note_load(warehouse, load, at=f"2026-04-{load + 1:02}", source_rows=1, rejected=1)
        warehouse.execute(
            "insert or replace into ops.loaded_files by name select 'forms' as source, 'p' as table_name, 'p.jsonl' as file, 1 as size, "
            "1 as modified_ns, 'x' as sha256, $load as load_id",
            {"load": load},
        )
        for line in lines:
            warehouse.execute("insert into quarantine.rejected_rows values (?, 'forms', 'p', 'p.jsonl', null, null, 'not a JSON object', 'not_an_object', ?)", [load, line])  # fmt: skip
        note_rejected_withdrawals(warehouse, readers(settings))
        find_untied(warehouse)
        rows = f"select count(*) from ({set_aside_rows(warehouse)}) where digest not in (select digest from ops.acknowledged)"
        return warehouse.execute(rows).fetchall()[0][0]

    line = '{"id": "nobody", "mail": "n/a", "news"'
    assert open_ones(1, line) == 1
    acknowledge(warehouse, "forms", "rejected_rows", None, "a test")
    assert open_ones(2, line) == 0
    assert open_ones(3, line, line.replace("nobody", "nobody2")) == 1


def test_an_acknowledgement_stands_when_the_same_is_delivered_under_another_key_or_line(permitted, noted, warehouse):
    """A table without a key tells rows apart by their file, and a broken line is told by its place."""
    permitted.remembers = True
    prepare_ops(warehouse)

    def open_ones(load: int, *rows: dict) -> int:
        events = [row | {"load_id": load, "extracted_at": datetime(2026, 3, load)} for row in rows]
        noted([ANNA], consent_events=[said("anna"), *events])
        find_untied(warehouse)
        rows = f"select count(*) from ({set_aside_rows(warehouse)}) where digest not in (select digest from ops.acknowledged)"
        return warehouse.execute(rows).fetchall()[0][0]

    assert (
        open_ones(
            2, no("nils", source_key="monday.csv 7"), no(None, contact_point="at home", source_key="monday.csv 8")
        )
        == 2
    )
    acknowledge(warehouse, "crm", "consent_events", None, "seen to")
    whole = [no("nils", source_key="tuesday.csv 7"), no(None, contact_point="at home", source_key="tuesday.csv 9")]
    assert open_ones(3, *whole) == 0
    assert open_ones(4, *whole, no("nisse", source_key="tuesday.csv 10")) == 1


def test_an_acknowledgement_of_an_earlier_version_stands(noted, warehouse):
    prepare_ops(warehouse)
    noted([ANNA], consent_events=[said("anna"), no("nils", source_key="k")])
    # its digest had the key in it
    warehouse.execute(
        "insert into ops.acknowledged select 'withdrawal:' || md5(to_json([source_system, entity, source_key, person_system, person_key, "
        "contact_point, purpose, channel, stated_at::varchar])::varchar), now(), 'an older one' from identity.withdrawals where person_key = 'nils'"
    )
    assert find_untied(warehouse) == 1
    rows = (
        f"select count(*) from ({set_aside_rows(warehouse)}) where digest not in (select digest from ops.acknowledged)"
    )
    assert warehouse.execute(rows).fetchall() == [(0,)]
