"""Mappings that are refused when the configuration is read: what is missing, misspelt, or would open what nobody granted."""

from __future__ import annotations

import pytest
import yaml

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.transform.mapping import mapped_models


@pytest.mark.parametrize("word", ["yes", "no", "null", "on"])
def test_sources_and_tables_may_be_named_as_words_of_yaml(write_config, word):
    config = CONFIG.replace("sources.shop", f"sources.{word}").replace("tables.o", f"tables.{word}")
    config = config.replace('ordered_at = "at"', 'ordered_at = "at", amount = "id"')
    (written,) = [
        yaml.safe_load(content)
        for path, content in mapped_models(load_settings(write_config(config)))[0].items()
        if path.endswith("_sources.yml")
    ]
    (source,) = written["sources"]
    (table,) = source["tables"]
    assert (source["name"], table["name"]) == (word, word)
    assert table["config"]["meta"]["dagster"]["asset_key"] == ["raw", word, word]


CONFIG = """
company = "T"
[sources.shop]
connector = "files"
url = "/d"
[sources.shop.tables.o]
path = "o.csv"
columns = { id = "VARCHAR", who = "VARCHAR", at = "VARCHAR" }
key = ["id"]
[[sources.shop.tables.o.maps]]
entity = "orders"
columns = { source_key = "id", person_key = "who", ordered_at = "at" }
"""


def test_a_required_column_that_no_mapping_fills_is_refused_at_start(write_config):
    with pytest.raises(ConfigurationError, match="mapping to orders fills no amount") as told:
        load_settings(write_config(CONFIG))
    assert "sources.shop.tables.o.maps" in told.value.where
    assert "amount = …" in told.value.to_do and "[[sources.shop.tables.o.maps]] of orders" in told.value.to_do
    filled = CONFIG.replace('ordered_at = "at" }', 'ordered_at = "at" }\nconstants = { amount = 0 }')
    assert load_settings(write_config(filled)).sources["shop"].tables["o"].maps[0].constants == {"amount": 0}


def mapped(entity: str, constants: str, columns: str) -> str:
    return (
        'company = "T"\n[sources.shop]\nconnector = "files"\nurl = "/d"\n[sources.shop.tables.t]\n'
        + 'columns = { id = "VARCHAR", said = "VARCHAR" }\n'
        + f'[[sources.shop.tables.t.maps]]\nentity = "{entity}"\nconstants = {{ {constants} }}\n'
        + f'columns = {{ source_key = "id", {columns} }}\n'
    )


CONSENT = 'purpose = "survey", channel = "email", contact_point_type = "email", stated_at = "2026-01-01"'
EVENT = 'occurred_at = "2026-01-01"'


@pytest.mark.parametrize(
    ("entity", "constants", "column", "opening", "closing"),
    [
        ("consent_events", CONSENT, "status", ["granted", "Granted", " GRANTED ", "granted."], ["withdrawn", "unclear", ""]),
        ("email_events", EVENT, "kind", ["sent", "Sent", "hard-bounce", "Hard_Bounce", " opened "], ["unsubscribed", "unclear"]),
        ("address_updates", "", "is_protected", ["no", "NEJ", "false", "", "0"], ["yes", "J"]),
        ("address_updates", "", "is_deceased", ["Nei"], ["ja"]),
    ],
)  # fmt: skip
def test_words_that_nobody_foresaw_open_nothing(write_config, entity, constants, column, opening, closing):
    for word in [*opening, *closing]:
        how = f'{column} = {{ column = "said", values = {{ nej = "withdrawn" }}, else = "{word}" }}'
        text = mapped(entity, constants, how)
        if word in closing:
            load_settings(write_config(text))
        else:
            with pytest.raises(ConfigurationError, match=f"every word of '{column}' that .* would be"):
                load_settings(write_config(text))


@pytest.mark.parametrize(
    ("entity", "constants", "column", "values", "ignored", "is_refused"),
    [
        ("consent_events", CONSENT, "status", 'JA = "granted"', "avregistrerad", True),
        ("consent_events", CONSENT, "status", 'JA = "granted"', "Nej", True),
        ("consent_events", CONSENT, "status", 'JA = "granted"', "vet ej", False),
        ("consent_events", CONSENT, "status", 'JA = "granted"', "", False),
        # a column that asks whether somebody is unsubscribed
        ("consent_events", CONSENT, "status", 'yes = "withdrawn"', "no", False),
        ("consent_events", CONSENT, "status", 'yes = "withdrawn"', "opt-out", True),
        ("email_events", EVENT, "kind", 'Oppnad = "opened"', "unsubscribed", True),
        ("email_events", EVENT, "kind", 'Oppnad = "opened"', "test", False),
    ],
)  # fmt: skip
def test_a_word_that_refuses_cannot_be_ignored(write_config, entity, constants, column, values, ignored, is_refused):
    how = f'{column} = {{ column = "said", values = {{ {values} }}, ignore = ["{ignored}"] }}'
    path = write_config(mapped(entity, constants, how))
    if not is_refused:
        load_settings(path)
        return
    with pytest.raises(ConfigurationError, match=f"'{column}' ignores '{ignored}'"):
        load_settings(path)


@pytest.mark.parametrize(
    ("entity", "constants", "column"),
    [
        ("consent_events", CONSENT + ', status = "granted"', "expires_at"),
        ("consent_events", CONSENT + ', status = "granted"', "confirmed_at"),
        ("consent_events", CONSENT.partition(", stated_at")[0] + ', status = "granted"', "stated_at"),
        ("email_events", 'kind = "sent"', "occurred_at"),
        ("reservations", "", "version_on"),
        ("address_updates", "", "birth_date"),
        ("address_updates", "", "is_protected"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_of_a_statement_or_a_register_opens_nothing(write_config, entity, constants, column):
    how = f'{column} = {{ column = "said", on_bad = "null" }}'
    with pytest.raises(ConfigurationError, match=f"'{column}' with on_bad") as told:
        load_settings(write_config(mapped(entity, constants, how)))
    assert "leave on_bad away" in told.value.to_do
    load_settings(write_config(mapped(entity, constants, how.replace("null", "quarantine"))))


@pytest.mark.parametrize(
    ("privacy", "on_bad", "is_refused"),
    [
        ('unknown_age = "adult"', "null", True), ('unknown_age = { survey = "adult" }', "null", True), ('unknown_age = "adult"', "quarantine", False),
        ('unknown_age = "exclude"', "null", False), ("", "null", False),
    ],
)  # fmt: skip
def test_rule_17_a_birth_date_that_cannot_be_read_is_not_an_adults(write_config, privacy, on_bad, is_refused):
    how = f'birth_date = {{ column = "said", on_bad = "{on_bad}" }}'
    path = write_config(mapped("people", "", how) + f"[privacy]\n{privacy}\n")
    if is_refused:
        with pytest.raises(ConfigurationError, match="count as an adult"):
            load_settings(path)
    else:
        load_settings(path)


def test_only_keys_are_made_of_several_columns(write_config):
    text = CONFIG.replace('ordered_at = "at"', 'ordered_at = ["at", "id"], amount = "id"')
    with pytest.raises(ConfigurationError, match="'ordered_at' is mapped from 2 columns"):
        load_settings(write_config(text))


def test_a_misspelt_key_of_a_value_map_is_told_with_its_choices(write_config):
    text = CONFIG.replace('person_key = "who"', 'status = { column = "who", esle = "open" }')
    with pytest.raises(ConfigurationError, match="unknown key 'esle'") as told:
        load_settings(write_config(text))
    assert "did you mean else" in told.value.to_do
