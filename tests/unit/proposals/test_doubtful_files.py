"""What `add-source` takes for a header, for a number of somebody, and for a line that it cannot read: nothing is lost without a word."""

from __future__ import annotations

import json
import tomllib

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.proposals.propose import propose
from orchestration.proposals.written import write_source


def table_of(tmp_path, content, name="customers"):
    (tmp_path / f"{name}.csv").write_text(content)
    found = propose("shop", str(tmp_path), "SEK")
    return tomllib.loads(found.block)["sources"]["shop"]["tables"][name], found


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (",customer_id,name,email", "{n},c{n},A,{n}@example.com"),
        ("customer_id,name,,email,,", "c{n},A,,{n}@example.com,,"),
    ],
)
def test_a_header_may_have_blank_names(tmp_path, header, row):
    table, _ = table_of(tmp_path, "\n".join([header, *(row.format(n=n) for n in range(5))]) + "\n")
    assert table["key"] == ["customer_id"] and table["maps"][0]["columns"]["email"] == "email"
    assert "csv" not in table, "the first line is the header"


@pytest.mark.parametrize(
    "content",
    ["Anna,Eriksson,Lund\nBo,Ek,Kiruna\nCilla,Alm,Malmö\n", "Kund,Anna,Eriksson,Lund\nKund,Bo,Ek,Kiruna\n"],
)
def test_a_first_line_about_somebody_names_no_columns(tmp_path, content):
    (tmp_path / "customers.csv").write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        propose("shop", str(tmp_path), "SEK")
    assert "column_1" in caught.value.what and not any(
        word in str(caught.value) for word in ("Anna", "Eriksson", "Lund")
    )


def swedish_numbers(count):
    """Made-up identity numbers with right check digits."""
    for n in range(count):
        stem = f"{60 + n:02d}0{n % 9 + 1}1{n % 9}{100 + n:03d}"
        digits = [int(digit) * (2 - at % 2) for at, digit in enumerate(stem)]
        yield f"19{stem}{-sum(d // 10 + d % 10 for d in digits) % 10}"


@pytest.mark.parametrize("name", ["kundnr", "kod", "medlemsnr"])
@pytest.mark.parametrize("is_short", [False, True])
def test_a_column_of_identity_numbers_is_known_by_its_values(tmp_path, name, is_short):
    numbers = [f"{n[2:8]}-{n[8:]}" if is_short else n for n in swedish_numbers(8)]
    content = "\n".join([f"{name},namn,epost", *(f"{n},A,{at}@example.com" for at, n in enumerate(numbers))])
    table, found = table_of(tmp_path, content + "\n")
    assert name not in table["columns"] and name not in table["key"]
    assert found.tables[0].withheld == {name: "its values are national identity numbers"}


def test_numbers_of_as_many_digits_are_none(tmp_path):
    content = "\n".join(
        ["kundnr,namn,epost,mobil", *(f"55600{n:05d},A,{n}@example.com,07017406{n:02d}" for n in range(40))]
    )
    table, found = table_of(tmp_path, content + "\n")
    assert table["key"] == ["kundnr"] and not found.tables[0].withheld


def test_a_second_column_of_a_name_is_told_of(tmp_path):
    _, found = table_of(
        tmp_path, "customer_id,Email,EMAIL\n1,a@example.com,b@example.com\n2,c@example.com,d@example.com\n"
    )
    assert found.tables[0].unmapped == ["EMAIL"]


def test_lines_that_cannot_be_read_and_totals_are_told_of(tmp_path):
    _, found = table_of(
        tmp_path, "customer_id,name,email\n1,A,a@example.com\n2,B\n3,C,c@example.com\n4,D,d@example.com,x\n"
    )
    assert found.tables[0].rows == 2 and "2 lines have not the fields of the header" in found.notes[0]
    lines = [f"{n};{n};2025-01-0{n};{n},50" for n in range(1, 6)]
    content = "\n".join(["Ordernr;Kundnr;Orderdatum;Summa", *lines, "Summa;;;17,50"]) + "\n"
    (tmp_path / "customers.csv").unlink()
    _, found = table_of(tmp_path, content, "ordrar")
    assert "the line that begins with Summa is taken for totals" in found.notes[0]


@pytest.mark.parametrize(
    "name", ["facktillhörighet", "kyrkosamfund", "kirkeskat", "partisympati", "specialkost", "vamma"]
)
def test_more_special_categories_are_known_by_their_names(tmp_path, name):
    _, found = table_of(tmp_path, f"customer_id,email,{name}\n1,a@example.com,x\n2,b@example.com,y\n")
    assert list(found.tables[0].withheld) == [name]


