"""What is kept of a rejected line that is no row: which value of it is which cannot be told.

Whoever is named in a line of statements may say no in it, and a line of people may be the record of who does: such a line is kept
as it came, but for values that are certainly undeclared. Of any other line only what is certainly declared is kept. Not here:
rows that are told apart and do not fit (rejecting.py, pages.py), reading what is kept (privacy/intake/broken_lines.py).
"""

from __future__ import annotations

import re

from orchestration.core.settings import CsvDialect, Table
from orchestration.core.warehouse import text
from orchestration.privacy.intake.entry_columns import kept_columns
from orchestration.privacy.intake.raw_people import is_person_record
from orchestration.privacy.intake.request_words import SOURCE

# of JSON: a text without escapes, or a number
_VALUE = r'\s*:\s*("[^"\\]*"|-?[0-9.]+)'


def may_refuse(source: str, name: str, table: Table) -> bool:
    """Whether a broken line of the table may be a statement, a request, a register's entry or a person's record."""
    is_read = table.holds_statements or table.is_register or table.is_address_register or source == name == SOURCE
    return is_read or any(is_person_record(table, person) for person in table.whose)


def kept_of_csv(
    line: str, values: str, has_whole_quotes: str, header: list[str], table: Table, csv: CsvDialect, *, in_doubt: bool
) -> str:
    """SQL: a line with another number of fields than its header, without values that are undeclared; `in_doubt`: those that may
    be declared stay. `values` is SQL of its fields as they are written.

    Of lacking or of more fields nobody knows which: a field is of any column that it could be of then.
    """
    declared = [column in kept_columns(table) for column in header]
    if all(declared):
        return line
    more, width = f"(len({values}) - {len(header)})", len(header)
    columns = (
        f"list_slice({declared}::boolean[], greatest(1, i - greatest({more}, 0)), least({width}, i - least({more}, 0)))"
    )
    is_kept = f"{'list_bool_or' if in_doubt else 'list_bool_and'}({columns})"
    fields = f"list_transform({values}, lambda f, i: case when {is_kept} then f else '' end)"
    # a stray quote makes one field of several, and several of one
    return f"case when {has_whole_quotes} then array_to_string({fields}, {text(csv.delimiter)}) else {line if in_doubt else text('')} end"


def kept_of_json(line: str, source: str, name: str, table: Table) -> str:
    """SQL: a line that is not a JSON object; of one that refuses nothing the values of the table's key, to find it again."""
    if may_refuse(source, name, table):
        return line
    kept = kept_columns(table)
    patterns = [text(f'"{re.escape(column)}"' + _VALUE) for column in table.key if column in kept]
    keys = ", ".join(f"regexp_extract({line}, {pattern})" for pattern in patterns)
    return f"array_to_string(list_filter([{keys}]::varchar[], lambda k: k <> ''), ', ')"
