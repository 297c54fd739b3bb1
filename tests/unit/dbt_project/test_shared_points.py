"""Who has an email address or a phone number that customers of other households have too, and of whom that is not told."""

from __future__ import annotations

import pytest

from tests.unit.compiled import compiled_models
from tests.unit.dbt_project.insight import NOT_PROFILED, Marts


@pytest.fixture
def marts(warehouse, tmp_path_factory) -> Marts:
    models = compiled_models(tmp_path_factory, ("customer_shared_points", "customer_profile"))
    found = Marts(warehouse, models, ("bridge_household_customers",))
    warehouse.execute(
        "create table identity.normalised_people (source_system varchar, source_key varchar, email_key varchar, phone_key varchar, "
        "country_code varchar, postal_key varchar, street_key varchar, family_key varchar); "
        "create table identity.identifiers (kind varchar, value_key varchar, ignored_code varchar)"
    )
    return found


def writes(
    marts: Marts,
    customer: str,
    email: str | None,
    phone: str | None,
    household: str | None = None,
    *,
    is_business: bool = False,
    street: str | None = "of their own",
    family: str | None = "of their own",
) -> None:
    """A customer whose two records say so: the email address and the home the one, the number and the family name the other."""
    street, family = (f"{customer} {said}" if said == "of their own" else said for said in (street, family))
    marts.add("marts.dim_customers", {"customer_id": customer, "is_business": is_business})
    if household:
        marts.add("marts.bridge_household_customers", {"customer_id": customer, "household_id": household})
    for key, point in (("email_key", email), ("phone_key", phone)):
        record = {"source_system": key, "source_key": customer}
        marts.add("marts.bridge_customer_source_records", record | {"customer_id": customer})
        more = {"postal_key": "111", "street_key": street} if key == "email_key" else {"family_key": family}
        marts.add("identity.normalised_people", record | more | {key: point})


def test_points_of_other_households_are_counted_once_each(marts):
    for customer, email, phone, household in (
        ("a", "x", "1", "h1"), ("b", "x", "1", "h1"), ("c", "x", "1", "h2"), ("d", None, "1", None), ("alone", "y", None, None), ("nothing", None, None, None),
    ):  # fmt: skip
        writes(marts, customer, email, phone, household)
    found = {
        row["customer_id"]: (row["sharing_customer_count"], row["shared_points"])
        for row in marts.rows("customer_shared_points")
    }
    both = "email address, phone number"
    assert found == {"a": (2, both), "b": (2, both), "c": (3, both), "d": (3, "phone number")}


def test_who_may_live_together_is_not_counted(marts):
    """Nobody is accused by a gap of what is known: the same home, the same family, and no home or household at all."""
    writes(marts, "a", "x", None, street="here", family="berg")
    writes(marts, "same home", "x", None, street="here", family="dahl")
    writes(marts, "same family", "x", None, "h1", family="berg")
    writes(marts, "no home", "x", None, street=None)
    writes(marts, "elsewhere", "x", None)
    writes(marts, "no home, a household", "x", None, "h2", street=None)
    writes(marts, "nothing known", "x", None, street=None, family=None)
    found = {row["customer_id"]: row["sharing_customer_count"] for row in marts.rows("customer_shared_points")}
    # h1 and h2 are two households, whatever their homes
    assert found == {"a": 1, "same home": 2, "same family": 3, "elsewhere": 3, "no home, a household": 1}


def test_a_switchboard_a_company_and_a_record_that_is_gone_share_nothing(marts):
    for n in range(13):
        writes(marts, f"s{n:02d}", None, "112")
    writes(marts, "firm", "info", None, is_business=True)
    writes(marts, "clerk", "info", None)
    writes(marts, "left", "z", None)
    writes(marts, "right", "z", None)
    marts.con.execute("update marts.bridge_customer_source_records set valid_to = now() where customer_id = 'left'")
    assert marts.rows("customer_shared_points") == []
    marts.con.execute("delete from marts.dim_customers where customer_id = 's12'")
    assert len(marts.rows("customer_shared_points")) == 12


def test_a_placeholder_and_a_mailbox_of_a_role_share_nothing(marts):
    for kind, key, code in (("email", "noreply", "junk"), ("phone", "0700", "junk"), ("email", "info", "role_mailbox"), ("phone", "9", "override"), ("email", "x", "many_names")):  # fmt: skip
        marts.add("identity.identifiers", {"kind": kind, "value_key": key, "ignored_code": code})
    for n, (email, phone) in enumerate((("noreply", "0700"), ("info", "9"), ("x", "noreply"))):
        for of in "ab":
            writes(marts, f"{of}{n}", email, phone)
    found = [(row["customer_id"], row["shared_points"]) for row in marts.rows("customer_shared_points")]
    assert sorted(found) == [("a2", "email address, phone number"), ("b2", "email address, phone number")]


@pytest.mark.parametrize("why", NOT_PROFILED)
def test_rule_19_who_may_not_be_profiled_shares_nothing_and_nobody_with_them(marts, why):
    for customer in ("a", "b"):
        writes(marts, customer, "x", None)
    assert len(marts.rows("customer_shared_points")) == 2
    marts.hides("b", why)
    assert marts.rows("customer_shared_points") == []
