"""Erasure (Art. 17): a person leaves every table, every publication, and the bytes of the files.

In steps that a killed run leaves half done and the next one finishes: who is erased is noted (`restricted.erasing_*`) and
suppressed; rows go in one transaction; publications are written anew; the note goes; the warehouse's file is written
anew, for DuckDB leaves the bytes of deleted rows where they were. What was sold stays, without the person.
Not here: who may be erased (rights.py), how files are written anew (rewriting.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import duckdb
import pyarrow as pa

from orchestration.home import Home
from orchestration.match_keys import define_match_keys
from orchestration.phones import phone_keys
from orchestration.privacy.rewriting import Theirs, rewrite_publications, rewrite_warehouse
from orchestration.privacy.suppression import Kind, SuppressionList, name_key
from orchestration.settings import Person, Settings
from orchestration.warehouse import open_warehouse, quote, scalar, text, transaction

_DDL = """
create schema if not exists restricted;
create table if not exists restricted.erasing_customers (customer_id varchar, customer_key varchar);
create table if not exists restricted.erasing_records (source_system varchar, source_key varchar, record_id ubigint);
create table if not exists restricted.erasing_values (kind varchar, value varchar, is_shared boolean);
"""
_ERASING = "restricted.erasing"
_HIDING = "temp.hiding"
_JOURNAL = ("erasing_customers", "erasing_records", "erasing_values")
RECORDS = "(select (source_system, source_key) from restricted.erasing_records)"
# what only the person is known by: a mailbox that others use too is theirs as well
_VALUES = "(select value from restricted.erasing_values where kind = '{kind}' and not is_shared)"

_PHONES = "select value from restricted.erasing_values where kind = 'phone' and not is_shared"

# the customers, and the ids that lead to them
_CUSTOMERS = """
insert into {journal}_customers
with recursive ids as (
    select unnest($customers) as customer_id
    union select r.old_customer_id from identity.customer_id_redirects r join ids on r.customer_id = ids.customer_id
)
select customer_id, customer_key from ids left join identity.customer_keys using (customer_id)
"""
# records that belong to one of them, or belonged last before they were gone at their source
_RECORDS = """
insert into {journal}_records
select source_system, source_key, record_id from (
    from identity.customer_source_records
    qualify row_number() over (partition by record_id order by valid_to is null desc, valid_from desc, valid_to desc) = 1
) where customer_id in (select customer_id from {journal}_customers)
"""
_POINTS = f"""
select email::varchar as point, country_code from conformed.conformed_people where (source_system, source_key) in {RECORDS}
union select phone, country_code from conformed.conformed_people where (source_system, source_key) in {RECORDS}
union select contact_point, null from conformed.conformed_consent_events where (person_system, person_key) in {RECORDS}
union select contact_point, null from conformed.conformed_email_events where (person_system, person_key) in {RECORDS}
"""
_NAME = name_key("given_name", "family_name", "birth_date")
_NAMES = f"""
insert into restricted.erasing_values
select distinct 'name', {_NAME}, {_NAME} in (
    select {_NAME} from conformed.conformed_people where deleted_at is null and (source_system, source_key) not in {RECORDS}
        and {_NAME} is not null)
from conformed.conformed_people where (source_system, source_key) in {RECORDS} and {_NAME} is not null
"""
# records that are gone at their source and belonged to nobody, by what only the person has
_GONE = f"""
insert into restricted.erasing_records
select p.source_system, p.source_key, hash(p.source_system, p.source_key) from conformed.conformed_people p
left join identity.phone_numbers n on n.phone = p.phone and n.country_code = coalesce(upper(p.country_code), '')
where p.deleted_at is not null and (p.source_system, p.source_key) not in {RECORDS}
    and (email_key(p.email) in {_VALUES.format(kind="email")} or n.phone_key in {_VALUES.format(kind="phone")}
        or {name_key("p.given_name", "p.family_name", "p.birth_date")} in {_VALUES.format(kind="name")})
