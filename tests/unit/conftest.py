"""What many unit tests stand on: people in a warehouse, resolved night by night, and what they may be asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from orchestration.contracts.conformed import entities
from orchestration.core.home import Home
from orchestration.core.settings import PROJECT_DIR, Engine, Identity, Quality, Settings, Source, Table
from orchestration.core.settings.maps import STATEMENTS
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.extract.raw_tables import ensure_raw
from orchestration.identity.contact_points import key_withdrawn_points
from orchestration.identity.evaluate import load_seeds
from orchestration.identity.groups import find_households
from orchestration.identity.model import DEFAULT_MODEL, Model
from orchestration.identity.registers import key_reservations
from orchestration.identity.resolve import resolve_identities
from orchestration.privacy.intake.withdrawals import note_withdrawals
from orchestration.privacy.rights.requests import prepare_requests
from tests.conftest import forget
from tests.unit.compiled import made_once
from tests.unit.consent import FED, MODELS, SEEDS, SYSTEMS, compiled_with
from tests.unit.stories import SHOP, name_of, tell

COLUMNS = {
    "source_system": "varchar", "source_key": "varchar", "kind": "varchar", "full_name": "varchar", "given_name": "varchar",
    "family_name": "varchar", "email": "varchar", "phone": "varchar", "birth_date": "date", "street": "varchar",
    "postal_code": "varchar", "city": "varchar", "country_code": "varchar", "created_at": "timestamp", "deleted_at": "timestamp",
}  # fmt: skip


def insert_rows(con, table: str, rows: list[list]) -> None:
    """In one statement: executemany plans each row anew."""
    row = f"({', '.join('?' * len(rows[0]))})"
    con.execute(
        f"insert into {table} values {', '.join([row] * len(rows))}", [value for values in rows for value in values]
    )


@pytest.fixture(scope="module")
def modules_warehouse(tmp_path_factory, new_warehouse):
    """A warehouse that the tests of a module have in common: what one of them builds, the others only read."""
    home = Home(tmp_path_factory.mktemp("module") / "home").prepare()
    home.warehouse.write_bytes(new_warehouse)
    with open_warehouse(home, Engine()) as con:
        yield con
        forget(con)


@pytest.fixture
def resolve(warehouse):
    return resolving(warehouse)


def resolving(warehouse):
    """Resolves people of that warehouse; for a home that several tests read."""
    warehouse.execute("create schema conformed")
    load_seeds(warehouse)
    nights = iter(range(1000))

    def go(*people: dict) -> dict[str, str]:
        """Resolves these people; returns source_key → customer_id."""
        declared = ", ".join(f"{c} {t}" for c, t in COLUMNS.items())
        warehouse.execute(f"create or replace table conformed.conformed_people ({declared})")
        rows = [[{"source_system": "crm", "country_code": "SE", **p}.get(c) for c in COLUMNS] for p in people]
        if rows:
            insert_rows(warehouse, "conformed.conformed_people", rows)
        night = next(nights)
        go.changes = resolve_identities(
            warehouse,
            Identity(),
            Model.load(DEFAULT_MODEL),
            f"run-{night}",
            datetime(2026, 1, 1) + timedelta(days=night),
        )
        return dict(
            warehouse.execute(
                "select source_key, customer_id from identity.customer_source_records where valid_to is null"
            ).fetchall()
        )

    return go


@pytest.fixture(scope="session")
def compiled(tmp_path_factory) -> dict[str, str]:
    return compiled_with(tmp_path_factory)


@pytest.fixture
def permitted(compiled, resolve, warehouse):
    return permitting(compiled, resolve, warehouse)


def permitting(compiled, resolve, warehouse):
    """Says of whom contact_permissions allow what: {(source_key, purpose, channel): contact point}, and `why` it is so."""

    readings = iter(range(1000))

    def go(
        people: list[dict], *, at="2026-06-01", is_derived=True, until=None, **conformed: list[dict]
    ) -> dict[tuple[str, str, str], str]:
        """`is_derived`: whether the models are built; else the night ends with the ledger and its points, and permits nobody.
        `until`: a model that needs nothing of these; the night ends with it, and permits nobody either."""
        ids = resolve(*people)
        warehouse.execute(
            "create schema if not exists marts; create schema if not exists bi; create schema if not exists ops; create schema if not exists staging"
        )
        warehouse.execute(f"create or replace table ops.clock as select timestamp '{at}' as as_of, 0 as published_load")
        for seed in SEEDS:
            warehouse.execute(
                f"create or replace table reference.{seed} as from read_csv('{PROJECT_DIR}/dbt_project/seeds/{seed}.csv')"
            )
        for column in ("gender", "preferred_store", "updated_at", "extracted_at"):
            kind = "timestamp" if column.endswith("_at") else "varchar"
            warehouse.execute(f"alter table conformed.conformed_people add column if not exists {column} {kind}")
        for entity in FED:
            columns = entities()[entity] | {
                "source_system": "varchar",
                "source_key": "varchar",
                "extracted_at": "timestamp",
                "deleted_at": "timestamp",
                "load_id": "bigint",
                "is_zoneless": "boolean default false",
            }
            table = f"conformed.conformed_{entity}"
            warehouse.execute(f"create or replace table {table} ({', '.join(f'{c} {t}' for c, t in columns.items())})")
            named = {"source_system": "crm", "person_system": "crm", "load_id": 1, "is_zoneless": False}
            rows = [{**named, "source_key": f"{entity}{n}", **row} for n, row in enumerate(conformed.get(entity, []))]
            if rows:
                insert_rows(warehouse, table, [[row.get(column) for column in columns] for row in rows])
        prepare_requests(warehouse)
        key_reservations(warehouse)
        find_households(warehouse, datetime.fromisoformat(at))
        if not go.remembers:
            warehouse.execute(
                "drop table if exists identity.withdrawals; drop table if exists identity.withdrawals_read; "
                "drop table if exists identity.held_points; drop table if exists identity.former_people"
            )
        # rows of every system, as staging has them
        for system in SYSTEMS:
            for entity in STATEMENTS:
                warehouse.execute(f"create or replace view staging.stg_{system}__{entity} as select *, null as quarantine_reason, null as quarantine_code from conformed.conformed_{entity} where source_system = '{system}'")  # fmt: skip
        note_withdrawals(warehouse, dict.fromkeys(STATEMENTS, SYSTEMS), reading=str(next(readings)))
        keys = {customer: key for key, customer in ids.items()}

        def key_points() -> None:
            key_withdrawn_points(warehouse, "SE", go.namesakes, go.settings)

        def build(models: tuple[str, ...]) -> None:
            for model in models:
                is_identity = model in ("golden_records", "protected_customers")
                schema = "identity" if is_identity else "marts"
                warehouse.execute(f"create or replace table {schema}.{model} as {compiled[model]}")

        def derive() -> dict[tuple[str, str, str], str]:
            key_points()
            build(MODELS)
            rows = warehouse.execute(
                "select customer_id, purpose, channel, is_permitted, contact_point, reason from marts.contact_permissions"
            ).fetchall()
            go.why = {(keys[customer], purpose, channel): reason for customer, purpose, channel, _, _, reason in rows}
            return {
                (keys[c], purpose, channel): point for c, purpose, channel, is_allowed, point, _ in rows if is_allowed
            }

        if until:
            build(MODELS[: MODELS.index(until) + 1])
            return {}
        go.derive, go.key_points = derive, key_points  # once more, from what stands in the ledger by then
        if is_derived:
            return derive()
        key_points()
        return {}

    # whether a call knows the withdrawals of the calls before it, as a night does; how many of one name share them; whose raw
    # tables hold people that were set aside
    go.resolve, go.compiled, go.remembers, go.namesakes, go.settings = resolve, compiled, False, 1, None
    return go


@pytest.fixture(scope="session")
def told(request, compiled, tmp_path_factory, new_warehouse):
    """How a story of the run failed, or None. The first worker to ask tells all of its setting that were collected; the others
    read it."""

    def telling(setting, folder: Path) -> dict[str, str | None]:
        tests = [getattr(item, "obj", None) for item in request.session.items]
        stories = {name_of(test.story): test.story for test in tests if getattr(test, "setting", None) == setting}
        home = Home(folder / "home").prepare()
        home.warehouse.write_bytes(new_warehouse)
        with open_warehouse(home, Engine()) as con:
            permitted = permitting(compiled, resolving(con), con)
            prepare_raw(con, SHOP)
            failures = tell([stories[name] for name in sorted(stories)], permitted, con, setting)
            forget(con)
        return failures

    def of(test) -> str | None:
        return made_once(tmp_path_factory, test.setting.name, partial(telling, test.setting))[name_of(test.story)]

    return of


@pytest.fixture
def load_files(home, warehouse, tmp_path):
    """Writes files below a folder and loads them as source s, table t: what a night does with its deliveries."""
    folder = tmp_path / "in"
    folder.mkdir()

    def go(
        files: dict[str, bytes | str] | None = None,
        *,
        format="csv",
        key=("id",),
        cursor=None,
        columns=None,
        path="*",
        table=None,
        url=None,
        quality=None,
        **more,
    ):
        for name, content in (files or {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        columns = columns or {"id": "BIGINT", "name": "VARCHAR", "amount": "DECIMAL(18, 2)", "day": "DATE"}
        spec = Table(columns=columns, key=list(key), cursor=cursor, path=path, **(table or {}))
        source = Source(connector="files", url=url or str(folder), format=format, tables={"t": spec}, **more)
        settings = Settings(company="T", sources={"s": source}, quality=quality or Quality())
        if not go.is_prepared:
            prepare_raw(warehouse, settings)
            go.is_prepared = True
        ensure_raw(warehouse, "s", "t", spec)
        return extract_source(warehouse, home, settings, "s")["t"]

    # a night prepares its tables once, for all that it loads
    go.folder, go.is_prepared = folder, False
    return go
