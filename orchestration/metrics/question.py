"""What is asked of metrics, in the words of a person, checked before anything is read. Not here: SQL (compiler.py), the answer (answer.py)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from orchestration.contracts.metric_definitions import Definitions, Metric, unknown
from orchestration.core.errors import KundbildError
from orchestration.core.warehouse import text
from orchestration.metrics.compiler import GRAINS, TIME, Compiler
from orchestration.metrics.periods import grain_of

_CONDITION = re.compile(r"\s*([A-Za-z_]+)\s*(!=|=)\s*(.*?)\s*", re.DOTALL)
_MOST_DIMENSIONS, _MOST_METRICS, _MOST_CONDITIONS = 4, 8, 4
_TIME_WORDS = ("time", TIME)
# where nobody says how fine
_GRAIN = "month"


@dataclass(frozen=True)
class Question:
    """What MetricFlow is told: `by` as it names dimensions, `names` as the answer does. `conditions` are SQL on dimensions, of
    which a group's other rows are the rest; `values` are what they name, by dimension; `period` is SQL on time, and `period_grain` the
    coarsest that it begins and ends with, of the `grains` of the metrics."""

    metrics: tuple[Metric, ...]
    by: tuple[str, ...]
    names: tuple[str, ...]
    conditions: tuple[str, ...]
    values: tuple[tuple[str, tuple[str, ...]], ...]
    period: tuple[str, ...]
    period_grain: str
    grains: tuple[str, ...]
    notes: tuple[str, ...]


def read_question(
    definitions: Definitions,
    compiler: Compiler,
    *,
    metrics: Sequence[str],
    by: Sequence[str] = (),
    where: Sequence[str] = (),
    first: str = "",
    last: str = "",
    grain: str = "",
    night: date | None = None,
) -> Question:
    """The question, checked. `where`: channel=web,store or country!=SE, an empty value where nothing is known; `first` and
    `last`: days as 2026-05-31, both within; `night`: the publication's, and no period ends after it. Raises KundbildError with the nearest name where one is unknown."""
    if not metrics:
        raise KundbildError("no metric is named", to_do="`kundbild metrics list` lists the metrics")
    asked = tuple(definitions.named(name) for name in dict.fromkeys(metrics))
    if len(asked) > _MOST_METRICS:
        raise KundbildError(f"a question has at most {_MOST_METRICS} metrics, not {len(asked)}", to_do="ask twice")
    names = [metric.name for metric in asked]
    timeless = [metric.name for metric in asked if metric.is_timeless]
    known, grains = compiler.dimensions(names), () if timeless else compiler.grains(names)
    wanted = [_GRAIN if word in _TIME_WORDS and not grain else grain if word in _TIME_WORDS else word for word in by]
    if grain and grain not in wanted:
        wanted.insert(0, grain)
    if grain and grain not in GRAINS:
        raise unknown("grain of time", grain, GRAINS, f"one of {', '.join(GRAINS)}")
    has_time = any(word in GRAINS for word in wanted) or bool(first or last)
    if has_time and timeless:
        raise KundbildError(
            f"{', '.join(timeless)} is as of the night of the publication and has no time",
            to_do="ask for it without a grain of time, --from and --to",
        )
    found = list(dict.fromkeys(_dimension(word, known, grains, names) for word in wanted))
    added = [name for metric in asked for name in metric.always_by if name not in found]
    if beside := [name for name in added if name not in known]:
        raise KundbildError(
            f"{', '.join(names)} cannot be asked together: one of them stands by {', '.join(map(_short, beside))} only",
            to_do="ask for each metric alone",
        )
    found += dict.fromkeys(added)
    if len(found) > _MOST_DIMENSIONS:
        raise KundbildError(
            f"an answer has at most {_MOST_DIMENSIONS} dimensions, not {len(found)}", to_do="ask by fewer of them"
        )
    if len(where) > _MOST_CONDITIONS:
        raise KundbildError(
            f"a question has at most {_MOST_CONDITIONS} conditions, not {len(where)}",
            to_do="name several values in one of them",
        )
    short = [_short(name) for name in found]
    conditions = [_condition(said, known, names) for said in dict.fromkeys(where)]
    return Question(
        metrics=asked,
        by=tuple(found),
        names=tuple(s if short.count(s) == 1 else name for s, name in zip(short, found, strict=True)),
        conditions=tuple(sql for sql, _, _ in conditions),
        values=tuple((dimension, values) for _, dimension, values in conditions),
        period=_period(first, last, grains),
        period_grain=_period_grain(first, last, grains, night),
        grains=tuple(grains),
        notes=tuple(
            f"always by {_short(name)}: its numbers must not be summed over it" for name in dict.fromkeys(added)
        ),
    )


