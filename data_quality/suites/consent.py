"""The consent suite: what the rules of consent and data protection ask of what leaves; it stops publication and exports.

Not here: how permission is derived (dbt: macros/statements.sql, consent.sql), checks that share nothing with the models
(own_paths.py), what `bi` and `bi_open` may tell (grades.py), rules that are no question of data (tests).
"""

from __future__ import annotations

from data_quality.checks import History, Suite
from data_quality.suites.common import (
    NOT_PROFILED,
    RESTRICTED,
    direct_marketing,
    keeps_its_volume,
    more_than_direct_marketing,
    no_row_where,
    no_rows,
)
from data_quality.suites.grades import grades
from data_quality.suites.own_paths import by_paths_of_their_own
from data_quality.suites.raw_registers import hidden_customers
from data_quality.suites.raw_statements import EARLIER, LATER
from orchestration.contracts.audiences import SEGMENT_IS_EMPTY, AudienceModel, audience_models
from orchestration.contracts.model_files import models_of
from orchestration.core.settings import Settings
from orchestration.core.warehouse import text

SEGMENTS = "segments"
_IS_RESTRICTED = f"b.customer_id in {RESTRICTED}"
# a withdrawal e, and a permission b
_IS_ABOUT = (
    f"(e.purpose in (b.purpose, 'all') and e.channel in (b.channel, 'all') or {direct_marketing('e.purpose')} "
    f"and (b.purpose in (select purpose from reference.purposes where is_marketing) or {more_than_direct_marketing('e.purpose')}))"
)


def suites(settings: Settings, history: History) -> list[Suite]:
    return [
        *audience_suites(audience_models(), settings, history),
        *_permissions(settings),
        *segment_suites([table for _, table in models_of(SEGMENTS)]),
        _people(),
        *grades(settings, history),
    ]


def audience_suites(models: list[AudienceModel], settings: Settings, history: History) -> list[Suite]:
    """The same checks of every audience, because it is one."""
    found = []
    adult = settings.privacy.unknown_age_is_adult
    unknown_is_adult = (
        "true" if "all" in adult else f"b.purpose in ({', '.join(map(text, adult))})" if adult else "false"
    )
    for audience in models:
        table = audience.table
        checks = (
            no_row_where(
                "every_row_is_of_its_rule",
                "The seed audience_rules has one row of it, and each customer is there for its purpose and channel.",
                "(select count(*) from reference.audience_rules a "
                f"where a.audience = {text(audience.name)} and a.purpose = b.purpose and a.channel = b.channel) <> 1",
                rule=3,
            ),
            no_row_where(
                "every_row_has_permission",
                "Every row has an effective permission for exactly its purpose, channel and contact point.",
                "not exists (select 1 from marts.contact_permissions p where p.is_permitted and p.customer_id = b.customer_id "
                "and p.purpose = b.purpose and p.channel = b.channel and p.contact_point = b.contact_point)",
                rule=1,
            ),
            no_row_where(
                "nobody_that_the_law_keeps_out",
                "Nobody under age or (but where [privacy] unknown_age says adult) of unknown age, with a birth date that cannot be one, with a protected identity, or deceased.",
                "not exists (select 1 from marts.dim_customers c where c.customer_id = b.customer_id "
                f"and not ((c.is_minor_or_unknown_age and not (c.birth_date is null and not c.has_impossible_birth_date and {unknown_is_adult})) or c.is_protected or c.is_deceased))",
                rule=17,
            ),
            no_rows(
                "nobody_hidden_by_the_raw_register",
                "Nobody of the birth date, first letter of a given name and a part of the family name of somebody protected or dead in an address register.",
                "select b.customer_id from (select * from {batch}) as b "
                f"join ({hidden_customers(settings)}) h on h.customer_id = b.customer_id",
                rule=19,
            ),
            no_row_where(
                "nobody_young_by_the_birth_date",
                "Nobody whose birth date, as identity has it, is less than the country's age for marketing ago.",
                "exists (select 1 from identity.golden_records g left join reference.country_rules r on r.country_code = g.country_code.value "
                "where g.customer_id = b.customer_id and g.birth_date.value + to_years(coalesce(r.marketing_age, 18)::integer) "
                "> (select as_of from ops.clock))",
                rule=17,
            ),
            no_row_where(
                "nobody_restricted",
                "Nobody whose data are restricted (Art. 18).",
                _IS_RESTRICTED,
                rule=24,
            ),
            no_rows(
                "its_segment_has_customers",
                "Somebody is in the segment that the rule of it picks, where it picks one: a name that no segment has makes an empty audience.",
                "select a.scheme, a.segment from reference.audience_rules a, (select count(*) as customers from {batch}) b "
                f"where a.audience = {text(audience.name)} and {SEGMENT_IS_EMPTY}",
                "WARN",
            ),
            keeps_its_volume(f"audiences.{table}", history, settings.publishing.max_audience_drop),
        )
        found.append(Suite("consent", "audiences", table, ("audiences", table), checks))
    return found


