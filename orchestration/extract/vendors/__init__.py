"""Vendors whose tables are known as they are, one file for each form in which a company has them: `shopify_export.toml`.

Here: a source that says `vendor` and `form` → the tables of kundbild.toml, which are checked and read as a company's own. A file says
what kundbild.toml would, and of each table `recognised_by`, the columns by which its header is known. Not here: recognising
(proposals/recognised.py), what a map becomes where columns lack (maps.py), systems with dbt models of their own (extract/systems).
"""

from __future__ import annotations

import copy
import fnmatch
import glob
import tomllib
from collections.abc import Callable, Collection, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from orchestration.contracts.conformed import required_columns
from orchestration.core.errors import did_you_mean
from orchestration.core.settings.maps import columns_in
from orchestration.extract.nested_rows import PLACE
from orchestration.extract.vendors.answers import graded, of_answers
from orchestration.extract.vendors.like import LIKE, table_like
from orchestration.extract.vendors.maps import INSTEAD_OF, REQUIRES, map_of, of_each, opt_outs_in, put_in, reads

_FILES = Path(__file__).parent
# what a file says of a table, beside what a configuration may; of maps see maps.py
_RECOGNISED_BY = "recognised_by"  # columns that it is known by
_ONE_OF, _NOT_WITH = "one_of", "not_with"  # columns of which it has at least one, and columns that it never has
_NAMED = "named"  # its name, where columns do not tell
_ON_REQUEST = "on_request"  # a view that the company makes: it is read only where the configuration names it
_BESIDE = "beside"  # the table whose rows hold the list that has this table's rows
_OF_TABLES = (_RECOGNISED_BY, _ONE_OF, _NAMED, _NOT_WITH, _ON_REQUEST, _BESIDE)
# in an endpoint, where it names what `more` does
_MORE = "$more"
_PURPOSE, _WORDING = "$purpose", "$wording"
DEFAULT_PURPOSE = "newsletter"
# the form without headers: what an API answers is known by the source's own words alone
API = "api"

Refuse = Callable[[str, str], Exception]


@cache
def forms() -> dict[str, list[str]]:
    """Vendor → the forms in which it is known."""
    found: dict[str, list[str]] = {}
    for path in sorted(_FILES.glob("*_*.toml")):
        vendor, _, form = path.stem.rpartition("_")
        found.setdefault(vendor, []).append(form)
    return found


@cache
def read_form(vendor: str, form: str) -> dict[str, Any]:
    """What the file of a vendor's form says: `source`, and `tables` by name."""
    said = tomllib.loads((_FILES / f"{vendor}_{form}.toml").read_text(encoding="utf-8"))
    if LIKE not in said:
        return said
    base = read_form(vendor, said[LIKE])["tables"]
    return said | {"tables": {name: table_like(base[name], one) for name, one in said["tables"].items()}}


def page_of(vendor: str) -> str:
    """Where the documentation says what is read of a vendor."""
    return f"docs/vendors/{vendor.replace('_', '-')}.md"


def headers(vendor: str, form: str) -> dict[str, list[str]]:
    """Table → the columns by which its header is known."""
    tables = read_form(vendor, form)["tables"]
    return {name: list(table[_RECOGNISED_BY]) for name, table in tables.items() if _BESIDE not in table}


def tables_beside(vendor: str, form: str, table: str) -> list[str]:
    """Tables of lists within the rows of a table: they are read where that one is."""
    return [name for name, one in read_form(vendor, form)["tables"].items() if one.get(_BESIDE) == table]


def lacking_within(vendor: str, form: str, table: str, there: Collection[str]) -> list[str] | None:
    """What a table of a list lacks where the table around it has these columns (in lower case); None where it cannot be read there."""
    said = read_form(vendor, form)["tables"][table]
    holders = {column: path.partition(".")[0].casefold() for column, path in said.get("carried", {}).items() if path != PLACE}  # fmt: skip
    lacks = [column for column, holder in holders.items() if holder not in there]
    is_there = said["rows_in"].partition(".")[0].casefold() in there
    return lacks if is_there and not {*lacks} & {*needed_columns(vendor, form, table)} else None


def column_there(vendor: str, form: str, table: str, column: str) -> str:
    """The column of a header that a column is read of: of a database a part lies within the one that holds it."""
    if not is_landed(form):
        return column
    path: str = read_form(vendor, form)["tables"][table].get("carried", {}).get(column, column)
    return path.partition(".")[0]


def is_told_by_name(vendor: str, form: str, table: str) -> bool:
    """Whether a table is known by its name too."""
    return _NAMED in read_form(vendor, form)["tables"][table]


def fits_name(vendor: str, form: str, table: str, file: str) -> bool:
    """Whether a file may be a table's by its name: of tables whose headers are alike its name alone tells which."""
    named = read_form(vendor, form)["tables"][table].get(_NAMED)
    bare = file.rpartition("/")[2].lower()
    return named is None or any(fnmatch.fnmatchcase(bare, pattern) for pattern in named)


