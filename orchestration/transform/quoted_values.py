"""DuckDB's errors without the values that they quote: in what is told of a failed node, and in what dbt writes of it.

Not here: running dbt (runner.py).
"""

from __future__ import annotations

import logging
import re

# errors whose text holds a value out of a row
_QUOTES_VALUES = re.compile(
    r"((?:Conversion|Out of Range|Invalid Input|Constraint) Error|Not implemented Error: Unknown TimeZone)(?:: (?!NOT NULL)| ).*",
    re.DOTALL,
)
# dbt's own loggers: dbt.log, and what it says on the console
_LOGGERS = ("file_log", "stdout_log")


def without_values(message: str) -> str:
    """A message up to where a value is quoted."""
    return _QUOTES_VALUES.sub(r"\1 (DuckDB's own words quote the value: not told)", message)


def first_line(message: object) -> str:
    """What an error says first, without a value."""
    lines = [line.strip() for line in str(message or "").splitlines() if line.strip()]
    # "Parsing Error", "Database Error in model …": the reason stands in the second line
    return without_values(" ".join(lines[:2]))[:400]


class _WithoutValues(logging.Filter):
    """Changes a record before any handler writes it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_values(record.getMessage()), None
        return True


_FILTER = _WithoutValues()


def keep_values_out_of_logs() -> None:
    """Before dbt runs: it makes its handlers anew each time, and leaves the loggers."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)