def _permissions(settings: Settings) -> list[Suite]:
    no_address_of_the_hidden = no_rows(
        "no_address_of_anybody_hidden_by_the_raw_register",
        "No address of anybody of the birth date, first letter of a given name and a part of the family name of somebody protected or dead in an address register.",
        "select b.customer_id from (select * from {batch}) as b "
        f"join ({hidden_customers(settings)}) h on h.customer_id = b.customer_id "
        "where b.contact_point not like '%@%' and regexp_matches(b.contact_point, '\\pL')",
        rule=19,
    )
    checks = (
        no_address_of_the_hidden,
        *by_paths_of_their_own(settings),
        no_row_where(
            "no_permission_against_a_withdrawal",
            "Nobody is permitted who withdrew, on any contact point, at or after the deciding grant.",
            "b.is_permitted and exists ("
            "select 1 from conformed.conformed_consent_events e join identity.customer_source_records s "
            "on s.source_system = e.person_system and s.source_key = e.person_key and s.valid_to is null "
            "where e.status = 'withdrawn' and e.deleted_at is null and s.customer_id = b.customer_id "
            f"and {_IS_ABOUT} and e.stated_at >= b.decided_at)",
            rule=4,
        ),
        no_row_where(
            "no_permission_against_a_withdrawn_contact_point",
            "Nobody is permitted by whose address or number somebody withdrew at or after the deciding grant.",
            "b.is_permitted and exists (select 1 from (select contact_point, purpose, channel, max(stated_at) as stated_at "
            "from conformed.conformed_consent_events where status = 'withdrawn' and deleted_at is null group by all) e "
            "join (select contact_point, email_key as match_key from identity.withdrawn_points union all "
            "select contact_point, phone_key from identity.withdrawn_points) w on w.contact_point = e.contact_point "
            "join (select source_system, source_key, email_key as match_key from identity.normalised_people union all "
            "select source_system, source_key, phone_key from identity.normalised_people) n on n.match_key = w.match_key "
            "join identity.customer_source_records s on s.source_system = n.source_system and s.source_key = n.source_key and s.valid_to is null "
            "where s.customer_id = b.customer_id "
            f"and {_IS_ABOUT} and e.stated_at >= b.decided_at)",
            rule=4,
        ),
        no_row_where(
            "no_permission_against_a_reservation",
            "Nobody is permitted who stands in a public register that closes the channel.",
            "b.is_permitted and exists (select 1 from marts.customer_reservations r "
            "where r.customer_id = b.customer_id and r.channel = b.channel)",
            rule=13,
        ),
        no_row_where(
            "registers_are_there_and_fresh",
            "No grant is void because a public register is missing, too old or shrunk: deliver it whole.",
            "b.reason_code in ('register_missing_or_old', 'register_shrunk', 'register_digits_lost')",
            "WARN",
            rule=14,
        ),
        no_row_where(
            "no_grant_is_in_doubt_for_want_of_a_time_zone",
            "No grant is void because a withdrawal of another source is near and one of the two times has no offset: state `timezone` for the source.",
            "b.reason_code = 'withdrawn' and exists (select 1 from identity.customer_source_records s join conformed.conformed_consent_events e "
            "on e.person_system = s.source_system and e.person_key = s.source_key and e.status = 'granted' and e.deleted_at is null "
            "where s.valid_to is null and s.customer_id = b.customer_id and e.purpose = b.purpose and e.channel = b.channel "
            "and coalesce(e.confirmed_at, e.stated_at) > b.decided_at and coalesce(e.confirmed_at, e.stated_at) <= b.decided_at + "
            f"{EARLIER} + {LATER} "
            "and (e.is_zoneless or exists (select 1 from identity.withdrawals w where w.is_zoneless "
            "and w.source_system || ':' || w.source_key = b.deciding_event)))",
            "WARN",
            rule=4,
        ),
        no_row_where(
            "every_permission_says_by_what",
            "Every permission names its deciding statement, its contact point and a purpose that is declared.",
            "b.is_permitted and (b.deciding_event is null or b.contact_point is null "
            "or b.purpose not in (select purpose from reference.purposes))",
            rule=2,
        ),
    )
    past = (
        no_address_of_the_hidden,
        no_row_where(
            "agrees_with_what_holds_now",
            "What holds now is what contact_permissions say, but for what a register closes or the future withdraws.",
            "b.valid_from <= (select as_of from ops.clock) and coalesce(b.valid_to > (select as_of from ops.clock), true) and exists ("
            "select 1 from marts.contact_permissions p where p.customer_id = b.customer_id and p.purpose = b.purpose and p.channel = b.channel "
            "and p.is_permitted and not (b.is_permitted and b.contact_point = p.contact_point and b.deciding_event = p.deciding_event))",
            rule=1,
        ),
    )
    sent = (
        no_row_where(
            "lawful_is_by_a_statement",
            "Every message that counts as lawful has a purpose, and the statement that permitted it, made before it was sent.",
            "b.is_lawful and (b.purpose is null or not exists (select 1 from marts.contact_permission_history h "
            "where h.customer_id = b.customer_id and h.purpose = b.purpose and h.channel = b.channel and h.is_permitted "
            "and h.deciding_event = b.deciding_event and h.valid_from <= b.occurred_at))",
            rule=2,
        ),
    )
    registers = (
        no_row_where(
            "registers_are_whole",
            "The newest version of no public register has fewer entries than the seed register_rules lets it.",
            "b.is_shrunk and b.version_on = (select max(n.version_on) from identity.register_versions n where n.register = b.register)",
            "WARN",
            rule=14,
        ),
    )
    return [
        Suite("consent", "identity", "register_versions", ("identity", "register_versions"), registers),
    ] + [
        Suite("consent", "marts", table, ("marts", table), found)
        for table, found in (
            ("contact_permissions", checks),
            ("contact_permission_history", past),
            ("fct_contact_compliance", sent),
        )
    ]


def segment_suites(tables: list[str]) -> list[Suite]:
    """The same check of every segment, because it is one."""
    check = no_row_where(
        "nobody_who_may_not_be_profiled",
        "Nobody who denied or objected to profiling (Art. 21), or whose grant for it has ended; nobody protected or dead.",
        f"b.customer_id in {NOT_PROFILED}",
        rule=6,
    )
    return [Suite("consent", SEGMENTS, table, (SEGMENTS, table), (check,)) for table in tables]


def _people() -> Suite:
    checks = (
        no_row_where(
            "protected_people_have_no_address",
            "No street, postal code or place of a protected identity or of somebody who died.",
            "(b.is_protected or b.is_deceased) and (b.street is not null or b.postal_code is not null or b.city is not null)",
            rule=19,
        ),
        no_row_where("nobody_restricted", "Nobody whose data are restricted (Art. 18).", _IS_RESTRICTED, rule=24),
    )
    return Suite("consent", "marts", "dim_customers", ("marts", "dim_customers"), checks)
