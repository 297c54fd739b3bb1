"""Checks that many tables share."""

from __future__ import annotations

from data_quality.checks import Check, History, Severity, rule_column
from orchestration.contracts.reasons import is_closed_by_register

# SQL: customers whose data are restricted (Art. 18), as identity knows them: the marts are what is checked
RESTRICTED = (
    "(select s.customer_id from identity.restrictions r join identity.customer_source_records s using (source_system, source_key) "
    "where s.valid_to is null)"
)

# SQL: customers of whom nothing may be inferred: their last word on profiling was no (Art. 21), on any channel, or their grant for it
# does not count any more; and protected people and the dead (rule 19)
NOT_PROFILED = (
    "(select customer_id from marts.contact_permissions where purpose = 'profiling' and not is_permitted "
    f"and not {is_closed_by_register('reason_code')} "
    "union select customer_id from marts.dim_customers where is_protected or is_deceased)"
)


# a word's form as a pattern, without braces, which the runner reads as places to fill
_FOLDED = "' ' || regexp_replace(lower({}), '[^\\pL\\pN]+', ' ', 'g') || ' '"
_TERM = "' ' || replace(regexp_replace(t.term, '[^*\\pL\\pN]+', ' ', 'g'), '*', '[\\pL\\pN]*') || ' '"


def tells_no_special_category(column: str, only: str = "true") -> Check:
    """No text of what is inferred has a word of the seed in it: the rows themselves are read, whatever the models left out."""
    folded = _FOLDED.format("v.value")
    return no_rows(
        f"{column}_tells_no_special_category",
        f"No {column} tells of a special category of personal data, by the words of the seed special_category_terms.",
        f"select t.category from (select distinct {column} as value from {{batch}} as b where {only}) as v join reference.special_category_terms as t "
        "on contains(lower(v.value), split_part(trim(t.term, '*'), ' ', 1)) "
        f"where regexp_matches({folded}, {_TERM})",
        rule=18,
    )


def keeps_its_volume(
    table: str, history: History, max_drop: float, severity: Severity = "ERROR", few: int = 0
) -> Check:
    """The table did not shrink by more than `max_drop` since it last passed, unless it had `few` rows or fewer."""
    rows = history.get(table, 0)
    floor = int(rows * (1 - max_drop)) if rows > few else 0
    return Check(
        "keeps_its_volume",
        f"At least {1 - max_drop:.0%} of the rows that it had when it last passed. Where fewer are right, "
        "set max_volume_drop = 1 below [quality] for one night.",
        "ExpectTableRowCountToBeBetween",
        {"min_value": floor},
        severity,
    )


def between(column: str, low: float | None, high: float | None = None, severity: Severity = "ERROR") -> Check:
    bounds = " and ".join(
        part
        for part in (f"at least {low}" if low is not None else "", f"at most {high}" if high is not None else "")
        if part
    )
    return Check(
        f"{column}_in_range",
        f"{column} is {bounds}.",
        "ExpectColumnValuesToBeBetween",
        {"column": column, "min_value": low, "max_value": high},
        severity,
    )


def one_of(column: str, values: list[str], severity: Severity = "ERROR") -> Check:
    return Check(
        f"{column}_is_known",
        f"{column} is one of: {', '.join(values)}.",
        "ExpectColumnValuesToBeInSet",
        {"column": column, "value_set": values},
        severity,
    )


def no_row_where(
    name: str, description: str, condition: str, severity: Severity = "ERROR", rule: int | None = None
) -> Check:
    """A rule on rows, in SQL: no row `b` of the table meets `condition`. All such rules of a table cost one query."""
    column = {"column": rule_column(name)}
    return Check(name, description, "ExpectColumnValuesToBeNull", column, severity, breaks=condition, rule=rule)


def no_rows(name: str, description: str, query: str, severity: Severity = "ERROR", rule: int | None = None) -> Check:
    """A rule on the whole table, in SQL: `query` over `{batch}` yields a row where it is broken. A rule on rows is `no_row_where`."""
    return Check(name, description, "UnexpectedRowsExpectation", {"unexpected_rows_query": query}, severity, rule=rule)


_DIRECT_MARKETING = "dire[kc]te?(reklam|mark(et|nad|ed))|suoramarkkinoi"


def direct_marketing(purpose: str) -> str:
    """SQL: whether a purpose, a text, says direct marketing, by its letters alone; perhaps beside others."""
    return f"coalesce(regexp_matches({_letters(purpose)}, '{_DIRECT_MARKETING}'), false)"


def more_than_direct_marketing(purpose: str) -> str:
    """SQL: whether a purpose says direct marketing and something beside it: then it may mean every purpose."""
    rest = f"regexp_replace({_letters(purpose)}, '({_DIRECT_MARKETING})(ing|s?f[öøo]e?ring|e|nti)?', '')"
    return f"({direct_marketing(purpose)} and {rest} <> '')"


def _letters(purpose: str) -> str:
    return f"regexp_replace(lower({purpose}), '[^a-zåäöæø]', '', 'g')"
