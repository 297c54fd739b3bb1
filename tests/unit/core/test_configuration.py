"""kundbild.toml: every mistake names file, line, key and what to do."""

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_origin

import duckdb
import pytest
from pydantic import BaseModel

from orchestration.core.configuration import _known_keys, load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.core.settings import PROJECT_DIR, Settings, has_unclear_login
from orchestration.core.settings.insight import Insight

GOOD = """
company = "Test"

[sources.shop]
connector = "files"
url = "${DATA}"

[sources.shop.tables.orders]
path = "orders.csv"
columns = { id = "BIGINT", customer = "VARCHAR", amount = "DECIMAL(18, 2)" }
key = ["id"]

[[sources.shop.tables.orders.maps]]
entity = "people"
one_row_per_key = true
columns = { source_key = "customer" }
"""


def test_a_good_file_is_read_and_filled_from_the_environment(write_config):
    settings = load_settings(write_config(GOOD), {"DATA": "/data"})
    assert settings.sources["shop"].url == "/data"
    assert settings.sources["shop"].tables["orders"].maps[0].entity == "people"


SOURCE = """
company = "Test"

[sources.crm]
connector = "{}"
url = "${{URL}}"
"""


@pytest.mark.parametrize(
    ("connector", "url"),
    [
        ("sql", "mysql+pymysql://reader:p@ss/s3cr@host:9/db"), ("sql", "postgresql://reader:s3cr@@host/db"), ("sql", "postgresql://rea/der:s3cr@host/db"),
        ("sql", "postgresql://reader:p@s3cr@host/db?application_name=x"), ("rest", "https://reader:p/s3cr@host/v1"), ("rest", "https://reader:p@s3cr@host"),
        ("files", "sftp://reader:s3cr?p@host/out"), ("files", "sftp://reader:s3cr#p@host/out"),
    ],
)  # fmt: skip
def test_a_login_that_is_not_told_from_its_host_is_refused_and_not_shown(write_config, connector, url):
    """The libraries would take a part of the password for the host, and tell it."""
    with pytest.raises(ConfigurationError, match="percent-encoded") as error:
        load_settings(write_config(SOURCE.format(connector)), {"URL": url})
    told = "".join(traceback.format_exception(error.value))
    assert "s3cr" not in told and "p@ss" not in told
    assert "key sources.crm.url" in error.value.where


@pytest.mark.parametrize(
    ("connector", "url"),
    [
        ("sql", "mysql+pymysql://reader:p%40ss%2Fs3cr@host:9/db"), ("sql", "postgresql://reader:p/ss@host/db"), ("sql", "sqlite:////data/a@b/c@d.db"),
        ("sql", "mssql+pyodbc:///?odbc_connect=PWD%3Dp@ss@x"), ("rest", "https://host:8080/v1?mail=a@b.se"), ("files", "s3://bucket/a@b/c@d"),
        ("files", "sftp://reader:p@host:22/out/a@b"), ("files", "/data/a@b"), ("rest", "http://[::1]:8080/v1@2"),
    ],
)  # fmt: skip
def test_a_login_that_is_clear_is_taken(connector, url):
    assert not has_unclear_login(url, is_sql=connector == "sql")


def test_the_committed_configuration_is_good():
    settings = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": "/h"})
    assert set(settings.enabled_sources) == {
        "crm",
        "webshop",
        "web_analytics",
        "email",
        "survey",
        "registers",
        "requests",
    }
    assert all(source.tables for source in settings.sources.values())


def test_a_missing_file_says_so(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="no configuration file") as caught:
        load_settings(tmp_path / "nowhere.toml")
    assert "nowhere.toml" in caught.value.where and caught.value.to_do


