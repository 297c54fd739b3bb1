"""How a file is written is told from its start and end: separators, encodings, headers, totals, and what is no table."""

from __future__ import annotations

import pytest

from orchestration.proposals.columns import columns_of, sample
from orchestration.proposals.dialects import sniffed
from orchestration.proposals.last_lines import LastLines

ROWS = "1;Åsa;10,50;2025-01-01\n2;Bo;7,00;2025-02-01\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"id;name;sum;day\n{ROWS}".encode(), {"delimiter": ";", "decimal": ","}),
        (f"\ufeffid;name;sum;day\n{ROWS}".encode(), {"delimiter": ";", "decimal": ","}),
        (f"id;name;sum;day\n{ROWS}".encode("cp1252"), {"delimiter": ";", "decimal": ",", "encoding": "windows-1252"}),
        (f"id;name;sum;day\n{ROWS}".encode("utf-16"), {"delimiter": ";", "decimal": ",", "encoding": "utf-16"}),
        (
            f"List\n\nid;name;sum;day\n{ROWS}".replace("\n", "\r\n").encode(),
            {"delimiter": ";", "decimal": ",", "skip_lines": 2},
        ),
        (ROWS.encode(), {"delimiter": ";", "decimal": ",", "has_header": False}),
        (b"id\tname\n1\ta\n2\tb\n", {"delimiter": "\t"}),
        (b'id,text\n1,"a;b;c"\n2,"d;e;f"\n', {}),
        # a letter beyond ASCII far behind the start
        (b"id,name\n" + b"1,a\n" * 100_000 + b"2,\xe5\n", {"encoding": "windows-1252"}),
    ],
)
def test_a_dialect_is_told(tmp_path, content, said):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    found = sniffed(path)
    assert found is not None and found.csv.model_dump(exclude_defaults=True) == said


@pytest.mark.parametrize(
    ("end", "said"),
    [("", LastLines()), ("Totalt;;17,50;\n\n", LastLines("Totalt", "id")), (";Yhteensä:;17,50;\n", LastLines("Yhteensä:", "name")),
     (";;Sum;17,50\nSkrevet ut 31.12.2025;;;\n", LastLines("Sum", "sum", "id")), ("Tulostettu 31.12.2025;;;\n", LastLines(footer="id")),
     # a row of somebody called so, of somebody of whom nothing more is known, and a customer by number alone
     ("3;Total;9,00;\n", LastLines()), (";Eva Ek;;\n", LastLines()), ("K105;;;\n", LastLines())],
)  # fmt: skip
def test_last_lines_that_are_no_rows_are_known(tmp_path, end, said):
    path = tmp_path / "a.csv"
    path.write_text(f"id;name;sum;day\n{ROWS}{end}")
    assert sniffed(path).ends == said


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\0\0\0", b"one line\n"])
def test_what_is_no_table_is_none(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    assert sniffed(tmp_path / "a.csv") is None


@pytest.mark.parametrize(
    ("values", "kind", "formats", "money"),
    [
        (["1", "22"], "BIGINT", (), None), (["1", "022"], "VARCHAR", (), None), (["1.5", "2"], "DECIMAL(18, 2)", (), None),
        (["1e300", "2.5"], "DOUBLE", (), None), (["2025-01-31", "2025-12-01"], "DATE", (), None),
        (["2025-01-31 10:00:00", "2025-12-01T11:00:00Z"], "TIMESTAMP", (), None), (["31.12.2025", "1.2.2025"], "VARCHAR", ("%d.%m.%Y",), None),
        (["12/31/2025", "1/2/2025"], "VARCHAR", ("%m/%d/%Y",), None), (["1/2/2025", "3/4/2025"], "VARCHAR", ("%d/%m/%Y",), None),
        (["1/31/2025 9:05 PM", "1/2/2025 9:05 AM"], "VARCHAR", ("%m/%d/%Y %I:%M %p",), None), (["May 5, 2025", "Jan 31, 2025"], "VARCHAR", ("%b %d, %Y",), None),
        (["May 5, 2025", "January 31, 2025"], "VARCHAR", ("%b %d, %Y",), None), (["31-Jan-2025"], "VARCHAR", ("%d-%b-%Y",), None),
        (["2025-01-31 10:00:00 +0100", "2025-07-31 10:00:00 +0200"], "VARCHAR", ("%Y-%m-%d %H:%M:%S %z",), None),
        (["3 januari 2025", "5 maj 2025", "24 okt 2025"], "VARCHAR", ("%d %b %Y",), None), (["12. mars 2024", "1. desember 2024"], "VARCHAR", ("%d. %b %Y",), None),
        (["5 maj 25", "14 juni 24"], "VARCHAR", ("%d %b %y",), None), (["den 3. januar 2025 kl. 14.05"], "VARCHAR", ("%d. %b %Y %H.%M",), None),
        (["3. tammikuuta 2025", "7. kesäkuuta 2025"], "VARCHAR", ("%d. %b %Y",), None), (["3. jan. 2025", "14. sept. 2025"], "VARCHAR", ("%d. %b %Y",), None),
        (["3 bredgatan 2025"], "VARCHAR", (), None), (["31.12.25", "24.6.25"], "VARCHAR", ("%d.%m.%y",), None), (["1/31/25", "5/6/24"], "VARCHAR", ("%m/%d/%y",), None),
        (["20251231", "20250101"], "VARCHAR", ("%Y%m%d",), None), (["true", "False"], "BOOLEAN", (), None),
        (["1 234,50 kr", "99,00 kr"], "VARCHAR", (), ","), (["$1,234.50", "$9.00"], "VARCHAR", (), "."), (["a", "1"], "VARCHAR", (), None),
    ],
)  # fmt: skip
def test_a_type_fits_every_value(warehouse, values, kind, formats, money):
    listed = ", ".join(f"('{value}')" for value in values)
    warehouse.execute(f"create temp table t as select v from (values {listed}) r(v)")
    sample(warehouse, "t")
    (column,) = columns_of(warehouse, "t", ["v"])
    assert (column.kind, column.formats, column.money) == (kind, formats, money)


def test_a_value_behind_the_sampled_rows_decides_too(warehouse):
    warehouse.execute("create temp table t as select i::varchar as v from range(20000) r(i) union all select 'x'")
    sample(warehouse, "t")
    (column,) = columns_of(warehouse, "t", ["v"])
    assert column.kind == "VARCHAR"
