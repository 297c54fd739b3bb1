"""Identity: keys, guarded edges, components, and ids that last from night to night."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.match_keys.phones import phone_keys
from tests.unit.people import person


def events(warehouse) -> list[str]:
    return [
        k
        for (k,) in warehouse.execute(
            "select kind from identity.customer_identity_events order by occurred_at, kind"
        ).fetchall()
    ]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (person("1", email="anna@x.se"), person("2", email=" ANNA+shop@x.se ")),
        (person("1", email="a.n.na@gmail.com"), person("2", email="anna@gmail.com")),
        (person("1", phone="070-123 45 99"), person("2", phone="+46701234599")),
        (person("1", "Bjørn-Åge", email="b@x.no"), person("2", "Bjorn Aage", email="b@x.no")),
        (person("1", "A", email="anna@x.se"), person("2", "Anna", email="anna@x.se")),
        (person("1", "Berg", "Anna", email="anna@x.se"), person("2", "Anna", "Berg", email="anna@x.se")),
        (person("1", birth_date="1980-05-04"), person("2", birth_date="1980-05-04")),
        (
            person("1", email="anna@x.se", birth_date="1980-05-04"),
            person("2", email="anna@x.se", birth_date="1980-04-05"),
        ),
        (
            person("1", street="Storgatan 1", postal_code="111 22"),
            person("2", street="STORGATAN 1", postal_code="11122"),
        ),
        (person("1", None, None, email="anna@x.se"), person("2", email="anna@x.se")),
    ],
)
def test_records_of_one_person_are_joined(resolve, a, b):
    ids = resolve(a, b)
    assert ids["1"] == ids["2"]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (person("1", "Anna", email="family@x.se"), person("2", "Bo", email="family@x.se")),
        (person("1", email="anna@x.se", birth_date="1980-05-04"), person("2", email="anna@x.se", birth_date="1985-05-04")),
        (person("1", email="test@test.com"), person("2", email="test@test.com")),
        (person("1", email="info@x.se"), person("2", email="info@x.se")),
        (person("1", phone="0700000000"), person("2", phone="0700000000")),
        (person("1", email="no-at-sign"), person("2", email="no-at-sign")),
        (person("1", postal_code="11122"), person("2", postal_code="11122")),
        (person("1", "Jan", street="S 1", postal_code="1", birth_date="1950-01-01"), person("2", "Jan", street="S 1", postal_code="1", birth_date="1980-01-01")),
    ],
)  # fmt: skip
def test_strangers_and_families_stay_apart(resolve, a, b):
    ids = resolve(a, b)
    assert ids["1"] != ids["2"]


def test_an_identifier_shared_by_many_names_joins_nobody_and_says_why(resolve, warehouse):
    names = ["Anna", "Bo", "Cecilia", "David", "Eva", "Fredrik", "Anna"]
    ids = resolve(*(person(str(n), name, f"Family{n}", phone="+46701112233") for n, name in enumerate(names)))
    assert len(set(ids.values())) == len(names)
    reasons = warehouse.execute("select ignored_reason from identity.identifiers where kind = 'phone'").fetchall()
    assert reasons == [("shared by too many names",)]


def test_what_a_person_says_of_an_identifier_outweighs_the_rules(resolve, warehouse):
    shared = [
        person(str(n), name, f"Family{n}", phone="+46701112233")
        for n, name in enumerate(["Bo", "Cy", "Di", "Eva", "Fia"])
    ]
    two = [person("a", email="a@berg.se", phone="+46701112233"), person("b", email="b@berg.se", phone="+46701112233")]
    warehouse.execute("insert into reference.identifier_overrides values ('phone', '+46701112233', 'trust', 'checked')")
    ids = resolve(*shared, *two)
    assert ids["a"] == ids["b"] and len(set(ids.values())) == 6
    warehouse.execute("update reference.identifier_overrides set verdict = 'ignore', reason = 'the switchboard'")
    ids = resolve(*two)
    assert ids["a"] != ids["b"]
    assert warehouse.execute("select ignored_reason from identity.identifiers where kind = 'phone'").fetchall() == [
        ("override: the switchboard",)
    ]


def test_nobody_has_more_addresses_than_a_person_has(resolve, warehouse):
    ids = resolve(*(person(str(n), phone="+46701112233", email=f"anna{n}@x{n}.se") for n in range(15)))
    sizes = warehouse.execute(
        "select count(distinct email_key) from identity.record_clusters join identity.normalised_people using (record_id) group by cluster_id"
    ).fetchall()
    assert len(set(ids.values())) > 1 and max(sizes)[0] == 10


@pytest.mark.slow
def test_ten_thousand_records_on_one_phone_are_not_one_customer_and_say_why(resolve, warehouse):
    ids = resolve(*(person(str(n), "Anna", f"Berg{n % 50}", phone="+46701112233") for n in range(10_000)))
    assert len(set(ids.values())) == 10_000
    (reason,) = warehouse.execute("select ignored_reason from identity.identifiers").fetchall()
    assert reason[0].startswith("shared by too many")


def test_a_mobile_weighs_more_than_a_landline(resolve, warehouse):
    resolve(
        *(
            person(key, phone=phone)
            for key, phone in (("1", "0701112233"), ("2", "0701112233"), ("3", "08123456"), ("4", "08123456"))
        )
    )
    weights = dict(warehouse.execute("select rule, weight from identity.edges").fetchall())
    assert weights["same mobile"] > weights["same phone"] > 0


def test_a_record_without_a_name_is_no_bridge_between_a_family(resolve):
    family = [
        person("1", "Mark", email="f@x.se"),
        person("2", "Mary", email="f@x.se"),
        person("3", None, None, email="f@x.se"),
    ]
    assert len(set(resolve(*family).values())) == 3


def chain(length: int) -> list[dict]:
    """People of one name, each of whom shares one thing with the one before and another with the one after."""
    return [person(str(n), email=f"a{n // 2}@x.se", phone=f"+4670111{(n + 1) // 2:04d}") for n in range(length)]


def test_a_short_chain_is_one_customer(resolve):
    assert len(set(resolve(*chain(3)).values())) == 1


def test_a_long_chain_is_taken_apart_and_every_edge_is_kept(resolve, warehouse):
    ids = resolve(*chain(60))
    assert len(set(ids.values())) > 10
    used, unused = warehouse.execute(
        "select count(*) filter (is_used), count(*) filter (not is_used) from identity.edges"
    ).fetchall()[0]
    assert used > 0 and unused > 0


def test_a_name_that_was_never_seen_together_does_not_come_in_through_a_third(resolve):
    # the second has an initial, which fits both: who is joined to it must not pull the other in
    ids = resolve(
        person("1", "Maria", email="m@x.se"), person("2", "M", email="m@x.se", phone="+46701112233"),
        person("3", "Magnus", phone="+46701112233"),
    )  # fmt: skip
    assert ids["1"] != ids["3"]


def test_ids_last_when_records_come_and_go(resolve, warehouse):
    first = resolve(person("1", email="a@x.se"), person("2", email="a@x.se"))
    second = resolve(person("2", email="a@x.se"), person("3", email="a@x.se"))
    assert second == {"2": first["2"], "3": first["2"]}
    assert events(warehouse) == ["created", "record joined", "record left"]


def test_a_merge_keeps_the_greater_id_and_redirects_the_other(resolve, warehouse):
    apart = resolve(person("1", email="a@x.se"), person("2", email="a@x.se"), person("3", email="b@x.se"))
    assert apart["1"] != apart["3"]
    together = resolve(*(person(k, email="a@x.se") for k in "123"))
    assert set(together.values()) == {apart["1"]}
    assert warehouse.execute("select old_customer_id, customer_id from identity.customer_id_redirects").fetchall() == [
        (apart["3"], apart["1"])
    ]
    assert "merged" in events(warehouse)
    assert resolve.changes.changed == 1


def test_an_event_names_the_edge_that_brought_it_about(resolve, warehouse):
    resolve(person("1", email="a@x.se"), person("2", email="b@x.se"))
    resolve(person("1", email="a@x.se"), person("2", email="a@x.se"), person("3", email="a@x.se"))
    said = warehouse.execute(
        "select kind, edge from identity.customer_identity_events order by occurred_at, kind"
    ).fetchall()
    assert [kind for kind, _ in said] == ["created", "created", "merged", "record joined"]
    assert said[0][1] is None and said[1][1] is None
    assert said[2][1] == "same email, crm:2 and crm:1" or said[2][1] == "same email, crm:1 and crm:2"
    assert said[3][1].startswith("same email, crm:3 and crm:")


def test_a_split_keeps_the_id_with_the_greater_part(resolve, warehouse):
    together = resolve(*(person(k, email="a@x.se") for k in "123"))
    apart = resolve(person("1", email="a@x.se"), person("2", email="a@x.se"), person("3", email="other@x.se"))
    assert apart["1"] == apart["2"] == together["1"] != apart["3"]
    assert "split" in events(warehouse)


def test_a_customer_without_records_is_retired(resolve, warehouse):
    resolve(person("1", email="a@x.se"))
    assert resolve() == {}
    assert events(warehouse) == ["created", "retired"]


def test_deleting_the_oldest_record_keeps_the_id(resolve):
    before = resolve(*(person(k, email="a@x.se") for k in "123"))
    after = resolve(*(person(k, email="a@x.se") for k in "23"))
    assert after["2"] == before["1"]


def test_phone_numbers_are_e164_or_nothing():
    written = [("0047 91 23 45 67", "SE"), ("08-123 456 78", "SE"), ("12", "SE"), ("unknown", "SE")]
    assert phone_keys(written) == [("+4791234567", True), ("+46812345678", False), (None, None), (None, None)]


@pytest.mark.slow
def test_many_numbers_are_read_as_one_is():
    numbers = [(f"070-{n:07d}", "SE") for n in range(60_000)]
    assert phone_keys(numbers)[::7000] == [(f"+4670{n:07d}", True) for n in range(0, 60_000, 7000)]


records = st.lists(
    st.fixed_dictionaries(
        {
            "source_system": st.sampled_from(["crm", "webshop", "survey"]),
            "given_name": st.sampled_from(["Anna", "Bo", "Cy", None]),
            "family_name": st.sampled_from(["Berg", "Dahl"]),
            "email": st.sampled_from([None, "a@x.se", "b@x.se", "c@x.se"]),
            "birth_date": st.sampled_from([None, "1980-01-02", "1990-01-02"]),
        }
    ),
    min_size=1,
    max_size=8,
)


@given(people=records, order=st.randoms(use_true_random=False))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_order_changes_nothing_and_a_rerun_changes_nothing(resolve, people, order):
    numbered = [{**p, "source_key": str(n)} for n, p in enumerate(people)]
    first = resolve(*numbered)
    shuffled = list(numbered)
    order.shuffle(shuffled)
    assert resolve(*shuffled) == first
    assert (resolve.changes.created, resolve.changes.changed, resolve.changes.retired) == (0, 0, 0)


@given(people=records, added=records)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_record_that_comes_unites_strangers(resolve, warehouse, people, added):
    """Whoever withdrew and comes again under another key, with anybody's address: those whom a veto parts stay parted."""
    resolve(*({**p, "source_key": str(n)} for n, p in enumerate([*people, *added])))
    united = warehouse.execute(
        "select count(*) from identity.record_clusters c join identity.record_clusters d using (cluster_id) "
        "join identity.normalised_people a on a.record_id = c.record_id join identity.normalised_people b on b.record_id = d.record_id "
        "where identity.veto_reason(a, b) is not null"
    ).fetchall()
    assert united == [(0,)]


