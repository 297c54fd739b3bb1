"""Who the law keeps out of audiences, what may be read for a purpose, exported, and shown without the person."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from orchestration.core.errors import GateError
from orchestration.core.home import Home
from orchestration.privacy.audit.catalogue import read_catalogue
from orchestration.privacy.audit.purposes import assert_purposes
from tests.conftest import Kundbild
from tests.integration.clocks import set_night
from tests.integration.second_night import in_audiences


@pytest.mark.slow
def test_rule_14_a_register_file_of_half_the_size_closes_its_channel_and_a_whole_one_opens_it(
    second_night: SimpleNamespace,
):
    assert second_night.versions["nix_telefon"] == second_night.numbers and len(second_night.versions) == 4
    assert second_night.hits > 10
    shrunk = "select register from identity.register_versions where is_shrunk"
    assert second_night.con.execute(shrunk).fetchall() == [("nix_telefon",)]
    failed = second_night.con.execute(
        "select not passed from ops.check_results where check_name = 'registers_are_whole' order by checked_at desc limit 1"
    ).fetchall()
    assert failed == [(True,)]


def test_rule_15_permissions_older_than_a_day_refuse_every_export(demo_copy: Kundbild, tmp_path: Path):
    file = tmp_path / "audience.csv"
    export = ("audience", "export", "newsletter_email", "--to", str(file))
    again = (*export, "--overwrite")

    def last_night(hours: float) -> None:
        at = (datetime.now(UTC) - timedelta(hours=hours)).replace(tzinfo=None)
        with duckdb.connect(str(demo_copy.home / "warehouse.duckdb")) as con:
            set_night(con, at)
            con.execute("update ops.check_results set checked_at = ?", [at])

    last_night(24.1)
    assert "24 hours ago" in demo_copy(*export, code=2).stderr
    assert not file.exists()
    last_night(23.9)
    done = demo_copy.json(*export)
    lines = list(csv.DictReader(file.read_text().splitlines()))
    assert len(lines) == done["customers"] > 50 and file.stat().st_mode & 0o077 == 0
    with demo_copy.warehouse() as con:
        permitted = con.execute(
            "select customer_id, contact_point from marts.contact_permissions where is_permitted and purpose = 'newsletter' and channel = 'email'"
        )
        assert {(line["customer_id"], line["contact_point"]) for line in lines} <= set(permitted.fetchall())
        assert con.execute("select count(*) from restricted.export_members").fetchall() == [(len(lines),)]
    # a night that was not published
    with duckdb.connect(str(demo_copy.home / "warehouse.duckdb")) as con:
        con.execute("update ops.publications set published_at = published_at - interval 1 second")
    assert "was not published" in demo_copy(*again, code=2).stderr
    # a rule of the consent suite that was broken in the night
    with duckdb.connect(str(demo_copy.home / "warehouse.duckdb")) as con:
        con.execute("update ops.publications set published_at = published_at + interval 1 second")
        con.execute(
            "update ops.check_results set passed = false where stage = 'consent' and check_name = 'every_row_has_permission' "
            "and run_id = (select arg_max(run_id, checked_at) from ops.check_results)"
        )
    refused = demo_copy(*again, code=2).stderr
    assert "the consent suite failed: audiences.audience_newsletter_email: every_row_has_permission" in refused
    assert "audiences are" in demo_copy("audience", "export", "everybody", *again[3:], code=2).stderr
    # as while the nightly runs
    with Home(demo_copy.home).lock("nightly"):
        assert "locked by" in demo_copy(*again, code=2).stderr


def test_rule_17_nobody_under_age_or_of_unknown_age_is_in_an_audience(demo: Kundbild):
    with demo.warehouse() as con:
        young = (
            "select c.customer_id from marts.dim_customers c left join reference.country_rules r using (country_code) where c.birth_date is null "
            "or c.birth_date + to_years(coalesce(r.marketing_age, 18)) > (select as_of from ops.clock)"
        )
        permitted = f"select count(distinct customer_id) from marts.contact_permissions where is_permitted and customer_id in ({young})"
        assert con.execute(permitted).fetchall()[0][0] > 20
        assert con.execute(f"select count(*) from ({in_audiences()}) where customer_id in ({young})").fetchall() == [
            (0,)
        ]
        assert con.execute(f"select count(*) from ({in_audiences()})").fetchall()[0][0] > 50


@pytest.mark.slow
def test_rule_19_protected_and_deceased_people_are_in_no_audience_and_no_mart_has_their_address(
    second_night: SimpleNamespace,
):
    con, protected, deceased = second_night.con, second_night.protected, second_night.deceased
    said = con.execute(
        "select customer_id, is_protected, is_deceased from marts.dim_customers where customer_id in (?, ?)",
        [protected, deceased],
    )
    assert set(said.fetchall()) == {(protected, True, False), (deceased, False, True)}
    permitted = (
        "select count(distinct customer_id) from marts.contact_permissions where is_permitted and customer_id in (?, ?)"
    )
    assert con.execute(permitted, [protected, deceased]).fetchall() == [(2,)]
    left = f"select count(*) from ({in_audiences()}) where customer_id in (?, ?)"
    assert con.execute(left, [protected, deceased]).fetchall() == [(0,)]
    columns = con.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where schema_name in ('marts', 'segments', 'insight', 'audiences') "
        "and column_name in ('street', 'postal_code', 'city', 'county') and (schema_name, table_name) in "
        "(select (schema_name, table_name) from duckdb_columns() where column_name = 'customer_id')"
    ).fetchall()
    assert ("marts", "dim_customers", "street") in columns
    for schema, table, column in columns:
        told = f'select count(*) from "{schema}"."{table}" where {column} is not null and customer_id = ?'
        assert con.execute(told, [protected]).fetchall() == [(0,)], (schema, table, column)


def test_rule_22_a_purpose_has_one_legal_basis_and_its_models_read_only_what_it_allows(demo_copy: Kundbild):
    compiled = Home(demo_copy.home).compiled_marts
    audience = compiled / "audiences" / "audience_newsletter_email.sql"
    segment = compiled / "segments" / "customer_rfm.sql"
    whole = audience.read_text(), segment.read_text()
    with duckdb.connect(str(demo_copy.home / "warehouse.duckdb")) as con:
        assert assert_purposes(con, compiled) == 31
        # in what is shown, in a condition, and in a segment
        for path, broken in (
            (
                audience,
                f"select a.*, t.topic from ({whole[0]}) a join warehouse.marts.fct_interactions t using (customer_id)",
            ),
            (
                audience,
                f"select a.* from ({whole[0]}) a where exists (select 1 from warehouse.marts.fct_tickets t where t.category = 'x')",
            ),
            (
                segment,
                f"select s.* from ({whole[1]}) s join warehouse.marts.dim_customers c on c.customer_id = s.customer_id and c.given_name = 'Eva'",
            ),
        ):
            path.write_text(broken)
            with pytest.raises(GateError, match=r"not allowed for the purpose (newsletter|profiling)"):
                assert_purposes(con, compiled)
            audience.write_text(whole[0])
            segment.write_text(whole[1])
        con.execute(
            "insert into reference.purposes select * replace ('contract' as legal_basis) from reference.purposes where purpose = 'offers'"
        )
        with pytest.raises(GateError, match="more than one legal basis"):
            assert_purposes(con, compiled)


def test_rule_32_bi_holds_nothing_of_anybody_and_no_cell_of_few(demo: Kundbild):
    with (
        duckdb.connect(str(demo.home / "published" / "kundbild.duckdb"), read_only=True) as con,
        demo.warehouse() as warehouse,
    ):
        columns = {
            (t, c)
            for t, c in con.execute(
                "select table_name, column_name from duckdb_columns() where schema_name = 'bi'"
            ).fetchall()
        }
        tagged = {
            (c.table, c.column) for c in read_catalogue() if c.schema == "bi" and c.category in ("identity", "contact")
        }
        assert tagged & columns == {
            ("dim_customers", "age_band"),
            ("dim_customers", "country_code"),
            ("dim_customers", "county"),
        }
        ids = [
            i
            for (i,) in warehouse.execute(
                "select customer_id from marts.dim_customers union select email from marts.dim_customers where email is not null"
            ).fetchall()
        ]
        con.execute("create temp table personal (value varchar)")
        con.execute("insert into personal select unnest(?)", [ids])
        for table, column in sorted(columns):
            found = f'select count(*) from bi."{table}" t semi join personal p on p.value = t."{column}"::varchar'
            assert con.execute(found).fetchall() == [(0,)], (table, column)
        groups = "select count(*) from bi.dim_customers where country_code is not null group by country_code, county, age_band"
        sizes = [n for (n,) in con.execute(groups).fetchall()]
        assert min(sizes) >= 5 and len(sizes) > 10
        # as many as there are; and of some nothing is told, who would be few
        assert (
            con.execute("select count(*) from bi.dim_customers").fetchall()
            == warehouse.execute("select count(*) from marts.dim_customers").fetchall()
        )
        alone = (
            "select count(*) from (select 1 from marts.dim_customers group by country_code, county having count(*) < 5)"
        )
        assert warehouse.execute(alone).fetchall()[0][0] > 0
        counted = [
            (t, c)
            for t, c in columns
            if c.endswith("_count")
            and t in ("email_campaigns", "permission_overview", "consent_overview", "contact_compliance")
        ]
        assert len(counted) == 17
        for table, column in counted:
            assert con.execute(f"select count(*) from bi.{table} where {column} between 1 and 4").fetchall() == [
                (0,)
            ], (table, column)
