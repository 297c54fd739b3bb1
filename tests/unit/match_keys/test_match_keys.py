"""Match keys by what people and systems write: spellings in, one key out; what is not certain denies and never grants."""

from __future__ import annotations

import unicodedata

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.match_keys import all_name_keys, define_match_keys, name_keys
from orchestration.match_keys.phones import read_phones
from tests.unit.spellings import CON, key


@pytest.mark.parametrize(
    ("one", "other"),
    [("Aase", "Åse"), ("Moeller", "Møller"), ("Anna-Karin", "Anna Karin"), ("Kaer", "Kær"), ("Müller", "Mueller"), ("Þór", "Thor"),
     ("BJÖRK\u200b", "bjørk"), ("\ufeffÅsa", "A\u030asa"), ("Łukasz", "Lukasz"), ("Weiß", "Weiss"), ("  Ek  ", "ek")],
)  # fmt: skip
def test_names_spelled_otherwise_have_one_key(one, other):
    assert key("match_keys.words_key($v)", one) == key("match_keys.words_key($v)", other) is not None
    assert key("match_keys.words_key($v)", "Berg") != key("match_keys.words_key($v)", "Bergs")


@settings(max_examples=60)
@given(
    st.text("abcdefghijklmnopqrstuvwxyzåäöæøéüð", min_size=1, max_size=12),
    st.sampled_from(["NFC", "NFD"]), st.sampled_from(["", "\u200b", "\u00ad", "\ufeff"]), st.sampled_from([str.upper, str.title, str.lower]),
)  # fmt: skip
def test_a_name_has_one_key_however_it_is_composed(name, form, invisible, case):
    written = (
        f" {unicodedata.normalize(form, case(name))[:1]}{invisible}{unicodedata.normalize(form, case(name))[1:]}\u00a0"
    )
    assert key("match_keys.words_key($v)", written) == key("match_keys.words_key($v)", name)


@pytest.mark.parametrize(
    ("written", "country"),
    [("se", "SE"), (" SE", "SE"), ("SE\u00a0", "SE"), ("SWE", "SE"), ("Sweden", "SE"), ("sverige", "SE"), ("Ruotsi", "SE"), ("NORGE", "NO"), ("Noreg", "NO"),
     ("Danmark", "DK"), ("Tanska", "DK"), ("Suomi", "FI"), ("Tyskland", "DE"), ("Saksa", "DE"), ("UK", "GB"), ("USA", "US"), ("Holland", "NL"), ("Ísland", "IS"),
     ("", None), ("-", None), ("XX", None), ("Atlantis", None), (None, None)],
)  # fmt: skip
def test_a_country_is_known_by_code_and_name(written, country):
    assert key("match_keys.country_code($v)", written) == country