def names_of(vendor: str, form: str, table: str) -> list[str]:
    """What a table's files are called, where that alone tells it from others."""
    return list(read_form(vendor, form)["tables"][table].get(_NAMED, []))


def other_columns(vendor: str, form: str, table: str) -> list[str]:
    """Columns that say that a table is another one, of more rows: a report of ads, and not of campaigns."""
    return list(read_form(vendor, form)["tables"][table].get(_NOT_WITH, []))


def has_one(vendor: str, form: str, table: str, there: Collection[str]) -> bool:
    """Whether of the columns that stand for one another, as of a spend in each currency, a header (in lower case) has one."""
    known = [c.casefold() for c in read_form(vendor, form)["tables"][table].get(_ONE_OF, [])]
    return not known or any(c in there for c in known)


def columns_of(vendor: str, form: str, table: str) -> list[str]:
    return list(read_form(vendor, form)["tables"][table]["columns"])


def more_columns(vendor: str, form: str, table: str, there: Iterable[str]) -> list[str]:
    """Columns that a table has one of for each kind of message, and that say who opted out of it."""
    return opt_outs_in(there, read_form(vendor, form)["tables"][table].get("opt_outs", []))


def path_of(vendor: str, form: str, table: str, file_format: str) -> str:
    """The glob of a table's files: as the vendor's admin page calls them, or by the name of the table."""
    said = read_form(vendor, form)["tables"][table]
    return str(said.get("path", f"{said.get('table', table)}.{file_format}*"))


def is_landed(form: str) -> bool:
    """Whether a form is of tables that a loader put into a database or a lake."""
    return form not in ("export", API)


def lies_within_columns(vendor: str, form: str) -> bool:
    """Whether values of a form lie within columns of JSON, which only a database is read for."""
    return read_form(vendor, form).get(LIKE) == API


def table_of(vendor: str, form: str, table: str) -> str:
    """What a table that a loader landed is called in a database, where nothing else is said."""
    return str(read_form(vendor, form)["tables"][table].get("table", table))


def needed_columns(vendor: str, form: str, table: str) -> list[str]:
    """Columns without which a table is another: those it is known by, its key, and those of maps that it always has: of a condition
    that must hold, and of what an entity must have."""
    said = read_form(vendor, form)["tables"][table]
    read = [*said[_RECOGNISED_BY], *said.get("key", [])]
    for one in said.get("maps", []):
        if INSTEAD_OF in one or REQUIRES in one:
            continue
        read += columns_in(where) if isinstance(where := one.get("where", ""), str) else []
        read += [c for target in required_columns(one["entity"]) for c in reads(one["columns"].get(target, []))]
    return [c for c in dict.fromkeys(read) if c in said["columns"]]


def filled_in(said: dict[str, Any], refuse: Refuse) -> dict[str, Any]:
    """A source of a vendor with the vendor's tables: those that it names, or else all of them. What it says of a table goes before.

    Raises what `refuse(what, to_do)` makes where there is no such vendor, form, or column to lack.
    """
    vendor, form = said["vendor"], said.get("form", "export")
    known = forms()
    if vendor not in known:
        raise refuse(
            f"there is no vendor '{vendor}'", f"{did_you_mean(str(vendor), known)} vendors: {', '.join(known)}".strip()
        )
    if form not in known[vendor]:
        raise refuse(
            f"{vendor} is not known as '{form}'", f'form = "{known[vendor][0]}"; forms: {", ".join(known[vendor])}'
        )
    if (form == API) != (said.get("connector") == "rest"):
        raise refuse(
            f'form = "{form}" of {vendor} cannot be read by connector = "{said.get("connector")}"',
            'the form "api" is read by connector = "rest", and no other form is',
        )
    if said.get("connector") != "sql" and lies_within_columns(vendor, form):
        raise refuse(f'form = "{form}" of {vendor} is of tables of a database', 'read it by connector = "sql"')
    of_vendor = read_form(vendor, form)
    given = said.get("tables") or {}
    own = {table: one for table, one in given.items() if "columns" in one or table not in of_vendor["tables"]}
    if wrong := next((table for table, one in own.items() if "columns" not in one), None):
        raise refuse(
            f"{vendor} has no table '{wrong}' as {form}",
            f"tables: {', '.join(of_vendor['tables'])}; of a table of your own say its columns",
        )
    is_named = bool(given.keys() - own.keys())
    names = [
        one for one, shape in of_vendor["tables"].items()
        if (one in given and one not in own if is_named else not shape.get(_ON_REQUEST))
    ]  # fmt: skip
    shapes = {table: _shape(said, form, table, given.get(table, {}), refuse) for table in names}
    if not is_named and said.get("connector") == "files":
        shapes = {table: {"optional": True, **shape} for table, shape in shapes.items()}
    words = {_PURPOSE: said.get("purpose", DEFAULT_PURPOSE), _WORDING: said.get("wording")}
    tables = {}
    for table, shape in shapes.items():
        there = shape["columns"].keys()
        own_words = given.get(table, {})
        said_of = [
            one
            for each in shape.get("maps", [])
            for of_column in of_each(each, own_words.get("more", []))
            for one in of_answers(of_column, own_words)
        ]
        maps = [one for one in said_of if there.isdisjoint(one.get(INSTEAD_OF, []))]
        kept = [put_in(mapped, words) for one in maps if (mapped := map_of(one, shape, shapes))]
        tables[table] = {key: value for key, value in shape.items() if key not in _OF_TABLES} | {"maps": kept}
        tables[table] |= _given(shape, given.get(table, {}))
    return {**of_vendor.get("source", {}), **said, "form": form, "tables": {**tables, **own}}


