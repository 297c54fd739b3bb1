"""A small gzip file that unpacks to more than memory holds costs its table alone, and no more memory than a plain one."""

from __future__ import annotations

import gzip
import io
import tracemalloc

import pytest

from orchestration.core.errors import SourceError
from orchestration.extract.unpacked import Unpacked

MEBIBYTE = 1024 * 1024


def bomb(mebibytes: int, start: bytes = b"id,name,amount,day\n1,") -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as packed:
        packed.write(start)
        for _ in range(mebibytes):
            packed.write(b"0" * MEBIBYTE)
    return out.getvalue()


@pytest.mark.parametrize(("encoding", "text"), [("utf-8", b"id"), ("utf-16", "id".encode("utf-16"))])
def test_what_unpacks_to_much_is_unpacked_in_bounded_parts(encoding, text):
    packed = bomb(100, text) + bomb(100, b"")
    unpacked = Unpacked(encoding)
    tracemalloc.start()
    sizes = [len(part) for part in unpacked.feed(packed)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    unpacked.close()
    assert unpacked.damage is None and unpacked.is_gzip
    assert sum(sizes) >= 200 * MEBIBYTE and max(sizes) < 16 * MEBIBYTE
    assert peak < 64 * MEBIBYTE


def test_a_delivery_that_needs_more_memory_than_there_is_costs_its_table_alone(load_files, warehouse):
    warehouse.execute("set memory_limit = '100MB'")
    load_files({"a.csv": "id,name,amount,day\n1,Kim,1.00,2026-01-01\n"})
    with pytest.raises(SourceError, match="needs more memory than there is") as caught:
        load_files({"b.csv.gz": bomb(128)})
    assert caught.value.where == "b.csv.gz"
    assert warehouse.execute("select name from raw_s.t").fetchall() == [("Kim",)]
    assert warehouse.execute("select is_ok from ops.source_status").fetchall() == [(False,)]
    (load_files.folder / "b.csv.gz").unlink()
    assert load_files({"c.csv": "id,name,amount,day\n2,Bo,1.00,2026-01-01\n"}).inserted == 1
