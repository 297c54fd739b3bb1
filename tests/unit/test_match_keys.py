"""Match keys by what people and systems write: spellings in, one key out; what is not certain denies and never grants."""

from __future__ import annotations

import unicodedata

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.match_keys import define_match_keys, name_keys
from orchestration.match_keys.phones import phone_keys, read_phones

CON = duckdb.connect()
define_match_keys(CON)


def key(expression: str, value: str | None) -> object:
    return CON.execute(f"select {expression}", {"v": value}).fetchall()[0][0]


def email(value: str) -> object:
    return key("match_keys.email_key($v)", value)


def readings(value: str) -> object:
    return key("match_keys.email_readings($v)", value)


def phone(written: str, country: str = "SE", default: str = "") -> dict:
    CON.execute(
        "create or replace temp table asked as select $v as phone, $c as country_code", {"v": written, "c": country}
    )
    read_phones(CON, "from asked", default)
    found = CON.execute(
        "select * exclude (phone, country_code) from identity.phone_numbers where phone = $v and country_code = coalesce(match_keys.country_code($c), '')",
        {"v": written, "c": country},
    )
    return dict(zip([column[0] for column in found.description], found.fetchall()[0], strict=True))


def denies(denial: dict, other: dict) -> bool:
    return bool(set(denial["denies"]) & set(other["denied_by"]))


@pytest.mark.parametrize(
    ("one", "other"),
    [("Aase", "Åse"), ("Moeller", "Møller"), ("Anna-Karin", "Anna Karin"), ("Kaer", "Kær"), ("Müller", "Mueller"), ("Þór", "Thor"),
     ("BJÖRK\u200b", "bjørk"), ("\ufeffÅsa", "A\u030asa"), ("Łukasz", "Lukasz"), ("Weiß", "Weiss"), ("  Ek  ", "ek")],
)  # fmt: skip
def test_names_spelled_otherwise_have_one_key(one, other):
    assert key("match_keys.words_key($v)", one) == key("match_keys.words_key($v)", other) is not None
    assert key("match_keys.words_key($v)", "Berg") != key("match_keys.words_key($v)", "Bergs")


@settings(max_examples=60, deadline=None)
@given(
    st.text("abcdefghijklmnopqrstuvwxyzåäöæøéüð", min_size=1, max_size=12),
    st.sampled_from(["NFC", "NFD"]), st.sampled_from(["", "\u200b", "\u00ad", "\ufeff"]), st.sampled_from([str.upper, str.title, str.lower]),
)  # fmt: skip
def test_a_name_has_one_key_however_it_is_composed(name, form, invisible, case):
    written = (
        f" {unicodedata.normalize(form, case(name))[:1]}{invisible}{unicodedata.normalize(form, case(name))[1:]}\u00a0"
    )
    assert key("match_keys.words_key($v)", written) == key("match_keys.words_key($v)", name)


SPELLED = [
    "{}", " {} ", "{}\u200b", "\ufeff{}", "{}\t", "{}\r\n", "\u00a0{}", "mailto:{}", "MAILTO:{}?subject=hej", "'{}'", '"{}"', "<{}>", "{};", "{}.", "{},",
    "Anna Berg <{}>", '"Berg, Anna" <{}>', "{} (hem)", "e-post: {}", "({})", "\u201c{}\u201d", "{}; {}",
]  # fmt: skip
LOCAL = st.from_regex(r"[a-z][a-z0-9]{0,8}(?:[._-][a-z0-9]{1,5})?", fullmatch=True)
DOMAIN = st.from_regex(r"[a-z][a-zåäö0-9]{1,8}(?:-[a-zåäö]{1,4})?\.(?:se|example|co\.uk)", fullmatch=True)


# many at a time: planning the macros takes longer than running them
ADDRESSES = st.lists(
    st.tuples(LOCAL, DOMAIN, st.sampled_from(SPELLED), st.sampled_from(["NFC", "NFD"]), st.booleans(), st.booleans()),
    min_size=30,
    max_size=60,
)


