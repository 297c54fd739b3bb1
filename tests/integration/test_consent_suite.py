"""The consent suite of Great Expectations on a whole company: what each of its checks finds, and that it finds nothing else."""

from __future__ import annotations

import shutil

from data_quality.runner import QualityRun
from data_quality.suites import consent
from orchestration.core.configuration import load_settings
from orchestration.core.home import Home
from orchestration.core.warehouse import open_warehouse
from tests.conftest import Kundbild

AUDIENCE = "audience_newsletter_email"
_MEMBER = f"(select arg_min(customer_id, contact_point) from audiences.{AUDIENCE})"
_PERMITTED = (
    "(select arg_min(customer_id, contact_point) from marts.contact_permissions where is_permitted and channel = 'email' and purpose = 'newsletter' "
    # a number in a register too is another breach
    "and customer_id not in (select customer_id from marts.customer_reservations) "
    # whom an address register can name: not everybody gives a birth date
    "and customer_id in (select customer_id from identity.golden_records where birth_date.value is not null "
    "and given_name.value is not null and family_name.value is not null))"
)
# the grant that it is by, as a withdrawal of the last evening
_WITHDRAWN = (
    "insert into conformed.conformed_consent_events select * replace ('withdrawn' as status, 'broken' as source_key, "
    "timestamp '2026-10-31' as stated_at, {replaced}) from conformed.conformed_consent_events where source_system || ':' || source_key = "
    f"(select deciding_event from marts.contact_permissions where is_permitted and purpose = 'newsletter' and channel = 'email' and customer_id = {_PERMITTED})"
)
# somebody restricted whom a night left in this table, and in no other
_RESTRICTED = (
    "insert into identity.restrictions by name select source_system, source_key, now()::timestamp as since, 'r' as request_id "
    "from identity.customer_source_records where valid_to is null and customer_id = {customer} limit 1; "
    "delete from marts.bridge_customer_source_records where customer_id = {customer}"
)
# an event of the email tool, in its own words, that no model has read
_UNREAD = (
    "insert into raw_email.events by name select 'broken' as event_id, 'group_unsubscribe' as event, {who}, timestamp '2026-10-31' as occurred_at, "
    "now()::timestamp as _extracted_at, 1 as _load_id"
)
_SUBSCRIBER = (
    "(select min(s.source_key)::bigint from identity.customer_source_records s join marts.contact_permissions p using (customer_id) "
    "where s.source_system = 'email' and s.valid_to is null and p.is_permitted and p.purpose = 'newsletter' and p.channel = 'email')"
)
# a view with other values
_AS_TABLE = (
    "create table main.seen as from {table}; drop view {table}; create table {table} as select {changed} from main.seen"
)
# table, check, what breaks it as SQL
BREACHES = [
    (AUDIENCE, "every_row_is_of_its_rule", "update reference.audience_rules set channel = 'sms' where audience = 'newsletter_email'"),
    (AUDIENCE, "every_row_has_permission", f"update audiences.{AUDIENCE} set contact_point = 'other@x.se' where customer_id = {_MEMBER}"),
    (AUDIENCE, "its_segment_has_customers", "update reference.audience_rules set scheme = 'rfm', segment = 'misspelt' where audience = 'newsletter_email'"),
    (AUDIENCE, "nobody_that_the_law_keeps_out", f"update marts.dim_customers set is_deceased = true where customer_id = {_MEMBER}"),
    (AUDIENCE, "nobody_restricted", _RESTRICTED.format(customer=_MEMBER)),
    (AUDIENCE, "nobody_hidden_by_the_raw_register", "insert into raw_registers.addresses by name select 'broken' as entry_id, upper(given_name.value) || ' Maria' as given_name, "
    f"'von ' || upper(family_name.value) as family_name, birth_date.value::varchar as birth_date, true as is_protected, false as is_deceased from identity.golden_records where customer_id = {_MEMBER}"),
    ("contact_permissions", "no_permission_by_a_number_in_a_raw_register", "update marts.contact_permissions set channel = 'phone', contact_point = '+46 70-099 00 01' "
    f"where is_permitted and purpose = 'newsletter' and customer_id = {_PERMITTED}; insert into raw_registers.nix_telefon by name select '0700990001' as telefonnummer"),
    (AUDIENCE, "nobody_young_by_the_birth_date", "update identity.golden_records set birth_date = struct_pack(value := date '2012-01-01', source_system := null::varchar, "
    f"source_key := null::varchar, changed_at := null::timestamp, is_conflicting := false) where customer_id = {_MEMBER}"),
    ("customer_rfm", "nobody_who_may_not_be_profiled", "insert into marts.contact_permissions by name select customer_id, 'profiling' as purpose, 'ads' as channel, "
    "false as is_permitted, 'withdrawn' as reason_code, 'withdrawn' as reason, now()::timestamp as decided_at from segments.customer_rfm limit 1"),
    ("dim_customers", "nobody_restricted", _RESTRICTED.format(customer="(select arg_min(customer_id, email) from marts.dim_customers)")),
    ("dim_customers", "protected_people_have_no_address", "update marts.dim_customers set is_protected = true where customer_id = "
    "(select arg_min(customer_id, email) from marts.dim_customers where postal_code is not null)"),
    ("contact_permissions", "no_permission_against_a_withdrawal", _WITHDRAWN.format(replaced="null as contact_point")),
    ("contact_permissions", "no_permission_against_a_withdrawal", _WITHDRAWN.format(replaced="null as contact_point, 'all' as purpose, 'all' as channel")),
    ("contact_permissions", "no_permission_against_a_withdrawal", _WITHDRAWN.format(replaced="null as contact_point, 'direct_marketing' as purpose, 'post' as channel")),
    ("contact_permissions", "no_permission_against_a_withdrawn_contact_point", _WITHDRAWN.format(replaced="null as person_system, null as person_key")
    + "; insert into identity.withdrawn_points by name select contact_point, contact_point as email_key, 1 as statements, 1 as digest "
    "from conformed.conformed_consent_events where source_key = 'broken'"),
    ("contact_permissions", "no_permission_against_an_opt_out_in_raw", _UNREAD.format(who=f"{_SUBSCRIBER} as subscriber_id")),
    ("contact_permissions", "no_permission_by_a_point_opted_out_in_raw", _UNREAD.format(
        who=f"(select ' <' || upper(contact_point) || '>;' from marts.contact_permissions where is_permitted and channel = 'email' and purpose = 'newsletter' and customer_id = {_PERMITTED}) as email")),
    # a record that was theirs and is another's since, and an opt-out that came under its key before
    ("contact_permissions", "no_permission_against_an_opt_out_under_a_former_key", _UNREAD.format(who="9999999 as subscriber_id") + "; insert into identity.former_people by name "
    "select 'email' as person_system, 'former' as person_key, '9999999' as record_key, contact_point as email_key, timestamp '2026-11-01' as changed_at, false as is_copied "
    f"from marts.contact_permissions where is_permitted and channel = 'email' and purpose = 'newsletter' and customer_id = {_PERMITTED}"),
    # by letter, to an address that somebody whom nobody knows withdrew
    ("contact_permissions", "no_permission_on_a_postal_address_opted_out_in_raw", "update marts.contact_permissions set channel = 'post', contact_point = 'Provgatan 12, 111 22 Provstad' "
    f"where is_permitted and purpose = 'newsletter' and customer_id = {_PERMITTED}; insert into raw_crm.consents by name select 999999999 as consent_id, 'withdrawn' as status, "
    "'all' as purpose, 'post' as channel, 'PROVGATAN 12\n11122 Provstad' as contact_point, timestamp '2026-10-31' as stated_at, now()::timestamp as _extracted_at, 1 as _load_id"),
    ("contact_permissions", "no_permission_on_junk", "update marts.contact_permissions set contact_point = 'Saknas2@x.se' where is_permitted and purpose = 'newsletter' "
    f"and channel = 'email' and customer_id = {_PERMITTED}"),
    ("contact_permissions", "no_permission_against_an_objection", "insert into identity.objections by name select source_system, source_key, timestamp '2026-10-31' as stated_at, "
    f"'r' as request_id from identity.customer_source_records where valid_to is null and customer_id = {_PERMITTED}"),
    ("contact_permissions", "no_permission_on_a_corrected_point", "insert into identity.corrections by name select source_system, source_key, 'email' as field, "
    f"'right@elsewhere.se' as value, timestamp '2026-10-31' as corrected_at, 'r' as request_id from identity.customer_source_records where valid_to is null and customer_id = {_PERMITTED}"),
    ("contact_permissions", "no_permission_against_a_reservation", f"insert into marts.customer_reservations by name select {_PERMITTED} as customer_id, 'email' as channel, 'r' as register, 'r' as reservation_key"),
    ("contact_permissions", "registers_are_there_and_fresh", "update marts.contact_permissions set reason_code = 'register_missing_or_old' "
    "where customer_id = (select min(customer_id) from marts.contact_permissions where not is_permitted) and not is_permitted"),
    ("contact_permissions", "every_permission_says_by_what", f"update marts.contact_permissions set deciding_event = null where is_permitted and customer_id = {_PERMITTED}"),
    ("contact_permission_history", "agrees_with_what_holds_now", f"update marts.contact_permission_history set is_permitted = false where customer_id = {_PERMITTED}"),
    ("fct_contact_compliance", "lawful_is_by_a_statement", "update marts.fct_contact_compliance set is_lawful = true where not is_lawful"),
    ("register_versions", "registers_are_whole", "update identity.register_versions set is_shrunk = true where register = 'nix_telefon'"),
    # a grant an hour after a withdrawal, whose time nobody knows the zone of
    ("contact_permissions", "no_grant_is_in_doubt_for_want_of_a_time_zone", "insert into conformed.conformed_consent_events by name select 'crm' as source_system, 'broken' as source_key, "
    "s.source_system as person_system, s.source_key as person_key, p.purpose, p.channel, 'granted' as status, p.decided_at + interval '1 hour' as stated_at, true as is_zoneless, "
    "now()::timestamp as extracted_at, 1 as load_id from marts.contact_permissions p join identity.customer_source_records s on s.customer_id = p.customer_id and s.valid_to is null "
    "where p.reason_code = 'withdrawn' limit 1"),
    ("contact_permissions", "no_address_of_anybody_hidden_by_the_raw_register", "update marts.contact_permissions set contact_point = 'Storgatan 1' where is_permitted and purpose = 'newsletter' and channel = 'email' "
    f"and customer_id = {_PERMITTED}; insert into raw_registers.addresses by name select 'broken' as entry_id, given_name.value as given_name, family_name.value as family_name, "
    f"birth_date.value::varchar as birth_date, true as is_protected, false as is_deceased from identity.golden_records where customer_id = {_PERMITTED}"),
    ("customer_overview", "no_key", "alter table bi_open.customer_overview add column customer_key varchar"),
    ("customer_overview", "counts_are_rounded", "update bi_open.customer_overview set customer_count = customer_count + 1"),
    ("fct_orders", "no_time_too_fine", _AS_TABLE.format(table="bi.fct_orders", changed="* replace (ordered_at + interval '1 millisecond' as ordered_at)")),
    ("email_campaigns", "no_personal_column", "alter table bi.email_campaigns add column email varchar"),
    ("email_campaigns", "no_personal_value", "update bi.email_campaigns set campaign_name = '+46701234567'"),
    ("email_campaigns", "nothing_personal_taken_out", "update bi.email_campaigns set campaign_name = 'Lund, [phone number removed]'"),
    ("ad_spend", "no_personal_number", "update bi.ad_spend set spend_amount = ([8112189876, 1212121212, 6408233234])[1 + rowid % 3]"),
    ("email_campaigns", "no_count_of_few", "update bi.email_campaigns set complained_count = 1"),
    ("consent_overview", "no_count_of_few", "update bi.consent_overview set withdrawn_count = 1"),
    ("dim_customers", "no_place_and_age_of_few", "update bi.dim_customers set county = 'of one' where customer_key = (select min(customer_key) from bi.dim_customers where country_code is not null)"),
    ("dim_customers", "no_word_of_few", "update bi.dim_customers set lifecycle_stage = 'of one' where customer_key = (select min(customer_key) from bi.dim_customers)"),
]  # fmt: skip


