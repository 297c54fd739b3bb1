"""How many customers a rule of a segment holds for, counted in a publication. Here: counting, and which values a condition may name.

A condition is checked as those of `kundbild add-segment` are (contracts/segment_rules.py), so a rule that is counted here can be added
there. Counts pass through AnsweredSets. Not here: widgets (segments_page.py).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from orchestration.contracts.segment_rules import Readable, SegmentRule, checked, readable_columns, switched_off
from orchestration.core.configuration import home_and_config, load_privacy
from orchestration.core.errors import KundbildError
from orchestration.core.sql_scripts import LUMPED, sql_script
from orchestration.core.warehouse import columns_of, quote, scalar, text
from orchestration.dashboards.answered import AnsweredSets
from orchestration.dashboards.parts_of_rules import without_parts
from orchestration.dashboards.reading import Reading, opened
from orchestration.insight.deliveries import note_of, undelivered
from orchestration.privacy.audit.access import QUERIED, note_access
from orchestration.publishing.grades import ANALYST, PEOPLE

# values of a column that are offered
_MOST_VALUES = 40
OPERATORS = {"boolean": ("is", "is not"), "text": ("is", "is not"), "number": (">=", "<=", "=", ">", "<")}


@dataclass(frozen=True)
class Counted:
    """A rule's customers, rounded, and how many of them are in each stage of the lifecycle. None: fewer than are told."""

    customers: int | None
    of: int | None
    stages: dict[str, int | None]


