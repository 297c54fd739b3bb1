"""When a statement on consent was made, out of what systems write: days, local times, offsets, the hour that comes twice."""

from __future__ import annotations

import json
from datetime import datetime

import duckdb
import pytest

from tests.unit.mapped import time_macros

DAY = {"hour": 23, "minute": 59, "second": 59, "microsecond": 999999}


@pytest.mark.parametrize(
    ("zone", "written", "granted", "withdrawn"),
    [
        ("UTC", "'2026-06-01 13:00:00'", datetime(2026, 6, 1, 13), None),
        ("UTC", "'2026-06-01T13:00:00+02:00'", datetime(2026, 6, 1, 11), None),
        ("UTC", "'2026-06-01'", datetime(2026, 6, 1, **DAY), None),
        ("UTC", "date '2026-06-01'", datetime(2026, 6, 1, **DAY), None),
        ("UTC", "timestamp '2026-06-01 00:00:00'", datetime(2026, 6, 1, **DAY), None),
        ("UTC", "'2026-06-01T00:00:00Z'", datetime(2026, 6, 1), None),
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
