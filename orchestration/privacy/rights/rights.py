"""Requests by which people use their rights: whom they are about, until when, and what became of them.

Here: noting a request in `restricted.rights_requests`, which names nobody, and who is meant by an id, an address or a record.
Not here: erasing (erasure.py), reading that register (register.py), requests that a source delivers (orchestration/run/requests.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table, scalar
from orchestration.match_keys import define_match_keys
from orchestration.privacy.intake.spelled_numbers import numbers_asked
from orchestration.privacy.intake.suppressor import Suppressor
from orchestration.privacy.intake.withdrawals import LEDGER, prepare_withdrawals
from orchestration.privacy.rights.by_number import customers_by_number
from orchestration.privacy.rights.corrections import checked_values

Right = Literal["erase", "export", "restrict", "rectify", "object", "withdraw"]
# held: a person has to decide whom it is about · unknown: about nobody here, who asked is to be told so · open: begun, the next run finishes it ·
# unchecked: nobody has made sure yet that it comes from whom it says · invalid: it asks for nothing that can be done ·
# waiting: for a second person · received: before anybody was a customer, the next night takes it up · refused, withdrawn: closed by hand, by us or by who asked
State = Literal[
    "open", "held", "unknown", "done", "unchecked", "invalid", "waiting", "received", "refused", "withdrawn"
]
# a request in one of these has its end
CLOSED = ("done", "refused", "withdrawn")
# no night looks at these again: whoever comes to have an address later is not who asked then
SETTLED = (*CLOSED, "unknown")
_DDL = sql_script(__file__, "rights")
# what of a person may be corrected: the columns of conformed people that say who they are and where
CORRECTABLE = (
    "full_name", "given_name", "family_name", "email", "phone", "birth_date", "gender", "street", "postal_code", "city", "country_code",
)  # fmt: skip
# of `theirs` (source_system, source_key); what one request says of a record is noted once
_OBJECT = """
insert into identity.objections by name
with theirs as ({theirs})
select source_system, source_key, $at as stated_at, $request as request_id, $purpose as purpose, $channel as channel from theirs t
where not exists (
    select 1 from identity.objections o where o.request_id = $request and o.source_system = t.source_system
        and o.source_key = t.source_key and o.purpose = $purpose and o.channel = $channel)
"""
# the customer's records, of today and those that were last theirs: what is gone at its source may come again
_OF_CUSTOMER = """
select source_system, source_key from (
    from identity.customer_source_records
    where (source_system, source_key) in (select (source_system, source_key) from identity.customer_source_records where customer_id in ({ids}))
    qualify row_number() over (partition by source_system, source_key order by valid_to is null desc, valid_from desc, valid_to desc) = 1
) where customer_id in ({ids})
""".format(
    ids="select $customer union all select old_customer_id from identity.customer_id_redirects where customer_id = $customer"
)
_RESTRICT = f"insert into identity.restrictions select source_system, source_key, $at, $request from ({_OF_CUSTOMER})"
_FREE = f"delete from identity.restrictions where (source_system, source_key) in (select (source_system, source_key) from ({_OF_CUSTOMER}))"
_FREE_NOBODYS = """
delete from identity.restrictions where request_id = $request
    and (source_system, source_key) not in (select (source_system, source_key) from identity.customer_source_records)
"""
_WAITS = f"""
select count(*) from identity.restrictions r join restricted.rights_requests q using (request_id)
join ({_OF_CUSTOMER}) s using (source_system, source_key) where q.state = 'waiting'
"""
# in the records that say something else; where none says anything, in all. What was said before of the field is kept: since
# then nobody was to be written to by what it replaced
_CORRECT = """
insert or replace into identity.corrections by name
with theirs as (
    select p.source_system, p.source_key, p.{field}::varchar as value from conformed.conformed_people p
    join identity.customer_source_records s on s.source_system = p.source_system and s.source_key = p.source_key and s.valid_to is null
    where s.customer_id = $customer
)
select t.source_system, t.source_key, $field as field, $value as value, $at as corrected_at, $request as request_id,
    case when c.field is not null then list_append(coalesce(c.earlier, []), struct_pack(value := c.value, corrected_at := c.corrected_at)) end as earlier
