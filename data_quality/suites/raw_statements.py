"""What was said, straight from raw and in the source's own words: a path to opt-outs that shares nothing with the models.

Here: which raw rows are an opt-out, of what and when, and a simple key of a contact point. Staging, conformed, the ledger
and the match keys may be wrong: the consent suite then sees a permission that one of these rows forbids. Not here: the
checks (consent.py).
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
        "block(ed)?.by.", "cancell?(ed)?.by.", "no,?.thank", "(^|[^a-zåäöæø])ne[ij]([^a-zåäöæø]|$)", "avreg", "avb..?j", "avanm", "avm..?.?l",
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


def numbers_in_registers(settings: Settings) -> str:
    """SQL: numbers (point) that a public register closes to sales by phone, as its newest file has them."""
    columns = {
        "nix_telefon": ('"telefonnummer"', "true"),
        "reservasjonsregisteret": (
            '"telefon"',
            "coalesce(lower(\"telefonsalg\") not similar to '\\s*n(ei|o)?\\s*', true)",
        ),
    }
    spec = settings.enabled_sources.get("registers")
    found = [
        f"select {point} as point from raw_registers.{quote(name)} where _deleted_at is null and {closes}"
        for name, (point, closes) in columns.items()
        if spec and name in spec.tables and point.strip('"') in spec.tables[name].columns
    ]
    return " union all ".join(found) or "select null::varchar as point where false"


# SQL: whether a register says yes in a column: whatever is not empty or plainly no
_TELLS = "not regexp_full_match(lower(trim(coalesce({}::varchar, ''))), 'false|f|0|n|no|nej|nei|ei|e|')"


def hidden_customers(settings: Settings) -> str:
    """SQL: customers (customer_id) who may be somebody that an address register tells as protected or dead: born on one day,
    with a first letter of a given name and a part of the family name in common (von Essen, Essen; Berg-Lund, Lund). Where
    either has no birth date, whoever has a given name and a part of the family name of somebody protected."""
    needed = {"given_name", "family_name", "birth_date", "is_protected", "is_deceased"}
    written = "nullif(trim(birth_date::varchar), '')"
    entries = [
        f"select {_words('given_name', initials=True)} as initials, {_given_words('given_name')} as given, {_words('family_name')} as family, "
        f"coalesce(try_cast({written} as date), try_strptime({written}, ['%Y%m%d', '%d.%m.%Y', '%d/%m/%Y', '%d-%m-%Y'])::date) as born, "
        f"{written} is null as is_undated, {_TELLS.format('is_protected')} as is_protected "
        f"from {quote('raw_' + source)}.{quote(name)} where _deleted_at is null and ({_TELLS.format('is_protected')} or {_TELLS.format('is_deceased')})"
        for source, spec in settings.enabled_sources.items()
        for name, table in spec.tables.items()
        if needed <= set(table.columns)
    ]
    if not entries:
        return "select null::varchar as customer_id where false"
    # a customer may have a birth date of each record
    births = (
        "select s.customer_id, n.birth_date as born from identity.customer_source_records s join identity.normalised_people n "
        "on n.source_system = s.source_system and n.source_key = s.source_key where s.valid_to is null and n.birth_date is not null "
        "union select customer_id, birth_date.value from identity.golden_records where birth_date.value is not null"
    )
    return (
        f"with births as ({births}), entries as ({' union all '.join(entries)}), people as (select customer_id, "
        f"{_words('given_name.value', initials=True)} as initials, {_given_words('given_name.value')} as given, "
        f"{_words('family_name.value')} as family from identity.golden_records) "
        "select p.customer_id from people p join births b on b.customer_id = p.customer_id join entries h on h.born = b.born "
        "where list_has_any(h.initials, p.initials) and list_has_any(h.family, p.family) "
        "union select p.customer_id from (select *, unnest(given) as name from people) p "
        "join (select *, unnest(given) as name from entries where is_protected) h on h.name = p.name "
        "where list_has_any(h.family, p.family) and (h.is_undated or p.customer_id not in (select customer_id from births))"
    )


def _given_words(name: str) -> str:
    """SQL: the given names of a person; a letter is none."""
    return f"list_distinct(list_filter({_words(name)}, lambda w: length(w) > 1))"


def _words(name: str, *, initials: bool = False) -> str:
    """SQL: the words of a name in lower case without accents, or their first letters; for a name itself too, without its gaps."""
    # letters of no width part no words; chr() because the runner reads braces as places to fill
    bare = f"translate(lower(strip_accents({name})), chr(8203) || chr(8204) || chr(8205) || chr(8288) || chr(65279) || chr(173), '')"
    words = f"list_filter(string_split_regex({bare}, '[^\\pL\\pN]+'), lambda w: w <> '')"
    if initials:
        return f"list_transform({words}, lambda w: left(w, 1))"
    return f"list_append({words}, nullif(regexp_replace({bare}, '[^\\pL\\pN]', '', 'g'), ''))"


def point_keys(point: str) -> str:
    """SQL: a list of simple keys of all that a contact point holds: addresses as written in lower case, numbers by their end."""
    # spaces of no width are not part of an address; chr() because the runner reads braces as places to fill
    # percent signs of a link, and letters of full width, are read as what they stand for
    letters = "".join(map(chr, range(ord("a"), ord("z") + 1))) + "0123456789@.+-_"
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in letters)
    narrow = f"translate(lower(coalesce(try(url_decode({point})), {point})), '{wide}', '{letters}')"
    bare = f"translate({narrow}, chr(8203) || chr(8204) || chr(8205) || chr(8288) || chr(65279) || chr(173), '')"
    # two without anything between them (a@x.sea@x.se) part behind an ending that many have; no colon before a letter: the
    # driver reads a parameter there
    glued = "(@[^@ ]*?[.](se|no|dk|fi|com|net|org|nu|eu))([^@ ]+@)"
    bare = f"case when regexp_matches({bare}, '@[^@ ]+@') then {bare} || ' ' || regexp_replace({bare}, '{glued}', '\\1 \\3', 'g') else {bare} end"
    addresses = f"list_transform(regexp_extract_all({bare}, '[\\pL\\pN._+-]+@[\\pL\\pN.-]+'), lambda a: rtrim(a, '.'))"
    digits = f"regexp_replace({point}, '[^0-9]', '', 'g')"
    # a digit of its own, digits in brackets, or up to three behind nine without gaps stand behind a number
    behind = "[ .()_-]+[0-9][ ).]*$|[ .)_-]*\\([ ]*[0-9]+[ ).]*$"
    bare_digits = f"regexp_replace(regexp_replace({point}, '{behind}', ''), '[^0-9]', '', 'g')"
    nine = "[0-9]" * 9
    run = f"regexp_replace(regexp_extract({point}, '^(.*{nine})[ ._-]+[0-9][0-9]?[0-9]?[ .]*$', 1), '[^0-9]', '', 'g')"
    numbers = f"list_transform(list_filter([{digits}, {bare_digits}, {run}], lambda d: length(d) >= 8), lambda d: right(d, 9))"
    number = f"case when not contains({point}, '@') then list_sort(list_distinct({numbers})) else [] end"
    return f"list_concat({addresses}, {number})"


def refused_keys(point: str) -> str:
    """SQL: the same of what was opted out of, with whatever else it may mean: the number that an address of a messenger or a
    gateway begins with, or that stands behind one; an address without a bullet, a prefix or a suffix; words before an address."""
    nine = "[0-9]" * 9
    begins = f"list_transform(regexp_extract_all({point}, '({nine}[0-9]*)@', 1), lambda d: right(d, 9))"
    ends = f"list_transform(regexp_extract_all({point}, '@[^ @]*[.][a-zA-Z]+[+]?({nine}[0-9]*)', 1), lambda d: right(d, 9))"
    # a control character that was written out
    keys = f"list_concat({point_keys(point)}, {point_keys(_unescaped(point))})"
    marks = "old|bak|deleted|removed|inactive|invalid|disabled|unsub|unsubscribed"
    bare = f"regexp_replace(regexp_replace(k, '^([-+._]|[0-9][.)]|({marks})[-+._])+', ''), '([.][a-z]+)([._-]({marks})|[0-9][0-9]+)+$', '\\1')"
    unmarked = f"list_transform(list_filter({keys}, lambda k: contains(k, '@')), lambda k: {bare})"
    return f"list_concat({keys}, {unmarked}, {begins}, {ends}, {_words_before(point)})"


def _unescaped(point: str) -> str:
    """SQL: without the links' signs of a number (%20), and without a written \t, \r or \n."""
    return f"regexp_replace(coalesce(try(url_decode({point})), {point}), '\\\\[tnrfv]', ' ', 'g')"


def _words_before(point: str) -> str:
    """SQL: a list of words that stand before an address, each at its domain (a, b@x.se): a name before brackets, or a label, is none."""
    words = f"regexp_extract_all(split_part(lower({point}), '@', 1), '[\\pL\\pN._+-]+')"
    domain = f"regexp_extract(lower({point}), '@([\\pL\\pN-]+([.][\\pL\\pN-]+)+)', 1)"
    is_list = f"contains({point}, '@') and not regexp_matches({point}, '[][<>():=\"]')"
    return f"case when {is_list} then list_transform({words}, lambda w: w || '@' || {domain}) else [] end"


def place_key(point: str) -> str:
    """SQL: a postal address by its letters and digits alone; null of what is none."""
    bare = f"regexp_replace(lower(strip_accents({point})), '[^\\pL\\pN]', '', 'g')"
    return f"case when not contains({point}, '@') and regexp_matches({point}, '\\pL\\pL\\pL') and regexp_matches({point}, '[0-9]') and length({bare}) >= 12 then {bare} end"


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
