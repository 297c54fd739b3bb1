"""Identity numbers of nobody, tables that hold them, and all that a warehouse holds: for tests that no number stays."""

from __future__ import annotations

from stdnum import luhn

from orchestration.core.settings import Source, Table

PEPPER = "a pepper of the tests, thirty-two long"
COLUMNS = {"id": "BIGINT", "name": "VARCHAR", "personnummer": "VARCHAR", "land": "VARCHAR"}


def swedish(day: str, serial: str) -> str:
    """A number with its right check digit; serials from 980 on are given to nobody."""
    digits = day[2:] + serial
    return digits[:6] + "-" + serial + luhn.calc_check_digit(digits)


ANNA, BO = swedish("19800101", "980"), swedish("19900202", "981")


def csv(tmp_path, content: str, **table) -> Source:
    folder = tmp_path / "in"
    folder.mkdir(exist_ok=True)
    (folder / f"{len(list(folder.iterdir()))}.csv").write_text(content)
    spec = Table(columns=COLUMNS, key=["id"], path="*.csv", **table)
    return Source(connector="files", url=str(folder), tables={"t": spec})


def everything(con) -> str:
    """All that the warehouse holds, as one text."""
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() where not internal and not temporary"
    ).fetchall()
    return "\n".join(str(con.execute(f'from "{schema}"."{table}"').fetchall()) for schema, table in tables)
