"""National identity numbers stay out; where a table opts in, keyed hashes of valid ones confirm and veto who is who.

Not here: numbers in text (test_national_ids_in_text.py).
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from stdnum import luhn

from data_quality.checks import Suite
from data_quality.runner import QualityRun
from data_quality.suites.grades import _no_personal_number, _no_personal_value
from orchestration.core.errors import ConfigurationError, KundbildError
from orchestration.core.settings import Engine, Settings, Source, Table
from orchestration.extract.left_out import LeftOut
from orchestration.extract.pages import arrow_schema, page_to_arrow
from orchestration.extract.systems import complete_sources
from orchestration.privacy.intake.national_id_names import holds_national_ids
from orchestration.privacy.intake.national_ids import canonical_number
from tests.unit.people import person
from tests.unit.privacy.identity_numbers import ANNA, BO, COLUMNS, PEPPER, csv, everything, swedish


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


_D, _R = ANNA[:6], ANNA[-4:]


def test_an_identity_number_in_what_is_published_is_seen_by_the_check_that_runs(home, warehouse):
    """Through Great Expectations, which must read the SQL as it is."""
    warehouse.execute(
        f"create schema bi; create table bi.t as select unnest(['tält', 'till {_D} / {_R}', null]) as note, '{_D}{_R}' as source_key"
    )
    warehouse.close()
    checks = _no_personal_value([{"name": name, "data_type": "varchar"} for name in ("note", "source_key")])
    (found,) = QualityRun(home, Engine(), "r").run([Suite("consent", "bi", "t", ("bi", "t"), tuple(checks))])
    assert not found.passed and 1 in found.observed.values()


def test_the_digits_of_a_run_are_nobodys_number(warehouse):
    """A run's id is random: one in some hundreds has the form of an identity number or of a phone number, and would hold the night."""
    warehouse.execute(f"create table t as select '{_D}{_R}-0000-4000-8000-+46701234567' as run_id, 'tält' as subject")
    columns = [{"name": name, "data_type": "varchar"} for name in ("run_id", "subject")]
    (check,) = _no_personal_value(columns)
    assert warehouse.execute(f"select count(*) from t b where {check.breaks}").fetchone() == (0,)


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
