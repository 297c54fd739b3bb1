"""Who was erased does not come back: with a backup, in another spelling, by a number, or by a key that was theirs.

Not here: what an erasure takes (test_erasure.py), whole nights (tests/integration/test_erasure.py).
"""

from __future__ import annotations

import shutil

from orchestration.core.settings import Table
from orchestration.core.settings.people import Person
from orchestration.core.warehouse import open_warehouse
from orchestration.identity.former_people import prepare_former_people
from orchestration.privacy.intake.suppression import SuppressionList
from orchestration.privacy.intake.suppressor import Suppressor
from orchestration.privacy.intake.withdrawals import prepare_withdrawals
from orchestration.privacy.secrets.pepper import find_pepper
from orchestration.run.unfinished import finish_unfinished
from tests.unit.two_people import asked, erase_anna


def test_a_backup_brings_back_nobody_and_takes_nobody_else_along(home, settings, built, tmp_path):
    shutil.copy2(home.warehouse, tmp_path / "backup")
    erase_anna(home, settings, built)
    shutil.copy2(tmp_path / "backup", home.warehouse)
    with home.lock("test"):
        finish_unfinished(home, settings)
    assert asked(home, "select source_key from conformed.conformed_people") == [("2",)]


def test_who_was_erased_is_known_by_the_number_in_a_column_named_as_any(home, settings, built):
    """A column of a delivery may bear the name of one that the search itself uses: `phone`, `country_code`."""
    erase_anna(home, settings, built)
    table = Table(
        columns=dict.fromkeys(("id", "phone", "country_code"), "VARCHAR"), key=["id"], path="*.csv",
        persons=[Person(key="id", phone=["phone"], country_code="country_code")],
    )  # fmt: skip
    with open_warehouse(home, settings.engine) as con:
        con.execute(
            "create table delivered as from (values ('7', '070-111 22 33', 'SE'), ('8', '070-999 88 77', 'SE'), ('9', null, 'SE')) "
            "t(id, phone, country_code)"
        )
        suppressor = Suppressor(SuppressionList.of(con, home, find_pepper(con, ())))
        assert suppressor.keep_out(con, "shop", table, "delivered") == 1
        assert con.execute("select id from delivered order by 1").fetchall() == [("8",), ("9",)]


BORN = {"born": "1980-01-01"}
COMING_BACK = [
    {"email": "new@x.se; anna@berg.se"},
    {"email": "mailto:anna@berg.se"},
    {"email": "anna%40berg.se"},
    {"email": "ANNA+shop@BERG.SE\u200b"},
    {"email": '"Anna" <anna@berg.se>;'},
    {"phone": "070-111 22 33 / 08-123 456 78"},
    {"phone": "08-12345678; 0046 70 111 22 33 (hem)"},
    {"phone": "0701112233.0"},
    {"given": "Anna Maria Kristina", "family": "BERG", **BORN},
    {"given": "Karin Anna", "family": "Berg", "born": "01.01.1980"},
    {"whole": "Anna Berg", **BORN}, {"whole": "BERG, Anna Maria", **BORN}, {"given": "Anna", "family": "von Berg", **BORN},
    # the columns swapped, or all of the name in one of them, and by the family name of a later marriage
    {"given": "Berg", "family": "Anna", **BORN}, {"given": "BERG", "family": "Anna Maria", **BORN}, {"whole": "Berg Anna", **BORN},
    {"given": "", "family": "Anna Berg", **BORN}, {"given": "Berg Anna", **BORN}, {"given": "ANNA.", "family": "von Berg-Ek", **BORN},
    {"whole": "Anna von Berg-Ek", **BORN},
    # an initial for the given name, another spelling of its sound, letters of other scripts, a letter for a digit
    {"given": "A.", "family": "Berg", **BORN}, {"whole": "A von Berg", **BORN}, {"given": "Ana", "family": "Berg", **BORN},
    {"given": "\u0410nn\u0430", "family": "\u0392erg", **BORN}, {"email": "\u0430nna@b\u0435rg.se"}, {"phone": "07O-111 22 33"}, {"phone": "o70-11l2233"},
]  # fmt: skip
OTHERS = [
    {"email": "anna@berg.no"}, {"email": "joanna@berg.se"}, {"phone": "070-111 22 34"}, {"given": "Hanna", "family": "Berg", **BORN},
    {"given": "Anna", "family": "Berg", "born": "1980-01-02"}, {"given": "Anna", "family": "Bergman", **BORN}, {}, {"whole": "Anna Berg"},
    {"whole": "Anna Berg", "born": "1980-01-02"}, {"whole": "Berta Berg", **BORN},
    {"given": "Anna", "family": "Maria", **BORN}, {"given": "Berg", "family": "Maria", **BORN}, {"given": "", "family": "Berg", **BORN},
    {"given": "Berg", "family": "Anna", "born": "1980-01-02"}, {"given": "Hanna", "family": "von Berg-Ek", **BORN},
    {"given": "Anders", "family": "Berg", **BORN}, {"given": "B", "family": "Berg", **BORN}, {"given": "Anna", "family": "B", **BORN},
    {"given": "A", "family": "Berg", "born": "1980-01-02"}, {"given": "A", "family": "Borg", **BORN},
]  # fmt: skip


