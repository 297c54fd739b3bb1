"""Identity numbers in text, however they are written: by what cleans a delivery, its first look in SQL, and the check on `bi`.

Numbers are of the tests: their serials are given to nobody. Not here: columns, hashes and files (test_national_ids.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from data_quality.checks import Suite
from data_quality.runner import QualityRun
from data_quality.suites.conformed import suites
from data_quality.suites.identity_numbers import holds_identity_number
from orchestration.core.settings import Engine, Quality, Settings, Source
from orchestration.privacy.intake.national_id_names import holds_national_ids
from orchestration.privacy.intake.national_id_patterns import FEW, SIGNS_SQL, WRITTEN_SQL
from orchestration.privacy.intake.national_ids_in_text import REMOVED, without_numbers
from orchestration.privacy.intake.special_categories import IDENTITY_NUMBER, cleaned
from tests.unit.privacy.identity_numbers import ANNA, csv, swedish

# in a column that the first does not match the second is not looked for
_LOOKS = f"(regexp_matches(v, '{SIGNS_SQL}') and regexp_matches(v, '{WRITTEN_SQL}'))"
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
    assert _missed(warehouse, _LOOKS, [*texts, *told, *WRITTEN]) == []
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


def wide(written: str) -> str:
    """In signs of full width, as some keyboards write."""
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in written)


SEPARATORS = ["_", "/", "·", "•", "‧", "∙", "⋅", "・", "\u2010", "\u2011", "–", "—", "\u2015", "\u2212", ":", "~", "*", "--", "_-", "\uff1a", "\uff3f", "\ufe63"]  # fmt: skip
HOWEVER_WRITTEN = [
    ANNA, f"19{_D}{_R}", f"19{ANNA}", f"19 {ANNA}", f"{_D} - {_R}", f"{_D}/{_R}", f"{_D} / {_R}", f"80 01 01 {_R}", f"1980-01-01-{_R}",
    f"1980.01.01 {_R}", f"80/01/01-{_R}", f"{_D} {_R[:3]} {_R[3]}", " ".join(_D + _R), " ".join(f"19{_D}{_R}"), wide(ANNA), wide(f"19{_D}/{_R}"),
    f"{_D}\u202f{_R}", f"{_D}\u2013{_R}", "131052-308T", "311280-999J", "131052 - 308T", wide("131052-308T"), "170540 26641", "17054026641", "17.05.40 26641", "170540 266 41",
    "070761-4285", "070761 4285", "170540.26641", "170540. 26641", f"{_D}.{_R}", f"19{_D}.{_R}", "17.05.40.26641",
    *(f"{_D}{sign}{_R}" for sign in SEPARATORS), *(f"19{_D} {sign} {_R}" for sign in SEPARATORS), *(f"131052{sign}308T" for sign in SEPARATORS),
    *(f"170540{sign}26641" for sign in SEPARATORS), *(f"070761{sign}4285" for sign in SEPARATORS), f"1980_01_01_{_R}", f"80·01·01·{_R}",
]  # fmt: skip
NUMBERS_OF_NOBODY = [
    "ring 070-123 45 67", "070 123 45 67", "den 2024-12-24 10:30", "24.12.24 1030", "lot 010180/1234", "+46 70 123 45 67", "08-123 45 67", "12 34 56 78",
    "kl 10 30 24 12 24 10", "Vår 2026-05-01", "sum 130972.48", "130972.48023", "192.168.10.2000", "10.12.24.1030",
    "order_010180_1234", "order 123456_7890", "811399_1234", "v_2026_05", "IMG_20260501_103012", "10:30:24", "101224:10:30", "010180·1234", "010180:1234", "010180_1234",
    "811218 - 99 kr", "130972,4802", "101224_99", "2 * 800101", "800101*3", "20260501_99_1234567", "00:1A:2B:80:01:01", "ratio 123456:1234",
]  # fmt: skip


def test_a_number_is_found_in_text_however_it_is_written(warehouse):
    """By what cleans a delivery, by its first look in SQL, and by the check on what is published, which shares nothing with them."""
    texts = {written: f"her number is {written}, she says; call at 12" for written in HOWEVER_WRITTEN}
    assert [written for written, text in texts.items() if cleaned(text)[1] != [IDENTITY_NUMBER]] == []
    assert [
        text for text in texts.values() if cleaned(text)[0] != f"her number is {REMOVED}, she says; call at 12"
    ] == []
    assert [text for text in NUMBERS_OF_NOBODY if cleaned(text)[1]] == []
    looks = "select v from (select unnest($1) as v) where not {}"
    every = [*texts.values(), *texts]
    assert warehouse.execute(looks.format(_LOOKS), [every]).fetchall() == []
    assert warehouse.execute(looks.format(holds_identity_number(["v"])), [every]).fetchall() == []
    # ten digits without a sign between them may be an article's
    none = [*NUMBERS_OF_NOBODY, _D + _R, ""]
    found = warehouse.execute(looks.format(holds_identity_number(["v"])), [none]).fetchall()
    assert [text for (text,) in found] == none
    # in whichever column it stands, and none of the parts of two columns
    several = "select count(*) from (select unnest($1) as v, unnest($2) as w) where "
    for columns in (["v", "w"], ["w", "v"]):
        held = holds_identity_number(columns)
        assert warehouse.execute(several + held, [every, [None] * len(every)]).fetchall() == [(len(every),)]
        assert warehouse.execute(several + held, [["at 12"] * len(every), every]).fetchall() == [(len(every),)]
        assert warehouse.execute(several + held, [[_D, _R], [_R, _D]]).fetchall() == [(0,)]


DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
# in digits of other scripts, with signs as HTML writes them, and with every dash that is used for a hyphen
OTHERWISE_WRITTEN = [
    ANNA.translate(DIGITS), f"19{_D}{_R}".translate(DIGITS), f"{_D}-{_R}".translate(str.maketrans("0123456789", "०१२३४५६७८९")),
    f"{_D}-{_R}".translate(str.maketrans("0123456789-", "０１２３４５６７８９－")), f"{_D}{_R.translate(DIGITS)}",
    *(f"{_D}{sign}{_R}" for sign in ("&#45;", "&#x2d;", "&ndash;", "&#8211;", "&minus;", "&nbsp;", "&#160;", "&shy;", "&amp;#45;", "–", "—", "‑", "−", "‐")),
    "".join(f"&#{ord(sign)};" for sign in ANNA), "".join(f"&#x{ord(sign):X};" for sign in ANNA), f"&#{ord(_D[0])};{_D[1:]}-{_R}",
    f"{_D}-{_R[:3]}&#{ord(_R[3])};",
]  # fmt: skip


def test_a_number_is_found_in_digits_of_any_script_and_with_signs_of_html(load, warehouse, tmp_path):
    """And what stands beside it is as it was written."""
    texts = {written: f"R&amp;D &#39;٧٧&#39;: {written}, ring &lt;12&gt;" for written in OTHERWISE_WRITTEN}
    left = f"R&amp;D &#39;٧٧&#39;: {REMOVED}, ring &lt;12&gt;"
    assert [written for written, text in texts.items() if cleaned(text) != (left, [IDENTITY_NUMBER])] == []
    looks, every = "select v from (select unnest($1) as v) where not {}", [*texts.values(), *texts]
    assert warehouse.execute(looks.format(_LOOKS), [every]).fetchall() == []
    # and by the check on what is published; ten digits without a sign between them may be an article's
    parted = [text for text in every if f"{_D}{_R.translate(DIGITS)}" not in text]
    assert warehouse.execute(looks.format(holds_identity_number(["v"])), [parted]).fetchall() == []
    harmless = [
        "5&nbsp;000 kr",
        "R&D 2026",
        "800101&#45;1235",
        "&#49;&#50; st",
        "٢٠٢٦-٠١-٠١ 10:00",
        "call 12&ndash;14 on 2026&#45;01&#45;01",
    ]
    assert [text for text in harmless if cleaned(text)[1]] == []
    found = warehouse.execute(looks.format(holds_identity_number(["v"])), [harmless]).fetchall()
    assert [text for (text,) in found] == harmless


GLUED = [
    f"pnr{ANNA}", f"pnr{_D}{_R}", f"pnr19{ANNA}", f"PNR_19{_D}{_R}", f"personnr{ANNA}, ring", f"hon\t{ANNA}\t12", f"\u200b{ANNA}\u200b", f"\ufeff19{ANNA}",
    f"{_D}\u200b-{_R}", f"{_D}\t{_R}", f"{_D}\u00ad{_R}", f"id{ANNA}", f"SE19{_D}{_R}", "fnr17054026641", "fnr170540 26641", "hetu131052-308T", "cpr070761-4285",
    f"pnr_{_D}_{_R}", f"kund_{_D}_{_R}", f"{_D}_{_R}_kund", "fnr_170540_26641", "hetu_131052_308T",
]  # fmt: skip


def test_a_number_is_found_behind_letters_tabs_and_signs_without_a_width(load, warehouse, tmp_path):
    assert [text for text in GLUED if REMOVED not in cleaned(text)[0] or cleaned(text)[1] != [IDENTITY_NUMBER]] == []
    seen = "select v from (select unnest($1) as v) where not ({})"
    assert warehouse.execute(seen.format(_LOOKS), [GLUED]).fetchall() == []
    # ten digits alone may be an article's: of these the check sees none
    parted = [text for text in GLUED if f"pnr{_D}{_R}" != text]
    assert warehouse.execute(seen.format(holds_identity_number(["v"])), [parted]).fetchall() == []
    # keys, digests and random ids
    keys = [f"ab12cd{ANNA}", f"art{_D}{_R}", f"{_D}{_R}ab12", f"ab{_D}-{_R}-4a1b-9c3d-0123456789ab", "lot010180-1234"]
    assert [key for key in keys if cleaned(key)[1]] == []
    assert (
        warehouse.execute(
            f"select v from (select unnest($1) as v) where {holds_identity_number(['v'])}", [keys]
        ).fetchall()
        == []
    )
    # in a line that was rejected too, where a key stays
    load(csv(tmp_path, f"id,name,personnummer,land\nC1234567890,pnr{ANNA} {_D}_{_R},,note_19{ANNA}\n"))
    ((content,),) = warehouse.execute("select content from quarantine.rejected_rows").fetchall()
    assert _R not in content and "C1234567890" in content and content.count(REMOVED) == 3


def test_no_time_of_day_is_taken_for_a_number(warehouse):
    """Of a date and two pairs of digits every tenth has the check digit of a Swedish number."""
    forms = [
        "%d.%m.%Y %H:%M",
        "%Y-%m-%d %H:%M:%S",
        "%d/%m/%Y %H.%M",
        "%d-%m-%Y %H.%M",
        "%d.%m.%y %H:%M",
        "%Y/%m/%d %H:%M",
        "%d %m %Y %H:%M",
    ]
    times = [
        (datetime(2025, 1, 1) + timedelta(hours=7 * n, minutes=13 * n)).strftime(f) for f in forms for n in range(1000)
    ]
    assert [written for written in times if cleaned(written)[1]] == []
    warehouse.execute("create table t as select unnest($1::varchar[]) as written", [[w for w in times if w[2] != " "]])
    assert warehouse.execute(f"select written from t b where {holds_identity_number(['b.written'])}").fetchall() == []


def test_an_identity_number_leaves_a_column_and_lines_of_more_numbers_than_are_read_in_python(load_files, warehouse):
    rows = [f"{n},ring 0701112233" for n in range(FEW + 50)]
    lines = [f"x{n},ring 0701112233" for n in range(FEW + 50)]
    content = "\n".join(["id,name", *rows, f"9999,jag {ANNA} tack", *lines, f"x9999,jag {ANNA} tack"]) + "\n"
    counts = load_files(
        {"a.csv": content}, columns={"id": "BIGINT", "name": "VARCHAR"}, quality=Quality(max_reject_share=0.9)
    )
    assert counts.removed == {("name", IDENTITY_NUMBER): 1} and counts.rejected == len(lines) + 1
    told = warehouse.execute("select name, count(*) from raw_s.t group by 1").fetchall()
    assert dict(told) == {"ring 0701112233": len(rows), f"jag {REMOVED} tack": 1}
    kept = "select count(*), count(*) filter (contains(content, '0701112233')), count(*) filter (contains(content, $1)) from quarantine.rejected_rows"
    assert warehouse.execute(kept, [REMOVED]).fetchall() == [(len(lines) + 1, len(lines), 1)]
    assert not warehouse.execute(
        "select 1 from quarantine.rejected_rows where contains(content, $1)", [ANNA]
    ).fetchall()
