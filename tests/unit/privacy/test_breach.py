"""After data got out: a file or a publication says whom and what it holds, and nothing of them is printed."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import datetime
from shutil import copytree

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.core.home import Home
from orchestration.core.settings import Engine
from orchestration.core.warehouse import open_warehouse
from orchestration.privacy.audit.exports import note_export
from orchestration.privacy.secrets.pepper import find_pepper
from orchestration.privacy.secrets.pseudonyms import key_customers
from tests.unit.conftest import resolving
from tests.unit.people import person
from tests.unit.privacy.identity_numbers import ANNA

AT = datetime(2026, 5, 1)
PEOPLE = [
    person("1", email="anna@berg.se", country_code="SE"),
    person("2", "Bo", "Dahl", email="bo@dahl.no", country_code="NO"),
    person("3", "Cy", "Ek", email="cy@ek.se", phone="+46701112233", country_code="SE"),
]
EXPORT = "contact_point,given_name,country_code,purpose,channel,customer_id,reference\r\n{}\r\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory, new_warehouse):
    """(Folder of a home and its settings, customer id by key, pseudonym by key, an export): a copy of it is each test's own."""
    folder = tmp_path_factory.mktemp("breach")
    home = Home(folder / "home").prepare()
    home.warehouse.write_bytes(new_warehouse)
    with pytest.MonkeyPatch.context() as patch, open_warehouse(home, Engine()) as warehouse:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "s"))
        ids = resolving(warehouse)(*PEOPLE)
        pepper = find_pepper(warehouse, ())
        key_customers(warehouse, pepper)
        keys = dict(warehouse.execute("select customer_id, customer_key from identity.customer_keys").fetchall())
        sent = EXPORT.format(f"anna@berg.se,Anna,SE,newsletter,email,{ids['1']},r1\r\nbo@dahl.no,Bo,NO,newsletter,email,{ids['2']},r2").encode()  # fmt: skip
        note_export(warehouse, pepper, "audience news", [ids["1"], ids["2"]], AT, recipient="mailer", content=sent)
        note_export(warehouse, pepper, "audience other", [ids["3"]], AT, content=b"other")
        note_export(warehouse, pepper, "audience all", list(ids.values()), AT, content=b"all")
    return folder, ids, {key: keys[customer] for key, customer in ids.items()}, sent


@pytest.fixture
def home_of(made, home, tmp_path, monkeypatch):
    """(customer id by key, pseudonym by key, an export), with the command line at hand."""
    folder, *known = made
    copytree(folder / "s", tmp_path / "s")
    home.warehouse.write_bytes((folder / "home" / home.warehouse.name).read_bytes())
    config = tmp_path / "kundbild.toml"
    config.write_text(f'company = "Tält AB"\n[sources.crm]\nconnector = "files"\nsystem = "crm"\nurl = "{tmp_path}"\n[privacy]\nofficer = "ombud@talt.example"\n')  # fmt: skip
    for name, value in (("KUNDBILD_HOME", home.root), ("KUNDBILD_CONFIG", config), ("XDG_CONFIG_HOME", tmp_path / "s")):
        monkeypatch.setenv(name, str(value))
    return known


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["breach", *arguments])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


def test_an_export_that_is_found_is_known_by_its_bytes_or_by_the_people_in_it(home_of, home, tmp_path):
    ids, _, sent = home_of
    file, whom, form = tmp_path / "found.csv", tmp_path / "whom.csv", tmp_path / "form.md"
    file.write_bytes(sent)
    printed = run(str(file), "--customers", str(whom), "--notification", str(form))
    found = json.loads(run(str(file), "--json"))
    assert (found["people"], found["unresolved"], found["rows"], found["countries"]) == (2, 0, 2, {"NO": 1, "SE": 1})
    assert found["exports"] == [
        {"export": "2026-05-01 00:00: audience news to mailer", "members": 2, "shared": 2, "is_same_file": True},
        {"export": "2026-05-01 00:00: audience all", "members": 3, "shared": 2, "is_same_file": False},
    ]  # fmt: skip
    (table,) = found["tables"]
    assert table["columns"] == {
        "contact_point": "contact", "given_name": "identity", "country_code": "contact", "purpose": "consent", "channel": "consent",
        "customer_id": "pseudonym", "reference": "pseudonym",
    }  # fmt: skip
    assert found["is_high_risk"] and not found["special"]
    assert {row["customer_id"] for row in csv.DictReader(io.StringIO(whom.read_text()))} == {ids["1"], ids["2"]}
    assert whom.stat().st_mode & 0o077 == 0 and "anna" not in printed.lower()
    asked = form.read_text()
    for part in (
        "data subjects: 2",
        "ombud@talt.example",
        "Likely consequences",
        "Measures",
        "NO 1, SE 1",
        "this very file",
        "Art. 34",
    ):
        assert part in asked, part
    # opened in a spreadsheet and saved again it is not the same file, and the same people
    file.write_bytes(sent.replace(b"\r\n", b"\n"))
    again = json.loads(run(str(file), "--json"))["exports"][0]
    assert again["shared"] == 2 and not again["is_same_file"]
    actions = [json.loads(line) for line in home.audit_log.read_text().splitlines()]
    assert [entry["detail"]["ids_written"] for entry in actions if entry["action"] == "assessed a breach"] == [1, 0, 0]


