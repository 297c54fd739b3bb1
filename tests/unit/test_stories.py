"""Stories that are told together: each is sent what is of its own people, and fails alone."""

from __future__ import annotations

import duckdb

from tests.unit.stories import name_of, night, of, tell


def test_a_story_is_sent_its_own_people_and_one_that_fails_leaves_the_others():
    nights: list[tuple[list[str], list[str]]] = []

    def permitted(people: list[dict], at: str, **rows: list[dict]) -> dict[tuple[str, str, str], str]:
        keys = [one["source_key"] for one in people]
        nights.append((keys, [row["source_key"] for row in rows["consent_events"]]))
        permitted.why = {(key, "survey", "email"): f"of {key}" for key in keys}
        return {(key, "survey", "email"): key for key in keys}

    def fails(cast):
        one = cast.one()
        found = yield night([one], of(one, source_key="s"))
        assert found == {}, "it was permitted"

    def goes_on(cast):
        one, later = cast.many(2)
        found = yield night([one], of(one, source_key="s"))
        assert found.keys_of == {one["source_key"]}
        found = yield night([one, later], of(one))
        assert found.why == {(who["source_key"], "survey", "email"): f"of {who['source_key']}" for who in (one, later)}

    with duckdb.connect() as con:
        failures = tell([fails, goes_on], permitted, con)
    assert "it was permitted" in (failures[name_of(fails)] or "") and failures[name_of(goes_on)] is None
    (first, statements), (second, _) = nights
    # the same key of two stories is of two rows, and whose story ended stays
    assert len(first) == len(set(statements)) == 2 and set(first) < set(second)
