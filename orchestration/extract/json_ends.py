r"""JSON Lines whose lines end differently, which DuckDB does not read: from a copy in which each ends in \n.

Not here: reading the rows (json_files.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import IO

from orchestration.extract.budget import Budget
from orchestration.extract.csv_copies import Readable, copied, with_one_end
from orchestration.extract.delivered_file import Delivered

_PART_BYTES = 4 * 1024 * 1024
_BETWEEN = re.compile(rb"\}(,?)\r\{")
# what comes with the next part may make a line end of it
_MAY_GO_ON = re.compile(rb"\},?\r?\Z")


def with_even_ends(
    source: str, name: str, file: Delivered, folder: str, budget: Budget, keep: Callable[[IO[bytes]], IO[bytes]]
) -> Delivered:
    """The file, or its copy, which `keep` is given to close."""
    if not (file.lines.has_mixed_ends or file.lines.has_lone_returns or file.lines.is_padded):
        return file
    ends, last = 0, b"\n"

    def changed(handle: Readable) -> Iterator[bytes]:
        nonlocal ends, last
        for part in _without_returns(with_one_end(_parts(handle))):
            ends, last = ends + part.count(b"\n"), part[-1:] or last
            yield part

    copy = keep(copied(source, name, file, folder, budget, changed))
    # a \r may end a line too: the books are of the copy
    lines = replace(file.lines, total=ends + (last != b"\n"), is_gzip=False)
    return replace(file, read_from=copy.name, lines=lines)


def _parts(handle: Readable) -> Iterator[bytes]:
    while part := handle.read(_PART_BYTES):
        yield part


def _without_returns(parts: Iterator[bytes]) -> Iterator[bytes]:
    r"""Between two objects a \r ends a line; elsewhere it is a blank, as between the parts of an object."""
    kept = b""
    for part in parts:
        joined = _BETWEEN.sub(rb"}\1\n{", kept + part)
        end = _MAY_GO_ON.search(joined, max(0, len(joined) - 3))
        kept = end[0] if end else b""
        yield joined.removesuffix(kept).replace(b"\r", b" ")
    yield kept.replace(b"\r", b" ")
