"""Tables with maps, as tests of mappings write them, and their staged rows. Not here: the tests."""

from __future__ import annotations

from orchestration.core.settings import Table
from tests.unit.mapped import models_of


def table(columns: str, *maps: dict, key: str = "", **more) -> Table:
    return Table.model_validate(
        {"columns": dict.fromkeys(columns.split(), "VARCHAR"), "key": key.split(), "maps": list(maps), **more}
    )


ORDERS = {"source_key": "no", "ordered_at": "at", "amount": "total"}
AT = {"at": "2026-01-01", "total": "1"}


def staged(con, tables: dict[str, Table], entity: str, columns: str) -> list[tuple]:
    sql, _ = models_of(tables)[entity]
    return con.execute(f"select {columns} from ({sql}) order by 1, 2").fetchall()
