"""Checks of permissions by paths of their own: raw rows in the sources' words, people's requests, and keys that no model shares.

A fault in staging, the ledger or the match keys cannot hide from them. Not here: what a raw row says (raw_*.py), the
checks that lean on the models (consent.py).
"""

from __future__ import annotations

from data_quality.checks import Check
from data_quality.suites.common import direct_marketing, no_row_where, no_rows
from data_quality.suites.plain_junk import is_plain_junk
from data_quality.suites.raw_keys import place_key, point_keys, refused_keys
from data_quality.suites.raw_registers import numbers_in_registers
from data_quality.suites.raw_statements import EARLIER, LATER, opt_outs, timed_events
from orchestration.core.settings import Settings


def _owners(records: str) -> str:
    """SQL: the customer of each of `records` (source_system, source_key), of gone ones the last."""
    return (
        "select c.source_system, c.source_key, arg_max(c.customer_id, (c.valid_to is null, c.valid_from)) as customer_id "
        f"from identity.customer_source_records c semi join ({records}) r on r.source_system = c.source_system and r.source_key = c.source_key "
        "group by 1, 2"
    )


# an opt-out o out of raw, and a permission p
_REFUSES = (
    f"(o.purpose in (p.purpose, 'all') or (o.purpose = 'marketing' or {direct_marketing('o.purpose')}) and p.purpose in "
    "(select purpose from reference.purposes where is_marketing)) and "
    f"(o.channel in (p.channel, 'all') or {direct_marketing('o.purpose')}) and o.said_at >= p.decided_at - case "
    # of a statement that the raw path cannot name the clock is not known: no margin, so that the check never cries without a
    # cause. On clocks of which nobody knows the zone the order of the two is in doubt for so long
    "when p.event is null or o.clock is not distinct from p.clock then interval '0 hour' else case when o.clock is null then interval '0 hour' "
    f"else {LATER} end + case when p.clock is null then interval '0 hour' else {EARLIER} end end"
)


def _loosely(written: str) -> str:
    """SQL: a street or place by its consonants and digits, which its spellings have in common."""
    letters = f"replace(replace(lower(strip_accents({written})), 'þ', 'th'), 'ß', 'ss')"
    return f"regexp_replace(translate({letters}, 'ðđłħŋĳaeiouyåäæöøœı', 'ddlhnj'), '[^\\pL\\pN]', '', 'g')"


def _digits(written: str) -> str:
    return f"regexp_replace({written}, '[^0-9]', '', 'g')"


def _addresses(point: str) -> str:
    """SQL: a list of the addresses of a contact point without dots and a tag before the @."""
    local = "replace(regexp_replace(split_part(k, '@', 1), '[+].*$', ''), '.', '')"
    domain = "replace(split_part(k, '@', 2), 'googlemail.', 'gmail.')"
    return f"list_transform({point_keys(f'nfc_normalize({point})')}, lambda k: {local} || '@' || {domain})"


def _numbers(point: str) -> str:
    """SQL: a list of the last six digits of the numbers of a contact point: a country and zeros before them are not part of it."""
    numbers = f"list_append({point_keys(point)}, nullif({_digits(point)}, ''))"
    return f"list_transform({numbers}, lambda k: right(k, 6))"


def _name(written: str) -> str:
    """SQL: a name's letters in lower case without accents."""
    return f"regexp_replace(lower(strip_accents({written})), '[^\\pL]', '', 'g')"


# a person f who had a record's key before it was another's, and a permission p: whether it is theirs by what cannot be doubted, an
# address or number, or a name with its birth date
_IS_FORMER = (
    f"(list_has_any({point_keys('p.contact_point')}, list_concat({point_keys('f.email_key')}, {point_keys('f.phone_key')})) "
    "or p.customer_id in (select g.customer_id from identity.golden_records g where g.birth_date.value = f.birth_date "
    f"and {_name('g.given_name.value')} = {_name('f.given_key')} and {_name('g.family_name.value')} = {_name('f.family_key')}))"
)
_TO_A = "(select channel from reference.channels where contact_point_kind = '{}')"
_TO_AN_ADDRESS, _TO_A_NUMBER = _TO_A.format("address"), _TO_A.format("phone")
# a permission b, and a correction r: whether its point is of the corrected field and cannot be the right value, in any spelling. Of
# domains in punycode nothing is said
_IS_REPLACED = (
    f"(case r.field when 'email' then b.channel not in {_TO_AN_ADDRESS} and contains(b.contact_point, '@') and not contains(b.contact_point || coalesce(r.value, ''), 'xn--') "
    f"and list_has_any({_addresses('b.contact_point')}, {_addresses('r.value')}) is not true "
    f"when 'phone' then b.channel in {_TO_A_NUMBER} and not contains(b.contact_point, '@') "
    f"and list_has_any({_numbers('b.contact_point')}, {_numbers('r.value')}) is not true "
    f"when 'postal_code' then b.channel in {_TO_AN_ADDRESS} and contains({_digits('b.contact_point')}, nullif({_digits('r.value')}, '')) is not true "
    f"when 'street' then b.channel in {_TO_AN_ADDRESS} and contains({_loosely('b.contact_point')}, {_loosely('r.value')}) is not true "
    f"when 'city' then b.channel in {_TO_AN_ADDRESS} and contains({_loosely('b.contact_point')}, {_loosely('r.value')}) is not true else false end)"
)


