"""A small company, night by night: whoever said no in any way a source can say it is not permitted until they say yes again."""

from __future__ import annotations

import json
import sqlite3

import pytest

from tests.conftest import Kundbild

CONFIG = """
company = "Lilla Butiken"
currency = "SEK"
[report]
after_publication = false
[privacy]
pepper = "0123456789abcdef0123456789abcdef-test"
[sources.crm2]
connector = "files"
format = "jsonl"
url = "{folder}"
timezone = "Europe/Stockholm"
[sources.crm2.tables.people]
path = "people.jsonl"
key = ["id"]
columns = {{ id = "VARCHAR", first = "VARCHAR", last = "VARCHAR", email = "VARCHAR" }}
[[sources.crm2.tables.people.maps]]
entity = "people"
constants = {{ kind = "contact", country_code = "SE" }}
columns = {{ source_key = "id", given_name = "first", family_name = "last", email = "email" }}
[sources.crm2.tables.choices]
path = "choices.jsonl"
key = ["id"]
columns = {{ id = "VARCHAR", person = "VARCHAR", point = "VARCHAR", choice = "VARCHAR", at = "VARCHAR", confirmed = "VARCHAR", wording = "VARCHAR", form = "VARCHAR" }}
[[sources.crm2.tables.choices.maps]]
entity = "consent_events"
constants = {{ purpose = "survey", channel = "email", contact_point_type = "email" }}
columns = {{ source_key = "id", person_key = "person", contact_point = "point", status = "choice", stated_at = "at", confirmed_at = "confirmed", wording_version = "wording", capture_source = "form" }}
[sources.tool]
connector = "files"
url = "{folder}"
[sources.tool.tables.stops]
path = "stops*.csv"
key = ["id"]
columns = {{ id = "BIGINT", mail = "VARCHAR", answer = "VARCHAR", at = "TIMESTAMP", born = "DATE" }}
[[sources.tool.tables.stops.maps]]
entity = "consent_events"
constants = {{ purpose = "survey", channel = "email", contact_point_type = "email", wording_version = "v1" }}
columns = {{ source_key = "id", contact_point = "mail", stated_at = "at", status = {{ column = "answer", values = {{ Nej = "withdrawn", Ja = "granted" }} }} }}
[sources.old]
connector = "sql"
url = "sqlite:///{folder}/old.sqlite"
[sources.old.tables.contacts]
key = ["id"]
find_deletions = true
columns = {{ id = "VARCHAR", name = "VARCHAR", email = "VARCHAR", phone = "VARCHAR" }}
[[sources.old.tables.contacts.maps]]
entity = "people"
constants = {{ kind = "contact", country_code = "SE" }}
columns = {{ source_key = "id", full_name = "name", email = "email", phone = "phone" }}
[sources.old.tables.choices]
key = ["id"]
find_deletions = true
columns = {{ id = "VARCHAR", contact = "VARCHAR", point = "VARCHAR", choice = "VARCHAR", at = "VARCHAR", wording = "VARCHAR" }}
[[sources.old.tables.choices.maps]]
entity = "consent_events"
constants = {{ purpose = "survey", channel = "email", contact_point_type = "email" }}
columns = {{ source_key = "id", person_key = "contact", contact_point = "point", status = "choice", stated_at = "at", wording_version = "wording" }}
"""
NAMES = ["alva", "bror", "cilla", "doris", "elsa", "folke", "gerda", "hilda", "ivar", "karin", "lova", "mats", "nils", "olga", "petra", "rut"]  # fmt: skip
GRANT = {"confirmed": None, "choice": "granted", "at": "2026-03-01T10:00:00Z", "wording": "v1", "form": "checkout"}


def _choices() -> list[dict]:
    """Everybody consents; then each says no in another way, or the grant has no evidence."""
    rows = [{"id": f"g-{name}", "person": name, "point": f"{name}@example.se"} | GRANT for name in NAMES]
    changed = {
        "hilda": {"wording": " \u00a0"}, "ivar": {"point": ""}, "karin": {"form": "  "}, "lova": {"at": "2026-06-01 13:00:00"},
        "mats": {"at": "2026-06-01T08:00:00Z"}, "nils": {"point": "petra@example.se"}, "folke": {"choice": "GRANTED "},
    }  # fmt: skip
    rows = [row | changed.get(row["person"], {}) for row in rows]
    no = {
        "bror": {"choice": "WITHDRAWN "}, "cilla": {"choice": "opt-out"}, "doris": {"choice": "Revoked"}, "elsa": {"choice": "0"},
        "lova": {"choice": "withdrawn", "at": "2026-06-01T12:00:00Z"},
        "mats": {"choice": "withdrawn", "at": "2026-06-01"},
    }  # fmt: skip
    return rows + [
        {"id": f"w-{name}", "person": name, "at": "2026-05-01T10:00:00Z"} | said for name, said in no.items()
    ]


