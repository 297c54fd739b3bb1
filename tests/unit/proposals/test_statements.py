"""What `add-source` makes of a table that has a row for each statement of consent: every no, and a yes only where all of it is known."""

from __future__ import annotations

import tomllib

import pytest

from orchestration.core.errors import ConfigurationError
from orchestration.core.settings import Table
from orchestration.proposals.proposal import Company
from orchestration.proposals.propose import propose
from orchestration.proposals.written import company_of
from tests.unit.mapped import models_of, raw, set_clock_and_retention

LOG = [
    {"consent_id": "1", "contact_id": "c1", "contact_point": "a@example.com", "purpose": "newsletter", "channel": "email",
     "status": "granted", "stated_at": "2026-01-01 10:00:00", "wording_version": "v1"},
    {"consent_id": "2", "contact_id": "c1", "contact_point": "a@example.com", "purpose": "newsletter", "channel": "email",
     "status": "withdrawn", "stated_at": "2026-02-01 10:00:00", "wording_version": "v1"},
    {"consent_id": "3", "contact_id": "c2", "contact_point": "b@example.com", "purpose": "offers", "channel": "email",
     "status": "paused", "stated_at": "2026-02-01 10:00:00", "wording_version": "v1"},
]  # fmt: skip


@pytest.fixture
def read(tmp_path, warehouse):
    """The statements that a table of these rows gives, as proposed: (person, point, purpose, channel, status, day); and the notes."""

    def go(rows: list[dict[str, str]], table: str = "consents", purposes: tuple[str, ...] = ()):
        path = tmp_path / f"{table}.csv"
        path.write_text("\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]) + "\n")
        found = propose("shop", str(path), "SEK", purposes)
        (shape,) = tomllib.loads(found.block)["sources"]["shop"]["tables"].values()
        raw(warehouse, table, *rows)
        set_clock_and_retention(warehouse)
        sql, _ = models_of({table: Table.model_validate(shape)}, ("",))["consent_events"]
        columns = {str(c) for (c,) in warehouse.execute(f"select column_name from (describe {sql})").fetchall()}
        wanted = [
            c if c in columns else f"null as {c}"
            for c in ("person_key", "contact_point", "purpose", "channel", "status")
        ]
        said = f"select {', '.join(wanted)}, stated_at::date::varchar from ({sql}) where quarantine_code is null order by stated_at, status"
        return warehouse.execute(said).fetchall(), found.notes

    return go


def test_a_log_of_consents_is_read_row_by_row_and_a_word_that_nobody_knows_denies(read):
    found, notes = read(LOG)
    assert sorted(found) == [
        ("c1", "a@example.com", "newsletter", "email", "granted", "2026-01-01"),
        ("c1", "a@example.com", "newsletter", "email", "withdrawn", "2026-02-01"),
        ("c2", "b@example.com", "offers", "email", "withdrawn", "2026-02-01"),
    ]
    assert any("every word but granted denies" in note for note in notes)


def test_a_table_whose_name_ends_with_consents_is_one_where_it_has_a_purpose(read):
    named = {"consent_id": "id", "contact_id": "customer_id", "stated_at": "given_at"}
    rows = [{named.get(name, name): value for name, value in row.items() if name != "contact_point"} for row in LOG]
    found, _ = read(rows, "newsletter_consents")
    assert sorted((who, said) for who, *_, said, _ in found) == [
        ("c1", "granted"),
        ("c1", "withdrawn"),
        ("c2", "withdrawn"),
    ]


def test_a_yes_of_an_address_without_a_person_is_told_of(read):
    rows = [{name: value for name, value in row.items() if name != "contact_id"} for row in LOG]
    _, notes = read(rows)
    assert any("contact_point: 3 rows name an address and no person" in note for note in notes)
    assert not any("no person" in note for note in read(LOG)[1])


@pytest.mark.parametrize("lacking", ["purpose", "channel", "stated_at"])
def test_without_a_purpose_a_channel_or_a_time_no_yes_grants_and_every_no_denies(read, lacking):
    rows = [
        {name: value for name, value in row.items() if name != lacking} | {"updated_at": "2026-03-01"} for row in LOG
    ]
    found, notes = read(rows)
    assert {status for *_, status, _ in found} == {"withdrawn"} and len(found) == 2
    assert any("granted is not mapped" in note for note in notes)


def test_a_purpose_of_ones_own_words_denies_all_and_grants_nothing(read):
    found, _ = read([row | {"purpose": {"offers": "club"}.get(row["purpose"], row["purpose"])} for row in LOG])
    assert sorted(found) == [
        ("c1", "a@example.com", "newsletter", "email", "withdrawn", "2026-02-01"),
        ("c2", "b@example.com", "all", "email", "withdrawn", "2026-02-01"),
    ]


def test_a_yes_for_a_purpose_that_the_company_named_itself_is_read(read):
    rows = [row | {"purpose": {"offers": "club"}.get(row["purpose"], row["purpose"])} for row in LOG]
    found, _ = read([*rows, LOG[0] | {"consent_id": "4", "contact_id": "c3", "purpose": "club"}], purposes=("club",))
    assert sorted(found) == [
        ("c1", "a@example.com", "newsletter", "email", "granted", "2026-01-01"),
        ("c1", "a@example.com", "newsletter", "email", "withdrawn", "2026-02-01"),
        ("c2", "b@example.com", "club", "email", "withdrawn", "2026-02-01"),
        ("c3", "a@example.com", "club", "email", "granted", "2026-01-01"),
    ]


def test_the_purposes_of_the_company_are_those_of_its_configuration(tmp_path, write_config):
    purpose = '[privacy.purposes.club]\nis_marketing = true\ndescription = "Invitations of the club"\n'
    source = '[sources.web]\nconnector = "files"\nurl = "/x"\nvendor = "shopify"\n'
    assert company_of(write_config(f'company = "T"\n{source}{purpose}')).purposes == {"club"}
    unfinished = tmp_path / "unfinished.toml"
    unfinished.write_text(f'company = "T"\ncurrency = "NOK"\n{purpose}')
    assert (
        company_of(unfinished) == Company("NOK", frozenset({"club"}), True)
        and not company_of(tmp_path / "none").purposes
    )


def test_a_time_of_withdrawal_counts_beside_the_status(read):
    found, _ = read([LOG[0] | {"withdrawn_at": "2026-02-15"}, LOG[0] | {"consent_id": "9", "withdrawn_at": ""}])
    assert sorted(status for *_, status, _ in found) == ["granted", "granted", "withdrawn"]
    assert max(day for *_, day in found) == "2026-02-15"


def test_a_list_of_who_unsubscribed_denies_each(read):
    rows = [{"email": f"{n}@example.com", "reason": "too many", "created_at": f"2026-01-0{n}"} for n in (1, 2)]
    found, notes = read(rows, "unsubscribes")
    assert found == [(None, f"{n}@example.com", "all", "all", "withdrawn", f"2026-01-0{n}") for n in (1, 2)]
    assert any("each row is taken for a refusal" in note for note in notes)


@pytest.mark.parametrize("name", ["optout_status", "unsubscribe_status", "blocked_status"])
def test_a_yes_of_a_column_that_says_no_grants_nothing(read, name):
    rows = [{name if k == "status" else k: v for k, v in row.items()} | {name: "yes" if n else "no", "confirmed_at": "2026-01-02 10:00:00"}
            for n, row in enumerate(LOG)]  # fmt: skip
    try:
        found, _ = read(rows)
    except ConfigurationError:  # nothing there is mapped
        found = []
    assert not [one for one in found if "granted" in one]


def test_a_list_of_refusals_denies_whatever_its_status_says(read):
    found, _ = read([row | {"status": "accepted"} for row in LOG], "unsubscribes")
    assert {status for *_, status, _ in found} == {"withdrawn"} and len(found) == 3


@pytest.mark.parametrize("flag", ["revoked", "unsubscribed", "opted_out", "deceased"])
@pytest.mark.parametrize("values", [("yes", "no", "no"), ("", "", "")], ids=["said", "empty today"])
def test_a_flag_that_refuses_beside_the_status_is_read_and_no_yes_of_the_table_grants(read, flag, values):
    found, notes = read([row | {flag: value} for row, value in zip(LOG, values, strict=True)])
    assert "granted" not in {status for *_, status, _ in found}
    assert any("granted is not mapped" in note for note in notes)
    if flag != "deceased" and values[0]:
        assert [one for one in found if one[-2:] == ("withdrawn", "2026-01-01")], "the row whose flag refuses"


@pytest.mark.parametrize("name", ["expires_at", "confirmed_at"])
def test_an_end_or_a_confirmation_that_cannot_be_read_grants_nothing(read, name):
    found, notes = read([row | {name: "until further notice" if n == 1 else "2026-02-01"} for n, row in enumerate(LOG)])
    assert "granted" not in {status for *_, status, _ in found}
    assert any(f"{name} is not written as times" in note for note in notes)


def test_a_column_that_says_yes_or_no_in_plain_words_is_the_status(read):
    rows = [
        {{"status": "granted", "stated_at": "at"}.get(k, k): v for k, v in row.items()} | {"granted": said}
        for row, said in zip(LOG, ("true", "false", "false"), strict=True)
    ]
    found, _ = read(rows)
    assert sorted((who, said) for who, *_, said, _ in found) == [
        ("c1", "granted"),
        ("c1", "withdrawn"),
        ("c2", "withdrawn"),
    ]
    # where two columns say it, a yes of one may be taken back by the other
    found, notes = read([row | {"accepted": "yes" if n else "no"} for n, row in enumerate(rows)])
    assert "granted" not in {said for *_, said, _ in found} and {who for who, *_ in found} == {"c1", "c2"}
    assert any("accepted may say another thing than granted" in note for note in notes)


def test_a_row_that_is_written_over_dates_no_no_by_the_day_of_its_yes(read):
    rows = [{{"stated_at": "created_at"}.get(k, k): v for k, v in row.items()} for row in LOG]
    found, _ = read(rows[:2], "consent_log")
    assert {said: day for *_, said, day in found} == {"granted": "2026-01-01", "withdrawn": "2026-02-01"}
    found, notes = read([row | {"updated_at": "2026-11-01"} for row in rows[:2]], "consent_log")
    (no,) = [day for *_, said, day in found if said == "withdrawn"]
    assert ("granted", "2026-01-01") in {one[-2:] for one in found} and no not in ("2026-02-01", "2026-11-01")
    assert any("created_at may be of the yes" in note for note in notes)


@pytest.mark.parametrize("name", ["answer", "svar", "val", "value"])
def test_words_of_a_second_answer_that_nobody_knows_are_not_written_and_deny(read, tmp_path, name):
    written = ["yes", "Removed by Anna Test 19121212-1212", "Call Olle Prov first", "No"]
    rows = [
        LOG[0] | {"consent_id": str(n), "contact_id": f"c{n}", name: said}
        for n, said in enumerate([*written, written[1]])
    ]
    found, notes = read(rows)
    said = {who: {one[-2] for one in found if one[0] == who} for who in {who for who, *_ in found}}
    assert said == {f"c{n}": {"withdrawn"} for n in (1, 2, 3, 4)}
    block = propose("shop", str(tmp_path / "consents.csv"), "SEK").block
    shown = (block + " ".join(notes)).lower()
    assert not [word for word in ("anna", "olle", "1912", "call", "removed") if word in shown]
    assert any(f"{name}: taken" in note and "so do 2 other words of it" in note for note in notes)


@pytest.mark.parametrize(
    ("table", "time"),
    [
        ("email_preferences", "created_at"),
        ("preferences", "occurred_at"),
        ("kontaktval", "created_at"),
        ("consents", "created_at"),
    ],
)
def test_a_row_of_what_holds_now_dates_no_no_by_when_it_was_made(read, table, time):
    rows = [{{"stated_at": time}.get(k, k): v for k, v in row.items()} for row in LOG]
    found, notes = read(rows[:2], table)
    (no,) = [day for *_, said, day in found if said == "withdrawn"]
    assert ("granted", "2026-01-01") in {one[-2:] for one in found} and no != "2026-02-01"
    assert any(f"{time} may be of the yes" in note for note in notes)


@pytest.mark.parametrize("table", ["consents", "consent_log", "permissions"])
@pytest.mark.parametrize("own", ["consent_id", "id", None])
def test_statements_are_never_keyed_by_whose_they_are(read, tmp_path, table, own):
    """Nobody has two today, and tomorrow's would replace the first."""
    rows = [
        {own or "n": str(n), "customer_id": f"c{n}", **row, "email": f"{n}@example.com"} for n, row in enumerate(LOG)
    ]
    rows = [
        {k: v for k, v in row.items() if k not in ({"contact_id", "contact_point", "consent_id"} - {own})}
        for row in rows
    ]
    found, _ = read(rows, table)
    assert [one[0] for one in found] == ["c0", "c1", "c2"]
    shape = tomllib.loads(propose("shop", str(tmp_path / f"{table}.csv"), "SEK").block)["sources"]["shop"]["tables"][
        table
    ]
    keys = {one["entity"]: one["columns"]["source_key"] for one in shape["maps"]}
    assert keys["consent_events"] == (own or "_row_key") and keys.get("people") in (None, "customer_id")
    assert shape.get("key", []) == ([own] if own else [])
