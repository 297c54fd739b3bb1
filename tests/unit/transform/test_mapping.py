"""Mappings of kundbild.toml: values, keys, names. Raw rows in the source's own words; what is right is written by hand."""

from __future__ import annotations

import unicodedata

import duckdb
import pytest
import yaml

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.core.settings import Table
from orchestration.transform.mapping import mapped_models
from tests.unit.mapped import models_of, raw


@pytest.fixture
def con():
    with duckdb.connect() as con:
        yield con


def table(columns: str, *maps: dict, key: str = "", **more) -> Table:
    return Table.model_validate(
        {"columns": dict.fromkeys(columns.split(), "VARCHAR"), "key": key.split(), "maps": list(maps), **more}
    )


ORDERS = {"source_key": "no", "ordered_at": "at", "amount": "total"}
AT = {"at": "2026-01-01", "total": "1"}


def staged(con, tables: dict[str, Table], entity: str, columns: str) -> list[tuple]:
    sql, _ = models_of(tables)[entity]
    return con.execute(f"select {columns} from ({sql}) order by 1, 2").fetchall()


def test_values_are_compared_without_case_and_blanks_and_know_else_and_ignore(con):
    status = {
        "column": "state",
        "values": {"Betald": "completed", "Makulerad": "cancelled", "": "open"},
        "else": "completed",
        "ignore": ["Test", "offert"],
    }
    raw(
        con, "sales",
        *({"no": str(number), "state": state, **AT} for number, state in enumerate(
            ("BETALD", " MAKULERAD\u00a0", "levererad", "TEST ", None, "offert"), start=1)),
    )  # fmt: skip
    sales = table("no state at total", {"entity": "orders", "columns": ORDERS | {"status": status}}, key="no")
    rows = staged(con, {"sales": sales}, "orders", "source_key, status, quarantine_reason, quarantine_code")
    assert [(key, said) for key, said, reason, _ in rows if reason is None] == [
        ("1", "completed"), ("2", "cancelled"), ("3", "completed"), ("5", "open"),
    ]  # fmt: skip
    ignored = ("status is one of those that the mapping ignores", "ignored")
    assert [(key, *why) for key, _, *why in rows if why[0]] == [("4", *ignored), ("6", *ignored)]
    assert {why[1] for _, _, *why in rows} == {None, "ignored"}


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_values_are_the_same_as_one_character_and_as_two(con, form):
    """A Mac writes ö as o and its dots; the configuration may be written there, too."""
    other = {"NFC": "NFD", "NFD": "NFC"}[form]
    status = {"column": "state", "values": {unicodedata.normalize(form, "Återköpt"): "refunded"}, "ignore": [unicodedata.normalize(form, "prövning")]}  # fmt: skip
    words = [unicodedata.normalize(other, word) for word in ("ÅTERKÖPT", "Prövning")]
    raw(con, "sales", *({"no": str(n), "state": state, **AT} for n, state in enumerate(words)))
    sales = table("no state at total", {"entity": "orders", "columns": ORDERS | {"status": status}}, key="no")
    rows = staged(con, {"sales": sales}, "orders", "source_key, status, quarantine_code")
    assert rows[0] == ("0", "refunded", None) and rows[1][2] == "ignored"


def test_without_else_a_value_that_is_not_named_stays_as_it_is(con):
    raw(con, "sales", {"no": "1", "state": "Sonderfall", **AT}, {"no": "2", "state": "k", **AT})
    how = {"column": "state", "values": {"K": "completed"}}
    sales = table("no state at total", {"entity": "orders", "columns": ORDERS | {"status": how}}, key="no")
    assert staged(con, {"sales": sales}, "orders", "source_key, status") == [("1", "Sonderfall"), ("2", "completed")]


def test_a_key_of_two_columns_is_one_key_whatever_they_hold(con):
    raw(
        con,
        "i",
        {"o": "A", "line": "1|2"},
        {"o": "A|1", "line": "2"},
        {"o": "B", "line": "1"},
        {"o": "B", "line": None},
    )
    columns = {"source_key": ["o", "line"], "order_key": "o", "quantity": {"column": "line", "on_bad": "null"}}
    lines = table("o line", {"entity": "order_items", "columns": columns}, key="o line")
    rows = staged(con, {"i": lines}, "order_items", "source_key, order_key, quarantine_reason")
    keys = [key for key, *_ in rows if key]
    assert len(keys) == len(set(keys)) == 3 and "B|1" in keys
    assert rows[-1] == (None, "B", "source_key is missing")


def test_a_person_key_of_two_columns_names_whose_the_rows_are():
    people = {"entity": "people", "columns": {"source_key": ["store", "no"], "email": "mail"}}
    orders = {"entity": "orders", "columns": ORDERS | {"person_key": ["store", "no"]}}
    customers = table("store no mail", people, key="store no")
    sales = table("store no at total", orders, key="at")
    assert customers.whose[0].key_columns == sales.whose[0].key_columns == ["store", "no"]


