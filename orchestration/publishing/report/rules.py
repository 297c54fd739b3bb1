"""What a report may tell: no figure is of fewer than k people, and no difference of two figures is.

Here: the one place that every figure passes. A script of `sql/` gives exact cells and, of each, how many people stand behind it;
what is made of it here drops cells of few and rounds the others, as the open grade does (dbt: macros/grades.sql). Not here: the
scripts, or the words around them.

What a column of a script is says its name:

* `people`: how many people stand behind the row. Every script about people has it. It is not shown.
* `<name>_count`: rounded to a multiple of k. Nothing below k is shown, but 0 is.
* `<name>_amount` with `<name>_amount_largest`, the largest part of one person: rounded to a power of ten that no part exceeds.
* `<name>_average`, `<name>_score`, `<name>_hours`, `<name>_days`: a mean or a median of values of people: rounded.
* `<name>_people` of any of these: how many people stand behind it, where they are others than those behind the row.
* every other column tells the rows apart, and is shown as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

# a publication is for analysts: what is forwarded is for whoever gets it
LEAST = 10
_MEASURES = ("_count", "_amount", "_average", "_score", "_hours", "_days")
_HELPERS = ("_largest", "_people")
# decimals of what is a mean of people
_DECIMALS = {"_average": 1, "_score": 0, "_hours": 1, "_days": 0}


def least_people(min_people: int) -> int:
    """k of a report: `min_people` is that of the settings."""
    return max(LEAST, min_people)


def is_measure(column: str) -> bool:
    """Whether a column counts or measures; the others tell rows apart."""
    return column.endswith(_MEASURES)


def shown_columns(columns: Iterable[str]) -> list[str]:
    """The columns of a script that a report shows, in their order."""
    return [column for column in columns if column != "people" and not column.endswith(_HELPERS)]


def told(
    script: str,
    columns: Sequence[str],
    k: int,
    *,
    derived: Mapping[str, str] | None = None,
    order: str = "all",
    is_of_people: bool = True,
) -> str:
    """SQL: a script as a report shows it. `derived` names columns that are computed of shown ones, so that they tell no more.

    Raises ValueError where a script about people does not say of how many, or whose part of an amount is the largest.
    """
    if is_of_people and "people" not in columns:
        raise ValueError("a script about people has no column people")
    shown = [_shown(column, columns, k, is_of_people) for column in shown_columns(columns)]
    of_enough = f"\nwhere people >= {k}" if is_of_people else ""
    sql = f"select\n    {_listed(shown)}\nfrom (\n{_indented(script)}\n){of_enough}"
    if derived:
        more = ["*", *(f"{expression} as {name}" for name, expression in derived.items())]
        sql = f"select\n    {_listed(more)}\nfrom (\n{_indented(sql)}\n)"
    return f"{sql}\norder by {order}"


def _shown(column: str, columns: Sequence[str], k: int, is_of_people: bool) -> str:
    if not is_measure(column):
        return column
    conditions = [f"({people} = 0 or {people} >= {k})"] if (people := f"{column}_people") in columns else []
    if column.endswith("_count"):
        conditions.append(f"({column} = 0 or {column} >= {k})")
        value = f"cast(round({column} / {k}.0) * {k} as bigint)"
    elif column.endswith("_amount"):
        largest = f"{column}_largest"
        if largest in columns:
            unit = f"power(10, ceil(log10(greatest(cast({largest} as double), 1))))"
            value = f"round(cast({column} as double) / {unit}) * {unit}"
        elif is_of_people:
            raise ValueError(f"a script about people has no column {largest}")
        else:
            value = f"cast(round({column}) as double)"
    else:
        value = f"round({column}, {_DECIMALS[column[column.rindex('_') :]]})"
    return (
        f"case when {' and '.join(conditions)} then {value} end as {column}" if conditions else f"{value} as {column}"
    )


def _listed(parts: Iterable[str]) -> str:
    return ",\n    ".join(parts)


def _indented(sql: str) -> str:
    return "\n".join(f"    {line}" if line else line for line in sql.strip().splitlines())
