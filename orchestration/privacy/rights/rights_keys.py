"""Objections, restrictions and corrections outlive the keys of the systems: whoever has the address, number, or name with
birth date of the person who asked is treated alike, on whatever record they stand by now, in any reading of what is
written there, as the suppression list knows people. A correction goes by certain readings alone.

Here: `restricted.rights_keys`, keyed hashes by request, and what follows from them. Not here: noting a request (requests.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import duckdb

from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import drop_tables, has_table, scalar, text, transaction
from orchestration.match_keys import alike_name_keys, define_match_keys, name_key
from orchestration.match_keys.person_ids import PEOPLE, person_id_key, person_id_spellings
from orchestration.match_keys.phones import read_phones_apart
from orchestration.privacy.intake.raw_people import Unresolved
from orchestration.privacy.rights.corrections import CORRECTABLE, correctable
from orchestration.privacy.rights.requests import prepare_requests
from orchestration.privacy.secrets.pepper import Pepper

_DDL = sql_script(__file__, "rights_keys")
# every row of a request, by the record that it was noted with
_NOTED = """
select source_system, source_key, request_id, 'objection' as what from identity.objections
union all select source_system, source_key, request_id, 'restriction' from identity.restrictions
union all select source_system, source_key, request_id, 'correction' from identity.corrections
"""
_BORN = "p.birth_date::varchar"
_NAME = name_key("p.given_name", "p.family_name", _BORN)
_NAMES = alike_name_keys("p.given_name", "p.family_name", "p.full_name", _BORN)
_KEYED = f"""
select p.source_system, p.source_key, p.deleted_at, match_keys.email_key(p.email) as email_key, match_keys.email_readings(p.email) as emails,
    n.phone_key, n.readings, {_NAME} as name, {_NAMES} as names, {{ids}} as person_ids
from {{people}} p left join identity.phone_numbers n on n.phone = p.phone and n.country_code = coalesce(match_keys.country_code(p.country_code), '')
"""
# whatever a person is known by, and whether it is certain
_VALUES = """
select source_system, source_key, deleted_at, kind, value, bool_or(is_certain) as is_certain from (
    select source_system, source_key, deleted_at, kind, is_certain, unnest(said) as value from (
        select source_system, source_key, deleted_at, unnest(['email', 'phone', 'name']) as kind,
            unnest([[email_key], [phone_key], [name]]) as said, true as is_certain from {keyed}
        union all select source_system, source_key, deleted_at, unnest(['email', 'phone', 'name', 'person_id']),
            unnest([emails, readings, names, person_ids]), false from {keyed}
    )
) where value is not null group by all
"""
# of records whose request has no keys of that yet. Where somebody else has the value too, nothing of theirs is hidden or
# corrected by it; an objection is by it all the same: in doubt the answer is no. But not by an id of a system: whom it could
# make one person has been asked already
_FRESH_KEYS = f"""
create or replace temp table fresh_keys as
with keyed as materialized ({_KEYED.format(people=PEOPLE, ids=f"[{person_id_key('p.person_id', 'p.source_system')}]")}),
noted as (select distinct source_system, source_key, request_id, what from ({_NOTED})),
said as materialized ({_VALUES.format(keyed="keyed")}),
own as (
    select n.request_id, n.what, s.kind, s.value from noted n join said s using (source_system, source_key)
    where (s.is_certain or n.what <> 'correction') and not exists (
        select 1 from restricted.rights_keys k where k.request_id = n.request_id and coalesce(k.what, n.what) = n.what)
),
others as (
    select o.request_id, o.what, o.kind, o.value from own o join said s using (kind, value)
    anti join noted n on n.request_id = o.request_id and n.source_system = s.source_system and n.source_key = s.source_key
    where s.deleted_at is null and (o.what <> 'objection' or o.kind = 'person_id')
        and not exists (
            select 1 from identity.customer_source_records a join identity.customer_source_records b using (customer_id)
            join noted m on m.source_system = b.source_system and m.source_key = b.source_key and m.request_id = o.request_id
            where a.source_system = s.source_system and a.source_key = s.source_key and a.valid_to is null and b.valid_to is null
        )
)
select distinct o.request_id, o.what, o.kind, o.value from own o
anti join others x on x.request_id = o.request_id and x.what = o.what and x.kind = o.kind and x.value = o.value
"""
_FORGET = f"""
delete from restricted.rights_keys k where not exists (
    select 1 from ({_NOTED}) n where n.request_id = k.request_id and coalesce(k.what, n.what) = n.what)
"""
# people who are others than when they were compared, or were compared with other keys
_TO_COMPARE = """
create or replace temp table to_compare as
select p.*, hash(p.source_system, p.source_key, p.email, p.phone, p.country_code, p.given_name, p.family_name, p.full_name, p.birth_date, p.person_id, {keys}) as digest
from {people} p where p.deleted_at is null
"""
_OBJECT = """
insert into identity.objections by name
select distinct m.source_system, m.source_key, o.stated_at, o.request_id, o.purpose, o.channel
from known_by m join identity.objections o on o.request_id = m.request_id and coalesce(m.what, 'objection') = 'objection'
anti join identity.objections t on t.request_id = o.request_id and t.source_system = m.source_system and t.source_key = m.source_key
    and t.purpose is not distinct from o.purpose and t.channel is not distinct from o.channel