def test_a_row_that_says_what_was_sold_outlasts_everybody_whom_it_names():
    """An order list that customers are read out of: erasure and retention empty what is theirs, and keep what was sold."""
    orders = {"entity": "orders", "columns": ORDERS | {"person_key": "who"}}
    people = {
        "entity": "people",
        "one_row_per_key": True,
        "columns": {"source_key": "who", "email": "mail", "full_name": "name"},
    }
    sales = table("no who name mail at total", orders, people, key="no")
    assert [person.is_kept for person in sales.whose] == [True, True]
    assert sales.whose[1].email == ["mail"] and sales.whose[1].emptied == ["mail", "name"]
    alone = table("who name mail", people, key="who")
    assert [person.is_kept for person in alone.whose] == [False]


def test_rows_that_share_a_key_are_one_row_the_newest_and_the_rest_is_counted(con):
    raw(
        con, "p",
        {"id": "7", "mail": "old@x.example", "changed": "2026-01-02T00:00:00Z", "_load_id": 3},
        {"id": "7", "mail": "new@x.example", "changed": "2026-01-10T00:00:00Z", "_load_id": 2},
        {"id": "7", "mail": "gone@x.example", "changed": "2026-02-10T00:00:00Z", "_load_id": 4, "_deleted_at": "2026-02-11"},
        {"id": "8", "mail": "b@x.example", "changed": None},
        {"id": " ", "mail": "c@x.example", "changed": None},
    )  # fmt: skip
    people = {"entity": "people", "columns": {"source_key": "id", "email": "mail"}}
    tables = {"p": table("id mail changed", people, cursor="changed")}
    rows = staged(con, tables, "people", "source_key, email, load_id, quarantine_reason")
    # the load is the newest of all that share the key, so that an incremental night sees which row stands now
    assert rows == [
        ("7", "new@x.example", 4, None), ("8", "b@x.example", 1, None), (None, "c@x.example", 1, "source_key is missing"),
    ]  # fmt: skip
    _, meta = models_of(tables)["people"]
    assert con.execute(f"select {meta['raw_rows']}, {meta['shared_keys']}").fetchall() == [(3, 2)]


def test_people_read_out_of_an_order_list_are_those_that_it_names(con):
    raw(
        con, "o",
        {"no": "1", "who": "a", "name": "Ann", **AT}, {"no": "2", "who": "a", "name": "Ann Ek", **AT, "_load_id": 2},
        {"no": "3", "who": None, "name": None, **AT},
    )  # fmt: skip
    orders = {"entity": "orders", "columns": ORDERS | {"person_key": "who"}}
    people = {"entity": "people", "one_row_per_key": True, "columns": {"source_key": "who", "full_name": "name"}}
    tables = {"o": table("no who name at total", orders, people, key="no")}
    assert staged(con, tables, "people", "source_key, full_name") == [("a", "Ann Ek")]
    _, meta = models_of(tables)["people"]
    assert con.execute(f"select {meta['raw_rows']}").fetchall() == [(1,)] and "shared_keys" not in meta
    # an order of nobody is an order
    assert len(staged(con, tables, "orders", "source_key, person_key")) == 3


@pytest.mark.parametrize("more", ["", "created_at", "updated_at"])
def test_people_read_out_of_an_order_list_are_as_its_newest_order_has_them(con, more):
    """However the list is sorted: by a time of their own, else of the order in the row, else the last row stands."""
    raw(
        con, "o",
        {"no": "3", "who": "a", "name": "Ann Ek", "day": "20260301", "total": "1"},
        {"no": "1", "who": "a", "name": "Ann", "day": "20260101", "total": "1"},
        {"no": "2", "who": "b", "name": "Bo", "day": None, "total": "1"}, {"no": "4", "who": "b", "name": "Bo Ek", "day": None, "total": "1"},
    )  # fmt: skip
    day = {"column": "day", "formats": ["%Y%m%d"]}
    orders = {"entity": "orders", "columns": ORDERS | {"person_key": "who", "ordered_at": day}}
    people = {"entity": "people", "one_row_per_key": True, "columns": {"source_key": "who", "full_name": "name"} | ({more: day} if more else {})}  # fmt: skip
    tables = {"o": table("no who name day total", *([people] if more else [orders, people]), key="no")}
    assert staged(con, tables, "people", "source_key, full_name") == [("a", "Ann Ek"), ("b", "Bo Ek")]


