"""The funnel of audiences, and the audiences themselves, by hand-written customers: who is out for which reason."""

from __future__ import annotations

import re
from datetime import date

import jinja2
import pytest

from data_quality.suites import marts
from orchestration.activation.funnel import funnels, of_nobody, sentence
from orchestration.contracts.audiences import audience_models
from orchestration.contracts.reasons import words
from orchestration.core.settings import DBT_DIR, PROJECT_DIR, Privacy, Settings, Source
from tests.unit.compiled import OTHERWISE, compiled_models, compiled_otherwise

AUDIENCES = tuple(audience.model for audience in audience_models())
# those whose rules the tests are of: of another one, nobody matches here
RULES = ("newsletter_email", "win_back_email", "service_survey_email")
MODELS = (*AUDIENCES, "audience_funnel", "bi_audience_funnel")


@pytest.fixture(scope="module")
def strict(tmp_path_factory) -> dict[str, str]:
    return compiled_models(tmp_path_factory, MODELS)


@pytest.fixture
def company(warehouse):
    """Builds audiences and funnel of customers: (id, birth date or None, days since the last order or None, what else)."""
    seeds = PROJECT_DIR / "dbt_project" / "seeds"
    warehouse.execute(f"""
create schema marts; create schema segments; create schema audiences; create schema bi; create schema reference; create schema if not exists ops; create schema if not exists identity;
create table ops.clock as select timestamp '2026-06-01' as as_of;
create table reference.audience_rules as from read_csv('{seeds}/audience_rules.csv') where audience in {RULES};
create table reference.purposes as from read_csv('{seeds}/purposes.csv');
create table reference.permission_reasons as from read_csv('{seeds}/permission_reasons.csv');
create table identity.restrictions (source_system varchar, source_key varchar);
create table identity.customer_source_records (customer_id varchar, source_system varchar, source_key varchar, valid_to timestamp);
create table marts.dim_customers (customer_id varchar, given_name varchar, country_code varchar, birth_date date, is_minor_or_unknown_age boolean, has_impossible_birth_date boolean, is_protected boolean, is_deceased boolean);
create table marts.customer_360 (customer_id varchar, last_ordered_at timestamp);
create table segments.customer_segments (customer_id varchar, scheme varchar, segment varchar);
create table marts.contact_permissions (customer_id varchar, purpose varchar, channel varchar, is_permitted boolean, contact_point varchar, reason_code varchar, reason varchar, deciding_event varchar, decided_at timestamp);
create table marts.contact_permission_history (customer_id varchar, purpose varchar, channel varchar, is_permitted boolean, valid_from timestamp, valid_to timestamp);
""")  # fmt: skip

    def customer(who: str, born: str | None = "1980-01-01", *, ordered: int | None = None, **flags: bool):
        age_ok = born is not None and date.fromisoformat(born) <= date(2008, 6, 1)
        warehouse.execute(
            "insert into marts.dim_customers values (?, ?, 'SE', ?, ?, ?, ?, ?)",
            [
                who,
                who,
                born,
                not age_ok,
                flags.get("has_impossible_birth_date", False),
                flags.get("is_protected", False),
                flags.get("is_deceased", False),
            ],
        )
        warehouse.execute("insert into marts.customer_360 select ?, timestamp '2026-06-01' - to_days(?::integer)", [who, ordered])  # fmt: skip

    def said(who: str, purpose: str, code: str = "granted"):
        is_permitted = code == "granted"
        warehouse.execute(
            "insert into marts.contact_permissions values (?, ?, 'email', ?, ?, ?, ?, 'e', '2026-01-01')",
            [who, purpose, is_permitted, f"{who}@x.se" if is_permitted else None, code, words(code)],
        )
        warehouse.execute("insert into marts.contact_permission_history values (?, ?, 'email', ?, '2026-01-01', null)", [who, purpose, is_permitted])  # fmt: skip

    def build(models: dict[str, str]) -> dict[str, set[tuple[str, str, int]]]:
        for model in MODELS:
            schema = "audiences" if model in AUDIENCES else "bi" if model.startswith("bi_") else "marts"
            warehouse.execute(f"create or replace table {schema}.{model} as {models[model]}")
        return {name: {(s.step, s.reason, s.customers) for s in steps} for name, steps in funnels(warehouse).items()}

    build.customer, build.said, build.run = customer, said, warehouse.execute
    return build


def ages(company) -> None:
    """Three adults, two whose age nobody knows, one child: all granted newsletter and survey, and bought ten days ago."""
    for who, born in (
        ("a1", "1980-01-01"),
        ("a2", "1980-01-01"),
        ("a3", "2008-06-01"),
        ("u1", None),
        ("u2", None),
        ("child", "2008-06-02"),
    ):
        company.customer(who, born, ordered=10)
        company.said(who, "newsletter")
        company.said(who, "survey")  # fmt: skip


