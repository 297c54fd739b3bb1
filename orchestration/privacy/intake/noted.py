"""Who is to be erased, noted: customers, their records, and what only they are known by (`restricted.erasing_*`).

From when it is noted an erasure will be done, by this run or the next. Not here: doing it (erasure.py), cookies and ids of a
system (noted_ids.py), SQL that asks whether a row is theirs (noted_rows.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import duckdb

from orchestration.contracts.person_rows import with_column
from orchestration.core.disk import Kept
from orchestration.core.home import Home
from orchestration.core.settings import Settings
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table, scalar, text, transaction
from orchestration.match_keys import alike_name_keys, birth, define_match_keys, erased_name_keys
from orchestration.match_keys.person_ids import PEOPLE, person_id_key
from orchestration.match_keys.phones import is_whole, read_phones_apart
from orchestration.privacy.intake.known_points import read_points
from orchestration.privacy.intake.noted_ids import note_own_values, note_person_ids, part_shared_ids
from orchestration.privacy.intake.noted_rows import ERASING, LISTED, RECORDS, VALUES, is_of, names_record
from orchestration.privacy.intake.raw_people import (
    Unresolved,
    note_raw_people,
    others_named,
)
from orchestration.privacy.intake.suppression import Kind, SuppressionList
from orchestration.privacy.secrets.pseudonyms import prepare_keys

_DDL = sql_script(__file__, "noted")
# whose records are made up, to be erased for a proof: they are counted and suppressed nowhere
PLANTED = "canary"
_PLANTED = f"select source_key from restricted.erasing_records where source_system = {text(PLANTED)}"
_JOURNAL = ("erasing_customers", "erasing_records", "erasing_values", "erasing_rows")
# the customers, and the ids that lead to them
_CUSTOMERS = """
insert into {journal}_customers
with recursive ids as (
    select unnest($customers) as customer_id
    union select r.old_customer_id from identity.customer_id_redirects r join ids on r.customer_id = ids.customer_id
)
select customer_id, customer_key from ids left join (
    select customer_id, customer_key from identity.customer_keys
    union all select customer_id, customer_key from restricted.former_customer_keys
) using (customer_id)
"""
# records that belong to one of them, or belonged last before they were gone at their source
_RECORDS = """
insert into {journal}_records
select source_system, source_key, record_id from (
    from identity.customer_source_records
    qualify row_number() over (partition by record_id order by valid_to is null desc, valid_from desc, valid_to desc) = 1
) where customer_id in (select customer_id from {journal}_customers)
"""
_IS_SAID = names_record("person_system", "person_key")
_POINTS = f"""
select email::varchar as point, country_code from conformed.conformed_people where (source_system, source_key) in {RECORDS}
union select phone, country_code from conformed.conformed_people where (source_system, source_key) in {RECORDS}
"""
# what they spoke of by their key
_SPOKEN = "select contact_point, null from {schema}.{table} where " + _IS_SAID
# what the person had, or withdrew from, before their sources said otherwise
_FORMER = {
    ("identity", "withdrawals"): _SPOKEN.format(schema="identity", table="withdrawals"),
    ("identity", "held_points"): f"select token, null from identity.held_points where {_IS_SAID}",
}
# with all given names and with each of them: registers write all, and people one. Of others who were born on one of these days
_NAME = erased_name_keys("given_name", "family_name", "full_name", "birth_date")
_NAMES = f"""
insert into restricted.erasing_values
with people as (
    select given_name, family_name, full_name, birth_date::varchar as birth_date from conformed.conformed_people where (source_system, source_key) in {RECORDS}
    union select given_name, family_name, full_name, birth_date from erasing_raw_people
), theirs as (
    select distinct unnest({_NAME}) as key from people
), others as (
    select distinct unnest({_NAME}) as key from conformed.conformed_people
    where deleted_at is null and (source_system, source_key) not in {RECORDS} and {birth("birth_date")} in (select {birth("birth_date")} from people)
)
select 'name', key, key in (from others) from theirs
"""
_GONE_RECORDS = f"p.deleted_at is not null and (p.source_system, p.source_key) not in {RECORDS}"
# records that are gone at their source and belonged to nobody, by any reading of what only the person has, as raw is read
_GONE = f"""
insert into restricted.erasing_records
select p.source_system, p.source_key, hash(p.source_system, p.source_key) from {PEOPLE} p
left join gone_phones n on n.phone = p.phone and n.country_code = coalesce(match_keys.country_code(p.country_code), '')
where {_GONE_RECORDS}
    and (list_has_any(match_keys.email_readings(p.email), {LISTED.format(kind="email")})
        or list_has_any(list_append(n.readings, n.phone_key), {LISTED.format(kind="phone")})
        or {person_id_key("p.person_id", "p.source_system")} in {VALUES.format(kind="person_id")}
        or list_has_any({alike_name_keys("p.given_name", "p.family_name", "p.full_name", "p.birth_date")}, {LISTED.format(kind="name")}))
"""
# who they were under a key that is another's by now (identity/former_people.py)
_FORMER_KEYS = f"""
insert into restricted.erasing_records
select person_system, person_key, hash(person_system, person_key) from identity.former_people
where email_key in {VALUES.format(kind="email")} or phone_key in {VALUES.format(kind="phone")}
    or list_has_any({alike_name_keys("given_key", "family_key", "null::varchar", "birth_date")}, {LISTED.format(kind="name")})