@pytest.mark.parametrize(
    ("written", "country", "postal"),
    [("NO-0150", "NO", "0150"), ("N-0150", "NO", "0150"), ("150", "NO", "0150"), ("150.0", "NO", "0150"), ("SE-114 55", "SE", "11455"), ("S-11455", "SE", "11455"),
     ("114\u00a055", "SE", "11455"), ("DK-2100", "DK", "2100"), ("800", "DK", "0800"), ("FIN-00100", "FI", "00100"), ("100", "FI", "00100"), ("sw1a 1aa", "GB", "SW1A1AA"),
     ("１１４５５", "SE", "11455"), ("SE－１１４ ５５", "SE", "11455"), ("١١٤٥٥", "SE", "11455"), ("१५०", "NO", "0150"),
     ("11455", None, "11455"), ("", "SE", None), ("-", "SE", None)],
)  # fmt: skip
def test_a_postal_code_has_one_key(written, country, postal):
    assert CON.execute("select match_keys.postal_key($1, $2)", [written, country]).fetchall() == [(postal,)]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [("Storgatan 1", "Storgatan 01", True), ("Storgatan 10", "Storgatan 1", False), ("Storgatan 1", "c/o Berg, Storgatan 1 B", True), ("Storgatan 1", "Lgh 1201, Storgatan 1", True), ("Storgata 5", "H0301 Storgata 5", True),
     ("Stora gatan 1", "Storagatan 1", True), ("St. Eriksgatan 5", "Sankt Eriksgatan 5", True), ("Storgatan 1", "2 tr, Storgatan 1", True),
     ("Storgatan12", "Storgatan 12", True), ("Granbacken", "Granbacken 5", True), ("Kungsg. 3", "Kungsgatan 3 lgh 1102", True),
     ("Pb 12", "Postboks 12", True), ("P.B. 12", "Box 12", True), ("P.O. Box 12", "Boks 12", True), ("Box 12", "Pb 13", False),
     ("Storgatan 12-14", "Storgatan 14", True), ("Storgatan 11-15", "Storgatan 13", True), ("Storgatan 12A-14B", "Storgatan 14 B", True),
     ("Storgatan 12-14", "Storgatan 13", False), ("Storgatan 12-14", "Storgatan 16", False), ("Storgatan 12, 114 55 Solna", "Storgatan 14", False),
     ("Storgatan 1 (flyttet)", "Storgatan 1", True), ("Storgatan (flyttat)", "Lillgatan (flyttat)", False),
     ("Storgatan 1", "Storgatan 2", False), ("Storgatan 1", "Lillgatan 1", False), ("", "Storgatan 1", False),
     ("Å gatan 2", "Ågatan 2", True), ("c/o Ek, Å gatan 2", "Ågatan 2", True), ("Ö Vägen", "Övägen 3", True), ("Storgatan １２", "Storgatan 12", True), ("Storgatan ١٢", "Storgatan 13", False), ("Å gatan 2", "Ågatan 3", False)],
)  # fmt: skip
def test_a_street_is_found_behind_what_stands_before_it(one, other, is_same):
    marks = "match_keys.street_marks(match_keys.words_key({}))"
    found = CON.execute(f"select match_keys.same_street({marks.format('$1')}, {marks.format('$2')})", [one, other])
    assert found.fetchall() == [(is_same,)]


@pytest.mark.parametrize(
    "written",
    [
        "Peter Holm",
        "Holm, Peter",
        "Peter Holm Jr.",
        "Peter Holm, Sr.",
        "Holm Jr., Peter",
        "Peter HOLM jr",
        "Peter Holm (flyttet)",
    ],
)
def test_a_family_name_is_found_in_a_whole_name(written):
    assert key("match_keys.words_key(match_keys.family_of($v))", written) == "holm"
    assert sorted(key("match_keys.whole_name_keys($v)", written)) == ["holm|peter", "peter|holm"]


@pytest.mark.parametrize(
    ("written", "read"),
    [("0045-03-12", "1945-03-12"), ("0026-11-26", "2026-11-26"), ("0026-11-27", "1926-11-27"), ("0020-01-01", "2020-01-01"), ("1950-02-03", "1950-02-03"),
     ("2027-01-01", None), ("1791-01-01", None), ("2004-02-29", "2004-02-29")],
)  # fmt: skip
def test_a_birth_lies_not_in_the_future(written, read):
    assert key("match_keys.plausible_birth($v::date, date '2026-11-26')::varchar", written) == read


def names(given: str | None, family: str | None) -> set[str]:
    sql = name_keys("$g", "$f", "'1950-02-03'")
    return set(CON.execute(f"select {sql}", {"g": given, "f": family}).fetchall()[0][0])


def whole(name: str) -> set[str]:
    return set(
        CON.execute(
            f"select {all_name_keys('null', 'null', '$n', chr(39) + '1950-02-03' + chr(39))}", {"n": name}
        ).fetchall()[0][0]
    )


def test_a_person_of_several_forenames_is_known_by_each():
    common = names("Gunilla Maria Kristina", "Bergström") & names("Maria", "Bergström")
    assert common == {"maria|bergstrom|1950-02-03", "bergstrom|maria|1950-02-03"}
    assert names("Gunilla Maria", "Bergström") & names("Karin", "Bergström") == set()


