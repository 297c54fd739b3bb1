"""The suppression list: two files of keyed hashes, either of which may be lost, cut or put back."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.core.settings import Table
from orchestration.core.settings.people import Person
from orchestration.privacy.intake.known_points import read_points
from orchestration.privacy.intake.noted import prepare_noted, suppress_noted
from orchestration.privacy.intake.suppression import SuppressionError, SuppressionList, assert_readable
from orchestration.privacy.intake.suppressor import Suppressor
from orchestration.privacy.secrets.pepper import Pepper

PEPPER = Pepper(("p" * 40,))


@pytest.fixture
def files(tmp_path):
    return tmp_path / "home.jsonl", tmp_path / "config" / "beside.jsonl"


def test_who_is_on_the_list_stays_on_it_whichever_file_is_lost(files):
    suppression = SuppressionList(files, PEPPER)
    assert suppression.add([("email", "a@x.se"), ("record", "crm:1"), ("email", "a@x.se")], "erasure") == 2
    assert suppression.add([("email", "a@x.se")], "erasure") == 0
    both = suppression.standing()
    for lost in files:
        kept = lost.read_text()
        lost.unlink()
        assert suppression.standing() == both
        # and it is whole again with the next entry
        suppression.add([("phone", f"+46{len(kept)}")], "erasure")
        both = suppression.standing()
        assert SuppressionList([lost], PEPPER).standing() == both
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)


def test_half_a_line_is_no_entry_and_the_next_one_stands_after_it(files):
    suppression = SuppressionList(files, PEPPER)
    suppression.add([("email", "a@x.se")], "erasure")
    for path in files:
        path.write_text(path.read_text() + '{"keyed_hash": "12')
    suppression.add([("email", "b@x.se")], "erasure")
    assert suppression.standing() == {("email", suppression.hashed("email", value)) for value in ("a@x.se", "b@x.se")}


def flipped(line: bytes) -> bytes:
    return line[:20] + bytes([line[20] ^ 0x80]) + line[21:]


GARBAGE = {
    "a byte of an entry": flipped,
    "a quote of an entry": lambda line: line.replace(b'"kind"', b'"kin"', 1),
    "a hash that is cut": lambda line: line.replace(b'": "', b'": "x', 1),
    "an unknown kind": lambda line: line.replace(b'"email"', b'"e"'),
    "no JSON": lambda line: b"garbage",
    "another JSON": lambda line: b"[1]",
    "half of it and something behind": lambda line: line[:30] + b"}",
    "zeros": lambda line: bytes(len(line)),
}


@pytest.mark.parametrize("how", GARBAGE)
@pytest.mark.parametrize("which", [0, 1])
def test_a_line_that_is_no_entry_is_refused_with_its_file_and_number(files, which, how):
    """As if it were not there, whom it names would come back."""
    suppression = SuppressionList(files, PEPPER)
    suppression.add([("email", value) for value in ("a@x.se", "b@x.se", "c@x.se")], "erasure")
    lines = files[which].read_bytes().split(b"\n")
    files[which].write_bytes(b"\n".join([lines[0], GARBAGE[how](lines[1]), *lines[2:]]))
    before = [path.read_bytes() for path in files]
    for ask in (
        suppression.standing,
        suppression.renew,
        lambda: suppression.add([("email", "d@x.se")], "erasure"),
        lambda: assert_readable(files),
    ):
        with pytest.raises(SuppressionError) as told:
            ask()
        assert told.value.where == f"{files[which]}, line 2" and "backup" in told.value.to_do
        assert "come back" in told.value.what
    assert [path.read_bytes() for path in files] == before


def test_a_lifted_entry_counts_no_more_and_a_later_one_counts_again(files):
    suppression = SuppressionList(files, PEPPER)
    suppression.add([("email", "a@x.se")], "erasure")
    assert suppression.add([("email", "b@x.se")], "consent", is_lifted=True) == 0
    assert suppression.add([("email", "a@x.se")], "consent", is_lifted=True) == 1
    assert suppression.standing() == set()
    # of an older home folder, which knows of no lifting
    files[0].write_text(files[0].read_text().splitlines()[0] + "\n")
    assert suppression.standing() == set()
    assert suppression.add([("email", "a@x.se")], "once more") == 1
    assert len(suppression.standing()) == 1


def test_another_pepper_knows_nobody(files):
    SuppressionList(files, PEPPER).add([("email", "a@x.se")], "erasure")
    other = SuppressionList(files, Pepper(("q" * 40,)))
    assert ("email", other.hashed("email", "a@x.se")) not in other.standing()


STAND_INS = (
    "12345",
    "123456",
    "54321",
    "98765",
    "0",
    "00000",
    "-",
    "?",
    "unknown",
    "okänd",
    "saknas",
    "null",
    "n/a",
    "call me",
    "070",
)
COLUMNS = {"no": "VARCHAR", "mail": "VARCHAR", "mobile": "VARCHAR"}
OF_PEOPLE = Table(columns=COLUMNS, key=["no"], persons=[Person(key="no", email=["mail"], phone=["mobile"])])


@pytest.mark.parametrize("country", ["SE", "NO", "DK", "FI", ""])
def test_what_stands_in_for_a_number_or_an_address_suppresses_nobody(files, country):
    """Somebody had all of it, alone, and is erased: whoever writes the same later is somebody else. Their numbers suppress."""
    numbers = ("+46 70 111 22 33", "+47 41 23 45 68", "+358 40 123 4561")
    suppression = SuppressionList(files, PEPPER)
    written = ", ".join(f"('{point}', null)" for point in (*STAND_INS, *numbers))
    with duckdb.connect() as con:
        prepare_noted(con)
        suppress_noted(con, suppression)  # defines the macros
        nobody = "select null::varchar as email, null::varchar as phone, null::varchar as country_code"
        read_points(con, country, f"select * from (values {written}) t(point, country_code)", nobody)
        con.execute("insert into restricted.erasing_values select kind, value, is_shared from points_and_sharing")
        suppress_noted(con, suppression)
        rows = [(f"new {n}", point, point) for n, point in enumerate((*STAND_INS, *numbers))]
        con.execute("create temp table delivered (no varchar, mail varchar, mobile varchar)")
        con.executemany("insert into delivered values (?, ?, ?)", rows)
        assert Suppressor(suppression, country).keep_out(con, "crm", OF_PEOPLE, "delivered") == len(numbers)
        left = con.execute("select mobile from delivered").fetchall()
    assert {point for (point,) in left} == set(STAND_INS)
