"""`kundbild add-source`: what it proposes is TOML that a night accepts, holds no value of a row, and is written after a yes alone."""

from __future__ import annotations

import csv
import gzip
import json
import tomllib
import zipfile
from datetime import datetime
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.core.settings import Identity
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.identity.evaluate import load_seeds
from orchestration.identity.model import DEFAULT_MODEL, Model
from orchestration.identity.resolve import resolve_identities
from orchestration.proposals.propose import propose
from orchestration.proposals.written import assert_name_is_free, company_of, write_source
from tests.unit.mapped import models_of, set_clock_and_retention
from tests.unit.proposals.truth import norwegian, olist, swedish, uci


def source_of(found):
    return tomllib.loads(found.block)["sources"]["shop"]


def test_a_nordic_list_with_a_title_and_totals_is_read_as_it_is_by_the_readers_of_a_night(home, tmp_path, warehouse):
    folder = tmp_path / "in"
    folder.mkdir()
    swedish(folder)
    found = propose("shop", str(folder), "SEK")
    config = tmp_path / "kundbild.toml"
    write_source(config, found.block)
    settings = load_settings(config)
    table = settings.sources["shop"].tables["kundlista"]
    assert settings.sources["shop"].csv.skip_lines == 2 and settings.sources["shop"].csv.encoding == "windows-1252"
    assert table.path == "Kundlista 2026.csv" and table.key == ["Kundnr"] and table.columns["Postnr"] == "VARCHAR"
    prepare_raw(warehouse, settings)
    extract_source(warehouse, home, settings, "shop")
    rows = warehouse.execute('select Kundnr, "Förnamn", "Födelsedatum" from raw_shop.kundlista order by 1').fetchall()
    assert rows == [
        ("00101", "Anna", "31.12.1980"),
        ("00102", "Örjan", None),
        ("00103", "Eva", "05.06.1970"),
        ("Summa", None, None),
    ]
    assert all(mapped.how("source_key").ignore == ["Summa"] for mapped in table.maps), "the totals are nobody's"


def test_a_grant_needs_its_time_and_purpose_and_a_refusal_does_not(tmp_path):
    def consents(header):
        (tmp_path / "members.csv").write_text(
            f"member_id,email,{header},updated_at\n1,a@example.com,Yes,2025-01-01 10:00:00\n2,b@example.com,No,2025-01-02 10:00:00\n"
        )
        found = propose("shop", str(tmp_path), "SEK")
        (one,) = [m for m in source_of(found)["tables"]["members"]["maps"] if m["entity"] == "consent_events"]
        return (
            one["constants"]["purpose"],
            one["columns"]["status"]["values"],
            one["columns"]["status"].get("ignore"),
            found.notes,
        )

    # no column says when: what was changed last is no time of a grant
    purpose, values, ignored, notes = consents("newsletter")
    assert (purpose, values, ignored) == (
        "newsletter",
        {"no": "withdrawn"},
        ["yes"],
    ) and "no column says when" in notes[0]
    # what for is not said: the refusal is of all
    purpose, values, *_ = consents("accepts_marketing")
    assert (purpose, values) == ("all", {"no": "withdrawn"})


def test_a_word_that_is_neither_yes_nor_no_is_taken_for_no_and_told_of(tmp_path):
    rows = "1,a@example.com,Ja\n2,b@example.com,Nej\n3,c@example.com,Kanske\n4,d@example.com,Nej tack 070\n"
    (tmp_path / "members.csv").write_text(
        "member_id,email,nyhetsbrev,updated_at\n" + rows.replace("\n", ",2025-01-01 10:00:00\n")
    )
    found = propose("shop", str(tmp_path), "SEK")
    (one,) = [m for m in source_of(found)["tables"]["members"]["maps"] if m["entity"] == "consent_events"]
    assert one["columns"]["status"]["values"] == {"nej": "withdrawn", "kanske": "withdrawn"}
    assert "kanske is taken for no" in found.notes[0]
    (tmp_path / "members.csv").write_text(
        "member_id,email,nyhetsbrev,updated_at\n"
        + rows.replace("Ja", "A").replace("Nej", "B").replace("Kanske", "C").replace("\n", ",2025-01-01 10:00:00\n")
    )
    found = propose("shop", str(tmp_path), "SEK")
    assert {m["entity"] for m in source_of(found)["tables"]["members"]["maps"]} == {"people"}
    assert found.notes == [
        "nyhetsbrev: not mapped, for its words are neither yes nor no: say in values what each means"
    ]


