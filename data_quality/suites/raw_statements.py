"""What was said, straight from raw and in the source's own words: a path to opt-outs that shares nothing with the models.

Here: which raw rows are an opt-out, of what and when. Staging, conformed, the ledger and the match keys may be wrong: the
consent suite then sees a permission that one of these rows forbids. Not here: whom a contact point reaches (raw_keys.py), what
registers say (raw_registers.py), the checks (consent.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from data_quality.suites.common import direct_marketing, more_than_direct_marketing
from orchestration.core.settings import Settings, Source, Table
from orchestration.core.settings.maps import ColumnMap, EntityMap
from orchestration.core.warehouse import quote, text

_GRANTS = (
    "granted",
    "grant",
    "opt-in",
    "optin",
    "opt in",
    "opted in",
    "subscribed",
    "subscribe",
    "yes",
    "true",
    "1",
    "ja",
)
# of the events of email: whatever tells of somebody who wants no more. A list of its own, without braces: the runner reads
# those as places to fill. A test compares it with the ledger's (privacy/intake/withdrawals.py), so that no word is missing here
_REFUSALS = "unsub|spam|complain|abuse|feedback|opt.?out|opted.?out|do.?not|stop|remov|withdr|revok|object|declin|refus|" + "|".join(
    (
        "block(ed)?.by.", "cancell?(ed)?.by.", "no,?.thank", "(^|[^a-zåäöæø])ne[ij]([^a-zåäöæø]|$)", "avreg", "avb..?j", "avanm", "avpren", "avm..?.?l",
        "avmeld", "afmeld", "framel", "frabe", "fraval", "bortval", "undanbe", "reserver", "terkall", "tertag", "tilba[kg]e[kt]", "trukk",
        "neka", "nekte", "n(æ|ae)gte", "a[vf]sl(å|a)", "a[vf]vis", "sp..?.?rr", "peru", "kielt", "kielle", "ei.kiitos", "e[in].halua",
        "utm[eäæ]l", "don.?t.(contact|want|consent|send|mail|call)", "not.?(granted|given|consent|allow|permit|subscri|opted|want|interest)",
        "(^|[^a-zåäöæø])(inte|icke|ikke|ikkje|not|e[ij])([^a-zåäöæø]|$)",
    )
)  # fmt: skip
# a whole status that refuses, where the configuration lets every word that it does not name grant
_REFUSED = (
    "denied", "rejected", "no", "n", "nope", "false", "0", "off", "never", "no consent", "not granted", "not consented", "blocked",
    "block", "suppressed", "blacklisted", "blocklisted", "cancelled", "canceled", "terminated", "ei", "ej", "annullert", "annulleret",
    "annullerad", "hylätty", "hylatty", "estetty", "poistettu",
)  # fmt: skip
# tables that a staging model of this repository reads: column of each part, or its value as 'value'
_BY_HAND: dict[tuple[str, str], dict[str, str]] = {
    ("crm", "consents"): {
        "person": "contact_id", "point": "contact_point", "status": "status", "at": "stated_at", "purpose": "purpose", "channel": "channel",
    },
    ("email", "optins"): {
        "person": "subscriber_id", "point": "email", "status": "status", "at": "stated_at", "purpose": "list", "channel": "'email'",
    },
    ("email", "events"): {"person": "subscriber_id", "point": "email", "kind": "event", "at": "occurred_at"},
    ("webshop", "newsletter_signups"): {
        "person": "customer_id", "point": "email", "status": "status", "at": "stated_at", "purpose": "'newsletter'", "channel": "'email'",
    },
}  # fmt: skip
# a time without an offset is read as UTC, and may be so much earlier, or later
EARLIER, LATER = "interval '14 hour'", "interval '12 hour'"
NONE = (
    "select null::varchar as person_system, null::varchar as person_key, null::varchar as point, null::varchar as purpose, "
    "null::varchar as channel, null::timestamp as said_at, null::varchar as clock where false"
)


@dataclass(frozen=True)
class Part:
    """How one part of a statement is read out of a raw row: a column, or a value that all rows have."""

    sql: str
    column: str | None = None
    formats: tuple[str, ...] = ()


def opt_outs(settings: Settings) -> str:
    """SQL: every opt-out that a source ever delivered, also of rows that are gone there: (person_system, person_key, point,
    purpose, channel, said_at, clock). `purpose` is marketing for what an event of email refuses; `clock` is the source where a
    time came without an offset and the source states no timezone: it may be 14 hours earlier, or 12 later."""
    found = []
    for source, spec in settings.enabled_sources.items():
        for name, table in spec.tables.items():
            found += [_mapped(source, spec, name, mapping) for mapping in table.maps if _speaks(mapping)]
            by_hand = _BY_HAND.get((source, name))
            if by_hand and not table.maps and _has(table, by_hand):
                parts = {what: _by_hand(said) for what, said in by_hand.items()}
                found.append(_select(source, spec, name, parts, _GRANTS, {"person_system": text(source)}))
    return " union all ".join(found) or NONE


def timed_events(settings: Settings) -> str:
    """SQL: (event, clock) of statements, by which marts name them. `clock` is the source where a time came without an offset
    and the source states no timezone, else null. A statement whose key a mapping makes of several columns, of its content or
    with a label is none of these, nor is one whose key stands for two that differ in it."""
    found = []
    for source, spec in settings.enabled_sources.items():
        for name, table in spec.tables.items():
            keyed = [(how.columns[0], mapping) for mapping in table.maps if mapping.entity == "consent_events"
                     and (how := mapping.how("source_key")) and len(how.columns) == 1]  # fmt: skip
            times = [
                (key, [how.columns[0] for at in ("stated_at", "confirmed_at") if (how := m.how(at)) and m.is_raw(at)])
                for key, m in keyed
            ]
            if (source, name) in _BY_HAND and not table.maps and len(table.key) == 1:
                times.append((table.key[0], [c for c in ("stated_at", "confirmed_at") if c in table.columns]))
            for key, columns in times:
                local = " or ".join(f"not ({_has_offset(quote(column))})" for column in columns)
                clock = "null::varchar" if spec.timezone or not local else f"case when {local} then {text(source)} end"
                found.append(
                    f"select {text(source + ':')} || cast({quote(key)} as varchar) as event, {clock} as clock from {quote('raw_' + source)}.{quote(name)}"
                )
    if not found:
        return "select null::varchar as event, null::varchar as clock where false"
    return (
        f"select event, max(clock) as clock from ({' union all '.join(found)}) group by event "
        "having count(clock) in (0, count(*)) and count(distinct clock) < 2"
    )


def _speaks(mapping: EntityMap) -> bool:
    return mapping.entity in ("consent_events", "email_events")


def _has(table: Table, by_hand: dict[str, str]) -> bool:
    return all(said.startswith("'") or said in table.columns for said in by_hand.values())


def _by_hand(said: str) -> Part:
    return Part(said) if said.startswith("'") else Part(quote(said), said)


def _mapped(source: str, spec: Source, name: str, mapping: EntityMap) -> str:
    parts: dict[str, Part] = {}
    granted = set(_GRANTS)
    wanted = {"person": "person_key", "point": "contact_point", "status": "status", "kind": "kind", "purpose": "purpose", "channel": "channel"}  # fmt: skip
    wanted["at"] = "stated_at" if mapping.entity == "consent_events" else "occurred_at"
    ignored, any_word_grants = ["false"], False
    for what, column in wanted.items():
        how = mapping.how(column)
        if how is None:
            if column in mapping.constants:
                parts[what] = Part(text(str(mapping.constants[column])))
        elif not mapping.is_raw(column) or (len(how.columns) > 1 and not how.values):
            # a key of several columns is written by the mapping: the contact point has to tell; so is what is computed or looked up
            continue
        elif what == "status":
            granted |= {raw.strip().lower() for raw, means in how.values.items() if means == "granted"}
            granted -= {raw.strip().lower() for raw, means in how.values.items() if means != "granted"}
            any_word_grants = how.otherwise == "granted"
            parts[what] = Part(quote(how.columns[0]), how.columns[0])
        else:
            parts[what] = Part(_translated(how), how.columns[0], tuple(how.formats))
        if how and how.ignore and what in ("status", "purpose", "channel"):
            words = ", ".join(text(word.strip().lower()) for word in how.ignore)
            # an empty field of a file is null in raw, and ignored where "" is
            ignored.append(f"coalesce({_word(quote(how.columns[0]))}, '') in ({words})")
    system = text(str(mapping.constants.get("person_system", source)))
    if (said := mapping.how("person_system")) is not None:
        system = quote(said.columns[0])
    if any_word_grants and "status" in parts:
        # the configuration lets every other word grant: what reads as a refusal is one still
        parts["kind_of_status"] = parts.pop("status")
    return _select(
        source,
        spec,
        name,
        parts,
        tuple(sorted(granted)),
        {"person_system": system, "ignored": f"({' or '.join(ignored)})"},
    )


def _translated(how: ColumnMap) -> str:
    read = [f"cast({quote(column)} as varchar)" for column in how.columns]
    column = read[0] if len(read) == 1 else " || '|' || ".join(f"coalesce({one}, '')" for one in read)
    cases = "".join(f" when {text(raw.strip().lower())} then {text(means)}" for raw, means in how.values.items())
    others = column if how.otherwise is None else text(how.otherwise)
    return f"case {_word(column)}{cases} else {others} end" if cases else others


def _select(
    source: str, spec: Source, name: str, parts: dict[str, Part], granted: tuple[str, ...], more: dict[str, str]
) -> str:
    status, kind = parts.get("status"), parts.get("kind")
    if told := kind or parts.get("kind_of_status"):
        word = _word(told.sql)
        refuses = f"regexp_matches({word}, '{_REFUSALS}')"
        if not kind:
            refuses = f"coalesce({refuses} or {word} in ({', '.join(map(text, _REFUSED))}), false)"
    elif status:
        words = ", ".join(text(word) for word in granted)
        refuses = f"coalesce({_word(status.sql)}, '') not in ({words})"
    else:
        refuses = "true"
    person, point = (parts[p].sql if p in parts else "null" for p in ("person", "point"))
    purpose, channel = ("'marketing'", "'email'") if kind else _about(parts.get("purpose"), parts.get("channel"))
    return (
        f"select {more['person_system']} as person_system, cast({person} as varchar) as person_key, cast({point} as varchar) as point, "
        f"{purpose} as purpose, {channel} as channel, coalesce({_time(spec, parts.get('at'))}, {_first_known(source, name)}) as said_at, {_clock(source, spec, parts.get('at'))} as clock "
        f"from {quote('raw_' + source)}.{quote(name)} "
        f"where ({refuses}) and not {more.get('ignored', 'false')}"
    )


def _about(purpose: Part | None, channel: Part | None) -> tuple[str, str]:
    """SQL: a purpose and a channel. One that the seeds do not know is any; direct marketing is on every channel, and with
    something beside it of every purpose."""
    said, on = _or_all(purpose), _or_all(channel)
    is_marketing = f"({said} = 'marketing' or {direct_marketing(said)} and not {more_than_direct_marketing(said)})"
    return (
        f"case when {said} in (select purpose from reference.purposes) or {is_marketing} then {said} else 'all' end",
        f"case when {on} in (select channel from reference.channels) and not {direct_marketing(said)} then {on} else 'all' end",
    )


def _or_all(part: Part | None) -> str:
    return f"coalesce(nullif({_word(part.sql)}, ''), 'all')" if part else "'all'"


def _word(said: str) -> str:
    """SQL: a word in lower case. White space and what cannot be seen around it is not a part of it; within, it is another word."""
    return f"lower(regexp_replace(cast({said} as varchar), '^[\\s\\pZ\\pC]+|[\\s\\pZ\\pC]+$', '', 'g'))"


def _first_known(source: str, name: str) -> str:
    """SQL: since when a row without a time is known, or before. A row that is written again or deleted gets a new
    `_extracted_at`, and the opt-out in it is no later for that: where a load may have done so, the table's first load counts."""
    loads = f"from ops.loads where source = {text(source)} and table_name = {text(name)}"
    return (
        f"case when _deleted_at is null and _load_id in (select load_id {loads} and updated = 0) then _extracted_at "
        f"else coalesce((select min(loaded_at) {loads}), _extracted_at) end"
    )


