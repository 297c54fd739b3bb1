"""How long `kundbild add-source` looks at a CSV of 500 MB, and with how much memory. Here: writing it, and one look."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import duckdb

from tests.bench.measure import Report, run_command

ROWS = 5_400_000
_ORDERS = """
copy (
    select 100000 + i as order_id, (hash(i) % 1500000)::varchar as customer_id,
        timestamp '2020-01-01' + to_seconds((i * 31) % 150000000) as order_date,
        round((hash(i + 1) % 100000) / 100.0, 2) as total_amount,
        ['open', 'completed', 'cancelled'][1 + (hash(i + 2) % 3)::int] as status, 'SEK' as currency,
        'Name ' || (hash(i + 3) % 100000) as billing_name, 'user' || (hash(i) % 1500000) || '@example.com' as email,
        round((hash(i + 5) % 1000) / 100.0, 2) as discount
    from range({rows}) t(i)
) to '{path}' (header)
"""


def proposal(report: Report, folder: Path, rows: int = ROWS) -> None:
    """A list of orders is looked at by the command line, as a user does."""
    place = folder / "to_look_at"
    place.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute(_ORDERS.format(rows=rows, path=place / "orders.csv"))
    megabytes = (place / "orders.csv").stat().st_size / 1e6
    command = [str(Path(sys.executable).parent / "kundbild"), "add-source", "looked", "--from", str(place), "--json"]
    environment = {**os.environ, "KUNDBILD_CONFIG": str(folder / "no.toml")}
    seconds, peak, told = run_command(command, environment)
    assert '"order_id"' in told
    report.add(
        f"add-source of a CSV of {megabytes:.0f} MB", "<= 15 s, 1000 MB", f"{seconds:.1f} s, {peak:.0f} MB",
        "every row read: types, a key, null words",
    )  # fmt: skip
