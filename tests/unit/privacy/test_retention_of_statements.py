"""A withdrawal stands however old it is; a grant of long ago is no evidence."""

from __future__ import annotations

import pytest

from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.extract import prepare_raw
from orchestration.privacy.erasure.retention import forget_expired
from tests.unit.privacy.rows_of_age import NEW, OLD, TODAY, every_system, keys, writer


@pytest.fixture
def settings(tmp_path):
    return every_system(tmp_path)


@pytest.fixture
def raw(warehouse, settings):
    return writer(warehouse, settings)


def test_withdrawals_stand_and_grants_of_long_ago_are_no_evidence(warehouse, settings, raw):
    raw(
        "crm.consents",
        {"consent_id": 1, "status": "granted", "stated_at": OLD},
        {"consent_id": 2, "status": "withdrawn", "stated_at": OLD},
        {"consent_id": 3, "status": "granted", "stated_at": NEW},
        {"consent_id": 4, "status": "granted", "stated_at": "long ago", "_extracted_at": "2019-01-01"},
    )
    assert forget_expired(warehouse, settings, TODAY) == {"crm.consents": 2}
    assert keys(warehouse, "crm.consents", "consent_id") == [2, 3]


# in the words of each source, and in words that no staging model knows: what is not readably harmless stands
DENIALS = {
    "email.events": ("event_id", "event", "occurred_at", ["unsubscribe", "spamreport", "group_unsubscribe", "Unsubscribe "], ["sent", "open", " CLICK", "bounce", "Held_Out"]),
    "email.optins": ("optin_id", "status", "stated_at", ["withdrawn", "WITHDRAWN", "revoked", "opt-out", "0", None], ["granted", "Granted "]),
    "crm.consents": ("consent_id", "status", "stated_at", ["withdrawn", "revoked", "withdrawn ", None], ["granted"]),
    "webshop.newsletter_signups": ("id", "status", "stated_at", ["withdrawn", "Avregistrerad", None], ["granted"]),
}  # fmt: skip


@pytest.mark.parametrize("table", DENIALS)
def test_a_denial_stands_in_whatever_words_the_source_says_it(warehouse, settings, raw, table):
    key, column, moment, denials, harmless = DENIALS[table]
    raw(table, *({key: n, column: word, moment: "2019-01-01"} for n, word in enumerate([*denials, *harmless])))
    assert forget_expired(warehouse, settings, TODAY) == {table: len(harmless)}
    assert [int(found) for found in keys(warehouse, table, key)] == list(range(len(denials)))


def test_a_denial_of_a_companys_own_table_stands_by_what_it_is_mapped_to(warehouse, tmp_path):
    how = {"column": "yn", "values": {"J": "granted", "N": "withdrawn"}}
    mapped = {"entity": "consent_events", "columns": {"source_key": "id", "person_key": "who", "status": how, "stated_at": "day"}}  # fmt: skip
    table = Table(columns={"id": "BIGINT", "who": "VARCHAR", "yn": "VARCHAR", "day": "DATE"}, key=["id"], path="*.csv", maps=[mapped])  # fmt: skip
    settings = Settings(
        company="T", sources={"club": Source(connector="files", url=str(tmp_path), tables={"c": table})}
    )
    prepare_raw(warehouse, settings)
    for number, word in enumerate(["N", "n", "no", None, "J"]):
        warehouse.execute(
            "insert into raw_club.c (id, who, yn, day, _extracted_at, _load_id) values (?, 1, ?, '2019-01-01', now(), 1)",
            [number, word],
        )
    assert forget_expired(warehouse, settings, TODAY) == {"club.c": 1}
    assert keys(warehouse, "club.c", "id") == [0, 1, 2, 3]
