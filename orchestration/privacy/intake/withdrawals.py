"""The ledger of withdrawals, `identity.withdrawals`: every one that was ever seen, whatever became of the row that said it.

Nothing that a source deletes or writes over leaves it, and no rebuild; erasure does (erasure.py). It is read from staging,
rows that are set aside too, and from lines that were rejected on the way into raw: of a withdrawal nothing but the person
or the contact point needs to be readable. Not here: rejected lines (rejected_withdrawals.py), what a withdrawal denies
(dbt: macros/withdrawals.sql).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb

from orchestration.core.settings.maps import STATEMENTS
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import scalar, text
from orchestration.match_keys import define_match_keys

LEDGER = "identity.withdrawals"
_STAGED = "staging.stg_{system}__{entity}"
# statuses that are a withdrawal as a whole word, without case, besides those that REFUSAL finds; whatever is neither of
# these nor a grant denies too, for as long as it stands so
WITHDRAWN_WORDS = (
    "denied", "rejected", "no", "n", "nope", "false", "0", "off", "never", "no consent", "not granted",
    "not consented", "blocked", "block", "suppressed", "blacklisted", "blocklisted", "cancelled", "canceled", "terminated", "ei", "ej",
    "annullert", "annulleret", "annullerad", "hylätty", "hylatty", "estetty", "poistettu",
)  # fmt: skip
# what the status of a statement or the kind of an email event has in it that withdraws, in whatever spelling:
# group_unsubscribe, spamreport, avanmäld, tackar nej, … No word for a grant may match it. The first are words of nothing else
PLAIN_REFUSAL = (
    "unsub|opt(ed)?[^a-z]?out|spam|complain|abuse|feedback.?loop|do.?not|stop|remov|withdr|revok|object|declin|refus|"
    "(block|cancel)[a-z]*.by.(the.)?(user|customer|recipient|contact)|no,?.thank|"
    "avreg|avb.{1,2}j|avanm|avpren|avm.{1,3}l|afmeld|framel|frabe|fravalg|fravalt|bortval|undanbe|reserver|"
    "terkall|tertag|tilba(k|g)e(k|t)|trukk|nek(a|te)|n(æ|ae)gte|avsl(å|a)|afsl(å|a)|avvis|afvis|sp.{1,2}rra|sperr|sp(æ|ae)rr|"
    "peru|kielt|kielle|ei.kiitos|ei.halua|en.halua|utm(e|ä|æ)l|don.?t.(contact|want|consent|send|mail|call)|"
    "not.?(granted|given|consent|allow|permit|subscri|opted|want|interest)"
)
REFUSAL = PLAIN_REFUSAL + "|(^|[^a-zåäöæø])(nej|nei|inte|icke|ikke|ikkje|not|ei|ej)([^a-zåäöæø]|$)"
# kinds of an email event that refuse nothing, without case and by their letters alone; whatever is neither one of these nor
# a refusal may be one: it denies as long as it stands so
HARMLESS_KINDS = (
    "sent", "send", "delivered", "delivery", "opened", "open", "uniqueopen", "viewed", "clicked", "click", "uniqueclick",
    "bounced", "bounce", "hardbounce", "softbounce", "hardbounced", "softbounced", "forwarded", "forward", "processed",
    "deferred", "deferral", "delayed", "deliverydelayed", "dropped", "blocked", "queued", "accepted", "failed", "converted",
    "replied", "reply", "subscribe", "subscribed", "resubscribe", "resubscribed", "groupresubscribe", "groupresubscribed",
    "heldout", "holdout",
)  # fmt: skip
# a statement of before is of no time that anybody meant (dbt: var earliest_statement)
EARLIEST = "1990-01-01"
_DDL = sql_script(__file__, "withdrawals", ledger=LEDGER)
_COLUMNS = "entity, source_system, source_key, person_system, person_key, contact_point, purpose, channel, stated_at, is_certain, load_id, is_zoneless"
_SAME = " and ".join(
    f"w.{column} is not distinct from f.{column}"
    for column in ("entity", "source_system", "source_key", "person_system", "person_key", "contact_point", "purpose", "channel", "is_certain")
)  # fmt: skip
# of a statement: whether it is readably a grant, and whether it is readably a withdrawal
_STATED = """
select '{entity}' as entity, '{system}' as source_system, source_key,
    {person_system} as person_system, person_key, contact_point, coalesce(said_word(purpose), 'all') as purpose,
    coalesce(said_word(channel), 'all') as channel, {last_said} as stated_at, {certain} as is_certain, load_id,
    -- without a time of its own: first known, it is no new one when its row is written again or deleted
    deleted_at is not null or stated_at is null or stated_at = extracted_at as is_again, deleted_at is not null as is_gone,
    is_zoneless and stated_at is distinct from extracted_at as is_zoneless
