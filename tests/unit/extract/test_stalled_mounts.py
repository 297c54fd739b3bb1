"""A folder of this machine that a server answers for may stall: its source ends with its time, and its files are read from copies."""

from __future__ import annotations

import threading
import time

import psutil
import pytest

from orchestration.core.errors import SourceError
from orchestration.extract.mounts import is_served
from orchestration.extract.store_copies import Copies

COLUMNS = {"id": "VARCHAR", "status": "VARCHAR"}


@pytest.fixture
def load(load_files):
    return lambda *files, **more: load_files(*files, columns=COLUMNS, path="**/*.csv", **more)


@pytest.mark.parametrize(
    "stalled", ["Store.is_there", "Store.may_have_changed", "Store.why_no_file", "read_through", "read_companion"]
)
def test_whatever_stalls_ends_with_the_time_of_its_source(load, load_files, monkeypatch, stalled):
    table, files = {}, {"b.csv": "id,status\n2,ja\n"}
    if stalled == "Store.is_there":
        table, files = {"optional": "before_first"}, {}
    if stalled == "Store.may_have_changed":
        load({"a.csv": "id,status\n1,ja\n"})
    is_over = threading.Event()
    monkeypatch.setattr(f"orchestration.extract.delivered.{stalled}", lambda *_, **__: is_over.wait(20))
    began = time.monotonic()
    with pytest.raises(SourceError, match=r"longer than the 0\.01 minutes") as caught:
        load(files, table=table, max_minutes=0.01)
    is_over.set()
    assert caught.value.is_whole_source and time.monotonic() - began < 15


MOUNTED = r"""/dev/sda1 / ext4 rw,relatime 0 0
files.example:/exports {folder}/in {kind} rw,vers=4.2 0 0
//files/x {folder}/in\040put cifs rw 0 0
tmpfs {folder}/local tmpfs rw 0 0
"""


@pytest.fixture
def mounted(tmp_path, monkeypatch):
    def go(kind: str) -> None:
        told = tmp_path / "proc" / "self" / "mounts"
        told.parent.mkdir(parents=True)
        told.write_text(MOUNTED.format(folder=tmp_path, kind=kind))
        monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path / "proc"))

    return go


@pytest.mark.parametrize(
    ("kind", "is_mounted"), [("nfs4", True), ("fuse.sshfs", True), ("9p", True), ("ext4", False), ("fuseblk", False)]
)
def test_a_mount_is_told_from_a_disk_of_this_machine(mounted, tmp_path, kind, is_mounted):
    mounted(kind)
    (tmp_path / "link").symlink_to(tmp_path / "in")
    served = {
        name: is_served(f"{tmp_path}/{name}") for name in ("in/", "in/a/b", "link/a", "inn", "in put/a", "local", "")
    }
    assert served == {"in/": is_mounted, "in/a/b": is_mounted, "link/a": is_mounted, "inn": False, "in put/a": True, "local": False, "": False}  # fmt: skip


def test_where_the_system_tells_no_mounts_every_folder_is_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path / "none"))
    assert not is_served(str(tmp_path))


def test_files_of_a_mount_are_read_from_copies_and_known_by_their_names(
    load, load_files, mounted, warehouse, monkeypatch
):
    mounted("nfs4")
    take = Copies.take

    def taking(self, store, name, table, budget):
        copy = take(self, store, name, table, budget)
        # whatever read the file itself from now on would find none
        (load_files.folder / name).unlink()
        return copy

    monkeypatch.setattr(Copies, "take", taking)
    counts = load({"a/1.csv": "id,status\n1,ja\n", "2.csv": "id,status\r\n2,ja\n"})
    assert (counts.inserted, counts.rejected) == (2, 0)
    assert not list(load_files.folder.rglob("*.csv"))
    rows = warehouse.execute("select id, _source_file from raw_s.t order by id").fetchall()
    assert rows == [("1", "a/1.csv"), ("2", "2.csv")]
