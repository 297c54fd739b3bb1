"""A second night of the demo, for which all is delivered anew: one register's file is half its size, another tells whom it
protects and who died, somebody was erased, and the pepper is another since. Tests look at what became of each of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import duckdb

from tests.conftest import NIGHT_2, Kundbild
from tests.integration.someone import someone_of

AUDIENCES = ("newsletter_email", "service_survey_email", "win_back_email")


def in_audiences() -> str:
    return " union ".join(f"select customer_id from audiences.audience_{name}" for name in AUDIENCES)


def _published_keys(demo: Kundbild, version: str = "current") -> set[str]:
    folder = "current" if version == "current" else f"versions/{version}"
    with duckdb.connect(str(demo.home / "published" / folder / "kundbild.duckdb"), read_only=True) as con:
        return {key for (key,) in con.execute("select customer_key from bi.dim_customers").fetchall()}


def second_night_of(demo: Kundbild) -> SimpleNamespace:
    """Changes the demo; returns what was seen of it before and after the night."""
    seen = SimpleNamespace(first=(demo.home / "published" / "current").resolve().name)
    someone = someone_of(demo)
    erased = someone.customer_id
    with demo.warehouse() as con:
        of_crm = "select min(customer_id) from identity.customer_source_records where source_system = 'crm' and valid_to is null and customer_id <> $1"
        later = con.execute(of_crm, [erased]).fetchall()[0][0]
        records = (
            "select source_key from identity.customer_source_records where customer_id = $1 and source_system = 'crm'"
        )
        seen.records = {key for (key,) in con.execute(records, [erased]).fetchall()}
        # an erased person is in no register's news
        people = con.execute(
            "select customer_id, given_name, family_name, birth_date from marts.dim_customers where street is not null and customer_id in "
            f"({in_audiences()}) and customer_id not in (select customer_id from identity.household_members where valid_to is null) and customer_id not in ($1, $2) "
            "qualify row_number() over (partition by postal_code order by family_name, given_name) = 1 order by postal_code limit 2",
            [erased, later],
        ).fetchall()
    _deliver_registers(demo, seen, people)
    assert demo.json("erase", "--customer", erased)[0]["state"] == "done"
    seen.keys = _published_keys(demo)
    seen.rotated = demo.json("pepper", "rotate")
    seen.outcome = demo.json("run", "--as-of", NIGHT_2, "--force", "--full-refresh")
    seen.new_keys, seen.first_keys = _published_keys(demo), _published_keys(demo, seen.first)
    with demo.warehouse() as con:
        seen.contacts = {key for (key,) in con.execute("select contact_id::varchar from raw_crm.contacts").fetchall()}
    # somebody who is erased now is gone from the publication of before, too, where they have their former pseudonym
    seen.erased_later = demo.json("erase", "--customer", later)[0]
    seen.first_keys_later = _published_keys(demo, seen.first)
    seen.entries = demo.json("audit", "verify")["entries"]
    seen.proof = demo.json("prove-erasure")
    # whoever is put back, in a table and in a loose file
    with duckdb.connect(str(demo.home / "warehouse.duckdb")) as con:
        con.execute(
            "insert into quarantine.rejected_rows (load_id, source, table_name, reason, content) values (0, 's', 't', 'r', ?)",
            [someone.email],
        )
    (demo.home / "dbt_target" / "logs" / "left.log").write_text(f"row: {someone.email.upper()};1")
    seen.broken_proof = demo.json("prove-erasure", code=1)
    seen.home = demo.home
    return seen


def _deliver_registers(demo: Kundbild, seen: SimpleNamespace, people: list[Any]) -> None:
    registers = demo.home / "demo" / "registers"
    delivered = next(registers.glob("nix_telefon_*.txt"))
    numbers = delivered.read_text().splitlines()
    with demo.warehouse() as con:
        seen.versions = dict(
            con.execute("select register, entries from identity.register_versions where not is_shrunk").fetchall()
        )
        seen.numbers = len(set(numbers))
        hits = "select count(*) from marts.customer_reservations where register = 'nix_telefon'"
        seen.hits = con.execute(hits).fetchall()[0][0]
    seen.protected, seen.deceased = (customer for customer, *_ in people)
    delivered.with_name("nix_telefon_2026-11-01.txt").write_text("\n".join(numbers[: len(numbers) // 2]) + "\n")
    header = next(registers.glob("addresses_*.csv")).read_text().splitlines()[0].split(",")
    lines = [",".join(header)]
    for number, (_, given, family, born) in enumerate(people):
        said = {"entry_id": f"P{number}", "given_name": given, "family_name": family, "birth_date": str(born), "country_code": "SE",
                "effective_on": "2026-11-01", "is_protected": str(number == 0).lower(), "is_deceased": str(number == 1).lower()}  # fmt: skip
        lines.append(",".join(said.get(column, "") for column in header))
    (registers / "addresses_2099.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
