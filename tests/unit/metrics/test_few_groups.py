"""No total less what is shown tells of a group of few people."""

from __future__ import annotations

from itertools import combinations, product

from hypothesis import given
from hypothesis import strategies as st

from orchestration.metrics.few_groups import Group, hidden_groups

FEW = 5


def groups(*counts: int) -> list[Group]:
    return [Group((position,), (count,)) for position, count in enumerate(counts)]


def test_a_small_group_takes_the_smallest_other_one_with_it():
    assert hidden_groups(groups(30, 3, 12, 50), FEW) == {1, 2}
    assert hidden_groups(groups(30, 12), FEW) == set()
    assert hidden_groups(groups(3), FEW) == {0}
    assert hidden_groups([], FEW) == set()


def test_small_groups_may_be_of_the_same_people():
    assert hidden_groups(groups(1, 2, 40, 9), FEW) == {0, 1, 3}
    assert hidden_groups(groups(3, 4, 40, 9), FEW) == {0, 1, 3}


def test_a_group_without_people_hides_nobody():
    assert hidden_groups(groups(0, 0, 40), FEW) == set()
    assert hidden_groups(groups(0, 3, 40), FEW) == {1, 2}


def test_whichever_count_is_of_few_hides_the_group():
    told = [Group(("a",), (40, 3)), Group(("b",), (40, 20)), Group(("c",), (50, 30))]
    assert hidden_groups(told, FEW) == {0, 1}


@given(st.lists(st.integers(0, 12), min_size=12, max_size=12))
def test_no_line_of_a_table_has_one_hidden_group_or_small_ones_only(counts):
    cells = [Group(cell, (count,)) for cell, count in zip(product(range(3), range(4)), counts, strict=True)]
    hidden = hidden_groups(cells, FEW)
    assert all(position in hidden for position, cell in enumerate(cells) if cell.is_few(FEW))
    for kept in range(2):
        for chosen in combinations(range(2), kept):
            for line in {tuple(cell.cell[d] for d in chosen) for cell in cells}:
                of_it = [p for p, cell in enumerate(cells) if tuple(cell.cell[d] for d in chosen) == line]
                out = [p for p in of_it if p in hidden]
                could = [p for p in of_it if p not in hidden and cells[p].size >= FEW]
                is_safe = len(out) > 1 and any(cells[p].size >= FEW for p in out)
                assert not out or is_safe or not could
