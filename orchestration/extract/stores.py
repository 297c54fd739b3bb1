"""Where files lie: a folder of this machine, or any store that fsspec knows. Here: what a store lists and tells of a file.

Not here: which files are new (delivered.py), or what they hold (line_books.py).
"""

from __future__ import annotations

import errno
import ftplib
import glob
import hashlib
import re
import stat
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec

from orchestration.core.errors import SourceError, told_address
from orchestration.core.settings import Source
from orchestration.extract.mounts import is_served

_TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")
_TAGS = ("ETag", "etag", "md5Hash", "content_md5", "checksum", "crc32c")
_NAMED = 3
_DATES = (
    re.compile(r"(?<!\d)(?P<year>20\d\d)[-_.]?(?P<month>\d\d)[-_.]?(?P<day>\d\d)"),
    re.compile(r"(?<!\d)(?P<day>\d\d)[-_.]?(?P<month>\d\d)[-_.]?(?P<year>20\d\d)(?!\d)"),
)
_OF_ONE_FILE = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, ftplib.error_perm)
# of a folder of this machine that another one serves
_LOST = (
    errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ECONNRESET,
    errno.ECONNABORTED, errno.ECONNREFUSED, errno.ESHUTDOWN,
)  # fmt: skip
# answers of HTTP that say nothing of the file that was asked for
_PASSING = (408, 425, 429)
# a kernel's clock of files runs a few milliseconds behind, that of a mounted disk's server may run a little more
_CLOCKS_APART = timedelta(seconds=5)