def test_the_funnel_of_each_audience_tells_a_soft_opt_in_without_a_sale_and_a_placeholder(company, strict):
    company.customer("cancelled", ordered=300)
    company.customer("junk", ordered=300)
    company.customer("asked", ordered=5)
    for purpose in ("newsletter", "offers", "survey"):
        for who, code in (
            ("cancelled", "no_kept_sale"),
            ("junk", "placeholder_contact_point"),
            ("asked", "no_kept_sale"),
        ):
            company.said(who, purpose, code)
    found = company(strict)
    told = {audience: {(reason, n) for step, reason, n in steps if step == "not permitted"} for audience, steps in found.items()}  # fmt: skip
    no_sale, no_point = words("no_kept_sale"), words("placeholder_contact_point")
    assert told == {
        "newsletter_email": {(no_sale, 2), (no_point, 1)},
        "win_back_email": {(no_sale, 1), (no_point, 1)},
        "service_survey_email": {(no_sale, 1)},
    }


def members(company, audience: str) -> set[str]:
    return {who for (who,) in company.run(f"select customer_id from audiences.audience_{audience}").fetchall()}


def test_a_permission_that_no_statement_of_the_history_bears_puts_nobody_in_an_audience(company, strict):
    for who in ("a1", "a2"):
        company.customer(who)
        company.said(who, "newsletter")
    company.run("delete from marts.contact_permission_history where customer_id = 'a1'")
    company(strict)
    assert members(company, "newsletter_email") == {"a2"}


def test_the_funnel_counts_each_customer_once_with_the_reason(company, strict):
    ages(company)
    for who, flag in (("dead", "is_deceased"), ("hidden", "is_protected")):
        company.customer(who, **{flag: True})
        company.said(who, "newsletter")
    company.customer("no")
    company.said("no", "newsletter", "withdrawn")
    company.customer("silent")
    # two records of one customer
    company.run("insert into identity.restrictions values ('crm', '9'), ('crm', '10'); insert into identity.customer_source_records values ('r', 'crm', '9', null), ('r', 'crm', '10', null)")  # fmt: skip
    found = company(strict)
    assert found["newsletter_email"] == {
        ("matched", "", 10), ("not permitted", "withdrawn", 1), ("not permitted", "no statement on record", 1), ("permitted", "", 8),
        ("kept out", "deceased", 1), ("kept out", "protected identity", 1), ("kept out", "unknown age", 2), ("kept out", "under age", 1),
        ("in the audience", "", 3), ("not looked at", "restricted (Art. 18)", 1),
    }  # fmt: skip
    assert members(company, "newsletter_email") == {"a1", "a2", "a3"}
    assert ("matched", "", 6) in found["service_survey_email"]
    (check,) = [
        c
        for suite in marts.suites(Settings(company="T", sources={"s": Source(connector="files", url="/")}), {})
        for c in suite.checks
        if c.name == "every_step_adds_up"
    ]
    wrong = str(check.arguments["unexpected_rows_query"]).format(batch="(from marts.audience_funnel)")
    assert company.run(wrong).fetchall() == []
    company.run(
        "update marts.audience_funnel set customer_count = 4 where step = 'permitted' and audience = 'newsletter_email'"
    )
    assert company.run(wrong).fetchall() == [("newsletter_email",)]  # fmt: skip


def adults_by(privacy: Privacy) -> str:
    """Whose age is not known is an adult: as the macro says it by [privacy] unknown_age, on the purpose of an audience."""
    macros = (DBT_DIR / "macros" / "audiences.sql").read_text(encoding="utf-8")
    told = {"unknown_age_is_adult": privacy.unknown_age_is_adult}
    return (
        jinja2.Environment()
        .from_string(macros, globals={"var": told.get})
        .module.unknown_age_is_adult("a.purpose")
        .strip()
    )


def test_an_unknown_age_is_a_choice_for_all_or_by_purpose_and_a_child_stays_out(company, tmp_path_factory):
    ages(company)
    by_purpose = Privacy(unknown_age={"newsletter": "adult", "survey": "exclude"})
    assert by_purpose.unknown_age_is_adult == ["newsletter"] and Privacy().unknown_age_is_adult == []
    newsletter = compiled_otherwise(tmp_path_factory, MODELS)
    of_newsletter = adults_by(Privacy(unknown_age=OTHERWISE["privacy"]["unknown_age"]))
    assert all(newsletter[model].count(of_newsletter) for model in (*AUDIENCES, "audience_funnel"))
    of_all = adults_by(Privacy(unknown_age="adult"))
    everybody = {model: sql.replace(of_newsletter, of_all) for model, sql in newsletter.items()}
    company(newsletter)
    assert members(company, "newsletter_email") == {"a1", "a2", "a3", "u1", "u2"}
    assert members(company, "service_survey_email") == {"a1", "a2", "a3"}
    found = company(everybody)
    assert members(company, "service_survey_email") == {"a1", "a2", "a3", "u1", "u2"}
    assert ("kept out", "under age", 1) in found["newsletter_email"]
    # a birth date that lies in the future is not unknown
    company.customer("future", None, has_impossible_birth_date=True)
    for purpose in ("newsletter", "survey"):
        company.said("future", purpose)
    found = company(everybody)
    assert "future" not in members(company, "newsletter_email") | members(company, "service_survey_email")
    assert ("kept out", "a birth date that cannot be one", 1) in found["newsletter_email"]
    assert "unknown age" not in {reason for steps in found.values() for _, reason, _ in steps}


