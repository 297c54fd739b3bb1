"""What an erasure has to reach, on a few hand-made rows: registers, what was set aside, every publication that is kept.

Not here: statements (test_erased_statements.py), who comes back (test_erased_stay_away.py), whole nights (tests/integration/test_erasure.py).
"""

from __future__ import annotations

import shutil

import duckdb
import pytest

from data_quality.checks import Suite
from data_quality.runner import last_counts, remember_counts
from orchestration.core.settings import Source, Table
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.extract import prepare_raw
from orchestration.insight.segment_history import prepare_memberships
from orchestration.prediction.nightly.tables import prepare_scores
from orchestration.privacy.erasure.erasure import hide
from orchestration.privacy.intake.personal_text import prepare_shown_values
from orchestration.privacy.rights.subjects import Subject
from orchestration.run.erase import erase
from orchestration.run.prove_erasure import prove, prove_of_night
from orchestration.run.unfinished import finish_unfinished
from tests.unit.two_people import UNBALANCED, asked, erase_anna


def test_rule_29_every_publication_that_is_kept_is_rid_of_the_person_its_parquet_too(home, settings, built):
    (outcome,) = erase(home, settings, [Subject(customer=built["1"])])
    versions = sorted(home.published.glob("versions/*"))
    assert outcome.erased.publications == [version.name for version in versions] and len(versions) == 3
    for version in versions:
        for name in ("customers", "bi"):
            with duckdb.connect(str(version / f"{name}.duckdb"), read_only=True) as con:
                assert con.execute("from marts.dim_customers").fetchall() == [(built["2"],)]
            parquet = version / "parquet" / f"{name}.parquet"
            assert duckdb.execute(f"from '{parquet}'").fetchall() == [(built["2"],)]
            assert built["1"].encode() not in (version / f"{name}.duckdb").read_bytes() + parquet.read_bytes()


def test_memberships_of_segments_go_of_an_id_that_was_merged_away_too(home, settings, built):
    with open_warehouse(home, settings.engine) as con:
        prepare_memberships(con)
        con.execute("insert into identity.customer_id_redirects values ('merged-away', ?, '2026-01-01')", [built["1"]])
        for customer in (built["1"], "merged-away", built["2"]):
            con.execute(
                "insert into identity.segment_memberships values (?, 'lifecycle', 'new', '2026-01-01', null)",
                [customer],
            )
        con.execute("create table identity.segment_changes as from identity.segment_memberships")
    erase_anna(home, settings, built)
    for table in ("segment_memberships", "segment_changes"):
        assert asked(home, f"select customer_id from identity.{table}") == [(built["2"],)]


def test_scores_go_in_bytes_of_an_id_that_was_merged_away_too_and_those_of_others_stay(home, settings, built):
    with open_warehouse(home, settings.engine) as con:
        prepare_scores(con)
        con.execute("insert into identity.customer_id_redirects values ('merged-away', ?, '2026-01-01')", [built["1"]])
        for customer, said in (
            (built["1"], "CANARY-of-anna"),
            ("merged-away", "CANARY-of-anna"),
            (built["2"], "CONTROL-of-bo"),
        ):
            con.execute(
                "insert into scores.customer_scores values ($1, 'churn_shop', .5, null, null, 1, 'v', '2026-01-01', $2, 'a', $2)",
                [customer, said],
            )
    assert b"CANARY-of-anna" in home.warehouse.read_bytes()
    erase_anna(home, settings, built)
    assert asked(home, "select customer_id from scores.customer_scores") == [(built["2"],)]
    written = home.warehouse.read_bytes()
    assert b"CANARY-of-anna" not in written and b"CONTROL-of-bo" in written


def test_scores_of_who_is_restricted_go_at_once(home, settings, built):
    with open_warehouse(home, settings.engine) as con:
        prepare_scores(con)
        for customer in (built["1"], built["2"]):
            con.execute(
                "insert into scores.customer_scores values ($1, 'churn_shop', .5, null, null, 1, 'v', '2026-01-01', 'a', 'a', null)",
                [customer],
            )
        hide(con, home, [built["1"]])
        assert con.execute("select customer_id from scores.customer_scores").fetchall() == [(built["2"],)]