@dataclass(frozen=True)
class Store:
    """A file system, and the folder in it that a source's url names."""

    system: Any
    base: str  # ends with /
    protocol: str
    source_name: str
    url: str

    @staticmethod
    def of(source_name: str, source: Source) -> Store:
        """Raises SourceError where nothing here can read such a store, or it does not answer."""
        told = source.url.partition("://")[0]
        try:
            # a connection that broke, or that a read which was given up still holds, is not used again
            system, root = fsspec.core.url_to_fs(source.url, skip_instance_cache=True)
        except (ImportError, ValueError):
            package = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "az": "adlfs", "sftp": "paramiko"}
            raise SourceError(
                f"source {source_name}: nothing here can read {told}://",
                to_do=f"install {package.get(told, 'the fsspec package for it')} into the environment: pip install "
                f"{package.get(told, '…')}",
            ) from None
        except Exception as error:  # each store's package raises kinds of its own
            raise _does_not_answer(source_name, source.url, error) from None
        protocol = system.protocol if isinstance(system.protocol, str) else system.protocol[0]
        return Store(system, root.rstrip("/") + "/", protocol, source_name, source.url)

    @property
    def is_local(self) -> bool:
        return self.protocol in ("file", "local")

    @cached_property
    def is_copied(self) -> bool:
        """Whether its files are read from copies: whoever waits for another machine asks no clock. May itself wait for it."""
        return not self.is_local or is_served(self.base)

    def listed(self, pattern: str) -> dict[str, dict[str, Any]]:
        """Name below the url → what the store tells of it, of every file that a pattern matches. Raises SourceError."""
        try:
            found = self.system.glob(glob.escape(self.base) + pattern, detail=True)
        except Exception as error:  # each store's package raises kinds of its own
            raise self.does_not_answer(error) from None
        return {path.removeprefix(self.base): info for path, info in found.items() if info.get("type") != "directory"}

    def is_of_one_file(self, error: Exception) -> bool:
        """Whether what reading a file raised says something of that file; else the store stopped answering."""
        if isinstance(error, _OF_ONE_FILE) or getattr(error, "errno", None) == errno.ENAMETOOLONG:
            return True
        if self.is_local:
            return isinstance(error, OSError) and error.errno not in _LOST
        status = getattr(error, "status", None)
        return isinstance(status, int) and 400 <= status < 500 and status not in _PASSING

    def does_not_answer(self, error: Exception) -> SourceError:
        return _does_not_answer(self.source_name, self.url, error)

    def is_there(self) -> bool:
        """Whether its folder is there; of a store of elsewhere nobody asks."""
        return not self.is_local or Path(self.base).is_dir()

    def path(self, name: str) -> str:
        return self.base + name

    def why_no_file(self, name: str) -> str | None:
        """Why a name is none of a file that has an end: a pipe or a device would be read for ever. Of a store of elsewhere, why
        no copy of that name can be made."""
        if not self.is_local:
            return "its name leads out of its folder" if _leads_out(name) else None
        try:
            is_file = stat.S_ISREG(Path(self.path(name)).stat().st_mode)
        except OSError:
            return None  # whoever opens it says why
        return None if is_file else "it is not a file, but a pipe, a socket or a device"

    def may_have_changed(self, name: str, noted_at: datetime | None) -> bool:
        """Whether a file of this machine was touched since then: its time of writing can be set, that of its inode cannot."""
        if not self.is_local:
            return False
        try:
            touched_ns = Path(self.path(name)).stat().st_ctime_ns
        except OSError:
            return True
        touched_at = datetime(1970, 1, 1) + timedelta(microseconds=touched_ns // 1000)
        return noted_at is None or touched_at > noted_at - _CLOCKS_APART


def _does_not_answer(source_name: str, url: str, error: Exception) -> SourceError:
    # its own words may hold a password
    return SourceError(
        f"source {source_name}: its file store does not answer ({type(error).__name__})",
        where=told_address(url),
        to_do="check that it runs, and host, name and password in url",
        is_passing=True,
        is_whole_source=True,
    )


def _leads_out(name: str) -> bool:
    return name.startswith("/") or "\0" in name or ".." in PurePosixPath(name).parts


def oldest_first(found: dict[str, dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """By the dates in their names, else by the numbers where they differ by these alone (export_9 before export_10), else by
    when they were written."""
    files = sorted(found, key=lambda file: (modified(found[file]), _natural(file), file))
    files = _sorted_in_place(files, _shape, _natural)
    files = _sorted_in_place(files, lambda file: date_of(file) is not None, lambda file: date_of(file) or date.min)
    return [(file, found[file]) for file in files]


def _sorted_in_place(files: list[str], group: Callable[[str], Any], order: Callable[[str], Any]) -> list[str]:
    """The files of each group sorted among the places that the group has."""
    ordered: dict[Any, deque[str]] = defaultdict(deque)
    for file in sorted(files, key=order):
        ordered[group(file)].append(file)
    return [ordered[group(file)].popleft() for file in files]


def some_of(names: list[str]) -> str:
    """The first of them, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def is_older_by_name(file: str, other: str) -> bool:
    """Whether the date in the name of `file` is the earlier one, or the names differ by their numbers alone, and those of
    `file` are lower."""
    one, two = date_of(file), date_of(other)
    if one and two and one != two:
        return one < two
    return _shape(file) == _shape(other) and _natural(file) < _natural(other)


def newer_by_name(file: str, others: Iterable[str]) -> list[str]:
    """Those that `file` is older than by its name, the newest last."""
    newer = [other for other in others if is_older_by_name(file, other)]
    return sorted(newer, key=lambda other: (date_of(other) or date.min, _natural(other)))


@lru_cache(maxsize=10_000)
def date_of(file: str) -> date | None:
    """The date in a file's name, else in that of its folder: 2026-11-02, 20261102, 02.11.2026."""
    for name in (file.rpartition("/")[2], file):
        for pattern in _DATES:
            for found in pattern.finditer(name):
                with suppress(ValueError):
                    return date(*(int(found[part]) for part in ("year", "month", "day")))
    return None


def _shape(file: str) -> str:
    return re.sub(r"\d+", "0", file)


def _natural(file: str) -> list[Any]:
    # by place, for str.isdigit also knows digits that no number has, such as a raised 2
    return [int(part) if at % 2 else part for at, part in enumerate(re.split(r"(\d+)", file))]


def modified(info: dict[str, Any]) -> int:
    """When a file was written, in ns; where the store does not say, a number that changes with its etag; 0: nothing is known."""
    for key in _TIMES:
        value = info.get(key)
        if isinstance(value, int | float) and value:
            return int(value * 1e9)
        for read in (datetime.fromisoformat, parsedate_to_datetime):
            # a time that no clock shows, as year 1, says nothing
            with suppress(ValueError, OverflowError):
                if isinstance(value, str):
                    value = read(value)
                if isinstance(value, datetime):
                    return int(value.timestamp() * 1e9)
    tag = next((info[key] for key in _TAGS if info.get(key)), None)
    return int(hashlib.sha256(str(tag).encode()).hexdigest()[:15], 16) if tag else 0