def by_paths_of_their_own(settings: Settings) -> list[Check]:
    """The same promises from raw rows and people's requests, with keys and words that the models do not share."""
    permitted = (
        "(select b.customer_id, b.purpose, b.channel, b.contact_point, b.decided_at, z.event, z.clock from (select * from {batch}) as b "
        f"left join ({timed_events(settings)}) z on z.event = b.deciding_event where b.is_permitted)"
    )
    said = opt_outs(settings)
    last = "max(said_at) as said_at from (" + said + ") group by all"
    return [
        no_rows(
            "no_permission_against_an_opt_out_in_raw",
            "Nobody is permitted whose record any source ever delivered an opt-out of, in its own words, at or after the deciding grant.",
            f"with o as materialized (select person_system as source_system, person_key as source_key, purpose, channel, clock, {last}) "
            f"select p.customer_id from o join ({_owners('from o')}) s using (source_system, source_key) "
            f"join {permitted} p on p.customer_id = s.customer_id where {_REFUSES}",
            rule=4,
        ),
        no_rows(
            "no_permission_against_an_opt_out_under_a_former_key",
            "Nobody is permitted who had a record's key when an opt-out of it was delivered, and whose key was given to somebody else since.",
            f"with o as materialized (select person_system, person_key, purpose, channel, clock, {last}), "
            "f as (select f.* from identity.former_people f where f.changed_at is not null) "
            "select p.customer_id from f join o on o.person_system = f.person_system and o.person_key = f.record_key and o.said_at <= f.changed_at "
            f"join {permitted} p on {_IS_FORMER} where {_REFUSES}",
            rule=4,
        ),
        no_rows(
            "no_permission_by_a_point_opted_out_in_raw",
            "Nobody is permitted by an address or number that any source ever delivered an opt-out of, however it is spelled.",
            f"select p.customer_id from (select *, unnest({point_keys('contact_point')}) as k from {permitted}) p "
            f"join (select k, purpose, channel, clock, max(said_at) as said_at from (select *, unnest({refused_keys('point')}) as k from ({said})) group by all) o "
            f"on o.k = p.k where {_REFUSES}",
            rule=4,
        ),
        no_rows(
            "no_permission_on_a_postal_address_opted_out_in_raw",
            "Nobody is permitted to be written to at a postal address that any source ever delivered an opt-out of which names nobody known.",
            f"with o as materialized (select {place_key('point')} as k, purpose, channel, clock, max(said_at) as said_at from ({said}) s where not exists ("
            "select 1 from identity.customer_source_records c where c.source_system = s.person_system and c.source_key = s.person_key) group by all) "
            f"select p.customer_id from {permitted} p join o on o.k = {place_key('p.contact_point')} where p.channel in {_TO_AN_ADDRESS} and {_REFUSES}",
            rule=4,
        ),
        no_row_where(
            "no_permission_on_junk",
            "Nobody is permitted by an address or number that stands in for none: none@…, no-reply@…, *.invalid, one digit repeated, digits that count.",
            f"b.is_permitted and b.channel not in {_TO_AN_ADDRESS} and {is_plain_junk('b.contact_point')} and not exists (select 1 from reference.identifier_overrides o "
            f"where o.verdict = 'trust' and list_has_any({point_keys('o.value_key')}, {point_keys('b.contact_point')}))",
            rule=2,
        ),
        no_rows(
            "no_permission_by_a_number_in_a_raw_register",
            "Nobody is permitted to be called by a number that stands in a register's newest file.",
            f"select p.customer_id from (select *, unnest({point_keys('contact_point')}) as k from {permitted} where channel = 'phone') p "
            f"join (select distinct unnest({point_keys('point')}) as k from ({numbers_in_registers(settings)})) r on r.k = p.k",
            rule=9,
        ),
        no_row_where(
            "no_permission_against_an_objection",
            "Nobody is permitted what they objected to or withdrew here (`kundbild object`, `withdraw`) at or after the deciding grant.",
            f"b.is_permitted and exists (select 1 from identity.objections r join ({_owners('from identity.objections')}) s using (source_system, source_key) "
            "where s.customer_id = b.customer_id and r.stated_at >= b.decided_at "
            "and (r.purpose in (b.purpose, 'all') or coalesce(r.purpose, 'direct_marketing') = 'direct_marketing' and b.purpose in "
            "(select purpose from reference.purposes where is_marketing)) and coalesce(r.channel in (b.channel, 'all'), true))",
            rule=6,
        ),
        no_row_where(
            "no_permission_on_a_corrected_point",
            "Nobody is permitted by an address or number that was corrected (`kundbild rectify`) at or after the deciding grant.",
            f"b.is_permitted and exists (select 1 from identity.corrections r join ({_owners('from identity.corrections')}) s using (source_system, source_key) "
            f"where s.customer_id = b.customer_id and r.corrected_at >= b.decided_at and {_IS_REPLACED})",
            rule=24,
        ),
    ]
