"""Whose tables a source has: a system's of Kundbild where it asks for them, else its own, whatever its name."""

from __future__ import annotations

import sqlite3

import pytest

from orchestration.activation.statement_sources import statement_sources
from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.core.settings import DBT_DIR, PROJECT_DIR
from orchestration.extract.extract import extract_source, prepare_raw
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


@pytest.mark.parametrize("asked", ["", 'system = "crm"\n'])
def test_a_setting_of_a_systems_table_leaves_the_rest_of_it(write_config, asked):
    """As the message of a stale source says: fresh_within_hours below [sources.crm.tables.consents]."""
    plain = f'company = "T"\n[sources.crm]\n{asked}connector = "sql"\nurl = "sqlite:///crm.sqlite"\n'
    whole = load_settings(write_config(plain)).sources["crm"]
    slower = load_settings(write_config(f"{plain}[sources.crm.tables.consents]\nfresh_within_hours = 192\n"))
    found = slower.sources["crm"]
    assert found.tables["consents"] == whole.tables["consents"].model_copy(update={"fresh_within_hours": 192})
    assert found.system == "crm" and {n: t for n, t in found.tables.items() if n != "consents"} == {
        n: t for n, t in whole.tables.items() if n != "consents"
    }
    unknown = f"{plain}[sources.crm.tables.opinions]\nfresh_within_hours = 192\n"
    with pytest.raises(ConfigurationError, match="columns"):
        load_settings(write_config(unknown))


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


# a table of the company's own beside a system's, and the model by which somebody stages it; kundbild.toml maps it to nothing
CARDS = """
[sources.{system}.tables.cards]
key = ["id"]
cursor = "updated_at"
columns = {{ id = "VARCHAR", answer = "VARCHAR", updated_at = "VARCHAR" }}
"""
STAGED = """
select id as source_key, lower(answer) as status, updated_at as stated_at
from {{ source('%s', 'cards') }}
"""


@pytest.fixture
def staged(monkeypatch, tmp_path, write_config):
    """Settings with the table `cards`, of which the models that a test writes make what they make."""

    def go(system: str = "survey", **models: str):
        folder = tmp_path / "staging" / system
        folder.mkdir(parents=True, exist_ok=True)
        for model, sql in models.items():
            (folder / f"{model}.sql").write_text(sql)
        monkeypatch.setattr("orchestration.contracts.staged_tables.STAGING", tmp_path / "staging")
        own = OWN.replace("sources.crm", f"sources.{system}").replace("connector", f'system = "{system}"\nconnector', 1)
        return load_settings(write_config(own + CARDS.format(system=system)))

    return go


@pytest.mark.parametrize(
    "models",
    [
        {"stg_survey__consent_events": STAGED % "survey"},
        {"stg_survey__email_events": (STAGED % "survey").replace("'", '"')},
        # by a model in between
        {"stg_survey__consent_events": "select * from {{ ref('base_cards') }}", "base_cards": STAGED % "survey"},
    ],
    ids=["consent", "email", "in between"],
)
def test_statements_that_are_staged_by_hand_are_read_whole_and_have_a_clock(staged, models):
    source = staged(**models).sources["survey"]
    cards = source.tables["cards"]
    assert cards.holds_statements and cards.is_read_whole and not cards.is_register
    assert source.fresh_within(cards) == 24
    # what is asked for in so many words stands
    assert not cards.model_copy(update={"read": "changes"}).is_read_whole
    # and other tables are as they were
    assert not source.tables["contacts"].is_read_whole and not source.tables["respondents"].holds_statements


def test_a_register_that_is_staged_by_hand_is_one(staged):
    cards = staged(stg_survey__address_updates=STAGED % "survey").sources["survey"].tables["cards"]
    assert cards.is_register and cards.is_address_register and not cards.is_read_whole


def test_a_table_that_another_entity_or_another_system_is_staged_from_is_none(staged):
    settings = staged(stg_survey__people=STAGED % "survey", stg_survey__consent_events=STAGED % "crm")
    cards = settings.sources["survey"].tables["cards"]
    assert not (cards.holds_statements or cards.is_register or cards.is_read_whole)
    assert statement_sources(settings) == {}


def test_a_backdated_statement_that_is_staged_by_hand_is_seen(staged, home, warehouse, tmp_path):
    """A bulk import enters it with an old time, as a cursor never sees it."""
    settings = staged(stg_survey__consent_events=STAGED % "survey")
    database = tmp_path / "survey.sqlite"
    with sqlite3.connect(database) as con:
        con.execute("create table cards (id text, answer text, updated_at text)")
        con.execute("insert into cards values ('c1', 'yes', '2026-01-09T00:00:00Z')")
    cards = settings.sources["survey"].tables["cards"]
    source = settings.sources["survey"].model_copy(
        update={"connector": "sql", "url": f"sqlite:///{database}", "tables": {"cards": cards}}
    )
    settings = settings.model_copy(update={"sources": {"survey": source}})
    prepare_raw(warehouse, settings)
    extract_source(warehouse, home, settings, "survey")
    with sqlite3.connect(database) as con:
        con.execute("insert into cards values ('c2', 'no', '2019-01-01T00:00:00Z')")
    counts = extract_source(warehouse, home, settings, "survey")["cards"]
    assert warehouse.execute("select answer from raw_survey.cards order by id").fetchall() == [("yes",), ("no",)]
    assert counts.way == "whole: statements are entered with old times"
