"""What add-source makes of lists of orders as shops export them: their key, what was given back, whose they are, what nobody reads."""

from __future__ import annotations

import json
import tomllib

import pytest

from orchestration.core.configuration import load_settings
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.proposals.propose import propose
from orchestration.proposals.written import write_source
from orchestration.run.first_rows import first_rows
from tests.unit.proposals.blocks import settings_of
from tests.unit.proposals.truth import december
from tests.unit.workbooks import write_workbook

ORDERS = "order_id,customer_id,order_date,total,status,{name}\n1,c1,2025-01-01,100.00,returned,{first}\n2,c2,2025-01-02,90.00,paid,{others}\n3,c2,2025-01-03,50.00,paid,{others}\n"


def found_of(tmp_path, content, name="orders.csv"):
    (tmp_path / name).write_text(content)
    found = propose("shop", str(tmp_path), "SEK")
    settings_of(found)
    (table,) = tomllib.loads(found.block)["sources"]["shop"]["tables"].values()
    return table, found


@pytest.mark.parametrize(
    ("name", "first", "others", "is_mapped"),
    [("refunded", "25.50", "0", True), ("återbetald", "25.50", "", True), ("refusjon", "25", "0", True), ("krediteret", "9.00", "0.00", True),
     ("palautettu", "9.00", "0.00", True), ("refunded", "1", "0", False), ("items_refunded", "2", "0", False),
     ("refunds", "2", "0", False), ("återbetalningar", "3", "1", False), ("refunds", "12", "0", True), ("refunds", "2.00", "0.00", True), ("refunded", "true", "false", False)],
)  # fmt: skip
def test_what_was_given_back_is_read_where_it_is_an_amount(tmp_path, name, first, others, is_mapped):
    table, _ = found_of(tmp_path, ORDERS.format(name=name, first=first, others=others))
    orders = next(one for one in table["maps"] if one["entity"] == "orders")
    assert orders["columns"].get("refunded_amount") == (name if is_mapped else None)


@pytest.mark.parametrize(
    ("name", "first", "others", "is_told"),
    [("rabatt_procent", "10", "5", True), ("discount percent", "10%", "5%", True), ("fraktbelopp", "49.00", "0", True), ("moms", "20.00", "10.00", True),
     ("weight", "1.25", "2.50", False), ("is_refunded", "1", "0", False), ("discount", "10.00", "0", False),
     ("refunds", "2", "0", False), ("fee", "5", "0", True)],
)  # fmt: skip
def test_an_amount_or_a_share_that_nothing_reads_is_to_be_looked_at(tmp_path, name, first, others, is_told):
    _, found = found_of(tmp_path, ORDERS.format(name=name, first=first, others=others))
    assert any(note.startswith(f"orders: {name}: no map reads") for note in found.notes) is is_told, found.notes


def test_orders_of_a_month_in_a_file_of_customers_are_orders_on_days_as_they_are_typed(home, tmp_path, warehouse):
    folder = tmp_path / "in"
    folder.mkdir()
    december(folder)
    found = propose("shop", str(folder), "EUR")
    config = tmp_path / "kundbild.toml"
    write_source(config, found.block)
    settings = load_settings(config)
    assert settings.sources["shop"].tables["asiakkaat_joulukuu"].key == ["Tilausnumero"]
    prepare_raw(warehouse, settings)
    extract_source(warehouse, home, settings, "shop")
    days = warehouse.execute('select "Tilauspäivä"::varchar from raw_shop.asiakkaat_joulukuu order by 1').fetchall()
    assert days == [("2025-12-01",), ("2025-12-03",), ("2025-12-12",)]
    assert any(": Alennusprosentti: no map reads" in note for note in found.notes)


def test_rows_of_which_somebody_may_have_several_are_not_keyed_by_somebody(tmp_path):
    # nobody has two of them today, and the customers' numbers stand first
    table, _ = found_of(
        tmp_path, "customer id,invoice,invoice date,total,email\n7,A1,2025-01-01,10.50,a@example.com\n8,A2,2025-01-02,9.00,b@example.com\n"
    )  # fmt: skip
    assert (table["key"], table["maps"][0]["entity"]) == (["invoice"], "orders")
    table, _ = found_of(
        tmp_path, "product code,order no,quantity,price\np1,A1,2,10.50\np2,A1,1,9.00\np3,A2,1,9.00\n", "orders.csv"
    )
    assert "key" not in table and table["maps"][0]["columns"]["source_key"] == "_row_key"