from {relation} where load_id > {since} and not {granted} and quarantine_code is distinct from 'ignored'
"""
_REFUSED = """
select '{entity}' as entity, '{system}' as source_system, source_key, {person_system} as person_system, person_key, contact_point,
    'marketing' as purpose, 'email' as channel, coalesce(occurred_at, extracted_at) as stated_at, {certain} as is_certain, load_id,
    deleted_at is not null or occurred_at is null or occurred_at = extracted_at as is_again, deleted_at is not null as is_gone,
    is_zoneless and occurred_at is distinct from extracted_at as is_zoneless
from {relation} where load_id > {since} and not {granted}
    and quarantine_code is distinct from 'ignored'
"""
# a row with the times of the opt-in and the status of today is no older than its confirmation
_LAST_SAID = "greatest(stated_at, confirmed_at)"
_GRANTED = "coalesce(said_word(status) = 'granted', false)"


def refuses(written: str) -> str:
    """SQL: whether the kind of an email event or a status, a text, has a refusal in it, in any spelling (dbt: macro is_refusal)."""
    return f"coalesce(regexp_matches(lower({written}), '{REFUSAL}'), false)"


def is_withdrawn(status: str) -> str:
    """SQL: whether the status of a statement, a text that is not a grant, is readably a withdrawal (dbt: macro statement_status)."""
    listed = ", ".join(map(text, WITHDRAWN_WORDS))
    return f"(coalesce(said_word({status}) in ({listed}), false) or {refuses(status)})"


def is_harmless(kind: str) -> str:
    """SQL: whether the kind of an email event, a text, is known and refuses nothing (dbt: macro is_harmless)."""
    listed = ", ".join(map(text, HARMLESS_KINDS))
    return f"coalesce(regexp_replace(lower({kind}), '[^\\p{{L}}]', '', 'g') in ({listed}), false)"


# of an entity's rows: what denies nothing, and what is readably a withdrawal
_READ_AS = {
    "consent_events": {
        "granted": _GRANTED,
        "certain": is_withdrawn("status"),
        "said_at": _LAST_SAID,
        "last_said": f"case when stated_at is null then extracted_at else {_LAST_SAID} end",
    },
    "email_events": {"granted": is_harmless("kind"), "certain": refuses("kind"), "said_at": "occurred_at"},
}
# a delivery has one reading, today's: what is read as a grant by now, or came again as one after it could not be read, is
# no withdrawal; an earlier grant that comes again, as in an old export, fixes nothing, nor does a row about somebody else whose
# key a new numbering gave it
_REREAD = f"""
delete from {LEDGER} w using (
    select source_key, load_id, person_key, contact_point, {{said_at}} as said_at from {{relation}} where load_id > {{since}} and {{granted}}
) s
where w.entity = '{{entity}}' and w.source_system = '{{system}}' and w.source_key = s.source_key
    and (s.load_id = w.load_id or (not w.is_certain and s.load_id > w.load_id and coalesce(s.said_at >= w.stated_at, true)
        and (coalesce(said_word(s.contact_point) = said_word(w.contact_point), false) or case when nullif(trim(w.person_key), '') is not null
            then coalesce(match_keys.record_key(s.person_key) = match_keys.record_key(w.person_key), false) else w.contact_point is null end)))
