"""What an erasure takes of statements, read or rejected, and that whoever stands beside the erased has still said what they said.

Not here: all else that it has to reach (test_erasure.py).
"""

from __future__ import annotations

import re

from orchestration.core.settings import Table
from orchestration.core.warehouse import open_warehouse
from orchestration.identity.contact_points import key_withdrawn_points
from orchestration.identity.untied import find_untied
from orchestration.match_keys import define_match_keys
from orchestration.privacy.intake.line_readers import readers
from orchestration.privacy.intake.noted import prepare_noted
from orchestration.privacy.intake.rejected_withdrawals import note_rejected_withdrawals
from orchestration.privacy.intake.suppression import SuppressionList
from orchestration.privacy.intake.suppressor import Suppressor
from orchestration.privacy.intake.withdrawals import prepare_withdrawals
from orchestration.privacy.rights.erased_points import note_points
from orchestration.privacy.secrets.pepper import find_pepper
from tests.loads import note_load
from tests.unit.two_people import asked, erase_anna


def test_rule_25_a_withdrawal_by_somebody_elses_key_on_an_erased_persons_address_stays_without_it(
    home, settings, built
):
    """As it is delivered after the erasure: statements that name nobody else, or the person by key, go."""
    erase_anna(home, settings, built)
    columns = {"source_key": "s", "person_key": "who", "contact_point": "point", "stated_at": "at", "status": "choice"}
    mapping = {"entity": "consent_events", "constants": {"purpose": "offers", "channel": "email"}, "columns": columns}
    of_statements = {"key": ["s"], "maps": [mapping]}
    table = Table(columns=dict.fromkeys(columns.values(), "VARCHAR"), path="*.csv", **of_statements)
    rows = [
        ("1", "bo", "anna@berg.se", "withdrawn"), ("2", None, "ANNA@berg.se", "withdrawn"), ("3", " ", "anna@berg.se", "withdrawn"),
        ("4", "1", "anna@berg.se", "withdrawn"), ("5", "bo", "bo@x.se", "withdrawn"), ("6", "bo", "070-111 22 33", "granted"),
    ]  # fmt: skip
    with open_warehouse(home, settings.engine) as con:
        con.execute('create table delivered (s varchar, who varchar, point varchar, choice varchar, "at" varchar)')
        con.executemany("insert into delivered values (?, ?, ?, ?, '2026-06-01')", rows)
        suppressor = Suppressor(SuppressionList.of(con, home, find_pepper(con, ())), "SE")
        assert suppressor.keep_out(con, "crm", table, "delivered") == 3
        left = con.execute("select s, who, point from delivered order by s").fetchall()
        assert left == [("1", "bo", None), ("5", "bo", "bo@x.se"), ("6", "bo", None)]


def test_a_statement_that_was_rejected_or_replaced_and_names_the_person_by_key_alone_goes(home, settings, built):
    """Else the ledger would read her withdrawal out of it again, every night after."""
    with open_warehouse(home, settings.engine) as con:
        con.execute(
            "insert into quarantine.rejected_rows (load_id, source, table_name, reason, content) "
            """select 1, 'crm', 'consents', 'r', '{"consent_id": 9, "contact_id": ' || unnest([1, 2]) || ', "status": "withdrawn"}'"""
        )
    erase_anna(home, settings, built)
    left = "select json_extract_string(content, '$.contact_id') from quarantine.rejected_rows where table_name = 'consents' order by 1"
    assert asked(home, left) == [("2",), (None,)]