def test_the_address_registers_entry_of_the_person_goes(home, settings, built):
    erase_anna(home, settings, built)
    for table in ("raw_registers.addresses", "conformed.conformed_address_updates"):
        assert asked(home, f"select given_name from {table}") == [("Bo",)]


def test_what_was_set_aside_of_the_person_goes_and_the_books_balance_after_a_backup_too(
    home, settings, built, tmp_path
):
    left = [("consent_events", "3"), ("people", "4"), ("tickets", "without a key, load 1, row 1")]
    shutil.copy2(home.warehouse, tmp_path / "backup")
    erase_anna(home, settings, built)
    for is_backup in (False, True):
        if is_backup:
            shutil.copy2(tmp_path / "backup", home.warehouse)
            with home.lock("test"):
                finish_unfinished(home, settings)
        assert asked(home, "select entity, source_key from quarantine.quarantined_rows order by all") == left
        assert asked(home, UNBALANCED) == []
        assert asked(home, "select contact_id from raw_crm.contacts order by 1") == [(2,), (4,)]
        assert asked(home, "select consent_id from raw_crm.consents") == [(3,)]


def test_rule_25_raw_rows_in_other_spellings_go_and_what_names_somebody_else_too_stays(home, settings, built):
    spelled = [{"email_address": "anna@berg.se; other@x.se"}, {"mobile": "08-123 456 78, 070-111 22 33", "country": "SE"},
               {"first_name": "Anna Lisa", "last_name": "Berg", "birthdate": "1980-01-01"}]  # fmt: skip
    with open_warehouse(home, settings.engine) as con:
        for key, row in enumerate(spelled, start=10):
            con.execute(f"insert into raw_crm.contacts (contact_id, last_name, {', '.join(c for c in row if c != 'last_name')}, _load_id) "
                        f"values (?, {'?' if 'last_name' in row else 'null'}, {', '.join('?' for c in row if c != 'last_name')}, 2)",
                        [key, *([row['last_name']] if 'last_name' in row else []), *(v for c, v in row.items() if c != 'last_name')])  # fmt: skip
        # a mailbox of two: Bo's record names hers as well
        con.execute("update conformed.conformed_people set email = 'bo@dahl.se; shared@x.se' where source_key = '2'")
        con.execute(
            "insert into conformed.conformed_people by name select * replace ('9' as source_key, 'shared@x.se' as email) from conformed.conformed_people where source_key = '1' and source_system = 'crm'"
        )
        con.execute(
            "insert into identity.customer_source_records by name select * replace ('9' as source_key, hash('crm', '9') as record_id) from identity.customer_source_records where source_key = '1' and source_system = 'crm'"
        )
        con.execute("update raw_crm.contacts set email_address = 'bo@dahl.se; shared@x.se' where contact_id = 2")
        con.execute(
            "insert into quarantine.rejected_rows (load_id, source, table_name, reason, content) select 1, 'crm', 'contacts', 'broken', unnest(['5;;111 22 33', '6;;111 22 34'])"
        )
    erase_anna(home, settings, built)
    assert asked(home, "select contact_id from raw_crm.contacts order by 1") == [(2,), (4,)]
    left = "select content from quarantine.rejected_rows where content like '%111 22 3%'"
    assert asked(home, left) == [("6;;111 22 34",)], "her number without its area, in a line that could not be read"


