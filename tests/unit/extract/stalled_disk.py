"""A file system of one folder that answers until it is to stall: what asks it from then on waits until this process ends.

It speaks the kernel's own FUSE protocol, so that a test needs neither a server nor a package. Started with the mount point, the
folder behind it, and what it answers: so many reads, `none` (no question at all), or `all`. Ends with its standard input.

A question that it never takes can be given up by who is killed, as with NFS; one that it takes and does not answer cannot.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
import threading
from pathlib import Path

_LOOKUP, _FORGET, _GETATTR, _OPEN, _READ, _RELEASE, _FLUSH, _INIT, _BATCH_FORGET = 1, 2, 3, 14, 15, 18, 25, 26, 42
_ROOT = 1
_DIRECT_IO = 1


class Disk:
    def __init__(self, mount_point: str, folder: str, answers: str) -> None:
        self.folder = Path(folder)
        self.names = {_ROOT: ""}
        self.is_mounted, self.answers = False, answers
        self.reads = 0
        self.kernel = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self.kernel},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"stalled", mount_point.encode(), b"fuse.stalled", 0, options.encode()):
            raise OSError(ctypes.get_errno(), "mount")

    def serve(self) -> None:
        while not self.is_mounted or self.answers not in ("none", str(self.reads)):
            request = os.read(self.kernel, 1 << 18)
            _, what, unique, node = struct.unpack_from("<IIQQ", request)
            self.reads += what == _READ
            self.is_mounted |= what == _INIT
            if what in (_FORGET, _BATCH_FORGET):
                continue
            try:
                error, answer = 0, self.answer(what, node, request[40:])
            except OSError as failed:
                error, answer = -failed.errno, b""
            os.write(self.kernel, struct.pack("<IiQ", 16 + len(answer), error, unique) + answer)

    def answer(self, what: int, node: int, asked: bytes) -> bytes:
        if what == _INIT:
            return struct.pack("<IIIIHHIIHH32x", 7, 31, 0, 0, 12, 9, 1 << 17, 1, 0, 0)
        if what == _LOOKUP:
            name = asked.rstrip(b"\0").decode()
            shown = self.shown(name)
            number = next((n for n, known in self.names.items() if known == name), len(self.names) + 1)
            self.names[number] = name
            return struct.pack("<QQQQII", number, 0, 0, 0, 0, 0) + shown
        if what == _GETATTR:
            return struct.pack("<QII", 0, 0, 0) + self.shown(self.names[node])
        if what == _OPEN:
            return struct.pack("<QII", 0, _DIRECT_IO, 0)
        if what == _READ:
            _, offset, size = struct.unpack_from("<QQI", asked)
            with (self.folder / self.names[node]).open("rb") as file:
                file.seek(offset)
                return file.read(size)
        if what in (_RELEASE, _FLUSH):
            return b""
        raise OSError(errno.ENOSYS, "")

    def shown(self, name: str) -> bytes:
        stat = (self.folder / name).stat()
        times = [int(at) for at in (stat.st_atime, stat.st_mtime, stat.st_ctime)]
        return struct.pack(
            "<QQQQQQIIIIIIIIII", stat.st_ino, stat.st_size, stat.st_blocks, *times, 0, 0, 0, stat.st_mode, stat.st_nlink,
            stat.st_uid, stat.st_gid, 0, 4096, 0,
        )  # fmt: skip


if __name__ == "__main__":
    disk = Disk(*sys.argv[1:])
    threading.Thread(target=disk.serve, daemon=True).start()
    print("mounted", flush=True)
    sys.stdin.read()
