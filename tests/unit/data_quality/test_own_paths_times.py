"""When a permission was granted and refused: the consent suite compares raw times on whichever clocks they were written."""

from __future__ import annotations

from tests.unit.data_quality.opt_outs import BY_RECORD, SETTINGS, event, optin, stop


def test_local_times_never_cry_without_a_cause_and_an_offset_is_read(planted):
    email = SETTINGS.sources["email"].model_copy(update={"timezone": "Europe/Stockholm"})
    local = SETTINGS.model_copy(update={"sources": {"email": email}})

    def seen(at: str) -> bool:
        return BY_RECORD in planted(optin(subscriber_id="7", stated_at=at), local, only={BY_RECORD})

    # granted at 12:00 UTC: 12:30 in Stockholm was before
    assert [seen(at) for at in ("2026-03-01 12:30", "2026-03-01T12:30:00Z", "2026-03-01T13:30:00+01:00")] == [False, True, True]  # fmt: skip
    assert seen("2026-03-02 12:30") and not seen("2026-03-01T12:30:00+01:00")


def test_a_grant_of_an_unknown_zone_that_comes_soon_after_a_withdrawal_is_seen(planted):
    """The grant of 12:00, without an offset, may be of 22:00 UTC on the day before."""
    granted = stop(id="g1", who="k7", choice="JA", day="01.03.2026 12:00")

    def seen(at: str, zone: str | None = None) -> bool:
        sources = SETTINGS.sources | {"club": SETTINGS.sources["club"].model_copy(update={"timezone": zone})}
        settings = SETTINGS.model_copy(update={"sources": sources})
        return BY_RECORD in planted(
            f"{granted}; {event(subscriber_id='7', occurred_at=at)}", settings, only={BY_RECORD}
        )

    assert [seen(at) for at in ("2026-02-28T22:00:00Z", "2026-02-28T21:59:00Z")] == [True, False]
    # both without an offset, of two sources: the withdrawal may be as much later
    assert [seen(at) for at in ("2026-02-28 10:00:00", "2026-02-28 09:59:00")] == [True, False]
    assert not seen("2026-03-01T11:59:00Z", "UTC") and seen("2026-03-01T12:00:00Z", "UTC")


def test_a_grant_that_the_raw_path_cannot_name_is_compared_as_its_time_is_written(planted):
    """A lawful second grant some hours after a withdrawal, both of one source without a zone, whatever the grant's key is."""
    club = SETTINGS.sources["club"].tables["stops"]

    def seen(event_key: str, refused: str, key: str | list[str] = "id") -> bool:
        mapping = club.maps[0].model_copy(update={"columns": club.maps[0].columns | {"source_key": key}})
        table = club.model_copy(update={"maps": [mapping]})
        sources = SETTINGS.sources | {"club": SETTINGS.sources["club"].model_copy(update={"tables": {"stops": table}})}
        rows = f"{stop(id='g1', who='k7', choice='JA', day='01.03.2026 12:00')}; {stop(id='w1', who='k7', day=refused)}"
        decides = f"update marts.contact_permissions set deciding_event = '{event_key}'"
        return BY_RECORD in planted(
            f"{rows}; {decides}", SETTINGS.model_copy(update={"sources": sources}), only={BY_RECORD}
        )

    for event_key, key in (
        ("club:g1", "id"),
        ("club:g1|2", "id"),
        ("club:g1|0123456789abcdef0123456789abcdef", "id"),
        ("club:g1|k7", ["id", "who"]),
    ):
        assert not seen(event_key, "2026-03-01 11:00:00", key), event_key
        assert seen(event_key, "2026-03-01 13:00:00", key), event_key


def test_a_key_of_two_statements_on_different_clocks_is_of_none(planted):
    rows = [stop(id="g1", who="k7", choice="JA", day=day) for day in ("01.03.2026 12:00", "2026-03-01T12:00:00Z")]
    # the withdrawal's time has no offset: against the second it may be as much later
    refused = event(subscriber_id="7", occurred_at="2026-03-01 11:00:00")
    assert planted(f"{rows[1]}; {refused}", only={BY_RECORD}) == {BY_RECORD}
    assert planted(f"{'; '.join(rows)}; {refused}", only={BY_RECORD}) == set()