def test_two_maps_of_one_table_to_one_entity_do_not_collide(con):
    raw(con, "c", {"id": "1", "mail": "a@x.example", "tel": "070", "by_mail": "yes", "by_tel": "no"})
    both = {"purpose": "newsletter", "wording_version": "w1"}

    def said(column: str, point: str, channel: str, **more) -> dict:
        how = {"column": column, "values": {"yes": "granted", "no": "withdrawn"}}
        columns = {"source_key": "id", "person_key": "id", "contact_point": point, "status": how, "stated_at": "id"}
        return {"entity": "consent_events", "columns": columns, "constants": both | {"channel": channel}, **more}

    tables = {"c": table("id mail tel by_mail by_tel", said("by_mail", "mail", "email"), said("by_tel", "tel", "sms", name="sms"), key="id")}  # fmt: skip
    rows = staged(con, tables, "consent_events", "source_key, channel, status")
    assert rows == [("1", "email", "granted"), ("1|sms", "sms", "withdrawn")]
    _, meta = models_of(tables)["consent_events"]
    assert con.execute(f"select {meta['raw_rows']}").fetchall() == [(2,)]


def test_one_person_in_two_maps_or_tables_of_a_source_is_one_row(con):
    raw(
        con,
        "o",
        {"no": "1", "payer": "a", "getter": "b", "mail": "old@x.example"},
        {"no": "2", "payer": "b", "getter": "b", "mail": None},
    )
    raw(con, "members", {"id": "a", "mail": "member@x.example"})
    payers = {"entity": "people", "one_row_per_key": True, "columns": {"source_key": "payer", "email": "mail"}}
    getters = {"entity": "people", "one_row_per_key": True, "columns": {"source_key": "getter"}}
    members = {"entity": "people", "columns": {"source_key": "id", "email": "mail"}}
    tables = {
        "o": table("no payer getter mail", payers, getters, key="no"),
        "members": table("id mail", members, key="id"),
    }
    assert staged(con, tables, "people", "source_key, email") == [("a", "member@x.example"), ("b", None)]
    _, meta = models_of(tables)["people"]
    assert con.execute(f"select {meta['raw_rows']}, {meta['shared_keys']}").fetchall() == [(2, 0)]


def test_a_count_that_is_no_whole_number_is_not_rounded(con):
    raw(con, "v", {"id": "1", "n": "8"}, {"id": "2", "n": "8.5"}, {"id": "3", "n": "9.0"})
    reviews = {"entity": "reviews", "columns": {"source_key": "id", "rating": "n"}}
    rows = staged(con, {"v": table("id n", reviews, key="id")}, "reviews", "source_key, rating, quarantine_reason")
    assert rows == [("1", 8, None), ("2", None, "rating cannot be read"), ("3", 9, None)]


def test_names_and_values_out_of_the_configuration_are_never_rendered(con):
    column, value = '{{ 1/0 }} it\'s "so"', "{% raw %}'{{ x }}'{# #}"
    raw(con, "{{t}}", {"no": "1", column: "a'b{{c}}", **AT})
    how = {"column": column, "values": {"a'b{{c}}": value}, "ignore": ["{{ never }}"]}
    when = {"column": "at", "formats": ["%Y-%m-%d{{'"]}
    maps = {"entity": "orders", "columns": ORDERS | {"status": how, "delivered_at": when | {"on_bad": "null"}}, "constants": {"store": value}}  # fmt: skip
    columns = dict.fromkeys(["no", column, "at", "total"], "VARCHAR")
    tables = {"{{t}}": Table.model_validate({"columns": columns, "key": ["no"], "maps": [maps]})}
    assert staged(con, tables, "orders", "source_key, status, store") == [("1", value, value)]


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


def test_a_grant_whose_end_cannot_be_read_is_set_aside(con):
    raw(con, "c", {"id": "1", "end": "slut 2025"}, {"id": "2", "end": "2027-01-01"}, {"id": "3", "end": ""})
    constants = {"purpose": "survey", "channel": "email", "status": "granted", "stated_at": "2026-01-01"}
    said = {"entity": "consent_events", "columns": {"source_key": "id", "expires_at": "end"}, "constants": constants}
    rows = staged(con, {"c": table("id end", said, key="id")}, "consent_events", "source_key, quarantine_reason")
    assert rows == [("1", "expires_at cannot be read"), ("2", None), ("3", None)]


def test_only_keys_are_made_of_several_columns(write_config):
    text = CONFIG.replace('ordered_at = "at"', 'ordered_at = ["at", "id"], amount = "id"')
    with pytest.raises(ConfigurationError, match="'ordered_at' is mapped from 2 columns"):
        load_settings(write_config(text))


def test_a_misspelt_key_of_a_value_map_is_told_with_its_choices(write_config):
    text = CONFIG.replace('person_key = "who"', 'status = { column = "who", esle = "open" }')
    with pytest.raises(ConfigurationError, match="unknown key 'esle'") as told:
        load_settings(write_config(text))
    assert "did you mean else" in told.value.to_do