def _shape(said: dict[str, Any], form: str, name: str, given: dict[str, Any], refuse: Refuse) -> dict[str, Any]:
    """A table of the vendor without the columns that this one lacks."""
    vendor, lacks = said["vendor"], given.get("lacks", [])
    shape = copy.deepcopy(read_form(vendor, form)["tables"][name])
    if wrong := next((column for column in lacks if column not in shape["columns"]), None):
        raise refuse(
            f"table {name} lacks '{wrong}', which {vendor} does not have there",
            f"{did_you_mean(wrong, shape['columns'])} columns: {', '.join(shape['columns'])}".strip(),
        )
    if wrong := next((column for column in lacks if column in needed_columns(vendor, form, name)), None):
        raise refuse(f"table {name} lacks '{wrong}', without which it cannot be mapped", "map the table by hand")
    more = given.get("more", [])
    if wrong := next((c for c in more if c not in more_columns(vendor, form, name, more)), None):
        patterns = ", ".join(shape.get("opt_outs", [])) or "none"
        raise refuse(f"table {name} has no more column '{wrong}' of {vendor}", f"more names columns by: {patterns}")
    if lacks and not has_one(vendor, form, name, {c.casefold() for c in shape["columns"] if c not in lacks}):
        raise refuse(f"table {name} lacks all of {', '.join(shape[_ONE_OF])}", "it needs one of them")
    # where one comes one day, it says no of somebody: dlt makes a column with its first value
    shape["opt_outs"] = [*shape.get("opt_outs", []), *(glob.escape(c) for c in lacks if c in _said_no_by(shape))]
    shape["columns"] = {column: kind for column, kind in shape["columns"].items() if column not in lacks}
    shape["columns"] |= dict.fromkeys(more, "VARCHAR")
    if _MORE in shape.get("endpoint", ""):
        # an API answers the columns that it is asked for by their own names
        names = "".join(f",{column.rpartition('.')[2]}" for column in more)
        shape["endpoint"] = shape["endpoint"].replace(_MORE, names)
    if lacks and "carried" in shape:
        shape["carried"] = {column: path for column, path in shape["carried"].items() if column in shape["columns"]}
    if "filled_only" in shape:
        shape["filled_only"] = [c for c in shape["filled_only"] if c in shape["columns"]]
    shape |= graded(shape, name, given, refuse)
    if shape.get("cursor") in lacks:
        del shape["cursor"]
    if "persons" in shape:
        shape["persons"] = [_person(one, shape["columns"]) for one in shape["persons"]]
    if said.get("connector") == "sql" and said.get("landed_in"):
        shape["table"] = f"{said['landed_in']}.{shape.get('table', name)}"
    return shape | {"path": path_of(vendor, form, name, said.get("format", "csv"))}


def _said_no_by(shape: dict[str, Any]) -> set[str]:
    """Columns by which a table of a vendor says whether somebody consents, and what a map of it cannot be without, as the time."""
    said = [
        how
        for one in shape.get("maps", []) if one["entity"] == "consent_events"
        for target, how in one["columns"].items() if target == "status" or target in one.get(REQUIRES, [])
    ]  # fmt: skip
    return {column for how in said for column in reads(how)}


def _given(shape: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The source's own settings of a table; its `for_each` keeps what the vendor's file says and it does not."""
    if not ({"for_each"} <= shape.keys() & given.keys() and isinstance(given["for_each"], dict)):
        return given
    return given | {"for_each": shape["for_each"] | given["for_each"]}


def _person(said: dict[str, Any], there: dict[str, str]) -> dict[str, Any]:
    """Whose rows are, by the columns that are there."""
    kept = {key: [c for c in one if c in there] if isinstance(one, list) else one for key, one in said.items()}
    return {key: one for key, one in kept.items() if not isinstance(one, str) or one in there}