# a withdrawal's contact point and the record that it names, and what is left of both once Anna (1) is erased
WITHDRAWALS = [
    ("+46 70-111 22 33", None, None),
    ("anna (at) berg.se", None, None),
    ("Old@Berg.se", "1", None),
    ("old@berg.se", None, None),  # hers by what she said before
    ("former@berg.se", "1.0", None),
    ("Former@Berg.se", None, None),
    ("anna@berg.se, 070-111 22 33", "1", None),
    ("bo@dahl.se", None, ("bo@dahl.se", None)),
    ("bo@dahl.se", "2", ("bo@dahl.se", "2")),
    ("ANNA@Berg.se; zz@other.se", None, ("zz@other.se", None)),
    ("+46701112233 / 08-123 456 78", None, ("08-123 456 78", None)),
    ("0701112233081234579", None, ("+4681234579", None)),
    ("anna@berg.se, 08-222 333 44", None, ("08-222 333 44", None)),
    ("yy@other.se 070-111 22 33", None, ("yy@other.se", None)),
    # in parts
    ("an na@berg.se", None, None),
    ("an na@berg.se", "2", (None, "2")),
    ("an na@berg.se; qq@other.se", None, ("qq@other.se", None)),
    # by somebody else's key, on her point
    ("anna@berg.se", "2", (None, "2")),
    ("anna@berg.se; bo@dahl.se", "2", ("bo@dahl.se", "2")),
    ("0701112233", "of nobody known", (None, "of nobody known")),
    # by her key, on somebody else's point
    ("bo@dahl.se", "1", ("bo@dahl.se", None)),
    ("bo@dahl.se / anna@berg.se", "1.0", ("bo@dahl.se", None)),
]


def test_rule_25_statements_lose_the_person_and_whoever_stands_beside_them_has_withdrawn_still(home, settings, built):
    """In the CRM and in the ledger: by a number, an address in disguise, a key, alone or beside somebody else's."""
    swedish = settings.identity.model_copy(update={"default_country": "SE"})
    settings = settings.model_copy(update={"identity": swedish})
    with open_warehouse(home, settings.engine) as con:
        prepare_withdrawals(con)
        for number, (point, key, _) in enumerate(WITHDRAWALS, start=20):
            con.execute(
                "insert into identity.withdrawals by name select 'consent_events' as entity, 'crm' as source_system, $n as source_key, "
                "case when $key is not null then 'crm' end as person_system, $key as person_key, $point as contact_point, 'all' as purpose, "
                "'all' as channel, timestamp '2026-04-01' as stated_at, true as is_certain, 2 as load_id",
                {"n": str(number), "point": point, "key": key},
            )
            if key is None:
                con.execute("insert into raw_crm.consents (consent_id, status, contact_point, _load_id) values (?, 'withdrawn', ?, 2)", [number, point])  # fmt: skip
        con.execute(
            "create or replace table conformed.conformed_consent_events as select source_system, source_key, person_system, person_key, "
            "contact_point, channel, 'withdrawn' as status, null::timestamp as deleted_at from identity.withdrawals where person_key is null; "
            "alter table conformed.conformed_people add column if not exists deleted_at timestamp"
        )
        key_withdrawn_points(con, "SE")
        # somebody else was granted something on her address
        con.execute(
            "insert into identity.void_grants values ('crm', '2', ' Anna@Berg.se', null, null, null), ('crm', '2', 'bo@dahl.se', null, null, null)"
        )
    erase_anna(home, settings, built)
    assert asked(home, "select contact_point from identity.void_grants") == [("bo@dahl.se",)]
    assert asked(home, "select contact_point from raw_crm.consents where consent_id >= 20") == [("bo@dahl.se",)]
    assert asked(
        home, "select contact_point from conformed.conformed_consent_events where contact_point is not null"
    ) == [("bo@dahl.se",)]
    left = asked(home, "select contact_point, person_key, person_system is null, source_key from identity.withdrawals")
    expected = {str(n): w[2] for n, w in enumerate(WITHDRAWALS, start=20) if w[2]}
    # what she said herself keeps no key of hers, of its row neither
    keyed = {str(n) for n, w in enumerate(WITHDRAWALS, start=20) if w[1] and w[1].startswith("1")}
    assert {key: (point, person) for point, person, _, key in left if key} == {k: v for k, v in expected.items() if k not in keyed}  # fmt: skip
    assert [row for row in left if row[3] is None] == [("bo@dahl.se", None, True, None)] * 2
    for table, column in (("withdrawals", "contact_point"), ("withdrawn_points", "contact_point"), ("phone_numbers", "phone"), ("held_points", "token")):  # fmt: skip
        values = {
            value for (value,) in asked(home, f"select {column} from identity.{table} where {column} is not null")
        }
        assert not [value for value in values if "berg" in value.lower() or "1112233" in re.sub("[^0-9]", "", value)], (
            table
        )
    # the next night: whose each is by then, and nothing of it holds the publication
    with open_warehouse(home, settings.engine) as con:
        key_withdrawn_points(con, "SE")
        assert con.execute("select distinct contact_point, person_key from identity.point_holders").fetchall() == [("bo@dahl.se", "2")]  # fmt: skip
        assert find_untied(con) == 0


