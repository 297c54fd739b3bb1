"""National identity numbers stay out; where a table opts in, keyed hashes of valid ones confirm and veto who is who."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from stdnum import luhn

from data_quality.checks import Suite
from data_quality.runner import QualityRun
from data_quality.suites.grades import _no_personal_number, _no_personal_value
from data_quality.suites.identity_numbers import holds_identity_number
from orchestration.core.errors import ConfigurationError, KundbildError
from orchestration.core.settings import Engine, Privacy, Settings, Source, Table
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.extract.left_out import LeftOut
from orchestration.extract.pages import arrow_schema, page_to_arrow
from orchestration.extract.systems import complete_sources
from orchestration.privacy.intake.national_id_names import holds_national_ids
from orchestration.privacy.intake.national_ids import REMOVED, canonical_number
from orchestration.privacy.intake.special_categories import IDENTITY_NUMBER, NUMBER_SQL, cleaned
from tests.unit.people import person

PEPPER = "a pepper of the tests, thirty-two long"
COLUMNS = {"id": "BIGINT", "name": "VARCHAR", "personnummer": "VARCHAR", "land": "VARCHAR"}


def swedish(day: str, serial: str) -> str:
    """A number with its right check digit; serials from 980 on are given to nobody."""
    digits = day[2:] + serial
    return digits[:6] + "-" + serial + luhn.calc_check_digit(digits)


ANNA, BO = swedish("19800101", "980"), swedish("19900202", "981")


@pytest.mark.parametrize(
    ("column", "holds"),
    [("Personnummer", True), ("person_nr", True), ("CPR-nr", True), ("fødselsnummer", True), ("soc_sec_id", True),
     ("SSN", True), ("postnummer", False), ("phone_number", False), ("person_id", False), ("order_number", False), ("pnr", True), ("fnr", True), ("civic_registration_number", True), ("customer_pnr", True),
     ("contactSSN", True), ("personnummer_2", True), ("Personal Identity Code", True), ("fødselsnr", True), ("partner", False),
     ("pnr_status", False), ("cpr", True), ("personal_message", False),
     ("cpr_no", True), ("cpr_number", True), ("national_identity_no", True), ("national_identification_number", True), ("födelsenummer", True),
     ("samordningsnr", True), ("pnr_hash", True), ("ssn_last4", True), ("last_value", False), ("hash", False),
     ("personal_identification_number", True), ("id_nr", True), ("ID-nummer", True), ("national_insurance_number", True), ("cpr_nr", True), ("hetu", True),
     ("fodselsnummer", True), ("foedselsnummer", True), ("fødsels- og personnummer", True), ("national_id_nr", True), ("kund_personbeteckning", True),
     # with how many digits, or which one it is, behind it
     ("personnummer10", True), ("pnr12", True), ("Pnr10", True), ("personnr_10", True), ("personNr10", True), ("personnummer_12_siffror", True),
     ("pnr10siffror", True), ("ssn4", True), ("fnr11", True), ("hetu2", True), ("kund_pnr2", True), ("ssn_sha256", True), ("cpr_md5", True),
     ("id_number", True), ("ID number", True), ("IdNumber", True), ("id_number_2", True), ("id_no", True), ("pnr_kort", True),
     ("customer_id_number", False), ("order_id_number", False), ("id2", False), ("nr10", False), ("address2", False), ("last4", False), ("sha256", False),
     ("persnummer", True), ("PNR_NO", True), ("kund_persnummer", True), ("kundPersNummer", True), ("kundpersonnummer", True), ("kundpnr", True), ("p_nummer", True),
     ("cpr_id", True), ("hetu_numero", True), ("personnumret", True), ("fødselsnummeret", True), ("henkilönumero", True), ("civic_nr", True), ("ssn_code", True),
     ("personal_id_no", True), ("medlem_fnr", True), ("customerSSN", True), ("pers_nr_no", True), ("asiakashetu", True), ("samordnings_nr", True),
     ("order_no", False), ("customer_no", False), ("person_no_of_visits", False), ("member_number", False), ("employee_id", False), ("code", False),
     ("partnr", False), ("kundnr", False), ("personalnummer", False), ("national_code", False), ("field", False),
     ("customer_id_nr", False), ("nr", False), ("vino", False), ("id", False)],
)  # fmt: skip
def test_such_columns_are_known_by_their_names(column, holds):
    assert holds_national_ids(column) is holds


def test_one_number_has_one_form_and_a_false_one_none():
    long = "19" + ANNA.replace("-", "")
    assert canonical_number(ANNA, "SE") == canonical_number(long, "SE") == canonical_number(f" {ANNA} ", "SE") == long
    assert canonical_number(ANNA.replace("-", "+"), "SE") == "18" + ANNA.replace("-", "")  # of a hundred and more
    wrong = ANNA[:-1] + str((int(ANNA[-1]) + 1) % 10)
    assert canonical_number(wrong, "SE") is None
    assert canonical_number(ANNA, "NO") is None and canonical_number(ANNA, "") is None
    coordination = swedish("19800161", "982")
    assert canonical_number(coordination, "SE") == "19" + coordination.replace("-", "")
    assert canonical_number("131052-308T", "FI") == "131052-308T"
    # a temporary one of a hospital is in no register: two people may have it
    assert canonical_number("311280-999J", "FI") is None


def wide(written: str) -> str:
    """In signs of full width, as some keyboards write."""
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in written)


_D, _R = ANNA[:6], ANNA[-4:]
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
    assert warehouse.execute(looks.format(f"regexp_matches(v, '{NUMBER_SQL}')"), [every]).fetchall() == []
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
    assert warehouse.execute(looks.format(f"regexp_matches(v, '{NUMBER_SQL}')"), [every]).fetchall() == []
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
    assert warehouse.execute(seen.format(f"regexp_matches(v, '{NUMBER_SQL}')"), [GLUED]).fetchall() == []
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


def everything(con) -> str:
    """All that the warehouse holds, as one text."""
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() where not internal and not temporary"
    ).fetchall()
    return "\n".join(str(con.execute(f'from "{schema}"."{table}"').fetchall()) for schema, table in tables)


@pytest.fixture
def load(home, warehouse, tmp_path):
    def go(source: Source, pepper: str | None = None):
        settings = Settings(company="T", sources={"s": source}, privacy=Privacy(pepper=pepper))
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, "s")["t"]

    return go


def csv(tmp_path, content: str, **table) -> Source:
    folder = tmp_path / "in"
    folder.mkdir(exist_ok=True)
    (folder / f"{len(list(folder.iterdir()))}.csv").write_text(content)
    spec = Table(columns=COLUMNS, key=["id"], path="*.csv", **table)
    return Source(connector="files", url=str(folder), tables={"t": spec})


ROWS = f"id,name,personnummer,land\n1,Anna,{ANNA},SE\n2,Bo,{BO},SE\nx,Cy,{ANNA},SE\n3,Di,{ANNA[:-1]}x,SE\n"


def test_a_column_of_whole_numbers_that_are_identity_numbers_stays_empty_whatever_it_is_called(
    load, warehouse, tmp_path
):
    """Zeros that they began with are lost; so are those of a number that came as a decimal one."""
    people = [swedish(f"{1950 + n}0{1 + n % 9}1{n % 10}", f"98{n % 10}").replace("-", "") for n in range(40)]
    people += ["0001019803"[:6] + "980" + luhn.calc_check_digit("000101980")]
    norwegian, danish = "17054026641", "0707614285"
    columns = {"id": "BIGINT", "ref_x": "BIGINT", "ref_y": "DOUBLE", "ref_z": "DECIMAL(18, 0)", "article": "BIGINT", "day_number": "BIGINT", "amount": "DOUBLE"}  # fmt: skip
    lines = [
        f"{n},{int(person)},{int(danish)}.0,{norwegian},{7310000000 + 17 * n},2603{1 + n % 28:02d}{n:04d},{170540 + n}.5"
        for n, person in enumerate(people)
    ]
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "1.csv").write_text(f"{','.join(columns)}\n" + "\n".join(lines) + "\n")
    source = Source(connector="files", url=str(folder), tables={"t": Table(columns=columns, key=["id"], path="*.csv")})
    assert load(source).inserted == len(people)
    counted = "count(ref_x), count(ref_y), count(ref_z), count(article), count(day_number), count(amount)"
    assert warehouse.execute(f"select {counted} from raw_s.t").fetchall() == [(0, 0, 0, *[len(people)] * 3)]
    held = everything(warehouse)
    assert norwegian not in held and str(int(danish)) not in held and not any(str(int(p)) in held for p in people)


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


def test_a_file_with_numbers_leaves_none_behind_not_even_in_rejected_lines(load, warehouse, tmp_path):
    counts = load(csv(tmp_path, ROWS))
    assert counts.dropped_columns == ["personnummer"] and counts.rejected == 1 and counts.inserted == 3
    columns = [row[0] for row in warehouse.execute("describe raw_s.t").fetchall()]
    assert "personnummer" not in columns and "name" in columns
    held = everything(warehouse)
    assert "Anna" in held and "Cy" in held  # what else is there is kept, the rejected line too
    assert ANNA not in held and BO not in held and ANNA.replace("-", "") not in held


def test_a_column_that_comes_undeclared_stays_out_too(load, warehouse, tmp_path):
    source = csv(tmp_path, f"id,name,personnummer,land,ssn\n1,Anna,{ANNA},SE,078-05-1120\n")
    assert load(source).dropped_columns == ["personnummer", "ssn"]
    assert "078-05-1120" not in everything(warehouse)


def test_a_database_is_not_even_asked_for_them(load, warehouse, tmp_path):
    path = tmp_path / "crm.sqlite"
    with sqlite3.connect(path) as con:
        con.execute("create table t (id integer, name text, personnummer text, land text)")
        con.execute("insert into t values (1, 'Anna', ?, 'SE')", [ANNA])
    con.close()
    source = Source(connector="sql", url=f"sqlite:///{path}", tables={"t": Table(columns=COLUMNS, key=["id"])})
    assert load(source).inserted == 1
    assert ANNA not in everything(warehouse) and "Anna" in everything(warehouse)


def test_a_page_of_an_api_is_not_kept_with_them(warehouse):
    table = Table(columns={"id": "BIGINT", "personnummer": "VARCHAR"}, key=["id"])
    page = [{"id": 1, "personnummer": ANNA, "ssn": "078-05-1120"}]
    arrow = page_to_arrow(
        page, arrow_schema(warehouse, table), "shop", "people", table, 0.5, LeftOut(warehouse, "shop", "people", table)
    )
    assert arrow.column_names == ["id"] and arrow.num_rows == 1


def test_a_table_that_opts_in_keeps_keyed_hashes_of_valid_numbers(load, warehouse, tmp_path):
    opted = {"national_id": {"column": "personnummer", "country_column": "land"}}
    counts = load(csv(tmp_path, ROWS, **opted), PEPPER)
    assert counts.invalid_national_ids == 1
    kept = warehouse.execute("select source_key, country_code, keyed_hash from restricted.national_ids order by 1").fetchall()  # fmt: skip
    assert [row[:2] for row in kept] == [("1", "SE"), ("2", "SE")]
    assert all(len(row[2]) == 64 for row in kept) and kept[0][2] != kept[1][2]
    held = everything(warehouse)
    assert ANNA not in held and BO not in held
    # written otherwise it is the same; another number replaces the one before; none takes it away
    long = "19" + ANNA.replace("-", "")
    load(csv(tmp_path, f"id,name,personnummer,land\n2,Bo,{long},se\n1,Anna,,SE\n", **opted), PEPPER)
    assert warehouse.execute("select source_key, keyed_hash from restricted.national_ids").fetchall() == [
        ("2", kept[0][2])
    ]


def test_another_pepper_is_refused_and_nothing_is_loaded(load, warehouse, tmp_path):
    opted = {"national_id": {"column": "personnummer", "country": "SE"}}
    load(csv(tmp_path, ROWS, **opted), PEPPER)
    with pytest.raises(KundbildError, match="not the one that this warehouse's hashes"):
        load(csv(tmp_path, f"id,name,personnummer,land\n9,Eva,{BO},SE\n", **opted), PEPPER[::-1])
    assert warehouse.execute("select count(*) from raw_s.t where id = 9").fetchall() == [(0,)]


def test_what_cannot_be_kept_cannot_be_configured(tmp_path):
    def settings(pepper: str | None = None, **table) -> Settings:
        spec = {"columns": COLUMNS, "key": ["id"], **table}
        source = {"connector": "files", "url": "/in", "tables": {"t": spec}}
        return Settings.model_validate({"company": "T", "sources": {"s": source}, "privacy": {"pepper": pepper}})

    number = {"column": "personnummer", "country": "SE"}
    with pytest.raises(ValueError, match="at least 32 characters"):
        settings("short", national_id=number)
    with pytest.raises(ValueError, match="either country or country_column"):
        settings(PEPPER, national_id={"column": "personnummer"})
    with pytest.raises(ValueError, match="one key column, which is another"):
        settings(PEPPER, key=["personnummer"], national_id=number)
    assert PEPPER not in repr(settings(PEPPER, national_id=number))
    mapped = {"entity": "people", "columns": {"source_key": "id", "phone": "personnummer"}}
    with pytest.raises(ConfigurationError, match="national identity numbers: they are never kept"):
        complete_sources(settings(maps=[mapped]), Path("kundbild.toml"), "")


@pytest.fixture
def numbered(resolve, warehouse):
    """Resolves people, of whom `numbers` says whose number a record has, by its key."""

    def go(numbers: dict[str, str], *people: dict) -> dict[str, str]:
        resolve(*people)
        warehouse.execute("delete from restricted.national_ids")
        for key, number in numbers.items():
            warehouse.execute("insert into restricted.national_ids values ('crm', ?, 'SE', ?)", [key, number])
        return resolve(*people)

    return go


def test_a_number_confirms_names_that_may_be_one(numbered, warehouse):
    ids = numbered({"1": "a", "2": "a", "3": "a"}, person("1"), person("2", family="Lind"), person("3", given="Bo"))
    assert ids["1"] == ids["2"] != ids["3"]
    assert ("same national identity number",) in warehouse.execute("select rule from identity.edges").fetchall()


def test_another_number_parts_what_else_agrees_through_others_too(numbered):
    people = [person(key, email="anna@berg.se", phone="+46701112233") for key in "123"]
    ids = numbered({"1": "a", "2": "b"}, *people)
    assert ids["1"] != ids["2"] and ids["3"] in (ids["1"], ids["2"])


def test_an_identity_number_in_what_is_published_is_seen_by_the_check_that_runs(home, warehouse):
    """Through Great Expectations, which must read the SQL as it is."""
    warehouse.execute(
        f"create schema bi; create table bi.t as select unnest(['tält', 'till {_D} / {_R}', null]) as note, '{_D}{_R}' as source_key"
    )
    warehouse.close()
    checks = _no_personal_value([{"name": name, "data_type": "varchar"} for name in ("note", "source_key")])
    (found,) = QualityRun(home, Engine(), "r").run([Suite("consent", "bi", "t", ("bi", "t"), tuple(checks))])
    assert not found.passed and 1 in found.observed.values()


@pytest.mark.parametrize("kind", ["bigint", "double", "decimal(18, 2)"])
def test_a_published_column_of_identity_numbers_as_numbers_is_seen_by_the_check_that_runs(home, warehouse, kind):
    """They lost their zeros; amounts, a few numbers that are right by chance and other records' numbers stay."""
    theirs = [swedish(f"20{n:02d}0{n}0{n}", f"98{n}").replace("-", "") for n in range(1, 8)]
    theirs += ["17054026641", "0707614285", "19" + ANNA.replace("-", "")]
    others = [10**9 + 7919 * n for n in range(10)]
    warehouse.execute(
        f"create schema bi; create table bi.t as select unnest($1::varchar[])::{kind} as theirs, unnest($2::bigint[])::{kind} + 0.5 as amount, "
        f"unnest($2::bigint[])::{kind} as article, (case when i < 2 then $1[i + 1] else $2[i + 1]::varchar end)::{kind} as few "
        "from (select unnest(range(10)) as i)",
        [theirs, others],
    )
    warehouse.close()
    for name in ("theirs", "amount", "article", "few", "none_count"):
        checks = _no_personal_number([{"name": name, "data_type": kind}])
        found = QualityRun(home, Engine(), "r").run([Suite("consent", "bi", "t", ("bi", "t"), tuple(checks))])
        assert [check.passed for check in found] == ([] if name == "none_count" else [name != "theirs"]), name
