"""What the columns of a table hold: types that fit every row, formats of dates, marks of money, how many values.

Here: one pass of DuckDB over all rows, for the types that fit its first rows, and one more of a column that may hold amounts. Not here: keys
(keys.py), what a column means (entities.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

from orchestration.contracts.mapping_times import known_time
from orchestration.contracts.mapping_values import written_amount
from orchestration.contracts.words import words_for
from orchestration.core.warehouse import quote, text
from orchestration.core.written_months import named_months
from orchestration.proposals.amounts import currency_beside, decimal_mark, number_type
from orchestration.proposals.epochs import EPOCHS, is_epoch, may_be_epoch
from orchestration.proposals.gone_words import planned, says_gone
from orchestration.proposals.refusing_values import may_be_taken_back, refusing_columns

SAMPLED = 5000
FEW = 30
# as many values a digit has, and what an estimate is beyond
_MOST_COUNTS = 12
# of dates and times that are not written as ISO has them: of two that fit every row the first counts
FORMATS = (
    "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y", "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S", "%d-%m-%Y", "%d-%m-%Y %H:%M", "%d-%m-%Y %H:%M:%S", "%Y/%m/%d", "%Y/%m/%d %H:%M:%S", "%Y%m%d", "%d.%m.%y",
    "%d/%m/%y", "%d/%m/%y %H:%M", "%m/%d/%y", "%m/%d/%y %H:%M", "%d.%m.%y %H:%M", "%Y-%m-%d %H.%M",
    "%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y %I:%M %p", "%d/%m/%Y %I:%M:%S %p", "%Y-%m-%d %H:%M:%S %z",
)  # fmt: skip
# with the name of a month, in any language that written_months.py reads
_NAMED = (
    "%d %b %Y", "%d %b %Y %H:%M", "%d %b %Y %H:%M:%S", "%d %b %Y %H.%M", "%d %b %y", "%d. %b %Y", "%d. %b %Y %H:%M", "%d. %b %Y %H:%M:%S",
    "%d. %b %Y %H.%M", "%d. %b %y", "%d-%b-%Y", "%d-%b-%y", "%d.%b.%Y", "%d.%b.%y", "%b %d, %Y", "%b %d %Y", "%b %d, %Y %H:%M",
    "%b %d, %Y %I:%M %p", "%b %d, %Y, %I:%M %p",
)  # fmt: skip
# what tells an amount as people write it from a number; beside such ones, amounts may be plain
_MARKED = r"[,.:()\s\p{Zs}'’\p{L}\p{Sc}]|^-?[1-9]\d*$|^0$"
# as ISO has it, with or without zeros: 2025-12-1
_DAY = r"^\d{4}-\d{1,2}-\d{1,2}$"
_EMAIL = r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$"
# spreadsheets write an apostrophe before a number that is text
_PHONE = r"^'?(?:\+|00)\d[\d\s()-]{6,18}$"

# before the decimal mark of amounts as people write them
_MONEY = "MONEY"
# DuckDB plans these questions in a tenth of a second, for one column or for many; of hundreds the values of all take more memory
# than a look has
AT_ONCE = 25
# the values of one column, which are counted once for all questions about amounts
_VALUES = "counted_values"


@dataclass(frozen=True)
class Column:
    """What a column holds. `kind` is a type of DuckDB that every value fits; `formats` are of dates as text; `money` is the decimal mark
    of amounts as people write them. Where `is_ambiguous`, another format fits too, or the mark may part thousands."""

    name: str
    kind: str
    rows: int
    filled: int
    distinct: int  # about
    formats: tuple[str, ...] = ()
    is_ambiguous: bool = False
    money: str | None = None
    currency: str | None = None
    has_currency_in_doubt: bool = False  # several stand beside its amounts, or one that is not known
    looks_like: str | None = None  # email or phone, by its values
    values: tuple[str, ...] = ()  # in lower case, where they are few
    refuses: bool = False  # the words of some row refuse contact; asked of tables that say consents
    is_planned: bool = False  # of a time of which rows are deleted: some lie ahead, or stand for none
    epoch: int = 0  # of whole numbers that are called as times: how many of them a second has since 1970; 0 where they are no times
    own_kind: str = ""  # of a format that has types: a night takes no other one

    @property
    def declared(self) -> str:
        return self.own_kind or self.kind

    @property
    def is_time(self) -> bool:
        return self.kind in ("DATE", "TIMESTAMP") or bool(self.formats)

    @property
    def is_flag(self) -> bool:
        """Whether its numbers are a yes and a no."""
        return "1" in self.values and set(self.values) <= {"0", "1"}

    @property
    def is_count(self) -> bool:
        """Whether its numbers are few, whole and small, as how often something was: 0, 1 and 2; more than a yes and a no, and not 0 alone."""
        are_small = self.kind == "BIGINT" and all(len(value) == 1 and value.isdigit() for value in self.values)
        # of all rows, where `values` are those of the first ones
        return are_small and bool(set(self.values) - {"0"}) and not self.is_flag and self.distinct <= _MOST_COUNTS

    @property
    def is_number(self) -> bool:
        return self.kind in ("BIGINT", "DOUBLE") or self.kind.startswith("DECIMAL") or self.money is not None


def sample(con: duckdb.DuckDBPyConnection, relation: str) -> None:
    """The first rows, as the temp table `sampled`."""
    con.execute(f"create or replace temp table sampled as from {relation} limit {SAMPLED}")


def nothing_words(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> list[str]:
    """Words for nothing that stand in the sampled rows, as they are written there."""
    told = ", ".join(text(word) for word in sorted(words_for("nothing")))
    each = ", ".join(f"trim({quote(name)})" for name in names)
    # not a union of the columns: of hundreds it takes more memory than a look has
    found = f"select distinct unnest(list_filter([{each}], lambda v: lower(v) in ({told}))) as v from sampled"
    rows = con.execute(f"select v from ({found}) order by v").fetchall()
    return [str(value) for (value,) in rows]


def columns_of(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    names: Sequence[str],
    decimal: str = ".",
    known: Mapping[str, str] | None = None,
) -> list[Column]:
    """The columns of a relation, all text, of which rows are sampled; `known` are types that the format itself has, as Parquet does."""
    known = known or {}
    # trimmed once: what a value is asked is asked of all rows
    con.execute(f"create or replace temp table sampled as from {_trimmed_rows(names, 'sampled')}")
    candidates = _candidates(con, [name for name in names if name not in known], decimal)
    asked = ["count(*)"]
    for name in names:
        said = quote(name)
        asked += [f"count({said})", f"approx_count_distinct({said})"]
        asked += [_all_fit(fits, said) for kind, fits in candidates.get(name, []) if not _is_money(kind)]
        asked += [_all_fit(is_epoch(said, each), said) if may_be_epoch(name) else "false" for each in EPOCHS]
    (row,) = con.execute(f"select {', '.join(asked)} from {_trimmed_rows(names, relation)}").fetchall()
    rows, told = int(row[0]), iter(row[1:])
    found = []
    for name in names:
        filled, distinct = int(next(told)), int(next(told))
        fitting = [kind for kind, _ in candidates.get(name, []) if not _is_money(kind) and next(told)]
        epoch = next((each for each, is_one in [(each, next(told)) for each in EPOCHS] if is_one), 0)
        fitting = fitting or _fitting_money(con, name, candidates.get(name, []), relation)
        column = _column(con, name, known.get(name), fitting, (rows, filled, distinct), decimal, relation)
        found.append(replace(column, epoch=epoch if column.kind == "BIGINT" else 0))
    gone = {c.name: c.formats for c in found if c.is_time and says_gone(c.name)}
    plans = planned(con, relation, gone)
    found = [replace(column, is_planned=column.name in plans) for column in found]
    con.execute("drop table sampled")
    con.execute(f"drop table if exists {_VALUES}")
    if not may_be_taken_back(names):
        return found
    texts = [c.name for c in found if c.kind == "VARCHAR" and not (c.formats or c.money or c.looks_like)]
    refusing = refusing_columns(con, relation, texts)
    return [replace(column, refuses=column.name in refusing) for column in found]


def _trimmed(name: str) -> str:
    return f"nullif(trim({quote(name)}), '')"


def _trimmed_rows(names: Sequence[str], relation: str) -> str:
    return f"(select {', '.join(f'{_trimmed(name)} as {quote(name)}' for name in names)} from {relation})"


def _all_fit(fits: str, said: str) -> str:
    return f"coalesce(bool_and({fits}) filter ({said} is not null), false)"


def _is_money(kind: str) -> bool:
    return kind.startswith(_MONEY)


def _count_values(con: duckdb.DuckDBPyConnection, name: str, relation: str) -> None:
    """Each value of a column, with how often it stands there, as the temp table _VALUES."""
    said = _trimmed(name)
    con.execute(
        f"create or replace temp table {_VALUES} as select {said} as v, count(*) as times from {relation} where {said} is not null group by v"
    )


def _fitting_money(
    con: duckdb.DuckDBPyConnection, name: str, candidates: list[tuple[str, str]], relation: str
) -> list[str]:
    """Marks of amounts that fit all rows. It is the dearest question, so each value is asked once, and only where nothing else fits."""
    asked = {kind: fits for kind, fits in candidates if _is_money(kind)}
    if not asked:
        return []
    _count_values(con, name, relation)
    fitting = ", ".join(_all_fit(fits, quote(name)) for fits in asked.values())
    (row,) = con.execute(f"select {fitting} from (select v as {quote(name)} from {_VALUES})").fetchall()
    return [kind for kind, holds in zip(asked, row, strict=True) if holds]


def _column(
    con: duckdb.DuckDBPyConnection, name: str, known: str | None, fitting: list[str], counts: tuple[int, int, int], decimal: str, relation: str
) -> Column:  # fmt: skip
    rows, filled, distinct = counts
    said = quote(name)
    values = con.execute(
        f"select distinct lower({said}) from sampled where {said} is not null limit {FEW + 1}"
    ).fetchall()
    few = tuple(sorted(str(value) for (value,) in values)) if len(values) <= FEW else ()
    plain = Column(name, known or "VARCHAR", rows, filled, distinct, values=few)
    if known or not fitting:
        return plain
    formats = [kind for kind in fitting if "%" in kind]
    first = fitting[0]
    if first == "NUMBER":
        _count_values(con, name, relation)
        kind, is_ambiguous = number_type(con, _VALUES, decimal)
        return replace(plain, kind=kind, is_ambiguous=is_ambiguous)
    if "%Y%m%d" in formats and "BIGINT" in fitting and len(fitting) > 1:
        return replace(plain, formats=("%Y%m%d",))
    if formats:
        return replace(plain, formats=tuple(formats[:1]), is_ambiguous=len(formats) > 1)
    if _is_money(first):
        marks = [kind.removeprefix(_MONEY) for kind in fitting if _is_money(kind)]
        mark, is_ambiguous = (marks[0], False) if len(marks) == 1 else decimal_mark(con, _VALUES, decimal)
        currency, is_known = currency_beside(con, _VALUES)
        return replace(
            plain, money=mark, is_ambiguous=is_ambiguous, currency=currency, has_currency_in_doubt=not is_known
        )
    if first in ("email", "phone"):
        return replace(plain, looks_like=first)
    return replace(plain, kind=first)


def _candidates(con: duckdb.DuckDBPyConnection, names: Sequence[str], decimal: str) -> dict[str, list[tuple[str, str]]]:
    """Of each column (type or format, SQL that says whether a value fits) of those that fit all of the first rows."""
    found = {}
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        asked = ", ".join(_all_fit(fits, "v") for _, fits in _cases("v", decimal, "named"))
        values = f"unnest([{', '.join(map(quote, some))}]) as v, unnest(range({len(some)})) as nth"
        values = f"select v, nth, {named_months('v')} as named from (select {values} from sampled)"
        rows = con.execute(f"select nth, {asked} from ({values}) group by nth").fetchall()
        holding = {nth: holds for nth, *holds in rows}
        for nth, name in enumerate(some):
            cases = _cases(quote(name), decimal)
            fits = [case for case, holds in zip(cases, holding.get(nth, [False] * len(cases)), strict=True) if holds]
            is_whole = any(kind == "BIGINT" for kind, _ in fits)
            found[name] = [case for case in fits if case[0] != "NUMBER" or not is_whole]
    return found


def _cases(v: str, decimal: str, named: str = "") -> list[tuple[str, str]]:
    """(type or format, SQL that says whether the value `v` fits). `named` is the same with the name of its month as a format reads it."""
    named = named or named_months(v)
    # beside a decimal comma a point parts thousands
    number = f"case when not contains({v}, '.') then replace({v}, ',', '.') end" if decimal == "," else v
    return [
        # a leading zero says that it is no number: 022 is not 22
        ("BIGINT", f"try_cast({v} as bigint) is not null and not (starts_with(ltrim({v}, '-'), '0') and length({v}) > 1) and not contains({v}, '.') and length({v}) < 19"),
        ("%Y%m%d", f"length({v}) = 8 and try_strptime({v}, '%Y%m%d') between timestamp '1900-01-01' and timestamp '2100-01-01'"),
        ("NUMBER", f"coalesce(isfinite(try_cast({number} as double)), false) and not ltrim({v}, '-')[1:2] between '00' and '09'"),
        ("BOOLEAN", f"lower({v}) in ('true', 'false')"),
        ("DATE", f"regexp_matches({v}, {text(_DAY)}) and try_cast({v} as date) is not null"),
        ("TIMESTAMP", f"length({v}) > 10 and not regexp_matches({v}, {text(_DAY)}) and try_cast({v} as timestamptz) is not null"),
        *((f, f"coalesce({known_time(f'try_strptime({v}, {text(f)})')} is not null, false)") for f in FORMATS if f != "%Y%m%d"),
        *((f, f"coalesce({known_time(f'try_strptime({named}, {text(f)})')} is not null, false)") for f in _NAMED),
        ("email", f"regexp_matches({v}, {text(_EMAIL)})"),
        ("phone", f"regexp_matches({v}, {text(_PHONE)})"),
        *((f"{_MONEY}{mark}", f"coalesce(isfinite(try_cast({written_amount(v, mark, is_of_few=True)} as double)), false) and regexp_matches({v}, {text(_MARKED)})") for mark in ",."),
    ]  # fmt: skip
