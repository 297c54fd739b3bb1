"""What dbt writes in its log of a model that failed: its name and the kind of error, and no value of a row."""

from __future__ import annotations

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.warehouse import open_warehouse
from orchestration.transform.runner import Dbt, TransformError


def test_a_value_that_an_error_quotes_is_in_no_log(home, write_config, tmp_path, capfd):
    shop = f'[sources.shop]\nconnector = "files"\nurl = "{tmp_path}"\n[sources.shop.tables.t]\npath = "t.csv"\ncolumns = {{ id = "VARCHAR" }}\n'
    settings = load_settings(write_config(f'company = "T"\n{shop}'), {})
    with open_warehouse(home, settings.engine) as con:
        con.execute("create schema conformed")
        # a time that is none, as a staging model by hand may let it pass
        con.execute("create table conformed.conformed_orders as select 'SEK' as currency, 'Anna Ek' as ordered_at, 'shop' as source_system, '1' as source_key")  # fmt: skip
        con.execute("create table conformed.conformed_order_items (currency varchar, ordered_at timestamp, source_system varchar, order_key varchar)")  # fmt: skip
        con.execute("create table conformed.conformed_carts (currency varchar, created_at timestamp, abandoned_at timestamp)")  # fmt: skip
        con.execute("create table conformed.conformed_ad_spend (currency varchar, spend_on date)")
    dbt = Dbt(settings, home)
    with pytest.raises(TransformError, match="exchange_rates_by_day"):
        dbt.build("exchange_rates exchange_rates_by_day")
    assert not dbt.invoke(["--log-level-file", "debug", "run", "--select", "exchange_rates_by_day"])
    logs = [path.read_text(encoding="utf-8") for path in (home.dbt_target / "logs").iterdir()]
    shown = capfd.readouterr()
    told = [text for text in [*logs, shown.out, shown.err] if "exchange_rates_by_day" in text]
    assert len(told) >= 2 and all("Conversion Error (DuckDB's own words quote the value: not told)" in one for one in told)  # fmt: skip
    assert not any("Anna" in one for one in [*logs, shown.out, shown.err])