"""
# names as they are written, to be found in lines that could not be read
_WRITTEN = f"""
insert into restricted.erasing_values
select distinct 'written', lower(trim(given_name)) || '|' || lower(trim(family_name)), false from conformed.conformed_people
where (source_system, source_key) in {RECORDS} and trim(given_name) <> '' and trim(family_name) <> ''
"""
# entities whose rows say what was sold
_KEPT = (
    "conformed_orders",
    "conformed_order_items",
    "conformed_invoices",
    "fct_orders",
    "fct_order_items",
    "fct_invoices",
)
# tables whose rows are people's records, by these columns
PEOPLE = ("conformed_people", "national_ids", "objections", "corrections", "restrictions")


@dataclass(frozen=True)
class Erased:
    """What an erasure took: customers, their source records, rows of the warehouse; publications and exports that held them."""

    customers: int
    records: int
    rows: int
    publications: list[str]
    suppressed: int
    exports: list[str]


def note_erasure(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    settings: Settings,
    customers: Sequence[str],
    suppression: SuppressionList | None,
    within: Callable[[], object] = lambda: None,
) -> int:
    """Notes who is to be erased and suppresses them: from here on it will be done, by this run or the next.

    `within` is done in the transaction that notes them. Without a suppression list nobody is kept out: for those who
    never were, as a proof's.

    Returns the entries of the suppression list that are new.
    """
    con.execute(_DDL)
    define_match_keys(con)
    home.erasure_mark.touch(0o600)
    with transaction(con):
        con.execute(_CUSTOMERS.format(journal=_ERASING), {"customers": list(customers)})
        con.execute(_RECORDS.format(journal=_ERASING))
        _note_contact_points(con, settings)
        con.execute(_NAMES)
        con.execute(_GONE)
        con.execute(_WRITTEN)
        _note_own_values(con, settings)
        within()
    return suppress_noted(con, suppression) if suppression else 0


def suppress_noted(con: duckdb.DuckDBPyConnection, suppression: SuppressionList) -> int:
    """Puts whoever is noted on the suppression list. Returns the entries that are new."""
    con.execute(_DDL)
    found: list[tuple[Kind, str]] = [
        (kind, value)
        for kind, value in con.execute(
            "select distinct kind, value from restricted.erasing_values where not is_shared and kind in ('email', 'phone', 'name', 'own')"
        ).fetchall()
    ]
    records = con.execute("select source_system || ':' || source_key from restricted.erasing_records").fetchall()
    return suppression.add([*found, *(("record", record) for (record,) in records)], "erasure")


def _note_contact_points(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    points = con.execute(
        f"select point, coalesce(upper(country_code), '') from ({_POINTS}) where trim(point) <> ''"
    ).fetchall()
    keys = phone_keys(
        [(point, code or settings.identity.default_country) for point, code in points if "@" not in point]
    )
    # digits whose country cannot be told are anybody's
    numbers = sorted({key for key, _ in keys if key and key.startswith("+")})
    con.register("numbers", pa.table({"number": pa.array(numbers, pa.string())}))
    others = f"from identity.normalised_people where (source_system, source_key) not in {RECORDS}"
    nobodys = "in (select value_key from identity.identifiers where ignored_reason is not null)"
    con.execute(
        "insert into restricted.erasing_values "
        f"select 'phone', number, coalesce(number in (select phone_key {others} and phone_key is not null) or number {nobodys}, false) from numbers "
        f"union all select distinct 'email', email_key(point), coalesce(email_key(point) in (select email_key {others} and email_key is not null) or email_key(point) {nobodys}, false) "
        f"from ({_POINTS}) where email_key(point) is not null"
    )
    con.unregister("numbers")


def _note_own_values(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    for source, name, person in _declared(settings):
        for column in person.own if person.key else []:
            con.execute(
                f"insert into restricted.erasing_values select distinct 'own', {text(f'{source}.{column}:')} || {quote(column)}::varchar, false "
                f"from {_raw(source, name)} where {_is_of(source, person)} and {quote(column)} is not null"
            )


def finish_erasures(home: Home, settings: Settings, compression: str = "auto") -> Erased | None:
    """Does what is left of noted erasures; None where none is. Needs the home folder's lock and the warehouse closed."""
    if not home.erasure_mark.exists():
        return None
    with open_warehouse(home, settings.engine) as con:
        con.execute(_DDL)
        customers = int(scalar(con, "select count(*) from restricted.erasing_customers"))
        records = int(scalar(con, "select count(*) from restricted.erasing_records"))
        rows, publications = 0, list[str]()
        if customers or records:
            define_match_keys(con)
            rows = delete_erased(con, settings)
            publications = rewrite_publications(con, home, _theirs)
            con.execute("; ".join(f"delete from restricted.{table}" for table in _JOURNAL))
    rewrite_warehouse(home, settings.engine, compression)
    home.erasure_mark.unlink()
    return Erased(customers, records, rows, publications, 0, [])


