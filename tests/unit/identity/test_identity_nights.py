"""A night looks at what changed and its neighbourhood, and ends where looking at everything anew would."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

import pytest

from orchestration.core.home import Home
from orchestration.core.settings import Engine, Identity
from orchestration.core.warehouse import open_warehouse
from orchestration.identity import ids, resolve, scoring
from orchestration.identity.evaluate import load_seeds
from orchestration.identity.model import DEFAULT_MODEL, Model
from orchestration.identity.resolve import link_records, prepare_people, resolve_identities
from orchestration.privacy.intake.national_id_hashes import prepare_national_ids

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


def make_people(con):
    con.execute("create schema conformed")
    load_seeds(con)
    con.execute(PEOPLE.format(people=400))


@pytest.fixture
def people(warehouse):
    make_people(warehouse)
    return warehouse


NIGHTS = count()


def night(con, *, everything: bool = False) -> None:
    number = next(NIGHTS)
    moment = datetime(2026, 3, 1) + timedelta(days=number)
    resolve_identities(con, Identity(), MODEL, f"night-{number}", moment, everything=everything)


TABLES = ("normalised_people", "identifiers", "scored_pairs", "edges", "record_clusters", "customer_source_records")


def state(con) -> dict[str, list]:
    return {table: con.execute(f"from identity.{table} order by all").fetchall() for table in TABLES}


CHANGES = {
    "nothing": "select 1",
    "other names": "update conformed.conformed_people set given_name = 'Gun' where source_key::int % 90 = 5 and source_system = 'crm'",
    "a shared new mailbox": "update conformed.conformed_people set email = 'ny@posten.se' where source_key in ('3', '8')",
    "a value too many share": "update conformed.conformed_people set phone = '+46701111199' where source_key::int < 12",
    "deleted": "update conformed.conformed_people set deleted_at = timestamp '2026-02-01' where source_key::int % 50 = 1",
    "an identifier worth something again": "update conformed.conformed_people set email = 'egen' || source_key || '@posten.se' where source_key::int < 60",
    "a name no longer rare": "update conformed.conformed_people set given_name = 'Anna', family_name = 'Familjaa' where source_key::int % 25 = 0",
    "another number": "update restricted.national_ids set keyed_hash = source_key || source_system where source_key::int % 40 = 3",
    "decided": "insert into identity.decisions select 'crm', n::varchar, 'webshop', (n + 1)::varchar, 'same', now(), 'a', '' from range(4) r (n) "
    "union all select 'crm', n::varchar, 'webshop', n::varchar, 'different', now(), 'a', '' from range(10, 14) r (n)",
    "new": "insert into conformed.conformed_people select * replace ('survey' as source_system) from conformed.conformed_people "
    "where source_system = 'crm' and source_key::int % 30 = 2",
}


@pytest.fixture(scope="module")
def after_the_first_night(tmp_path_factory, new_warehouse) -> bytes:
    """A night behind it; some have a national identity number, of which only hashes are known, and a mailbox is shared."""
    home = Home(tmp_path_factory.mktemp("first-night") / "home").prepare()
    home.warehouse.write_bytes(new_warehouse)
    with open_warehouse(home, Engine()) as con:
        make_people(con)
        prepare_national_ids(con)
        con.execute(
            "insert into restricted.national_ids select source_system, source_key, 'SE', source_key from conformed.conformed_people "
            "where source_key::int % 20 = 3; "
            "update conformed.conformed_people set email = 'alla@posten.se' where source_key::int < 60"
        )
        night(con)
        numbered = "select count(*) from identity.edges where rule = 'same national identity number'"
        assert con.execute(numbered).fetchall() == [(20,)]
    return home.warehouse.read_bytes()


@pytest.fixture
def first_night(home, after_the_first_night):
    home.warehouse.write_bytes(after_the_first_night)
    with open_warehouse(home, Engine()) as con:
        yield con


@pytest.mark.parametrize("change", CHANGES)
def test_a_night_of_changes_ends_where_looking_at_everything_ends(first_night, change):
    shift = first_night.execute("select shift, records from identity.calibration").fetchall()
    before = state(first_night)
    first_night.execute(CHANGES[change])
    night(first_night)
    by_changes = state(first_night)
    assert len(by_changes["scored_pairs"]) > 300
    assert (by_changes == before) == (change == "nothing")
    assert first_night.execute("select shift, records from identity.calibration").fetchall() == shift
    night(first_night, everything=True)
    assert state(first_night) == by_changes


def test_a_night_looks_at_the_neighbourhood_of_what_changed(first_night, monkeypatch):
    touched = []
    carry_ids = resolve.carry_ids

    def noting(con, *arguments, **options):
        touched.append(con.execute("select count(distinct record_id) from identity.touched_records").fetchall()[0][0])
        return carry_ids(con, *arguments, **options)

    monkeypatch.setattr(resolve, "carry_ids", noting)
    night(first_night)
    first_night.execute(
        "update conformed.conformed_people set given_name = 'Gun' where source_key = '5' and source_system = 'crm'"
    )
    night(first_night)
    assert touched[0] == 0 and 2 <= touched[1] < 10


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


KILLED_IN = [
    (resolve, "recount_identifiers"), (resolve, "find_standing"), (scoring, "_insert_pairs"), (resolve, "find_edges"), (resolve, "cluster_records"),
    (resolve, "find_review_queue"), (ids, "rest"),
]  # fmt: skip


@pytest.mark.parametrize("everything", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("module", "step"), KILLED_IN, ids=[step for _, step in KILLED_IN])
def test_a_run_that_is_killed_in_a_step_leaves_what_the_next_one_fixes(
    first_night, monkeypatch, module, step, everything
):
    if step == "recount_identifiers" and everything:
        step = "find_identifiers"
    first_night.execute(CHANGES["other names"])
    first_night.execute(CHANGES["deleted"])
    with monkeypatch.context() as patched:
        patched.setattr(module, step, lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            night(first_night, everything=everything)
    night(first_night)
    by_changes = state(first_night)
    night(first_night, everything=True)
    assert state(first_night) == by_changes


def test_a_handful_of_records_is_scored_as_many_are(people):
    """What is frequent among few says nothing: a number that two of forty share is not a frequent number."""
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
