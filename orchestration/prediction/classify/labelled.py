"""A labelled table: customers, what is known of them, and whether it happened. Here: reading it by DuckDB and typing its columns.

Not here: which columns become features (features.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.core.errors import KundbildError
from orchestration.core.sql_scripts import sql_script
from orchestration.core.table_files import opened_table
from orchestration.core.warehouse import quote

NUMBER, CATEGORY = "number", "category"
_TABLE = "labelled"
_YES = frozenset({"yes", "y", "true", "t", "1", "1.0", "ja", "j", "oui"})
_NO = frozenset({"no", "n", "false", "f", "0", "0.0", "nej", "nei", "non"})
_FEW_WORDS = 10
# a number is written with a decimal comma here, and as inf or nan nowhere; a comma before three digits parts thousands as well
_PARTED = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_IS_NUMBER = (
    "(regexp_full_match({c}, '[+-]?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?') "
    f"and not regexp_full_match({{c}}, '{_PARTED.pattern.replace('{', '{{').replace('}', '}}')}'))"
)
_AS_NUMBER = f"case when {_IS_NUMBER} then try_cast(replace({{c}}, ',', '.') as double) end"
Values = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Profile:
    """What a column holds. Counts are of rows; `low`, `high` of those that are numbers."""

    name: str
    filled: int
    numbers: int
    whole: int
    dates: int
    distinct: int
    low: float | None
    high: float | None

    @property
    def kind(self) -> str:
        """A number where nearly all values are one; the others count as missing."""
        return NUMBER if self.filled and self.numbers >= 0.98 * self.filled else CATEGORY


@dataclass(frozen=True)
class Labelled:
    """Rows with a label. `values` are float64 with nan for numbers, text with "" for categories. `raw` is every column as text,
    or as float64 where all of it are numbers.

    `left_out` counts rows by reason; `ids` are the customers, empty where no column names them.
    """

    name: str
    label: NDArray[np.int8]
    raw: Values
    profiles: dict[str, Profile]
    ids: NDArray[Any]
    left_out: dict[str, int]

    @property
    def rows(self) -> int:
        return len(self.label)

    @property
    def positives(self) -> int:
        return int(self.label.sum())

    def values(self, kinds: Mapping[str, str]) -> Values:
        """The columns as the kinds say. A value that is not a number is missing."""
        return {c: numbers_of(self.raw[c]) if kind == NUMBER else self.raw[c] for c, kind in kinds.items()}

    def taken(self, rows: NDArray[Any]) -> Labelled:
        """Some of the rows."""
        raw = {c: v[rows] for c, v in self.raw.items()}
        ids = self.ids[rows] if len(self.ids) else self.ids
        return Labelled(self.name, self.label[rows], raw, self.profiles, ids, self.left_out)


def read_labelled(path: Path, *, label: str, id_column: str | None, positive: str | None = None) -> Labelled:
    """The rows of the file that have a label, one a customer.

    Raises KundbildError where the file, a column or a readable label is not there, or all labels are alike.
    """
    wanted = {"--label": label} | ({"--id": id_column} if id_column else {})
    with opened_table(path, _TABLE, wanted.items(), row="customer") as con:
        texts, profiles = texts_of(con, _TABLE, (label, id_column))
        words = con.execute(f"select lower({quote(label)}), count(*) from texts group by all").fetchall()
    codes = label_codes({str(w): n for w, n in words if w is not None}, label, positive, path.name)
    written = np.char.lower(texts[label])
    is_labelled = written != ""
    left_out = {"no label": int((~is_labelled).sum())}
    if id_column:
        is_first = _is_first(texts[id_column], is_labelled)
        left_out["the customer has a row before"] = int((is_labelled & ~is_first).sum())
        is_labelled &= is_first
    found = np.array([codes.get(w, 0) for w in written[is_labelled]], dtype=np.int8)
    if len(found) and found.min() == found.max():
        raise KundbildError(
            f"every row of {path.name} with a label has the same: {'yes' if found[0] else 'no'}",
            to_do="a classifier learns from both: take a longer period, or another label",
        )
    return Labelled(
        path.name,
        found,
        {c: texts[c][is_labelled] for c in profiles},
        profiles,
        texts[id_column][is_labelled] if id_column else np.array([], dtype=str),
        {reason: count for reason, count in left_out.items() if count},
    )


def _is_first(ids: NDArray[Any], is_labelled: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether a labelled row is its customer's first; a row without an id is of a customer of its own."""
    rows = np.flatnonzero(is_labelled)
    first = np.zeros(len(ids), dtype=bool)
    first[rows[np.unique(ids[rows], return_index=True)[1]]] = True
    return np.asarray(first | (ids == ""))


def label_codes(words: Mapping[str, int], label: str, positive: str | None, file: str) -> dict[str, int]:
    """Each word of the label, in lower case → 1 for what is predicted, else 0. Raises KundbildError where that is not clear."""
    if not words:
        raise KundbildError(
            f"column {label} of {file} is empty", to_do="write yes or no for each customer that is known"
        )
    if positive is not None:
        wanted = positive.strip().lower()
        if wanted not in words:
            raise KundbildError(
                f"no row of {file} has the value {positive!r} in {label}{_seen(words)}",
                to_do="name the value that means yes: --positive VALUE",
            )
        return {word: int(word == wanted) for word in words}
    unknown = [word for word in words if word not in _YES | _NO]
    if unknown:
        many = len(words) > _FEW_WORDS
        raise KundbildError(
            f"column {label} of {file} has {len(words):,} different values and is not yes or no{'' if many else _seen(words)}",
            to_do="name the column of what happened: --label COLUMN"
            if many
            else "name the value that means yes: --positive VALUE",
        )
    return {word: int(word in _YES) for word in words}


def _seen(words: Mapping[str, int]) -> str:
    """The words of a label. One that a single customer has may be that person's own: it is not told."""
    shared = sorted(word for word, count in words.items() if count > 1)[:_FEW_WORDS]
    return f": it has {', '.join(shared)}" if shared else ""


def texts_of(con: Any, table: str, besides: Collection[str | None]) -> tuple[Values, dict[str, Profile]]:
    """Every column of the table as text, and what those hold that may be features. It stays as the temporary table `texts`."""
    con.execute(sql_script(__file__, "labelled_texts", table=table))
    columns = [str(c) for (c,) in con.execute("select column_name from (describe texts)").fetchall()]
    fetched = con.execute("select * from texts").fetchnumpy()
    texts = {c: np.asarray(np.ma.filled(fetched[c], ""), dtype=str) for c in columns}
    return texts, _profiles(con, [c for c in columns if c not in besides])


def _profiles(con: Any, columns: Iterable[str]) -> dict[str, Profile]:
    found = {}
    for column in columns:
        row = con.execute(
            sql_script(
                __file__,
                "column_profile",
                column=quote(column),
                is_number=_IS_NUMBER.format(c=quote(column)),
                number=_AS_NUMBER.format(c=quote(column)),
            )
        ).fetchone()
        found[column] = Profile(column, *row)
    return found


def numbers_of(texts: NDArray[Any]) -> NDArray[np.float64]:
    """The texts as numbers, nan where one is not. Numbers stay as they are."""
    if texts.dtype.kind == "f":
        return texts
    words, places = np.unique(texts, return_inverse=True)
    return np.array([_number(str(word)) for word in words], dtype=np.float64)[places]


def _number(word: str) -> float:
    if not word or word[-1].isalpha() or word[0].isalpha() or _PARTED.fullmatch(word):
        return float("nan")
    try:
        return float(word.replace(",", "."))
    except ValueError:
        return float("nan")
