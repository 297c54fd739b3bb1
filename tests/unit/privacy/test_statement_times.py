"""When a statement on consent was made, out of what systems write: days, local times, offsets, the hour that comes twice."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest

from orchestration.core.settings import Source, Table
from orchestration.core.settings.maps import ColumnMap, EntityMap
from orchestration.privacy.intake.line_readers import readers_of
from tests.unit.mapped import models_of, raw, set_clock_and_retention, statement_macros, time_macros

DAY = {"hour": 23, "minute": 59, "second": 59, "microsecond": 999999}


@pytest.mark.parametrize(
    ("zone", "written", "granted", "withdrawn"),
    [
        ("UTC", "'2026-06-01 13:00:00'", datetime(2026, 6, 1, 13), None),
        ("UTC", "'2026-06-01T13:00:00+02:00'", datetime(2026, 6, 1, 11), None),
        ("UTC", "'2026-06-01'", datetime(2026, 6, 1, **DAY), None),
        ("UTC", "date '2026-06-01'", datetime(2026, 6, 1, **DAY), None),
        ("UTC", "timestamp '2026-06-01 00:00:00'", datetime(2026, 6, 1, **DAY), None),
        # a midnight names only a day, also where it has an offset
        ("UTC", "'2026-06-01T00:00:00Z'", datetime(2026, 6, 1, **DAY), None),
        ("UTC", "'2026-06-01T00:00Z'", datetime(2026, 6, 1, **DAY), None),
        ("UTC", "'2026-06-01 00:00:00.000+00'", datetime(2026, 6, 1, **DAY), None),
        ("UTC", "timestamptz '2026-06-01 00:00:00+00'", datetime(2026, 6, 1, **DAY), None),
        ("UTC", "'2026-06-01T00:00:00+02:00'", datetime(2026, 6, 1, 21, 59, 59, 999999), None),
        ("UTC", "'2026-06-01T00:00:01Z'", datetime(2026, 6, 1, 0, 0, 1), None),
        ("UTC", "'2026-06-01T10:00:00Z'", datetime(2026, 6, 1, 10), None),
        # the day in the source's zone, and the one by the offset: a grant by the earlier, a withdrawal by the later
        (
            "Europe/Stockholm",
            "'2026-06-01T00:00:00Z'",
            datetime(2026, 6, 1, 21, 59, 59, 999999),
            datetime(2026, 6, 1, **DAY),
        ),
        ("Europe/Stockholm", "'2026-06-01T00:00:00+02:00'", datetime(2026, 6, 1, 21, 59, 59, 999999), None),
        ("Europe/Stockholm", "'2026-05-31T22:00:00Z'", datetime(2026, 6, 1, 21, 59, 59, 999999), None),
        (
            "America/New_York",
            "'2026-06-01T00:00:00Z'",
            datetime(2026, 6, 1, **DAY),
            datetime(2026, 6, 2, 3, 59, 59, 999999),
        ),
        ("UTC", "'2026-06-01 00:00:00'", datetime(2026, 6, 1, **DAY), None),
        ("UTC", "'soon'", None, None),
        # what systems write for no time at all
        ("UTC", "'1970-01-01 00:00:00'", None, None),
        ("UTC", "'0001-01-01T00:00:00Z'", None, None),
        ("UTC", "null", None, None),
        ("Europe/Stockholm", "'2026-06-01 13:00:00'", datetime(2026, 6, 1, 11), None),
        ("Europe/Stockholm", "timestamp '2026-06-01 13:00:00'", datetime(2026, 6, 1, 11), None),
        ("Europe/Stockholm", "'2026-06-01T12:00:00Z'", datetime(2026, 6, 1, 12), None),
        ("Europe/Stockholm", "'2026-06-01 12:00:00.5+00:00'", datetime(2026, 6, 1, 12, microsecond=500000), None),
        ("Europe/Stockholm", "timestamptz '2026-06-01 12:00:00+00'", datetime(2026, 6, 1, 12), None),
        ("Europe/Stockholm", "'2026-06-01'", datetime(2026, 6, 1, 21, 59, 59, 999999), None),
        # days of 25 and of 23 hours end at the next midnight there
        ("Europe/Stockholm", "'2026-10-25'", datetime(2026, 10, 25, 22, 59, 59, 999999), None),
        ("Europe/Stockholm", "timestamp '2026-10-25 00:00:00'", datetime(2026, 10, 25, 22, 59, 59, 999999), None),
        ("Europe/Stockholm", "'2026-03-29'", datetime(2026, 3, 29, 21, 59, 59, 999999), None),
        ("America/New_York", "'2026-11-01'", datetime(2026, 11, 2, 4, 59, 59, 999999), None),
        # the clock is 02:30 twice: a grant counts from the earlier hour, a withdrawal from the later, and so beats it
        ("Europe/Stockholm", "'2026-10-25 02:30:00'", datetime(2026, 10, 25, 0, 30), datetime(2026, 10, 25, 1, 30)),
    ],
)
def test_a_time_is_read_in_its_zone_and_a_day_as_its_end(warehouse, zone, written, granted, withdrawn):
    times = time_macros(zone)
    for is_grant, expected in (("true", granted), ("false", withdrawn or granted)):
        found = warehouse.execute(
            f"select {times.statement_time('t', is_grant)} from (select {written} as t)"
        ).fetchall()
        assert found == [(expected,)], is_grant


@pytest.mark.parametrize(
    ("ends", "begins"),
    [
        # days of 25 hours: Stockholm, London, New York, Sydney
        (datetime(2026, 10, 25, 22, 59, 59, 999999), datetime(2026, 10, 24, 22)),
        (datetime(2026, 10, 25, 23, 59, 59, 999999), datetime(2026, 10, 24, 23)),
        (datetime(2026, 11, 2, 4, 59, 59, 999999), datetime(2026, 11, 1, 4)),
        (datetime(2026, 4, 5, 13, 59, 59, 999999), datetime(2026, 4, 4, 13)),
        # of 23 hours: not later than its first moment, 2026-03-28 23:00
        (datetime(2026, 3, 29, 21, 59, 59, 999999), datetime(2026, 3, 28, 22)),
        # of 24: a Saturday, a Monday, a Sunday in summer; and an instant
        (datetime(2026, 10, 17, 21, 59, 59, 999999), datetime(2026, 10, 16, 22)),
        (datetime(2026, 10, 26, 22, 59, 59, 999999), datetime(2026, 10, 25, 23)),
        (datetime(2026, 6, 7, 21, 59, 59, 999999), datetime(2026, 6, 6, 22)),
        (datetime(2026, 10, 25, 22, 30), datetime(2026, 10, 25, 22, 30)),
    ],
)  # fmt: skip
def test_the_first_moment_of_a_day_is_never_too_late_where_clocks_change(warehouse, ends, begins):
    sql = statement_macros().first_moment("t")
    assert warehouse.execute(f"select {sql} from (select $1::timestamp as t)", [ends]).fetchall() == [(begins,)]


def days(zone: str, years: range) -> list[tuple[datetime, datetime]]:
    """The first and the last moment, UTC, of each day of a zone."""
    there = ZoneInfo(zone)
    first = date(years[0], 1, 1)
    found = []
    for n in range((date(years[-1] + 1, 1, 1) - first).days):
        starts, next_starts = (
            datetime.combine(first + timedelta(days=n + more), time(), there).astimezone(UTC).replace(tzinfo=None)
            for more in (0, 1)
        )
        found.append((starts, next_starts - timedelta(microseconds=1)))
    return found


def test_the_first_moment_of_a_day_of_25_hours_is_right_in_every_zone(warehouse):
    """Of the clocks themselves, from Adak to Apia; but for those that go by the calendar of Ramadan."""
    sql = statement_macros().first_moment("ends")
    by_name = ["Pacific/Auckland", "Pacific/Chatham", "Pacific/Apia", "America/Adak", "Australia/Lord_Howe", "America/Nuuk",
        "Atlantic/Azores", "America/Santiago", "Asia/Beirut", "Africa/Cairo", "Europe/Stockholm", "America/New_York"]  # fmt: skip
    long = [
        (zone, *day)
        for zone in by_name
        for day in days(zone, range(2023, 2033))
        if day[1] - day[0] > timedelta(hours=24)
    ]
    # Apia had them until 2021
    long += [
        ("Pacific/Apia", *day)
        for day in days("Pacific/Apia", range(2019, 2021))
        if day[1] - day[0] > timedelta(hours=24)
    ]
    assert len({zone for zone, *_ in long}) == len(by_name) and len(long) > 100
    # and where no clock changes, a day of 24 hours at both ends of the world
    plain = [(zone, *day) for zone in ("Pacific/Kiritimati", "Pacific/Tongatapu", "Pacific/Tarawa", "Pacific/Pago_Pago") for day in days(zone, range(2026, 2027))]  # fmt: skip
    warehouse.execute("create temp table d (zone varchar, starts timestamp, ends timestamp)")
    warehouse.register(
        "given", pa.table(dict(zip(("zone", "starts", "ends"), zip(*long, *plain, strict=True), strict=True)))
    )
    warehouse.execute("insert into d from given")
    wrong = f"select zone, starts, {sql} as found from d where found > starts or found < starts - interval 1 hour"
    assert warehouse.execute(wrong).fetchall() == []


@pytest.mark.parametrize(
    ("written", "ends"),
    [
        ("2026-10-25", datetime(2026, 10, 25, 22, 59, 59, 999999)),
        ("2026-10-25T00:00:00", datetime(2026, 10, 25, 22, 59, 59, 999999)),
        ("2026-10-25T00:00:00+02:00", datetime(2026, 10, 25, 22, 59, 59, 999999)),
        ("2026-10-25T00:00:00Z", datetime(2026, 10, 25, **DAY)),
        ("2026-10-25T00:00:05Z", datetime(2026, 10, 25, 0, 0, 5)),
    ],
)
def test_a_rejected_withdrawal_of_a_day_counts_at_its_end(warehouse, written, ends):
    spec = Source(
        connector="files", url="/", timezone="Europe/Stockholm",
        tables={"t": {"columns": {"id": "VARCHAR", "at": "VARCHAR"}, "key": ["id"], "maps": [
            {"entity": "consent_events", "columns": {"source_key": "id", "person_key": "id", "stated_at": "at"},
             "constants": {"purpose": "survey", "channel": "email", "status": "withdrawn"}}]}},
    )  # fmt: skip
    (reader,) = readers_of("s", spec, "t", spec.tables["t"])
    found = warehouse.execute(f"select {reader.stated_at} from (select '1' as id, $1 as at)", [written]).fetchall()
    assert found == [(ends,)]


@pytest.mark.parametrize("model", ["stg_shop__consent_events", "own_stg_shop__consent_events"])
def test_a_source_that_has_the_name_of_a_known_system_has_its_own_zone(warehouse, model):
    times = time_macros("Europe/Stockholm", model)
    found = warehouse.execute(f"select {times.as_utc('t')} from (select '2026-06-01 13:00:00' as t)").fetchall()
    assert found == [(datetime(2026, 6, 1, 11),)]


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Stockholm"])
def test_a_statement_says_whether_nobody_knows_the_zone_of_its_time(warehouse, zone):
    """Of sent, stated and confirmed each: with an offset, without one, none at all. A source that states its zone has none."""
    formats = {"formats": ["%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M%z"]}
    maps = [
        EntityMap(
            entity="consent_events",
            constants={"purpose": "survey", "channel": "email", "status": "granted"},
            columns={"source_key": "id", "stated_at": "at", "confirmed_at": ColumnMap(column="confirmed", **formats)},
        ),
        EntityMap(
            entity="email_events", constants={"kind": "unsubscribed"}, columns={"source_key": "id", "occurred_at": "at"}
        ),
    ]
    columns = dict.fromkeys(("id", "at", "confirmed"), "VARCHAR")
    written = {
        "offset": ("2026-06-01T13:00:00+02:00", None), "zulu": ("2026-06-01 13:00:00Z", "01.06.2026 14:00+0200"),
        "local": ("2026-06-01 13:00:00", None), "day": ("2026-06-01", None), "midnight": ("2026-06-01T00:00:00Z", None), "confirmed": ("2026-06-01T13:00:00Z", "01.06.2026 14:00"),
        "never": (None, None),
    }  # fmt: skip
    raw(warehouse, "t", *({"id": key, "at": at, "confirmed": confirmed} for key, (at, confirmed) in written.items()))
    set_clock_and_retention(warehouse)
    models = models_of({"t": Table(columns=columns, key=["id"], maps=maps)}, zone=zone)
    read = {
        entity: {k for (k,) in warehouse.execute(f"select source_key from ({sql}) where is_zoneless").fetchall()}
        for entity, (sql, _) in models.items()
    }
    local = {"consent_events": {"local", "day", "midnight", "confirmed"}, "email_events": {"local", "day", "midnight"}}
    assert read == ({entity: set() for entity in local} if zone else local)
    # formats with an offset and without, each read as it is
    sql, _ = models["consent_events"]
    confirmed = "select source_key, hour(confirmed_at) from ({}) where confirmed_at is not null order by 1"
    hour = 12 if zone == "Europe/Stockholm" else 14
    assert warehouse.execute(confirmed.format(sql)).fetchall() == [("confirmed", hour), ("zulu", 12)]


@pytest.mark.parametrize(
    ("kind", "withdraws"),
    [
        *((word, True) for word in ("group_unsubscribe", "spamreport", "Opted Out", "opted_out", "OPTEDOUT", "Feedback Loop",
            "do not contact", "stop", "REMOVED", "avböjd", "Avregistrerad", "afmeldt")),
        *((word, False) for word in ("sent", "delivered", "open", "clicked", "hard_bounce", "deferred", "forwarded")),
    ],
)  # fmt: skip
def test_the_kind_of_an_event_withdraws_in_whatever_words(warehouse, kind, withdraws):
    said = warehouse.execute(f"select {time_macros().is_refusal('kind')} from (select ? as kind)", [kind]).fetchall()
    assert said == [(withdraws,)]


@pytest.mark.parametrize(
    ("format", "kind"),
    [("csv", "TIMESTAMP"), ("csv", "VARCHAR"), ("jsonl", "TIMESTAMP"), ("jsonl", "VARCHAR"), ("parquet", "TIMESTAMP")],
)
@pytest.mark.parametrize(("zone", "local"), [("Europe/Stockholm", 10), ("America/New_York", 16), ("UTC", 12)])
def test_a_time_with_its_offset_is_that_instant_whatever_the_sources_zone_and_the_columns_type(
    load_files, warehouse, zone, local, format, kind
):
    """Twice 12:00 UTC, with an offset; then 12:00 by the source's clock. A second delivery takes the way of a merge."""
    written = {"a": "2026-06-01T12:00:00Z", "b": "2026-06-01T14:00:00+02:00", "c": "2026-06-01T12:00:00"}
    for night in ("1", "2"):
        rows = {night + key: at for key, at in written.items()}
        if format == "parquet":
            # typed there: an instant, and a time of the clock
            listed = ", ".join(
                f"('{key}', timestamptz '{at}')"
                if key[1] != "c"
                else f"('{key}', timestamptz '2026-06-01 {local:02}:00:00Z')"
                for key, at in rows.items()
            )
            duckdb.execute(
                f"copy (from (values {listed}) t(id, stated)) to '{load_files.folder}/{night}.parquet' (format parquet)"
            )
        elif format == "csv":
            (load_files.folder / f"{night}.csv").write_text(
                "id,stated\n" + "".join(f"{k},{at}\n" for k, at in rows.items())
            )
        else:
            lines = [json.dumps({"id": key, "stated": at}) for key, at in rows.items()]
            (load_files.folder / f"{night}.jsonl").write_text("\n".join(lines))
        load_files(format=format, columns={"id": "VARCHAR", "stated": kind}, path=f"*.{format}", timezone=zone)
    times = time_macros(zone)
    found = warehouse.execute(f"select id, {times.as_utc('stated')} from raw_s.t order by id").fetchall()
    instants = {"a": datetime(2026, 6, 1, 12), "b": datetime(2026, 6, 1, 12), "c": datetime(2026, 6, 1, local)}
    assert found == [(night + key, instants[key]) for night in "12" for key in "abc"]
