"""Legal holds: people whose data may not be erased yet (Art. 17(3)), known by keyed hashes as on the suppression list.

Here: `restricted.legal_holds`, why and until when, and `restricted.legal_hold_keys`, whom. A hold keeps an erasure that is
asked for, and what retention would delete (held_rows.py). Not here: what becomes of the request (orchestration/run/erase.py,
requests.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table, scalar, transaction
from orchestration.match_keys import all_name_keys, define_match_keys
from orchestration.privacy.rights.subjects import OWNERS
from orchestration.privacy.secrets.pepper import Pepper

# the grounds of Art. 17(3), a to e; words of one's own could name somebody
Ground = Literal["expression", "legal-obligation", "public-health", "archiving", "legal-claims"]
_NOTE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_KEPT = timedelta(days=31)
_DDL = sql_script(__file__, "holds")
_HASHED = "'hold:' || kind || ':' || value"
_VALUES = """
create or replace temp table hold_values as
with wanted as (select distinct customer_id from owners where $customers is null or customer_id in (select unnest($customers::varchar[]))
    union select unnest($customers::varchar[])),
records as (select customer_id, source_system, source_key from owners join wanted using (customer_id)),
said as ({said}),
own as (select r.customer_id, s.kind, s.value from said s join records r using (source_system, source_key) where s.value is not null)
select customer_id, 'customer' as kind, customer_id as value from wanted
union select customer_id, 'customer', own_id from owners join wanted using (customer_id)
union select customer_id, 'customer', old_customer_id from identity.customer_id_redirects join wanted using (customer_id)
union select customer_id, 'record', source_system || ':' || source_key from records
-- what another customer has too is nobody's own: by it somebody else's erasure would be held
union select o.customer_id, o.kind, o.value from own o where not exists (
    select 1 from said s join owners w using (source_system, source_key)
    where s.kind = o.kind and s.value = o.value and w.customer_id <> o.customer_id)
"""
# in every reading, as an erasure finds them: what is deleted against a hold is gone
_SAID = f"""
select distinct source_system, source_key, kind, unnest(said) as value from (
    select source_system, source_key, unnest(['email', 'phone', 'name']) as kind, unnest([
        match_keys.email_readings(email), {{phone}}, {all_name_keys("given_name", "family_name", "full_name", "birth_date::varchar")}]) as said
    from conformed.conformed_people p {{numbers}}
)
"""


@dataclass(frozen=True)
class Hold:
    """Why somebody's data may not be erased yet, and until when. It names nobody."""

    hold_id: str
    ground: str
    note: str | None
    until_on: date
    placed_at: datetime
    placed_by: str

    def __str__(self) -> str:
        return f"{self.ground}{f' ({self.note})' if self.note else ''} until {self.until_on}"


def place_hold(
    con: duckdb.DuckDBPyConnection,
    pepper: Pepper,
    customer: str,
    ground: str,
    until: date,
    at: datetime,
    by: str,
    note: str = "",
) -> Hold:
    """Notes a hold on `customer` (today's id). `at` is UTC, naive. Raises KundbildError where ground, note or day are none."""
    _note_values(con, [customer])
    return place_hold_on_values(con, pepper, "select kind, value from hold_values", ground, until, at, by, note)


def place_hold_on_values(
    con: duckdb.DuckDBPyConnection,
    pepper: Pepper,
    values: str,
    ground: str,
    until: date,
    at: datetime,
    by: str,
    note: str = "",
) -> Hold:
    """The same on somebody who is not a customer, and is known by `values`, a query of (kind, value)."""
    if ground not in get_args(Ground):
        raise KundbildError(
            f"{ground!r} is not a ground of Art. 17(3)", to_do=f"say one of {', '.join(get_args(Ground))}"
        )
    if until <= at.date():
        raise KundbildError(f"a hold until {until} would be over", to_do="give a day to come")
    if note and not _NOTE.fullmatch(note):
        raise KundbildError(
            "the note is more than the name of a thing", to_do="give a case number, as case-2026-14; no person's name"
        )
    con.execute(_DDL)
    said = {"ground": ground, "note": note or None, "until": until, "at": at, "by": by}
    with transaction(con):
        hold = str(
            scalar(
                con,
                "insert into restricted.legal_holds (hold_id, ground, note, until_on, placed_at, placed_by) "
                "values (uuidv7()::varchar, $ground, $note, $until, $at, $by) returning hold_id",
                said,
            )
        )
        con.execute(
            f"insert into restricted.legal_hold_keys select $hold, kind, {pepper.hashed_sql(_HASHED)} from ({values})",
            {"hold": hold, **pepper.parameters()},
        )
    return Hold(hold, ground, note or None, until, at, by)


def holds(con: duckdb.DuckDBPyConnection, today: date) -> list[Hold]:
    """All, the newest first. Those that ended a while ago go, and their hashes with them."""
    con.execute(_DDL)
    with transaction(con):
        con.execute("delete from restricted.legal_holds where until_on < $1", [today - _KEPT])
        _forget_keys(con)
    return _noted(con)