@pytest.mark.parametrize(
    "keys",
    [
        names("Berg", "Anna"),
        names("", "Anna Berg"),
        names("Berg Anna", None),
        names("ANNA.", "von Berg-Ek"),
        whole("Berg Anna"),
        whole("Anna von Berg-Ek"),
    ],
)
def test_rule_25_a_name_has_the_same_keys_in_either_order_and_in_either_column(keys):
    assert names("Anna", "Berg") <= keys
    # lists of before hold one order of them
    assert "anna|berg|1950-02-03" in keys


@pytest.mark.parametrize("family", ["von Berg", "Berg-Ek", "Berg Ek", "de la Cruz", "d'Angelo"])
def test_twins_are_not_known_by_their_family_name(family):
    assert names("Anna", family) & names("Otto", family) == set()
    if family != "Berg Ek":  # the second of three words may be a given name
        assert whole(f"Anna {family}") & whole(f"Otto {family}") == set()
    assert names("Anna Maria", "Le") & names("Anna Maria", "Do") == set()


def test_a_family_name_that_elsewhere_is_a_particle_is_one():
    assert "anna|le|1950-02-03" in names("Anna", "Le") & whole("Anna Le") & names("Le", "Anna")


def test_a_warehouse_has_the_macros_for_good_and_an_older_one_gets_them_anew(tmp_path):
    with duckdb.connect(tmp_path / "w.duckdb") as con:
        define_match_keys(con)
        con.execute("create or replace macro match_keys.email_key(s) as 'old'")
        con.execute("create or replace macro match_keys.definition() as 'old'")
        define_match_keys(con)
        # numbers that an older program read are read again
        con.execute(
            "create schema identity; create table identity.phone_numbers (phone varchar, country_code varchar, phone_key varchar, is_mobile boolean)"
        )
        con.execute("insert into identity.phone_numbers values ('0703330004 (hem)', 'SE', '+46703330004436', false)")
        read_phones(con, "select '0703330004 (hem)' as phone, 'SE' as country_code")
        assert con.execute("select phone_key from identity.phone_numbers").fetchall() == [("+46703330004",)]
    with duckdb.connect(tmp_path / "w.duckdb", read_only=True) as con:
        assert con.execute("select match_keys.email_key('A@x.se;')").fetchall() == [("a@x.se",)]


@pytest.mark.parametrize("written", ["703", " 703 ", "703.0", "703.000", "\u00a0703\u200b", "703\n"])
def test_the_key_of_a_record_is_one_however_another_system_writes_it(written):
    assert key("match_keys.record_key($v)", written) == "703"


def test_keys_of_records_that_differ_stay_apart():
    for written in ("0703", "703.5", "A703", "703|1", "a b"):
        assert key("match_keys.record_key($v)", written) == written
    assert key("match_keys.record_key($v)", " \u200b") is None


@pytest.mark.parametrize(
    ("written", "countries"),
    [("Storgata 5, 0150 Oslo, Norge", ["NO"]), ("Storgata 5, NO-0150 Oslo", ["NO"]), ("Storgata 5, N-0150 Oslo", ["NO"]), ("Storgata 5\n0150 Oslo\nNORWAY.", ["NO"]),
     ("Storgata 5, 0150 Oslo Norge", ["NO"]), ("Storgata 5, 0150 Oslo (NO)", ["NO"]), ("Gade 1, DK 2100 København", ["DK"]), ("FIN-00100 Helsinki", ["FI"]),
     ("Storgatan 1, SE-114 55 Stockholm", ["SE"]), ("Weg 1, D-10115 Berlin", ["DE"]),
     ("Storgatan 1, 114 55 Stockholm", []), ("Storgata 5, 1430 As", []), ("Storgatan 1 B lgh 1201, 114 55 Stockholm", []), ("H0301 Storgata 5, 0150 Oslo", []),
     ("by letter", [])],
)  # fmt: skip
def test_an_address_in_one_line_names_its_country(written, countries):
    assert key("match_keys.address_countries($v)", written) == countries
