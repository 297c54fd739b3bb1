"""What a proposal and doctor say that grants lack for them to permit anything."""

from __future__ import annotations

import pytest

from orchestration.proposals.propose import propose
from orchestration.run.first_rows import first_rows
from tests.unit.proposals.blocks import settings_of

ROWS = "".join(f"{n};Eva Ek;a{n}@example.com;{'Ja' if n % 2 else 'Nej'};2025-01-1{n % 9};v1\n" for n in range(20))
HEADER = "Kundnr;Namn;E-post;Nyhetsbrev;Nyhetsbrev datum;"


@pytest.mark.parametrize(("more", "lacking"), [("Övrigt", ["wording_version", "confirmed_at"]), ("Samtyckesversion", ["confirmed_at"])])  # fmt: skip
def test_all_that_a_yes_lacks_is_named_at_once_with_what_to_write(tmp_path, more, lacking):
    (tmp_path / "kunder.csv").write_text(f"{HEADER}{more}\n{ROWS}")
    found = propose("shop", str(tmp_path / "kunder.csv"), "SEK")
    settings = settings_of(found)
    notes = " ".join(note for note in found.notes if "permits nothing until" in note) or found.block
    (told,) = [
        one for one in first_rows("shop", settings.sources["shop"], settings.quality) if "permits nothing" in one.found
    ]
    for target in ("wording_version", "confirmed_at", "contact_point", "stated_at"):
        asked = [f"add {target}" in said or f"map {target}" in said for said in (notes, told.to_do)]
        assert asked == [target in lacking] * 2, (target, notes, told.to_do)
    assert told.is_ok