"""
# after an untimed no of its row said yes, or was gone
_OVER = f"""
update {LEDGER} w set is_over = true from (
    select source_key, max(load_id) as load_id from {{relation}}
    where load_id > {{since}} and (deleted_at is not null or {{granted}}) group by 1
) s
where w.entity = '{{entity}}' and w.source_system = '{{system}}' and w.source_key = s.source_key and s.load_id > w.load_id
"""
_IS_AGAIN = "(w.stated_at = f.stated_at or f.is_again and (f.is_gone or not coalesce(w.is_over, false)))"
# a delivery whose time was in doubt has it for certain once its source states a timezone
_ZONED = f"""
delete from {LEDGER} w using fresh_withdrawals f
where {_SAME} and w.is_zoneless and f.is_zoneless is not true and f.is_again is not true and w.load_id = f.load_id and w.stated_at <> f.stated_at
"""
# a load that is lowered would put it before a grant that it came after; a delivery without a time says nothing of the zone
_SEEN_AGAIN = f"""
update {LEDGER} w set load_id = greatest(w.load_id, f.load_id),
    is_zoneless = case when w.stated_at = f.stated_at then f.is_zoneless else w.is_zoneless end
from fresh_withdrawals f
where {_SAME} and {_IS_AGAIN} and (w.load_id < f.load_id or w.stated_at = f.stated_at and w.is_zoneless is distinct from f.is_zoneless)
"""
_NOTE = f"""
insert into {LEDGER} ({_COLUMNS}) select distinct on ({_COLUMNS}) {_COLUMNS} from fresh_withdrawals f
anti join {LEDGER} w on {_SAME} and {_IS_AGAIN}
where nullif(trim(f.person_key), '') is not null or said_word(f.contact_point) is not null
"""


def prepare_withdrawals(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_DDL)


def read_until(con: duckdb.DuckDBPyConnection, entity: str, system: str) -> int:
    """The newest load of an entity of a system that the ledger has read; 0 before the first."""
    read = "select load_id from identity.withdrawals_read where relation = $1"
    return int(scalar(con, read, [_STAGED.format(system=system, entity=entity)]) or 0)


def note_withdrawals(
    con: duckdb.DuckDBPyConnection,
    staged: Mapping[str, Iterable[str]],
    reading: str = "",
    *,
    relation: str = _STAGED,
) -> int:
    """Adds to the ledger what loads that were not read yet say. `staged` is entity → systems.

    `reading` tells how rows are read, as a digest of the dbt project: where it is another, all of them are read anew.
    Returns the ledger's rows.
    """
    prepare_withdrawals(con)
    define_match_keys(con)
    for entity in STATEMENTS:
        for system in staged.get(entity, ()):
            # a key that says no system is of the row's own
            own = f"case when person_key is null then person_system else coalesce(nullif(trim(person_system), ''), '{system}') end"
            of = {
                "entity": entity,
                "person_system": own,
                "system": system,
                "relation": relation.format(system=system, entity=entity),
            }
            read = "select load_id from identity.withdrawals_read where relation = $1 and reading = $2"
            since = scalar(con, read, [of["relation"], reading]) or 0
            newest = scalar(con, f"select max(load_id) from {of['relation']}") or 0
            if newest <= since:
                continue
            of |= {**_READ_AS[entity], "since": str(since)}
            con.execute(_REREAD.format(**of))
            con.execute(_OVER.format(**of))
            select = (_STATED if entity == "consent_events" else _REFUSED).format(**of)
            add_withdrawals(con, select)
            con.execute(
                "insert or replace into identity.withdrawals_read values (?, ?, ?)", [of["relation"], newest, reading]
            )
    return int(scalar(con, f"select count(*) from {LEDGER}"))


def add_withdrawals(con: duckdb.DuckDBPyConnection, select: str) -> None:
    """Adds those of a query of the ledger's columns, `is_again` and `is_gone` that it does not have."""
    con.execute(f"create or replace temp table fresh_withdrawals as {select}")
    con.execute(_ZONED)
    con.execute(_SEEN_AGAIN)
    con.execute(_NOTE)
    con.execute("drop table fresh_withdrawals")