def test_each_check_of_the_consent_suite_finds_what_it_is_for(demo_copy: Kundbild):
    home = Home(demo_copy.home)
    settings = load_settings(demo_copy.config, {"KUNDBILD_HOME": str(home.root)})
    suites = consent.suites(settings, {})
    whole = home.temporary / "whole.duckdb"
    shutil.copyfile(home.warehouse, whole)

    def failed(table: str, run: str) -> set[str]:
        about = [suite for suite in suites if suite.table == table]
        results = QualityRun(home, settings.engine, run).run(about)
        assert results and not any("could_not_run" in result.observed for result in results)
        return {result.check.name for result in results if not result.passed}

    tables = {suite.table for suite in suites}
    assert {table: found for table in sorted(tables) if (found := failed(table, "whole"))} == {}
    found = []
    for table, check, breach in BREACHES:
        with open_warehouse(home, settings.engine) as con:
            con.execute(breach)
        found.append((table, failed(table, check)))
        shutil.copyfile(whole, home.warehouse)
    assert found == [(table, {check}) for table, check, _ in BREACHES]
    # every kind of check was broken, but for the volume, which has a test of its own
    asked = {check.name for suite in suites for check in suite.checks} - {"keeps_its_volume"}
    assert {check for _, check, _ in BREACHES} == asked
