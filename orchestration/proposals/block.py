"""A proposal as text for kundbild.toml, with comments that say why. Not here: what is proposed (propose.py), writing the file (written.py)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from orchestration.contracts.conformed import entities
from orchestration.core.settings import CsvDialect
from orchestration.core.settings.paging import Paging
from orchestration.proposals.columns import Column
from orchestration.proposals.epochs import time_of, told_of
from orchestration.proposals.proposal import Filled, Proposal

_WIDTH = 120
# below it a person should look at it
_SURE = 0.8
ZONE = '# timezone = "Europe/Stockholm"  # in which times without an offset are; UTC unless you say so'


def said(value: object) -> str:
    """A value as TOML writes it: a basic string of TOML is written as one of JSON."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_name(key)} = {said(one)}" for key, one in value.items()) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(said(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def source_lines(
    name: str, url: str, form: str, csv: CsvDialect | None, nothing: Sequence[str], nulls: Sequence[str]
) -> list[str]:
    """The lines of the source itself."""
    lines = [f"[sources.{name}]", 'connector = "files"', f"url = {said(url)}"]
    lines += [f"format = {said(form)}"] if form != "csv" else []
    lines += [f"csv = {said(dialect(csv))}"] if csv and dialect(csv) else []
    lines += [f"null_values = {said([*nulls, *nothing])}"] if nothing else []
    return [*lines, ZONE]


def database_lines(name: str, url: str) -> list[str]:
    """The lines of a source that is a database."""
    return [f"[sources.{name}]", 'connector = "sql"', f"url = {said(url)}", ZONE]


def api_lines(name: str, url: str, token: str | None, pages: Paging, page_size: int | None) -> list[str]:
    """The lines of a source that is an API."""
    lines = [f"[sources.{name}]", 'connector = "rest"', f"url = {said(url)}"]
    lines += [f'token = "${{{token}}}"'] if token else []
    lines += [f"page_size = {page_size}"] if page_size else []
    return [*lines, *([f"paging = {said(paging(pages))}"] if pages != Paging() else []), ZONE]


def paging(pages: Paging) -> dict[str, object]:
    return pages.model_dump(exclude_defaults=True)


def table_lines(source: str, table: str, how: Mapping[str, object], columns: Mapping[str, str]) -> list[str]:
    """`how` is what else the table says; what is empty is left out."""
    lines = ["", f"[sources.{source}.tables.{table}]"]
    lines += [f"{name} = {said(value)}" for name, value in how.items() if value not in (None, [], "")]
    one = f"columns = {said(columns)}"
    if len(one) <= _WIDTH:
        return [*lines, one]
    lines += ["", f"[sources.{source}.tables.{table}.columns]"]
    return [*lines, *(f"{_name(column)} = {said(kind)}" for column, kind in columns.items())]


def map_lines(source: str, table: str, proposal: Proposal, columns: Sequence[Column]) -> list[str]:
    by_name = {column.name: column for column in columns}
    lines = [
        "",
        f"[[sources.{source}.tables.{table}.maps]]  # sure: {proposal.sureness:.0%}",
        f"entity = {said(proposal.entity)}",
    ]
    lines += [f"name = {said(proposal.name)}"] if proposal.name else []
    lines += [f"where = {said(proposal.where)}"] if proposal.where else []
    lines += ["one_row_per_key = true"] if proposal.one_row_per_key else []
    if proposal.lines_of:
        lines += [f"lines_of = {said(proposal.lines_of)}", f"said_once = {said(list(proposal.said_once))}"]
    doubt = "  # look at it: no column says the currency" if proposal.assumes_currency else ""
    lines += [f"constants = {said(proposal.constants)}{doubt}"] if proposal.constants else []
    lines += [f"lookups = {said(proposal.lookups)}"] if proposal.lookups else []
    lines += comment(proposal.notes)
    lines += ["", f"[sources.{source}.tables.{table}.maps.columns]"]
    for one in proposal.filled:
        doubt = f"  {comment([f'look at it: {one.why}'])[0]}" if one.sureness < _SURE else ""
        how = _how(one, entities()[proposal.entity][one.target], by_name)
        lines.append(f"{one.target} = {said(how)}" + (doubt or _ambiguous(one, by_name)))
    return lines


def _how(one: Filled, kind: str, columns: Mapping[str, Column]) -> object:
    """How the map reads it: a name alone, where that says enough."""
    if one.aggregate:
        return {"sql": one.sql, "aggregate": one.aggregate}
    if len(one.columns) > 1 and not one.sql:
        return list(one.columns)
    name = one.columns[0]
    column = columns.get(name)
    more: dict[str, object] = {}
    if column and column.formats and kind.startswith(("timestamp", "date")):
        more["formats"] = list(column.formats)
    if column and column.epoch and not one.sql and kind.startswith(("timestamp", "date")):
        return {"sql": time_of(name, column.epoch)}
    if one.sql:
        return {"sql": one.sql} | more
    if column and column.money and not kind.startswith("varchar"):
        more["decimal"] = column.money
    more |= {"values": one.values} if one.values else {}
    more |= {"else": one.otherwise} if one.otherwise else {}
    more |= {"ignore": list(one.ignore)} if one.ignore else {}
    return {"column": name} | more if more else name


def _ambiguous(one: Filled, columns: Mapping[str, Column]) -> str:
    column = columns.get(one.columns[0])
    if column and column.epoch and not one.sql:
        return f"  # {told_of(column.epoch)}"
    if not column or not column.is_ambiguous:
        return ""
    doubt = (
        "the day and the month may be the other way round"
        if column.formats
        else "its mark may part thousands, or a fraction"
    )
    return f"  # look at it: {doubt}"


def dialect(csv: CsvDialect) -> dict[str, object]:
    return csv.model_dump(exclude_defaults=True)


def _name(key: str) -> str:
    return (
        key
        if key and all(sign.isascii() and (sign.isalnum() or sign in "_-") for sign in key)
        else json.dumps(key, ensure_ascii=False)
    )


def comment(lines: Iterable[str]) -> list[str]:
    """A name of a column may hold the end of a line: what stands behind it would be no comment."""
    return [f"# {' '.join(''.join(sign if sign.isprintable() else ' ' for sign in line).split())}" for line in lines]