def test_the_night_after_an_erasure_looks_for_the_erased_and_says_so(home, settings, built):
    with home.lock("test"):
        assert prove_of_night(home, settings) is None  # nobody was erased
    erase_anna(home, settings, built)
    left = home.root / "dbt_target" / "left.log"
    left.write_text("row: ANNA@Berg.se;1")
    with home.lock("test"):
        for _ in range(2):  # told each night until it is fixed
            told = str(prove_of_night(home, settings))
            assert "still found in dbt_target/left.log" in told and f"Delete, where nothing needs it, {left}" in told
        left.unlink()
        # in a text about somebody else, which its source has to change
        with open_warehouse(home, settings.engine) as con:
            con.execute("update raw_crm.contacts set favourite = 'ask anna@berg.se' where contact_id = 2")
        told = str(prove_of_night(home, settings))
        assert (
            "warehouse.duckdb: raw_crm.contacts.favourite" in told and "at its source" in told and "Delete" not in told
        )
        with open_warehouse(home, settings.engine) as con:
            con.execute("update raw_crm.contacts set favourite = 'ask' where contact_id = 2")
        # in a publication that was put back
        older = home.published / "versions" / "20250101T020000-x"
        older.mkdir()
        (older / "list.csv").write_text("anna@berg.se")
        told = str(prove_of_night(home, settings))
        assert "Delete each publication that was put back" in told and str(older) in told
        shutil.rmtree(older)
        assert "nowhere" in str(prove_of_night(home, settings))
        assert prove_of_night(home, settings) is None
        silent = settings.model_copy(update={"privacy": settings.privacy.model_copy(update={"prove_erasures": False})})
        left.write_text("anna@berg.se")
        assert prove_of_night(home, silent) is None


EVENTS = """
insert into raw_email.events (event_id, email, _load_id, _extracted_at) values ('e1', 'ANNA@Berg.se', 1, '2026-05-01'), ('e2', 'bo@dahl.se', 1, '2026-05-01');
create view staging.stg_email__email_events as select event_id as source_key, email as contact_point, _load_id as load_id,
    null::varchar as quarantine_reason, null::varchar as quarantine_code from raw_email.events;
create or replace table conformed.conformed_email_events as select 'email' as source_system, source_key, null::varchar as person_system,
    null::varchar as person_key, contact_point from staging.stg_email__email_events;
create table marts.fct_email_events as select source_system, source_key, null::varchar as customer_id, person_system, person_key
    from conformed.conformed_email_events;
create table marts.fct_contact_compliance as select source_system, source_key, customer_id from marts.fct_email_events;
"""


def test_facts_lose_what_names_the_person_by_an_address_alone(home, settings, built):
    """Else they would have a row more than the conformed table, every night after."""
    with open_warehouse(home, settings.engine) as con:
        con.execute(EVENTS)
    erase_anna(home, settings, built)
    assert asked(home, "select event_id from raw_email.events") == [("e2",)]
    for table in ("conformed.conformed_email_events", "marts.fct_email_events", "marts.fct_contact_compliance"):
        assert asked(home, f"select source_key from {table}") == [("e2",)], table


def test_rule_25_rows_of_facts_that_no_column_names_go_out_of_what_is_published_too(home, settings, built):
    """A message to her address, and one that raw had lost before, are of no customer: by their keys they go, in every kept publication."""
    keyed = "create table {} as select 'email' as source_system, unnest(['{}', 'e2', 'e0', 'old']) as source_key, null::varchar as {}"
    facts, shown = (
        keyed.format("marts.fct_contact_compliance", "e1", "customer_id"),
        keyed.format("bi.fct_email_events", "key-1", "customer_key"),
    )
    published = sorted(home.published.glob("versions/*"))
    with open_warehouse(home, settings.engine) as con:
        prepare_shown_values(con)
        con.execute(EVENTS + shown)
        con.execute(
            "insert into conformed.conformed_email_events values ('email', 'e0', 'crm', '1', null); "
            "insert into marts.fct_email_events values ('email', 'e0', null, 'crm', '1'); "
            "insert into marts.fct_contact_compliance values ('email', 'e0', null); "
            "insert into identity.shown_values by name select true as is_key, 'e1' as value, 'key-1' as shown"
        )
    for version in published:
        with duckdb.connect(str(version / "customers.duckdb")) as con:
            con.execute(facts)
        with duckdb.connect(str(version / "bi.duckdb")) as con:
            con.execute(shown.replace("bi.fct", "marts.fct"))
            con.execute(
                f"copy marts.fct_email_events to '{version / 'parquet' / 'fct_email_events.parquet'}' (format parquet)"
            )
    erase_anna(home, settings, built)
    for table in ("marts.fct_email_events", "marts.fct_contact_compliance"):
        assert asked(home, f"select source_key from {table} order by 1") == [("e2",)], table
    assert asked(home, "select source_key from bi.fct_email_events order by 1") == [("e2",), ("old",)]
    assert asked(home, "from restricted.erasing_rows") == []
    for version in published:
        # of an older night, and nobody's: it stays
        left = [("e2",), ("old",)]
        for file, table in (("customers", "marts.fct_contact_compliance"), ("bi", "marts.fct_email_events")):
            with duckdb.connect(str(version / f"{file}.duckdb"), read_only=True) as con:
                assert con.execute(f"select source_key from {table} order by 1").fetchall() == left
        assert (
            duckdb.execute(
                f"select source_key from '{version / 'parquet' / 'fct_email_events.parquet'}' order by 1"
            ).fetchall()
            == left
        )