def spelled(local: str, domain: str, spelling: str, form: str, is_upper: bool, is_puny: bool) -> str:
    labels = [d if d.isascii() else f"xn--{d.encode('punycode').decode()}" for d in domain.split(".")]
    written = f"{local}@{'.'.join(labels)}" if is_puny else unicodedata.normalize(form, f"{local}@{domain}")
    return spelling.format(*[written.upper() if is_upper else written] * 2)


@settings(max_examples=8, deadline=None)
@given(ADDRESSES)
def test_an_address_has_one_key_however_it_is_written(addresses):
    expected = [f"{local}@{domain}" for local, domain, *_ in addresses]
    found = CON.execute(
        "select match_keys.email_key(w), match_keys.email_readings(w) from (select unnest($w) as w, generate_subscripts($w, 1) as nth) order by nth",
        {"w": [spelled(*address) for address in addresses]},
    ).fetchall()
    assert found == [(address, [address]) for address in expected]


@pytest.mark.parametrize(
    ("written", "certain", "possible"),
    [
        ("a@x.se; b@y.se", None, ["a@x.se", "b@y.se"]),
        ("a@x.se/b@y.se", None, ["a@x.se", "b@y.se"]),
        ("a@x.se b@y.se", None, ["a@x.se", "b@y.se"]),
        ("anna @ posten.se", None, ["anna@posten.se"]),
        ("Anna.Berg+shop@posten.se", "anna.berg@posten.se", ["anna.berg@posten.se"]),
        ("A.n.n.a+x@GoogleMail.com", "anna@gmail.com", ["anna@gmail.com"]),
        ("o'brien@x.ie", "o'brien@x.ie", ["o'brien@x.ie"]),
        ("anna at posten.se", None, []),
        ("anna@posten", None, []),
        ("@posten.se", None, []),
        ("", None, []),
        ("-", None, []),
        ("x@xn--0.se", "x@xn--0.se", ["x@xn--0.se"]),
    ],
)  # fmt: skip
def test_what_is_no_single_address_is_read_and_is_no_key(written, certain, possible):
    assert (email(written), readings(written)) == (certain, possible)


WRITTEN = [
    "070-333 00 04", "0703330004", "+46703330004", "0046 70 333 00 04", "+46 (0)70 333 00 04", "46703330004", "0703330004 (hem)", "(Axel) 070-3330004",
    "Mobil: 070 333 00 04", "tel.0703330004", "703330004.0", "46703330004.0", "0703330004 ankn 12", "0703330004 ext. 7", "0703330004x12",
    "070\u2011333\u00a000\u00a004", "\u200b0703330004", "0703330004\r\n", "070/3330004", "+460703330004", "0703330004;", "0703330004, 070-333 00 04",
]  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
def test_a_number_has_one_key_however_it_is_written(written):
    for country, default in (("SE", ""), (" se", "NO"), ("Sverige", ""), ("", "SE")):
        found = phone(written, country, default)
        assert (found["phone_key"], found["is_certain"], found["is_mobile"]) == ("+46703330004", True, True)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("070-333 00 05, 08-123 45 67", {"+46703330005", "+4681234567"}),
        ("070-333 00 05 / 08-123 45 67", {"+46703330005", "+4681234567"}),
        ("070-333 00 05\n08-123 45 67", {"+46703330005", "+4681234567"}),
        ("0703330005+4681234567", {"+46703330005", "+4681234567"}),
        ("0703330005081234567", {"+46703330005", "+4681234567"}),
        ("070-333 00 05 eller 08-123 45 67", {"+46703330005", "+4681234567"}),
        ("Axel 2: 070-333 00 05", {"+46703330005"}),
        ("070-333 00 05 / 06", {"+46703330005"}),
    ],
)  # fmt: skip
def test_what_is_no_single_number_denies_by_each_and_never_grants(written, read):
    found = phone(written)
    assert found["phone_key"] is None and not found["is_certain"] and read <= set(found["readings"])
    for number in read:
        certain = phone(number)
        assert denies(found, certain) and denies(certain, found)
    assert not denies(found, phone("070-444 00 08")) and not denies(phone("070-444 00 08"), found)