def hide(con: duckdb.DuckDBPyConnection, home: Home, customers: Sequence[str]) -> list[str]:
    """Takes customers out of marts, segments, audiences and publications, and of nothing else. Returns the publications.

    For who is restricted: the nights after leave them out by themselves.
    """
    con.execute(
        "create or replace temp table hiding_customers (customer_id varchar, customer_key varchar); "
        "create or replace temp table hiding_records (source_system varchar, source_key varchar, record_id ubigint)"
    )
    con.execute(_CUSTOMERS.format(journal=_HIDING), {"customers": list(customers)})
    con.execute(_RECORDS.format(journal=_HIDING))
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = current_database() and not temporary "
        "and schema_name in ('marts', 'segments', 'audiences', 'bi')"
    ).fetchall()
    with transaction(con):
        for schema, table in tables:
            _delete(con, schema, table, _HIDING)
    return rewrite_publications(con, home, partial(_theirs, journal=_HIDING))


def delete_erased(con: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    """Deletes noted people's rows from every table, in one transaction; rows of accounting lose the person.

    Identity is looked at anew the next night. Returns the rows that changed.
    """
    con.execute("create or replace temp table erased_rows (source_system varchar, source_key varchar)")
    with transaction(con):
        rows = sum(_delete_raw(con, settings, source, name, person) for source, name, person in _declared(settings))
        rows += sum(_changed(con, statement) for statement in _special(con))
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = current_database() and not temporary "
            "and schema_name not in ('reference', 'ops') and not starts_with(schema_name, 'raw_') and not starts_with(table_name, 'erasing_')"
        ).fetchall()
        rows += sum(_delete(con, schema, table) for schema, table in tables)
        if _has(con, "identity", "made_with"):
            con.execute("delete from identity.made_with")
    return rows


def _declared(settings: Settings) -> list[tuple[str, str, Person]]:
    return [
        (source, name, person)
        for source, declared in settings.sources.items()
        for name, table in declared.tables.items()
        for person in table.whose
    ]


def _raw(source: str, name: str) -> str:
    return f"{quote('raw_' + source)}.{quote(name)}"


def _is_of(source: str, person: Person) -> str:
    system = text(person.system or source)
    return f"{quote(str(person.key))}::varchar in (select source_key from restricted.erasing_records where source_system = {system})"


