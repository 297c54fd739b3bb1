"""Identity numbers in text, however they are written: by what cleans a delivery, its first look in SQL, and the check on `bi`.

Numbers are of the tests: their serials are given to nobody. Not here: columns, hashes and files (test_national_ids.py).
"""

from __future__ import annotations

import pytest

from data_quality.checks import Suite
from data_quality.runner import QualityRun
from data_quality.suites.conformed import suites
from data_quality.suites.identity_numbers import holds_identity_number
from orchestration.core.settings import Engine, Settings, Source
from orchestration.privacy.intake.national_id_names import holds_national_ids
from orchestration.privacy.intake.national_ids import REMOVED, without_numbers
from orchestration.privacy.intake.special_categories import IDENTITY_NUMBER, NUMBER_SQL, cleaned
from tests.unit.privacy.test_national_ids import ANNA, swedish

_D, _R = ANNA[:6], ANNA[-4:]
_TEN = f"{_D}{_R}"
_GROUPS = f"{_TEN[0]} {_TEN[1:4]} {_TEN[4:7]} {_TEN[7:]}"
WRITTEN = [
    # over the end of a line
    f"{_D}-\n{_R}", f"{_D}-\r\n{_R}", f"{_D}\n-{_R}", f"{_D}\n{_R}", f"19{_D}-\n{_R}", "170540-\n26641", "131052-\n308T",
    # as a sole trader's number for VAT
    f"SE{_TEN}01", f"SE {_TEN}01", f"se{_TEN}01", f"SE{ANNA}01", f"SE{ANNA}-01", f"SE {_TEN} 01",
    # three digits a group
    _GROUPS, _GROUPS.replace(" ", "."), _GROUPS.replace(" ", ","), _GROUPS.replace(" ", "\u00a0"),
    " ".join(f"19{_TEN}"[n : n + 3] for n in range(0, 12, 3)), "17 054 026 641",
    # the rest aside
    f"{_D}, {_R}", f"19{_D}, {_R}", f"{_D} ({_R})", f"{_D}({_R})", f"{_D} [{_R}]", "170540, 26641", "131052, 308T",
    # as addresses of the web write it
    f"{_D}%2D{_R}", f"{_D}%2d{_R}", f"{_D}%252D{_R}", f"19{_D}%20{_R}", f"{_D}%2F{_R}",
    # Danish and Finnish ones
    "07.07.61-4285", "131052-308t", "hetu on 131052-308T", f"kund-{ANNA}", f"{ANNA}-kund", f"-{ANNA}-", f"pnr-19{ANNA}-ny", "131052-308T-kortti",
    "131052-308T:n", "070761-4285.",
]  # fmt: skip
# of these only what cleans a delivery tells that they are numbers: by the word before them, the way a Dane writes, or beside others
TOLD_BY_WORDS = [
    f"kl 10:30 {ANNA}",
    "12:30 131052-308T",
    "nr 46 070761-4285",
    "CPR-nummeret er 0102034567",
    "personnummeret: 0102034567",
    "01.02.03-4567",
    f"SE{_TEN}",
]
OF_NOBODY = [
    "SE556000476401", "SE556000-4764", "SE123456789001", "8 123 456 789 kr", "8.123.456.789", "1 234 567 890", "46 701 234 567", "192.168.100.200",
    "800101, 9805", "order 260501 (1235)", "130972,4802", "2026-05-01\n10:30", "rows 12\n34", "100 %20", "50%25 rabatt", "0%2D5", "800101%2D9805",
    "01.02.03-1030", "131052-308A", "a131052b308c", "kl 10:30\n24 december",
]  # fmt: skip


def _missed(con, where: str, texts: list[str]) -> list[str]:
    return [v for (v,) in con.execute(f"select v from (select unnest($1) as v) where not {where}", [texts]).fetchall()]


@pytest.mark.parametrize("written", WRITTEN + TOLD_BY_WORDS)
def test_a_number_leaves_text_and_the_rest_stays(written):
    text = f"hon skrev {written} och ringde kl 12"
    left, taken = cleaned(text)
    assert taken == [IDENTITY_NUMBER]
    assert left.startswith("hon skrev ") and left.endswith(" och ringde kl 12") and REMOVED in left
    assert not any(part in left for part in (_R, "26641", "308", "4285", "4567"))