@pytest.mark.parametrize(
    ("number", "country"),
    [("0731110000", "SE"), ("073-111 00 00", "SE"), ("+46731110000", ""), ("0731110000", ""), ("401 23 456", "NO"), ("40123456", "NO"), ("20 12 34 56", "DK")],
)  # fmt: skip
@pytest.mark.parametrize("behind", [" (2)", "(1)", " 2", "-1", " 0", " - 2", ".3", "_4", " ( 12 )"])
def test_a_number_with_something_behind_it_denies_that_number_and_grants_nothing(number, country, behind):
    found, certain = phone(number + behind, country), phone(number, country)
    assert (found["phone_key"], found["is_certain"]) == (None, False)
    assert denies(found, certain) and denies(certain, found)
    elsewhere = phone("070-444 00 08", "SE")
    assert not denies(found, elsewhere) and not denies(elsewhere, found)


def test_digits_behind_a_number_without_gaps_deny_it_and_are_no_number():
    for written in ("0731110000 12", "073-111 00 00 12", "07311100002", "0731110000 123"):
        found = phone(written)
        assert not found["is_certain"] and denies(found, phone("0731110000")), written


@pytest.mark.parametrize("written", ["", "-", "nothing", "12", "0000000000", "7.03E8"])
def test_what_is_no_number_is_none(written):
    found = phone(written or " x ")
    assert (found["phone_key"], found["denies"], found["denied_by"]) == (None, [], [])


def test_a_number_without_its_country_denies_the_same_digits_in_every_country():
    at_home, abroad = phone("40 01 11 22", "", "SE"), phone("+47 40 01 11 22")
    assert denies(at_home, abroad) and denies(abroad, at_home)
    assert denies(phone("40 01 11 22", "", ""), abroad)
    # where both are certain, the last digits are no reason
    assert not denies(phone("070-333 00 04"), phone("073-333 00 04"))
    assert not denies(phone("40 01 11 22", "DK"), abroad)


@settings(max_examples=5, deadline=None)
@given(
    st.lists(st.integers(0, 9999999), min_size=20, max_size=60, unique=True),
    st.sampled_from(["0{}", "+46{}", "0046{}", "46 {}", "+46 (0){}", "0{} (jobb)", "{}.0", "0{} ankn 3"]),
)
def test_every_mobile_number_has_one_key(tails, spelling):
    written = [(spelling.format(f"70{tail:07d}"), "SE") for tail in tails]
    assert phone_keys(written) == [(f"+4670{tail:07d}", True) for tail in tails]


def test_a_number_is_read_again_under_another_default_country():
    assert phone("91 23 45 67", "", "NO")["phone_key"] == "+4791234567"
    assert phone("91 23 45 67", "", "DK")["phone_key"] == "+4591234567"


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
     ("11455", None, "11455"), ("", "SE", None), ("-", "SE", None)],
)  # fmt: skip
def test_a_postal_code_has_one_key(written, country, postal):
    assert CON.execute("select match_keys.postal_key($1, $2)", [written, country]).fetchall() == [(postal,)]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [("Storgatan 1", "c/o Berg, Storgatan 1 B", True), ("Storgatan 1", "Lgh 1201, Storgatan 1", True), ("Storgata 5", "H0301 Storgata 5", True),
     ("Stora gatan 1", "Storagatan 1", True), ("St. Eriksgatan 5", "Sankt Eriksgatan 5", True), ("Storgatan 1", "2 tr, Storgatan 1", True),
     ("Storgatan12", "Storgatan 12", True), ("Granbacken", "Granbacken 5", True), ("Kungsg. 3", "Kungsgatan 3 lgh 1102", True),
     ("Storgatan 1", "Storgatan 2", False), ("Storgatan 1", "Lillgatan 1", False), ("", "Storgatan 1", False)],
)  # fmt: skip
def test_a_street_is_found_behind_what_stands_before_it(one, other, is_same):
    marks = "match_keys.street_marks(match_keys.words_key({}))"
    found = CON.execute(f"select match_keys.same_street({marks.format('$1')}, {marks.format('$2')})", [one, other])
    assert found.fetchall() == [(is_same,)]


