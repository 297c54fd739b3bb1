"""A rotation of the pepper end to end: the demo's company goes on as before, with other pseudonyms."""

from __future__ import annotations

from types import SimpleNamespace

import pytest


@pytest.mark.slow
def test_after_a_rotation_pseudonyms_are_others_and_whoever_was_erased_stays_out(second_night: SimpleNamespace):
    rotated = second_night.rotated
    assert rotated["secrets"] == 2 and rotated["is_new"] and rotated["pseudonyms"] > 100 and rotated["hashes"] > 0
    # everything was delivered anew
    assert not second_night.keys & second_night.new_keys and second_night.first_keys == second_night.keys
    assert second_night.records and not second_night.contacts & second_night.records
    # somebody who is erased afterwards is gone from the publication of before, too, where they have their former pseudonym
    assert second_night.first in second_night.erased_later["publications"]
    assert len(second_night.keys - second_night.first_keys_later) == 1
    assert second_night.entries > 4
    assert second_night.proof["holds"]
