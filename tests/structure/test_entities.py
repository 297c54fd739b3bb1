"""An entity is described in one place, its contract: what else must know of it is read from there, or fails here and says what to do."""

from __future__ import annotations

import yaml

from orchestration.contracts.conformed import columns_of, entities, retentions
from orchestration.contracts.person_rows import (
    children,
    counted_by_person,
    interest_columns,
    kept_for_accounting,
    made_of_rows,
    named_by_birth,
    with_column,
)
from orchestration.core.settings import DBT_DIR, Table
from orchestration.core.settings.maps import ACCOUNTING, REGISTERS, STATEMENTS
from orchestration.privacy.intake.entry_columns import free_text_columns
from orchestration.privacy.intake.withdrawals import _READ_AS as READ_AS

# personal rows that no column ties to a person here: why, and what is told of them
_OF_NOBODY = {
    "companies": "a company, whose name may be its owner's: it is told as a name",
    "social_engagements": "a handle, which no record has",
    "reservations": "an entry of a public register, which stands whoever is erased (subject_access.py tells it)",
}


def test_settings_know_the_entities_that_they_cannot_read_from_the_contracts():
    told = "orchestration/core/settings/maps.py: {} lists the entities whose contract {}"
    assert sorted(ACCOUNTING) == sorted(kept_for_accounting()), told.format("ACCOUNTING", "says is_kept")
    assert sorted(STATEMENTS) == sorted(with_column("contact_point")), told.format("STATEMENTS", "has a contact_point")
    registers = [entity for entity, said in retentions().items() if said.category == "register"]
    assert sorted(REGISTERS) == sorted(registers), told.format("REGISTERS", "has a retention of category register")
    assert READ_AS.keys() == {*STATEMENTS}, (
        "privacy/intake/withdrawals.py: _READ_AS says how each of STATEMENTS grants and refuses"
    )


def test_every_entity_with_personal_columns_hangs_on_a_person():
    hang = {"people", *with_column("person_key"), *with_column("visitor_key"), *children(), *named_by_birth()}
    personal = {e for e in entities() if any(c["config"]["meta"]["personal"] != "none" for c in columns_of(e))}
    assert personal - hang == _OF_NOBODY.keys(), (
        "erasure and the right of access find no row of these: give the entity person_system and person_key, or the key of a row "
        "that has them; where nobody is meant, say why in _OF_NOBODY"
    )  # fmt: skip


def test_free_text_is_read_before_it_enters_raw():
    """A review and an answer were not: the entities had been named anew, and a list of columns had not."""
    of = {"reviews": "review_text", "survey_answers": "answer_text", "interactions": "topic", "subscriptions": "reason"}
    for entity, column in of.items():
        table = Table(
            columns={"id": "VARCHAR", "body": "VARCHAR"},
            key=["id"],
            maps=[{"entity": entity, "columns": {"source_key": "id", column: "body"}}],
        )
        assert free_text_columns(table, table.columns) == ["body"], f"{entity}.{column} says meta: is_free_text"


def test_every_entity_about_people_says_how_long_its_rows_are_kept():
    lacking = {"people", *with_column("person_key"), *children()} - retentions().keys() - {*kept_for_accounting()}
    assert lacking == set(), "give its .yml config: {meta: {retention: {category: …, happened_at: […]}}}"


def test_a_mart_that_has_rows_of_an_entity_by_its_keys_says_so():
    """Erasure takes a row without a customer out by its key."""
    found = {}
    for path in (DBT_DIR / "models" / "marts").rglob("*.yml"):
        for model in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("models", []):
            columns = {c["name"] for c in model["columns"]}
            by_key = path.parent.name == "insight" or path.stem.startswith("fct_")
            if by_key and columns >= {"source_system", "source_key", "customer_id"}:
                found[model["name"]] = model.get("config", {}).get("meta", {}).get("rows_of", {})
    others = {name for name in found if name.removeprefix("fct_") not in entities()}
    assert others == {name for name, said in found.items() if said} == made_of_rows().keys(), (
        'give its .yml config: {meta: {rows_of: {<entity>: "<which of its rows>"}}}'
    )
    assert all(said.keys() <= entities().keys() for said in found.values())


def test_what_is_derived_is_what_the_contracts_mean():
    assert children() == {
        "order_items": ("order_key", "orders"),
        "survey_answers": ("response_key", "survey_responses"),
    }
    assert {*counted_by_person()} == {"orders", "carts", "subscriptions"}
    assert named_by_birth() == ("address_updates",)
    assert {*with_column("visitor_key")} == {"web_events", "web_sessions"}
    assert {(entity, column) for entity, column, _ in interest_columns()} == {
        ("products", "name"), ("products", "category"), ("web_events", "term"), ("survey_answers", "answer_text"),
    }  # fmt: skip