def _noted(con: duckdb.DuckDBPyConnection) -> list[Hold]:
    rows = con.execute(
        "select hold_id, ground, note, until_on, placed_at, placed_by from restricted.legal_holds order by placed_at desc, hold_id"
    ).fetchall()
    return [Hold(*row) for row in rows]


def lift_hold(con: duckdb.DuckDBPyConnection, name: str) -> Hold:
    """Ends a hold, by its id or the end of one, and forgets whom it was on. Raises KundbildError where none or several are."""
    con.execute(_DDL)
    found = [hold for hold in holds(con, date.min + _KEPT) if len(name) >= 4 and hold.hold_id.endswith(name)]
    if len(found) != 1:
        said = "more than one hold is" if found else "no hold is"
        raise KundbildError(f"{said} named {name!r}", to_do="`kundbild hold list` lists them; give the whole id")
    with transaction(con):
        con.execute("delete from restricted.legal_holds where hold_id = $1", [found[0].hold_id])
        _forget_keys(con)
    return found[0]


def _forget_keys(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "delete from restricted.legal_hold_keys where hold_id not in (select hold_id from restricted.legal_holds)"
    )


def held(
    con: duckdb.DuckDBPyConnection, pepper: Pepper, customers: Sequence[str] | None, today: date
) -> dict[str, Hold]:
    """Of `customers` (today's ids; None: of everybody) those that are under a hold, each with the one that lasts longest."""
    con.execute(_DDL)
    standing = {hold.hold_id: hold for hold in holds(con, today) if hold.until_on >= today}
    if not standing or (customers is not None and not customers):
        return {}
    _note_values(con, customers)
    rows = con.execute(
        "select distinct v.customer_id, k.hold_id from restricted.legal_hold_keys k "
        f"join (select customer_id, kind, {pepper.hashed_sql(_HASHED)} as keyed_hash from hold_values) v using (kind, keyed_hash)",
        pepper.parameters(),
    ).fetchall()
    found: dict[str, Hold] = {}
    for customer, hold_id in sorted(
        rows, key=lambda row: standing[row[1]].until_on if row[1] in standing else date.min
    ):
        if hold_id in standing:
            found[customer] = standing[hold_id]
    return found


def holds_of(con: duckdb.DuckDBPyConnection, pepper: Pepper, customer: str, values: str, today: date) -> list[Hold]:
    """All that stand on a customer (today's id), or where that is empty on who is known by `values`, a query of (kind, value).

    It forgets none that ended: who exports a subject is in a transaction already.
    """
    con.execute(_DDL)
    if customer:
        _note_values(con, [customer])
        values = "select kind, value from hold_values"
    found = con.execute(
        f"select distinct hold_id from restricted.legal_hold_keys where (kind, keyed_hash) in (select (kind, {pepper.hashed_sql(_HASHED)}) from ({values}))",
        pepper.parameters(),
    ).fetchall()
    return [hold for hold in _noted(con) if hold.until_on >= today and (hold.hold_id,) in found]


def hold_on_values(con: duckdb.DuckDBPyConnection, pepper: Pepper, values: str, today: date) -> Hold | None:
    """The hold that lasts longest of those on somebody who is known by `values`, a query of (kind, value)."""
    of_them = holds_of(con, pepper, "", values, today)
    return max(of_them, key=lambda hold: hold.until_on, default=None)


def note_held_values(con: duckdb.DuckDBPyConnection, pepper: Pepper, values: str, today: date) -> None:
    """Makes the temp table `known_held` of those of `values`, a query of kind, value and more, by which somebody is under a hold."""
    con.execute(_DDL)
    standing = [hold.hold_id for hold in holds(con, today) if hold.until_on >= today]
    con.execute(
        f"create or replace temp table known_held as from ({values}) where (kind, {pepper.hashed_sql(_HASHED)}) in ("
        "select (kind, keyed_hash) from restricted.legal_hold_keys where list_contains($standing, hold_id))",
        {"standing": standing, **pepper.parameters()},
    )


def _note_values(con: duckdb.DuckDBPyConnection, customers: Sequence[str] | None) -> None:
    """Makes the temp table hold_values (customer_id, kind, value): what customers are known by, and nobody else is."""
    define_match_keys(con)
    con.execute(OWNERS)
    has_numbers = has_table(con, "identity", "phone_numbers")
    numbers = (
        "left join identity.phone_numbers n on n.phone = p.phone and n.country_code = coalesce(match_keys.country_code(p.country_code), '')"
        if has_numbers
        else ""
    )
    said = _SAID.format(
        phone="list_append(n.readings, n.phone_key)" if has_numbers else "[]::varchar[]", numbers=numbers
    )
    con.execute(_VALUES.format(said=said), {"customers": None if customers is None else list(customers)})