def _delete_raw(con: duckdb.DuckDBPyConnection, settings: Settings, source: str, name: str, person: Person) -> int:
    if not _has(con, f"raw_{source}", name):
        return 0
    known = [_is_of(source, person)] if person.key else []
    known += [f"email_key({quote(c)}::varchar) in {_VALUES.format(kind='email')}" for c in person.email]
    known += [spelled for c in person.phone if (spelled := _is_spelled_phone(con, settings, source, name, person, c))]
    known += [f"{text(f'{source}.{c}:')} || {quote(c)}::varchar in {_VALUES.format(kind='own')}" for c in person.own]
    if person.given_name and person.family_name and person.birth_date:
        key = name_key(quote(person.given_name), quote(person.family_name), quote(person.birth_date))
        known.append(f"{key} in {_VALUES.format(kind='name')}")
    if not known:
        return 0
    where = " or ".join(known)
    if not person.is_kept:
        key = settings.sources[source].tables[name].key
        if len(key) == 1 and key != [person.key]:
            # what hangs on a row that was set aside stands alone
            con.execute(
                f"insert into erased_rows select {text(source)}, {quote(key[0])}::varchar from {_raw(source, name)} where {where}"
            )
        return _changed(con, f"delete from {_raw(source, name)} where {where}")
    emptied = ", ".join(f"{quote(c)} = null" for c in [*filter(None, [person.key]), *person.emptied])
    return _changed(con, f"update {_raw(source, name)} set {emptied} where {where}")


def _is_spelled_phone(
    con: duckdb.DuckDBPyConnection, settings: Settings, source: str, name: str, person: Person, column: str
) -> str:
    """SQL: whether a raw column is one of the numbers, in any spelling; empty where none is there."""
    country = f"coalesce(upper({quote(person.country_code)}), '')" if person.country_code else "''"
    # by their last digits there are few to be read, and of these only those that are the number itself
    candidates = con.execute(
        f"select distinct {quote(column)}::varchar, {country} from {_raw(source, name)} "
        f"where right(regexp_replace({quote(column)}::varchar, '[^0-9]', '', 'g'), 7) in (select right(value, 7) from ({_PHONES}))"
    ).fetchall()
    wanted = {number for (number,) in con.execute(_PHONES).fetchall()}
    default = settings.identity.default_country
    keys = phone_keys([(written, code or default) for written, code in candidates])
    spelled = [pair for pair, (key, _) in zip(candidates, keys, strict=True) if key in wanted]
    listed = ", ".join(f"({text(written)}, {text(code)})" for written, code in spelled)
    return f"({quote(column)}::varchar, {country}) in ({listed})" if spelled else ""


def _special(con: duckdb.DuckDBPyConnection) -> list[str]:
    """What stands in no column that says whose it is."""
    by_name = name_key("given_name", "family_name", "birth_date")
    own = "select split_part(value, ':', 2) from restricted.erasing_values where kind = 'own'"
    email, phone = _VALUES.format(kind="email"), _VALUES.format(kind="phone")
    wanted = {
        ("conformed", "conformed_survey_answers"): "delete from conformed.conformed_survey_answers where (source_system, response_key) in "
        f"(select (source_system, source_key) from conformed.conformed_survey_responses where (person_system, person_key) in {RECORDS}) or (source_system, response_key) in (select (source_system, source_key) from erased_rows)",
        ("conformed", "conformed_web_events"): f"delete from conformed.conformed_web_events where visitor_key in ({own})",
        ("conformed", "conformed_web_sessions"): f"delete from conformed.conformed_web_sessions where visitor_key in ({own})",
        ("marts", "fct_web_sessions"): f"delete from marts.fct_web_sessions where visitor_key in ({own})",
        ("conformed", "conformed_consent_events"): f"delete from conformed.conformed_consent_events where email_key(contact_point) in {email}",
        ("conformed", "conformed_email_events"): f"delete from conformed.conformed_email_events where email_key(contact_point) in {email}",
        ("conformed", "conformed_address_updates"): f"delete from conformed.conformed_address_updates where {by_name} in {_VALUES.format(kind='name')}",
        ("identity", "phone_numbers"): f"delete from identity.phone_numbers where phone_key in {phone}",
        ("identity", "identifiers"): "delete from identity.identifiers where (kind, value_key) in (select (kind, value) from restricted.erasing_values where not is_shared)",
        ("identity", "term_frequencies"): "delete from identity.term_frequencies where column_name in ('email_key', 'phone_key') and value in "
        "(select value from restricted.erasing_values where not is_shared)",
        ("identity", "latin_names"): "delete from identity.latin_names where written in (select unnest([full_name, given_name, family_name]) "
        f"from conformed.conformed_people where (source_system, source_key) in {RECORDS})",
        ("quarantine", "quarantined_rows"): f"delete from quarantine.quarantined_rows where entity = 'people' and (source_system, source_key) in {RECORDS}",
        ("quarantine", "rejected_rows"): "update quarantine.rejected_rows q set content = null where exists (select 1 from restricted.erasing_values v "
        "where (v.kind = 'email' and contains(lower(q.content), v.value)) "
        "or (v.kind = 'phone' and contains(regexp_replace(q.content, '[^0-9]', '', 'g'), right(v.value, 8))) "
        "or (v.kind = 'written' and contains(lower(q.content), split_part(v.value, '|', 1)) and contains(lower(q.content), split_part(v.value, '|', 2))))",
    }  # fmt: skip
    there = [statement for (schema, table), statement in wanted.items() if _has(con, schema, table)]
    return [part for statement in there for part in statement.split("; ")]