def test_the_looks_in_sql_see_the_same(warehouse):
    texts = [f"hon skrev {written} och ringde kl 12" for written in WRITTEN]
    told = [f"hon skrev {written} och ringde kl 12" for written in TOLD_BY_WORDS]
    assert _missed(warehouse, f"regexp_matches(v, '{NUMBER_SQL}')", [*texts, *told]) == []
    assert _missed(warehouse, holds_identity_number(["v"]), texts) == []


JOINED = [f"12-{ANNA}", f"{ANNA}-1", f"a1b-{ANNA}", f"{ANNA}-4a1b", f"{ANNA}:30"]


def test_a_number_in_a_key_stays_where_data_enters_and_is_found_where_asked_for():
    assert [text for text in JOINED if cleaned(text)[1]] == []
    assert [without_numbers(text, within_keys=True) for text in JOINED] == [
        (text.replace(ANNA, REMOVED), 1) for text in JOINED
    ]
    assert [text for text in OF_NOBODY if without_numbers(text, within_keys=True)[1]] == []


def test_what_only_looks_like_a_number_stays(warehouse):
    assert [text for text in OF_NOBODY if cleaned(text)[1]] == []
    assert _missed(warehouse, holds_identity_number(["v"]), OF_NOBODY) == OF_NOBODY


@pytest.mark.parametrize(
    "column",
    ["fodt_nr", "født_nr", "fodselsnr", "fødselnr", "fodselnummer", "d_nr", "dnr", "D-nummer", "d_number", "persnum", "pers_num", "sosialnr", "sosialnummer", "socialnummer",
     "identifikationsnummer", "identifikasjonsnummer", "folkeregister_id", "folkeregisteridentifikator", "folkregisterId", "folkbokföringsnr", "sista_fyra", "Sista fyra", "sista4",
     "sista_fyra_siffror", "siste_fire", "siste4", "sidste_fire", "last_four_pnr", "pnr_last_four", "pnr_sista_fyra", "fnr_siste_fire", "cpr_sidste_4", "hetun_loppuosa",
     "henkilötunnuksen_loppuosa", "hetu_nro", "hetunro", "sotutunnus", "kennitala", "kennitölur", "kennitala_nr", "personident", "sygesikringsnr", "p_tal", "birth_no", "kund_persnum"],
)  # fmt: skip
def test_columns_are_known_by_what_nordic_systems_call_them(column):
    assert holds_national_ids(column)


@pytest.mark.parametrize(
    "column",
    ["person_id", "order_dnr_ref", "kundnr", "ordnr", "last_four", "card_last_four", "kort_sista_fyra", "last4", "sista_besok", "siste_kjop", "moms_identifikationsnummer",
     "folketal", "hetuva", "social_media", "birth_order", "fire", "four", "part", "end_of_day", "del_order", "identifikator", "personal", "fodt_by"],
)  # fmt: skip
def test_columns_of_other_things_stay(column):
    assert not holds_national_ids(column)


@pytest.mark.parametrize("written", ["-", "", "+"])
def test_a_source_whose_people_are_known_by_their_numbers_is_told_of(home, warehouse, written):
    """Through Great Expectations, which must read the SQL as it is."""
    theirs = [swedish(f"19{n}0{1 + n % 9}1{n % 9}", f"98{n % 10}").replace("-", written) for n in range(50, 60)]
    (check,) = [c for suite in suites(Settings(company="T", sources={"s": Source(connector="files", url="/in", tables={})}), {}) for c in suite.checks if c.name == "keys_are_no_identity_numbers"]  # fmt: skip
    warehouse.execute("create schema conformed; create table conformed.people as select unnest($1) as source_key", [[*theirs, "1001", "C-7"]])  # fmt: skip
    warehouse.execute("create table conformed.others as select (1000000000 + 7919 * n)::varchar as source_key from range(10) r(n) union all select $1", [theirs[0]])  # fmt: skip
    warehouse.close()
    told = [QualityRun(home, Engine(), "r").run([Suite("promise", "conformed", table, ("conformed", table), (check,))]) for table in ("people", "others")]  # fmt: skip
    assert [result.passed for (result,) in told] == [False, True]
