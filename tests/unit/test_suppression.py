"""The suppression list: two files of keyed hashes, either of which may be lost, cut or put back."""

from __future__ import annotations

import pytest

from orchestration.privacy.pepper import Pepper
from orchestration.privacy.suppression import SuppressionList

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
