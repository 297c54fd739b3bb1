"""What never enters raw: identity numbers, and what free text tells of special categories.

Here: the cleaning of a delivery before it is merged. Not here: which columns stay behind or are read (entry_columns.py), how
such data is known (national_ids.py, special_categories.py), fields within a value (nested_values.py), who was erased (suppressor.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from functools import partial

import duckdb
import pyarrow as pa

from orchestration.core.settings import Table
from orchestration.core.warehouse import quote, scalar, text
from orchestration.privacy.intake.choices import only_choices
from orchestration.privacy.intake.entry_columns import Fix, free_text_columns, number_columns, whole_number_columns
from orchestration.privacy.intake.national_ids import (
    LEAST_WHOLE,
    LOOKED_AT,
    MOST_WHOLE,
    are_of_people,
    is_whole_number_of_somebody,
)
from orchestration.privacy.intake.national_ids_in_text import may_hold_numbers, numbers_sql
from orchestration.privacy.intake.nested_values import (
    HAS_FIELDS,
    fix_line,
    fix_nested,
    fix_rows,
    fix_text,
    has_telling_field,
)
from orchestration.privacy.intake.person_id_columns import NUMBER_AS_ID, columns_of_numbers, person_id_columns
from orchestration.privacy.intake.special_categories import (
    IDENTITY_NUMBER,
    candidates_sql,
    special_category_of,
)


def _whole_numbers(con: duckdb.DuckDBPyConnection, relation: str, columns: list[str]) -> dict[str, int]:
    """{column whose values read as identity numbers: how many values}. A few tell: the check digits of other numbers are
    right by chance. `relation` is read once for all."""
    if not columns:
        return {}
    looks = []
    for column in columns:
        number = f"try_cast({quote(column)}::varchar as double)"
        is_long = f"{number} between {LEAST_WHOLE} and {MOST_WHOLE - 1} and {number} = floor({number})"
        looks.append(f"arg_min({number}, hash({number}), {LOOKED_AT}) filter (where {is_long}), count({quote(column)})")
    (row,) = con.execute(f"select {', '.join(looks)} from {relation}").fetchall()
    found: dict[str, int] = {}
    for column, few, rows in zip(columns, row[::2], row[1::2], strict=True):
        numbers = {int(number) for number in few or ()}
        held = sum(map(is_whole_number_of_somebody, numbers))
        if are_of_people(held, len(numbers)):
            found[column] = int(rows)
    return found


def clean(
    con: duckdb.DuckDBPyConnection, table: Table, relation: str, columns: dict[str, str], emptied: Collection[str] = ()
) -> tuple[str, Counter[tuple[str, str]]]:
    """A SELECT of `relation` without what may not enter; how many values lost what: {(column, category): values}.

    `relation` is read once for all columns, and once for each that is looked at; a value of which nothing is suspected stays in DuckDB.
    `emptied`: columns of people's ids that held identity numbers when the table last came (`emptied_before`).
    """
    kinds = {name: kind for name, kind, *_ in con.execute(f"describe from {relation}").fetchall()}
    expressions: dict[str, str] = {}
    joins: list[str] = []
    taken: Counter[tuple[str, str]] = Counter()
    fields: dict[str, list[str]] = {}
    for path in free_text_columns(table, columns):
        column, _, field = (path, "", "") if path in columns else path.partition(".")
        fields.setdefault(column, []).extend([field] if field else [])
    numbers = number_columns(table, columns)
    numbered = may_hold_numbers(con, relation, {one: _written(quote(one)) for one in (*fields, *numbers)})
    for column, read in fields.items():
        about = {q.split(".")[1]: v.split(".")[1] for q, v in table.questions.items() if q.startswith(f"{column}.")}
        # a reader may hand JSON on as text
        is_nested = kinds[column] != "VARCHAR" or columns.get(column, "").upper() != "VARCHAR"
        fix: Fix = partial(fix_nested if is_nested else fix_text, kept=table.not_special)
        if read:
            fix = partial(fix_rows, read, about, kept=table.not_special)
        changed = _changed(con, relation, column, fix, taken, kept=table.not_special, numbered=numbered.get(column, 0))
        if changed:
            name = f"cleaned_{len(joins)}"
            _register(con, name, changed)
            value = f"{name}.new" if kinds[column] == "VARCHAR" else f"{name}.new::json::{kinds[column]}"
            expressions[column] = f"case when {name}.old is null then d.{quote(column)} else {value} end"
            joins.append(f" left join {name} on {name}.old = {_written(f'd.{quote(column)}')}")
    for column, fix in numbers.items():
        if column not in numbered:
            continue
        if changed := _changed(con, relation, column, fix, taken, kept=None, numbered=numbered[column]):
            name = f"cleaned_{len(joins)}"
            _register(con, name, changed)
            expressions[column] = f"case when {name}.old is null then d.{quote(column)} else {name}.new end"
            joins.append(f" left join {name} on {name}.old = d.{quote(column)}")
    whole = _whole_numbers(con, relation, whole_number_columns(table, columns))
    as_ids = columns_of_numbers(con, relation, person_id_columns(table, columns), emptied)
    taken.update({(column, IDENTITY_NUMBER): rows for column, rows in whole.items()})
    taken.update({(column, NUMBER_AS_ID): rows for column, rows in as_ids.items()})
    expressions |= {column: f"null::{kinds[column]}" for column in (*whole, *as_ids)}
    expressions |= only_choices(con, table, relation, taken)
    for question, value in table.questions.items():
        if question not in columns:
            continue
        asked = con.execute(
            f"select {quote(question)}::varchar, count({quote(value)}) from {relation} where {quote(question)} is not null group by 1"
        ).fetchall()
        special = {name: (category, rows) for name, rows in asked if (category := special_category_of(name)) and rows}
        for category, rows in special.values():
            taken[value, category] += rows
        if special:
            listed = ", ".join(text(name) for name in special)
            kept = expressions.get(value, f"d.{quote(value)}")
            expressions[value] = f"case when d.{quote(question)}::varchar in ({listed}) then null else {kept} end"
    if not expressions:
        return f"select * from {relation}", taken
    replaced = ", ".join(f"{expression} as {quote(column)}" for column, expression in expressions.items())
    return f"select d.* replace ({replaced}) from {relation} d{''.join(joins)}", taken


def clean_rejects(con: duckdb.DuckDBPyConnection, has_special: bool, kept: Collection[str] = ()) -> None:
    """Lines that a load rejected are kept whole: what may not enter is taken out of them too.

    `has_special`: a column of a special category was dropped, or one is emptied of what people write; in a line it cannot be told from
    the others. `kept`: names
    that only sound like one.
    """
    # patterns are compiled for a table without rows too
    lines = int(scalar(con, "select count(*) from fresh_rejects"))
    if not lines:
        return
    if has_special:
        # not null, which an erasure writes: a line of a table of statements is told as one that nobody can read
        con.execute("update fresh_rejects set content = ''")
    fix = partial(fix_line, kept=kept)
    if changed := _changed(con, "fresh_rejects", "content", fix, Counter(), kept=kept, numbered=lines):
        _register(con, "cleaned_rejects", changed)
        con.execute("update fresh_rejects set content = new from cleaned_rejects where old = content")


def _changed(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    column: str,
    fix: Fix,
    taken: Counter[tuple[str, str]],
    *,
    kept: Collection[str] | None,
    numbered: int,
) -> dict[str, str | None]:
    """{value: what stands in its place}, of values that hold something; `taken` counts it. `kept`: names of fields that only
    sound like a special category; None looks for identity numbers alone. `numbered`: how many values can hold one, at most."""
    written = _written(quote(column))
    suspicious: dict[str, str] = {}
    patterns: dict[str, str] = {}
    if kept is not None:
        suspicious["words"], patterns["words"] = f"regexp_matches(lower({written}), $words)", candidates_sql()
        if has_telling_field(con, relation, written, kept):
            suspicious["fields"] = HAS_FIELDS.format(written=written)
    if numbered:
        suspicious["number"], patterns["number"] = f"regexp_matches({written}, $number)", numbers_sql(numbered)
    suspected = con.execute(
        f"select {written} as written, count(*) from {relation} where {' or '.join(suspicious.values())} group by 1",
        patterns,
    ).fetchall()
    changed: dict[str, str | None] = {}
    for old, rows in suspected:
        new, found = fix(old)
        if found:
            changed[old] = new
            for category in set(found):
                taken[column, category] += rows
    return changed


def _written(column: str) -> str:
    """A value as text: nested ones as JSON."""
    return f"case typeof({column}) when 'VARCHAR' then {column}::varchar else to_json({column})::varchar end"


def _register(con: duckdb.DuckDBPyConnection, name: str, changed: Mapping[str, str | None]) -> None:
    con.register(
        "cleaned",
        pa.table({"old": pa.array(list(changed), pa.string()), "new": pa.array(list(changed.values()), pa.string())}),
    )
    con.execute(f"create or replace temp table {name} as from cleaned")
    con.unregister("cleaned")