"""
_RESTRICT = """
insert into identity.restrictions by name
select distinct m.source_system, m.source_key, r.since, r.request_id
from known_by m join identity.restrictions r on r.request_id = m.request_id and coalesce(m.what, 'restriction') = 'restriction'
anti join identity.restrictions t on t.request_id = r.request_id and t.source_system = m.source_system and t.source_key = m.source_key
"""
_CORRECT = """
insert or ignore into identity.corrections by name
select distinct on (m.source_system, m.source_key, c.field) m.source_system, m.source_key, c.field, c.value, c.corrected_at, c.request_id, c.earlier
from known_by m join identity.corrections c on c.request_id = m.request_id and coalesce(m.what, 'correction') = 'correction' and m.is_certain order by c.corrected_at desc
"""


# as `correct` does, of a record that no customer has
_CORRECT_RECORD = """
insert or replace into identity.corrections by name
select $system as source_system, $key as source_key, $field as field, $value as value, $at as corrected_at, $request as request_id,
    case when c.field is not null then list_append(coalesce(c.earlier, []), struct_pack(value := c.value, corrected_at := c.corrected_at)) end as earlier
from (select 1) left join identity.corrections c on c.source_system = $system and c.source_key = $key and c.field = $field
"""
# what was asked for by somebody of whom there is no record: a record of our own stands for an address or number, as its hash
STAND_IN = "kundbild"


def restrict_unresolved(
    con: duckdb.DuckDBPyConnection, pepper: Pepper, whom: Unresolved, at: datetime, request: str
) -> int:
    """Notes a restriction of the noted subject (subject_keys.py), who is not a customer: of each record, and of whoever has their
    address, number or name. `at` is UTC, naive. Returns the records."""
    con.executemany("insert into identity.restrictions values (?, ?, ?, ?)", [[*record, at, request] for record in _stand_ins(con, pepper, whom)])  # fmt: skip
    _key_unresolved(con, pepper, request, "restriction")
    return len(whom.records)


def free_unresolved(con: duckdb.DuckDBPyConnection, pepper: Pepper, whom: Unresolved) -> int:
    """Lifts it. Returns the records."""
    for record in {*_stand_ins(con, pepper, whom), *_stand_ins(con, pepper, Unresolved())}:
        con.execute("delete from identity.restrictions where source_system = ? and source_key = ?", record)
    return len(whom.records)


def object_unresolved(
    con: duckdb.DuckDBPyConnection, pepper: Pepper, whom: Unresolved, at: datetime, request: str, purpose: str, channel: str
) -> int:  # fmt: skip
    """Notes an objection, or a withdrawal, of the noted subject, who is not a customer. Returns the records."""
    con.executemany(
        "insert into identity.objections by name select ? as source_system, ? as source_key, ? as stated_at, ? as request_id, ? as purpose, ? as channel",
        [[*record, at, request, purpose, channel] for record in _stand_ins(con, pepper, whom)],
    )
    _key_unresolved(con, pepper, request, "objection")
    return len(whom.records)


def correct_unresolved(
    con: duckdb.DuckDBPyConnection,
    pepper: Pepper,
    country: str,
    whom: Unresolved,
    values: Mapping[str, str | None],
    at: datetime,
    request: str,
) -> int:
    """Notes a correction (Art. 16) of the noted subject, who is not a customer: of each record, for when it can be read, and of
    whoever certainly has their address, number or name. `country` is that of numbers without one. Returns the values.

    Raises KundbildError as `correct` does.
    """
    values = correctable(con, whom.handle, values)
    said = [
        {"system": system, "key": key, "field": field, "value": value, "at": at, "request": request}
        for system, key in _stand_ins(con, pepper, whom)
        for field, value in values.items()
    ]
    for one in said:
        con.execute(_CORRECT_RECORD, one)
    _note_certain(con, country, whom)
    _key_unresolved(con, pepper, request, "correction", "subject_keys semi join certain_keys using (kind, value)")
    con.execute("drop table certain_keys")
    return len(said)


def _note_certain(con: duckdb.DuckDBPyConnection, country: str, whom: Unresolved) -> None:
    """Makes the temp table `certain_keys` (kind, value) of the noted subject: of what is written, what it certainly is."""
    points = f"select unnest(points) as point, country_code from subject_raw_people union select unnest({list(whom.points)}::varchar[]), null"
    read_phones_apart(con, f"select point as phone, country_code from ({points})", country, "certain_phones")
    con.execute(
        f"create or replace temp table certain_keys as select 'email' as kind, match_keys.email_key(point) as value from ({points}) "
        "union select 'phone', phone_key from certain_phones "
        f"union select 'name', {_NAME} from subject_raw_people p"
    )
    con.execute("drop table certain_phones")


def forget_stand_ins(con: duckdb.DuckDBPyConnection, pepper: Pepper, values: str) -> None:
    """Deletes what stands for addresses and numbers, `values` a query of (kind, value): their people are erased."""
    hashes = f"select {_hashed(pepper)} from ({values})"
    for table in ("objections", "restrictions", "corrections"):
        con.execute(
            f"delete from identity.{table} where source_system = {text(STAND_IN)} and source_key in ({hashes})",
            pepper.parameters(),
        )


def _stand_ins(con: duckdb.DuckDBPyConnection, pepper: Pepper, whom: Unresolved) -> list[tuple[str, str]]:
    """Their records, and where there is none what stands for their addresses and numbers."""
    points = f"select distinct {text(STAND_IN)}, {_hashed(pepper)} from subject_keys where kind in ('email', 'phone') order by all"
    return list(whom.records) or con.execute(points, pepper.parameters()).fetchall()


def _key_unresolved(
    con: duckdb.DuckDBPyConnection,
    pepper: Pepper,
    request: str,
    what: Literal["objection", "restriction", "correction"],
    keys: str = "subject_keys",
) -> None:
    con.execute(_DDL)
    con.execute(
        f"insert into restricted.rights_keys by name select distinct $request as request_id, {text(what)} as what, kind, {_hashed(pepper)} as keyed_hash "
        f"from {keys} where kind in ('email', 'phone', 'name', 'person_id')",
        {"request": request, **pepper.parameters()},
    )


def key_rights(con: duckdb.DuckDBPyConnection, pepper: Pepper) -> None:
    """Keys what was asked for since the last night by the people of that night, before this one changes them: by tonight a
    source may know them under other keys, or no more. Does nothing before a first night."""
    needed = (("conformed", "conformed_people"), ("identity", "phone_numbers"), ("identity", "customer_source_records"))
    if not all(has_table(con, *table) for table in needed):
        return
    prepare_requests(con)
    con.execute(_DDL)
    if scalar(con, f"select count(*) from ({_NOTED})"):
        define_match_keys(con)
        with transaction(con):
            _add_keys(con, pepper)


def _add_keys(con: duckdb.DuckDBPyConnection, pepper: Pepper) -> None:
    con.execute(_FRESH_KEYS)
    con.execute(
        f"insert into restricted.rights_keys by name select request_id, what, kind, {_hashed(pepper)} as keyed_hash from fresh_keys",
        pepper.parameters(),
    )
    con.execute("drop table fresh_keys")


def _hashed(pepper: Pepper) -> str:
    return pepper.hashed_sql("'right:' || kind || ':' || value")


def apply_known_rights(con: duckdb.DuckDBPyConnection, pepper: Pepper) -> int:
    """Notes what was asked for with every record that has the person's address, number, or name with birth date, and puts
    corrections in. Needs `identity.phone_numbers` of tonight's people. Returns the rows that were noted.
    """
    prepare_requests(con)
    con.execute(_DDL)
    if not scalar(con, f"select count(*) from ({_NOTED})"):
        con.execute("delete from restricted.rights_keys")
        return 0
    define_match_keys(con)
    with transaction(con):
        con.execute(_FORGET)
        _add_keys(con, pepper)
        keys = scalar(
            con, "select coalesce(bit_xor(hash(request_id, what, kind, keyed_hash)), 0) from restricted.rights_keys"
        )
        con.execute(_TO_COMPARE.format(keys=keys, people=PEOPLE))
        # hashes of an earlier version were made of the id as it is written
        spelled = person_id_spellings("p.person_id", "p.source_system")
        fresh = "(select * from to_compare anti join restricted.rights_compared using (digest))"
        con.execute(f"create or replace temp table keyed as {_KEYED.format(people=fresh, ids=spelled)}")
        con.execute(
            "create or replace temp table known_by as select v.source_system, v.source_key, k.request_id, k.what, bool_or(v.is_certain) as is_certain "
            f"from (select *, {_hashed(pepper)} as keyed_hash from ({_VALUES.format(keyed='keyed')})) v "
            "join restricted.rights_keys k using (kind, keyed_hash) group by all",
            pepper.parameters(),
        )
        rows = sum(int(scalar(con, statement)) for statement in (_OBJECT, _RESTRICT, _CORRECT))
        con.execute("create or replace table restricted.rights_compared as select digest from to_compare")
        if rows:
            for field in CORRECTABLE:
                value = "try_cast(c.value as date)" if field == "birth_date" else "c.value"
                con.execute(
                    f"update conformed.conformed_people as p set {field} = {value} from identity.corrections c "
                    f"where c.field = {text(field)} and c.source_system = p.source_system and c.source_key = p.source_key"
                )
    drop_tables(con, "to_compare", "keyed", "known_by")
    return rows