def test_a_name_with_the_end_of_a_line_stays_within_its_comment(tmp_path):
    name = 'note\n[sources.other]\nconnector = "files"'
    rows = [{"customer_id": n, "email": f"{n}@example.com", name: "x", "nested" + name: [1]} for n in range(3)]
    (tmp_path / "customers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = propose("shop", str(tmp_path), "SEK")
    assert list(tomllib.loads(found.block)["sources"]) == ["shop"] and "[sources.other]" in found.block


def test_what_parquet_holds_is_read_by_its_own_types(home, tmp_path, warehouse):
    warehouse.execute(
        "copy (select n as order_id, n % 3 as customer_id, '2025-01-0' || n as order_date, '1.50' as unit_price, 2 as quantity, "
        f"'p' || n as product_id, uuid() as note from range(1, 6) t(n)) to '{tmp_path}/order_lines.parquet' (format parquet)"
    )
    config = tmp_path / "kundbild.toml"
    write_source(config, propose("shop", str(tmp_path / "order_lines.parquet"), "SEK").block)
    settings = load_settings(config)
    table = settings.sources["shop"].tables["order_lines"]
    assert (
        table.columns["order_id"] == "BIGINT"
        and table.columns["order_date"] == table.columns["unit_price"] == "VARCHAR"
    )
    prepare_raw(warehouse, settings)
    assert extract_source(warehouse, home, settings, "shop")["order_lines"].inserted == 5


def test_a_column_that_only_newer_files_have_is_told_and_costs_nothing_else(tmp_path, home, warehouse):
    rows = {2024: "A1;1;2024-01-03;10,50", 2025: "A2;1;2025-01-03;5,25;1,00", 2026: "A3;2;2026-01-03;7,00;0,50"}
    for year, row in rows.items():
        header = "ordernr;kundnr;orderdatum;summa" + (";rabatt" if year > 2024 else "")
        (tmp_path / f"orders_{year}.csv").write_text(f"{header}\n{row}\n")
    found = propose("shop", str(tmp_path), "SEK")
    (table,) = tomllib.loads(found.block)["sources"]["shop"]["tables"].values()
    assert "rabatt" not in table["columns"] and "summa" in str(table["maps"][0]["columns"]["amount"])
    assert any("rabatt: not read, for not every file has it" in note for note in found.notes)
    config = tmp_path / "kundbild.toml"
    write_source(config, found.block)
    settings = load_settings(config)
    prepare_raw(warehouse, settings)
    (counts,) = extract_source(warehouse, home, settings, "shop").values()
    assert (counts.inserted, counts.rejected) == (3, 0)


def test_a_refusal_that_only_newer_files_have_lets_nobody_be_taken_for_willing(tmp_path):
    for year in (2024, 2025):
        more, no = (";nej tack till utskick", ";x") if year == 2025 else ("", "")
        (tmp_path / f"customers_{year}.csv").write_text(
            f"kundnr;e-post;samtycke nyhetsbrev;samtyckesdatum{more}\n{year};a{year}@example.com;ja;2024-01-03{no}\n"
        )
    found = propose("shop", str(tmp_path), "SEK")
    (table,) = tomllib.loads(found.block)["sources"]["shop"]["tables"].values()
    said = [m for m in table["maps"] if m["entity"] == "consent_events"]
    assert not any("granted" in str(one) for one in said), said


def test_a_date_of_zeros_is_none_and_is_told(tmp_path):
    rows = [
        f"{n},c{n},2025-01-0{n} 10:00:00,{n}.50,{at}"
        for n, at in enumerate(["0000-00-00 00:00:00", "2025-01-09 10:00:00"], 1)
    ]
    (tmp_path / "orders.csv").write_text(
        "\n".join(["order_id,customer_id,ordered_at,total,delivered_at", *rows]) + "\n"
    )
    found = propose("shop", str(tmp_path), "SEK")
    (table,) = tomllib.loads(found.block)["sources"]["shop"]["tables"].values()
    assert table["columns"]["delivered_at"] == "TIMESTAMP"
    assert "0000-00-00 00:00:00" in tomllib.loads(found.block)["sources"]["shop"]["null_values"]
    assert any("0000-00-00 00:00:00 is how MySQL writes that there is no date" in note for note in found.notes)