def _old(folder, contacts, choices) -> None:
    with sqlite3.connect(folder / "old.sqlite") as con:
        con.executescript(
            "drop table if exists contacts; drop table if exists choices; create table contacts (id, name, email, phone); "
            "create table choices (id, contact, point, choice, at, wording)"
        )
        con.executemany("insert into contacts values (?, ?, ?, ?)", contacts)
        con.executemany("insert into choices values (?, ?, ?, ?, ?, ?)", choices)
    con.close()


@pytest.mark.slow
def test_whoever_said_no_in_any_way_is_not_permitted(tmp_path):
    folder = tmp_path / "d"
    folder.mkdir()
    kundbild = Kundbild(tmp_path / "home", tmp_path / "kundbild.toml")
    kundbild.config.write_text(CONFIG.format(folder=folder))
    lines = [
        json.dumps({"id": n, "first": n.title(), "last": f"{n.title()}sson", "email": f"{n}@example.se"}) for n in NAMES
    ]
    (folder / "people.jsonl").write_text("\n".join(lines))
    (folder / "choices.jsonl").write_text("\n".join(map(json.dumps, _choices())))
    (folder / "stops1.csv").write_text("id,mail,answer,at,born\n1,ingen@example.se,Nej,2026-05-01 10:00,1980-01-01\n")
    a, b = (
        ("a", "Vera Lindros", "vera@work.example.se", "+46701119901"),
        ("b", "Vera Lindros", "vera@home.example.se", "+46701119901"),
    )
    given = ("g1", "a", "vera@work.example.se", "granted", "2026-03-01T10:00:00Z", "v1")
    c = ("c", "Siv Alm", "siv@example.se", "+46701119902")
    given_by_c = ("g2", "c", "siv@example.se", "granted", "2026-03-01T10:00:00Z", "v1")
    _old(
        folder,
        [a, b, c],
        [given, given_by_c, ("w1", "b", "vera@home.example.se", "withdrawn", "2026-05-01T10:00:00Z", None)],
    )

    def permitted() -> set[str]:
        with kundbild.warehouse() as con:
            asked = (
                "select distinct s.source_key from marts.contact_permissions p join identity.customer_source_records s "
                "on s.customer_id = p.customer_id and s.valid_to is null where p.is_permitted"
            )
            return {key for (key,) in con.execute(asked).fetchall()}

    kundbild("run", "--as-of", "2026-11-01T02:00:00")
    assert permitted() == {"alva", "c", "folke", "gerda", "olga", "petra", "rut"}
    # rejected lines: a birth date of another type, a key that is not a number; and a merge that deletes contact and statement
    (folder / "stops2.csv").write_text(
        "id,mail,answer,at,born\n2,ALVA@example.se,nej,2026-05-01 10:00,31.12.1980\nx,gerda@example.se,Nej,,1980-01-01\n"
        "4,petra@example.se,Ja,2026-05-01 10:00,31.12.1980\n"
        + "".join(f"{n},ingen{n}@example.se,Nej,2026-05-01 10:00,1980-01-01\n" for n in range(5, 12))
    )
    # a few lines are rejected, which is told: permissions are worked out all the same
    kundbild("run", "--as-of", "2026-11-01T03:00:00")  # of the same day: it is not nothing new
    assert permitted() == {"c", "folke", "olga", "petra", "rut"}
    kundbild("withdraw", "--email", "Olga@example.se", "--purpose", "survey", "--channel", "email")
    # restricted, and before the next night the system knows her under another key
    kundbild("restrict", "--source-record", "old:c")
    _old(folder, [a, ("c9", *c[1:])], [given, ("g3", "c9", *given_by_c[2:])])
    # the crm's file goes back to what it was before anybody withdrew, and all of it in a new file with other keys
    earlier = [row for row in _choices() if row["id"] and row["id"].startswith("g-")]
    (folder / "choices.jsonl").write_text("\n".join(map(json.dumps, earlier)))
    kundbild("run", "--as-of", "2026-11-02T02:00:00", "--full-refresh")
    assert permitted() == {"folke", "petra", "rut"}
    with kundbild.warehouse() as con:
        assert con.execute("select count(*) from identity.withdrawals where is_certain").fetchall()[0][0] > 8
