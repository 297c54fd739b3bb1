"""A withdrawal stays its person's when a system numbers its contacts anew and gives the record's key to somebody else."""

from __future__ import annotations

from datetime import datetime

from tests.unit.people import by_case
from tests.unit.stories import Night, night, of, story


def refusal(one: dict, at: str = "2026-03-01", name: str = "w") -> dict:
    return of(one, "withdrawn", at, contact_point=None, source_key=f"{name} {one['source_key']}")


def at_night(*people: dict, statements: tuple[dict, ...] = ()) -> Night:
    """Each is granted something, on the address of today."""
    return night(people, *(of(one) for one in people if one.get("email")), *statements)


def under(key: str, one: dict, **changes) -> dict:
    """Somebody under another key."""
    return one | {"source_key": key} | changes


# how each comes back under another key
CHANGES = [
    lambda one: {},
    lambda one: {"email": f"new.{one['email']}"},
    lambda one: {"birth_date": None},
    lambda one: {
        "given_name": None, "family_name": None, "full_name": f"{one['family_name'].upper()}, {one['given_name']}",
        "email": f"new@{one['email'].partition('@')[2]}",
    },
    lambda one: {"given_name": one["given_name"][0], "birth_date": None, "source_system": "webshop"},
]  # fmt: skip
WORDS = ("the same", "another address", "no birth date", "the whole name in one column", "an initial in another system")
CASES = [(is_gone, change) for is_gone in (False, True) for change in WORDS]


@story
def test_rule_04_a_withdrawal_stays_with_its_person_when_the_key_is_given_to_somebody_else(cast):
    """Each case is somebody who said no, under a key that one more someone has by now; of half of them the record is gone for a
    night between, and the others come a night later."""
    olds, other = cast.many(len(CASES)), cast.one()
    other_key = {other["source_key"]}
    of_now, gone = olds[len(WORDS) :], [old | {"deleted_at": datetime(2026, 4, 1)} for old in olds[len(WORDS) :]]
    found = yield at_night(*of_now, other, statements=tuple(map(refusal, of_now)))
    assert found.keys_of == other_key
    of_now = olds[: len(WORDS)]
    found = yield at_night(*of_now, *gone, other, statements=tuple(map(refusal, of_now)))
    assert found.keys_of == other_key
    others = [cast.one(source_key=old["source_key"]) for old in olds]
    news = [under(f"{old['source_key']}new", old, **CHANGES[n % len(CHANGES)](old)) for n, old in enumerate(olds)]
    granted = [of(new, person_system=new.get("source_system", "crm")) for new in news]

    def allowed(found) -> dict[str, object]:
        assert other["source_key"] in found.keys_of
        return by_case(CASES, lambda n: found.keys_of & {olds[n]["source_key"], news[n]["source_key"]})

    # the next night, and any after it; who has the key by now stays denied
    for _ in range(3):
        found = yield at_night(*others, *news, other, statements=tuple(granted))
        assert allowed(found) == by_case(CASES, lambda _: set())
    later = [grant | {"stated_at": datetime(2026, 4, 1), "source_key": f"later{n}"} for n, grant in enumerate(granted)]
    found = yield at_night(*others, *news, other, statements=tuple(later))
    assert allowed(found) == by_case(CASES, lambda n: {news[n]["source_key"]})


@story
def test_rule_04_a_withdrawal_stays_with_its_person_when_they_come_back_later(cast):
    """The key is another's for some nights, and then yet another's, before the person has a record again."""
    one, other = cast.one(phone=None), cast.one()
    key = one["source_key"]
    second, third = (cast.one(source_key=key, phone=None) for _ in range(2))
    again = under(f"{key}new", one)
    yield at_night(one, other, statements=(refusal(one),))
    yield at_night(second, other)
    yield at_night(third, other)
    found = yield at_night(third, again, other)
    assert found.keys_of == {other["source_key"]}
    found = yield at_night(third, again, under(f"{key}second", second), other)
    assert found.keys_of == {other["source_key"]}


@story
def test_rule_04_a_withdrawal_under_a_key_that_comes_after_it_was_given_away(cast):
    """A weekly file of withdrawals that names the key as it was; what the one who has the key says later is theirs alone."""
    one, other = cast.one(phone=None), cast.one()
    key = one["source_key"]
    second, again = cast.one(source_key=key, phone=None), under(f"{key}new", one)
    yield at_night(one, other)
    found = yield at_night(second, again, other)
    assert found.keys_of == {key, again["source_key"], other["source_key"]}
    changed = "update identity.former_people set changed_at = timestamp '2026-04-01' where record_key = ? returning 1"
    assert cast.rows(changed, key) == [(1,)]
    theirs = refusal(second, "2026-05-01", "v")
    found = yield at_night(second, again, other, statements=(theirs,))
    assert found.keys_of == {again["source_key"], other["source_key"]}
    found = yield at_night(second, again, other, statements=(theirs, refusal(one)))
    assert found.keys_of == {other["source_key"]}


FORMER = "from identity.former_people where record_key = ?"


@story
def test_whose_name_address_or_birth_date_changes_is_the_same_person(cast):
    """Their withdrawal is of nobody else, who has the address that they had."""
    one, other = cast.one(phone=None), cast.one()
    key = one["source_key"]
    had = one["email"]
    yield at_night(one, other, statements=(refusal(one),))
    for change in (
        {"family_name": "Ek"},
        {"given_name": f"{one['given_name']} Maria"},
        {"email": f"new.{had}"},
        {"birth_date": None},
    ):
        one |= change
        yield at_night(one, other)
    assert cast.rows(FORMER, key) == []
    has_it = cast.one(phone=None, birth_date=None, email=had)
    yield at_night(one | {"deleted_at": datetime(2026, 4, 1)}, other)
    found = yield at_night(one, has_it, other)
    assert found.keys_of == {has_it["source_key"], other["source_key"]}
    assert cast.rows(FORMER, key) == []


@story
def test_nothing_is_kept_of_former_people_whose_record_is_kept_no_more(cast):
    one = cast.one(phone=None)
    key = one["source_key"]
    count = (
        "with former as (from identity.former_people where record_key = ?) select (select count(*) from former), "
        "(select count(*) from identity.held_points where person_key in (select person_key from former)), "
        # nor of anybody who is no former person any more
        "(select count(*) from identity.held_points where token = ? and starts_with(person_key, 'former'))"
    )
    yield at_night(one, statements=(refusal(one),))
    yield at_night(cast.one(source_key=key, phone=None))
    assert cast.rows(count, key, one["email"]) == [(1, 1, 1)]
    yield at_night(under(f"{key}new", one))
    assert cast.rows(count, key, one["email"]) == [(1, 1, 1)]
    yield night([])
    yield night([])
    assert cast.rows(count, key, one["email"]) == [(0, 0, 0)]
