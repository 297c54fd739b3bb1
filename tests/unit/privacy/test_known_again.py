"""Somebody who was erased comes back under another key, and what hangs on that key was read before the contact was.

Here: extraction of two CSV sources beside a small warehouse. Not here: in which spellings somebody is known again
(test_erasure.py), whole nights (tests/integration/test_erasure.py).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.core.home import Home
from orchestration.core.settings import Engine, Settings
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.privacy.rights.subjects import Subject
from orchestration.run.erase import erase
from tests.unit.two_people import build, settings_of

TEXT = "VARCHAR"
CHOICES = {
    "columns": {"no": TEXT, "who": TEXT, "point": TEXT, "choice": TEXT, "said": "TIMESTAMP"},
    "maps": [
        {
            "entity": "consent_events",
            "columns": {"source_key": "no", "person_key": "who", "contact_point": "point", "status": "choice", "stated_at": "said"},
            "constants": {"purpose": "offers", "channel": "email"},
        }
    ],
}  # fmt: skip
CLUB = {
    "connector": "files", "timezone": "UTC",
    "tables": {
        "choices": {"path": "choices.csv", "key": ["no"], **CHOICES,
                    "persons": [{"key": "who", "email": ["point"], "grant": {
                        "status": "choice", "granted": ["granted"], "stated_at": "said", "wording": "no"}}]},
        "visits": {"path": "visits.csv", "key": ["no"], "columns": {"no": TEXT, "who": TEXT}, "persons": [{"key": "who"}]},
        "members": {"path": "members.csv", "key": ["no"], "columns": {"no": TEXT, "email": TEXT}, "persons": [{"key": "no", "email": ["email"]}]},
    },
}  # fmt: skip
SHOP = {
    "connector": "files", "timezone": "UTC",
    "tables": {
        "sales": {"path": "sales.csv", "key": ["no"], "columns": {"no": TEXT, "member": TEXT, "total": TEXT},
                  "persons": [{"key": "member", "system": "club", "is_kept": True}]},
        "letters": {"path": "letters.csv", "key": ["no"], "columns": {"no": TEXT, "member": TEXT},
                    "persons": [{"key": "member", "system": "club"}]},
    },
}  # fmt: skip
# by point, of a list that is keyed by it
LIST = {"list": {"path": "list.csv", "key": ["point"], **CHOICES}}


@pytest.fixture
def extract(home: Home, warehouse, resolve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Anna (anna@berg.se) is erased; extracts files of the club or the shop. Returns the books by table."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    whole = settings_of(tmp_path)
    ids = build(home, warehouse, resolve, whole)
    assert [outcome.state for outcome in erase(home, whole, [Subject(customer=ids["1"])])] == ["done"]

    def run(source: str, files: dict[str, str], **more: dict) -> dict:
        folder = tmp_path / "files"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / f"{name}.csv").write_text(content)
        made = {name: {**spec, "url": str(folder)} for name, spec in {"club": {**CLUB, "tables": {**CLUB["tables"], **more}}, "shop": SHOP}.items()}  # fmt: skip
        settings = Settings.model_validate({"company": "T", "sources": made})
        with open_warehouse(home, settings.engine) as con:
            prepare_raw(con, settings)
            return extract_source(con, home, settings, source)

    return run


def rows(home: Home, table: str) -> list[tuple]:
    with open_warehouse(home, Engine()) as con:
        return con.execute(f"select columns(lambda c: not starts_with(c, '_')) from {table} order by all").fetchall()


def test_what_was_read_before_a_contact_is_known_again_goes_with_it(home, extract):
    extract("shop", {"sales": "no,member,total\n1,m7,100\n2,m8,50\n", "letters": "no,member\n1,m7\n2,m8\n"})
    assert len(rows(home, "raw_shop.letters")) == 2
    choices = "no,who,point,choice,said\n1,m7,anna@berg.se,withdrawn,2026-06-01\n2,m8,cy@x.se,withdrawn,2026-06-01\n"
    members = "no,email\nm7,ANNA@berg.se\nm8,cy@x.se\n"
    extract("club", {"choices": choices, "visits": "no,who\n1,m7\n2,m8\n", "members": members})
    assert rows(home, "raw_club.members") == [("m8", "cy@x.se")]
    assert [row[:3] for row in rows(home, "raw_club.choices")] == [("2", "m8", "cy@x.se")]
    assert rows(home, "raw_club.visits") == [("2", "m8")]
    assert rows(home, "raw_shop.letters") == [("2", "m8")]
    assert rows(home, "raw_shop.sales") == [("1", None, "100"), ("2", "m8", "50")]
    # what was deleted lies in the file until the next command writes it anew
    assert home.erasure_mark.exists()
    assert rows(home, "restricted.erasing_records") == []


def test_rule_25_a_withdrawal_whose_own_key_is_an_erased_address_stands_by_somebody_elses_key(home, extract):
    """As of a list of subscribers, whose key is the address: the row cannot stay without it."""
    said = "no,who,point,choice,said\n1,b2,anna@berg.se,withdrawn,2026-06-01\n2,b3,Anna@Berg.se,granted,2026-06-01\n3,,ANNA@BERG.SE,withdrawn,2026-06-01\n4,b4,d@x.se,withdrawn,2026-06-01\n"
    members = "no,email\nb2,bea@x.se\nb3,ceo@x.se\n"
    for _ in range(2):  # each night anew, noted once
        books = extract("club", {"choices": "no,who,point,choice,said\n", "visits": "no,who\n", "members": members, "list": said}, **LIST)  # fmt: skip
        said += "\n"
    assert books["list"].suppressed == 3
    assert [row[1:3] for row in rows(home, "raw_club.list")] == [("b4", "d@x.se")]
    noted = rows(home, "identity.withdrawals")
    assert [row[:8] for row in noted] == [("consent_events", "club", None, "club", "b2", None, "offers", "email")]
    assert noted[0][9]  # it is a withdrawal for certain
