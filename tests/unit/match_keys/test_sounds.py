"""Names that sound or look alike: a key for what denies, hides or suppresses, and for nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.spellings import CON, key, phone

ALIKE = [
    "Kristina Christina Krystina", "Clara Klara", "Lindqvist Lindkvist Lindquist Lindqwist Lindkwist", "Carlsson Karlsson Karlson Carlson",
    "Eriksson Ericsson Erixon Erikson", "Sofia Sophia Sofija Sofiya", "Thomas Tomas", "Matthias Mathias Mattias Matias", "Wikström Vikstroem Wickstrøm",
    "Zara Sara Sarah", "Håkan Haakan Hakan", "Åberg Aaberg Aberg", "Sørensen Sörensen Soerensen", "Gustaf Gustav", "Olof Olov",
    "Schmidt Smit Schmitt", "John Jon", "Dahl Dal", "Ahlström Alstrom", "Cecilia Sesilia", "Marie Mary Mari", "Elisabeth Elisabet", "Alexander Aleksander",
    "Michael Mikael Mickael", "Bernhard Bernard", "Nielsen Nilsen", "Maja Maya Maia", "Kai Kaj Kay", "\u0410nn\u0430 Anna \u0391nna", "Aron Aaron",
]  # fmt: skip


def sound(name: str) -> object:
    return key("match_keys.sounds(match_keys.folded(match_keys.latin_looks($v)))", name)


@pytest.mark.parametrize("names", ALIKE)
def test_names_that_are_spelled_by_their_sound_have_one(names):
    assert len({sound(name) for name in names.split()}) == 1, [sound(name) for name in names.split()]


DIFFERENT = ["Anna Hanna", "Hansen Hansson", "Jan Jon", "Karin Karen", "Erik Ulrik", "Berg Borg", "Lisa Lise", "Mats Mads", "Åsa Åse", "Per Peter", "H K"]  # fmt: skip


@pytest.mark.parametrize("names", DIFFERENT)
def test_other_names_have_other_sounds(names):
    one, other = map(sound, names.split())
    assert one and other and one != other


NAMES = st.text(alphabet="aceghijkqstuvwxyzåöæ |'-АаοPH", max_size=12)


@settings(max_examples=300)
@given(NAMES)
def test_what_was_folded_before_sounds_the_same_and_forms_only_grow(name):
    """A register's name is compared with a key that was folded before."""
    folded = "trim(match_keys.folded($v))"
    # aae, which no name has, is folded to ae and then to a
    asked = f"select match_keys.folded({folded}) <> {folded} or match_keys.sounds({folded}) = match_keys.sounds(match_keys.folded($v)).trim()"
    assert CON.execute(asked, {"v": name}).fetchall() == [(True,)]
    grown = "select list_has_all(match_keys.alike_forms($v), match_keys.name_forms($v))"
    assert CON.execute(grown, {"v": name}).fetchall() == [(True,)]


@pytest.mark.parametrize(
    "written",
    ["07O-111 22 33", "o70 111 22 33", "070-1l1 22 33", "+46 7o 111 22 33", "07\u043e-1112233", "+46(o)70111 22 33"],
)
def test_a_letter_that_was_typed_for_a_digit_is_a_reading_of_the_number(written):
    assert "+46701112233" in phone(written)["readings"]


@pytest.mark.parametrize(
    "written",
    ["070-111 22 33 o 08-123 456 78", "0701112233 Olof", "070-111 22 33 (o)", "tel 070-111 22 33", "0701112233Olof"],
)
def test_a_word_beside_a_number_is_no_digit(written):
    plain = written.replace("Olof", "Bert").replace(" o ", " ; ").replace("(o)", "(a)")
    assert phone(written) == phone(plain)
