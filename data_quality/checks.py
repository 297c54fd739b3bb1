"""What a check is. Here: light descriptions that the code location can read without importing Great Expectations.

Not here: the checks themselves (suites/) or running them (runner.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Severity = Literal["ERROR", "WARN"]
# arrival: what came can be built on · promise: what analysts rely on · consent: what the law asks of what leaves
Stage = Literal["arrival", "promise", "consent"]
STAGES: tuple[Stage, ...] = get_args(Stage)


@dataclass(frozen=True)
class Check:
    """One expectation. `expectation` names a class of great_expectations.expectations, `arguments` are its own.

    `breaks` is a rule in SQL on a row `b` of the table, true where the row breaks it: the batch gets a column of that
    rule (`rule_column`), and every such column of a table is counted in one query.
    ERROR stops publication, WARN shows. `rule` is the number of the rule of consent and data protection that it is of.
    """

    name: str
    description: str
    expectation: str
    arguments: dict[str, Any] = field(default_factory=dict)
    severity: Severity = "ERROR"
    breaks: str = ""
    rule: int | None = None
    # SQL over `{batch}`: (what breaks it, its rows), of names of sources and tables: never a value out of a row
    culprits: str = ""


def rule_column(name: str) -> str:
    """The batch's column that is filled on each row that breaks the rule of that name."""
    return f"breaks_{name}"


@dataclass(frozen=True)
class Suite:
    """The checks of one table in a stage. `schema` and `table` as in the warehouse, `asset_key` as in Dagster."""

    stage: Stage
    schema: str
    table: str
    asset_key: tuple[str, ...]
    checks: tuple[Check, ...]

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}"

    @property
    def title(self) -> str:
        """What Great Expectations and its pages call it."""
        return f"{self.stage}.{self.name}"


@dataclass(frozen=True)
class CheckResult:
    """How one check fared. `observed` holds counts only: never a value out of a row. Those of a source are called by `of_source`."""

    suite: Suite
    check: Check
    passed: bool
    observed: dict[str, int | float]


_OF = "of "


def of_source(source: str) -> str:
    """What the count of rows of a source that broke a rule is called."""
    return f"{_OF}{source}"


def by_source(observed: Mapping[str, Any]) -> str:
    """What `observed` says of sources, as text: crm 2, shop 1. Empty where it says nothing of any."""
    return ", ".join(f"{name.removeprefix(_OF)} {count:,}" for name, count in observed.items() if name.startswith(_OF))


# rows of each table when it last passed the gates, by `schema.table`
History = dict[str, int]