from theirs t left join identity.corrections c on c.source_system = t.source_system and c.source_key = t.source_key and c.field = $field
where t.value is not null or (select count(value) from theirs) = 0
"""
# Art. 12(3): one month after receipt
_DUE = "($received::timestamp + interval 1 month)::date"
# every record with the customer that has it, or had it last, by the id then and by today's
OWNERS = """
create or replace temp table owners as
select l.source_system, l.source_key, l.customer_id as own_id, coalesce(r.customer_id, l.customer_id) as customer_id from (
    from identity.customer_source_records
    qualify row_number() over (partition by source_system, source_key order by valid_to is null desc, valid_from desc, valid_to desc) = 1
) l left join identity.customer_id_redirects r on r.old_customer_id = l.customer_id
"""
_FOUND = """
select a.place, o.customer_id from asked a join owners o on o.own_id = a.customer
union select a.place, o.customer_id from asked a join owners o on o.customer_id = a.customer
-- an id whose records are all another customer's by now
union select a.place, o.customer_id from asked a join identity.customer_id_redirects r on r.old_customer_id = a.customer
    join owners o on o.customer_id = r.customer_id
union select a.place, o.customer_id from asked a join owners o on o.source_system = a.source_system and o.source_key = a.source_key
-- any address that a field may name: of a field with several, each
union select a.place, o.customer_id from (select place, unnest(match_keys.email_readings(email)) as reading from asked) a
    join (select source_system, source_key, unnest(match_keys.email_readings(email)) as reading from conformed.conformed_people) p using (reading)
    join owners o on o.source_system = p.source_system and o.source_key = p.source_key
union select a.place, o.customer_id from (select place, unnest(match_keys.email_readings(email)) as reading from asked) a
    join (select person_system, person_key, unnest(match_keys.email_readings(contact_point)) as reading from conformed.conformed_consent_events) e
        using (reading)
    join owners o on o.source_system = e.person_system and o.source_key = e.person_key