@dataclass
class Builder:
    """Counts rules in one publication: in customer_360 where the grade people is there, else in the columns that analysts see."""

    reading: Reading
    _sets: AnsweredSets | None = None
    _counted: dict[str, Counted] = field(default_factory=dict, repr=False)
    _values: dict[str, list[str]] = field(default_factory=dict, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def path(self) -> Path:
        return self.reading.people or self.reading.path

    def columns(self) -> dict[str, Readable]:
        """What a condition may read here; times are asked by the days since them. What no segment may be made of is not asked."""
        off = switched_off(readable_columns(), load_privacy(home_and_config()[1]))
        known = {
            name: column
            for name, column in readable_columns().items()
            if column.kind not in ("timestamp", "date") and name not in off
        }
        with opened(self.path) as con:
            if not self.reading.people:
                there = columns_of(con, "bi", "dim_customers")
                return {name: Readable(name, "c", column.kind) for name, column in known.items() if name in there}
            there_by = {
                "c": columns_of(con, "marts", "customer_360"),
                "r": columns_of(con, "segments", "customer_rfm"),
                "f": columns_of(con, "marts", "customer_profile"),
            }
        return {name: column for name, column in known.items() if (column.since or name) in there_by[column.of]}

    def values(self, column: str) -> list[str]:
        """Values of a text column that enough customers have, the most frequent first."""
        if column not in self._values:
            sql = (
                f"select {quote(column)} from ({self._people([column])}) group by 1 having count(*) >= {self.reading.k}"
            )
            with opened(self.path) as con:
                rows = con.execute(
                    f"{sql} and {quote(column)} <> ? order by count(*) desc, 1 limit {_MOST_VALUES}", [LUMPED]
                ).fetchall()
            self._values[column] = [str(row[0]) for row in rows]
        return self._values[column]

    def count(self, condition: str) -> Counted:
        """Raises KundbildError where the condition cannot be read, or names a column that this publication does not have."""
        rule = checked("builder", "rule", condition, "", "the rule")
        if off := switched_off(rule.columns, load_privacy(home_and_config()[1])):
            raise KundbildError(
                f"no segment may be made of {', '.join(off)}", where="the rule", to_do="[privacy] not_for_segments names it: ask the data protection officer"
            )  # fmt: skip
        with self._lock:
            if rule.condition not in self._counted:
                self._counted[rule.condition] = self._count(rule)
            return self._counted[rule.condition]

    def note(self, condition: str) -> str:
        """What the condition reads that is not as a segment would have it: columns that are empty for every customer, as no source delivers
        them, or of which analysts are not shown the values of few; "" where it reads no such column."""
        columns = checked("builder", "rule", condition, "", "the rule").columns
        known = self.columns()
        asked = [
            name for name in columns if not self.reading.people and name in known and kind_of(known[name]) == "text"
        ]
        # one reader at a time: nothing in here opens the file again
        with opened(self.path) as con:
            empty = note_of(columns, undelivered(con, "marts" if self.reading.people else "bi"))
            lumped = [
                name
                for name in asked
                if scalar(con, f"select bool_or({quote(name)} = ?) from bi.dim_customers", [LUMPED])
            ]
        of_few = (
            f"{', '.join(lumped)}: customers of small groups are not counted by it here, so that a segment may hold more"
            if lumped
            else ""
        )
        return "; ".join(part for part in (empty, of_few) if part)

    def _count(self, rule: SegmentRule) -> Counted:
        missing = [name for name in rule.columns if name not in self.columns()]
        if missing:
            raise KundbildError(
                f"this publication does not tell {', '.join(missing)}",
                where="the rule",
                to_do="choose one of the columns that are listed",
            )
        home, config = home_and_config()
        grade = PEOPLE if self.reading.people else ANALYST
        note_access(home, load_privacy(config), QUERIED, of=grade.name, through="dashboards", counted=1)
        # the rule is checked: it reads these columns and holds nothing else
        conditions = [*without_parts(rule.condition), rule.condition]
        shown = ", ".join(f"coalesce(({one}), false) as held_{n}" for n, one in enumerate(conditions))
        asked = f"select stage, {shown} from ({self._people(list(rule.columns))})"
        with opened(self.path) as con:
            found = con.execute(asked).fetchnumpy()
        stage = np.asarray(found["stage"], dtype=object)
        if self._sets is None:
            self._sets = self._told_by_pages(stage.size)
        customers, stages, names = None, {}, sorted(set(stage))
        for n in range(len(conditions)):
            held = np.asarray(found[f"held_{n}"], dtype=bool)
            customers = self._sets.told(held)
            stages = {str(name): self._sets.told(held & (stage == name)) for name in names} if customers else {}
        return Counted(customers, self._sets.told(np.ones(stage.size, dtype=bool)), stages)

    def _told_by_pages(self, customers: int) -> AnsweredSets:
        """Sets whose counts the pages show: each segment of each scheme."""
        sets = AnsweredSets(customers, self.reading.k)
        script = sql_script(__file__, "segments_people" if self.reading.people else "segments_analyst")
        with opened(self.path) as con:
            found = con.execute(script).fetchnumpy()
        segment, position = np.asarray(found["segment"]), np.asarray(found["position"])
        starts = np.flatnonzero(np.diff(segment, prepend=-1))
        for members in np.split(position, starts[1:]):
            held = np.zeros(customers, dtype=bool)
            held[members] = True
            sets.told(held)
        return sets

    def _people(self, columns: list[str]) -> str:
        """One row per customer who may be profiled, always in the same order."""
        known = self.columns()
        shown = ", ".join(f"{self._column(known[name])} as {quote(name)}" for name in columns) or "1 as one"
        script = "profiled_people" if self.reading.people else "profiled_analyst"
        return sql_script(__file__, script, columns=shown)

    def _column(self, column: Readable) -> str:
        if not column.since:
            return f"{column.of}.{quote(column.name)}"
        as_of = f"timestamp {text(self.reading.as_of.isoformat(sep=' '))}"
        return f"date_diff('day', c.{quote(column.since)}, {as_of})"


_builders: dict[str, Builder] = {}
_LOCK = threading.Lock()


def builder_of(reading: Reading) -> Builder:
    """The one builder of a publication: what it told is remembered for all who ask."""
    with _LOCK:
        if reading.key not in _builders:
            # of older publications nobody asks any more
            while len(_builders) > 1:
                _builders.pop(next(iter(_builders)))
            _builders[reading.key] = Builder(reading)
        return _builders[reading.key]


def kind_of(column: Readable) -> str:
    """How a condition on it is asked: boolean, text or number."""
    return {"boolean": "boolean", "varchar": "text"}.get(column.kind, "number")


def condition_of(column: Readable, operator: str, value: object) -> str:
    """A condition as SQL, of what the widgets say."""
    if kind_of(column) == "boolean":
        return column.name if operator == "is" else f"not {column.name}"
    if kind_of(column) == "text":
        return f"{column.name} {'=' if operator == 'is' else '<>'} {text(str(value))}"
    return f"{column.name} {operator} {value:g}" if isinstance(value, float) else f"{column.name} {operator} {value}"


def joined(rule: str, condition: str) -> str:
    """Both conditions."""
    if not rule.strip() or not condition:
        return rule.strip() or condition
    left = f"({rule.strip()})" if " or " in rule.lower() else rule.strip()
    return f"{left} and {condition}"