def test_a_row_stays_for_the_entity_that_needs_it_longest_and_is_hidden_from_the_other(con):
    """A list of bookings: a call (support, 3 years) that led to a cart (purchase, 7 years)."""
    raw(con, "b", {"id": "1", "at": "2026-01-01"}, {"id": "2", "at": "2021-01-01"}, {"id": "3", "at": None})
    calls = {
        "entity": "interactions",
        "columns": {"source_key": "id", "occurred_at": {"column": "at", "on_bad": "null"}},
    }
    carts = {"entity": "carts", "columns": {"source_key": "id", "created_at": "at"}}
    tables = {"b": table("id at", calls, carts, key="id")}
    con.execute("create schema ops; create table ops.clock as select timestamp '2026-06-01 02:00' as as_of")
    con.execute("create schema reference; create table reference.data_categories as select 'support' as category, 1095 as retention_days union all select 'purchase', 2555")  # fmt: skip
    # what tells no time is as old as its load
    assert [key for key, _ in staged(con, tables, "interactions", "source_key, source_system")] == ["1", "3"]
    assert [key for key, _ in staged(con, tables, "carts", "source_key, source_system")] == ["1", "2", "3"]
    _, meta = models_of(tables)["interactions"]
    assert con.execute(f"select {meta['raw_rows']}").fetchall() == [(2,)]


def test_of_statements_that_share_a_key_or_have_none_every_one_stands(con):
    raw(
        con, "c",
        {"who": "1", "what": "no", "of": "offers", "at": "2026-01-01"}, {"who": "1", "what": "yes", "of": "news", "at": "2026-02-01"},
        {"who": "1", "what": "yes", "of": "news", "at": "2026-02-01", "_load_id": 2}, {"who": None, "what": "no", "of": "offers", "at": "2026-01-01"},
    )  # fmt: skip
    how = {"column": "what", "values": {"yes": "granted", "no": "withdrawn"}}
    columns = {"source_key": "who", "person_key": "who", "status": how, "purpose": "of", "stated_at": "at"}
    said = {"entity": "consent_events", "columns": columns, "constants": {"channel": "email"}}
    tables = {"c": table("who what of at", said)}
    rows = staged(con, tables, "consent_events", "status, purpose, source_key, quarantine_reason")
    assert [(status, purpose, reason) for status, purpose, _, reason in rows] == [
        ("granted", "news", None), ("withdrawn", "offers", None), ("withdrawn", "offers", None),
    ]  # fmt: skip
    assert len({key for *_, key, _ in rows}) == 3 and None not in {key for *_, key, _ in rows}
    _, meta = models_of(tables)["consent_events"]
    assert con.execute(f"select {meta['raw_rows']}, {meta['shared_keys']}").fetchall() == [(3, 1)]
    # merged on its key, a row without one is known by what it says too
    tables = {"c": table("who what of at", said, key="who")}
    assert [key is None for *_, key in staged(con, tables, "consent_events", "status, purpose, source_key")] == [
        False
    ] * 4


def test_rule_19_a_mapped_address_register_hides_by_whatever_is_no_plain_no_and_by_a_values_own_codes(con):
    said = ["", None, "N", "nej", "0", "false", "J", "Ja", "X", "1", "Sekretess", "A"]
    raw(con, "people", *({"no": f"{n:02}", "family": "Berg", "born": "1980-01-01", "mark": word, "code": "A", "day": "soon"} for n, word in enumerate(said)))  # fmt: skip
    columns = {
        "source_key": "no",
        "family_name": "family",
        "birth_date": "born",
        "effective_on": "day",
        "is_protected": "mark",
    }
    codes = {"column": "code", "values": {"A": "false", "D": "true"}}
    register = table("no family born mark code day", {"entity": "address_updates", "columns": columns | {"is_deceased": codes}}, key="no")  # fmt: skip
    rows = staged(con, {"people": register}, "address_updates", "source_key, is_protected, is_deceased, effective_on::varchar, quarantine_reason")  # fmt: skip
    assert [word for word, row in zip(said, rows, strict=True) if row[1:] == (True, False, "2026-03-01", None)] == said[6:]  # fmt: skip
    assert {row[1:3] for row in rows[:6]} == {(False, False)}


def test_a_birth_date_that_may_begin_with_a_day_is_set_aside(con):
    """In one order who was born on 05/06/14 is a child, in another of age."""
    raw(con, "m", {"id": "1", "born": "05/06/14"}, {"id": "2", "born": "1976-03-12"}, {"id": "3", "born": "76-03-12"}, {"id": "4", "born": None})  # fmt: skip
    members = {"entity": "people", "columns": {"source_key": "id", "birth_date": "born"}}
    found = staged(con, {"m": table("id born", members, key="id")}, "people", "source_key, quarantine_reason")
    assert found == [("1", "birth_date cannot be read"), ("2", None), ("3", None), ("4", None)]
