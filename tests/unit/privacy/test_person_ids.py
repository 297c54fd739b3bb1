"""The id under which a system keeps somebody is theirs: it goes with them, and they are known again by it.

Here: extraction, an erasure and requests beside a small warehouse. Not here: who is one customer (tests/unit/identity/test_person_ids.py).
"""

from __future__ import annotations

from datetime import date, datetime

import pytest

from orchestration.core.errors import ConfigurationError
from orchestration.core.home import Home
from orchestration.core.settings import Engine, Identity, Settings, Table
from orchestration.core.settings.people import Person
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.extract.systems import complete_sources
from orchestration.identity.evaluate import load_seeds
from orchestration.identity.model import DEFAULT_MODEL, Model
from orchestration.identity.resolve import resolve_identities
from orchestration.privacy.intake.suppression import SuppressionList
from orchestration.privacy.intake.suppressor import Suppressor
from orchestration.privacy.rights.held_rows import find_held
from orchestration.privacy.rights.holds import lift_hold, place_hold
from orchestration.privacy.rights.objections import object_to_marketing
from orchestration.privacy.rights.requests import prepare_requests
from orchestration.privacy.rights.restrictions import restrict
from orchestration.privacy.rights.rights_keys import apply_known_rights
from orchestration.privacy.rights.subject_keys import note_subject
from orchestration.privacy.rights.subjects import Subject
from orchestration.privacy.secrets.pepper import find_pepper
from orchestration.run.erase import erase
from orchestration.run.unfinished import finish_unfinished

PEOPLE = {"source_key": "no", "person_id": "unique_id", "given_name": "given", "family_name": "family"}
ROWS = "no,unique_id,given,family\na1,u1,,\na2,u1,,\nb1,u2,,\ns1,u3,Doris,Ek\ns2,u3,Bo,Dahl\n"
# as the map makes them: 0 is nobody, and what else became of an id the raw row does not tell
TABLES = """
create schema if not exists conformed;
create or replace table conformed.conformed_people as select 'shop' as source_system, no as source_key,
    case when unique_id not in ('0', 'x') then unique_id end as person_id, 'shopper' as kind,
    null::varchar as full_name, given as given_name, family as family_name, null::varchar as email, null::varchar as phone, null::date as birth_date,
    null::varchar as gender, null::varchar as street, null::varchar as postal_code, null::varchar as city, null::varchar as country_code,
    null::timestamp as created_at, null::timestamp as deleted_at from raw_shop.people;
create table if not exists conformed.conformed_consent_events (person_system varchar, person_key varchar, contact_point varchar);
create table if not exists conformed.conformed_email_events (person_system varchar, person_key varchar, contact_point varchar);
"""


