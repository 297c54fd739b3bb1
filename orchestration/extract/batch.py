"""What a connector hands over: a SELECT whose columns are the source's, plus what it already rejected. Not here: what becomes of it
(landing.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Batch:
    """One delivery. `select` yields every column of `columns`, and `_source_file` when `has_file`."""

    select: str
    columns: dict[str, str]
    has_file: bool = False
    is_text: bool = False  # values came as text or loosely typed: cast with TRY_CAST, reject what fails
    after: Callable[[int], int] = lambda load_id: 0  # writes the connector's own notes and rejects; returns the rejects
    check: Callable[[str], None] = lambda relation: None  # raises SourceError when the rows as read cannot be whole
    close: Callable[[], None] = lambda: None  # frees what was made to read it: to call whatever became of the load
    keys_there: str | None = None  # a SELECT of every key that the source still has, cast as raw has it
    added: list[str] = field(default_factory=list)  # columns that the source has beyond the declared ones: not loaded
    is_columnar: bool = False  # `select` reads columns, and may be asked again
    nulls: list[str] = field(default_factory=list)  # what the source writes for "nothing"
    null_keys: list[str] = field(default_factory=list)  # what it writes, besides, where a row refers to nobody
    files: list[str] = field(default_factory=list)  # names of what it was read from, oldest first
    late: dict[str, list[str]] = field(
        default_factory=dict
    )  # of parts: files that are older by their names → newer ones
    is_older: bool = False  # of a whole table: an older version by its name than the newest that was read
    way: str = "whole"  # how it was read, for people
    notes: list[str] = field(default_factory=list)  # what else people should know of it
    is_whole: bool = False  # every row that the source has, so that what is not there is gone
