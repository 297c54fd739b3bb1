"""Whose tables a source has: a system's of Kundbild where it asks for them, else its own, whatever its name."""

from __future__ import annotations

import pytest

from orchestration.activation.statement_sources import statement_sources
from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.core.settings import DBT_DIR, PROJECT_DIR
from orchestration.transform.mapping import own_systems, write_mapped_models

OWN = """
company = "T"
[sources.crm]
connector = "files"
url = "/exports"
[sources.crm.tables.contacts]
key = ["id"]
columns = { id = "VARCHAR", name = "VARCHAR" }
[[sources.crm.tables.contacts.maps]]
entity = "people"
constants = { kind = "contact" }
columns = { source_key = "id", full_name = "name" }
"""


def test_a_source_that_is_named_as_a_system_has_its_own_tables_alone(write_config, tmp_path):
    settings = load_settings(write_config(OWN))
    assert list(settings.sources["crm"].tables) == ["contacts"]
    assert list(settings.sources["crm"].tables["contacts"].columns) == ["id", "name"]
    feeds = write_mapped_models(settings, tmp_path / "mapped")
    assert own_systems(settings) == ["crm"] and feeds == {"people": ["crm"]}
    written = {path.stem for path in (tmp_path / "mapped").rglob("stg_*")} | {
        path.stem for path in (tmp_path / "mapped").rglob("own_*")
    }
    there = {path.stem for path in (DBT_DIR / "models" / "staging").rglob("*.sql")}
    assert written and not written & there
    model = next((tmp_path / "mapped").rglob("own_stg_crm__people.sql")).read_text()
    assert 'alias="stg_crm__people"' in model


def test_a_source_that_asks_for_a_system_adds_to_its_tables(write_config):
    settings = load_settings(write_config(OWN.replace("connector", 'system = "crm"\nconnector', 1)))
    assert {"contacts", "consents"} <= set(settings.sources["crm"].tables)
    assert own_systems(settings) == []


def test_public_registers_need_no_system_beside_tables_of_their_own(write_config):
    """Without the registers' tables every register counts as missing, and nobody may be called."""
    own = OWN.replace("sources.crm", "sources.registers")
    assert {"contacts", "nix_telefon"} <= set(load_settings(write_config(own)).sources["registers"].tables)


@pytest.mark.parametrize(
    ("system", "what"), [("sap", "there is no system 'sap'"), ("webshop", "asks for the tables of the system webshop")]
)
def test_a_system_that_is_not_there_or_has_another_name_is_refused(write_config, system, what):
    with pytest.raises(ConfigurationError, match=what):
        load_settings(write_config(OWN.replace("connector", f'system = "{system}"\nconnector', 1)))


def test_every_source_of_statements_of_the_demo_is_known_as_one(monkeypatch, tmp_path):
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path))
    found = statement_sources(load_settings(PROJECT_DIR / "kundbild.toml"))
    assert found == {
        "crm": ["consents"],
        "email": ["events", "optins"],
        "requests": ["requests"],
        "webshop": ["newsletter_signups"],
    }
