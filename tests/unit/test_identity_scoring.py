"""A night scores what changed, and ends where scoring everything anew would."""

from __future__ import annotations

import pytest

from orchestration.identity.evaluate import load_seeds
from orchestration.identity.model import DEFAULT_MODEL, Model
from orchestration.identity.resolve import link_records, prepare_people
from orchestration.identity.scoring import score_pairs
from orchestration.settings import Identity

MODEL = Model.load(DEFAULT_MODEL)
# 400 people in two systems each: a few given names for many, a phone of their own, an address that every third left
PEOPLE = """
create or replace table conformed.conformed_people as
select case side when 0 then 'crm' else 'webshop' end as source_system, n::varchar as source_key, 'customer' as kind,
    null::varchar as full_name, ['Anna', 'Bo', 'Cilla', 'Dag', 'Eva', 'Finn'][1 + n % 6] as given_name,
    'Familj' || chr((97 + n // 26)::int) || chr((97 + n % 26)::int) || case when side = 1 and n % 7 = 0 then 's' else '' end as family_name,
    case when side = 0 or n % 2 = 0 then 'post' || (n * 7919) || '@posten.se' end as email,
    '+4670' || (1000000 + n) as phone, date '1950-01-01' + (n * 37)::int as birth_date,
    'Gatan ' || case when side = 1 and n % 3 = 0 then n + 7 else n end as street, (10000 + n // 4)::varchar as postal_code,
    'Ort' || n // 40 as city, 'SE' as country_code, timestamp '2026-01-01' as created_at, null::timestamp as deleted_at
from range({people}) r (n), range(2) s (side)
"""


@pytest.fixture
def people(warehouse):
    warehouse.execute("create schema conformed")
    load_seeds(warehouse)
    warehouse.execute(PEOPLE.format(people=400))
    return warehouse


def night(con) -> None:
    prepare_people(con, Identity())
    link_records(con, Identity(), MODEL)


def state(con) -> tuple[list, list, list]:
    return tuple(
        con.execute(query).fetchall()
        for query in (
            "from identity.scored_pairs order by all",
            "from identity.edges order by all",
            "from identity.record_clusters order by all",
        )
    )


