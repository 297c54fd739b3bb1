"""The catalogue of personal data: every column says whether it is personal, and the record of processing is made of it."""

from __future__ import annotations

import shutil

import pytest

from orchestration.contracts.model_files import model_file
from orchestration.core.configuration import load_settings
from orchestration.core.home import Home
from orchestration.core.settings import DBT_DIR, PROJECT_DIR
from orchestration.privacy.audit import catalogue
from orchestration.privacy.audit.catalogue import (
    NONE,
    UntaggedError,
    as_csv,
    as_page,
    categories,
    processing_record,
    read_catalogue,
)
from orchestration.transform.runner import Dbt


def test_rule_21_every_personal_column_is_tagged_and_the_record_of_processing_is_the_committed_one(
    tmp_path, monkeypatch
):
    rows = processing_record(read_catalogue(), categories())
    docs = PROJECT_DIR / "docs"
    assert (docs / "processing.csv").read_text() == as_csv(rows), "run `kundbild catalogue --write docs`"
    assert (docs / "processing.md").read_text() == as_page(rows, categories())
    tagged = {(column.table, column.column): column.category for column in read_catalogue()}
    assert tagged["dim_customers", "email"] == "contact" and tagged["conformed_people", "birth_date"] == "identity"
    assert all(rows[n][column] for n in range(1, len(rows)) for column in (2, 3, 4, 5))
    # a column that says nothing, and one that says what is none: the build stops before it begins
    models = tmp_path / "models"
    shutil.copytree(DBT_DIR / "models", models)
    path = models / "marts" / "customers" / "dim_customers.yml"
    text = path.read_text()
    for broken in (
        text.replace("personal: contact", "personal: secret", 1),
        text.replace("        config: {meta: {personal: contact}}\n", "", 1),
    ):
        path.write_text(broken)
        with pytest.raises(UntaggedError, match=r"dim_customers\.email"):
            read_catalogue(models)
    monkeypatch.setattr(catalogue.read_catalogue, "__defaults__", (models,))
    home = Home(tmp_path / "home").prepare()
    with pytest.raises(UntaggedError):
        Dbt(load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": str(home.root)}), home).parse()


def test_what_is_named_as_personal_data_are_is_tagged_as_such():
    """A tag of none on a column that by its name holds somebody's data is a slip."""
    personal = ("given_name", "family_name", "full_name", "email", "phone", "birth_date", "street", "contact_point", "customer_id", "person_key", "visitor_key", "handle")  # fmt: skip
    slips = [f"{c.table}.{c.column}" for c in read_catalogue() if c.column in personal and c.category == NONE]
    assert slips == []


def test_a_description_that_several_models_share_is_told_as_dbt_renders_it():
    """Whoever asks for their data reads it (Art. 15), and so does an officer."""
    told = {(c.table, c.column): c.description for c in read_catalogue()}
    assert [place for place, said in told.items() if "{{" in said or "doc(" in said] == []
    assert told["dim_customers", "country_code"].startswith(
        "Country, ISO 3166 alpha-2. Of fewer than [privacy] min_people"
    )


def test_a_description_is_rendered_wherever_it_stands_and_nothing_else_is(tmp_path):
    path = tmp_path / "a.yml"
    path.write_text(
        "models:\n  - name: a\n    description: \"Of {{doc( \\\"kundbild\\\", 'country_code' )}} And {{ doc('currency') }}\"\n"
        "    config: {enabled: \"{{ var('x') }}\"}\n    columns:\n      - {name: b, description: \"{{ doc('nowhere') }}\"}\n"
    )
    model = model_file(path)["models"][0]
    assert model["description"] == "Of Country, ISO 3166 alpha-2. And Currency, ISO 4217."
    assert model["config"] == {"enabled": "{{ var('x') }}"}
    assert model["columns"][0]["description"] == ""


def test_what_bi_shows_has_no_identity_nor_contact_but_for_what_many_share():
    shown = {
        (c.table, c.column) for c in read_catalogue() if c.schema == "bi" and c.category in ("identity", "contact")
    }
    assert shown == {("dim_customers", "age_band"), ("dim_customers", "country_code"), ("dim_customers", "county")}
