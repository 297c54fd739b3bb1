"""Arrival: does each raw table have its columns, its volume and something fresh? Not here: what values mean."""

from __future__ import annotations

from data_quality.checks import Check, History, Suite
from data_quality.suites.common import keeps_its_volume, no_rows
from data_quality.suites.identity_numbers import columns_of_identity_numbers
from orchestration.core.settings import Settings, Table
from orchestration.core.warehouse import quote, text
from orchestration.privacy.intake.entry_columns import kept_columns
from orchestration.privacy.intake.person_id_columns import NUMBERS_AS_ID, person_id_columns


def suites(settings: Settings, history: History) -> list[Suite]:
    found = []
    for source, spec in settings.enabled_sources.items():
        for name, table in spec.tables.items():
            checks = [
                _columns(table),
                keeps_its_volume(f"raw_{source}.{name}", history, settings.quality.max_volume_drop),
            ]
            if hours := spec.fresh_within(table):
                checks.append(_fresh(source, name, spec.connector, table, hours))
            if table.is_address_register:
                checks.append(_is_read(settings))
            if ids := person_id_columns(table, kept_columns(table)):
                checks.append(_no_number_as_id(source, name, ids))
            found.append(Suite("arrival", f"raw_{source}", name, ("raw", source, name), tuple(checks)))
    return found


def _columns(table: Table) -> Check:
    columns = list(kept_columns(table))
    return Check(
        "has_its_columns",
        f"Has the columns of its contract: {', '.join(columns)}.",
        "ExpectTableColumnsToMatchSet",
        {"column_set": columns, "exact_match": False},
    )


def _no_number_as_id(source: str, name: str, columns: list[str]) -> Check:
    """By what the last load had to empty, and by what raw holds: an earlier version let such numbers in."""
    ids = {
        f"id_{place}": f"try_cast(translate({quote(c)}::varchar, '-+ ', '') as double)"
        for place, c in enumerate(columns)
    }
    read = ", ".join(f"{digits} as {name}" for name, digits in ids.items())
    held = columns_of_identity_numbers([*ids], f"(select {read} from {{batch}})")
    emptied = (
        f"select column_name, removed from ({NUMBERS_AS_ID}) where source = {text(source)} and table_name = {text(name)} "
        f"and column_name in ({', '.join(map(text, columns))})"
    )
    return no_rows(
        "person_id_is_no_identity_number",
        f"{', '.join(columns)}, mapped as person_id, holds no national identity numbers. Such a column is emptied where data enters; what "
        f"entered with an earlier version stays until it is read again (`kundbild source reset {source}`). Map another column as person_id or none; "
        "`national_id` of the table keeps keyed hashes of the numbers.",
        f"{held} union all {emptied}",
        "WARN",
        rule=18,
    )


def _is_read(settings: Settings) -> Check:
    """Of any address register, because one is enough; a file or an answer without rows was read too."""
    came = [
        f"select 1 from {'ops.loaded_files' if spec.connector == 'files' else 'ops.loads'} "
        f"where source = {text(source)} and table_name = {text(name)}"
        for source, spec in settings.enabled_sources.items()
        for name, table in spec.tables.items()
        if table.is_address_register
    ]
    return no_rows(
        "an_address_register_is_read",
        "An address register was read: without one nobody is known to have a protected identity, or to have died.",
        "select rows_here from (select count(*) as rows_here from {batch}) as t "
        f"where rows_here = 0 and not exists ({' union all '.join(came)})",
        "WARN",
    )


def is_by_cursor(table: Table) -> bool:
    """Whether the source's own clock says how fresh a table is. Where the table says no hours its files alone are asked: people may
    say nothing for days."""
    return bool(table.cursor and table.fresh_within_hours)


def newest(source: str, name: str, connector: str, table: Table) -> str:
    """SQL, of the raw table: when something last came, by the source's clock where that is asked, else by ours. A file is a sign
    of life also without a row that is new."""
    # a row that is ahead of the clock is not a sign of life, today or any later day
    cursor = f'try_cast("{table.cursor}" as timestamp)'
    came = (
        f"max({cursor}) filter ({cursor} <= (select as_of from ops.clock) + interval 1 day)"
        if is_by_cursor(table)
        else "max(_extracted_at)"
    )
    if connector == "files" and not is_by_cursor(table):
        noted = (
            f"select max(noted_at) from ops.loaded_files where source = {text(source)} and table_name = {text(name)}"
        )
        return f"greatest({came}, ({noted}))"
    return came


def _fresh(source: str, name: str, connector: str, table: Table, hours: float) -> Check:
    came = newest(source, name, connector, table)
    return no_rows(
        "is_fresh",
        f"Something came in the {hours:g} hours before the night.",
        f"select newest from (select {came} as newest from {{batch}}) as t "
        f"where newest is null or newest < (select as_of from ops.clock) - interval {round(hours * 60)} minute",
        "WARN",
    )
