"""What `add-source` makes of rows that a table says are deleted or tests: they are left out, a no of theirs holds, and no yes beside such a
column is proposed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from orchestration.core.settings.maps import REGISTERS, STATEMENTS, ColumnMap
from orchestration.proposals.columns import Column
from orchestration.proposals.gone_rows import without_gone
from orchestration.proposals.proposal import Filled, Proposal
from orchestration.proposals.propose import propose
from tests.unit.mapped import models_of, raw, set_clock_and_retention
from tests.unit.proposals.blocks import settings_of
from tests.unit.proposals.test_refusal_lists import granting

DOCS_DIR = Path(__file__).parents[3] / "docs"


def proposed(tmp_path, rows: list[dict[str, str]], table: str):
    path = tmp_path / f"{table}.csv"
    path.write_text("\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]) + "\n")
    found = propose("shop", str(path), "SEK")
    return settings_of(found).sources["shop"].tables[table], found


def members(column: str, values: tuple[str, str, str]) -> list[dict[str, str]]:
    answers = ("Ja", "Nej", "Ja")
    return [
        {"member_id": str(n), "email": f"{n}@example.com", "nyhetsbrev": said, "nyhetsbrev_datum": "2025-01-01", column: value}
        for n, (said, value) in enumerate(zip(answers, values, strict=True))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "values"),
    [("raderad", ("0", "1", "1")), ("deleted_at", ("", "2026-01-01", "2026-02-01")), ("is_deleted", ("false", "true", "true")),
     ("Borttagen", ("", "x", "x")), ("poistettu", ("ei", "kyllä", "kyllä")), ("slettet", ("nei", "ja", "ja")), ("status", ("aktiv", "Raderad", "raderad"))],
)  # fmt: skip
def test_people_who_are_deleted_are_left_out_and_counted_and_their_no_holds(tmp_path, warehouse, column, values):
    rows = members(column, values)
    shape, found = proposed(tmp_path, rows, "members")
    raw(warehouse, "members", *rows)
    set_clock_and_retention(warehouse)
    models = models_of({"members": shape}, ("",))
    said = warehouse.execute(f"select source_key, quarantine_code from ({models['people'][0]}) order by 1").fetchall()
    assert said == [("0", None), ("1", "ignored"), ("2", "ignored")]
    of_consent = f"select person_key, status from ({models['consent_events'][0]}) where quarantine_code is null"
    assert warehouse.execute(of_consent).fetchall() == [("1", "withdrawn")]
    assert any(column in note and "left out" in note for note in found.notes)
    assert any(f" is not mapped, for {column}" in note for note in found.notes)


@pytest.mark.parametrize(
    ("column", "values"),
    [("is_active", ("1", "0", "1")), ("Studsat", ("0", "1", "0")), ("Kundtyp", ("Kund", "Fd kund", "Kund")), ("Kundtyp", ("Kund", "f.d. kund", "Kund")),
     ("raderad", ("0", "0", "0")), ("deleted", ("n", "n", "n")), ("deleted_at", ("", "2026-01-01", "2030-01-01")), ("Raderingsdatum", ("", "9999-12-31", "9999-12-31")),
     ("deleted_at", ("", "0001-01-01", "0001-01-01")), ("email_status", ("ok", "Removed", "ok")), ("last_order_status", ("Sent", "Removed", "Sent")),
     ("comment", ("", "deleted", "ok")), ("deleted", ("", "", "")), ("deleted_at", ("", "", "")), ("raderad", ("0", "5", "7")), ("arkiverad", ("nej", "ja", "ja"))],
)  # fmt: skip
def test_where_nobody_can_tell_who_is_gone_everybody_stays_and_no_yes_is_proposed(tmp_path, column, values):
    shape, found = proposed(tmp_path, members(column, values), "members")
    assert not any(one.where for one in shape.maps) and not granting(found.block)
    assert any(f" is not mapped, for {column}" in note for note in found.notes)


@pytest.mark.parametrize("column", ["VIP", "test", "butik"])
def test_another_column_leaves_nobody_out(tmp_path, column):
    shape, found = proposed(tmp_path, members(column, ("0", "1", "1")), "members")
    assert not any(one.where for one in shape.maps) and granting(found.block) == ["members"]


def test_orders_that_are_deleted_or_tests_are_left_out(tmp_path, warehouse):
    rows = [
        {"order_id": str(n), "customer_id": "1", "order_date": "2026-01-01", "amount": "10.50", "is_test": test, "deleted_at": at}
        for n, (test, at) in enumerate((("false", ""), ("true", ""), ("false", "2026-01-02")))
    ]  # fmt: skip
    shape, _ = proposed(tmp_path, rows, "orders")
    raw(warehouse, "orders", *rows)
    set_clock_and_retention(warehouse)
    sql, _ = models_of({"orders": shape}, ("",))["orders"]
    said = warehouse.execute(f"select source_key, quarantine_code from ({sql}) order by 1").fetchall()
    assert said == [("0", None), ("1", "ignored"), ("2", "ignored")]


@pytest.mark.parametrize(
    ("name", "values"),
    [("fulfillment", ("sent", "Removed", "sent")), ("comment", ("", "deleted", "ok")), ("deleted", ("N", "N", "N")), ("deleted", ("N", "", "N"))],
)  # fmt: skip
def test_orders_stay_where_another_column_may_mean_another_thing_or_no_row_is_deleted_today(tmp_path, name, values):
    rows = [
        {"order_id": str(n), "customer_id": "1", "order_date": "2026-01-01", "amount": "10.50", name: value}
        for n, value in enumerate(values)
    ]  # fmt: skip
    shape, found = proposed(tmp_path, rows, "orders")
    assert not any(one.where for one in shape.maps) and any(note.startswith(f"{name}: ") for note in found.notes)


@pytest.mark.parametrize(
    ("column", "is_left_out"), [("order_state", True), ("orderstatus", True), ("item_state", False)]
)
def test_a_state_is_of_the_row_where_it_is_called_as_its_table(tmp_path, column, is_left_out):
    rows = [
        {"order_id": str(n), "customer_id": "1", "order_date": "2026-01-01", "amount": "10.50", "status": "paid", column: value}
        for n, value in enumerate(("open", "deleted", "open"))
    ]  # fmt: skip
    shape, _ = proposed(tmp_path, rows, "orders")
    assert [bool(one.where) for one in shape.maps if one.entity == "orders"] == [is_left_out]


def test_a_word_in_a_column_about_contact_may_be_a_no(tmp_path):
    rows = [{"customer_id": str(n), "email": f"{n}@example.com", "name": f"A{n}", "newsletter_status": said} for n, said in enumerate(("Removed", "Subscriber", "Subscriber"))]  # fmt: skip
    shape, found = proposed(tmp_path, rows, "customers")
    assert not any(one.where for one in shape.maps) and not granting(found.block)
    assert any("removed may be a no: look at it" in note for note in found.notes)


def test_events_of_mail_that_are_deleted_are_kept_for_they_may_be_a_no(tmp_path, warehouse):
    events = ("sent", "unsubscribed", "removed")
    rows = [
        {"event_id": str(n), "email": f"{n}@example.com", "event": said, "occurred_at": "2026-01-01 10:00:00", "deleted": deleted}
        for n, (said, deleted) in enumerate(zip(events, ("false", "true", "true"), strict=True))
    ]  # fmt: skip
    shape, found = proposed(tmp_path, rows, "email_events")
    raw(warehouse, "email_events", *rows)
    set_clock_and_retention(warehouse)
    sql, _ = models_of({"email_events": shape}, ("",))["email_events"]
    said = warehouse.execute(f"select count(*) from ({sql}) where quarantine_code is null").fetchall()
    assert said == [(3,)] and any(note.startswith("deleted: ") and "is kept" in note for note in found.notes)


@pytest.mark.parametrize("entity", [*STATEMENTS, *REGISTERS])
def test_no_row_that_may_refuse_is_left_out(entity):
    columns = [Column("deleted", "BOOLEAN", 2, 2, 2, values=("false", "true"))]
    maps = [Proposal(one, (Filled("source_key", ("id",), 1.0, ""),), 1.0) for one in (entity, "people")]
    refusing, people = without_gone(maps, columns, "t")
    assert not refusing.where and people.where


def test_a_yes_is_kept_apart_from_who_is_deleted_by_the_expression_of_the_documentation(tmp_path, warehouse):
    text = (DOCS_DIR / "data-engineer.md").read_text(encoding="utf-8")
    (said,) = re.findall(r"`(status = \{ sql = .* \})`", text)
    rows = [*members("raderad", ("0", "1", "1")), {**members("raderad", ("0", "0", "0"))[1], "member_id": "3"}]
    shape, _ = proposed(tmp_path, rows, "members")
    (of_consent,) = [one for one in shape.maps if one.entity == "consent_events"]
    columns = of_consent.columns | {
        "status": ColumnMap.model_validate(tomllib.loads(said.replace("\n", " "))["status"])
    }
    maps = [one if one is not of_consent else one.model_copy(update={"columns": columns}) for one in shape.maps]
    raw(warehouse, "members", *rows)
    set_clock_and_retention(warehouse)
    sql, _ = models_of({"members": shape.model_copy(update={"maps": maps})}, ("",))["consent_events"]
    found = warehouse.execute(f"select person_key, status, quarantine_code from ({sql}) order by 1").fetchall()
    assert [(who, status if code is None else code) for who, status, code in found] == [
        ("0", "granted"), ("1", "withdrawn"), ("2", "ignored"), ("3", "withdrawn"),
    ]  # fmt: skip