order by all
"""
# of records that nobody has so written: in another spelling (dbt: identity.heirs)
_SPELLED = """
select a.place, o.customer_id from asked a
join owners o on lower(o.source_system) = lower(match_keys.plain(a.source_system)) and match_keys.record_key(o.source_key) = match_keys.record_key(a.source_key)
where list_contains($places, a.place) order by all
"""
# how the command line says whom a request is about
WAYS = "--customer ID, --email ADDRESS, --phone NUMBER or --source-record system:key"


@dataclass(frozen=True)
class Subject:
    """Whom a request is about, in one of four ways of saying it."""

    customer: str | None = None
    email: str | None = None
    source_record: str | None = None
    phone: str | None = None

    def __post_init__(self) -> None:
        if sum(value is not None for value in (self.customer, self.email, self.source_record, self.phone)) != 1:
            raise KundbildError("name the person it is about, in one way", to_do=f"give {WAYS}")

    @property
    def said(self) -> str:
        """What the audit log hashes: who knows it finds the entries again."""
        return self.customer or self.email or self.source_record or self.phone or ""


def prepare_requests(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_DDL)


def customers_of(con: duckdb.DuckDBPyConnection, subjects: Sequence[Subject]) -> list[list[str]]:
    """Of each subject the customers that it names: today's, or who had the record last. Raises KundbildError before the
    first night, and where a source record is none."""
    if not has_table(con, "identity", "customer_source_records"):
        raise KundbildError("no night has made customers yet", to_do="`kundbild run`")
    define_match_keys(con)
    con.execute(OWNERS)
    con.execute(
        "create or replace temp table asked (place bigint, customer varchar, email varchar, source_system varchar, source_key varchar)"
    )
    rows = [
        [place, s.customer, s.email, *(record_of(s.source_record) if s.source_record else (None, None))]
        for place, s in enumerate(subjects)
    ]
    con.executemany("insert into asked values (?, ?, ?, ?, ?)", rows) if rows else None
    found: list[list[str]] = [[] for _ in subjects]
    for place, customer in con.execute(_FOUND).fetchall():
        found[place].append(customer)
    left = [place for place, subject in enumerate(subjects) if subject.source_record and not found[place]]
    for place, customer in con.execute(_SPELLED, {"places": left}).fetchall() if left else []:
        found[place].append(customer)
    for place, subject in enumerate(subjects):
        if subject.phone is not None:
            found[place] = customers_by_number(con, subject.phone)
    return found


def record_of(written: str) -> tuple[str, str]:
    """(system, key) of a source record as it is said. Raises KundbildError where it is none."""
    system, _, key = (part.strip() for part in written.partition(":"))
    if not (system and key):
        raise KundbildError(f"{written!r} names no source record", to_do="write system:key, as in crm:1042")
    return system, key


def state_of(customers: Sequence[str]) -> State:
    """What becomes of a request about whoever was found."""
    return "done" if len(customers) == 1 else "held" if customers else "unknown"


def suppressed_customers(con: duckdb.DuckDBPyConnection, suppressor: Suppressor) -> list[str]:
    """Customers who are on the suppression list by any of their records: they came back with a backup."""
    there = has_table(con, "conformed", "conformed_people") and has_table(con, "identity", "customer_source_records")
    if not there or not suppressor.find_people(con):
        return []
    con.execute(OWNERS)
    known = (
        "select distinct o.customer_id from owners o join known_again k using (source_system, source_key) order by 1"
    )
    return [customer for (customer,) in con.execute(known).fetchall()]


def note_request(
    con: duckdb.DuckDBPyConnection,
    kind: str,
    subject: str,
    received: datetime,
    state: State,
    *,
    reference: str | None = None,
    closed: datetime | None = None,
    asked_by: str | None = None,
) -> str:
    """Notes a request, or what became of the one that its source calls `reference`. Returns its id.

    `subject` is a keyed hash, `received` UTC, naive; it is closed as it is received unless `closed` says when.
    """
    prepare_requests(con)
    ended = (closed or received) if state in CLOSED else None
    said = {"kind": kind, "subject": subject, "state": state, "closed": ended, "asked_by": asked_by}
    if reference and scalar(con, "select count(*) from restricted.rights_requests where reference = $1", [reference]):
        return str(
            scalar(
                con,
                "update restricted.rights_requests set kind = $kind, subject = $subject, state = $state, closed_at = $closed, asked_by = $asked_by "
                "where reference = $reference returning request_id",
                {**said, "reference": reference},
            )
        )
    return str(
        scalar(
            con,
            "insert into restricted.rights_requests (request_id, kind, received_at, due_on, subject, state, closed_at, reference, asked_by) "
            f"values (uuidv7()::varchar, $kind, $received, {_DUE}, $subject, $state, $closed, $reference, $asked_by) returning request_id",
            {**said, "received": received, "reference": reference},
        )
    )


def object_to_marketing(
    con: duckdb.DuckDBPyConnection, customer: str, at: datetime, request: str, purpose: str = "direct_marketing"
) -> int:
    """Notes an objection (Art. 21) with each of the customer's records, so that it stands through merges and splits: to all
    direct marketing, or to one purpose alone, as profiling.

    `at` is UTC, naive. Returns the records.
    """
    return withdraw(con, customer, at, request, purpose, "all")


def withdraw(
    con: duckdb.DuckDBPyConnection, customer: str, at: datetime, request: str, purpose: str, channel: str
) -> int:
    """Notes a withdrawal of consent with each of the customer's records; `all` is any purpose or channel. Returns them."""
    said = {"customer": customer, "at": at, "request": request, "purpose": purpose, "channel": channel}
    return int(scalar(con, _OBJECT.format(theirs=_OF_CUSTOMER), said))


def withdraw_point(
    con: duckdb.DuckDBPyConnection, point: str, at: datetime, request: str, purpose: str, channel: str
) -> None:
    """Notes that somebody withdrew by an address or a number: whoever has it, or will have it, is denied (withdrawals.py)."""
    prepare_withdrawals(con)
    con.execute(
        f"insert into {LEDGER} by name select 'requests' as entity, 'kundbild' as source_system, false as is_zoneless, $request as source_key, "
        "$point as contact_point, $purpose as purpose, $channel as channel, $at as stated_at, true as is_certain, 0 as load_id "
        f"where not exists (select 1 from {LEDGER} w where w.entity = 'requests' and w.source_key = $request and w.contact_point = $point "
        "and w.purpose = $purpose and w.channel = $channel)",
        {"request": request, "point": point, "purpose": purpose, "channel": channel, "at": at},
    )


def withdraw_record(
    con: duckdb.DuckDBPyConnection, record: str, at: datetime, request: str, purpose: str, channel: str
) -> None:
    """Notes that whoever has a record (system:key), or will have it, withdrew."""
    system, key = record_of(record)
    said = {"system": system, "key": key, "at": at, "request": request, "purpose": purpose, "channel": channel}
    con.execute(_OBJECT.format(theirs="select $system as source_system, $key as source_key"), said)