CHANGES = {
    "nothing": "select 1",
    "other names": "update conformed.conformed_people set given_name = 'Gun' where source_key::int % 90 = 5 and source_system = 'crm'",
    "a shared new mailbox": "update conformed.conformed_people set email = 'ny@posten.se' where source_key in ('3', '8')",
    "a value too many share": "update conformed.conformed_people set phone = '+46701111199' where source_key::int < 12",
    "deleted": "update conformed.conformed_people set deleted_at = timestamp '2026-02-01' where source_key::int % 50 = 1",
    "new": "insert into conformed.conformed_people select * replace ('survey' as source_system) from conformed.conformed_people "
    "where source_system = 'crm' and source_key::int % 30 = 2",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_night_of_changes_ends_where_scoring_everything_ends(people, change):
    night(people)
    shift = people.execute("select shift, records from identity.calibration").fetchall()
    people.execute(CHANGES[change])
    night(people)
    by_changes = state(people)
    assert len(by_changes[0]) > 300
    assert people.execute("select shift, records from identity.calibration").fetchall() == shift
    score_pairs(people, MODEL, everything=True)
    link_records(people, Identity(), MODEL)
    assert state(people) == by_changes


def test_a_changed_record_drops_its_edges_and_may_leave_its_customer(people):
    night(people)
    together = (
        "select count(distinct cluster_id) from identity.record_clusters join identity.normalised_people using (record_id) "
        "where source_key = '4'"
    )
    assert people.execute(together).fetchall() == [(1,)]
    people.execute(
        "update conformed.conformed_people set given_name = 'Zacharias', family_name = 'Quist', email = 'z@quist.se', phone = null, "
        "birth_date = date '1999-09-09', street = 'Torget', postal_code = '99999', city = 'Kiruna' "
        "where source_key = '4' and source_system = 'crm'"
    )
    night(people)
    assert people.execute(together).fetchall() == [(2,)]


def test_only_pairs_of_changed_records_are_scored(people, monkeypatch):
    from orchestration.identity import scoring

    night(people)
    scored = []
    predict = scoring.predict

    def counting(con, *arguments, **options):
        pairs = predict(con, *arguments, **options)
        scored.append(con.execute(f"select count(*) from {pairs}").fetchall()[0][0])
        return pairs

    monkeypatch.setattr(scoring, "predict", counting)
    people.execute(CHANGES["other names"])
    night(people)
    people.execute(CHANGES["nothing"])
    night(people)
    assert len(scored) == 1 and 0 < scored[0] < 60


def test_a_calibration_stands_until_the_records_are_a_tenth_more_or_the_model_is_another(people):
    def calibrated_on() -> tuple:
        return people.execute("select records, model_version from identity.calibration").fetchall()[0]

    night(people)
    assert calibrated_on() == (800, MODEL.version)
    people.execute(PEOPLE.format(people=430))
    night(people)
    assert calibrated_on() == (800, MODEL.version)
    people.execute(PEOPLE.format(people=450))
    night(people)
    assert calibrated_on() == (900, MODEL.version)
    other = Model(MODEL.settings | {"probability_two_random_records_match": 0.01}, 1000)
    link_records(people, Identity(), other)
    assert calibrated_on() == (900, other.version)


def test_a_run_that_is_killed_while_scoring_leaves_what_the_next_one_mends(people, monkeypatch):
    from orchestration.identity import scoring

    night(people)
    people.execute(CHANGES["other names"])
    with monkeypatch.context() as patched:
        patched.setattr(scoring, "_insert_pairs", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            night(people)
    night(people)
    by_changes = state(people)
    score_pairs(people, MODEL, everything=True)
    link_records(people, Identity(), MODEL)
    assert state(people) == by_changes


def test_a_handful_of_records_is_scored_as_many_are(people):
    """What is frequent among few says nothing: a number that two of forty share is no frequent number."""
    night(people)
    many = people.execute("select left_id, right_id, weight from identity.scored_pairs").fetchall()
    people.execute("delete from conformed.conformed_people where source_key::int >= 20")
    night(people)
    found = {(left, right): weight for left, right, weight in many}
    few = people.execute("select left_id, right_id, weight from identity.scored_pairs").fetchall()
    same_phone = people.execute(
        "select left_id, right_id from identity.edges where rule = 'same mobile' and is_used"
    ).fetchall()
    assert len(same_phone) == 20
    weights = {(left, right): weight for left, right, weight in few}
    assert all(weights[pair] > 10 and abs(weights[pair] - found[pair]) < 15 for pair in same_phone)
    people.execute("delete from conformed.conformed_people where source_key::int > 0 or source_system = 'crm'")
    night(people)
    assert people.execute("select count(*) from identity.scored_pairs").fetchall() == [(0,)]


def test_names_alone_must_be_rarer_than_names_with_something_else(people):
    """Two records of a name, one of them without anything else: joined only where the score leaves no doubt."""
    people.execute(
        "insert into conformed.conformed_people by name select 'survey' as source_system, 'n' || n as source_key, 'Ulrika' as given_name, "
        "'Qvarnström' as family_name, 'SE' as country_code, timestamp '2026-01-01' as created_at from range(2) r (n)"
    )
    prepare_people(people, Identity())
    joined = "select count(*) from identity.edges where rule = 'records alike' and left_id in (select record_id from identity.normalised_people where source_system = 'survey')"
    found = {}
    for bound in (0.5, 0.9999999):
        link_records(people, Identity(link_probability=0.5, names_alone_probability=bound), MODEL)
        found[bound] = people.execute(joined).fetchall()[0][0]
    assert found == {0.5: 1, 0.9999999: 0}
