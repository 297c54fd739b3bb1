"""What `add-source` makes of lists of who refused: each of them denies, and one that nobody reads keeps every yes of its source out."""

from __future__ import annotations

import tomllib

import duckdb
import pytest

from orchestration.core.settings import Table
from orchestration.proposals.list_names import lists_refusals, may_list_refusals
from orchestration.proposals.propose import propose
from tests.unit.mapped import models_of, raw, set_clock_and_retention

PEOPLE = "kundnr;epost;nyhetsbrev;samtycke datum\n1;a@example.com;Ja;2025-01-01\n2;b@example.com;Nej;2025-01-01\n"


def granting(block: str) -> list[str]:
    """The tables of a block that map a word to a grant."""
    (source,) = tomllib.loads(block)["sources"].values()
    return [
        table
        for table, shape in source["tables"].items()
        for one in shape["maps"]
        if "granted" in (one["columns"].get("status") or {"values": {}}).get("values", {}).values()
    ]


@pytest.fixture
def found(tmp_path):
    def go(**files: str):
        for name, text in {"kunder.csv": PEOPLE, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return propose("shop", str(tmp_path), "SEK")

    return go


@pytest.mark.parametrize(
    "name",
    ["nixlista", "NIX-register", "opt_outs", "Avanmälda", "spärrlista", "spärrade_kunder", "blocklist", "suppression_list", "unsubscribed",
     "dnc", "avregistrerade", "robinsonliste", "estolista", "sperreliste"],
)  # fmt: skip
def test_a_list_of_refusals_is_known_by_its_name(name):
    assert lists_refusals(name) and may_list_refusals(name)


@pytest.mark.parametrize("name", ["kunder", "kunder_utan_order", "objects", "Kunder Peru", "superusers", "bus_stops", "blogg", "online_shops"])  # fmt: skip
def test_a_name_that_holds_a_refusal_by_chance_is_no_list_of_them(name):
    assert not lists_refusals(name)


def test_every_row_of_a_list_of_refusals_denies_by_each_of_its_addresses(found, warehouse):
    rows = [
        {
            "epost": "a@example.com",
            "telefon": "+46701234567",
            "namn": "A B",
            "skapad": "2020-01-01",
            "samtyckesdatum": "2020-01-01",
        }
    ]
    text = "\n".join([";".join(rows[0]), *(";".join(row.values()) for row in rows)])
    said = found(**{"nixlista.csv": text + "\n"})
    shape = tomllib.loads(said.block)["sources"]["shop"]["tables"]["nixlista"]
    raw(warehouse, "nixlista", *rows)
    set_clock_and_retention(warehouse)
    sql, _ = models_of({"nixlista": Table.model_validate(shape)}, ("",))["consent_events"]
    got = warehouse.execute(
        f"select contact_point, contact_point_type, purpose, channel, status, stated_at = extracted_at from ({sql}) where quarantine_code is null "
        "order by 1"
    ).fetchall()
    # beside people `skapad` may be since when they are customers, and the other day is one of a yes: neither dates a refusal
    assert got == [
        ("+46701234567", "phone", "all", "all", "withdrawn", True),
        ("a@example.com", "email", "all", "all", "withdrawn", True),
    ]
    assert granting(said.block) == ["kunder"]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("nixlista.csv", "rad;kod\n1;x\n2;y\n"),
        ("spärrlista.csv", "personnummer\n19800101-1234\n"),
        ("opt_outs.csv", "email;date\n"),
        ("preferences.csv", "customer_id;key;value\n1;news;off\n"),
        ("samtycken.csv", "kundnr;typ\n1;brev\n"),
        ("Avanmälda/2026-01.csv", "rad;kod\n1;x\n2;y\n"),
        ("Avanmälda.docx", "a@example.com"),
        ("removed.csv", "id;mailbox\n1;a@example.com\n"),
    ],
)
def test_a_list_that_no_map_reads_keeps_every_yes_of_the_source_out_and_is_told(found, file, text):
    said = found(**{file: text})
    assert not granting(said.block)
    name = file.rpartition("/")[2].partition(".")[0]
    assert any("may hold refusals, and none is read" in note for note in said.notes), name
    assert any("nyhetsbrev: ja is not mapped" in note for note in said.notes)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("declined_orders.csv", "order_id;kundnr;order_date;amount\n1;1;2025-01-01;10\n2;1;2025-01-02;20\n"),
        ("butiker.csv", "butik;ort\n1;Lund\n"),
    ],
)
def test_other_tables_keep_no_yes_out(found, file, text):
    assert granting(found(**{file: text}).block) == ["kunder"]


def test_a_list_in_a_database_counts_too(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(
            "create table customers (customer_id integer primary key, email text, newsletter text, consent_date date)"
        )
        con.execute(
            "insert into customers values (1, 'a@example.com', 'yes', '2025-01-01'), (2, 'b@example.com', 'no', '2025-01-01')"
        )
        con.execute(
            'create table consents (id integer primary key, customer_id integer, purpose text, channel text, granted boolean, "at" timestamp)'
        )
        con.execute(
            "insert into consents values (1, 1, 'newsletter', 'email', true, '2025-01-01'), (2, 1, 'newsletter', 'email', false, '2025-02-01')"
        )
    assert sorted(granting(propose("shop", str(path), "SEK").block)) == ["consents", "customers"]
    with duckdb.connect(str(path)) as con:
        con.execute("create table blocklist (email text, since date)")
    said = propose("shop", str(path), "SEK")
    # nobody is on it today, and whoever comes to it would not be read
    assert not granting(said.block) and any("blocklist: may hold refusals" in note for note in said.notes)
