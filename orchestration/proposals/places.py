"""What files lie at a place, and which of them are one table: a folder, a file, or what fsspec reads.

Here: formats by the file's name, globs that take only their own files. Not here: how a file is written (dialects.py).
"""

from __future__ import annotations

import fnmatch
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orchestration.contracts.words import words_of
from orchestration.core.errors import ConfigurationError, SourceError
from orchestration.core.settings import Source
from orchestration.extract.stores import Store, modified
from orchestration.proposals.document_pages import NAMES_OF_ROWS
from orchestration.proposals.secret_urls import secret_url

FORMATS = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".tab": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".parquet": "parquet", ".pq": "parquet", ".xlsx": "xlsx", ".se": "sie", ".si": "sie", ".sie": "sie"}  # fmt: skip
_MOST_FILES = 2000
_NO_FILE, _CHECK = "there is no such file or folder", "check the path after --from"
# so many digits are a date or a running number, also where only one file has them
_DATE_DIGITS = 6


@dataclass(frozen=True)
class Place:
    """Where files lie: the url for kundbild.toml, and the files below it by name."""

    url: str
    store: Store
    files: dict[str, dict[str, Any]]
    ignored: tuple[str, ...]  # names of what is no table
    variables: dict[str, str] = field(
        default_factory=dict, repr=False
    )  # what the url's ${…} stand for, where they are not set yet


@dataclass(frozen=True)
class FileGroup:
    """Files that are one table: its name, the glob that takes these files and no others, newest last."""

    table: str
    glob: str
    format: str
    files: tuple[str, ...]
    sheet: str | None = None  # of workbooks, where they have more than one
    rows: str | None = None  # of documents of JSON: the list that holds the rows


def place_of(name: str, said: str) -> Place:
    """Raises ConfigurationError where there is no file that is a table, SourceError where the place does not answer."""
    secret = secret_url(name, said)
    url, only, where = secret.plain, "", secret.written
    said = secret.plain
    if "://" not in said and "::" not in said:
        path = Path(said).expanduser().resolve()
        if not path.exists():
            raise ConfigurationError(_NO_FILE, where=said, to_do=_CHECK)
        url, only = (str(path), "") if path.is_dir() else (str(path.parent), path.name)
    elif "/" in said.rpartition("://")[2] and (_format(said) or said.endswith(".zip")):  # a host may end so too
        url, _, only = said.rpartition("/")
    if only.lower().endswith(".zip"):
        url, only = f"zip::{url}/{only}", ""
    source = Source(connector="files", url=url)
    store = Store.of(name, source)
    listed = {only: _info(store, only, name, where)} if only else store.listed("**")
    files = {file: info for file, info in listed.items() if _format(file) and info.get("size", 1)}
    hidden = {file for file in files if any(part.startswith(".") for part in file.split("/"))}
    files = {file: info for file, info in files.items() if file not in hidden}
    ignored = tuple(sorted(set(listed) - set(files) - hidden))
    if not files:
        raise ConfigurationError(
            "there is no file that is a table", where=where,
            to_do=f"name a file or a folder of {', '.join(sorted(FORMATS))}, or a .zip of them; gzip (.csv.gz) is read too",
        )  # fmt: skip
    if len(files) > _MOST_FILES:
        raise SourceError(
            f"source {name}: {len(files):,} files lie there",
            where=where,
            to_do=f"name a folder of at most {_MOST_FILES:,}",
        )
    written = secret_url(name, url)
    return Place(written.written, store, files, ignored, written.variables if written.is_new else {})


def _info(store: Store, file: str, name: str, where: str) -> dict[str, Any]:
    try:
        return dict(store.system.info(store.path(file)))
    except FileNotFoundError:
        raise ConfigurationError(_NO_FILE, where=where, to_do=_CHECK) from None
    except Exception as error:  # each store's package raises kinds of its own, whose words may hold the address
        raise SourceError(
            f"source {name}: the place does not answer ({type(error).__name__})", where=where, to_do="check the address and its rights"
        ) from None  # fmt: skip


def groups_of(place: Place) -> list[FileGroup]:
    """The files by table, the largest name first in no order but its own. Two tables never have one name."""
    by_shape: dict[tuple[str, str], list[str]] = defaultdict(list)
    for file in place.files:
        by_shape[_shape(file, is_many=True), str(_format(file))].append(file)
    groups: list[FileGroup] = []
    names: set[str] = set()
    for (shape, kind), alike in sorted(by_shape.items()):
        files = sorted(alike, key=lambda file: (modified(place.files[file]), file))
        pattern = shape if len(files) > 1 else _shape(files[0], is_many=False)
        takes = {file for file in place.files if fnmatch.fnmatchcase(file, pattern)}
        parts = [(pattern, files)] if takes == set(files) else [(_escaped(file), [file]) for file in files]
        for glob, own in parts:
            groups.append(FileGroup(_free(_table_name(own[-1]), names), glob, kind, tuple(own)))
    return groups


def sheet_groups(group: FileGroup, sheets: list[str], taken: set[str]) -> list[FileGroup]:
    """A workbook's sheets, each as a table; of one sheet the workbook itself is one."""
    if len(sheets) == 1:
        return [group]
    taken.discard(group.table)
    found = []
    for sheet in sheets:
        words = "_".join(words_of(sheet)) or "sheet"
        name = _free(words if not words[0].isdigit() else f"t_{words}", taken)
        found.append(replace(group, table=name, sheet=sheet))
    return found


def page_groups(group: FileGroup, lists: Sequence[str], taken: set[str]) -> list[FileGroup]:
    """The lists of documents of JSON, each as a table; of one list the documents themselves are one, unless the list has a better name."""
    found = []
    if len(lists) > 1:
        taken.discard(group.table)
    for at in lists:
        said = "_".join(words_of(at.rpartition(".")[2]))
        is_named = said and not said[0].isdigit() and at.rpartition(".")[2] not in NAMES_OF_ROWS
        is_groups = len(lists) == 1 and (not is_named or said == group.table)
        name = group.table if is_groups else _free(said or "rows", taken)
        found.append(replace(group, table=name, rows=at))
    return found


def _format(file: str) -> str | None:
    name = file.rpartition("/")[2].lower().removesuffix(".gz")
    return next((kind for ending, kind in FORMATS.items() if name.endswith(ending)), None)


def _shape(file: str, *, is_many: bool) -> str:
    """A glob of names that differ from it by numbers alone; of a single file, only where a number may be a date."""
    least = 1 if is_many else _DATE_DIGITS
    parts = re.split(r"(\d+(?:[-_.]\d+)*)", file)
    return "".join(
        "[0-9]*" if at % 2 and sum(sign.isdigit() for sign in part) >= least else _escaped(part)
        for at, part in enumerate(parts)
    )


def _escaped(name: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", name)


def _table_name(file: str) -> str:
    name = file.rpartition("/")[2].lower().removesuffix(".gz")
    stem = next(name.removesuffix(ending) for ending in FORMATS if name.endswith(ending))
    words = [word for word in words_of(stem) if sum(sign.isdigit() for sign in word) < _DATE_DIGITS]
    while len(words) > 1 and words[-1].isdigit():
        words.pop()
    said = "_".join(words) or "rows"
    return said if not said[0].isdigit() else f"t_{said}"


def _free(name: str, taken: set[str]) -> str:
    found, number = name, 2
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    taken.add(found)
    return found