@pytest.fixture
def shop(home: Home, warehouse, tmp_path, monkeypatch):
    """Extracts the shop's file and resolves; `ids` is source_key → customer_id."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    load_seeds(warehouse)
    warehouse.close()
    table = {"path": "people.csv", "key": ["no"], "columns": dict.fromkeys(("no", "unique_id", "given", "family"), "VARCHAR"), "maps": [{"entity": "people", "columns": PEOPLE}]}  # fmt: skip
    source = {"connector": "files", "url": str(tmp_path / "files"), "tables": {"people": table}}
    settings = Settings.model_validate({"company": "T", "sources": {"shop": source}})
    (tmp_path / "files").mkdir()
    nights = iter(range(1, 100))

    def go(rows: str):
        (tmp_path / "files" / "people.csv").write_text(rows)
        with open_warehouse(home, Engine()) as con:
            prepare_raw(con, settings)
            go.books = extract_source(con, home, settings, "shop")["people"]
            con.execute(TABLES)
            resolve_identities(con, Identity(), Model.load(DEFAULT_MODEL), "r", datetime(2026, 3, next(nights)))
            go.ids = dict(con.execute("select source_key, customer_id from identity.customer_source_records where valid_to is null").fetchall())  # fmt: skip
        return go.ids

    go.settings = settings
    return go


def keys(home: Home, table: str) -> list[str]:
    with open_warehouse(home, Engine()) as con:
        return [key for (key,) in con.execute(f"select * from ({table}) order by 1").fetchall()]


def test_rule_25_who_was_erased_is_known_again_by_the_id_and_nobody_else_is_by_one_that_is_shared(home, shop):
    ids = shop(ROWS)
    assert (ids["a1"] == ids["a2"], len(set(ids.values()))) == (True, 4)
    for key in ("a1", "s1"):
        assert [one.state for one in erase(home, shop.settings, [Subject(customer=ids[key])])] == ["done"]
    for table in ("raw_shop.people", "conformed.conformed_people", "identity.normalised_people"):
        column = "no" if table.startswith("raw") else "source_key"
        assert keys(home, f"select {column} from {table}") == ["b1", "s2"]
    # what nobody else has is in no table any more
    assert keys(home, "select value_key from identity.identifiers where kind = 'person_id'") == ["shop:u2", "shop:u3"]
    # a new record with the id, in a later file; one of somebody whose id a namesake of it had too; and one of the other
    found = shop(f"{ROWS}a3, u1 ,,\ns3,u3,Bo,Dahl\nb2,u2,,\n")
    assert sorted(found) == ["b1", "b2", "s2", "s3"]
    assert (found["b1"], found["s2"]) == (found["b2"], found["s3"])
    assert keys(home, "select no from raw_shop.people") == ["b1", "b2", "s2", "s3"]
    # a backup that is put back brings them to where they are found by the id alone
    with open_warehouse(home, Engine()) as con:
        con.execute("insert into conformed.conformed_people by name select 'shop' as source_system, 'a9' as source_key, 'u1' as person_id")  # fmt: skip
        assert Suppressor(SuppressionList.of(con, home, find_pepper(con, ()))).find_people(con) == 1


def test_what_was_asked_for_stands_for_a_later_record_with_the_id_and_its_rows_are_the_persons(home, shop):
    ids = shop(ROWS)
    with open_warehouse(home, Engine()) as con:
        pepper = find_pepper(con, ())
        prepare_requests(con)
        for key in ("a1", "s1"):
            object_to_marketing(con, ids[key], datetime(2026, 3, 1), f"object-{key}")
            restrict(con, ids[key], datetime(2026, 3, 1), f"restrict-{key}")
        apply_known_rights(con, pepper)
        # every record of before is gone; the id is known, and that of two people says nothing of the other
        con.execute(
            "delete from conformed.conformed_people; insert into conformed.conformed_people by name "
            "select 'shop' as source_system, unnest(['a7', 's7']) as source_key, unnest(['u1', 'u3']) as person_id"
        )
        apply_known_rights(con, pepper)
        for table in ("objections", "restrictions"):
            noted = f"select source_key from identity.{table} where ends_with(source_key, '7')"
            assert con.execute(noted).fetchall() == [("a7",)], table
    ids = shop(ROWS)
    with open_warehouse(home, Engine()) as con:
        for key, known in (("a1", [("shop:u1",)]), ("s1", [])):
            note_subject(con, shop.settings, ids[key])
            assert con.execute("select value from subject_keys where kind = 'person_id'").fetchall() == known


def test_rule_25_an_id_that_is_nobodys_or_other_customers_takes_nobody_along(home, shop):
    rows = "no,unique_id,given,family\ng1,0,,\nh1,x,,\nh2,x,,\nb1,u2,,\n"
    ids = shop(rows)
    assert len(set(ids.values())) == 4
    with open_warehouse(home, Engine()) as con:
        note_subject(con, shop.settings, ids["g1"])
        assert con.execute("from subject_keys").fetchall() == []
        placed = place_hold(
            con,
            find_pepper(con, ()),
            ids["g1"],
            "legal-claims",
            date(2030, 1, 1),
            datetime(2026, 3, 1),
            "the data team",
        )
        held = find_held(con, shop.settings, find_pepper(con, ()), date(2026, 3, 2))
        is_held = held.of(con, "shop", "people", shop.settings.sources["shop"].tables["people"])
        assert con.execute(f"select no from raw_shop.people where {is_held}").fetchall() == [("g1",)]
        lift_hold(con, placed.hold_id)
    for key, rest in (("g1", ["b1", "h1", "h2"]), ("h1", ["b1", "h2"])):
        assert [one.state for one in erase(home, shop.settings, [Subject(customer=ids[key])])] == ["done"]
        assert keys(home, "select no from raw_shop.people") == rest
    # guests who come later are others
    assert sorted(shop(f"{rows}g2,0,,\ng3,0000,,\nh3,x,,\n")) == ["b1", "g2", "g3", "h2", "h3"]


def test_rule_25_a_row_of_a_backup_that_was_set_aside_goes_by_the_id_alone(home, shop):
    ids = shop("no,unique_id,given,family\na1,703,,\nb1,u2,,\ng1,0,,\n")
    assert [one.state for one in erase(home, shop.settings, [Subject(customer=ids["a1"])])] == ["done"]
    with open_warehouse(home, Engine()) as con:
        # no conformed table has these; one is nobody's by its id
        con.execute(
            "insert into raw_shop.people by name select no, id as unique_id, 1 as _load_id, timestamp '2026-01-01' as _extracted_at "
            "from (values ('a8', ' 703.0'), ('b8', 'u2'), ('g8', '0')) t(no, id); delete from restricted.swept"
        )
    with home.lock("test"):
        finish_unfinished(home, shop.settings)
    assert keys(home, "select no from raw_shop.people") == ["b1", "b8", "g1", "g8"]


@pytest.mark.parametrize("said", [{"sql": "lower(unique_id)"}, {"column": ["no", "unique_id"]}, {"column": "unique_id", "values": {"x": "y"}}, None])  # fmt: skip
def test_an_id_that_is_no_column_as_it_is_is_refused(shop, tmp_path, said):
    table = shop.settings.sources["shop"].tables["people"].model_dump(by_alias=True, exclude_unset=True)
    (people,) = table["maps"]
    people["columns"].pop("person_id")
    people |= {"columns": {**people["columns"], "person_id": said}} if said else {"constants": {"person_id": "all"}}
    source = {"connector": "files", "url": str(tmp_path), "tables": {"people": table}}
    settings = Settings.model_validate({"company": "T", "sources": {"shop": source}})
    with pytest.raises(ConfigurationError, match="person_id"):
        complete_sources(settings, tmp_path / "kundbild.toml", "")


def test_the_map_says_whose_a_row_is_by_the_id(shop):
    assert shop.settings.sources["shop"].tables["people"].whose == [
        Person(key="no", given_name="given", family_name="family", person_id="unique_id")
    ]


def test_an_id_is_one_however_it_is_spelled_and_what_was_hashed_of_it_as_it_was_written_still_counts(home, shop):
    ids = shop("no,unique_id,given,family\na1,703,,\na2,703.0,,\na3,\u00a0703\u200b,,\nb1,704.0,,\nc1,704.5,,\n")
    assert (len({ids["a1"], ids["a2"], ids["a3"]}), len(set(ids.values()))) == (1, 3)
    with open_warehouse(home, Engine()) as con:
        pepper = find_pepper(con, ())
        # as the version before hashed them
        SuppressionList.of(con, home, pepper).add([("person_id", "shop:704.0")], "erasure")
        prepare_requests(con)
        object_to_marketing(con, ids["a1"], datetime(2026, 3, 1), "object")
        apply_known_rights(con, pepper)
        assert con.execute("select count(*) from restricted.rights_keys where kind = 'person_id'").fetchall() == [(1,)]
        before = pepper.hashed_sql("'right:person_id:shop:705.0'")
        con.execute(f"update restricted.rights_keys set keyed_hash = {before} where kind = 'person_id'", pepper.parameters())  # fmt: skip
        con.execute("insert into conformed.conformed_people by name select 'shop' as source_system, 'd1' as source_key, '705.0' as person_id")  # fmt: skip
        apply_known_rights(con, pepper)
        assert con.execute("select source_key from identity.objections where source_key = 'd1'").fetchall() == [("d1",)]
    assert [one.state for one in erase(home, shop.settings, [Subject(customer=ids["a2"])])] == ["done"]
    rows = "no,unique_id,given,family\na4,00703,,\na5, 703.00 ,,\nb2,704.0,,\nc2,704.5,,\n"
    assert sorted(shop(rows)) == ["a4", "c1", "c2"]
    with open_warehouse(home, Engine()) as con:
        con.execute("insert into conformed.conformed_people by name select 'shop' as source_system, unnest(['a9', 'b9']) as source_key, unnest(['703.0', '704.0']) as person_id")  # fmt: skip
        assert Suppressor(SuppressionList.of(con, home, find_pepper(con, ()))).find_people(con) == 2


def test_rule_26_a_new_consent_lets_the_id_in_with_the_record_unless_the_address_has_several(home, warehouse):
    consents = Table.model_validate({"path": "c.csv", "key": ["no"], "columns": dict.fromkeys(("no", "who", "point", "choice", "said"), "VARCHAR"), "persons": [{"key": "who", "email": ["point"], "grant": {"status": "choice", "granted": ["yes"], "stated_at": "said", "wording": "no"}}]})  # fmt: skip
    people = Table.model_validate({"path": "p.csv", "key": ["no"], "columns": dict.fromkeys(("no", "ref", "mail"), "VARCHAR"), "persons": [{"key": "no", "person_id": "ref", "email": ["mail"]}]})  # fmt: skip
    suppression = SuppressionList.of(warehouse, home, find_pepper(warehouse, ()))
    erased = ["record shop:a1", "record shop:b1", "email anna@x.se", "email bo@x.se", "email home@x.se", "person_id shop:u1", "person_id shop:u2", "person_id shop:u3", "person_id shop:u4"]  # fmt: skip
    suppression.add([tuple(one.split()) for one in erased], "erasure")
    suppressor = Suppressor(suppression)
    # Anna's other records have no address; nobody says for Bo; of two people of one home one says yes
    said = [("1", "a1", "anna@x.se", "yes", "2099-01-01"), ("2", "h1", "home@x.se", "yes", "2099-01-01"), ("3", "b1", "bo@x.se", "no", "2099-01-01")]  # fmt: skip
    warehouse.execute("create temp table consents (no varchar, who varchar, point varchar, choice varchar, said varchar)")  # fmt: skip
    warehouse.executemany("insert into consents values (?, ?, ?, ?, ?)", said)
    assert suppressor.keep_out(warehouse, "shop", consents, "consents") == 1
    rows = [("a1", "u1", None), ("a2", " u1", None), ("a3", "u1", "anna@x.se"), ("b1", "u2", None), ("b2", "u2", None), ("h1", "u3", "home@x.se"), ("h2", "u4", "home@x.se"), ("h3", "u4", None), ("h4", "u3", None)]  # fmt: skip
    warehouse.execute("create temp table people (no varchar, ref varchar, mail varchar)")
    warehouse.executemany("insert into people values (?, ?, ?)", rows)
    suppressor.keep_out(warehouse, "shop", people, "people")
    assert warehouse.execute("select no from people order by 1").fetchall() == [("a1",), ("a2",), ("a3",), ("h1",), ("h2",)]  # fmt: skip
    # an erasure of later puts the id on the list again, and the consent of before lets it in no more
    suppression.add([("person_id", "shop:u1"), ("record", "shop:a1"), ("email", "anna@x.se")], "a later erasure")
    warehouse.execute("insert into people values ('a2', 'u1', null)")
    Suppressor(suppression).keep_out(warehouse, "shop", people, "people")
    assert warehouse.execute("select no from people order by 1").fetchall() == [("h1",), ("h2",)]