def test_rule_25_the_erased_do_not_come_back_in_any_spelling_and_nobody_else_stays_out(home, settings, built):
    erase_anna(home, settings, built)
    names = ("id", "email", "phone", "country", "given", "family", "whole", "born")
    table = Table(
        columns=dict.fromkeys(names, "VARCHAR"), key=["id"], path="*.csv",
        persons=[Person(key="id", email=["email"], phone=["phone"], country_code="country", full_name="whole", given_name="given", family_name="family", birth_date="born")],
    )  # fmt: skip
    with open_warehouse(home, settings.engine) as con:
        con.execute(f"create temp table delivered ({', '.join(f'{name} varchar' for name in names)})")
        for number, row in enumerate([*COMING_BACK, *OTHERS]):
            said = {"id": str(number), "country": "SE", **row}
            con.execute("insert into delivered values (?, ?, ?, ?, ?, ?, ?, ?)", [said.get(name) for name in names])
        suppressor = Suppressor(SuppressionList.of(con, home, find_pepper(con, ())), "SE")
        suppressor.keep_out(con, "shop", table, "delivered")
        let_in = [int(key) for (key,) in con.execute("select id from delivered order by id::int").fetchall()]
        assert let_in == list(range(len(COMING_BACK), len(COMING_BACK) + len(OTHERS)))
        # nothing of a delivery is remembered: who is kept out is in no table
        assert con.execute("select count(*) from identity.phone_numbers where phone like '%111 22 33%'").fetchall() == [(0,)]  # fmt: skip


FORMER = """
insert into identity.former_people by name select 'crm' as person_system, unnest(['former-by-email', 'former-by-name', 'former-of-bo']) as person_key,
    '9' as record_key, unnest(['anna', 'anna', 'bo']) as given_key, unnest(['ek', 'berg', 'dahl']) as family_key,
    unnest([null, date '1980-01-01', date '1990-02-02']) as birth_date, unnest(['anna@berg.se', null, 'bo@dahl.se']) as email_key,
    timestamp '2026-04-01' as changed_at, true as is_copied;
insert into identity.held_points select person_system, person_key, coalesce(email_key, 'former@berg.se') from identity.former_people;
insert into identity.withdrawals by name select 'consent_events' as entity, 'crm' as source_system, 'w' as source_key, person_system, person_key,
    'all' as purpose, 'all' as channel, timestamp '2026-03-01' as stated_at, true as is_certain, 2 as load_id from identity.former_people;
"""


def test_rule_25_who_had_a_key_before_it_was_given_to_somebody_else_is_erased_with_it(home, settings, built):
    with open_warehouse(home, settings.engine) as con:
        prepare_withdrawals(con)
        prepare_former_people(con)
        con.execute(
            "create table if not exists identity.held_points (person_system varchar, person_key varchar, token varchar)"
        )
        con.execute(FORMER)
    erase_anna(home, settings, built)
    for table in ("former_people", "held_points", "withdrawals"):
        assert asked(home, f"select person_key from identity.{table}") == [("former-of-bo",)], table


# what dbt builds of email events that name an address alone: those that were Anna's, and Bo's