def _short(name: str) -> str:
    return name.partition("__")[2]


def _dimension(word: str, known: dict[str, str], grains: Sequence[str], metrics: Sequence[str]) -> str:
    """As MetricFlow calls it."""
    if word in GRAINS:
        if word not in grains:
            raise KundbildError(
                f"{', '.join(metrics)} cannot be asked by {word}", to_do=f"by {' or '.join(grains)}" if grains else ""
            )
        return f"{TIME}__{word}"
    fitting = [name for name in known if word in (name, _short(name))]
    if len(fitting) > 1:
        raise KundbildError(f"{word!r} may be {' or '.join(fitting)}", to_do="write one of these")
    if not fitting:
        told = [*grains, *map(_short, known)]
        raise unknown(f"dimension of {', '.join(metrics)}", word, told, f"they can be asked by {', '.join(told)}")
    return fitting[0]


def _condition(said: str, known: dict[str, str], metrics: Sequence[str]) -> tuple[str, str, tuple[str, ...]]:
    """SQL that is true or false, never null (its opposite is of all other rows), the dimension, and the values that it names."""
    read = _CONDITION.fullmatch(said)
    if not read:
        raise KundbildError(
            f"the condition {said!r} cannot be read", to_do="write DIMENSION=VALUE[,VALUE] or DIMENSION!=VALUE[,VALUE]"
        )
    word, operator, listed = read.groups()
    if word in GRAINS or word in _TIME_WORDS:
        raise KundbildError("a condition is not on time", to_do="--from and --to, as 2026-05-31, say the period")
    dimension = _dimension(word, known, (), metrics)
    column = f"cast({{{{ Dimension('{dimension}') }}}} as varchar)"
    values = [value.strip() for value in listed.split(",")]
    filled = tuple(value for value in values if value)
    tests = [f"{column} in ({', '.join(map(_quoted, filled))})"] if filled else []
    if "" in values:
        tests.append(f"{column} is null")
    sql = f"coalesce({' or '.join(tests)}, false)"
    return f"not {sql}" if operator == "!=" else sql, dimension, filled


def _quoted(value: str) -> str:
    """MetricFlow reads conditions as templates, which a value must not be."""
    return "(" + text(value).replace("{", "' || chr(123) || '").replace("}", "' || chr(125) || '") + ")"


def _period(first: str, last: str, grains: Sequence[str]) -> tuple[str, ...]:
    days = {name: _day(said) for name, said in (("--from", first), ("--to", last)) if said}
    if len(days) == 2 and days["--from"] > days["--to"]:
        raise KundbildError("the period ends before it begins", to_do="--from is the first day, --to the last")
    if days and not grains:
        raise KundbildError("these metrics have no time in common", to_do="ask for each metric alone")
    column = f"cast({{{{ TimeDimension('{TIME}', '{grains[0]}') }}}} as date)" if days else ""
    return tuple(f"{column} {'>=' if name == '--from' else '<='} date '{day}'" for name, day in days.items())


def _period_grain(first: str, last: str, grains: Sequence[str], night: date | None) -> str:
    """An end after everything is open."""
    if not (first or last):
        return ""
    end = _day(last) if last else None
    return grain_of(_day(first) if first else None, None if end and night and end >= night else end, grains)


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise KundbildError(f"{said!r} is not a day", to_do="write it as 2026-05-31") from None
