"""Promises of the consent rules that a small change could break unnoticed: each was broken once, and no other test saw it.

Not here: the rules one by one (test_consent_rules.py, test_register_rules.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from data_quality.suites.grades import _of_few
from orchestration.core.settings import PROJECT_DIR
from orchestration.privacy.rights.objections import object_to_marketing
from tests.unit.consent import ANNA, FRESH, NOBODYS, compiled_with, orders, said
from tests.unit.people import by_case, someone
from tests.unit.stories import night, of, story

CONFIRMED = {"confirmed_at": datetime(2026, 1, 2)}
CHANNELS = ("email", "sms", "phone", "post", "ads")


LEFT = [(kind, is_named_by) for kind in ("unsubscribed", "complained") for is_named_by in ("record", "contact point")]


@story
def test_rule_04_a_complaint_is_a_withdrawal_as_an_unsubscribe_is(cast):
    people, other = cast.many(len(LEFT)), cast.one()
    offers = [of(one, purpose="offers", **CONFIRMED) for one in (*people, other)]
    events = []
    for one, (kind, is_named_by) in zip(people, LEFT, strict=True):
        whose = (
            {"person_key": one["source_key"]} if is_named_by == "record" else NOBODYS | {"contact_point": one["email"]}
        )
        events.append({"kind": kind, "occurred_at": datetime(2026, 3, 1), **whose})
    found = yield night([*people, other], *offers, email_events=events)
    assert set(found) == {(other["source_key"], "offers", "email")}
    then = cast.rows(
        "select s.source_key, h.is_permitted from marts.contact_permission_history h join identity.customer_source_records s using (customer_id) "
        "where h.purpose = 'offers' and h.contact_point is null and h.valid_to is null and s.source_key in (select unnest(?))",
        [one["source_key"] for one in (*people, other)],
    )
    assert sorted(then) == sorted((one["source_key"], False) for one in people)


def test_rule_14_a_register_version_of_the_future_is_no_fresh_one(permitted):
    granted = [said("anna", channel="phone")]
    for version, is_fresh in (("2026-06-01", True), ("2026-06-15", False), ("2027-05-31", False)):
        entries = [{"register": "nix_telefon", "version_on": version, "phone": "+46709999999"}]
        assert bool(permitted([ANNA], consent_events=granted, reservations=entries)) == is_fresh, version
    assert permitted.why["anna", "survey", "phone"] == "the register nix_telefon is missing or too old"


def test_rule_08_a_soft_opt_in_is_of_email_and_sms_alone(permitted, compiled, warehouse, tmp_path_factory):
    """With every register fresh and free of her, so that nothing but the rule itself closes a channel."""
    soft = [said("anna", purpose="offers", channel=c, legal_basis="soft opt-in", **CONFIRMED) for c in CHANNELS]
    customer = permitted.resolve(ANNA)["anna"]
    orders(warehouse, (customer, "2025-12-24", "completed", 100, 100))
    before = dict(compiled)
    compiled.update(compiled_with(tmp_path_factory, soft_opt_in=True))
    try:
        found = permitted([ANNA], consent_events=soft, reservations=FRESH)
        assert {channel for _, _, channel in found} == {"email", "sms"}
    finally:
        compiled.update(before)
    plain = [said("anna", purpose="offers", channel=c, **CONFIRMED) for c in CHANNELS]
    found = permitted(
        [ANNA | {"street": "Storgatan 1", "postal_code": "11455"}], consent_events=plain, reservations=FRESH
    )
    assert {channel for _, _, channel in found} == set(CHANNELS)


# (ordered on, status in the shop's words, amount, net amount)
SOLD = ("2025-12-01", "Completed", 100, 100)
NO_SALE = [
    [("2025-12-01", word, 100, 100)]
    for word in ("Pending payment", "pending", "on-hold", "wc-on-hold", "Failed", "new", "unpaid", None, "Väntar", "unavailable")
] + [
    [("2025-12-01", "failed", 100, 0)],
    [("2026-02-01", "completed", 100, 100)],  # after the grant
    [SOLD, ("2026-02-01", "completed", -100, -100)],  # a credit note, whenever it came
    [SOLD, ("2025-12-02", None, -100, -100)],
    [SOLD, ("2025-12-02", "refunded", 100, 0)],  # the refund is an order of its own
    [("2025-12-01", "completed", 110, 110), ("2025-12-02", "refunded", 10, 0, "EUR")],  # as is one in another currency
    [SOLD, ("2025-12-02", "refunded", 40, 0, "PLN")],  # which may have no rate
    [SOLD, SOLD, ("2025-12-02", "completed", -200, -200)],
    [SOLD, ("2025-12-02", "completed", -40, None)],  # in a currency without a rate
    [("2025-12-01", "completed", 100, None)],
]  # fmt: skip
SALE = [
    [SOLD],
    [("2025-12-01", "paid", 100, 100)],
    [("2025-12-01", "Betald", 100, 100)],
    [("2025-12-01", "wc-processing", 100, 100)],
    [("2025-12-01", "partially refunded", 100, 60)],
    [SOLD, ("2025-12-02", "completed", -40, -40)],
    [SOLD, ("2025-12-02", "refunded", 40, 0, "EUR")],  # another sale that was refunded
    [SOLD, ("2025-12-02", "completed", 300, 300), ("2026-01-01", None, -100, -100)],
    # whose refunded order says so itself, and another sale
    [("2025-11-01", "refunded", 70, 0), SOLD, ("2025-11-02", "completed", -70, 0)],
]


def test_rule_08_a_soft_opt_in_needs_a_sale_that_was_paid_and_kept(permitted, compiled, warehouse, tmp_path_factory):
    seed = PROJECT_DIR / "dbt_project" / "seeds" / "order_statuses.csv"
    words = dict(warehouse.execute(f"select spelling, status from read_csv('{seed}')").fetchall())

    def meant(word: str | None) -> str | None:
        return None if word is None else words[word.lower().replace("-", " ")]

    def opens(cases: list[list[tuple]]) -> dict[str, object]:
        """Of each somebody who bought so, and was granted something afterwards."""
        people = [someone(n) for n in range(len(cases))]
        customers = permitted.resolve(*people)
        orders(
            warehouse,
            *((customers[f"p{n}"], on, meant(word), *rest) for n, rows in enumerate(cases) for on, word, *rest in rows),
        )
        soft = {"at": "2026-01-01", "purpose": "offers", "channel": "email", "legal_basis": "soft opt-in"} | CONFIRMED
        found = permitted(
            people, consent_events=[said(one["source_key"], contact_point=one["email"], **soft) for one in people]
        )
        return by_case(cases, lambda n: (f"p{n}", "offers", "email") in found)

    before = dict(compiled)
    compiled.update(compiled_with(tmp_path_factory, soft_opt_in=True))
    try:
        assert opens(NO_SALE) == by_case(NO_SALE, lambda _: False)
        assert opens(SALE) == by_case(SALE, lambda _: True)
    finally:
        compiled.update(before)


@story
def test_rule_06_an_objection_closes_every_channel_ads_too(cast):
    """By the command, which names no channel, and by a statement that came on one."""
    homes = [
        {"street": "Hallongatan 1", "postal_code": "11122", "city": "Stockholm"},
        {"street": "Hallongatan 2", "postal_code": "22233", "city": "Lund"},
    ]
    people = [cast.one(**home) for home in homes]
    granted = []
    for one in people:
        home = f"{one['street']}, {one['postal_code']} {one['city']}"
        points = {"email": one["email"], "sms": one["phone"], "phone": one["phone"], "post": home, "ads": one["email"]}
        granted += [
            of(one, purpose=purpose, channel=channel, contact_point=points[channel], **CONFIRMED)
            for purpose in ("offers", "profiling", "survey")
            for channel in CHANNELS
        ]
    before = yield night(people, *granted)
    assert {(who, channel) for who, _, channel in before} == {
        (one["source_key"], c) for one in people for c in CHANNELS
    }
    by_command, by_statement = people
    whose = "select customer_id from identity.customer_source_records where valid_to is null and source_key = ?"
    ((customer,),) = cast.rows(whose, by_command["source_key"])
    object_to_marketing(cast.warehouse, customer, datetime(2026, 3, 1), "r1")
    objection = of(by_statement, "withdrawn", "2026-03-01", purpose="direct_marketing")
    after = yield night(people, *granted, objection)
    assert set(after) == {found for found in before if found[1] == "survey"}


def test_rule_32_no_county_of_few_is_told_whatever_is_told_of_the_country(compiled, warehouse):
    # five in Uppsala, four of one age and one of another in Kalmar, one alone in Gotland
    people = [("SE", "Uppsala", 40)] * 5 + [("SE", "Kalmar", 40)] * 4 + [("SE", "Kalmar", 70)] + [("SE", "Gotland", 40)]
    warehouse.execute(
        "create schema marts; create schema bi; create schema ops; create table ops.clock as select timestamp '2026-06-01' as as_of, 0 as published_load"
    )
    values = ", ".join(f"('c{n}', '{country}', '{county}', {age})" for n, (country, county, age) in enumerate(people))
    warehouse.execute(
        "create table marts.dim_customers as select id as customer_id, id as customer_key, country_code, county, "
        "(date '2026-01-01' - to_years(age))::date as birth_date, age as age, false as is_minor, false as is_business, false as is_club_member, "
        f"timestamp '2020-01-01' as first_seen_at from (values {values}) t(id, country_code, county, age); "
        "create table marts.customer_360 as select customer_id, case age when 40 then '30 to 44' else '65 and over' end as age_band, 1 as order_count, 1.0 as revenue_amount, 1.0 as gross_amount, "
        "1.0 as refunded_amount, 1.0 as net_amount, 'SEK' as currency, false as has_active_subscription from marts.dim_customers; "
        "create schema segments; create table segments.customer_lifecycle as select customer_id, 'new' as lifecycle_stage from marts.dim_customers; "
        "create table segments.customer_rfm as select customer_id, 'loyal' as rfm_segment from marts.dim_customers; "
        "create table marts.customer_profile as select customer_id from marts.dim_customers"
    )
    told = warehouse.execute(
        f"select country_code, county, count(*) from ({compiled['bi_dim_customers']}) group by all"
    ).fetchall()
    # the five of Kalmar go with the one of Gotland, who would be the rest
    assert {county: rows for _, county, rows in told} == {"Uppsala": 5, "other (small groups)": 6}
    assert {country for country, *_ in told} == {"SE"}


def test_a_county_that_is_told_has_all_of_its_people_and_what_is_hidden_is_not_called_unknown(compiled, warehouse):
    """The age goes before the county: 27 in Skåne of many ages, 4 and 3 in small counties, 6 of no county, 2 in another country."""
    people = [("SE", "Skåne", n % 9) for n in range(27)] + [("SE", "Skåne", None)] * 8 + [("SE", "Gotland", 1)] * 4
    people += [("SE", "Kalmar", 2)] * 3 + [("SE", None, None)] * 6 + [("NO", "Oslo", 1)] * 2 + [("DK", None, 1)] * 7
    warehouse.execute(
        "create schema marts; create schema segments; create schema ops; create table ops.clock as select timestamp '2026-06-01' as as_of; "
        "create table people (n integer, country_code varchar, county varchar, age integer)"
    )
    warehouse.executemany("insert into people values (?, ?, ?, ?)", [(n, *row) for n, row in enumerate(people)])
    warehouse.execute(
        "create table marts.dim_customers as select 'c' || n as customer_id, 'c' || n as customer_key, country_code, county, "
        "false as is_business, false as is_club_member, timestamp '2020-01-01' as first_seen_at from people; "
        "create table marts.customer_360 as select 'c' || n as customer_id, coalesce(case when age = 1 then '30 to 44' else 'band ' || age end, 'unknown') as age_band, 1 as order_count, 1.0 as revenue_amount, "
        "'SEK' as currency, false as has_active_subscription from people; "
        "create table marts.customer_profile as select customer_id from marts.dim_customers; "
        "create table segments.customer_lifecycle as select customer_id, 'new' as lifecycle_stage from marts.dim_customers; "
        "create table segments.customer_rfm as select customer_id, 'loyal' as rfm_segment from marts.dim_customers"
    )
    rows = warehouse.execute(f"select country_code, county, age_band, count(*) from ({compiled['bi_dim_customers']}) group by all").fetchall()  # fmt: skip
    few = "other (small groups)"
    assert {row[:3]: row[3] for row in rows} == {
        ("SE", "Skåne", "unknown"): 8,
        ("SE", "Skåne", few): 27,
        # four and three are enough together; two of NO are not, and DK, the smallest other one, goes with them
        ("SE", few, few): 7,
        ("SE", None, "unknown"): 6,
        (few, few, "30 to 44"): 9,
    }
    # the ages of all, wherever they live: of 16, 14, and 27 in bands of few and the smallest other one
    ages = warehouse.execute(f"from ({compiled['bi_customers_by_age']}) order by 1").fetchall()
    assert ages == [("30 to 44", 30, 15, 0.27), (few, None, 25, 0.45), ("unknown", None, 15, 0.27)]
    query = next(c for c in _of_few("dim_customers", 5) if c.name == "no_place_and_age_of_few").arguments["unexpected_rows_query"]  # fmt: skip
    assert warehouse.execute(query.format(batch=f"({compiled['bi_dim_customers']})")).fetchall() == []
    bare = (
        "(select country_code, county, age_band from marts.dim_customers join marts.customer_360 using (customer_id))"
    )
    assert len(warehouse.execute(query.format(batch=bare)).fetchall()) > 5


def test_rule_32_no_stage_or_yes_of_few_is_told_nor_by_the_number_of_rows(compiled, warehouse):
    """Two of 30 are won back, three have no RFM segment, one is a business, and four are not profiled."""
    warehouse.execute(
        "create schema marts; create schema segments; create schema ops; create table ops.clock as select timestamp '2026-06-01' as as_of; "
        "create table marts.dim_customers as select 'c' || n as customer_id, 'c' || n as customer_key, 'SE' as country_code, 'Uppsala' as county, "
        "n = 0 as is_business, n < 10 as is_club_member, timestamp '2020-01-01' as first_seen_at from range(30) r(n); "
        "create table marts.customer_360 as select customer_id, '30 to 44' as age_band, 1 as order_count, 1.0 as revenue_amount, 'SEK' as currency, "
        "case when customer_id in ('c1', 'c2', 'c3') then true when customer_id < 'c26' then false end as has_active_subscription from marts.dim_customers; "
        "create table segments.customer_lifecycle as select customer_id, case when n < 2 then 'won back' when n < 9 then 'lapsed' else 'active' end as lifecycle_stage "
        "from (select customer_id, row_number() over (order by customer_id) - 1 as n from marts.dim_customers) where n < 26; "
        "create table segments.customer_rfm as select customer_id, 'loyal' as rfm_segment from segments.customer_lifecycle where customer_id <> 'c9'; "
        "create table marts.customer_profile as select customer_id from segments.customer_lifecycle"
    )

    def told(column: str) -> dict[Any, int]:
        return dict(warehouse.execute(f"select {column}, count(*) from ({compiled['bi_dim_customers']}) group by 1").fetchall())  # fmt: skip

    few = "other (small groups)"
    # not those who are not profiled, nor the active, as long as another one is there
    assert told("lifecycle_stage") == {few: 2 + 7 + 4, "active": 17}
    # whose stage is not told has no segment that is, or the two together would tell the four
    assert told("rfm_segment") == {few: 13, "loyal": 17}
    assert told("is_club_member") == {True: 10, False: 20} and told("is_business") == {None: 30}
    # three have one, and who is not known goes with them
    assert told("has_active_subscription") == {None: 13, False: 17}
    query = next(c for c in _of_few("dim_customers", 5) if c.name == "no_word_of_few").arguments[
        "unexpected_rows_query"
    ]
    assert warehouse.execute(query.format(batch=f"({compiled['bi_dim_customers']})")).fetchall() == []
    bare = "(select l.lifecycle_stage, 'loyal' as rfm_segment, is_business, is_club_member, true as has_active_subscription from marts.dim_customers join segments.customer_lifecycle l using (customer_id))"
    assert {word for (word,) in warehouse.execute(query.format(batch=bare)).fetchall()} == {"won back", "true"}
    split = f"(select case when is_club_member then '{few}' else 'active' end as lifecycle_stage, 'loyal' as rfm_segment, null as is_business, null as is_club_member, null as has_active_subscription from marts.dim_customers)"
    assert warehouse.execute(query.format(batch=split)).fetchall() == [("a stage",)] * 10
    # without a source of orders nobody has a stage, and that is another thing than not to be profiled
    warehouse.execute(
        "delete from segments.customer_lifecycle; delete from segments.customer_rfm; update marts.customer_360 set order_count = null; "
        "insert into marts.customer_profile select customer_id from marts.dim_customers anti join marts.customer_profile using (customer_id)"
    )
    assert told("lifecycle_stage") == told("rfm_segment") == {"in no segment": 30}
    assert told("order_count") == {None: 30}
