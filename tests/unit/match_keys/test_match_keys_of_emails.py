"""Email addresses are one key however they are written; what is not certain denies and never grants."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.spellings import CON, email, key, readings

SPELLED = [
    "{}", " {} ", "{}\u200b", "\ufeff{}", "{}\t", "{}\r\n", "\u00a0{}", "mailto:{}", "MAILTO:{}?subject=hej", "'{}'", '"{}"', "<{}>", "{};", "{}.", "{},",
    "Anna Berg <{}>", '"Berg, Anna" <{}>', "{} (hem)", "e-post: {}", "({})", "\u201c{}\u201d", "{}; {}",
]  # fmt: skip


LOCAL = st.from_regex(r"[a-z][a-z0-9]{0,8}(?:[._-][a-z0-9]{1,5})?", fullmatch=True)


DOMAIN = st.from_regex(r"[a-z][a-zåäö0-9]{1,8}(?:-[a-zåäö]{1,4})?\.(?:se|example|co\.uk)", fullmatch=True)


# many at a time: planning the macros takes longer than running them
ADDRESSES = st.lists(
    st.tuples(LOCAL, DOMAIN, st.sampled_from(SPELLED), st.sampled_from(["NFC", "NFD"]), st.booleans(), st.booleans()),
    min_size=90,
    max_size=180,
)


def spelled(local: str, domain: str, spelling: str, form: str, is_upper: bool, is_puny: bool) -> str:
    labels = [d if d.isascii() else f"xn--{d.encode('punycode').decode()}" for d in domain.split(".")]
    written = f"{local}@{'.'.join(labels)}" if is_puny else unicodedata.normalize(form, f"{local}@{domain}")
    return spelling.format(*[written.upper() if is_upper else written] * 2)


@settings(max_examples=3)
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
        # nothing between two of them: never certain, even where both are one
        ("a@x.sea@x.se", None, ["a@x.se", "a@x.sea"]),
        ("anna@x.sebo@y.no", None, ["anna@x.se", "anna@x.sebo", "bo@y.no"]),
        ("anna@gmail.comAnna.Berg@x.se", None, ["anna.berg@x.se", "anna@gmail.com", "anna@gmail.comanna.berg"]),
        ("a@x.seb@y.dkc@z.fi", None, ["a@x.se", "a@x.seb", "b@y.dk", "c@z.fi", "y.dkc@z.fi"]),
        ("anna@x.se@y.se", None, ["anna@x.se"]),
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
     ("bounce+anna=x.se@list.example", "anna@x.se"), ("msprvs1=19xy-anna=x.se@list.example", "anna@x.se"),
     ("o\\'brien@x.ie", "o'brien@x.ie"), ("o%27brien@x.ie", "o'brien@x.ie"), ("o&#39;brien@x.ie", "o'brien@x.ie")],
)  # fmt: skip
def test_an_address_that_is_escaped_or_marked_denies_the_address_that_it_means(written, denied):
    assert denied in key("match_keys.denied_addresses($v)", written)


@pytest.mark.parametrize(
    ("written", "read"),
    [("•anna@x.se", "anna@x.se"), ("–anna@x.se", "anna@x.se"), ("E-post=anna@x.se", "anna@x.se"), ("ａｎｎａ@x.se", "anna@x.se"), ("o’brien@x.ie", "o'brien@x.ie"),
     ("o''brien@x.ie", "o'brien@x.ie"), ("o\\'brien@x.ie", "o'brien@x.ie"), ("an\u034fna@x.se", "anna@x.se"), ("\u3164anna@x\ufe0f.se", "anna@x.se")],
)  # fmt: skip
def test_an_address_behind_a_mark_or_a_label_is_read(written, read):
    assert email(written) == read


@pytest.mark.parametrize(
    "written",
    ["anna@mail..se", "anna@.mail.se", "anna@@mail.se", "anna@mail,se", "anna@mail;se", "anna@mail:se", "anna@mail se", "anna@mail. se", "anna@mail .se",
     "anna@mail。se", "anna@mail·se", "anna (at) mail..se", "Anna@Mail,SE, tack"],
)  # fmt: skip
def test_an_address_with_a_slip_of_the_keyboard_denies_the_address_that_it_means_and_grants_nothing(written):
    assert "anna@mail.se" in key("match_keys.denied_addresses($v)", written)
    assert email(written) is None and "anna@mail.se" not in readings(written)


def test_a_sentence_behind_an_address_is_no_part_of_it():
    for written in (
        "anna (at) mail.se. No more",
        "anna (at) mail.se, no more",
        "anna@mail.se, no more",
        "anna@mail.se. Se bilaga",
    ):
        assert key("match_keys.denied_addresses($v)", written) == ["anna@mail.se"], written


def test_what_is_no_address_in_disguise_denies_nobodys():
    for written in ("ring at home", "Storgatan 1 at porten", "", "(at)", "070-111 22 33", "100%40"):
        assert key("match_keys.denied_addresses($v)", written) == [], written
    assert key("match_keys.denied_addresses($v)", None) in (None, [])


# of whose field somebody cut, marked or lengthened an address: what a withdrawal of it may mean as well
MARKED = [
    "-anna@x.se", "--anna@x.se", "- anna@x.se", "_anna@x.se", "+anna@x.se", "^anna@x.se", "1.anna@x.se", "12) anna@x.se", "①anna@x.se",
    "anna-@x.se", "anna.@x.se", "anna@x.se0701112233", "anna@x.se+46701112233", "anna@x.se-070-1112233", "anna@x.se070",
    "\\tanna@x.se", "\\nanna@x.se", "\\r\\nanna@x.se", "\\u00a0anna@x.se", "anna@x.se\\r\\n", "anna@x.se.old", "anna@x.se.bak", "anna@x.se_deleted",
    "anna@x.se.invalid", "anna@x.se.REMOVED", "anna@x.se-inactive", "anna@x.se.old2", "anna@x.se.2026-01-01", "anna@x.se.borttagen", "anna@x.se.foo",
    "deleted_anna@x.se", "OLD-anna@x.se", "unsub+anna@x.se", "deleted-123-anna@x.se", "raderad.anna@x.se", "anna_deleted@x.se", "anna.old@x.se",
]  # fmt: skip


def test_an_address_with_a_mark_or_a_suffix_denies_the_address_that_it_may_mean_and_is_no_other_grant():
    found = {w: key("match_keys.denied_addresses($v)", w) for w in MARKED}
    assert {w for w in MARKED if "anna@x.se" not in found[w]} == set()
    # what is read as written stays
    assert "-anna@x.se" in found["-anna@x.se"] and "old-anna@x.se" in found["OLD-anna@x.se"]
    # nothing of a domain's or a name's own is a mark
    for written in (
        "olde@x.se",
        "anna@old.se",
        "delet@x.se",
        "a-b@x.se",
        "anna@x-y.se",
        "a.b_c@mail.x.co.uk",
        "anna07@x.se",
        "anna@butik.example",
    ):
        assert key("match_keys.denied_addresses($v)", written) == [written], written


@pytest.mark.parametrize(
    "written",
    ["-anna@x.se", ".anna@x.se", "anna@x.se0701112233", "\\tanna@x.se", "anna@x.se.old", "anna@x.se.deleted", "anna@x.se_deleted"],
)  # fmt: skip
def test_an_address_with_a_mark_or_a_suffix_is_no_certain_one(written):
    assert email(written) is None


# of two people, or of one address that is cut: (as written, what a withdrawal may mean)
CUT = [
    ("anna.berg, bo.ny@x.se", ["anna.berg@x.se", "bo.ny@x.se"]), ("anna.berg; bo.ny@x.se", ["anna.berg@x.se", "bo.ny@x.se"]),
    ("anna.berg /bo.ny@x.se", ["anna.berg@x.se", "bo.ny@x.se"]), ("anna.berg bo.ny@x.se", ["anna.berg@x.se", "bo.ny@x.se"]),
    ("anna|bo.ny@x.se", ["anna@x.se", "bo.ny@x.se"]), ("anna & bo.ny@x.se", ["anna@x.se", "bo.ny@x.se"]), ("cy, anna, bo@x.se", ["cy@x.se", "anna@x.se", "bo@x.se"]),
    ("alva .ek@x.se", ["alva.ek@x.se", "ek@x.se"]), ("alva. ek@x.se", ["alva.ek@x.se"]), ("alva ek@x.se", ["alva.ek@x.se"]), ("al va@x.se", ["alva@x.se"]),
    ("anna.berg <bo.ny@x.se>", ["anna.berg@x.se", "bo.ny@x.se"]), ("bo.ny@x.se, anna.berg", ["anna.berg@x.se", "bo.ny@x.se"]),
    ("anna+n, bo.ny@x.se", ["anna@x.se"]), ("bo.ny@x.se och anna@y.se, cy@z.se", ["anna@y.se", "bo.ny@x.se", "cy@z.se"]),
]  # fmt: skip


@pytest.mark.parametrize(("written", "denied"), CUT)
def test_a_local_part_beside_an_address_is_denied_at_its_domain_and_makes_it_uncertain(written, denied):
    assert set(denied) <= set(key("match_keys.withdrawn_addresses($v)", written))
    assert email(written) is None


@pytest.mark.parametrize(
    "written",
    ["Anna Berg <anna@x.se>", '"Berg, Anna" <anna@x.se>', "Berg, Anna <anna@x.se>", "A. Berg-Ek <anna@x.se>", "mailto:anna@x.se", "E-post: anna@x.se", "e-post anna@x.se", "privat: anna@x.se",
     "anna@x.se (hem)", "(anna@x.se)", "• anna@x.se", "- anna@x.se", "anna@x.se, tack"],
)  # fmt: skip
def test_a_name_or_a_label_beside_an_address_is_no_local_part(written):
    assert email(written) == "anna@x.se"
    assert key("match_keys.withdrawn_addresses($v)", written) == ["anna@x.se"]


PIECES = st.lists(
    st.sampled_from(
        ["anna", "berg", "x.se", "se", "at", "AT", "att", "snabel-a", "krøllalfa", "Storgatan", "åäö", "8", "111 22", "+46", "070-111", "(0)", " at ", "dot",
         " ", "  ", ".", ",", "/", "-", "@", "(at)", "( a )", "%40", "&#64;", "=", "\t", "_", "e-post", "\u0338", "\uff41\uff54", "\u00c3\u00a5"]
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@settings(max_examples=3)
@given(st.lists(PIECES, min_size=120, max_size=240))
def test_text_that_is_read_for_no_address_has_none(texts):
    found = CON.execute(
        "select w, match_keys.read_withdrawn_addresses(w), match_keys.denied_readings(w, match_keys.revealed_address(w)) "
        "from (select unnest($w) as w) where match_keys.has_no_address(w)",
        {"w": ["".join(pieces) for pieces in texts] + ["+46701112233", "Storgatan 5, 111 22 Ås", "anna at home.se"]},
    ).fetchall()
    assert ("Storgatan 5, 111 22 Ås", [], []) in found and "anna at home.se" not in {w for w, *_ in found}
    assert [row for row in found if row[1] or row[2]] == []
