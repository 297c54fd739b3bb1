"""Orders that say no amount get what was paid for them, with freight: the payments where they are what the lines come to, else the lines."""

from __future__ import annotations

import random
import tomllib

import duckdb
import pytest

from orchestration.core.configuration import load_settings
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.identity.evaluate import load_seeds
from orchestration.proposals.propose import propose
from orchestration.proposals.written import write_source
from tests.unit.mapped import models_of, set_clock_and_retention

ORDERS = 60


def shop(folder, *, payments="payment", freight="freight_value", is_each_line=True, off=0.0, status=""):
    """Orders of three lines or of one, without an amount: order 3 without a payment, order 4 with two, order 5 without lines. Of the `off`
    share of orders the payment is another sum than the lines with their freight."""
    rand = random.Random(11)
    orders, lines, paid = [], [], []
    for order in range(1, ORDERS + 1):
        orders.append(f"o{order},c{order % 9},2026-03-{order % 28 + 1:02d}")
        total, sent = 0, rand.randrange(100, 900)
        for line in range(1, (0 if order == 5 else 3 if order % 2 else 1) + 1):
            price, sent = rand.randrange(500, 9000), rand.randrange(100, 900) if is_each_line else sent
            lines.append(f"o{order},{line},p{line},{price / 100:.2f},{sent / 100:.2f}")
            total += price + sent
        total = 12345 if order == 5 else total
        total += 77 if order > ORDERS * (1 - off) else 0
        if order != 3:
            parts = [total - 200, 200] if order == 4 else [total]
            paid += [f"o{order},{n},{part / 100:.2f},ok" for n, part in enumerate(parts, 1)]
    write = {
        "orders": ["order_id,customer_id,order_date", *orders],
        "order_items": [f"order_id,order_item_id,product_id,price,{freight}", *lines],
    }
    if payments:
        write[f"order_{payments}s"] = [f"order_id,{payments}_sequential,{payments}_value,{status or 'note'}", *paid]
    for name, rows in write.items():
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")


def plain(folder, sql):
    """By DuckDB alone, on the files."""
    with duckdb.connect() as con:
        for name in ("orders", "order_items", "order_payments"):
            if (folder / f"{name}.csv").exists():
                con.execute(f"create view {name} as from read_csv('{folder / name}.csv', all_varchar = true)")
        return con.execute(sql).fetchall()


def amounts(warehouse, home, tmp_path, found):
    config = tmp_path / "kundbild.toml"
    write_source(config, found.block)
    settings = load_settings(config)
    prepare_raw(warehouse, settings)
    extract_source(warehouse, home, settings, "shop")
    set_clock_and_retention(warehouse)
    load_seeds(warehouse)
    sql, _ = models_of(settings.sources["shop"].tables)["orders"]
    return warehouse.execute(f"select source_key, cast(amount as decimal(18, 2)) from ({sql}) order by 1").fetchall()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def test_an_order_comes_to_what_was_paid_and_without_a_payment_to_its_lines_with_their_freight(
    home, tmp_path, folder, warehouse
):
    shop(folder)
    found = propose("shop", str(folder), "SEK")
    assert amounts(warehouse, home, tmp_path, found) == plain(
        folder,
        "select order_id, cast(coalesce((select sum(payment_value::decimal(18, 2)) from order_payments p where p.order_id = o.order_id), "
        "(select sum(price::decimal(18, 2) + freight_value::decimal(18, 2)) from order_items i where i.order_id = o.order_id)) "
        "as decimal(18, 2)) from orders o order by 1",
    )  # fmt: skip
    table = tomllib.loads(found.block)["sources"]["shop"]["tables"]["order_payments"]
    assert table["columns"] == {"order_id": "VARCHAR", "payment_value": "DECIMAL(18, 2)"} and "maps" not in table
    (told,) = [note for note in found.notes if "amount is" in note]
    assert "what the customer paid, the sum of payment_value in order_payments" in told
    assert f"it is price + freight_value of the order's lines in 100 % of the {ORDERS - 2} orders" in told
    assert not [
        note for note in found.notes if "revenue is without" in note or ("payments" in note and "counted more" in note)
    ]


@pytest.mark.parametrize(
    ("how", "reads", "told"),
    [
        ({"payments": ""}, ["price", "freight_value"], "look whether the customer pays more"),  # freight is of each line
        ({"payments": "", "is_each_line": False}, ["price"], "without what the order costs besides"),  # it may be the order's
        ({"off": 0.5}, ["price", "freight_value"], "look whether the customer pays more"),  # payments are something else
        ({"status": "status"}, ["price", "freight_value"], "look whether the customer pays more"),  # some may have failed
        ({"payments": "budget"}, ["price", "freight_value"], "look whether the customer pays more"),  # nobody paid it
    ],
    ids=["no payments", "freight of the order", "other sums", "with a status", "no payment by name"],
)  # fmt: skip
def test_what_cannot_be_proved_is_not_added_and_is_told(home, tmp_path, folder, warehouse, how, reads, told):
    shop(folder, **how)
    found = propose("shop", str(folder), "SEK")
    of_orders = [order for order in amounts(warehouse, home, tmp_path, found) if order[1] is not None]
    summed = " + ".join(f"{column}::decimal(18, 2)" for column in reads)
    assert of_orders == plain(
        folder, f"select order_id, cast(sum({summed}) as decimal(18, 2)) from order_items group by 1 order by 1"
    )
    assert any(told in note for note in found.notes)
    assert any("freight_value: no map reads" in note and "revenue is without it" in note for note in found.notes) is (
        "freight_value" not in reads
    )


@pytest.mark.parametrize("freight", ["frakt", "fragt", "toimituskulut", "Shipping cost", "porto"])
def test_freight_is_known_by_its_name_in_the_nordic_languages(folder, freight):
    shop(folder, freight=freight, payments="")
    found = propose("shop", str(folder), "SEK")
    assert any(f"the sum of price + {freight} in order_items" in note for note in found.notes)


def test_beside_the_orders_own_total_freight_is_not_told_as_lacking(tmp_path):
    (tmp_path / "orders.csv").write_text(
        "order_id,customer_id,order_date,total,freight\n1,c1,2026-01-01,100.00,9.50\n2,c2,2026-01-02,90.00,8.00\n"
    )
    found = propose("shop", str(tmp_path), "SEK")
    (told,) = [note for note in found.notes if "freight" in note]
    assert told == (
        "orders: freight: no map reads what looks like an amount or a share of an order, for revenue is total, the order's own total: look whether "
        "that includes it"
    )
