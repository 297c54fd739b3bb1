"""Remote stores: what they tell of their files, when they stop, drip or do not answer, and the time that a source has.

Not here: which files are new, whatever the store (test_deliveries.py).
"""

from __future__ import annotations

import io
import threading
import time
import uuid
from pathlib import Path

import fsspec
import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.batch import Batch
from orchestration.extract.budget import Budget
from orchestration.extract.extract import extract_source, prepare_raw


def test_a_store_that_does_not_answer_is_an_error_of_its_source(load):
    with pytest.raises(SourceError, match=r"does not answer \(ConnectionRefusedError\)") as caught:
        load(url="ftp://kim:hemligt@127.0.0.1:1/x")
    assert caught.value.is_whole_source and caught.value.is_passing and "hemligt" not in str(caught.value)


def test_a_store_that_nothing_here_can_read_is_named_with_the_package(load):
    with pytest.raises(SourceError, match="nothing here can read gs://") as caught:
        load(url="gs://bucket/folder")
    assert "gcsfs" in caught.value.to_do


@pytest.fixture
def store():
    """A store in memory that tells neither modification times nor etags, as some do."""
    system = fsspec.filesystem("memory")
    folder = f"/{uuid.uuid4().hex}"
    system.makedirs(folder)
    yield system, folder
    system.rm(folder, recursive=True)


@pytest.mark.parametrize("told", [{}, {"ETag": True}, {"last_modified": True}])
def test_a_remote_file_of_the_same_size_is_news_by_its_content(load, raw, store, monkeypatch, told):
    system, folder = store
    plain = type(system).info

    def info(self, path, **more):
        found = plain(self, path, **more)
        found.pop("created", None)
        content = self.store[path].getvalue() if path in self.store else b""
        if "ETag" in told:
            found["ETag"] = str(hash(content))
        if "last_modified" in told:
            found["last_modified"] = self.store[path].modified if path in self.store else None
        return found

    monkeypatch.setattr(type(system), "info", info)
    found = type(system).find
    # a listing tells of each file what `info` does
    monkeypatch.setattr(
        type(system), "find", lambda self, path, **more: {p: info(self, p) for p in found(self, path, **more)}
    )
    system.pipe(f"{folder}/c.csv", b"id,status\n1,ja!\n")
    (listed,) = system.glob(f"{folder}/*.csv", detail=True).values()
    assert set(told) == set(listed) & {"ETag", "last_modified", "created"}
    load(url=f"memory:/{folder}", path="*.csv")
    system.pipe(f"{folder}/c.csv", b"id,status\n1,nej\n")
    load(url=f"memory:/{folder}", path="*.csv")
    assert raw() == [("1", "nej")]


def _reading(monkeypatch, system, read):
    """The store reads each file's bytes so: `read` gets how many are asked for."""

    class Handle(io.BytesIO):
        def read(self, size=-1):
            return read(size)

    monkeypatch.setattr(type(system), "_open", lambda self, path, *_, **__: Handle())


@pytest.mark.parametrize("told_by", [None, "sha256"])
@pytest.mark.parametrize("error", [TimeoutError("late"), ConnectionResetError("reset"), RuntimeError("a driver's own")])
def test_a_store_that_stops_answering_in_mid_file_is_an_error_of_its_source(
    load, raw, store, monkeypatch, error, told_by
):
    system, folder = store
    system.pipe(f"{folder}/c.csv", b"id,status\n1,ja\n")
    parts = iter([b"id,status\n1,ja\n"] + ([b""] if told_by else []))

    def read(size):
        part = next(parts, None)
        if part is None:
            raise error
        return part

    _reading(monkeypatch, system, read)
    with pytest.raises(SourceError, match=rf"does not answer \({type(error).__name__}\)") as caught:
        load(url=f"memory:/{folder}", path="*.csv", table={"told_by": told_by})
    assert caught.value.is_whole_source and caught.value.is_passing
    assert raw() == []


def test_a_remote_file_that_may_not_be_read_costs_only_itself(load, raw, store, warehouse, monkeypatch):
    system, folder = store
    system.pipe({f"{folder}/a.csv": b"id,status\n1,ja\n", f"{folder}/b.csv": b"id,status\n2,ja\n"})
    plain = type(system)._open

    def refuse(self, path, *more, **how):
        if path.endswith("b.csv"):
            raise PermissionError(path)
        return plain(self, path, *more, **how)

    monkeypatch.setattr(type(system), "_open", refuse)
    load(url=f"memory:/{folder}", path="*.csv")
    assert raw() == [("1", "ja")]
    told = warehouse.execute("select file, reason from quarantine.rejected_rows").fetchall()
    assert told == [("b.csv", "the file cannot be opened")]