"""
_PLACES = sql_script(__file__, "noted_places", records=RECORDS, is_said=_IS_SAID)
# names as they are written, to be found in lines that could not be read
_WRITTEN = f"""
insert into restricted.erasing_values
select distinct 'written', lower(trim(given_name)) || '|' || lower(trim(family_name)), false from (
    select given_name, family_name from conformed.conformed_people where (source_system, source_key) in {RECORDS}
    union select given_name, family_name from erasing_raw_people
) where trim(given_name) <> '' and trim(family_name) <> ''
"""


def prepare_noted(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_DDL)


def note_customers(con: duckdb.DuckDBPyConnection, customers: Sequence[str], journal: str) -> None:
    """Fills `<journal>_customers` and `<journal>_records`: the customers, the ids that lead to them, their records."""
    prepare_keys(con)
    con.execute(_CUSTOMERS.format(journal=journal), {"customers": list(customers)})
    con.execute(_RECORDS.format(journal=journal))


def count_noted(con: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """(customer ids, records) that are noted, but for a proof's."""
    prepare_noted(con)
    found = con.execute(
        f"select (select count(distinct customer_id) from restricted.erasing_customers where customer_id not in ({_PLANTED})), "
        f"(select count(*) from restricted.erasing_records where source_system <> {text(PLANTED)})"
    ).fetchall()
    return found[0]


def is_noted(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether anybody is to be erased, a proof's made-up person too."""
    prepare_noted(con)
    noted = " union all ".join(f"select 1 from restricted.{table}" for table in _JOURNAL)
    return bool(scalar(con, f"select count(*) from ({noted})"))


def forget_noted(con: duckdb.DuckDBPyConnection) -> None:
    for table in _JOURNAL:
        con.execute(f"delete from restricted.{table}")


def note_erasure(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    settings: Settings,
    customers: Sequence[str],
    suppression: SuppressionList | None,
    within: Callable[[], object] = lambda: None,
    kept: Kept | None = None,
    unresolved: Sequence[Unresolved] = (),
) -> int:
    """Notes who is to be erased and suppresses them: from here on it will be done, by this run or the next.

    `within` is done in the transaction that notes them, `kept` is told of it. Without a suppression list nobody is kept out.
    `unresolved` are no customers; with any, the temp table `unresolved_people` (named.py) is there.

    Returns the entries of the suppression list that are new.
    """
    prepare_noted(con)
    define_match_keys(con)
    home.erasure_mark.touch(0o600)
    with transaction(con):
        note_customers(con, customers, ERASING)
        _note_unresolved(con, unresolved)
        note_raw_people(con, settings, "erasing_raw_people", is_of)
        _note_contact_points(con, settings, unresolved)
        con.execute(_NAMES)
        con.execute(_PLACES)
        note_person_ids(con)
        part_shared_ids(con, settings)
        _note_gone_records(con, settings)
        con.execute(_WRITTEN)
        note_own_values(con, settings)
        part_shared_ids(con, settings)
        con.execute("drop table erasing_raw_people")
        within()
    if kept:
        kept.is_noted = True
    return suppress_noted(con, suppression) if suppression else 0


def suppress_noted(con: duckdb.DuckDBPyConnection, suppression: SuppressionList) -> int:
    """Puts whoever is noted on the suppression list. Returns the entries that are new."""
    prepare_noted(con)
    define_match_keys(con)
    found: list[tuple[Kind, str]] = [
        (kind, value)
        for kind, value in con.execute(
            "select distinct kind, value from restricted.erasing_values where not is_shared and kind in ('email', 'phone', 'name', 'own', 'person_id') "
            f"and not exists (from ({_PLANTED}) p where contains(value, p.source_key))"
        ).fetchall()
        if kind != "phone" or is_whole(value)
    ]
    records = con.execute(
        "select distinct source_system || ':' || unnest([source_key, match_keys.record_key(source_key)]) "
        f"from restricted.erasing_records where source_system <> {text(PLANTED)}"
    ).fetchall()
    return suppression.add([*found, *(("record", record) for (record,) in records)], "erasure")


def _note_gone_records(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    # nobody reads the number of a record that is gone when people are resolved
    numbers = f"select p.phone, p.country_code from conformed.conformed_people p where {_GONE_RECORDS}"
    read_phones_apart(con, numbers, settings.identity.default_country, "gone_phones")
    con.execute(_GONE)
    con.execute("drop table gone_phones")
    if has_table(con, "identity", "former_people"):
        con.execute(_FORMER_KEYS)


def _note_unresolved(con: duckdb.DuckDBPyConnection, unresolved: Sequence[Unresolved]) -> None:
    for system, key in sorted({record for one in unresolved for record in one.records}):
        con.execute("insert into restricted.erasing_records values ($1, $2, hash($1, $2))", [system, key])


def _note_contact_points(con: duckdb.DuckDBPyConnection, settings: Settings, unresolved: Sequence[Unresolved]) -> None:
    """By any reading of what was written: `a@x; b@y` is both, unless a record of somebody else names it too."""
    others = (
        "select email, phone, country_code from conformed.conformed_people "
        f"where deleted_at is null and (source_system, source_key) not in {RECORDS}"
    )
    said = ", ".join(text(point) for one in unresolved for point in one.points)
    points = [
        _POINTS,
        *(_SPOKEN.format(schema="conformed", table=f"conformed_{entity}") for entity in with_column("contact_point")),
        "select unnest(points), country_code from erasing_raw_people",
        f"select unnest([{said}]::varchar[]), null",
        *(sql for table, sql in _FORMER.items() if has_table(con, *table)),
    ]
    if unresolved:
        others += f" union all {others_named(RECORDS)}"
    read_points(con, settings.identity.default_country, " union ".join(points), others)
    con.execute("insert into restricted.erasing_values select kind, value, is_shared from points_and_sharing")
    con.execute("drop table points_and_sharing")
