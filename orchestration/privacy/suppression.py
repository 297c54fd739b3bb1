"""Who was erased stays out: a list of keyed hashes, asked before a row enters the warehouse.

One JSON line an entry: keyed hash, kind, date, reason; nothing of it says whose it is. It lies in the home folder and, so
that it outlasts a backup that is put back, beside the user's own settings; what stands in either counts. A person is
known again by the record's key, by email address and phone number in any spelling, and by name with birth date.
Not here: what erasure removes (erasure.py).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa

from orchestration.home import Home
from orchestration.match_keys import define_match_keys
from orchestration.phones import phone_keys
from orchestration.privacy.pepper import hash_parameters, keyed_hash, keyed_hash_sql, pepper_file
from orchestration.settings import Person, Table
from orchestration.warehouse import quote, scalar, text

# record: system:key · own: system.column:value, as a visitor's cookie · name: given|family|birth date
Kind = Literal["record", "email", "phone", "name", "own"]
_DDL = """
create schema if not exists restricted;
create table if not exists restricted.warehouse_id (id varchar not null);
"""
# an address in running text
WRITTEN_EMAIL = "[A-Za-z0-9._%+'-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}"
# a birth date as systems write them
_DATE_FORMATS = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%Y%m%d"]


@dataclass(frozen=True)
class Suppressed:
    """An entry of the list. `kind` says what was hashed; a later entry with `is_lifted` takes an earlier one back."""

    keyed_hash: str
    kind: Kind
    on: str
    reason: str
    is_lifted: bool = False


class SuppressionList:
    """The list of one warehouse, in its two files, which only grow."""

    def __init__(self, files: Iterable[Path], pepper: str) -> None:
        self._files, self._pepper = tuple(files), pepper

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, home: Home, pepper: str) -> SuppressionList:
        """The open warehouse's; a warehouse that is copied elsewhere brings its name, and with it its list."""
        con.execute(_DDL)
        if not scalar(con, "select count(*) from restricted.warehouse_id"):
            con.execute("insert into restricted.warehouse_id values (uuidv7()::varchar)")
        name = scalar(con, "select id from restricted.warehouse_id")
        return cls((home.suppression, pepper_file().with_name(f"suppression-{name}.jsonl")), pepper)

    def entries(self) -> list[Suppressed]:
        """What stands in either file, in the order that it was written."""
        return list(dict.fromkeys(entry for path in self._files for entry in _entries_of(path)))

    def last(self) -> dict[tuple[Kind, str], Suppressed]:
        """The last entry of each (kind, keyed hash)."""
        return {(entry.kind, entry.keyed_hash): entry for entry in self.entries()}

    def standing(self) -> set[tuple[Kind, str]]:
        """(kind, keyed hash) of whoever is out."""
        return {key for key, entry in self.last().items() if not entry.is_lifted}

    def add(self, values: Iterable[tuple[Kind, str]], reason: str, *, is_lifted: bool = False) -> int:
        """Writes the keyed hashes of (kind, match key) to both files. Returns how many were not there, or are lifted."""
        standing = self.standing()
        hashed = {(kind, self.hashed(kind, value)) for kind, value in values if value}
        fresh = [entry for entry in sorted(hashed) if (entry in standing) == is_lifted]
        today = datetime.now(UTC).date().isoformat()
        whole = [*self.entries(), *(Suppressed(hash_, kind, today, reason, is_lifted) for kind, hash_ in fresh)]
        for path in self._files:
            # what one file lacks, after a kill or a backup, the other one has
            there = set(_entries_of(path))
            lines = "".join(json.dumps(asdict(entry)) + "\n" for entry in whole if entry not in there)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "rb+") as file:
                content = file.read()
                # after half a line, a new one
                file.write(("" if not content or content.endswith(b"\n") else "\n").encode() + lines.encode())
                file.flush()
                os.fsync(file.fileno())
        return len(fresh)

    def hashed(self, kind: Kind, value: str) -> str:
        return keyed_hash(self._pepper, f"suppressed:{kind}:{value}")

    def hashed_sql(self, kind: Kind, value: str) -> str:
        """SQL of `hashed` of an expression; `parameters` are to be bound."""
        return keyed_hash_sql(f"'suppressed:{kind}:' || {value}")

    @property
    def parameters(self) -> dict[str, bytes]:
        return hash_parameters(self._pepper)