def withdraw_by(
    con: duckdb.DuckDBPyConnection, subject: Subject, at: datetime, request: str, purpose: str, channel: str
) -> None:
    """Notes that whoever has the subject's address, number or record, or will have it, withdrew; of a customer's id nothing."""
    if subject.email:
        withdraw_point(con, subject.email, at, request, purpose, channel)
    if subject.phone:
        # as what it may be here: the country of numbers without one may be another some day
        for number in numbers_asked(con, subject.phone):
            withdraw_point(con, number, at, request, purpose, channel)
    if subject.source_record:
        withdraw_record(con, subject.source_record, at, request, purpose, channel)


def withdraw_restricted(con: duckdb.DuckDBPyConnection, at: datetime, request: str) -> None:
    """Notes of every record that a request restricts that its owner withdrew from all: who asks to be erased objects too."""
    theirs = "select distinct source_system, source_key from identity.restrictions where request_id = $request"
    con.execute(_OBJECT.format(theirs=theirs), {"at": at, "request": request, "purpose": "all", "channel": "all"})


def restrict(con: duckdb.DuckDBPyConnection, customer: str, at: datetime, request: str) -> int:
    """Notes a restriction (Art. 18) with each of the customer's records. `at` is UTC, naive. Returns the records."""
    return int(scalar(con, _RESTRICT, {"customer": customer, "at": at, "request": request}))


def free(con: duckdb.DuckDBPyConnection, customer: str, at: datetime, request: str) -> int:
    """Lifts a customer's restriction. Returns the records. Raises KundbildError where it is an erasure's that waits."""
    if scalar(con, _WAITS, {"customer": customer}):
        raise KundbildError(
            "an erasure of them waits for a second person", to_do="`kundbild confirm REQUEST --refuse` lifts it too"
        )
    noted = (
        f"select distinct request_id from identity.restrictions join ({_OF_CUSTOMER}) using (source_system, source_key)"
    )
    noted_by = con.execute(noted, {"customer": customer}).fetchall()
    freed = int(scalar(con, _FREE, {"customer": customer}))
    # asked for before they were a customer: by that it would come again
    for (one,) in noted_by:
        con.execute(_FREE_NOBODYS, {"request": one})
    return freed


def correct(
    con: duckdb.DuckDBPyConnection, customer: str, values: Mapping[str, str | None], at: datetime, request: str
) -> int:
    """Notes a correction (Art. 16), field by field, of the customer's records: each night puts it in again, whatever the
    source says. `at` is UTC, naive. Returns the values that are corrected. Raises KundbildError where a field or value is none.
    """
    values = correctable(con, customer, values)
    return sum(
        int(
            scalar(
                con,
                _CORRECT.format(field=field),
                {"customer": customer, "field": field, "value": value, "at": at, "request": request},
            )
        )
        for field, value in values.items()
    )


def correctable(
    con: duckdb.DuckDBPyConnection, customer: str, values: Mapping[str, str | None]
) -> dict[str, str | None]:
    """The values as they are stored. Raises KundbildError, without the value, where a field or value is none."""
    for field in values:
        if field not in CORRECTABLE:
            raise KundbildError(f"{field!r} cannot be corrected", to_do=f"fields are {', '.join(CORRECTABLE)}")
    return checked_values(con, customer, values)


def begun_restrictions(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Customers whose data are restricted, where a restriction was noted and not carried through, as by a killed command."""
    prepare_requests(con)
    if not scalar(con, "select count(*) from restricted.rights_requests where kind = 'restrict' and state = 'open'"):
        return []
    whose = (
        "select distinct s.customer_id from identity.customer_source_records s join identity.restrictions r "
        "using (source_system, source_key) where s.valid_to is null order by 1"
    )
    return [customer for (customer,) in con.execute(whose).fetchall()]


def close_requests(con: duckdb.DuckDBPyConnection, kind: Right, moment: datetime) -> None:
    """What was begun is done."""
    prepare_requests(con)
    con.execute(
        "update restricted.rights_requests set state = 'done', closed_at = $moment where kind = $kind and state = 'open'",
        {"kind": kind, "moment": moment},
    )