def test_a_consent_in_a_list_of_orders_is_told_of(tmp_path):
    header = "Asiakasnumero,Sähköpostiosoite,Tilausnumero,Tilauspäivä,Summa,Uutiskirje"
    rows = "1,a@example.com,T1,2025-12-01,10.50,ei\n1,a@example.com,T2,2025-12-02,9.00,ei\n2,b@example.com,T3,2025-12-02,9.00,kyllä\n"
    table, found = found_of(tmp_path, f"{header}\n{rows}", "asiakkaat joulukuu.csv")
    assert [one["entity"] for one in table["maps"]] == ["orders", "people"]
    assert any(note.startswith("Uutiskirje: not read") for note in found.notes)


def test_invoices_stay_invoices_by_the_day_they_are_due(tmp_path):
    table, _ = found_of(
        tmp_path, "Fakturanr;Kundnr;Fakturadatum;Förfallodatum;Belopp\n1;7;2025-01-01;2025-01-31;100,50\n2;8;2025-01-01;2025-01-31;90,50\n", "export.csv"
    )  # fmt: skip
    assert table["maps"][0]["entity"] == "invoices"


def orders_and_customers(tmp_path, key, buyer, *, count=12):
    """Customers of a file of their own, and orders as JSON whose buyer is called by no key's name, with lines whose prices are objects."""
    rows = [
        {
            "id": f"N{n}", "buyer": {"uuid": buyer(n)}, "placedAt": f"2025-01-0{n % 9 + 1}T10:00:00Z",
            "total": {"amount": n + 0.5, "currency": "SEK"},
            "lines": [{"sku": f"s{n}", "quantity": 2, "unitPrice": {"amount": 9.5, "currency": "SEK"}}],
        }
        for n in range(count)
    ]  # fmt: skip
    (tmp_path / "orders.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    people = [{"no": 100 + n, "name": f"A{n}", "email": f"a{n}@example.com", key: f"3f2a-{n}"} for n in range(40)]
    (tmp_path / "customers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in people))
    found = propose("shop", str(tmp_path), "SEK")
    settings_of(found)
    return tomllib.loads(found.block)["sources"]["shop"]["tables"], found


def test_orders_are_of_the_people_whose_keys_their_values_are(tmp_path):
    tables, found = orders_and_customers(tmp_path, "uuid", lambda n: f"3f2a-{n}")
    (orders,) = [one for one in tables["orders"]["maps"] if one["entity"] == "orders"]
    assert orders["columns"]["person_key"] == "buyer.uuid" and "buyer.uuid" in tables["orders"]["columns"]
    assert "buyer.uuid" not in tables["orders"].get("not_read", []) and not any(
        "name no person" in note for note in found.notes
    )
    # a guess of values is never sure, and always told
    assert any("orders: buyer.uuid is taken for whose these orders are" in note for note in found.notes)
    (table,) = [one for one in found.tables if one.name == "orders"]
    assert table.maps[0].sureness <= 0.7


def orders_beside_people(tmp_path, column, value, *, count=120, more=()):
    """Orders of which a column holds numbers that are keys of people of a file beside it, and the map of these orders."""
    wide = "".join(f",{name}" for name in more)
    people = [f"{n},u{n}@example.com,Anna,Berg" for n in range(10000, 10100)]
    rows = [
        f"o{n},{n}.50,SEK,2024-01-01,{value(n)}" + "".join(f",{20000 + n % 60}" for _ in more) for n in range(count)
    ]
    (tmp_path / "users.csv").write_text("\n".join(["user_id,email,first_name,last_name", *people]))
    (tmp_path / "orders.csv").write_text("\n".join([f"order_id,total,currency,ordered_at,{column}{wide}", *rows]))
    found = propose("shop", str(tmp_path), "SEK")
    return next(one for table in found.tables for one in table.maps if one.entity == "orders"), found


@pytest.mark.parametrize(
    ("column", "value", "is_mapped"),
    [
        ("Verifikat", lambda n: 10000 + n % 60, True),  # many, and not of each row another: it may be, and is told
        ("Verifikat", lambda n: 10000 + n, False),
        ("cashier", lambda n: 10000 + n % 4, False),
        ("store", lambda n: 10000 + n % 4, False),
        ("salesperson", lambda n: 10000 + n % 60, False),
        ("created_by", lambda n: 10000 + n % 60, False),
        ("user", lambda n: 10000 + n % 4, True),
        ("köparnr", lambda n: 10000 + n, True),
    ],
)  # fmt: skip
def test_numbers_that_are_keys_by_chance_name_nobody(tmp_path, column, value, is_mapped):
    orders, found = orders_beside_people(tmp_path, column, value, count=120 if value(100) < 10100 else 100)
    person = orders.of("person_key")
    assert (person.columns if person else None) == ((column,) if is_mapped else None)
    assert orders.sureness <= 0.7 and ("look at it" in found.block) is is_mapped
    told = "is taken for whose these orders are" if is_mapped else "these orders name no person"
    assert any(told in note for note in found.notes)


def test_the_column_that_is_called_as_the_buyer_is_the_buyer(tmp_path):
    orders, _ = orders_beside_people(tmp_path, "Ansvar,buyer", lambda n: f"{10000 + n % 60},{10000 + n % 70}")
    assert orders.of("person_key").columns == ("buyer",)


def test_columns_that_were_not_compared_are_told(tmp_path):
    orders, _ = orders_beside_people(tmp_path, "cashier", lambda n: 10000 + n % 4, more=["a1"])
    assert not any("that may were compared" in note for note in orders.notes)
    wide = [f"m{n}x" for n in range(11)]
    orders, _ = orders_beside_people(tmp_path, "cashier", lambda n: 10000 + n % 4, more=wide)
    assert any("of its columns 10 of 11 that may were compared" in note for note in orders.notes)


@pytest.mark.parametrize("buyer", [lambda n: f"9999-{n}", lambda n: n % 3])
def test_orders_that_name_nobody_say_so(tmp_path, buyer):
    tables, found = orders_and_customers(tmp_path, "uuid", buyer)
    assert "person_key" not in tables["orders"]["maps"][0]["columns"]
    assert any("these orders name no person" in note for note in found.notes)
    (table,) = [one for one in found.tables if one.name == "orders"]
    assert table.maps[0].sureness <= 0.5


def test_orders_of_guests_are_counted_where_they_are_proposed_and_where_they_are_tried(tmp_path):
    rows = [
        f"{n},2026-01-0{n % 9 + 1},{'' if n == 7 else 0 if n % 3 == 0 else 100 + n},{n}.50,g{n}@example.com"
        for n in range(12)
    ]
    (tmp_path / "bestallningar.csv").write_text(
        "\n".join(["order_id,order_date,customer_id,order_total,billing_email", *rows])
    )
    found = propose("shop", str(tmp_path), "SEK")
    (told,) = [note for note in found.notes if "name nobody" in note]
    assert "5 of 12 rows name nobody in customer_id" in told and "billing_email" in told
    settings = settings_of(found)
    tried = [
        one for one in first_rows("shop", settings.sources["shop"], settings.quality) if "name nobody" in one.found
    ]
    assert [one.found.partition(" rows")[0] for one in tried] == ["person_key: 5 of 12"]


def test_orders_that_name_people_by_what_is_not_their_key_say_by_what(tmp_path):
    # numbers tell the customers apart first, by what they are called
    tables, found = orders_and_customers(tmp_path, "extern", lambda n: f"3f2a-{n}")
    assert "person_key" not in tables["orders"]["maps"][0]["columns"]
    assert any("buyer.uuid holds what extern is in customers" in note for note in found.notes)


def test_a_price_beside_its_currency_is_the_price(tmp_path):
    tables, found = orders_and_customers(tmp_path, "uuid", lambda n: f"3f2a-{n}")
    (lines,) = tables["order_lines"]["maps"]
    assert (lines["columns"]["unit_price"], lines["columns"]["currency"]) == ("unitPrice.amount", "unitPrice.currency")
    assert "look at it" not in found.block.partition("tables.order_lines")[2]


def test_a_workbook_ends_with_totals_and_a_print_date_and_names_the_sheet_that_it_hides(home, tmp_path, warehouse):
    folder = tmp_path / "in"
    folder.mkdir()
    header = ["Tilauspäivä", "Tilausnumero", "Asiakasnumero", "Nimi", "Summa"]
    rows = [[f"2025-12-{n}", f"T{n}", 100 + n, f"Aino {n}", n + 0.5] for n in range(1, 6)]
    total = [None, None, None, "Yhteensä", 17.5]
    write_workbook(
        folder / "tilaukset.xlsx", {"Tilaukset": [header, *rows, total, ["Tulostettu 31.12.2025"]], "Vanhat": [header, *rows]}, hidden=("Vanhat",)
    )  # fmt: skip
    found = propose("shop", str(folder), "EUR")
    assert found.tables[0].rows == 5 and any("hidden sheet Vanhat" in one for one in found.ignored)
    config = tmp_path / "kundbild.toml"
    write_source(config, found.block)
    settings = load_settings(config)
    prepare_raw(warehouse, settings)
    extract_source(warehouse, home, settings, "shop")
    (table,) = settings.sources["shop"].tables
    for one in settings.sources["shop"].tables[table].maps:
        left = warehouse.execute(f"select count(*) from raw_shop.{table} where {one.where}").fetchall()
        ignored = [how.ignore for target in one.columns if (how := one.how(target)) and how.ignore]
        # of a map that reads the label its words are left out
        assert left == [(5 if not ignored else 6,)], one.where
    assert [note for note in found.notes if "Yhteensä is taken for totals" in note and "31.12" not in note]