def test_a_publication_names_people_by_id_and_by_pseudonym_and_its_parquet_counts_once(home_of, home):
    ids, keys, _ = home_of
    folder = home.published / "versions" / "20260501T020000-abc"
    (folder / "parquet").mkdir(parents=True)
    (folder / "publication.json").write_text("{}")
    with duckdb.connect(str(folder / "customers.duckdb")) as con:
        con.execute("create schema marts; create schema audience_rows")
        con.execute("create table marts.dim_customers (customer_id varchar, given_name varchar)")
        con.execute("insert into marts.dim_customers values ($1, 'Anna'), ('erased-since', 'Dee')", [ids["1"]])
        con.execute("create table marts.fct_survey_answers (customer_id varchar, answer_text varchar)")
        con.execute(
            "insert into marts.fct_survey_answers values ($1, 'I have diabetes.'), ($1, 'Nice shop.')", [ids["1"]]
        )
        con.execute("create view marts.all_of_it as select * from read_csv('/etc/passwd')")
    with duckdb.connect(str(folder / "kundbild.duckdb")) as con:
        con.execute("create schema bi; create table bi.fct_orders (customer_key varchar, base_amount decimal(9, 2))")
        con.execute(
            "insert into bi.fct_orders values ($1, 1), ($1, 2), ($2, 3), ('nobodys', 4), (null, 5)",
            [keys["1"], keys["3"]],
        )
        con.execute(f"copy bi.fct_orders to '{folder}/parquet/fct_orders.parquet'")
    found = json.loads(run(folder.name, "--json"))
    assert (found["people"], found["unresolved"], found["rows"]) == (4, 2, 9)
    assert found["countries"] == {"SE": 2} and found["special"] == {"health": 1}
    assert [table["table"] for table in found["tables"]] == [
        "marts.dim_customers",
        "marts.fct_survey_answers",
        "bi.fct_orders",
    ]
    (alone,) = json.loads(run(str(folder / "parquet"), "--json"))["tables"]
    assert alone["table"] == "bi.fct_orders" and alone["rows"] == 5
    # what is open to everybody is nobody's
    (folder / "open" / "parquet").mkdir(parents=True)
    duckdb.sql("select 'SE' as country_code, 'new' as lifecycle_stage, 10 as customer_count").write_parquet(
        str(folder / "open" / "parquet" / "customer_overview.parquet")
    )
    counted = json.loads(run(str(folder / "open" / "parquet"), "--json"))
    assert counted["tables"][0]["table"] == "bi_open.customer_overview"
    assert set(counted["tables"][0]["columns"].values()) == {"none"} and counted["people"] == 0
    # the ids of those who are not known any more are listed too: the recipient of the file has them
    whom = home.root / "whom.csv"
    run(folder.name, "--customers", str(whom))
    assert set(whom.read_text().split()) == {"customer_id", ids["1"], ids["3"], "erased-since"}


