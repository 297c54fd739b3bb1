"""A yes or a no beside a grant that says whether it holds keeps the grant from being proposed; and what is told of a grant that is none."""

from __future__ import annotations

import pytest

from orchestration.proposals.columns import Column
from orchestration.proposals.entities import proposed


def answers(name: str, *values: str) -> Column:
    return Column(name, "VARCHAR", 10, 10 if values else 0, len(values), values=values)


def statements(beside: Column) -> list[Column]:
    return [
        Column("consent_id", "BIGINT", 10, 10, 10), Column("contact_id", "VARCHAR", 10, 10, 10), answers("purpose", "newsletter"),
        answers("channel", "email"), answers("status", "granted", "withdrawn"), Column("stated_at", "TIMESTAMP", 10, 10, 10), beside,
    ]  # fmt: skip


def members(beside: Column) -> list[Column]:
    return [
        Column("member_id", "BIGINT", 10, 10, 10), Column("email", "VARCHAR", 10, 10, 10, looks_like="email"), answers("newsletter", "no", "yes"),
        Column("consent_date", "DATE", 10, 10, 5), beside,
    ]  # fmt: skip


def found(table: str, columns: list[Column]) -> tuple[bool, list[str]]:
    maps = [one for one in proposed(table, columns, (columns[0].name,)) if one.entity == "consent_events"]
    grants = any("granted" in status.values.values() for one in maps if (status := one.of("status")))
    return grants, [note for one in maps for note in one.notes]


@pytest.mark.parametrize(
    "beside",
    [answers("confirmed", "no", "yes"), answers("expired", "no", "yes"), answers("double_opt_in", "false", "true"), answers("valid", "0", "1"),
     answers("email_verified"), answers("Bekräftad", "ja", "nej"), answers("is_current", "1"), answers("voimassa", "ei", "kyllä")],
    ids=lambda column: column.name,
)  # fmt: skip
def test_no_yes_is_proposed_beside_a_column_that_says_whether_it_holds(beside):
    for table, columns in (("consents", statements(beside)), ("members", members(beside))):
        grants, notes = found(table, columns)
        assert not grants, table
        assert any("is not mapped, for " in note and beside.name in note for note in notes) or table == "members", notes


def test_of_statements_any_answer_that_nothing_reads_keeps_a_yes_out_and_is_told():
    grants, notes = found("consents", statements(answers("vip", "ja", "nej")))
    assert not grants and any("vip is a yes or a no that nothing reads" in note for note in notes)
    assert found("members", members(answers("vip", "ja", "nej")))[0], "of people it may be about anything"


@pytest.mark.parametrize(
    "beside",
    [answers("version", "1"), answers("attempt_count", "0", "1"), answers("source", "web"), answers("imported", "yes"), Column("confirmed_at", "TIMESTAMP", 10, 10, 10)],
    ids=lambda column: column.name,
)  # fmt: skip
def test_another_column_keeps_no_yes_out(beside):
    assert found("consents", statements(beside))[0]


def test_nothing_is_said_of_a_grants_wording_where_there_is_no_grant():
    lacking = "add wording_version"
    assert any(lacking in note for note in found("members", members(answers("vip", "ja", "nej")))[1])
    grants, notes = found("members", members(answers("is_active", "0", "1")))
    assert not grants and not any(lacking in note for note in notes), notes


def test_a_yes_or_no_is_no_address():
    maps = proposed("consents", statements(answers("is_mobile", "0", "1")), ("consent_id",))
    assert not any(one.of("contact_point") for one in maps)
