"""The share of columns that are proposed right without help, on files whose truth is known."""

from __future__ import annotations

import pytest

from orchestration.proposals.propose import propose
from tests.conftest import shared
from tests.unit.proposals.truth import SEEN, UNSEEN, VENDORS_SEEN, VENDORS_UNSEEN, Truth

GOAL = 0.9


def right_and_wrong(place, truth: Truth) -> tuple[list[str], list[str]]:
    """Of a proposal: the columns that are as the truth says, and those that are not."""
    tables = {table.name: table for table in propose("shop", str(place), "SEK").tables}
    right, wrong = [], []
    for name, expected in truth.items():
        found = {f"{m.entity}.{f.target}": f.columns[0] for m in tables[name].maps for f in m.filled}
        usable = any(not m.missing for m in tables[name].maps)
        if not expected and usable:
            wrong.append(f"{name}: {sorted(found)} where nothing is")
        for target, column in expected.items():
            told = f"{name}.{column} as {target}, not {found.get(target)}"
            (right if found.get(target) == column else wrong).append(told)
    return right, wrong


@pytest.mark.parametrize("company", [*SEEN, *UNSEEN])
def test_columns_of_a_company_are_known(tmp_path, company):
    truth = {**SEEN, **UNSEEN}[company](tmp_path)
    right, wrong = right_and_wrong(tmp_path, truth)
    assert len(right) >= GOAL * (len(right) + len(wrong)), wrong


@pytest.mark.parametrize("vendor", [*VENDORS_SEEN, *VENDORS_UNSEEN])
def test_columns_of_a_vendors_tables_are_known(tmp_path, monkeypatch, vendor):
    # the words are measured on shapes that nobody made for them, so nothing is known as a vendor's here
    monkeypatch.setattr("orchestration.proposals.propose.recognised", lambda *_: None)
    folder, truth = shared(f"vendor_schemas/{vendor}"), {**VENDORS_SEEN, **VENDORS_UNSEEN}[vendor]
    for table in truth:
        (tmp_path / f"{table}.csv").write_bytes((folder / f"{table}.csv").read_bytes())
    right, wrong = right_and_wrong(tmp_path, truth)
    assert len(right) >= GOAL * (len(right) + len(wrong)), wrong
