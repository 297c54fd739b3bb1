"""What is kept of a rejected line that is no row: of a line that may refuse what may be declared, of any other what surely is."""

from __future__ import annotations

import pytest

from orchestration.core.settings import CsvDialect, Settings, Source, Table
from orchestration.privacy.intake.line_readers import readers
from orchestration.privacy.intake.rejected_withdrawals import note_rejected_withdrawals

STATEMENTS = {"maps": [{"entity": "consent_events", "columns": {"source_key": "id", "person_key": "id", "contact_point": "mail", "status": "news"}}]}  # fmt: skip
PEOPLE = {"maps": [{"entity": "people", "columns": {"source_key": "id", "email": "mail"}}]}
REGISTER = {"retention": {"category": "register"}}
ORDERS = {"maps": [{"entity": "orders", "columns": {"source_key": "id", "person_key": "mail"}}]}
COLUMNS = {"id": "VARCHAR", "mail": "VARCHAR", "news": "VARCHAR"}
HEADER = "id,mail,news,hobby,doctor,note"
GOOD = "".join(f"{n},p{n}@x.se,Ja,a,b,c\n" for n in range(100, 140))


@pytest.fixture
def kept(load_files, warehouse):
    """The content of the only reject, as it is loaded in a file with good rows."""

    def go(content: str, table: dict, **more) -> str:
        counts = load_files({"a.x": content}, columns=COLUMNS, table={"texts": [], **table}, **more)
        assert counts.rejected == 1
        ((found,),) = warehouse.execute("select content from quarantine.rejected_rows").fetchall()
        return found.rstrip("\n")

    return go


# a line, what is kept of it where it may refuse, and else; what comes behind a lacking or an additional field may be the one
# column or the next
LINES = [
    ("7,anna@x.se,Nej,chess,Dr Who", "7,anna@x.se,Nej,,", "7,anna@x.se,,,"),
    ("7,anna@x.se,Nej,chess,Dr Who,ill,more", "7,anna@x.se,Nej,chess,,,", "7,anna@x.se,Nej,,,,"),
    ('7,"a ""b"", c",Nej,chess,"Dr, Who"', '7,"a ""b"", c",Nej,,', '7,"a ""b"", c",,,'),
    ("7,anna@x.se", "7,anna@x.se", ","),
    # a stray quote: nothing can be told apart
    ('7,anna@x.se,"Nej,chess,Dr Who', '7,anna@x.se,"Nej,chess,Dr Who', ""),
]


@pytest.mark.parametrize(("line", "doubtful", "certain"), LINES)
@pytest.mark.parametrize(
    ("table", "may_refuse"), [(STATEMENTS, True), (PEOPLE, True), (REGISTER, True), (ORDERS, False), ({}, False)]
)
def test_a_line_of_another_number_of_fields_keeps_nothing_that_is_undeclared(kept, line, doubtful, certain, table, may_refuse):  # fmt: skip
    assert kept(f"{HEADER}\n{GOOD}{line}\n", table) == (doubtful if may_refuse else certain)


def test_without_quotes_fields_are_told_by_the_delimiter(kept):
    content = f"{HEADER}\n{GOOD}".replace(",", ";") + '7;"anna@x.se;Nej;chess;Dr Who\n'
    assert kept(content, {}, csv=CsvDialect(delimiter=";", quote="")) == '7;"anna@x.se;;;'


@pytest.mark.parametrize("table", [STATEMENTS, {}])
def test_where_every_column_is_declared_a_line_is_kept_as_it_came(kept, table):
    rows = "".join(f"{n},p{n}@x.se,Ja\n" for n in range(100, 140))
    assert kept(f"id,mail,news\n{rows}7,anna@x.se,Nej,more\n", table) == "7,anna@x.se,Nej,more"


def test_rule_04_a_line_without_its_undeclared_values_still_denies(load_files, warehouse):
    lines = "cia,cia@x.se,Nej,chess,Dr Who\nanna,,Nej\n,+46 70 111 22 33,Nej,a,b,c,bo@x.se\n,eva (at) x.se\n"
    load_files({"a.csv": f"{HEADER}\n{GOOD}{lines}"}, columns=COLUMNS, table={"texts": [], **STATEMENTS}, key=())
    spec = Table(columns=COLUMNS, path="*", **STATEMENTS)
    settings = Settings(company="T", sources={"s": Source(connector="files", url=".", tables={"t": spec})})
    warehouse.execute("create schema if not exists identity")
    warehouse.execute("create table identity.customer_source_records as select 's' as source_system, 'anna' as source_key, null::timestamp as valid_to")  # fmt: skip
    note_rejected_withdrawals(warehouse, readers(settings))
    said = {point for (point,) in warehouse.execute("select coalesce(contact_point, person_key) from identity.withdrawals").fetchall()}  # fmt: skip
    assert said == {"cia@x.se", "anna", "+46 70 111 22 33", "eva@x.se"}
    content = str(warehouse.execute("select content from quarantine.rejected_rows").fetchall())
    # of the last column nothing is declared
    assert not {"Who", "bo@x.se"} & set(content.replace("'", " ").replace(",", " ").split())


KEY = '"id": 7, "mail": "a@x.se"'


@pytest.mark.parametrize("format", ["jsonl", "json_pages"])
@pytest.mark.parametrize(
    ("table", "has_all"), [(STATEMENTS, True), (PEOPLE, True), (REGISTER, True), (ORDERS, False), ({}, False)]
)
def test_a_line_that_is_no_object_of_json_keeps_nothing_that_is_undeclared(kept, format, table, has_all):
    rows = [f'{{"id": "{n}", "mail": "p{n}@x.se", "news": "Ja"}}' for n in range(40)]
    broken = f'{{{KEY}, "Anna Berg": "secret"'
    content = "\n".join([*rows, broken, ""])
    if format == "json_pages":
        content = f'{{"data": [{", ".join([*rows, f"[{broken}}}]"])}]}}'
    found = kept(content, table, format=format, key=("id", "mail")).replace('":', '": ').replace('":  ', '": ')
    assert "Anna Berg" in found if has_all else found == KEY
