"""Who is on the suppression list is kept out of deliveries, and found where they came back.

A person is known again by the record's key, by email address and phone number in any spelling, by name with birth date, also
by its sound or with an initial, and by what only they have. Not here: the list (suppression.py), what erasure removes (erasure.py), rows that came before
their record was known again (known_again.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date

import duckdb
import pyarrow as pa

from orchestration.core.settings import Table
from orchestration.core.settings.nobody import NOBODYS_KEYS
from orchestration.core.settings.people import Person
from orchestration.core.warehouse import key_text, quote, scalar, text
from orchestration.match_keys import define_match_keys
from orchestration.match_keys.person_ids import PEOPLE, person_id_spellings
from orchestration.match_keys.phones import read_phones_apart
from orchestration.privacy.intake.evidence_words import is_evidence
from orchestration.privacy.intake.own_values import own_values, spelled_ids
from orchestration.privacy.intake.parted_statements import part_statements
from orchestration.privacy.intake.raw_people import names_of
from orchestration.privacy.intake.suppression import Kind, Suppressed, SuppressionList

# an address in running text
WRITTEN_EMAIL = "[A-Za-z0-9._%+'-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}"


class Suppressor:
    """Keeps suppressed people out of deliveries. `standing` is asked once, for a night's extraction."""

    def __init__(self, suppression: SuppressionList, country: str = "") -> None:
        self._list, self._country = suppression, country
        self._last: dict[tuple[Kind, str], Suppressed] = {}
        # records that were put on the list by this object: (system, key)
        self.learned: set[tuple[str, str]] = set()
        self._read()

    @property
    def count(self) -> int:
        return len(self._standing)

    @property
    def _kinds(self) -> set[Kind]:
        return {kind for kind, _ in self._last}

    def _read(self) -> None:
        self._last = self._list.last()
        self._standing = {key for key, entry in self._last.items() if not entry.is_lifted}

    def has_work(self, table: Table) -> bool:
        return bool(self._standing and table.whose)

    def keep_out(
        self,
        con: duckdb.DuckDBPyConnection,
        source: str,
        table: Table,
        delivered: str,
        note: Callable[[str], None] = lambda rows: None,
        nobodys: Sequence[str] = NOBODYS_KEYS,
    ) -> int:
        """Takes suppressed people's rows out of the temp table `delivered`, or the person out of rows that are kept.

        A record that is known by something else than its key is suppressed by its key too, so that what hangs on it
        stays out. A statement by somebody else's key on a suppressed person's point stays without the point: a withdrawal
        denies by its key, and a grant is none; where the point is part of the row's own key, `note` gets the temp table
        of such rows, and they are taken out. `nobodys`: what the source writes for nobody. A consent newer than the erasure
        lifts it first. Returns the rows that were taken out.
        """
        define_match_keys(con)
        before = int(scalar(con, f"select count(*) from {delivered}"))
        for person in table.whose:
            if person.grant:
                self._lift(con, source, person, delivered)
            self._lift_ids(con, source, person, delivered, nobodys)
        con.execute("create or replace temp table suppressed_hits (row_id bigint, person usmallint, kind varchar)")
        con.register("suppressed", self._as_table())
        for number, person in enumerate(table.whose):
            self._find_hits(con, source, number, person, delivered, nobodys)
        con.unregister("suppressed")
        part_statements(con, table, delivered, note)
        for number, person in enumerate(table.whose):
            hit = f"rowid in (select row_id from suppressed_hits where person = {number})"
            if person.key and person.key_columns == table.key:
                self._learn(con, person.system or source, key_text(person.key_columns), delivered, hit)
            if person.is_kept:
                nothing = ", ".join(f"{quote(c)} = null" for c in [*person.key_columns, *person.emptied])
                con.execute(f"update {delivered} set {nothing} where {hit}")
        kept = [number for number, person in enumerate(table.whose) if person.is_kept]
        con.execute(
            f"delete from {delivered} where rowid in (select row_id from suppressed_hits where not list_contains({kept or '[]::int[]'}, person))"
        )
        return before - int(scalar(con, f"select count(*) from {delivered}"))

    def _find_hits(
        self,
        con: duckdb.DuckDBPyConnection,
        source: str,
        number: int,
        person: Person,
        delivered: str,
        nobodys: Sequence[str],
    ) -> None:
        """Rows that match the suppression list, except contact points re-consented since."""
        values = own_values(source, person, nobodys)
        own: list[tuple[Kind, str]] = [
            (kind, f"[{value}]") for kind, value in values if kind in self._kinds and kind != "person_id"
        ]
        if "person_id" in self._kinds and (ids := spelled_ids(source, person, nobodys)):
            own.append(("person_id", ids))
        for kind, keys in [*self._known_by(con, source, person, delivered), *own]:
            found = self._hits("rowid", delivered, kind, keys)
            con.execute(
                f"insert into suppressed_hits select row_id, {number}, '{kind}' from ({found})", self._list.parameters
            )
        # by what is certain alone: of two addresses in a field one may be somebody's who is still out
        for kind, keys in list(self._known_by(con, source, person, delivered, is_certain=True)):
            if kind in ("email", "phone"):
                found = self._hits("rowid", delivered, kind, keys, is_lifted=True)
                con.execute(
                    f"delete from suppressed_hits where person = {number} and row_id in ({found})",
                    self._list.parameters,
                )

    def _hits(self, row: str, relation: str, kind: Kind, keys: str, *, is_lifted: bool = False) -> str:
        """SQL of (row_id): rows of which one of the `keys`, an SQL list, is on the list, or `is_lifted` from it."""
        return (
            f"select distinct row_id from (select {row} as row_id, unnest({keys}) as read_key from {relation}) "
            f"where {self._list.hashed_sql(kind, 'read_key')} in "
            f"(select keyed_hash from suppressed where kind = '{kind}' and is_lifted = {is_lifted})"
        )

    def _lift(self, con: duckdb.DuckDBPyConnection, source: str, person: Person, delivered: str) -> None:
        """Lets in again whoever consented, in so many words, on a later day than they were erased."""
        grant = person.grant
        assert grant
        values = ", ".join(text(value) for value in grant.granted)
        con.register("suppressed", self._as_table())
        lifted: list[tuple[Kind, str]] = []
        key = key_text(person.key_columns) if person.key else "null::varchar"
        for kind, keys in list(self._known_by(con, source, person, delivered, is_certain=True)):
            if kind not in ("email", "phone"):
                continue
            rows = con.execute(
                f"select distinct read_key, record_key from (select *, unnest({keys}) as read_key, {key} as record_key from {delivered}) d "
                f"join suppressed s on s.kind = '{kind}' and not s.is_lifted and s.keyed_hash = {self._list.hashed_sql(kind, 'read_key')} "
                f"where d.{quote(grant.status)} in ({values}) and {is_evidence(f'd.{quote(grant.wording)}')} "
                f"and try_cast(d.{quote(grant.stated_at)}::varchar as timestamp)::date > s.since",
                self._list.parameters,
            ).fetchall()
            lifted += [(kind, found) for found, _ in rows]
            lifted += [("record", f"{person.system or source}:{key}") for _, key in rows if key]
        con.unregister("suppressed")
        if lifted and self._list.add(lifted, "a new explicit consent", is_lifted=True):
            self._read()

    def _lift_ids(
        self, con: duckdb.DuckDBPyConnection, source: str, person: Person, delivered: str, nobodys: Sequence[str]
    ) -> None:
        """Lets in the ids of the records that a consent lets in: else the person's other records stay out.

        Not those of an address, which may be of several people: rows of the others may come on another day. Nor where rows of one
        record have several ids, nor where the id was put on the list later than the record was lifted.
        """
        ids = spelled_ids(source, person, nobodys)
        is_out = any(kind == "person_id" for kind, _ in self._standing)
        if not ids or not is_out or not any(entry.is_lifted for entry in self._last.values()):
            return
        found: set[str] = set()
        hashed_id = self._list.hashed_sql("person_id", "said_id")
        con.register("suppressed", self._as_table())
        for kind, keys in list(self._known_by(con, source, person, delivered, is_certain=True)):
            if kind != "record":
                continue
            lifted = (
                "select any_value(ids) as ids, max(s.since) as lifted_on from "
                f"(select ids, unnest(keys) as read_key from (select {keys} as keys, {ids} as ids from {delivered}) where len(ids) > 0) "
                f"join suppressed s on s.kind = '{kind}' and s.is_lifted and s.keyed_hash = {self._list.hashed_sql(kind, 'read_key')} "
                "group by read_key having count(distinct ids[1]) = 1"
            )
            rows = con.execute(
                f"select distinct said_id from (select unnest(ids) as said_id, lifted_on from ({lifted})) join suppressed i "
                f"on i.kind = 'person_id' and not i.is_lifted and i.keyed_hash = {hashed_id} and i.since <= lifted_on",
                self._list.parameters,
            ).fetchall()
            found |= {said for (said,) in rows}
        con.unregister("suppressed")
        if self._list.add([("person_id", said) for said in found], "a new explicit consent", is_lifted=True):
            self._read()

    def places_of(self, con: duckdb.DuckDBPyConnection, addresses: str) -> list[str]:
        """Of a query of (place, written), the places where an address of somebody on the list stands."""
        among = self._among(con, f"select distinct written from ({addresses})")
        query = f"select distinct place from ({addresses}) where written in (select written from ({among})) order by 1"
        return [place for (place,) in con.execute(query, self._list.parameters).fetchall()]

    def empty_rejects(self, con: duckdb.DuckDBPyConnection, rejects: str) -> None:
        """Takes the content of lines that could not be read, where an address of somebody who was erased stands in it."""
        written = f"select rowid as row_id, unnest(regexp_extract_all(content, {text(WRITTEN_EMAIL)})) as written from {rejects}"
        con.execute(
            f"update {rejects} set content = null where rowid in (select row_id from ({self._among(con, written)}))",
            self._list.parameters,
        )

    def _among(self, con: duckdb.DuckDBPyConnection, addresses: str) -> str:
        emails = pa.array([found for kind, found in self._standing if kind == "email"], pa.string())
        con.register("emails", pa.table({"keyed_hash": emails}))
        con.execute("create or replace temp table suppressed_emails as from emails")
        con.unregister("emails")
        return f"select * from ({addresses}) where {self._list.hashed_sql('email', 'match_keys.email_key(written)')} in (from suppressed_emails)"

    def find_people(self, con: duckdb.DuckDBPyConnection, people: str = PEOPLE) -> int:
        """Makes the temp table `known_again` (source_system, source_key): those of `people`, a relation like that of PEOPLE,
        who are on the list."""
        con.execute("create or replace temp table known_again (source_system varchar, source_key varchar)")
        if not self._standing:
            return 0
        define_match_keys(con)
        person = Person(
            email=["email"], phone=["phone"], country_code="country_code",
            full_name="full_name", given_name="given_name", family_name="family_name", birth_date="birth_date",
        )  # fmt: skip
        known: list[tuple[Kind, str]] = [
            ("record", "[source_system || ':' || source_key]"),
            ("person_id", person_id_spellings()),
        ]
        known += self._known_by(con, "", person, people)
        certain = self._known_by(con, "", person, people, is_certain=True)
        lifted = [(kind, keys) for kind, keys in certain if kind in ("email", "phone")]
        row = "(source_system, source_key)"
        con.register("suppressed", self._as_table())
        for kind, keys in known:
            found = self._hits(row, people, kind, keys)
            con.execute(f"insert into known_again select row_id[1], row_id[2] from ({found})", self._list.parameters)
        for kind, keys in lifted:
            found = self._hits(row, people, kind, keys, is_lifted=True)
            con.execute(f"delete from known_again where {row} in (select row_id from ({found}))", self._list.parameters)
        con.unregister("suppressed")
        return int(scalar(con, "select count(*) from known_again"))

    def _learn(self, con: duckdb.DuckDBPyConnection, system: str, key: str, delivered: str, hit: str) -> None:
        keys = con.execute(f"select distinct {key} from {delivered} where {hit}").fetchall()
        if self._list.add([("record", f"{system}:{found}") for (found,) in keys], "known again"):
            self.learned |= {(system, found) for (found,) in keys}
            self._read()

    def _known_by(
        self, con: duckdb.DuckDBPyConnection, source: str, person: Person, delivered: str, *, is_certain: bool = False
    ) -> Iterable[tuple[Kind, str]]:
        """(kind, SQL of a list of match keys) of everything that a row of `delivered` says of the person, but for what its source alone can tell (own_values.py).

        What may be read in several ways is known by any of its readings; `is_certain`: by the certain one alone.
        """
        kinds = self._kinds
        if person.key and "record" in kinds:
            key, system = key_text(person.key_columns), text(person.system or source)
            yield (
                "record",
                f"list_distinct([{system} || ':' || {key}, {system} || ':' || match_keys.record_key({key})])",
            )
        if "email" in kinds:
            for column in person.email:
                written = f"{quote(column)}::varchar"
                yield (
                    "email",
                    f"[match_keys.email_key({written})]"
                    if is_certain
                    else f"match_keys.suppressed_addresses({written})",
                )
        if "phone" in kinds:
            for column in person.phone:
                parsed = self._parse(con, column, person.country_code, delivered)
                read = "[phone_key]" if is_certain else "list_distinct(list_append(readings, phone_key))"
                country = _country(person.country_code)
                yield (
                    "phone",
                    f"(select any_value({read}) from {parsed} p where p._written = {quote(column)}::varchar and p._read_in = {country})",
                )
        if "name" in kinds and (names := names_of(person)):
            yield "name", names

    def _parse(self, con: duckdb.DuckDBPyConnection, column: str, country: str | None, delivered: str) -> str:
        """The temp table of what the column's numbers are: (_written, _read_in, phone_key, readings)."""
        parsed = quote(f"parsed_{column}")
        numbers = (
            f"select distinct {quote(column)}::varchar as phone, {_country(country)} as country_code from {delivered}"
        )
        read_phones_apart(con, numbers, self._country, parsed)
        # named as no column of a delivery is: a subquery would take its own column for the delivery's
        con.execute(f"alter table {parsed} rename phone to _written")
        con.execute(f"alter table {parsed} rename country_code to _read_in")
        return parsed

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


def _country(column: str | None) -> str:
    """SQL of the country that a row's numbers are written in, by its column; empty where there is none."""
    return f"coalesce(match_keys.country_code({quote(column)}::varchar), '')" if column else "''"
