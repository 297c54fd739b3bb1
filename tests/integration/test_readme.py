"""The README's own example: its block of kundbild.toml, on a list of orders as it describes. Nothing of it is written here."""

from __future__ import annotations

import re

import pytest

from orchestration.core.settings import PROJECT_DIR
from tests.conftest import Kundbild

HEAD = "order_no,customer,name,mail,day,total,state"


def _orders(*changed: str) -> str:
    rows = [
        f"{1000 + n},K{n % 12},Kund {chr(65 + n % 12)} Ek,kund{n % 12}@x.se,2026{1 + n % 9:02}15,{10 + n}.50,Betald"
        for n in range(60)
    ]
    return "\n".join([HEAD, *rows, *changed]) + "\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Kundbild:
    folder = tmp_path_factory.mktemp("readme")
    block = next(
        b
        for b in re.findall(r"```toml\n(.*?)```", (PROJECT_DIR / "README.md").read_text(), re.DOTALL)
        if "[sources" in b
    )
    (folder / "exports").mkdir()
    config = folder / "kundbild.toml"
    config.write_text(block.replace('"/exports/shop"', f'"{folder / "exports"}"'))
    assert str(folder) in config.read_text()
    # somebody objects before there is a first customer
    (folder / "requests").mkdir()
    (folder / "requests" / "requests_1.csv").write_text(
        "request_id,kind,customer_id,email,source_record,field,value,received_at,is_identity_checked\n"
        "1,object,,,shop:K5,,,2026-10-20T08:00:00Z,true\n"
    )
    with config.open("a") as file:
        file.write(f'\n[sources.requests]\nconnector = "files"\nurl = "{folder / "requests"}"\n')
    # guests have no customer; what is a test is left out; one order was cancelled
    (folder / "exports" / "orders_1.csv").write_text(
        _orders("2000,,,,20261001,99.00,levererad", "2001,K1,Kund B Ek,kund1@x.se,20261001,5000.00,ÅNGRAD",
                "2002,K1,Kund B Ek,kund1@x.se,20261001,7000.00,Test", "2003,K2,Kund C Ek,kund2@x.se,20269901,1.00,betald")
    )  # fmt: skip
    return Kundbild(folder / "home", config)


def test_the_readmes_example_is_read_as_it_says(shop):
    checks = shop.json("run", "--dry-run")
    said = [f"{check['what']}: {check['found']}" for check in checks]
    assert all(check["is_ok"] for check in checks), said
    in_file = "in the first rows of orders_1.csv"
    assert f"shop.orders as orders: person_key: 1 of 63 rows name nobody, and count for no customer, {in_file}" in said
    assert any("1 of the first 64 rows of orders_1.csv would be set aside: ordered_at" in one for one in said), said


@pytest.mark.slow
def test_the_readmes_example_gives_customers_and_holds_a_night_that_sets_too_much_aside(shop):
    outcome = shop.json("run", "--as-of", "2026-11-01T02:00:00")
    assert outcome["customers"] == 12
    assert [(r["kind"], r["state"]) for r in shop.json("requests")] == [("object", "received")]
    with shop.warehouse() as con:
        objected = "select count(*), count(distinct customer_id) from identity.objections join identity.customer_source_records using (source_system, source_key)"
        assert con.execute(objected).fetchall() == [(1, 1)]
    assert sorted(outcome["set_aside"]) == [
        "shop orders: 1 of 64 (1.6%) ignored: status is one of those that the mapping ignores",
        "shop orders: 1 of 64 (1.6%) set aside: ordered_at cannot be read",
    ]
    found = shop.json("query", "select count(*) as orders, sum(net_amount)::varchar as net, count(*) filter (not is_order) as cancelled from bi.fct_orders")  # fmt: skip
    # 60 orders of 10.50 to 69.50, and the guest's
    assert found == [{"orders": 62, "net": "2499.00", "cancelled": 1}]
    assert "ordered_at cannot be read" in shop("status").stdout
    # too much holds the next night, until it is acknowledged
    bad = [f"{3000 + n},K3,Kund D Ek,kund3@x.se,2026-10-1{n},10.00,betald" for n in range(6)]
    (shop.config.parent / "exports" / "orders_2.csv").write_text("\n".join([HEAD, *bad]) + "\n")
    outcome = shop.json("run", "--as-of", "2026-11-02T02:00:00", code=1)
    (check,) = outcome["failed_checks"]
    assert check.startswith("ERROR quarantine/set_aside: share_is_small (rows of ")
    assert "shop orders: 7 of 70 (10.0%) set aside: ordered_at cannot be read" in outcome["set_aside"]
    assert "7 of 70" in shop("quarantine", "list").stdout
    assert len(shop.json("quarantine", "list", "--keys")) == 8
    shop("quarantine", "acknowledge", "shop", "orders", "--note", "an old export, sold elsewhere")
    assert shop.json("run", "--as-of", "2026-11-02T02:00:00")["is_clean"]
    assert shop.json("query", "select count(*) as n from bi.fct_orders") == [{"n": 62}]