def test_a_list_of_addresses_alone_is_told_apart_by_them(home_of, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("email,religion\n ANNA@Berg.se ,x\nnobody@else.se,y\n")
    found = json.loads(run(str(file), "--json"))
    assert (found["people"], found["unresolved"], found["countries"]) == (2, 1, {"SE": 1})
    assert sum(found["special"].values()) == 2 and found["tables"][0]["columns"]["religion"] == "unknown"
    file.write_text("E-post,Telefon\nanna@berg.se,\n")
    assert json.loads(run(str(file), "--json"))["people"] == 1
    # an id of another system says nothing, the address beside it does
    file.write_text("customer_id,email\n17,anna@berg.se\n18,nobody@else.se\n19,\n")
    found = json.loads(run(str(file), "--json"))
    assert (found["people"], found["unresolved"], found["countries"]) == (3, 2, {"SE": 1})
    one = tmp_path / "list.json"
    one.write_text('[{"email": "anna@berg.se"}, {"email": "nobody@else.se"}]')
    assert json.loads(run(str(one), "--json"))["people"] == 2
    file.write_text("phone\n070-111 22 33\n")
    assert json.loads(run(str(file), "--json"))["countries"] == {"SE": 1}
    # identity numbers, in nested values too: by the name of a field, and however they are written
    rows = [{"email": "a@x.se", "more": {"note": f"it is {ANNA[:6]} / {ANNA[-4:]}"}}, {"email": "b@x.se", "more": {"pnr": "kept"}}, {"email": "c@x.se", "more": {}}]  # fmt: skip
    one.write_text(json.dumps(rows))
    assert json.loads(run(str(one), "--json"))["special"] == {"national identity number": 2}
    file.write_text("email,pnr\na@x.se,x\n")
    assert json.loads(run(str(file), "--json"))["special"] == {"national identity number": 1}


def test_the_warehouse_itself_can_be_looked_into_and_what_cannot_be_read_quotes_no_row(home_of, home, tmp_path):
    found = json.loads(run(str(home.warehouse), "--json"))
    assert found["people"] == 3 and any(table["table"] == "conformed.conformed_people" for table in found["tables"])
    broken = tmp_path / "broken.parquet"
    broken.write_text("anna@berg.se")
    for target, said in ((str(broken), "cannot be read"), (str(tmp_path / "none.csv"), "no file here"), ("20990101T000000-x", "no file here")):  # fmt: skip
        done = CliRunner().invoke(app, ["breach", target])
        assert said in str(done.exception) and "anna" not in str(done.exception)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("l.txt", "anna@berg.se\nnobody@else.se\n"),
        ("l.txt", "name;e-post\nAnna;anna@berg.se\nX;nobody@else.se\n"),
        ("l.tsv", "Anna\tanna@berg.se\nX\tnobody@else.se\n"),
        ("L.CSV", "email\nanna@berg.se\nnobody@else.se\n"),
        ("l.csv.gz", "email\nanna@berg.se\nnobody@else.se\n"),
        ("l.txt.gz", "anna@berg.se\nnobody@else.se\n"),
        ("l.jsonl.gz", '{"email": "anna@berg.se"}\n{"email": "nobody@else.se"}\n'),
    ],
)
def test_lists_are_read_with_and_without_names_and_compressed(home_of, tmp_path, name, content):
    file = tmp_path / name
    file.write_bytes(gzip.compress(content.encode()) if name.endswith("gz") else content.encode())
    found = json.loads(run(str(file), "--json"))
    assert (found["people"], found["unresolved"]) == (2, 1)


def test_an_empty_cell_tells_of_no_identity_number_and_what_cannot_be_read_is_said(home_of, tmp_path):
    folder = tmp_path / "got_out"
    folder.mkdir()
    (folder / "a.csv").write_text(f"email,personnummer\na@x.se,{ANNA}\nb@x.se,\nc@x.se,  \n")
    (folder / "b.xlsx").write_bytes(b"PK")
    found = json.loads(run(str(folder), "--json"))
    assert found["special"] == {"national identity number": 1} and found["left_out"] == ["b.xlsx"]
    assert "b.xlsx" in run(str(folder))
    done = CliRunner().invoke(app, ["breach", str(folder / "b.xlsx")])
    assert "like .xlsx cannot be looked into" in str(done.exception)


@pytest.mark.parametrize("column", ["CUSTOMER_ID", "Customer_Id", "customer_KEY"])
def test_who_stands_in_a_file_is_found_in_whatever_case_its_columns_are(home_of, tmp_path, column):
    """As a spreadsheet or another database writes them again."""
    ids, keys, _ = home_of
    file = tmp_path / "found.csv"
    file.write_text(f"n,{column}\n1,{(keys if 'KEY' in column else ids)['3']}\n")
    assert json.loads(run(str(file), "--json"))["people"] == 1
