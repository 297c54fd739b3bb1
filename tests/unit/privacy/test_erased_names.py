"""By what of a name, and in which formats of a birth date, somebody who was erased is known at entry (rule 25).

Not here: how names sound (tests/unit/match_keys/test_sounds.py), points and whole erasures (test_erasure.py).
"""

from __future__ import annotations

import duckdb
import pytest

from orchestration.core.settings import Table
from orchestration.match_keys import erased_name_keys
from orchestration.privacy.intake.noted import prepare_noted, suppress_noted
from orchestration.privacy.intake.suppression import SuppressionList
from orchestration.privacy.intake.suppressor import Suppressor
from orchestration.privacy.secrets.pepper import Pepper

PEPPER = Pepper(("p" * 40,))
COLUMNS = dict.fromkeys(("no", "given", "family", "whole", "born"), "VARCHAR")
PERSON = {"key": "no", "given_name": "given", "family_name": "family", "full_name": "whole", "birth_date": "born"}
MAPPED = {"source_key": "no", "given_name": "given", "family_name": "family"}


def table(**said) -> Table:
    return Table.model_validate({"columns": COLUMNS, "key": ["no"], "path": "*.csv", **said})


BY_PERSON = table(persons=[PERSON])


@pytest.fixture
def suppression(tmp_path):
    return SuppressionList([tmp_path / "list.jsonl"], PEPPER)


def erase(suppression: SuppressionList, given: str | None, family: str | None, full: str | None = None) -> None:
    with duckdb.connect() as con:
        prepare_noted(con)
        suppress_noted(con, suppression)  # defines the macros
        keys = erased_name_keys("$given", "$family", "$full", "'1980-04-05'")
        con.execute(
            f"insert into restricted.erasing_values select distinct 'name', unnest({keys}), false",
            {"given": given, "family": family, "full": full},
        )
        suppress_noted(con, suppression)


def let_in(suppression: SuppressionList, of: Table, *rows: tuple) -> list[tuple]:
    """Of rows (given, family, whole, born) those that enter."""
    with duckdb.connect() as con:
        con.execute(
            "create temp table delivered (no varchar, given varchar, family varchar, whole varchar, born varchar)"
        )
        con.executemany("insert into delivered values (?, ?, ?, ?, ?)", [(str(n), *row) for n, row in enumerate(rows)])
        Suppressor(suppression, "SE").keep_out(con, "shop", of, "delivered")
        return con.execute("select * exclude (no) from delivered order by no::int").fetchall()


DAY = "1980-04-05"
# who was erased → how they come back
AGAIN = {
    ("Clara", "Lindqvist", None): [
        ("Klara", "Lindkvist"), ("CLARA", "Lindquist"), ("K.", "Lindkvist"), ("C", "Lindqvist"), ("Lindkvist", "Klara"),
    ],
    ("Kristina Maria", "Carlsson", None): [("Christina", "Karlsson"), ("Maria", "Karlson"), ("K M", "Carlson"), ("KM", "Carlsson"), ("M.", "Karlsson")],
    ("Per-Olof", "Ericsson", None): [("P-O", "Eriksson"), ("PO", "Erixon"), ("Per Olov", "Erikson"), ("Perolof", "Eriksson")],
    (None, None, "Zachrisson, Sofia"): [("S", "Sakrison"), ("Sophia", "Zakrisson"), ("S\u043ef\u0456\u0430", "Zachrisson")],
    ("Håkan", "Wikström", None): [("Haakan", "Vikstroem"), ("H", "Vikstrøm"), ("Hakan", "Wickström")],
}  # fmt: skip
# and who is somebody else, of the same day
OTHERS = [
    ("Karin", "Lindqvist"), ("L", "Lindqvist"), ("Clara", "L"), ("Clara", "Lindberg"), ("Kaj", "Carlsson"), ("Bror-Erik", "Ericsson"), ("Pia", "Ericsson"),
    ("Stina", "Zachrisson"), ("Henrik", "Wikström"), ("Håkan", "Wik"), ("Maria", "Kristina"),
]  # fmt: skip


def test_rule_25_who_was_erased_is_known_by_the_sound_of_the_name_and_by_an_initial(suppression):
    for name in AGAIN:
        erase(suppression, *name)
    again = [name for names in AGAIN.values() for name in names]
    rows = [(*name, None, DAY) for name in [*again, *OTHERS]]
    rows += [(None, None, " ".join(name), DAY) for name in [*again, *OTHERS]]
    rows += [(*name, None, "1980-04-06") for name in again]
    by_whole = [(None, None, " ".join(name), DAY) for name in OTHERS]
    assert let_in(suppression, BY_PERSON, *rows) == [*((*name, None, DAY) for name in OTHERS), *by_whole, *rows[-len(again) :]]  # fmt: skip


def test_rule_25_who_was_known_by_an_initial_alone_keeps_out_whoever_writes_it(suppression):
    erase(suppression, "A", "Berg")
    rows = [("A.", "Berg", None, DAY), ("Anna", "Berg", None, DAY), ("Anders", "Berg", None, DAY)]
    assert let_in(suppression, BY_PERSON, *rows) == rows[1:]


def test_rule_25_entries_that_an_earlier_version_wrote_suppress_as_before(suppression):
    suppression.add([("name", f"clara|lindqvist|{DAY}"), ("name", f"lindqvist|clara|{DAY}")], "erasure")
    rows = [("Clara", "Lindqvist", None, DAY), ("Lindqvist", "Clara", None, "05.04.1980"), ("Klara", "Lindqvist", None, DAY)]  # fmt: skip
    assert let_in(suppression, BY_PERSON, *rows) == rows[2:]


# formats of a mapping, and how the day is written in them
FORMATS = [
    (["%m/%d/%Y"], "04/05/1980"), (["%m/%d/%y"], "04/05/80"), (["%d %B %Y"], "5 April 1980"), (["%d%m%Y"], "05041980"), (["%Y/%m/%d"], "1980/04/05"),
    (["%d. %B %Y"], "5. huhtikuuta 1980"), (["%Y.%j"], "1980.096"), (["%d/%m %Y", "%b %d, %Y"], "Apr 05, 1980"),
]  # fmt: skip


@pytest.mark.parametrize(("formats", "written"), FORMATS)
def test_rule_25_a_birth_date_is_read_in_the_formats_of_its_mapping(suppression, formats, written):
    erase(suppression, "Anna", "Berg")
    people = {"entity": "people", "columns": {**MAPPED, "birth_date": {"column": "born", "formats": formats}}}
    register = {"entity": "address_updates", "columns": people["columns"]}
    others = [("Anna", "Berg", None, "1980-05-04"), ("Bo", "Berg", None, written)]
    rows = [("Anna", "Berg", None, written), ("Anna", "Berg", None, DAY), *others]
    # as mapped, where the table also says itself whose it is, and of a register, which has no key of a person
    for said in ({"maps": [people]}, {"maps": [people], "persons": [PERSON]}, {"maps": [register]}):
        assert let_in(suppression, table(**said), *rows) == others, said