def _entries_of(path: Path) -> list[Suppressed]:
    """A file's entries; half a line, which a killed run leaves, is none: its entry comes again."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            found.append(Suppressed(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return found


class Suppressor:
    """Keeps suppressed people out of deliveries. `standing` is asked once, for a night's extraction."""

    def __init__(self, suppression: SuppressionList, country: str = "") -> None:
        self._list, self._country = suppression, country
        self._last: dict[tuple[Kind, str], Suppressed] = {}
        self._read()

    @property
    def count(self) -> int:
        return len(self._standing)

    def _read(self) -> None:
        self._last = self._list.last()
        self._standing = {key for key, entry in self._last.items() if not entry.is_lifted}

    def has_work(self, table: Table) -> bool:
        return bool(self._standing and table.whose)

    def keep_out(self, con: duckdb.DuckDBPyConnection, source: str, table: Table, delivered: str) -> int:
        """Takes suppressed people's rows out of the temp table `delivered`, or the person out of rows that are kept.

        A record that is known by something else than its key is suppressed by its key too, so that what hangs on it
        stays out. A consent newer than the erasure lifts it first. Returns the rows that were taken out.
        """
        define_match_keys(con)
        before = int(scalar(con, f"select count(*) from {delivered}"))
        for person in table.whose:
            if person.grant:
                self._lift(con, source, person, delivered)
        con.execute("create or replace temp table suppressed_hits (row_id bigint, person usmallint)")
        con.register("suppressed", self._as_table())
        for number, person in enumerate(table.whose):
            self._find_hits(con, source, number, person, delivered)
        con.unregister("suppressed")
        for number, person in enumerate(table.whose):
            hit = f"rowid in (select row_id from suppressed_hits where person = {number})"
            if person.key and [person.key] == table.key:
                self._learn(con, person.system or source, person.key, delivered, hit)
            if person.is_kept:
                nothing = ", ".join(f"{quote(c)} = null" for c in [*filter(None, [person.key]), *person.emptied])
                con.execute(f"update {delivered} set {nothing} where {hit}")
        kept = [number for number, person in enumerate(table.whose) if person.is_kept]
        con.execute(
            f"delete from {delivered} where rowid in (select row_id from suppressed_hits where not list_contains({kept or '[]::int[]'}, person))"
        )
        return before - int(scalar(con, f"select count(*) from {delivered}"))

    def _find_hits(
        self, con: duckdb.DuckDBPyConnection, source: str, number: int, person: Person, delivered: str
    ) -> None:
        """Rows of somebody on the list; not of whom an address or number was let in again."""
        known = list(self._known_by(con, source, person, delivered))
        for is_lifted in (False, True):
            for kind, value in known:
                if is_lifted and kind not in ("email", "phone"):
                    continue
                found = (
                    f"select rowid from {delivered} where {self._list.hashed_sql(kind, value)} in "
                    f"(select keyed_hash from suppressed where kind = '{kind}' and is_lifted = {is_lifted})"
                )
                con.execute(
                    f"delete from suppressed_hits where person = {number} and row_id in ({found})"
                    if is_lifted
                    else f"insert into suppressed_hits select rowid, {number} from ({found})",
                    self._list.parameters,
                )

    def _lift(self, con: duckdb.DuckDBPyConnection, source: str, person: Person, delivered: str) -> None:
        """Lets in again whoever consented, in so many words, on a later day than they were erased."""
        grant = person.grant
        assert grant
        values = ", ".join(text(value) for value in grant.granted)
        con.register("suppressed", self._as_table())
        lifted: list[tuple[Kind, str]] = []
        for kind, value in list(self._known_by(con, source, person, delivered)):
            if kind not in ("email", "phone"):
                continue
            rows = con.execute(
                f"select distinct {value}, {quote(person.key) if person.key else 'null'}::varchar from {delivered} d join suppressed s "
                f"on s.kind = '{kind}' and not s.is_lifted and s.keyed_hash = {self._list.hashed_sql(kind, value)} "
                f"where d.{quote(grant.status)} in ({values}) and nullif(trim(d.{quote(grant.wording)}), '') is not null "
                f"and try_cast(d.{quote(grant.stated_at)}::varchar as timestamp)::date > s.since",
                self._list.parameters,
            ).fetchall()
            lifted += [(kind, found) for found, _ in rows]
            lifted += [("record", f"{person.system or source}:{key}") for _, key in rows if key]
        con.unregister("suppressed")
        if lifted and self._list.add(lifted, "a new explicit consent", is_lifted=True):
            self._read()

    def stands_in(self, con: duckdb.DuckDBPyConnection, addresses: str) -> bool:
        """Whether an address of a query of `written` is on the list."""
        return bool(scalar(con, f"select count(*) from ({self._among(con, addresses)})", self._list.parameters))

    def empty_rejects(self, con: duckdb.DuckDBPyConnection, rejects: str) -> None:
        """Takes the content of lines that could not be read, where an address of somebody who was erased stands in it."""
        written = f"select rowid as row_id, unnest(regexp_extract_all(content, {text(WRITTEN_EMAIL)})) as written from {rejects}"
        con.execute(
            f"update {rejects} set content = null where rowid in (select row_id from ({self._among(con, written)}))",
            self._list.parameters,
        )

    def _among(self, con: duckdb.DuckDBPyConnection, addresses: str) -> str:
        con.execute("create or replace temp table suppressed_emails (keyed_hash varchar)")
        emails = [[found] for kind, found in sorted(self._standing) if kind == "email"]
        con.executemany("insert into suppressed_emails values (?)", emails) if emails else None
        return f"select * from ({addresses}) where {self._list.hashed_sql('email', 'email_key(written)')} in (from suppressed_emails)"

    def find_people(self, con: duckdb.DuckDBPyConnection) -> int:
        """Makes the temp table `known_again` (source_system, source_key): conformed people who are on the list."""
        con.execute("create or replace temp table known_again (source_system varchar, source_key varchar)")
        if not self._standing:
            return 0
        define_match_keys(con)
        people = "conformed.conformed_people"
        person = Person(
            email=["email"], phone=["phone"], country_code="country_code",
            given_name="given_name", family_name="family_name", birth_date="birth_date",
        )  # fmt: skip
        known: list[tuple[Kind, str]] = [("record", "source_system || ':' || source_key")]
        con.register("suppressed", self._as_table())
        for is_lifted in (False, True):
            for kind, value in [*known, *self._known_by(con, "", person, people)]:
                found = (
                    f"select source_system, source_key from {people} where {self._list.hashed_sql(kind, value)} in "
                    f"(select keyed_hash from suppressed where kind = '{kind}' and is_lifted = {is_lifted})"
                )
                con.execute(
                    f"delete from known_again where (source_system, source_key) in (select (source_system, source_key) from ({found}))"
                    if is_lifted
                    else f"insert into known_again {found}",
                    self._list.parameters,
                )
        con.unregister("suppressed")
        return int(scalar(con, "select count(*) from known_again"))

    def _learn(self, con: duckdb.DuckDBPyConnection, system: str, key: str, delivered: str, hit: str) -> None:
        keys = con.execute(f"select distinct {quote(key)}::varchar from {delivered} where {hit}").fetchall()
        if self._list.add([("record", f"{system}:{found}") for (found,) in keys], "known again"):
            self._read()

    def _known_by(
        self, con: duckdb.DuckDBPyConnection, source: str, person: Person, delivered: str
    ) -> Iterable[tuple[Kind, str]]:
        """(kind, SQL of the match key) of everything that a row of `delivered` says of the person."""
        kinds = {kind for kind, _ in self._standing}
        if person.key and "record" in kinds:
            yield "record", f"{text(person.system or source)} || ':' || {quote(person.key)}::varchar"
        if "email" in kinds:
            for column in person.email:
                yield "email", f"email_key({quote(column)}::varchar)"
        if "phone" in kinds:
            for column in person.phone:
                self._parse(con, column, person.country_code, delivered)
                country = f"coalesce(upper({quote(person.country_code)}), '')" if person.country_code else "''"
                yield (
                    "phone",
                    (
                        f"(select any_value(phone_key) from parsed_{column} p where p.phone = {quote(column)}::varchar and p.country_code = {country})"
                    ),
                )
        if "own" in kinds:
            for column in person.own:
                yield "own", f"{text(f'{source}.{column}')} || ':' || {quote(column)}::varchar"
        if "name" in kinds and person.given_name and person.family_name and person.birth_date:
            yield "name", name_key(quote(person.given_name), quote(person.family_name), quote(person.birth_date))

    def _parse(self, con: duckdb.DuckDBPyConnection, column: str, country: str | None, delivered: str) -> None:
        where = f"coalesce(upper({quote(country)}), '')" if country else "''"
        found = con.execute(
            f"select distinct {quote(column)}::varchar, {where} from {delivered} where {quote(column)} is not null"
        ).fetchall()
        keys = phone_keys([(number, code or self._country) for number, code in found])
        parsed = {
            "phone": pa.array([number for number, _ in found], pa.string()),
            "country_code": pa.array([code for _, code in found], pa.string()),
            "phone_key": pa.array([key for key, _ in keys], pa.string()),
        }
        con.register("parsed", pa.table(parsed))
        con.execute(f"create or replace temp table {quote(f'parsed_{column}')} as from parsed")
        con.unregister("parsed")

    def _as_table(self) -> pa.Table:
        last = list(self._last.values())
        return pa.table(
            {
                "kind": pa.array([entry.kind for entry in last], pa.string()),
                "keyed_hash": pa.array([entry.keyed_hash for entry in last], pa.string()),
                "is_lifted": pa.array([entry.is_lifted for entry in last], pa.bool_()),
                "since": pa.array([date.fromisoformat(entry.on) for entry in last], pa.date32()),
            }
        )


def name_key(given: str, family: str, birth: str) -> str:
    """SQL of the match key of a name with its birth date; null where a part is missing."""
    date = f"coalesce(try_cast({birth} as date), try_strptime({birth}::varchar, {_DATE_FORMATS})::date)"
    return f"identity.words_key({given}) || '|' || identity.words_key({family}) || '|' || plausible_birth({date})"