def test_a_configuration_that_names_no_source_yet_gets_its_first(tmp_path):
    (tmp_path / "members.csv").write_text("member_id,email\n1,a@example.com\n2,b@example.com\n")
    config = tmp_path / "kundbild.toml"
    config.write_text('company = "Fjäll"\ncurrency = "NOK"\n')
    assert_name_is_free(config, "shop")
    assert company_of(config).currency == "NOK"
    write_source(config, propose("shop", str(tmp_path / "members.csv"), "NOK").block)
    settings = load_settings(config)
    assert (settings.company, list(settings.sources)) == ("Fjäll", ["shop"])
    config.write_text("company = ")
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        assert_name_is_free(config, "shop")


def test_lines_of_a_wholesaler_are_order_items_with_their_people(tmp_path):
    uci(tmp_path)
    maps = source_of(propose("shop", str(tmp_path), "GBP"))["tables"]["online_retail"]["maps"]
    assert [m["entity"] for m in maps] == ["order_items", "orders", "products", "people"]
    assert maps[1]["one_row_per_key"] and maps[1]["columns"]["source_key"] == "InvoiceNo"
    assert maps[1]["columns"]["amount"] == {"sql": '"Quantity" * "UnitPrice"', "aggregate": "sum"}
    assert maps[0]["columns"]["source_key"] == "_row_key", "two lines are the same, and both were sold"
    assert maps[0]["columns"]["ordered_at"] == {"column": "InvoiceDate", "formats": ["%m/%d/%Y %H:%M"]}
    assert maps[0]["constants"] == {"currency": "GBP"} and maps[3]["one_row_per_key"]


