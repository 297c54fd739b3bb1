"""Records whose key was given to somebody else: who had it before, and what they refused.

A system that numbers its contacts anew writes one person over another: what the former one refused under that key stays theirs.
Here: `identity.former_people`, one row per person who had a record's key before it was another's, with a key of their own, and their
withdrawals under that key in the ledger. Not here: for whom these stand by now (contact_points.py: `identity.heirs`).
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from orchestration.core.clock import now
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import transaction
from orchestration.privacy.intake.withdrawals import LEDGER

_DDL = sql_script(__file__, "former_people")
_COLUMNS = "given_key, family_key, birth_date, email_key, phone_key, country_code"
_OF_REPLACED = f"r.source_system as person_system, 'former-' || r.record_id || '-' || r.source_hash as person_key, r.source_key as record_key, {', '.join(f'r.{c}' for c in _COLUMNS.split(', '))}"


def _agree(name: str) -> str:
    """SQL: whether two forms of a name have a word in common, or a word and its initial; null where either is missing."""
    words = [f"string_split({record}.{name}, ' ')" for record in ("o", "n")]
    initial = f"least(length(o.{name}), length(n.{name})) = 1 and left(o.{name}, 1) = left(n.{name}, 1)"
    return f"(list_has_any({', '.join(words)}) or {initial})"


# a person o whose record is n by now. A married name, a new address or a corrected spelling leaves the person; what leaves
# it open is another person: their refusals then stand for whoever has what they had
_IS_SAME = f"""coalesce(o.birth_date = n.birth_date, true) and coalesce({_agree("given_key")}, true) and coalesce(
    {_agree("given_key")} and {_agree("family_key")} or o.birth_date = n.birth_date and ({_agree("given_key")} or {_agree("family_key")})
    or o.birth_date = n.birth_date and o.given_key is null and o.family_key is null
    or o.email_key = n.email_key or o.phone_key = n.phone_key, false)"""
_RETURNED = sql_script(__file__, "former_people_returned", is_same=_IS_SAME)
_LEFT = f"""
create or replace temp table leaving_people as
select {_OF_REPLACED}, n.record_id is not null as is_changed from replaced_people r
left join identity.normalised_people n using (record_id)
where coalesce(r.email_key, r.phone_key, r.given_key, r.family_key) is not null
"""
_NOTE = sql_script(__file__, "former_people_note", is_same=_IS_SAME, columns=_COLUMNS)
# what is in the ledger when the change is seen is the former person's, or may be; of what comes later, what was said before.
# It names no contact point: who has that is denied by the withdrawal itself
_COPY = f"""
insert into {LEDGER} (entity, source_system, source_key, person_system, person_key, purpose, channel, stated_at, is_certain, load_id, is_zoneless, was_tied, is_over)
select distinct l.entity, l.source_system, l.source_key, f.person_system, f.person_key, l.purpose, l.channel, l.stated_at, l.is_certain,
    l.load_id, l.is_zoneless, true, l.is_over
from {LEDGER} l join identity.former_people f
    on lower(match_keys.plain(l.person_system)) = lower(f.person_system) and match_keys.record_key(l.person_key) = match_keys.record_key(f.record_key)
where f.changed_at is not null and (not f.is_copied or l.stated_at <= f.changed_at) and not exists (
    select 1 from {LEDGER} c where c.person_system = f.person_system and c.person_key = f.person_key and c.entity = l.entity
        and c.source_system = l.source_system and c.source_key is not distinct from l.source_key and c.purpose = l.purpose
        and c.channel = l.channel and c.stated_at = l.stated_at)
"""
# with all that the record was seen with until then
_HELD = """
insert into identity.held_points
select f.person_system, f.person_key, h.token from identity.former_people f
join identity.held_points h on h.person_system = f.person_system and h.person_key = f.record_key
where f.changed_at is not null and not f.is_copied
union
select person_system, person_key, unnest(list_filter([email_key, phone_key], lambda token: token is not null)) from identity.former_people
where changed_at is not null and not is_copied
"""
_COPIED = "update identity.former_people set is_copied = true where changed_at is not null"
# while the record that they had is kept, or somebody who may be them
_FORGET = """
delete from identity.former_people f
where not exists (select 1 from conformed.conformed_people p where p.source_system = f.person_system and p.source_key = f.record_key)
    and not exists (select 1 from identity.heirs h where h.gone_system = f.person_system and h.gone_key = f.person_key)
"""


def prepare_former_people(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_DDL)


def note_former_people(con: duckdb.DuckDBPyConnection) -> None:
    """Notes whose key is another's by now, or was left by them. Needs `replaced_people`, the rows of people as they were, and
    people as they are; in one transaction with these, for the next night knows nothing of the former."""
    prepare_former_people(con)
    at = now()
    _run(con, _RETURNED, at)
    con.execute(_LEFT)
    _run(con, _NOTE, at)
    con.execute("drop table leaving_people")


def _run(con: duckdb.DuckDBPyConnection, script: str, at: datetime) -> None:
    for statement in con.extract_statements(script):
        con.execute(statement, {"at": at} if statement.named_parameters else None)


def keep_their_refusals(con: duckdb.DuckDBPyConnection) -> None:
    """Gives former people what their record refused and had, under their own key, before tonight's points are added."""
    prepare_former_people(con)
    with transaction(con):
        for statement in (_COPY, _HELD, _COPIED):
            con.execute(statement)


def forget_former_people(con: duckdb.DuckDBPyConnection) -> None:
    """Takes those of whom nothing is kept by now. Needs tonight's heirs."""
    con.execute(_FORGET)
