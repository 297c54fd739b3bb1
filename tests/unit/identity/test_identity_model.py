"""The identity model's file, the vetoes that data decide on, and the cluster guard."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.core.errors import KundbildError
from orchestration.identity.guard import _parted
from orchestration.identity.model import DEFAULT_MODEL, Model
from orchestration.identity.vetoes import define_vetoes


def test_the_default_model_is_there_and_keeps_its_version(tmp_path):
    model = Model.load(DEFAULT_MODEL)
    assert model.trained_on_records > 50_000
    model.save(tmp_path / "copy.json")
    assert Model.load(tmp_path / "copy.json").version == model.version


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"comparisons_version": 1}'])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    path = tmp_path / "model.json"
    path.write_text(content)
    with pytest.raises(KundbildError, match="this is not an identity model"):
        Model.load(path)


def test_a_model_of_another_version_is_refused(tmp_path):
    path = tmp_path / "model.json"
    stored = json.loads(DEFAULT_MODEL.read_text()) | {"comparisons_version": 0}
    path.write_text(json.dumps(stored))
    with pytest.raises(KundbildError, match="version 0"):
        Model.load(path)


@pytest.fixture
def pairs_of_one_date(warehouse):
    """Pairs that share birth date, family name and place; `differing` of `pairs` have other first names."""

    def make(pairs: int, differing: int):
        warehouse.execute(
            "create schema if not exists identity; create or replace table identity.identifiers (kind varchar, value_key varchar, ignored_reason varchar)"
        )
        warehouse.execute(
            "create or replace table identity.normalised_people as "
            "select (2 * n + side)::ubigint as record_id, case when side = 1 and n < $differing then 'bertil' else 'anna' end as given_key, "
            "'family' || n as family_key, date '1950-01-01' + n::int as birth_date, '11122' as postal_key, "
            "null::varchar as email_key, null::varchar as phone_key, null::varchar[] as given_forms, "
            "null::varchar as generation from range($pairs) r (n), range(2) s (side)",
            {"pairs": pairs, "differing": differing},
        )
        return define_vetoes(warehouse)

    return make


def test_twins_are_parted_where_first_names_can_be_trusted(pairs_of_one_date, warehouse):
    assert pairs_of_one_date(1000, 8).names_part_people
    reason = "select identity.veto_reason(a, b) from identity.normalised_people a, identity.normalised_people b where a.record_id = 0 and b.record_id = 1"
    assert warehouse.execute(reason).fetchall() == [("first names differ",)]
    # where one such pair in seven differs, names are slips, not twins
    assert not pairs_of_one_date(1000, 150).names_part_people
    assert warehouse.execute(reason).fetchall() == [(None,)]


records = st.integers(0, 11)
edges = st.lists(st.tuples(records, records).filter(lambda pair: pair[0] < pair[1]), unique=True, max_size=40)


@given(edges, edges)
def test_the_guard_never_leaves_two_vetoed_records_together(pairs, forbidden):
    vetoed: dict[int, set[int]] = {}
    for left, right in forbidden:
        vetoed.setdefault(left, set()).add(right)
        vetoed.setdefault(right, set()).add(left)
    cut = set(_parted(pairs, vetoed))
    part = {record: record for pair in pairs for record in pair}

    def root(record: int) -> int:
        while part[record] != record:
            record = part[record]
        return record

    for left, right in pairs:
        if (left, right) not in cut:
            part[root(left)] = root(right)
    together = {(a, b) for a in part for b in part if a < b and root(a) == root(b)}
    assert together.isdisjoint(forbidden)


def test_the_guard_cuts_the_one_edge_between_two_dense_groups():
    groups = [(0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5)]
    assert list(_parted([*groups, (2, 3)], {})) == [(2, 3)]