def test_who_denied_profiling_is_not_chosen_by_behaviour_for_marketing(company, strict):
    for who in ("yes", "no", "expired", "void", "reserved"):
        company.customer(who, ordered=300)
        company.said(who, "offers")
        company.said(who, "newsletter")
        company.customer(f"{who}-new", ordered=5)
        company.said(f"{who}-new", "survey")
    for who in ("no", "no-new"):
        company.said(who, "profiling", "withdrawn")
    company.said("reserved", "profiling", "reserved")
    # whose consent ended is not profiled by legitimate interest instead
    company.said("expired", "profiling", "grant_expired")
    company.said("void", "profiling", "no_evidence")
    company.run(
        "update marts.contact_permissions set decided_at = null where purpose = 'profiling' and customer_id in ('expired', 'void')"
    )
    found = company(strict)
    assert members(company, "win_back_email") == {"yes", "reserved"}
    assert ("kept out", "denied profiling", 3) in found["win_back_email"]
    # everybody is chosen for the newsletter; a question about the service is not marketing
    assert members(company, "newsletter_email") == {"yes", "no", "expired", "void", "reserved"}
    assert "no-new" in members(company, "service_survey_email")


def test_an_audience_can_be_a_segment_as_one_that_is_chosen_by_a_score(company, strict, warehouse):
    for who, segment in (("in", "leaving"), ("other", "staying"), ("none", None), ("asked-not", "leaving")):
        company.customer(who, ordered=10)
        company.run("insert into segments.customer_segments values (?, 'risk', ?)", [who, segment])
        company.said(who, "newsletter", "withdrawn" if who == "asked-not" else "granted")
    # a segment of another scheme that is called the same
    company.run("insert into segments.customer_segments values ('none', 'kind', 'leaving')")
    company.run(
        "update reference.audience_rules set scheme = 'risk', segment = 'leaving' where audience = 'newsletter_email'"
    )
    found = company(strict)
    assert members(company, "newsletter_email") == {"in"} and ("matched", "", 2) in found["newsletter_email"]
    assert of_nobody(warehouse) == []
    company.run("update reference.audience_rules set segment = null where audience = 'newsletter_email'")
    company(strict)
    assert members(company, "newsletter_email") == set(), "half a rule is nobody's"
    (told,) = of_nobody(warehouse)
    assert told.startswith("Audience newsletter_email is empty: nobody is in the segment risk, without a name;")
    # of no customer that a segment has, under the name of another scheme's
    company.run(
        "update reference.audience_rules set scheme = 'kin', segment = 'leaving' where audience = 'newsletter_email'"
    )
    assert "the segment kin, leaving;" in of_nobody(warehouse)[0]


def test_bi_tells_the_funnel_and_nothing_of_few(company, strict):
    for n in range(40):
        company.customer(f"a{n}", None if n < 7 else "1980-01-01" if n > 9 else "2020-01-01")
        company.said(f"a{n}", "newsletter", "granted" if n < 30 else "withdrawn" if n < 38 else "grant_expired")
    company(strict)
    rows = company.run(
        "select step, reason, customer_count from bi.bi_audience_funnel where audience = 'newsletter_email' order by step_order, step, reason"
    ).fetchall()
    some = "other (small groups)"
    # 2 expired are told with the 8 who withdrew; 3 children with the 7 of unknown age
    assert rows == [
        ("matched", "", 40),
        ("not permitted", some, 10),
        ("permitted", "", 30),
        ("kept out", some.replace("other", "other among the permitted"), 10),
        ("in the audience", "", 20),
    ]
    codes = company.run("select step, reason_code, reason from bi.bi_audience_funnel where reason != ''").fetchall()
    assert {(code, why) for _, code, why in codes} == {
        (code, words(code)) for code in ("several", "several_of_permitted")
    }
    # as the overview of permissions does, so that neither tells what the other hides
    company.run("delete from marts.dim_customers where customer_id >= 'a3' and length(customer_id) = 3")
    company(strict)
    rows = company.run(
        "select step, customer_count from bi.bi_audience_funnel where audience = 'newsletter_email'"
    ).fetchall()
    assert not [count for _, count in rows if count is not None and 0 < count < 5]  # fmt: skip


def test_the_funnel_in_a_sentence(company, strict):
    ages(company)
    company(strict)
    said = sentence("newsletter_email", funnels(company.run("select 1"))["newsletter_email"], most=1)
    assert re.fullmatch(
        r"Audience newsletter_email: 6 match, 6 permitted, 3 in it; kept out: unknown age 2, other reasons 1", said
    )