def test_rule_25_what_is_told_of_a_text_that_names_the_person_by_an_address_alone_goes_too(home, settings, built):
    """A review names its writer by an address that no record of people has: what is told of it in insight would have the address still."""
    told = (
        "create schema if not exists insight; create table insight.{} as select 'email' as source_system, unnest(['e1', 'e2', 'e1']) as source_key, "
        "unnest(['review', 'review', 'survey answer']) as kind, null::varchar as customer_id, 'email' as person_system, unnest(['ANNA@Berg.se', 'bo@dahl.se', 'x']) as person_key"
    ).format("feedback_texts")
    published = sorted(home.published.glob("versions/*"))
    with open_warehouse(home, settings.engine) as con:
        con.execute(EVENTS.replace("email_events", "reviews") + "drop table marts.fct_contact_compliance")
        con.execute(told)
        con.execute(
            "create table conformed.conformed_survey_answers as select 'email' as source_system, 'e1' as source_key, 'r1' as response_key; "
            "create table conformed.conformed_survey_responses as select 'email' as source_system, 'r1' as source_key, null::varchar as person_system, null::varchar as person_key"
        )
    for version in published:
        with duckdb.connect(str(version / "customers.duckdb")) as con:
            con.execute(told)
    erase_anna(home, settings, built)
    left = [("e1", "survey answer"), ("e2", "review")]
    assert asked(home, "select source_key, kind from insight.feedback_texts order by 1") == left
    for version in published:
        with duckdb.connect(str(version / "customers.duckdb"), read_only=True) as con:
            assert con.execute("select source_key, kind from insight.feedback_texts order by 1").fetchall() == left


def test_a_row_that_goes_out_of_raw_goes_wherever_it_stands_whoever_it_names_beside(home, settings, built):
    """A ticket that names Bo by key is deleted by an address of hers beside it: the books would not balance without it."""
    with open_warehouse(home, settings.engine) as con:
        con.execute(
            "create table marts.fct_tickets as select *, null::varchar as customer_id from conformed.conformed_tickets"
        )
        con.execute("delete from raw_crm.cases where contact_id = 2 and case_id is not null")
    erase_anna(home, settings, built)
    assert asked(home, "select source_key from conformed.conformed_tickets") == []
    assert asked(home, "select source_key from marts.fct_tickets") == []


def test_a_proof_leaves_no_row_in_a_table_whose_rows_outlast_their_person(home, settings, built):
    """Orders that name their buyer: the canary's row is emptied as theirs are, and is of nobody then."""
    who = {"source_key": "mail", "email": "mail"}
    maps = [
        {"entity": "orders", "columns": {"source_key": "id", "ordered_at": "day", "person_key": "mail"}},
        {"entity": "people", "columns": who},
    ]
    table = Table(columns=dict.fromkeys(("id", "day", "mail"), "VARCHAR"), key=["id"], path="*.csv", maps=maps)
    shop = Source(connector="files", url="/", tables={"orders": table})
    settings = settings.model_copy(update={"sources": {**settings.sources, "shop": shop}})
    with open_warehouse(home, settings.engine) as con:
        prepare_raw(con, settings)
        con.execute(
            "insert into raw_shop.orders by name select '1' as id, 'cy@x.se' as mail, 1 as _load_id, now() as _extracted_at"
        )
    assert prove(home, settings).holds
    assert asked(home, "select id, mail from raw_shop.orders") == [("1", "cy@x.se")]