def _added(folder, name, *rows):
    path = folder / f"{name}.csv"
    path.write_text("\n".join([path.read_text().strip(), *rows]) + "\n")
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_a_line_is_of_one_piece_an_order_the_sum_of_its_lines_and_a_persons_orders_are_one_customers(
    home, warehouse, tmp_path, monkeypatch
):
    """From the files as they are to what each person bought; the truth is added up from the files by plain loops."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    folder = tmp_path / "in"
    folder.mkdir()
    olist(folder)
    # u1 bought three times, as a record each time, in two towns; another person lives where they do
    records = [("c3", "u1", "01310", "sao paulo", "SP"), ("c4", "u3", "01310", "sao paulo", "SP"), ("c5", "u1", "20040", "rio de janeiro", "RJ")]  # fmt: skip
    customers = _added(folder, "olist_customers_dataset", *map(",".join, records))
    sold = _added(folder, "olist_orders_dataset", *(f"o{n},c{n},delivered,2018-0{n}-02 10:56:33,,,,2018-10-18 00:00:00" for n in (3, 4, 5)))  # fmt: skip
    items = _added(folder, "olist_order_items_dataset", *(f"o{n},{line},p1,s1,2018-07-30 03:24:27,{n}{line}.25,1.00" for n in (3, 4, 5) for line in (1, 2)))  # fmt: skip
    found = propose("shop", str(folder), "BRL")
    tables = source_of(found)["tables"]
    (lines,) = tables["olist_order_items_dataset"]["maps"]
    assert lines["constants"] == {"quantity": "1", "currency": "BRL"}
    assert lines["columns"]["source_key"] == ["order_id", "order_item_id"] or lines["columns"]["source_key"] == [
        "order_item_id",
        "order_id",
    ]
    (orders,) = tables["olist_orders_dataset"]["maps"]
    assert orders["lookups"] == [
        {"table": "olist_order_items_dataset", "by": {"order_id": "order_id"}, "columns": {"sum_of_lines": "price"}, "aggregate": "sum"}
    ]  # fmt: skip
    assert (orders["columns"]["amount"], orders["constants"]) == ("sum_of_lines", {"currency": "BRL"})
    assert any("without what the order costs besides" in note for note in found.notes)
    config = tmp_path / "kundbild.toml"
    write_source(config, found.block)
    settings = load_settings(config)
    prepare_raw(warehouse, settings)
    extract_source(warehouse, home, settings, "shop")
    set_clock_and_retention(warehouse)
    load_seeds(warehouse)
    warehouse.execute("create schema conformed")
    for entity, (sql, _) in models_of(settings.sources["shop"].tables).items():
        warehouse.execute(f"create table conformed.conformed_{entity} as {sql}")
    resolve_identities(warehouse, Identity(), Model.load(DEFAULT_MODEL), "night", datetime(2026, 3, 10))
    sums = warehouse.execute(
        "select list_sort(list(distinct r.source_key)), sum(o.amount) from identity.customer_source_records r "
        "join conformed.conformed_orders o on o.person_key = r.source_key where r.valid_to is null group by r.customer_id order by 1"
    ).fetchall()
    who = {one["customer_id"]: one["customer_unique_id"] for one in customers}
    bought = {order["order_id"]: who[order["customer_id"]] for order in sold}
    truth: dict[str, Decimal] = {}
    for line in items:
        person = bought[line["order_id"]]
        truth[person] = truth.get(person, Decimal(0)) + Decimal(line["price"])
    records_of = {person: sorted(key for key, of in who.items() if of == person) for person in truth}
    assert sums == sorted((records_of[person], amount) for person, amount in truth.items())
    assert records_of["u1"] == ["c1", "c3", "c5"] and truth["u1"] == Decimal("39.99") + Decimal("63.50") + Decimal(
        "103.50"
    )


@pytest.mark.parametrize(("people", "is_proposed"), [(6, True), (10, True), (1, False)])
def test_a_column_that_says_who_somebody_is_becomes_their_person_id(tmp_path, people, is_proposed):
    rows = [f"c{n},u{n % people},Ek {n},0{n}100" for n in range(20)]
    (tmp_path / "customers.csv").write_text("\n".join(["customer_id,customer_unique_id,name,postal_code", *rows]))
    found = propose("shop", str(tmp_path), "BRL")
    (people_map,) = source_of(found)["tables"]["customers"]["maps"]
    assert people_map["columns"]["source_key"] == "customer_id"
    assert people_map["columns"].get("person_id") == ("customer_unique_id" if is_proposed else None)


@pytest.mark.parametrize(
    ("column", "values", "is_proposed"),
    [("master_customer_no", [f"m{n % 6}" for n in range(20)], True), ("master_account_no", [f"m{n % 6}" for n in range(20)], False),
     ("customer_unique_id", [f"u{n}" if n % 2 else "" for n in range(20)], False),
     ("customer_unique_id", ["800101-9804", "811228-9874"] * 10, False),
     # as few as the night empties the column for
     ("customer_unique_id", ["800101-9804", "811228-9874", "u1", "u2", "u3"] * 4, False)],
)  # fmt: skip
def test_no_account_no_id_that_few_have_and_no_identity_number_becomes_a_person_id(tmp_path, column, values, is_proposed):  # fmt: skip
    rows = [f"c{n},{value},Ek {n},0{n}100" for n, value in enumerate(values)]
    (tmp_path / "customers.csv").write_text("\n".join([f"customer_id,{column},name,postal_code", *rows]) + "\n")
    found = propose("shop", str(tmp_path), "BRL")
    maps = [one for table in source_of(found)["tables"].values() for one in table["maps"]]
    assert [one["columns"].get("person_id") for one in maps] == [column if is_proposed else None]


def test_identity_numbers_and_special_categories_are_left_out(tmp_path):
    (tmp_path / "members.csv").write_text(
        "member_id,email,personnummer,religion\n1,a@example.com,19800101-9804,x\n2,b@example.com,,y\n"
    )
    found = propose("shop", str(tmp_path), "SEK")
    table = source_of(found)["tables"]["members"]
    assert set(table["columns"]) == {"member_id", "email"}
    assert set(found.tables[0].withheld) == {"personnummer", "religion"}
    assert not any(value in found.block for value in ("a@example.com", "19800101"))


@pytest.mark.parametrize("ending", [".csv.gz", ".jsonl", ".parquet"])
def test_other_formats_are_looked_at_too(tmp_path, warehouse, ending):
    rows = [(1, "a@example.com", "2025-01-01 10:00:00"), (2, "b@example.com", "2025-02-01 10:00:00")]
    path = tmp_path / f"Customers{ending}"
    if ending == ".csv.gz":
        path.write_bytes(
            gzip.compress(b"customer_id,email,created_at\n" + b"".join(f"{a},{b},{c}\n".encode() for a, b, c in rows))
        )
    elif ending == ".jsonl":
        path.write_text("".join(json.dumps({"customer_id": a, "email": b, "created_at": c}) + "\n" for a, b, c in rows))
    else:
        values = ", ".join(f"({a}, '{b}', timestamp '{c}')" for a, b, c in rows)
        warehouse.execute(
            f"copy (select * from (values {values}) t(customer_id, email, created_at)) to '{path}' (format parquet)"
        )
    found = propose("shop", str(path), "SEK")
    source = source_of(found)
    table = source["tables"]["customers"]
    assert table["path"] == path.name and table["key"] == ["customer_id"]
    assert table["maps"][0]["columns"] == {"source_key": "customer_id", "email": "email", "created_at": "created_at"}


def test_files_of_days_are_one_table_and_a_glob_takes_no_other(tmp_path):
    for day in ("01", "02"):
        (tmp_path / f"orders_2026-10-{day}.csv").write_text(
            f"order_id,customer_id,order_date,total\n{day},1,2026-10-{day},10.00\n"
        )
    (tmp_path / "orders_old.csv").write_text("order_id,customer_id,order_date,total\n9,1,2020-10-01,10.00\n")
    tables = source_of(propose("shop", str(tmp_path), "SEK"))["tables"]
    assert {name: table["path"] for name, table in tables.items()} == {
        "orders": "orders_[0-9]*.csv",
        "orders_old": "orders_old.csv",
    }
    assert tables["orders"]["columns"]["total"] == "DECIMAL(18, 2)"


def test_the_block_is_written_after_a_yes_alone(tmp_path, monkeypatch):
    (tmp_path / "customers.csv").write_text("customer_id,email\n1,a@example.com\n2,b@example.com\n")
    config = tmp_path / "kundbild.toml"
    config.write_text(
        'company = "T"\n[sources.a]\nconnector = "files"\nurl = "/a"\n[sources.a.tables.t]\npath = "*.csv"\ncolumns = { id = "BIGINT" }\n'
    )
    monkeypatch.setenv("KUNDBILD_CONFIG", str(config))
    before = config.read_text()
    said = ["add-source", "shop", "--from", str(tmp_path / "customers.csv")]
    asked = CliRunner().invoke(app, said)
    assert asked.exit_code == 0 and "Nothing is written" in asked.output and config.read_text() == before
    written = CliRunner().invoke(app, [*said, "--yes"])
    assert written.exit_code == 0 and load_settings(config).sources["shop"].tables["customers"].key == ["customer_id"]
    again = CliRunner().invoke(app, [*said, "--yes"])
    assert isinstance(again.exception, ConfigurationError) and "already" in again.exception.what


@pytest.mark.parametrize(("content", "told"), [(None, "no such file"), ("a,b\n1,2\n", "could be mapped by itself")])
def test_where_nothing_can_be_proposed_it_says_so(tmp_path, content, told):
    if content:
        (tmp_path / "x.csv").write_text(content)
    with pytest.raises(ConfigurationError, match=told):
        propose("shop", str(tmp_path / "x.csv"), "SEK")


def test_the_old_name_scaffolds_for_one_version_more_and_says_what_to_use(monkeypatch):
    seen = []
    monkeypatch.setattr(
        "orchestration.transform.scaffold.scaffold",
        lambda *said: seen.append(said) or type("Made", (), {"files": [], "block": ""}),
    )
    result = CliRunner().invoke(app, ["add-source", "till", "--kind", "webshop", "--from", "/x"])
    assert seen == [("till", "webshop", "/x")] and "add-system" in result.output


def test_an_archive_is_read_where_it_lies(home, tmp_path, warehouse):
    norwegian(tmp_path)
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for file in [*tmp_path.glob("*.csv")]:
            archive.write(file, file.name)
            file.unlink()
    found = propose("till", str(tmp_path / "export.zip"), "NOK")
    config = tmp_path / "kundbild.toml"
    write_source(config, found.block)
    settings = load_settings(config)
    assert {name: table.path for name, table in settings.sources["till"].tables.items()} == {
        "medlemmer": "medlemmer.csv",
        "salg": "salg_[0-9]*.csv",
    }
    prepare_raw(warehouse, settings)
    extract_source(warehouse, home, settings, "till")
    assert warehouse.execute('select count(*), sum("Totalbeløp")::varchar from raw_till.salg').fetchall() == [
        (3, "131.00")
    ]


def test_a_file_that_is_cut_or_is_no_table_is_told_of_without_its_values(tmp_path):
    rows = b"".join(b"%d,Anna %d\n" % (n, n) for n in range(5000))
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"id,name\n" + rows)[:9000])
    with pytest.raises(ConfigurationError) as caught:
        propose("shop", str(tmp_path / "cut.csv.gz"), "SEK")
    assert "cut: it cannot be read to its end" in caught.value.what and "Anna" not in caught.value.what


def test_hundreds_of_columns_are_looked_at_and_named_where_nothing_is_mapped(tmp_path):
    names = [f"c{n}" for n in range(200)]
    (tmp_path / "wide.csv").write_text(",".join(names) + "\n" + ",".join(map(str, range(200))) + "\n")
    with pytest.raises(ConfigurationError) as caught:
        propose("shop", str(tmp_path / "wide.csv"), "SEK")
    assert "wide (c0, c1," in caught.value.what and "192 more" in caught.value.what


def test_a_column_of_which_some_values_cannot_be_read_is_told_of(tmp_path):
    rows = "\n".join(
        f"{n},Anna{n},a{n}@example.com,{'spring' if n == 3 else '1980-01-0' + str(n)}" for n in range(1, 6)
    )
    (tmp_path / "members.csv").write_text(f"member_id,first_name,email,birth_date\n{rows}\n")
    found = propose("shop", str(tmp_path), "SEK")
    (note,) = [
        note
        for note in found.notes
        if note.startswith("birth_date: not mapped to birth_date: its values are not all dates")
    ]
    assert "`formats`" in note and "spring" not in note
    assert "birth_date =" not in found.block