@pytest.mark.parametrize(
    ("change", "what", "line", "to_do"),
    [
        (('company = "Test"', 'company = "Test'), "not valid TOML", None, "fix"),
        (('connector = "files"', 'conector = "files"'), "unknown key 'conector'", 5, "connector"),
        (('company = "Test"', ""), "'company' is missing", None, "add it"),
        (('connector = "files"', 'connector = "ftp"'), "Input should be 'files', 'sql' or 'rest'", 5, "fix"),
        (('key = ["id"]', 'key = ["nr"]'), "'nr' is used as key", None, ""),
        (('entity = "people"', 'entity = "persons"'), "no conformed entity 'persons'", None, "people"),
        (("source_key = \"customer\"", "source_kee = \"customer\""), "no column 'source_kee'", None, "did you mean source_key"),
        (("source_key = \"customer\"", "source_key = \"custmer\""), "not a column of the table", None, "customer"),
        (("one_row_per_key = true", "one_row_pr_key = true"), "unknown key 'one_row_pr_key'", None, "one_row_per_key"),
        (("[sources.shop]", "[sources.Shop]"), "not a valid name", None, "lower-case"),
        (('company = "Test"', 'company = "Test"\ngolden_record.source_priority = ["crm"]'), "names 'crm'; the sources are shop", None, ""),
        (('company = "Test"', 'company = "Test"\ngolden_record.email = ["latest"]'), "'source_priority', 'verified', 'newest' or 'most_complete'", None, ""),
    ],
)  # fmt: skip
def test_every_mistake_is_named(write_config, change, what, line, to_do):
    text = GOOD.replace(*change)
    if change[0] == "[sources.shop]":
        text = text.replace("sources.shop", "sources.Shop")
    path = write_config(text)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path, {"DATA": "/data"})
    assert what in caught.value.what
    assert str(path) in caught.value.where
    assert to_do in caught.value.to_do
    if line:
        assert f"line {line}," in caught.value.where


def test_an_unset_variable_names_itself_and_its_place(write_config):
    with pytest.raises(ConfigurationError, match="DATA is not set") as caught:
        load_settings(write_config(GOOD), {})
    assert "line 6" in caught.value.where and "export DATA" in caught.value.to_do


@pytest.mark.parametrize("written", ['company = "T"', 'company = "T"\n[sources]'])
def test_a_configuration_without_a_source_says_what_writes_one(tmp_path, written):
    path = tmp_path / "kundbild.toml"
    path.write_text(written)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path)
    assert "add-source NAME --from" in (caught.value.to_do or "")


def test_a_source_that_is_switched_off_needs_no_secrets(write_config):
    settings = load_settings(write_config(GOOD.replace('url = "${DATA}"', 'url = "${DATA}"\nenabled = false')), {})
    assert not settings.enabled_sources


def test_a_command_about_one_source_needs_no_secret_of_another(write_config):
    path = write_config(GOOD)
    (name,) = load_settings(path, {"DATA": "/d"}).sources
    assert load_settings(path, {}, read_sources=["another"]).sources[name].url == "${DATA}"
    with pytest.raises(ConfigurationError, match="DATA is not set"):
        load_settings(path, {}, read_sources=[name])


def test_a_byte_order_mark_does_no_harm(tmp_path: Path):
    path = tmp_path / "kundbild.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load_settings(path, {"DATA": "/d"}).company == "Test"


@pytest.mark.parametrize(
    ("dialect", "told"),
    [
        ('delimiter = "||"', "is not one character"), ('delimiter = ""', "is not one character"), ('delimiter = "\\n"', "is not one character"),
        ('quote = "QQ"', "is not one character of ASCII"), ('quote = "”"', "is not one character of ASCII"), ("delimiter = '\"'", "are both"),
    ],
)  # fmt: skip
def test_a_dialect_that_no_reader_knows_is_refused_at_start(write_config, dialect, told):
    path = write_config(GOOD.replace('url = "${DATA}"', f'url = "/d"\ncsv = {{ {dialect} }}'))
    with pytest.raises(ConfigurationError, match=told) as caught:
        load_settings(path)
    assert "kundbild.toml" in str(caught.value) and "sources.shop" in str(caught.value)


@pytest.mark.parametrize("delimiter", [";", "|", "\\t", "§"])
def test_a_delimiter_of_one_character_is_good(write_config, delimiter):
    path = write_config(
        GOOD.replace('url = "${DATA}"', f'url = "/d"\ncsv = {{ delimiter = "{delimiter}", quote = "" }}')
    )
    assert len(load_settings(path).sources["shop"].csv.delimiter) == 1


@pytest.mark.parametrize(
    "said",
    ['"banana"', '"1200"', "1200", '"1,2GB"', '"0"', '"0GB"', '"300"', '"-5MB"', '"4K"', '"none"', '"-1"', '""', '"4GB4"', '"150%"', '"0%"', "true"],
)  # fmt: skip
def test_memory_that_is_no_amount_is_refused_where_it_is_said(write_config, said):
    path = write_config(f"{GOOD}\n[engine]\nmemory_limit = {said}\n")
    with pytest.raises(ConfigurationError, match=r'memory_limit = .* as "4GB"') as caught:
        load_settings(path, {"DATA": "/d"})
    assert "key engine.memory_limit" in caught.value.where and "line " in caught.value.where