def test_floors_of_volumes_go_down_by_what_an_erasure_takes_and_not_by_what_a_source_lost(home, settings, built):
    tables = (
        "raw_crm.contacts",
        "conformed.conformed_people",
        "marts.bridge_household_customers",
        "marts.dim_households",
    )
    with open_warehouse(home, settings.engine) as con:
        con.execute(
            "create table marts.bridge_household_customers as select 'h' as household_id, customer_id from marts.dim_customers group by all; "
            "create table marts.dim_households as select 'h' as household_id, 2 as customer_count"
        )
        remember_counts(con, "r", [Suite("promise", *name.split("."), (), ()) for name in tables])
        before = last_counts(con)
        # the source has lost nearly all of them since
        con.execute("update ops.table_counts set row_count = 100 where table_name = 'raw_crm.contacts'")
    erase_anna(home, settings, built)
    with open_warehouse(home, settings.engine) as con:
        assert last_counts(con) == {
            "raw_crm.contacts": 98, "conformed.conformed_people": before["conformed.conformed_people"] - 2,
            "marts.bridge_household_customers": 0, "marts.dim_households": 0,
        }  # fmt: skip
        assert con.execute("select count(*) from marts.dim_households").fetchall() == [(0,)]


# of Anna's record: a number that counts up, and one that she had before
_WITH_JUNK = """
create schema if not exists reference;
create or replace table reference.junk_identifiers as select 'phone_pattern' as kind, '1234567$' as value_key, 'counting up' as reason;
update conformed.conformed_people set phone = '+4741234567' where source_key in ({keys});
update identity.normalised_people set phone_key = '+4741234567' where source_key in ({keys});
insert into identity.phone_numbers by name select unnest(['+4741234567', '+4790112233']) as phone, '' as country_code, phone as phone_key, [phone] as readings, true as is_certain, [] as denies, [] as denied_by;
insert into identity.identifiers by name select 'phone' as kind, '+4741234567' as value_key, 'junk: counting up' as ignored_reason;
"""


@pytest.mark.parametrize(("keys", "left"), [("'1'", set()), ("'1', '2'", {"+4741234567"})])
def test_a_number_that_is_junk_and_one_of_before_go_where_nobody_else_has_them(home, settings, built, keys, left):
    with open_warehouse(home, settings.engine) as con:
        con.execute(_WITH_JUNK.format(keys=keys))
    erase_anna(home, settings, built)
    kept = {phone for (phone,) in asked(home, "select phone from identity.phone_numbers")}
    assert kept & {"+4741234567", "+4790112233"} == left
    assert {key for (key,) in asked(home, "select value_key from identity.identifiers where kind = 'phone'")} == left
    # nobody is kept out by it
    with open_warehouse(home, settings.engine) as con:
        con.execute("update conformed.conformed_people set phone = '+4741234567' where source_key = '2'")
    finish_unfinished(home, settings)
    assert asked(home, "select source_key from conformed.conformed_people where phone = '+4741234567'") == [("2",)]
    assert prove(home, settings).holds


def test_the_proof_looks_into_what_is_remembered_of_numbers_and_addresses(home, settings, built, monkeypatch):
    with monkeypatch.context() as patch:
        everything = "select phone from identity.phone_numbers"
        patch.setattr("orchestration.privacy.erasure.theirs._numbers_kept", lambda con: everything)
        assert not prove(home, settings).holds
    assert prove(home, settings).holds
    assert asked(home, "select count(*) from identity.phone_numbers where contains(phone, 'control')") == [(0,)]
