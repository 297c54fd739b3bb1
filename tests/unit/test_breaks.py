"""The list of breaks applies to the code as it is. Not here: running them (`make mutants`)."""

from __future__ import annotations

import pytest

from tests.mutants.breaks import PROJECT, Break, BreakError, read_breaks

BREAKS = read_breaks()


def test_every_break_applies_and_its_tests_are_there():
    """Where this fails after code moved, adapt the break's text: it says which file of tests/mutants/breaks."""
    wrong, rules = [], set[int]()
    for broken in BREAKS:
        try:
            broken.place(PROJECT)
        except BreakError as error:
            wrong.append(str(error))
        for test in broken.tests:
            path, _, function = test.partition("::")
            content = (PROJECT / path).read_text(encoding="utf-8")
            if function and f"def {function.partition('[')[0]}(" not in content:
                wrong.append(f"break {broken.name}: there is no test {test}")
        rules.update(broken.rules)
        assert broken.find != broken.replace and broken.promise and broken.tests, broken.name
    assert not wrong, "\n".join(wrong)
    # a break for each of the consent rules, and for the promises about faults
    assert rules == set(range(1, 33)) and len(BREAKS) >= 60


def test_a_break_whose_text_is_not_found_or_found_twice_is_an_error(tmp_path):
    (tmp_path / "a.py").write_text("one\ntwo\ntwo\n")
    for find, times in (("two", "2 times"), ("three", "not at all")):
        with pytest.raises(BreakError, match=times):
            Break("x", "p", "*.py", find, "", ("t",)).apply(tmp_path)
    path, before = Break("x", "p", "*.py", "one", "1", ("t",)).apply(tmp_path)
    assert (path.read_text(), before) == ("1\ntwo\ntwo\n", "one\ntwo\ntwo\n")