@pytest.mark.parametrize("said", ["1200MB", "4GB", "4 GiB", " 4gb ", "1.5GB", "0.5TB", "4G", "50%"])
def test_an_amount_of_memory_is_one_that_duckdb_reads(write_config, said):
    limit = load_settings(
        write_config(f'{GOOD}\n[engine]\nmemory_limit = "{said}"\n'), {"DATA": "/d"}
    ).engine.memory_limit
    with duckdb.connect(config={"memory_limit": limit}) as con:
        assert con.execute("select current_setting('memory_limit')").fetchone()


def sections(
    kind: type[BaseModel] = Settings, at: tuple[str | int, ...] = (), within: tuple[type[BaseModel], ...] = ()
) -> Iterator[tuple[tuple, type[BaseModel]]]:
    """Every section that can stand in a configuration, at a place where one may stand; within itself, only once."""
    yield at, kind
    for name, field in kind.model_fields.items():
        for model, below in nested(field.annotation):
            if model not in within:
                yield from sections(model, (*at, field.alias or name, *below), (*within, kind))


def nested(kind: object) -> list[tuple[type[BaseModel], tuple[str | int, ...]]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [(kind, ())]
    step = {dict: ("any",), list: (0,), tuple: (0,)}.get(get_origin(kind), ())
    return [(model, (*step, *below)) for of in get_args(kind) for model, below in nested(of)]


@pytest.mark.parametrize(("at", "model"), sections(), ids=lambda said: ".".join(map(str, said)) if isinstance(said, tuple) else said.__name__)  # fmt: skip
def test_of_a_misspelt_key_every_section_tells_its_own(at, model):
    assert _known_keys(at) == sorted(field.alias or name for name, field in model.model_fields.items())


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("[sources.shop.tables.orders.csv]\ndelimeter = ';'", "did you mean delimiter? known keys here: decimal, delimiter, encoding, has_header, quote"),
        ("[sources.shop.tables.orders.retention]\nmonth = 3", "known keys here: "),
        ("[[sources.shop.tables.orders.persons]]\nkey = 'customer'\ngrant = { state = 'a' }", "did you mean status?"),
        ("[sources.shop.tables.orders.national_id]\ncolum = 'customer'", "did you mean column?"),
        ("[[privacy.processors]]\nname = 'x'\ntask = 'y'\ncountri = 'SE'", "did you mean country?"),
        ("[engine]\nmemory = '4GB'", "known keys here: dbt_threads, memory_limit, threads"),
        ("[scores]\ncampaign_days = 7", "response_days below [insight]"),
    ],
)  # fmt: skip
def test_an_unknown_key_of_a_nested_section_names_the_known_ones(write_config, section, told):
    text = GOOD.split("[[sources.shop.tables.orders.maps]]", maxsplit=1)[0]
    with pytest.raises(ConfigurationError, match="unknown key") as caught:
        load_settings(write_config(f"{text}\n{section}\n"), {"DATA": "/d"})
    assert told in caught.value.to_do and not caught.value.to_do.endswith(": "), caught.value.to_do


@pytest.mark.parametrize("what", ["key", "cursor"])
def test_a_key_of_a_special_category_is_told_before_a_night(write_config, what):
    table = 'path = "t.csv"\ncolumns = { no = "BIGINT", diagnosis = "VARCHAR", at = "TIMESTAMP" }\n'
    said = 'key = ["diagnosis"]' if what == "key" else 'key = ["no"]\ncursor = "diagnosis"'
    head = 'company = "T"\n[sources.a]\nconnector = "files"\nurl = "/d"\n[sources.a.tables.t]\n'
    with pytest.raises(
        ConfigurationError, match=f"the {what} of the table, holds data of a special category"
    ) as refused:
        load_settings(write_config(f"{head}{table}{said}\n"))
    assert "not_special" in refused.value.to_do
    path = write_config(f'{head}{table}{said}\nnot_special = ["diagnosis"]\n')
    assert load_settings(path).sources["a"].tables["t"].key