def _time(spec: Source, part: Part | None) -> str:
    """SQL: the last moment when it was said, UTC. A day alone counts whole. Local times of a source in another zone count half a day
    earlier: the check may then miss an opt-out of the same hours, and never cries without a cause."""
    if part is None:
        return "null::timestamp"
    column = f"cast({part.sql} as varchar)"
    parsed = f"try_cast({column} as timestamptz)::timestamp"
    if part.formats:
        formats = ", ".join(text(one) for one in part.formats)
        parsed = f"coalesce(try_strptime({column}, [{formats}]), {parsed})"
    span = f"case when regexp_full_match(trim({column}), '[0-9-]+') or {_is_midnight(part.sql)} then interval '86399 second' "
    # one of the whole minute, or second, may be as late as its end
    span += f"when epoch_us({parsed}) % 60000000 = 0 then interval '59999999 microsecond' when epoch_us({parsed}) % 1000000 = 0 then interval '999999 microsecond' else interval '0 second' end"
    is_local = (spec.timezone or "").upper() not in ("", "UTC", "ETC/UTC")
    early = f" - case when {_has_offset(part.sql)} then interval '0 hour' else {EARLIER} end" if is_local else ""
    # what a cast reads as of the year 5 is a date of two digits, and what is of the year 1 is no time: known since it came
    return f"case when {parsed} >= date '1990-01-01' then {parsed} + {span}{early} end"


def _has_offset(value: str) -> str:
    """SQL: whether a time tells its zone. A midnight does not: it may stand for a day, of whatever zone."""
    column = f"cast({value} as varchar)"
    ends = f"regexp_matches(trim({column}), '(Z|[+-][0-9][0-9]:?([0-9][0-9])?)$')"
    return f"coalesce({ends} and contains({column}, ':') and not {_is_midnight(value)}, {column} is null)"


def _is_midnight(value: str) -> str:
    return f"regexp_matches(cast({value} as varchar), '[T ]00:00([:]00([.]0+)?)?[ ]*(Z|[+-][0-9]|$)')"


def _clock(source: str, spec: Source, part: Part | None) -> str:
    if spec.timezone or part is None:
        return "null::varchar"
    return f"case when not ({_has_offset(part.sql)}) and ({_time(spec, part)}) is not null then {text(source)} end"
