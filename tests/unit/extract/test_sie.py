"""SIE 4 files: vouchers in code page 437, from the file to invoices. Written after the format's specification, edition 4B."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import SourceError
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.run.first_rows import first_rows
from tests.unit.mapped import set_clock_and_retention
from tests.unit.vendor_rows import Vendor

HEAD = """#FLAGGA 0
#PROGRAM "Bokföring" 1.0
#FORMAT PC8
#GEN 20260301 ÅÄ
#SIETYP 4
#FNAMN "Räksmörgås \\"AB\\""
#ORGNR 556677-8899
#RAR 0 20260101 20261231
#RAR -1 20250101 20251231
#VALUTA SEK
#DIM 8 "Kund"
#OBJEKT 8 "1001" "Anna Ek"
#KONTO 1510 "Kundfordringar"
"""
VOUCHERS = """#VER A 1 20260105 "Faktura 501 Anna Ek" 20260106 ÅÄ
{
#TRANS 1510 {8 "1001" 10 "501"} 1250.00 20260105 "Anna Ek"
#TRANS 2611 {} -250.00
#TRANS 3001 {1 "Nord" 8 "1001"} -1000.00
}
#VER A 2 20260110 "Faktura 502"
{
   #TRANS 1510 {8 "Åre 7" 10 "502"} 80.00
\t#TRANS\t1511 {8 "Åre 7" 10 "502"} 20.00
   #TRANS 3001 {} -100.00
   #BTRANS 3001 {} -900.00 20260110 "fel" 1 "ÅÄ"
   #RTRANS 3740 {} 0.50 20260110 "" 1 "ÅÄ"
   #TRANS 3740 {} 0.50 20260110 "" 1 "ÅÄ"
}
#VER B 1 20260120 "Inbetalning 501"
{
#TRANS 1930 {} 1250.00
#TRANS 1510 {8 "1001" 10 "501"} -1250.00
}
#VER A 3 20260201 "Kredit"
{
#TRANS 1510 {8 "Åre 7" 10 "503"} -40.00
#TRANS 3001 {} 40.00
}
#VER A 4 20260202 "Delbetalt"
{
#TRANS 1510 {10 "504"} 300.00
#TRANS 3001 {} -300.00
}
#VER B 2 20260203 ""
{
#TRANS 1930 {} 100.00
#TRANS 1510 {10 "504"} -100.00
}
"""


@pytest.fixture
def books(home, warehouse, tmp_path):
    folder = tmp_path / "sie"
    folder.mkdir()
    config = home.root / "kundbild.toml"
    config.write_text(
        f'company = "T"\n[sources.shop]\nconnector = "files"\nurl = "{folder}"\nvendor = "sie"\nform = "export"\n'
    )
    read = Vendor(warehouse, home, folder)
    read.settings = load_settings(config)
    prepare_raw(warehouse, read.settings)
    set_clock_and_retention(warehouse)
    return read


def read(books):
    extract_source(books.con, books.home, books.settings, "shop")
    return {one["source_key"].partition("|")[2]: one for one in books.staged("invoices") if "aside" not in one}


@pytest.mark.parametrize(("encoding", "end"), [("cp437", "\r\n"), ("utf-8-sig", "\n")])
def test_a_voucher_with_a_receivable_and_revenue_is_an_invoice_of_its_customer(books, encoding, end):
    (books.folder / "2026.SE").write_bytes((HEAD + VOUCHERS).replace("\n", end).encode(encoding))
    found = read(books)
    assert {key: (one["amount"], one.get("person_key"), one["currency"], str(one.get("paid_at", ""))[:10]) for key, one in found.items()} == {
        "A|1": (Decimal(1250), "1001", "SEK", "2026-01-20"), "A|2": (Decimal(100), "Åre 7", "SEK", ""),
        "A|3": (Decimal(-40), "Åre 7", "SEK", ""), "A|4": (Decimal(300), None, "SEK", ""),
    }  # fmt: skip
    kept = str(books.con.execute("select list(v) from raw_shop.vouchers as v").fetchone())
    assert "Anna" not in kept and "Inbetalning" not in kept and "900.00" not in kept and kept.count("'3740'") == 1


def test_a_brace_in_the_name_of_a_customer_ends_no_list_of_objects(books):
    (books.folder / "2026.se").write_text(HEAD + VOUCHERS.replace("Åre 7", "Å}re 7"), encoding="cp437")
    assert (read(books)["A|2"]["amount"], read(books)["A|2"]["person_key"]) == (Decimal(100), "Å}re 7")


def test_the_export_of_later_adds_what_came_since_and_no_voucher_counts_twice(books):
    (books.folder / "january.se").write_text(HEAD + VOUCHERS.partition("#VER A 3")[0], encoding="cp437")
    assert set(read(books)) == {"A|1", "A|2"}
    (books.folder / "march.se").write_text(HEAD + VOUCHERS, encoding="cp437")
    assert set(read(books)) == {"A|1", "A|2", "A|3", "A|4"}
    assert all(one.is_ok for one in first_rows("shop", books.settings.sources["shop"], books.settings.quality))


def test_a_row_that_a_later_export_has_taken_out_counts_no_more(books):
    rows = '#TRANS 1510 {} 50.00\n#TRANS 3001 {} -1250.00\n#TRANS 1510 {8 "1001"} 1250.00\n'
    (books.folder / "january.se").write_text(f'{HEAD}#VER A 1 20260105 ""\n{{\n{rows}}}\n', encoding="cp437")
    assert read(books)["A|1"]["amount"] == 1300
    taken_out = rows.replace("#TRANS 1510 {} 50.00", "#BTRANS 1510 {} 50.00")
    (books.folder / "march.se").write_text(f'{HEAD}#VER A 1 20260105 ""\n{{\n{taken_out}}}\n', encoding="cp437")
    assert read(books)["A|1"]["amount"] == 1250


@pytest.mark.parametrize(("text", "told"), [
    (HEAD + VOUCHERS[:-3], "the file is cut"), (HEAD.replace("SIETYP 4", "SIETYP 2"), "no SIE file of type 4"), ("a;b\n1;2\n", "no SIE file of type 4"),
    (HEAD + VOUCHERS.replace("Anna Ek\" 20260106 ÅÄ\n{", "Anna Ek\" {"), "not written as SIE says"),
    (HEAD + VOUCHERS.replace("{\n", "", 1), "not written as SIE says"), (HEAD + VOUCHERS.replace("3001 {}", "3001"), "not written as SIE says"),
])  # fmt: skip
def test_a_file_that_is_cut_or_has_no_vouchers_is_refused(books, text, told):
    (books.folder / "2026.se").write_text(text, encoding="cp437")
    with pytest.raises(SourceError, match=told):
        read(books)


@pytest.mark.parametrize("is_later", [False, True])
def test_books_of_two_companies_are_refused_and_not_mixed(books, is_later):
    (books.folder / "first.se").write_text(HEAD + VOUCHERS, encoding="cp437")
    if is_later:
        read(books)
    other = HEAD.replace("556677-8899", "559900-1122").replace("Räksmörgås", "Smörgås")
    (books.folder / "second.se").write_text(other + VOUCHERS.replace("1250.00", "9.00"), encoding="cp437")
    with pytest.raises(SourceError, match="another company") as refused:
        read(books)
    assert "second.se" in refused.value.where and "a folder and a source of its own" in refused.value.to_do
    assert "give the source another name" in refused.value.to_do
    assert "5599" not in str(refused.value) and "rgås" not in str(refused.value)


def test_rows_that_are_gone_name_no_company(books):
    (books.folder / "first.se").write_text(HEAD + VOUCHERS, encoding="cp437")
    read(books)
    books.con.execute("update raw_shop.vouchers set _deleted_at = now()")
    (books.folder / "first.se").unlink()
    other = HEAD.replace("556677-8899", "559900-1122").replace("Räksmörgås", "Smörgås")
    (books.folder / "second.se").write_text(other + VOUCHERS, encoding="cp437")
    assert set(read(books)) == {"A|1", "A|2", "A|3", "A|4"}


def test_a_company_that_is_written_otherwise_is_the_same(books):
    (books.folder / "january.se").write_text(HEAD + VOUCHERS.partition("#VER A 3")[0], encoding="cp437")
    assert set(read(books)) == {"A|1", "A|2"}
    renamed = HEAD.replace('Räksmörgås \\"AB\\"', "Smörgås AB").replace("556677-8899", "165566778899")
    (books.folder / "march.se").write_text(renamed + VOUCHERS, encoding="cp437")
    assert set(read(books)) == {"A|1", "A|2", "A|3", "A|4"}
    assert HEAD.count("556677-8899") == 1 and "556677" not in str(
        books.con.execute("from raw_shop.vouchers").fetchall()
    )


def test_add_source_knows_the_files_by_how_they_begin(tmp_path, warehouse, home):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "2026.SE").write_text(HEAD + VOUCHERS, encoding="cp437")
    (folder / "notes.si").write_text("a;b\n1;2\n")
    shop = Vendor(warehouse, home, folder).add()
    assert ["no SIE file" in (one.problem or "") for one in shop.found.tables] == [False, True]
    source = shop.settings.sources["shop"]
    assert (source.vendor, source.format, list(source.tables)) == ("sie", "sie", ["vouchers"])
    shop.read()
    assert {one["source_key"].partition("|")[2] for one in shop.staged("invoices") if "aside" not in one} == {"A|1", "A|2", "A|3", "A|4"}  # fmt: skip