def test_of_files_only_where_the_rows_of_a_page_are_can_be_said(write_config):
    text = (
        'company = "T"\n[sources.a]\nconnector = "files"\nformat = "json_pages"\nurl = "/d"\npaging = {}\n'
        '[sources.a.tables.t]\npath = "t.json"\ncolumns = {{ no = "BIGINT" }}\n'
    )
    said = text.replace("{}", '{ rows = "customers" }').replace("{{", "{").replace("}}", "}")
    assert load_settings(write_config(said)).sources["a"].paging.rows == "customers"
    said = text.replace("{}", '{ next = "page", parameter = "p" }').replace("{{", "{").replace("}}", "}")
    with pytest.raises(ConfigurationError, match=r"paging\.next is of an API"):
        load_settings(write_config(said))
    said = text.replace("{}", '{ rows = "" }').replace("{{", "{").replace("}}", "}")
    with pytest.raises(ConfigurationError, match='is read with format = "jsonl"'):
        load_settings(write_config(said))


REACHED = """company = "T"
[sources.shop]
connector = "files"
url = "/x"
[sources.shop.tables.{table}]
path = "t.csv"
key = ["id"]
{said}
columns = {{ id = "BIGINT", {columns} }}
"""


@pytest.mark.parametrize(
    ("table", "columns", "person"),
    [
        ("customers", {"email": "VARCHAR", "phone": "VARCHAR", "first_name": "VARCHAR"}, {"key": "id", "email": ["email"], "phone": ["phone"], "given_name": "first_name"}),
        ("guests", {"Kundens namn": "VARCHAR", "E-postadress": "VARCHAR", "mobilnr": "BIGINT"}, {"key": None, "email": ["E-postadress"], "phone": ["mobilnr"]}),
        ("orders", {"customer_id": "BIGINT", "customer_email": "VARCHAR"}, {"key": "customer_id", "email": ["customer_email"], "phone": []}),
    ],
)  # fmt: skip
def test_a_table_that_reaches_somebody_and_does_not_say_whom_is_refused_with_the_lines_to_paste(
    write_config, table, columns, person
):
    """Otherwise no erasure, access or retention finds its rows."""
    typed = ", ".join(f'"{name}" = "{kind}"' for name, kind in columns.items())
    with pytest.raises(ConfigurationError, match=f"the table {table} has .* does not say whose") as caught:
        load_settings(write_config(REACHED.format(table=table, said="", columns=typed)))
    assert f"sources.shop.tables.{table}" in caught.value.where
    told = caught.value.to_do.splitlines()
    pasted = "\n".join(line for line in told if line.startswith(("persons = ", "retention = ")))
    read = load_settings(write_config(REACHED.format(table=table, said=pasted, columns=typed)))
    (whose,) = read.sources["shop"].tables[table].whose
    assert {name: getattr(whose, name) for name in person} == person
    assert read.sources["shop"].tables[table].retention.category == "contact"
    nobody = load_settings(write_config(REACHED.format(table=table, said="persons = []", columns=typed)))
    assert nobody.sources["shop"].tables[table].whose == []


def test_a_flag_a_time_and_an_address_of_a_shop_need_no_person(write_config):
    columns = 'email = "BOOLEAN", phone = "TIMESTAMP", support_email = "VARCHAR", mailing = "VARCHAR"'
    assert load_settings(write_config(REACHED.format(table="shops", said="", columns=columns)))


@pytest.mark.parametrize(
    ("ends", "names", "told"),
    [
        ([18, 30, 65, None], ["a", "b", "c", "d"], ""), ([18, 17, 65, None], ["a", "b", "c", "d"], "above that of the band before"),
        ([18, None, 65, None], ["a", "b", "c", "d"], "above that of the band before"), ([18, 30, 65, 99], ["a", "b", "c", "d"], "but the last"),
        ([18, 30, 65, None], ["a", "b", "b", "d"], "differ"), ([18, 30, 65, None], ["a", "b", "c", "unknown"], "none is"),
        ([18, 30, 65, None], ["a", "b", "it's", "d"], "should match pattern"), ([18, 30, None], ["a", "b", "c"], "at least 4"),
    ],
)  # fmt: skip
def test_age_bands_are_a_companys_own_and_follow_each_other(ends, names, told):
    bands = [{"name": name, "below": end} for name, end in zip(names, ends, strict=True)]
    if told:
        with pytest.raises(ValueError, match=told):
            Insight.model_validate({"age_bands": bands})
    else:
        assert [band.below for band in Insight.model_validate({"age_bands": bands}).age_bands] == ends