@pytest.mark.parametrize("format", ["csv", "jsonl", "json_pages", "parquet"])
def test_a_store_that_drips_ends_with_the_time_of_its_source(load, raw, store, monkeypatch, format):
    system, folder = store
    system.pipe(f"{folder}/c.x", b"id,status\n")
    is_over = threading.Event()
    _reading(monkeypatch, system, lambda size: (is_over.wait(5) and b"") or b"1")
    began = time.monotonic()
    with pytest.raises(SourceError, match=r"longer than the 0\.005 minutes") as caught:
        load(url=f"memory:/{folder}", path="*.x", format=format, max_minutes=0.005)
    is_over.set()
    assert time.monotonic() - began < 4
    assert caught.value.is_whole_source
    assert raw() == []


def test_a_listing_that_drips_ends_with_the_time_of_its_source(load, store, monkeypatch):
    system, folder = store
    is_over = threading.Event()
    monkeypatch.setattr(type(system), "glob", lambda self, path, **more: is_over.wait(5) and {})
    began = time.monotonic()
    with pytest.raises(SourceError, match=r"longer than the 0\.005 minutes"):
        load(url=f"memory:/{folder}", path="*.csv", max_minutes=0.005)
    is_over.set()
    assert time.monotonic() - began < 4


def test_copies_of_remote_files_go_with_the_load_and_keep_their_names(load, raw, store, warehouse):
    system, folder = store
    system.pipe({f"{folder}/a/c.csv": b"id,status\n1,ja\n", f"{folder}/a/b/d.csv": b"id,status\n2,nej\n"})
    load(url=f"memory:/{folder}", path="**/*.csv")
    assert raw("id, _source_file") == [("1", "a/c.csv"), ("2", "a/b/d.csv")]
    (temporary,) = warehouse.execute("select current_setting('temp_directory')").fetchone()
    assert not [path for path in Path(temporary).rglob("*") if path.suffix == ".csv"]


def test_a_listing_that_breaks_off_is_an_error_of_its_source(load, store, monkeypatch):
    system, folder = store
    monkeypatch.setattr(type(system), "glob", lambda *_, **__: _raise(RuntimeError("530 kim may not")))
    with pytest.raises(SourceError, match=r"does not answer \(RuntimeError\)") as caught:
        load(url=f"memory:/{folder}", path="*.csv")
    assert caught.value.is_whole_source and "kim" not in str(caught.value)


def test_a_file_without_an_end_ends_with_the_time_of_its_source(load, store, monkeypatch):
    class Endless(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return b"1,a\n" * 1000

    system, folder = store
    system.pipe(f"{folder}/a.csv", b"id,status\n1,a\n")
    monkeypatch.setattr(type(system), "open", lambda *_, **__: Endless())
    with pytest.raises(SourceError, match=r"longer than the 0\.01 minutes") as caught:
        load(url=f"memory:/{folder}", path="*.csv", max_minutes=0.01)
    assert caught.value.is_whole_source


def test_a_file_whose_read_takes_too_long_ends_with_the_time_of_its_source(
    home, warehouse, tmp_path, load_files, monkeypatch
):
    """DuckDB's own work, which asks no clock; what comes after it is not interrupted."""
    endless = "select 1::bigint as id from range(10000000) a, range(10000000) b where hash(a.range + b.range) = 0"
    reads = {"slow": endless, "quick": "select 1::bigint as id"}
    sources = {
        name: Source(connector="files", url=str(tmp_path), max_minutes=minutes,
                     tables={"t": Table(columns={"id": "BIGINT"}, key=["id"], path="*.csv")})
        for name, minutes in (("slow", 0.01), ("quick", 1))
    }  # fmt: skip
    settings = Settings(company="T", sources=sources)
    prepare_raw(warehouse, settings)
    monkeypatch.setattr(
        "orchestration.extract.files.read_files", lambda con, source, *_: Batch(reads[source], {"id": "BIGINT"})
    )
    began = time.monotonic()
    with pytest.raises(SourceError, match=r"longer than the 0\.01 minutes") as caught:
        extract_source(warehouse, home, settings, "slow")
    assert caught.value.is_whole_source and time.monotonic() - began < 60
    assert extract_source(warehouse, home, settings, "quick")["t"].inserted == 1
    assert warehouse.execute("select count(*) from raw_slow.t").fetchall() == [(0,)]


def test_what_begins_when_the_time_is_up_is_interrupted_too(warehouse):
    budget = Budget("s", 0.5 / 60)
    with pytest.raises(SourceError, match="took longer"), budget.interrupting("t", warehouse.interrupt):
        # nothing runs when the time is up
        time.sleep(0.7)
        warehouse.execute("select count(*) from range(10000000) a, range(10000000) b where hash(a.range + b.range) = 0")
    time.sleep(0.2)
    assert warehouse.execute("select 1").fetchall() == [(1,)]


def _raise(error):
    raise error