@pytest.mark.parametrize(
    ("written", "read"),
    [("0045-03-12", "1945-03-12"), ("0026-11-26", "2026-11-26"), ("0026-11-27", "1926-11-27"), ("0020-01-01", "2020-01-01"), ("1950-02-03", "1950-02-03"),
     ("2027-01-01", None), ("1791-01-01", None), ("2004-02-29", "2004-02-29")],
)  # fmt: skip
def test_a_birth_lies_not_in_the_future(written, read):
    assert key("match_keys.plausible_birth($v::date, date '2026-11-26')::varchar", written) == read


def test_a_person_of_several_forenames_is_known_by_each():
    sql = name_keys("$g", "'Bergström'", "'1950-02-03'")

    def keys(given: str) -> set[str]:
        return set(CON.execute(f"select {sql}", {"g": given}).fetchall()[0][0])

    assert keys("Gunilla Maria Kristina") & keys("Maria") == {"maria|bergstrom|1950-02-03"}
    assert keys("Gunilla Maria") & keys("Karin") == set()


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


@pytest.mark.parametrize(
    "written",
    ["anna (at) mail.se", "anna [at] mail [dot] se", "anna at mail punkt se", "Anna%40Mail.se", "anna&#64;mail.se", "anna&#x40;mail&#46;se",
     "anna(snabel-a)mail.se", "anna＠mail.se", "anna@mail.se", "anna [@] mail.se", "&lt;anna&commat;mail.se&gt;", "anna{a}mail(punkt)se"],
)  # fmt: skip
def test_an_address_in_disguise_denies_and_grants_nothing(written):
    assert key("match_keys.denied_addresses($v)", written) == ["anna@mail.se"]
    if "@" not in unicodedata.normalize("NFKC", written):
        assert email(written) is None and readings(written) == []


@pytest.mark.parametrize(
    ("written", "denied"),
    [("%3Canna@x.se%3E", "anna@x.se"), ("mailto%3Aanna@x.se", "anna@x.se"), ("mailto%253Aanna%2540x.se", "anna@x.se"), ("anna%2bnyhet@x.se", "anna@x.se"),
     ("ａｎｎａ@ｘ.se", "anna@x.se"), ("ＡＮＮＡ＠x．se", "anna@x.se"), ("•anna@x.se", "anna@x.se"), ("·anna@x.se", "anna@x.se"), ("–anna@x.se", "anna@x.se"),
     ("E-post=anna@x.se", "anna@x.se"), ("kund=anna@x.se", "anna@x.se"), ("o’brien@x.ie", "o'brien@x.ie"), ("o''brien@x.ie", "o'brien@x.ie"),
     ("o\\'brien@x.ie", "o'brien@x.ie"), ("o%27brien@x.ie", "o'brien@x.ie"), ("o&#39;brien@x.ie", "o'brien@x.ie")],
)  # fmt: skip
def test_an_address_that_is_escaped_or_marked_denies_the_address_that_it_means(written, denied):
    assert denied in key("match_keys.denied_addresses($v)", written)


@pytest.mark.parametrize(
    ("written", "read"),
    [("•anna@x.se", "anna@x.se"), ("–anna@x.se", "anna@x.se"), ("E-post=anna@x.se", "anna@x.se"), ("ａｎｎａ@x.se", "anna@x.se"), ("o’brien@x.ie", "o'brien@x.ie"),
     ("o''brien@x.ie", "o'brien@x.ie"), ("o\\'brien@x.ie", "o'brien@x.ie")],
)  # fmt: skip
def test_an_address_behind_a_mark_or_a_label_is_read(written, read):
    assert email(written) == read


def test_what_is_no_address_in_disguise_denies_nobodys():
    for written in ("ring at home", "Storgatan 1 at porten", "", "(at)", "070-111 22 33", "100%40"):
        assert key("match_keys.denied_addresses($v)", written) == [], written
    assert key("match_keys.denied_addresses($v)", None) in (None, [])


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