def _theirs(table: str, columns: set[str], journal: str = _ERASING) -> Theirs | None:
    """What of a table is a noted person's, by the columns that say whose its rows are."""
    of = {
        column: f"{column} in (select {key} from {journal}_customers where {key} is not null)"
        for column, key in (
            ("customer_id", "customer_id"), ("old_customer_id", "customer_id"), ("from_customer_id", "customer_id"),
            ("to_customer_id", "customer_id"), ("customer_key", "customer_key"),
        )
    }  # fmt: skip
    of |= {
        column: f"{column} in (select record_id from {journal}_records)"
        for column in ("record_id", "unique_id", "left_id", "right_id")
    }
    found = [condition for column, condition in of.items() if column in columns]
    pairs = {("person_system", "person_key"), ("left_system", "left_key"), ("right_system", "right_key")}
    pairs |= {("source_system", "source_key")} if table in PEOPLE else set()
    found += [
        f"({system}, {key}) in (select (source_system, source_key) from {journal}_records)"
        for system, key in sorted(pairs)
        if {system, key} <= columns
    ]
    if not found:
        return None
    where = f"({' or '.join(found)})"
    if table in _KEPT:
        return Theirs(where, emptied=tuple(c for c in ("customer_id", "customer_key", "person_key") if c in columns))
    if "edge" not in columns:
        return Theirs(where)
    record = f"(select source_system || ':' || source_key from {journal}_records)"
    ends = " or ".join(f"regexp_extract(edge, ', (\\S+) and (\\S+)$', {end}) in {record}" for end in (1, 2))
    return Theirs(where, blanked={"edge": f"({ends})"})


def _delete(con: duckdb.DuckDBPyConnection, schema: str, table: str, journal: str = _ERASING) -> int:
    """Rids a table of the warehouse of noted people. Returns the rows that changed."""
    columns = con.execute(
        "select column_name from duckdb_columns() where database_name = current_database() and schema_name = $1 and table_name = $2",
        [schema, table],
    ).fetchall()
    theirs = _theirs(table, {column for (column,) in columns}, journal)
    name = f"{quote(schema)}.{quote(table)}"
    return sum(_changed(con, statement) for statement in theirs.deletions(name)) if theirs else 0


def _changed(con: duckdb.DuckDBPyConnection, statement: str) -> int:
    return int(scalar(con, statement))


def _has(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    return bool(
        scalar(
            con,
            "select count(*) from duckdb_tables() where database_name = current_database() and schema_name = $1 and table_name = $2",
            [schema, table],
        )
    )