def test_records_that_say_next_to_nothing_are_customers_of_their_own(resolve):
    empty = [("1", None, None), ("2", "", ""), ("3", " ", "-"), ("4", "A", "B"), ("5", "A", "B"), ("6", "?!", None)]
    ids = resolve(
        *(
            person(key, given, family, email="nobody", phone="0", street="", postal_code=" ")
            for key, given, family in empty
        )
    )
    assert len(ids) == len(set(ids.values())) == 6


def test_records_that_come_back_before_anything_was_published_are_the_same_customers(resolve, warehouse):
    """As of a source that answers nothing for a night: what readers know of them stays true."""
    people = [
        {"source_key": f"{n}", "given_name": name, "family_name": "Berg", "email": f"{name}@berg.se"}
        for n, name in enumerate(("Anna", "Bo", "Eva"))
    ]
    first = resolve(*people)
    warehouse.execute("create schema if not exists ops; create table ops.publications (published_at timestamp)")
    warehouse.execute("insert into ops.publications values (now()::timestamp)")
    only = {"source_key": "9", "given_name": "Per", "family_name": "Ek", "email": "per@ek.se"}
    assert resolve(only).keys() == {"9"}
    again = resolve(only, *people[1:])
    assert {key: again[key] for key in "12"} == {key: first[key] for key in "12"}
    reasons = "select distinct kind, reason from identity.customer_identity_events where run_id = 'run-2'"
    assert warehouse.execute(reasons).fetchall() == [("record joined", "the records came back to their source")]
    # readers saw that the third is gone: a key that is used anew is somebody new
    warehouse.execute("insert into ops.publications values (now()::timestamp)")
    last = resolve(only, *people)
    assert last["0"] != first["0"] and last["1"] == first["1"]
    # nobody is two customers at once
    assert len(set(last.values())) == 4


