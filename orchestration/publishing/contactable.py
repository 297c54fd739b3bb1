"""What a publication says of who may be contacted: audiences and permissions, for as long as they count.

The rows lie in the schema `audience_rows`, without contact points: these lie apart, in `audience_rows.contact_points`. Views under
the usual names put both together until a time that stands in the file. The history of permissions says nothing of later than
that time. Here: writing and showing them, and taking them out again, all or some customers'. Not here: whether they still count (shown.py), the other tables of a publication (snapshot.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.activation.kept_out import CHOSEN_BY_BEHAVIOUR
from orchestration.contracts.audiences import AUDIENCE_ROWS, PREFIX
from orchestration.contracts.audiences import SCHEMA as AUDIENCES
from orchestration.contracts.reasons import words
from orchestration.core.clock import now as time_now
from orchestration.core.cut_databases import drop_cut
from orchestration.core.home import READ_ONLY, Home, put_in_place
from orchestration.core.warehouse import changed_rows, has_table, quote, scalar, text
from orchestration.publishing.grades import PEOPLE

_POINTS = "contact_points"
_PERMISSIONS = "contact_permissions"
_CLOSED, _TOO_OLD = "earlier_night", "ended_since"
# a contact point as its rows name it
_KEY = "case when contact_point is not null then hash(contact_point) end"
# SQL on a row of an audience: whether its grant has ended since the night, or, where it is chosen by behaviour, one for profiling
_ENDED = (
    f"exists (select 1 from {AUDIENCE_ROWS}.{_PERMISSIONS} p where p.customer_id = a.customer_id and {{of}} "
    "and epoch(p.expires_at) <= epoch(now()))"
)
_OWN = "p.purpose = a.purpose and p.channel = a.channel"
_OR_PROFILING = f"({_OWN} or p.purpose = 'profiling' and p.is_permitted)"


# SQL on a row of the history of permissions: whether it says of `at`, or of later, that somebody may be contacted
_STANDING = "({of}is_permitted and coalesce({of}valid_to > {at}, true))"
_TO_COME = "({of}is_permitted and {of}valid_from >= {at})"


def _has_points(columns: tuple[str, ...]) -> bool:
    return {"customer_id", "contact_point"} <= set(columns)


def _is_history(columns: Collection[str]) -> bool:
    return {"is_permitted", "valid_from", "valid_to"} <= set(columns)


@dataclass(frozen=True)
class Kept:
    """A table whose rows are kept apart."""

    schema: str
    name: str
    columns: tuple[str, ...]
    is_chosen_by_behaviour: bool

    @property
    def placed(self) -> str:
        return f"{AUDIENCE_ROWS}.{quote(self.name)}"

    def rows(self, catalog: str) -> str:
        """SQL: the rows as they were before they were taken apart."""
        return f"select {self._whole()} {self._joined(catalog)}"

    def view(self, until: int, *, is_permission_known: bool) -> str:
        """SQL: what is shown, until the second `until` since 1970: no time zone of a reader changes it."""
        is_current = f"epoch(now()) < {until}"
        if self.schema == AUDIENCES:
            of = _OR_PROFILING if self.is_chosen_by_behaviour else _OWN
            ended = _ENDED.format(of=of) if is_permission_known else "false"
            return f"select {self._whole()} {self._joined()} where {is_current} and not {ended}"
        if self.name == _PERMISSIONS and "expires_at" in self.columns:
            is_current = f"({is_current} and coalesce(epoch(a.expires_at) > epoch(now()), true))"
        replaced = {"contact_point": f"case when {is_current} then p.contact_point end"}
        if self.name == _PERMISSIONS:
            replaced |= {
                "is_permitted": f"(a.is_permitted and {is_current})",
                "expires_at": f"case when {is_current} then a.expires_at end",
                "reason_code": f"case when a.is_permitted and not {is_current} then {text(_TOO_OLD)} else a.reason_code end",
                "reason": f"case when a.is_permitted and not {is_current} then {text(words(_TOO_OLD))} else a.reason end",
            }
        where = ""
        if _is_history(self.columns):
            of_then = {"of": "a.", "at": f"make_timestamp({until * 1_000_000})"}
            ended = f"not {is_current} and {_STANDING.format(**of_then)}"
            replaced["valid_to"] = f"case when {ended} then {of_then['at']} else a.valid_to end"
            where = f" where {is_current} or not {_TO_COME.format(**of_then)}"
        shown = ", ".join(f"{sql} as {column}" for column, sql in replaced.items() if column in self.columns)
        return f"select a.* replace ({shown}) {self._joined()}{where}"

    def _whole(self) -> str:
        return "a.* replace (p.contact_point as contact_point)" if _has_points(self.columns) else "a.*"

    def _joined(self, catalog: str = "") -> str:
        of = f"{catalog}." if catalog else ""
        points = (
            f" left join {of}{AUDIENCE_ROWS}.{_POINTS} p on p.customer_id = a.customer_id and p.point = a.contact_point"
        )
        return f"from {of}{self.placed} a{points if _has_points(self.columns) else ''}"


def kept_apart(con: duckdb.DuckDBPyConnection, schema: str, name: str, columns: tuple[str, ...]) -> Kept | None:
    """The table, where its rows say who may be contacted, and where; else None."""
    if schema != AUDIENCES and not _has_points(columns):
        return None
    return Kept(schema, name, columns, schema == AUDIENCES and _is_chosen_by_behaviour(con, name))


def _is_chosen_by_behaviour(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    if not has_table(con, "reference", "audience_rules"):
        return False
    return bool(scalar(con, f"select {CHOSEN_BY_BEHAVIOUR}", {"audience": table.removeprefix(PREFIX)}))


def write_apart(con: duckdb.DuckDBPyConnection, catalog: str, tables: list[Kept], shown_until: datetime) -> None:
    """Writes tables of the warehouse into the attached file `catalog`, and their views. `shown_until` is UTC, naive."""
    if not tables:
        return
    con.execute(f"create schema if not exists {catalog}.{AUDIENCE_ROWS}")
    sources = [f"{quote(t.schema)}.{quote(t.name)}" for t in tables]
    pointed = [
        f"select customer_id, contact_point from {source}"
        for t, source in zip(tables, sources, strict=True)
        if _has_points(t.columns)
    ]
    if pointed:
        con.execute(
            f"create table {catalog}.{AUDIENCE_ROWS}.{_POINTS} as select distinct customer_id, {_KEY} as point, contact_point "
            f"from ({' union all '.join(pointed)}) where contact_point is not null"
        )
    for table, source in zip(tables, sources, strict=True):
        columns = f"* replace ({_KEY} as contact_point)" if _has_points(table.columns) else "*"
        con.execute(f"create table {catalog}.{table.placed} as select {columns} from {source}")
    until = int(shown_until.replace(tzinfo=UTC).timestamp())
    is_known = any(t.name == _PERMISSIONS and "expires_at" in t.columns for t in tables)
    for table in tables:
        con.execute(f"create schema if not exists {catalog}.{quote(table.schema)}")
        view = f"{catalog}.{quote(table.schema)}.{quote(table.name)}"
        con.execute(f"create view {view} as {table.view(until, is_permission_known=is_known)}")


def empty(home: Home, version: str) -> bool:
    """Leaves no audience and no permission in a publication. Says whether there was any. Needs the lock."""
    path = home.published / "versions" / version / PEOPLE.file
    if not path.is_file():
        return False
    if drop_cut(path):
        return True
    with duckdb.connect() as con:
        return _take_out(con, home, path, denied=None)


def leave_out(con: duckdb.DuckDBPyConnection, home: Home, version: str) -> bool:
    """Takes out of a publication whoever the temp table `denied` (audience, purpose, channel, customer_id) names: rows of
    that audience, or, where `audience` is null, that permission. Says whether there was any. Needs the lock."""
    path = home.published / "versions" / version / PEOPLE.file
    return path.is_file() and (drop_cut(path) or _take_out(con, home, path, denied="denied"))


def _take_out(con: duckdb.DuckDBPyConnection, home: Home, path: Path, denied: str | None) -> bool:
    """In a file beside it that is then put in its place: a reader keeps the file that it opened."""
    with _attached(con, path, "(read_only)"):
        statements = list(_statements(con, denied))
        is_held = any(
            scalar(con, f"select count(*) from (from {of} where {where} limit 1)") for of, _, where in statements
        )
    if not is_held:
        return False
    fresh = home.temporary / f"{path.parent.name}.{path.name}"
    shutil.copyfile(path, fresh)
    fresh.chmod(0o600)
    with _attached(con, fresh):
        for of, done, where in statements:
            changed_rows(con, done.format(of=of, where=where))
    put_in_place(fresh, path, READ_ONLY)
    return True


def _statements(con: duckdb.DuckDBPyConnection, denied: str | None) -> Iterator[tuple[str, str, str]]:
    """(table, statement on {of} and {where}, condition of what there is to do)."""
    ending = f"timestamp {text(time_now().isoformat(sep=' '))}"
    tables: dict[tuple[str, str], set[str]] = {}
    for schema, name, column in con.execute(
        "select t.schema_name, t.table_name, c.column_name from duckdb_tables() t join duckdb_columns() c using (database_oid, schema_oid, table_oid) "
        "where t.database_name = 'shown' order by all"
    ).fetchall():
        tables.setdefault((schema, name), set()).add(column)
    references = []
    for (schema, name), columns in tables.items():
        of = f"shown.{quote(schema)}.{quote(name)}"
        is_audience = schema in (AUDIENCES, AUDIENCE_ROWS) and "is_permitted" not in columns
        if (schema, name) == (AUDIENCE_ROWS, _POINTS):
            continue
        if is_audience:
            theirs = f"customer_id in (select customer_id from {denied} where audience = {text(name)})"
            # of rows that name nobody it is not known whose they are
            yield of, "delete from {of} where {where}", theirs if denied and "customer_id" in columns else "true"
        elif "contact_point" in columns:
            keys = ", ".join(key for key in ("customer_id", "purpose", "channel") if key in columns)
            theirs = (
                f"({keys}) in (select ({keys}) from {denied} where audience is null)" if denied and keys else "true"
            )
            changes = {"contact_point": "null"}
            if _is_history(columns):
                # an earlier decision stays as it was decided, without the address; what holds ends now
                standing = _STANDING.format(of="", at=ending)
                yield of, "delete from {of} where {where}", f"{theirs} and {_TO_COME.format(of='', at=ending)}"
                changes |= {"valid_to": f"case when {standing} then {ending} else valid_to end"}
            else:
                standing = "is_permitted"
                changes |= {"is_permitted": "false", "reason_code": text(_CLOSED), "reason": text(words(_CLOSED))}
                changes |= {"expires_at": "null"}
            held = f"(contact_point is not null or {standing})"
            said = ", ".join(f"{column} = {value}" for column, value in changes.items() if column in columns)
            yield of, f"update {{of}} set {said} where {{where}}", f"{theirs} and {held}"
        if "contact_point" in columns:
            references.append(f"select customer_id, contact_point from {of}")
    if (AUDIENCE_ROWS, _POINTS) in tables:
        of = f"shown.{AUDIENCE_ROWS}.{_POINTS}"
        rest = " union all ".join(references) or "select null, null"
        # last: what no row names any more
        unnamed = f"not exists (from ({rest}) r where r.customer_id = {_POINTS}.customer_id and r.contact_point = {_POINTS}.point)"
        yield of, "delete from {of} where {where}", unnamed if denied else "true"


@contextmanager
def _attached(con: duckdb.DuckDBPyConnection, path: Path, how: str = "") -> Iterator[None]:
    con.execute(f"attach {text(path)} as shown {how}")
    try:
        yield
    finally:
        con.execute("detach shown")
