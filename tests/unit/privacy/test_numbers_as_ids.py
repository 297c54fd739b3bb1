"""A column of national identity numbers that is mapped by hand as a person's id does not enter, and people are told.

Proved by the bytes of the home, which no code of the intake reads. Not here: columns that are named for what they hold
(test_national_ids.py), what is proposed (tests/unit/proposals).
"""

from __future__ import annotations

import pytest

from data_quality.runner import QualityRun
from data_quality.suites import raw
from orchestration.core.home import Home
from orchestration.core.settings import Engine, Settings
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.run.set_aside import read_set_aside
from tests.unit.privacy.identity_numbers import swedish

_SWEDISH = [swedish(f"19{50 + n}0{1 + n % 9}1{n % 10}", f"98{n % 10}") for n in range(9)]
# with a check digit that no register gives since 2007, as a column without signs has them
_DANISH = "0702081234"
# (the type that is declared, how numbers are written, what of them would be found in bytes)
_SPELLINGS = {
    "as printed": ("VARCHAR", _SWEDISH),
    "with the century": ("VARCHAR", [f"19{number.replace('-', '')}" for number in _SWEDISH]),
    "within a key": ("VARCHAR", [f"kund-{number}" for number in _SWEDISH]),
    "as numbers": ("BIGINT", [number.replace("-", "").lstrip("0") for number in _SWEDISH]),
    "Norwegian": ("VARCHAR", ["17054026641"]),
    "Finnish": ("VARCHAR", ["131052-308T"]),
}


@pytest.fixture
def night(home: Home, tmp_path):
    """Loads rows of (key, id, name) as the file; what is told: (the load's notes, status, the failed checks of arrival)."""
    (tmp_path / "files").mkdir()
    maps = [{"entity": "people", "columns": {"source_key": "no", "person_id": "ref", "given_name": "given"}}]

    def go(rows: list[tuple[str, str, str]], kind: str = "VARCHAR") -> tuple[list[str], list[str], list[str]]:
        table = {"path": "*.csv", "key": ["no"], "columns": {"no": "BIGINT", "ref": kind, "given": "VARCHAR"}, "maps": maps}  # fmt: skip
        source = {"connector": "files", "url": str(tmp_path / "files"), "tables": {"people": table}}
        settings = Settings.model_validate({"company": "T", "sources": {"shop": source}})
        name = f"{len(list((tmp_path / 'files').iterdir()))}.csv"
        lines = "".join(f"{','.join(row)}\n" for row in rows)
        (tmp_path / "files" / name).write_text(f"no,ref,given\n{lines}")
        with open_warehouse(home, Engine()) as con:
            # what is compressed no search of bytes finds
            con.execute("set force_compression = 'uncompressed'")
            prepare_raw(con, settings)
            notes = extract_source(con, home, settings, "shop")["people"].notes
            told = [str(one) for one in read_set_aside(con)]
        run = QualityRun(home, Engine(), "r1")
        results = run.run(raw.suites(settings, {}))
        run.close()
        return notes, told, [r.check.name for r in results if not r.passed and "identity" in r.check.name]

    return go


def held_in(home: Home, *words: str) -> list[str]:
    """Those of the words that stand in a file of the home."""
    held = b"\n".join(path.read_bytes() for path in home.root.rglob("*") if path.is_file())
    return [word for word in words if word.encode() in held]


@pytest.mark.parametrize("spelling", _SPELLINGS)
def test_rule_18_numbers_mapped_as_a_persons_id_are_in_no_file_of_the_home(home, night, spelling):
    kind, ids = _SPELLINGS[spelling]
    rows = [(str(n), one, f"Vera{n}") for n, one in enumerate(ids)]
    # other ids beside them, an empty one, and a line that cannot be read, which is kept whole
    rows += [("90", "31", "Egon"), ("91", "", "Ture"), ("x", ids[0], "Sixten")]
    notes, told, failed = night(rows, kind)
    assert (len(notes), failed) == (1, ["person_id_is_no_identity_number"])
    assert f"its {len(ids) + 1} values do not enter" in notes[0] and notes[0] in told[0]
    assert told[0].startswith(f"shop people: {len(ids) + 1} values do not enter: ref is mapped as person_id")
    bare = [one.removeprefix("kund-") for one in ids]
    if kind == "BIGINT":
        with open_warehouse(home, Engine()) as con:
            assert con.execute("select count(ref), count(*) from raw_shop.people").fetchall() == [(0, len(rows) - 1)]
    assert held_in(home, *bare, "Vera0", "Egon", "Ture", "Sixten") == ["Vera0", "Egon", "Ture", "Sixten"]


def test_a_few_new_rows_are_taken_for_what_the_column_was_and_other_ids_stay(home, night):
    night([(str(n), one, "Vera") for n, one in enumerate(_SWEDISH)])
    notes, _, failed = night([("30", _DANISH, "Egon")])
    assert (len(notes), failed, held_in(home, _DANISH, "Egon")) == (1, ["person_id_is_no_identity_number"], ["Egon"])
    # a whole column of something else is none, though one of many is a number by its check digits
    ids = [f"{7310000000 + 17 * n}" for n in range(300)] + [_SWEDISH[0].replace("-", "")]
    assert night([(str(100 + n), one, "Ture") for n, one in enumerate(ids)]) == ([], [], [])
    assert held_in(home, ids[0], ids[-1]) == [ids[0], ids[-1]]


def test_numbers_that_entered_with_an_earlier_version_are_told(home, night):
    assert night([("1", "31", "Egon")]) == ([], [], [])
    with open_warehouse(home, Engine()) as con:
        con.execute(
            f"insert into raw_shop.people by name select unnest(range(50, 59)) as no, unnest({_SWEDISH}) as ref"
        )
    assert night([("2", "32", "Ture")]) == ([], [], ["person_id_is_no_identity_number"])