def test_what_is_known_again_before_a_first_night_is_read_without_people(warehouse, settings):
    """As of a warehouse that is built anew beside its suppression list."""
    prepare_withdrawals(warehouse)
    prepare_noted(warehouse)
    define_match_keys(warehouse)
    note_points(warehouse, settings)
    assert warehouse.execute("select count(*) from erased_points").fetchall() == [(0,)]


# withdrawn addresses by post, and the record that each names: where Anna (1) alone lives, other streets, a house where Bo lives too
PLACES = [
    ("Kvarnvägen 4, 111 22 Stockholm", None), ("KVARNVÄGEN 4; SE-111 22", None), ("Kvarnvägen 4, 111 22 Stockholm", "2"),
    ("Kvarngatan 4, 111 22 Stockholm", None), ("Tallgatan 7, 222 22 Lund", None),
]  # fmt: skip


def test_rule_25_a_postal_address_where_the_erased_person_alone_lives_goes(home, settings, built):
    """Of a withdrawal that names nobody by a key; where somebody else lives in the house too it is about them."""
    with open_warehouse(home, settings.engine) as con:
        prepare_withdrawals(con)
        con.execute(
            "update conformed.conformed_people set street = 'Kvarnvägen 4', postal_code = '11122', city = 'Stockholm' where source_key = '1' and source_system = 'crm'; "
            "update conformed.conformed_people set street = 'Tallgatan 7 lgh 2', postal_code = '222 22', city = 'Lund' where source_key = '2'; "
            "update conformed.conformed_people set street = 'Tallgatan 7', postal_code = '22222', city = 'Lund' where source_key = '1' and source_system = 'webshop'"
        )
        for number, (point, key) in enumerate(PLACES, start=20):
            con.execute(
                "insert into identity.withdrawals by name select 'consent_events' as entity, 'crm' as source_system, $n as source_key, "
                "case when $key is not null then 'crm' end as person_system, $key as person_key, $point as contact_point, 'all' as purpose, "
                "'post' as channel, timestamp '2026-04-01' as stated_at, true as is_certain, 2 as load_id",
                {"n": str(number), "point": point, "key": key},
            )
            if key is None:
                con.execute("insert into raw_crm.consents (consent_id, status, contact_point, _load_id) values (?, 'withdrawn', ?, 2)", [number, point])  # fmt: skip
    erase_anna(home, settings, built)
    left = "select contact_point, person_key from identity.withdrawals order by all"
    assert asked(home, left) == [PLACES[3], PLACES[4], (None, "2")]
    assert asked(home, "select contact_point from raw_crm.consents where consent_id >= 20 order by 1") == [(p,) for p, _ in PLACES[3:]]  # fmt: skip


def test_rule_25_a_broken_line_that_names_the_person_denies_whom_else_it_names(home, settings, built):
    lines = [
        '9;anna@berg.se;"BO@dahl.se', "x;nobody@y.se;+46701112233", '8;"anna@berg.se;1',
        '{"contact_id": 2, "contact_point": "anna@berg.se", "status": "wi',
    ]  # fmt: skip
    with open_warehouse(home, settings.engine) as con:
        for number, line in enumerate(lines, start=1):
            con.execute("insert into quarantine.rejected_rows values (1, 'crm', 'consents', 'c.csv', ?, null, 'r', 'unknown', ?)", [number, line])  # fmt: skip
        note_load(con, 1, "crm", "consents")
        note_rejected_withdrawals(con, readers(settings))
        con.execute(
            "alter table conformed.conformed_people add column if not exists deleted_at timestamp; create or replace table conformed.conformed_consent_events as "
            "select *, null::timestamp as deleted_at, 'email' as channel, 'granted' as status from conformed.conformed_consent_events"
        )
        key_withdrawn_points(con, "SE")
    erase_anna(home, settings, built)
    with open_warehouse(home, settings.engine) as con:
        note_rejected_withdrawals(con, readers(settings))
        denied = con.execute(
            "select distinct lower(contact_point), person_key from identity.withdrawals order by 1"
        ).fetchall()
        assert denied == [("bo@dahl.se", None), (None, "2")]
