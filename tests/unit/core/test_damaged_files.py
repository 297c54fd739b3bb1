"""A file in another encoding than declared, or a damaged one, is a clear error of its table alone: it names the file and what to do."""

from __future__ import annotations

import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import CsvDialect

ROWS = "id,name,amount,day\n" + "".join(f"{n},Åsa{n},10.50,2026-01-01\n" for n in range(1, 2001))
LINES = "".join(
    json.dumps({"id": n, "name": f"N{n}", "amount": "1.00", "day": "2026-01-01"}) + "\n" for n in range(500)
)
PAGE = json.dumps({"data": [json.loads(line) for line in LINES.splitlines()]}).encode()
ZIPPED, WINDOWS = gzip.compress(ROWS.encode()), gzip.compress(ROWS.replace("Åsa1,", "Åsa€1,").encode("cp1252"))
UTF_16 = CsvDialect(encoding="utf-16")


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes(byte ^ 0xFF for byte in content[at : at + 40]) + content[at + 40 :]


def parquet() -> bytes:
    out = io.BytesIO()
    rows = [json.loads(line) for line in LINES.splitlines()]
    pq.write_table(pa.Table.from_pylist([row | {"amount": 1.0} for row in rows]), out, compression="zstd")
    return out.getvalue()


PARQUET = {"id": "BIGINT", "name": "VARCHAR", "amount": "DOUBLE", "day": "VARCHAR"}
DAMAGED = {
    "utf-8 that is declared utf-16": (ROWS.encode(), {"csv": UTF_16}),
    "the same of an odd length": (ROWS.encode() + b"\n", {"csv": UTF_16}),
    "utf-16 that ends within a letter": (ROWS.encode("utf-16")[:-1], {"csv": UTF_16}),
    "big-endian utf-16 that ends within a letter": (b"\xfe\xff" + ROWS.encode("utf-16-be")[:-1], {"csv": UTF_16}),
    "latin-1 that is declared utf-16": (ROWS.encode("latin-1"), {"csv": UTF_16}),
    "zipped utf-8 that is declared utf-16": (ZIPPED, {"csv": UTF_16}),
    "utf-16 that is declared utf-8, zipped": (gzip.compress(ROWS.encode("utf-16")), {}),
    "utf-16 without a mark that is declared utf-8": (ROWS.encode("utf-16-le"), {}),
    "gzip that was cut": (ZIPPED[: len(ZIPPED) // 2], {}),
    "gzip that was cut in its head": (ZIPPED[:7], {}),
    "gzip without its end": (ZIPPED[:-8], {}),
    "gzip with a wrong sum": (ZIPPED[:-8] + b"\0" * 8, {}),
    "gzip with broken bytes": (flipped(ZIPPED, len(ZIPPED) // 2), {}),
    "gzip with a broken head": (flipped(ZIPPED, 2), {}),
    "gzip and something behind it": (ZIPPED + b"garbage", {}),
    "windows-1252 in gzip that was cut": (WINDOWS[: len(WINDOWS) // 2], {"csv": CsvDialect(encoding="windows-1252")}),
    "windows-1252 in gzip with broken bytes": (flipped(WINDOWS, len(WINDOWS) // 2), {"csv": CsvDialect(encoding="windows-1252")}),
    "lines in gzip that was cut": (gzip.compress(LINES.encode())[:-30], {"format": "jsonl"}),
    "lines in gzip with broken bytes": (flipped(gzip.compress(LINES.encode()), 200), {"format": "jsonl"}),
    "lines in utf-16": (LINES.encode("utf-16"), {"format": "jsonl"}),
    "a page that was cut": (PAGE[:-100], {"format": "json_pages"}),
    "a page in utf-16": (PAGE.decode().encode("utf-16"), {"format": "json_pages"}),
    "a page in gzip that was cut": (gzip.compress(PAGE)[:-30], {"format": "json_pages"}),
    "parquet that was cut": (parquet()[:-100], {"format": "parquet", "columns": PARQUET}),
    "parquet with broken bytes": (flipped(parquet(), 1500), {"format": "parquet", "columns": PARQUET}),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_a_clear_error_of_its_table(load_files, warehouse, damage):
    content, how = DAMAGED[damage]
    name = "a.parquet" if how.get("format") == "parquet" else "a.csv.gz" if content[:2] == b"\x1f\x8b" else "a.csv"
    with pytest.raises(SourceError) as caught:
        load_files({name: content}, **how)
    told = str(caught.value)
    assert name in told and caught.value.to_do, told
    assert "sa1" not in told  # nothing of a row
    assert warehouse.execute("select count(*) from raw_s.t").fetchall() == [(0,)]
    # and it is read when it comes again whole
    if how.get("format"):
        page = gzip.compress(PAGE) if name.endswith(".gz") else PAGE
        good, rows = {"jsonl": LINES.encode(), "json_pages": page, "parquet": parquet()}[how["format"]], 500
    else:
        good, rows = ROWS.encode(how.get("csv", CsvDialect()).encoding), 2000
    assert load_files({name: good}, **how).inserted == rows


@pytest.mark.parametrize("content", [ROWS.encode("utf-16-le"), ROWS.encode("utf-16"), b"\xfe\xff" + ROWS.encode("utf-16-be"), gzip.compress(ROWS.encode("utf-16"))])  # fmt: skip
def test_utf_16_is_read_with_a_mark_and_without(load_files, content):
    assert load_files({"a.csv": content}, csv=UTF_16).inserted == 2000


def test_gzip_of_several_parts_is_read_whole(load_files):
    first, second = ROWS[: len(ROWS) // 2], ROWS[len(ROWS) // 2 :]
    assert load_files({"a.csv.gz": gzip.compress(first.encode()) + gzip.compress(second.encode())}).inserted == 2000
