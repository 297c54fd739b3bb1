"""What a report may tell: no figure is of fewer than k people, and no difference of two figures is.

Here: the one place that every figure passes. A script of `sql/` gives exact cells and, of each, how many people stand behind it;
what is made of it here drops cells of few and rounds the others, as the open grade does (dbt: macros/grades.sql). Not here: the
scripts, or the words around them.

What a column of a script is says its name:

* `people`: how many people stand behind the row. Every script about people has it. It is not shown. A person is a known customer:
  rows of nobody known add to counts and amounts, but several may be of one person, so they fill no group.
* `is_of_nobody`: whether the row is nobody's, as what was spent and reached nobody: it is shown whatever `people` says. It is not shown.
* `<name>_count`: rounded to a multiple of k. Nothing below k is shown, but 0 is.
* `<name>_amount` with `<name>_amount_largest`, the largest part of one person: rounded to a power of ten that no part exceeds.
* `<name>_average`, `<name>_score`, `<name>_hours`, `<name>_days`: a mean or a median of values of people: rounded.
* `<name>_checks`: a number of checks, which are nobody's: exact.
* `<name>_people` of any of these: how many people stand behind it, where they are others than those behind the row.
* `<name>_rest` of a mean of a scale: how many known customers gave another answer than its nearer end; where only the mean is known, by how
  many steps they all lie off that end, which are no fewer. Few of them are told by the mean, as one of a dozen is by an NPS of 92. It is
  null where all are at that end.
* `people_rounded`, `<name>_count_rounded` and `<name>_people_rounded` in place of these: a number that bi has rounded to a multiple
  of min_people already. It is not rounded once more, for two such tell of no exact difference either. It is taken for half of k
  fewer people: 8 are 10 in bi.
* `<name>_share` with `<name>_share_of_rounded`, the count of its whole as bi rounded it: a share that bi computed from two such counts
  and rounded to a whole percent. It is shown as `<name>_percent`.
  `<name>_share_repeats` says how many of the whole may be of people who are counted already.
* `<name>_place`: where the row comes in an order that its words do not say, as of age bands. It is not shown.
* every other column tells the rows apart, and is shown as it is.

Hiding selects: of small wholes those rows are left in which many did, or nobody. Where the rows of a question are a sample, as weeks or
products are, a share is shown of wholes that by their size, and the share of all rows, would rarely be of few, and only where nearly all
of these show it (`is_sample`; in bi: macros/fair.sql). So is a mean of a scale.

A share of counts that a script gives exactly is of the middles of the half steps that they lie in, in whole percents: shares of rounded
counts are wrong by several percent, and a share of exact ones tells the exact whole beside its rounded one. It is shown where both counts
are, and where the rest of the whole is not of few people either. A change is computed from exact values (`is_exact`), and is told in words
where it is at least the step that its figure is rounded to; its percent is of such middles as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

# a publication is for analysts: what is forwarded is for whoever gets it
LEAST = 10
# of rows that are a sample so many show their share, or none does: least_told_share of dbt_project.yml
LEAST_TOLD = 0.9
_MEASURES = ("_count", "_amount", "_average", "_score", "_hours", "_days", "_checks")
STEPPED = ("_count", "_amount")
_ROUNDED = "_rounded"
_SHARE = "_share"
_POOLED = "_of_all_rows"
_REST = "_rest"
_HELPERS = ("_largest", "_people", "_people_rounded", "_share_of_rounded", "_share_repeats", "_place", _REST)
_NOBODY = "is_of_nobody"
_OF_ROW = ("people", f"people{_ROUNDED}", _NOBODY)
# decimals of what is a mean of people
_DECIMALS = {"_average": 1, "_score": 0, "_hours": 1, "_days": 0}


def least_people(min_people: int) -> int:
    """k of a report: `min_people` is that of the settings."""
    return max(LEAST, min_people)


def is_measure(column: str) -> bool:
    """Whether a column counts or measures; the others tell rows apart."""
    return column.endswith(_MEASURES)


def shown_columns(columns: Iterable[str]) -> list[str]:
    """The columns of a script that a report shows, as it calls them, in their order."""
    return [_called(column) for column in columns if column not in _OF_ROW and not column.endswith(_HELPERS)]


def _called(column: str) -> str:
    if column.endswith(_SHARE):
        return f"{column.removesuffix(_SHARE)}_percent"
    return column.removesuffix(_ROUNDED)


def _least(column: str, columns: Sequence[str], k: int) -> str:
    """SQL: how many there are at least. What bi rounded is a multiple of k at most, and 0 only where there is none."""
    return column if column in columns else f"({column}{_ROUNDED} - {k // 2})"


def _is_there(column: str, columns: Sequence[str]) -> bool:
    return column in columns or f"{column}{_ROUNDED}" in columns


def limits(k: int, min_people: int | None) -> dict[str, object]:
    """What a script of its own rules needs of these: the fewest people, how many make a whole large enough that few is two standard
    deviations away, which share of a sample may be told at least, by how much bi may have rounded a count up, and the percent of a `part`
    in a `whole`."""
    of = {"percent": _percent("part", "whole", k)}
    return {"k": k, "large": _large(k), "least_told": LEAST_TOLD, "rounded_by": (min_people or k) // 2, **of}


def rest_of_scale(mean: str, low: int, high: int) -> str:
    """SQL: the column `<name>_rest` of a mean of answers by rows with a customer_key."""
    value = mean.removeprefix("avg(").removesuffix(")")
    off = [f"count(distinct case when {value} {end} then customer_key end)" for end in (f"< {high}", f"> {low}")]
    return f"case when min({value}) < {high} and max({value}) > {low} then least({', '.join(off)}) end"


def told(
    script: str,
    columns: Sequence[str],
    k: int,
    *,
    shares: Mapping[str, tuple[str, str]] | None = None,
    order: str = "all",
    is_of_people: bool = True,
    min_people: int | None = None,
    is_exact: bool = False,
    is_sample: bool = False,
) -> str:
    """SQL: a script as a report shows it. `shares` names percents of one count in another. With `is_exact` each count and amount that is
    shown has its exact value and the step that it is rounded to, as `<name>_exact` and `<name>_step`: for changes in words, never for the
    page. With `is_sample` shares are told where the rows that may tell theirs are a fair sample.

    Raises ValueError where a script about people does not say of how many, or whose part of an amount is the largest.
    """
    if is_of_people and not _is_there("people", columns):
        raise ValueError("a script about people has no column people")
    measured = shown_columns(columns)
    shares = shares or {}
    shown = [_shown(column, columns, k, is_of_people, min_people, is_sample) for column in measured]
    shown += [_share(name, part, whole, columns, k, is_sample) for name, (part, whole) in shares.items()]
    if is_exact:
        shown += [one for column in measured if column.endswith(STEPPED) for one in _exact(column, columns, k)]
    or_nobody = f"{_NOBODY} or " if _NOBODY in columns else ""
    of_enough = f"\nwhere {or_nobody}{_least('people', columns, k)} >= {k}" if is_of_people else ""
    source = f"(\n{_indented(script)}\n){of_enough}"
    if is_sample:
        parts = {f"{c.removesuffix(_SHARE)}_percent": _part_of_share(c) for c in columns if c.endswith(_SHARE)}
        scales = {c: (f"{c}{_REST}", _people_of(c, columns)) for c in measured if f"{c}{_REST}" in columns}
        pooled = [_pooled(name, part, whole) for name, (part, whole) in {**parts, **shares, **scales}.items()]
        middle = f"select\n    {_listed(['*', *pooled])}\nfrom {source}"
        source = f"(\n{_indented(middle)}\n)"
    sql = f"select\n    {_listed(shown)}\nfrom {source}"
    return f"{sql}\norder by {order}"


def _part_of_share(share: str) -> tuple[str, str]:
    of = f"{share}_of{_ROUNDED}"
    return f"{share} * {of}", of


def _pooled(name: str, part: str, whole: str) -> str:
    """The share of all rows that tell their part."""
    return f"sum({part}) over () / cast(nullif(sum(case when {part} is not null then {whole} end) over (), 0) as double) as {name}{_POOLED}"


def _large(k: int) -> str:
    return f"{k + 2 * k**0.5:.1f}"


def _of_sample(name: str, whole: str, conditions: Sequence[str], k: int, *, is_scale: bool = False) -> list[str]:
    """When a share, or a mean of a scale, of a sample is shown: its whole is so large that few is two standard deviations away, and nearly all
    such show theirs."""
    pooled = f"{name}{_POOLED}"
    large = f"(({pooled} in (0, 1) and {whole} >= {k}) or least({pooled}, 1 - {pooled}) * {whole} >= {_large(k)})"
    if is_scale:
        large = f"{pooled} * {whole} >= {_large(k)}"
    shown = " and ".join([large, *conditions])
    fair = f"count(*) filter (where {shown}) over () >= {LEAST_TOLD} * count(*) filter (where {large}) over ()"
    return [*conditions, large, fair]


def _shown(
    column: str, columns: Sequence[str], k: int, is_of_people: bool, min_people: int | None, is_sample: bool
) -> str:
    if (share := f"{column.removesuffix('_percent')}{_SHARE}") in columns:
        conditions = _of_share(share, columns, k, min_people)
        if is_sample:
            conditions = _of_sample(column, _part_of_share(share)[1], conditions, k)
        return _where(conditions, f"round(100 * {share})", column)
    if not is_measure(column) or column.endswith("_checks"):
        return column
    if f"{column}{_ROUNDED}" in columns:
        value = f"{column}{_ROUNDED}"
    elif column.endswith("_count"):
        value = f"cast(round({column} / {k}.0) * {k} as bigint)"
    elif column.endswith("_amount"):
        if f"{column}_largest" in columns:
            step = _step(column, columns, k)
            value = f"round(cast({column} as double) / {step}) * {step}"
        elif is_of_people:
            raise ValueError(f"a script about people has no column {column}_largest")
        else:
            value = f"cast(round({column}) as double)"
    else:
        value = f"round({column}, {_DECIMALS[column[column.rindex('_') :]]})"
    conditions = _conditions(column, columns, k)
    if is_sample and f"{column}{_REST}" in columns:
        conditions = _of_sample(column, _people_of(column, columns), conditions, k, is_scale=True)
    return _where(conditions, value, column)


def _people_of(column: str, columns: Sequence[str]) -> str:
    return people if (people := f"{column}_people") in columns else f"{people}{_ROUNDED}"


def _conditions(column: str, columns: Sequence[str], k: int) -> list[str]:
    """When a measure is shown."""
    conditions = []
    given = column if column in columns else f"{column}{_ROUNDED}"
    if _is_there(people := f"{column}_people", columns):
        # a mean of nobody known is a value of somebody, but no count and no amount of nobody is nothing
        none = f"({_people_of(column, columns)} = 0 and {given} = 0) or " if column.endswith(STEPPED) else ""
        conditions.append(f"({none}{_least(people, columns, k)} >= {k})")
    if column.endswith("_count"):
        conditions.append(f"({given} = 0 or {_least(column, columns, k)} >= {k})")
    if (rest := f"{column}{_REST}") in columns:
        conditions.append(f"coalesce({rest} >= {k}, true)")
    return conditions


def _of_share(share: str, columns: Sequence[str], k: int, min_people: int | None) -> list[str]:
    """When a share is shown: neither it nor the rest of its whole may be of few.

    bi rounded part and whole to multiples of min_people, and their share to a whole percent. Where min_people is not known, it is k at most.
    """
    of = f"{share}_of{_ROUNDED}"
    if of not in columns:
        raise ValueError(f"a share has no column {of}")
    step = min_people or k
    repeats = f" - {share}_repeats" if f"{share}_repeats" in columns else ""
    # the fewest and the most that bi may have rounded to such a part
    few, many = f"({share} - 0.005) * {of}", f"({share} + 0.005) * {of}"
    if min_people:
        few, many = f"{step} * ceil({few} / {step} - 1e-9)", f"{step} * floor({many} / {step} + 1e-9)"
    return [
        f"{of} - {step // 2}{repeats} >= {k}",
        f"({share} = 0 or {few} - {step / 2}{repeats} >= {k})",
        f"({share} = 1 or {of} - {many} - {step}{repeats} >= {k})",
    ]


def _step(column: str, columns: Sequence[str], k: int) -> str:
    """What a count or an amount is rounded to a multiple of."""
    if column.endswith("_count"):
        return str(k)
    largest = f"{column}_largest"
    return f"power(10, ceil(log10(greatest(cast({largest} as double), 1))))" if largest in columns else "1"


def _share(name: str, part: str, whole: str, columns: Sequence[str], k: int, is_sample: bool) -> str:
    conditions = [*_conditions(part, columns, k), *_conditions(whole, columns, k)]
    conditions.append(f"({part} = {whole} or {whole} - {part} >= {k})")
    if is_sample:
        conditions = _of_sample(name, whole, conditions, k)
    return _where([*conditions, f"{whole} > 0"], _percent(part, whole, k), name)


def _percent(part: str, whole: str, k: int) -> str:
    def of_middle(count: str) -> str:
        return f"({k / 2} * floor({count} / {k / 2}) + {(k / 2 - 1) / 2})"

    return (
        f"case {part} when 0 then 0 when {whole} then 100 else round(100 * {of_middle(part)} / {of_middle(whole)}) end"
    )


def middle(count: float, step: float) -> float:
    """The middle of the whole numbers in the half step that a count lies in: what its share and its change are computed of. More than one
    number has it: it tells no exact count beside one that is rounded to the step."""
    return step / 2 * (count // (step / 2)) + (step / 2 - 1) / 2 if step > 1 else count


def _exact(column: str, columns: Sequence[str], k: int) -> tuple[str, str]:
    given = column if column in columns else f"{column}{_ROUNDED}"
    value = _where(_conditions(column, columns, k), f"cast({given} as double)", f"{column}_exact")
    return value, f"cast({_step(column, columns, k)} as double) as {column}_step"


def _where(conditions: Sequence[str], value: str, name: str) -> str:
    return f"case when {' and '.join(conditions)} then {value} end as {name}" if conditions else f"{value} as {name}"


def _listed(parts: Iterable[str]) -> str:
    return ",\n    ".join(parts)


def _indented(sql: str) -> str:
    return "\n".join(f"    {line}" if line else line for line in sql.strip().splitlines())