def test_a_customer_that_comes_back_as_part_of_another_is_merged_and_redirects(resolve, warehouse):
    """Readers know both ids: neither may end without a word."""
    anna, ann, per = (
        person("1", email="anna@x.se"),
        person("2", "Ann", "Ek", email="ann@y.se"),
        person("3", "Per", "Ek"),
    )
    first = resolve(anna, ann, per)
    resolve(per)
    last = resolve(anna, {**anna, "source_key": "2"}, per)
    assert last["1"] == last["2"] == min(first["1"], first["2"]) and last["3"] == first["3"]
    redirects = warehouse.execute("select old_customer_id, customer_id from identity.customer_id_redirects").fetchall()
    assert redirects == [(max(first["1"], first["2"]), last["1"])]
    kinds = "select kind from identity.customer_identity_events where run_id = 'run-2' order by 1"
    assert [kind for (kind,) in warehouse.execute(kinds).fetchall()] == ["merged", "record joined"]
    # it came back once: another value changes no id
    assert resolve(anna, {**anna, "source_key": "2", "birth_date": "1980-01-01"}, per) == last
    assert not warehouse.execute("from identity.customer_identity_events where run_id = 'run-3'").fetchall()


def test_a_customer_that_comes_back_apart_is_split(resolve, warehouse):
    same = person("1", email="anna@x.se", phone="+46701112233")
    first = resolve(same, {**same, "source_key": "2"}, person("3", "Per", "Ek"))
    assert first["1"] == first["2"]
    resolve(person("3", "Per", "Ek"))
    last = resolve(same, person("2", "Gun", "Dahl", email="gun@z.se"), person("3", "Per", "Ek"))
    assert len({last["1"], last["2"]}) == 2 and first["1"] in (last["1"], last["2"])
    kinds = "select kind from identity.customer_identity_events where run_id = 'run-2' order by 1"
    assert [kind for (kind,) in warehouse.execute(kinds).fetchall()] == ["record joined", "split"]
