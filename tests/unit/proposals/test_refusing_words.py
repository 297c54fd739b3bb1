"""Which texts beside a consent take its yes back: a phrase that refuses contact, never a name or another matter."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.proposals.columns import Column
from orchestration.proposals.refusals import unsettled
from orchestration.proposals.refusing_words import holds_names, refuses, refuses_sql
from tests.unit.proposals.test_refusals import WORDED, grants, statements

# column → a value of it: a word for a refusal stands in it, about something else
HARMLESS = {
    "Kontaktperson": "Christopher Ek", "Handläggare": "Inga Ring", "second_street": "Stoppgatan 1", "säljare": "Robinson", "butik": "Busstoppet",
    "favorite_product": "Stop Motion Kit", "campaign_name": "Inga reklamblad", "utm_campaign": "unsubscribe_winback", "owner": "Eva Block",
    "landing_url": "https://example.com/unsubscribe", "bild_fil": "opt_out.png", "ort2": "Nekala", "Kommentar": "utan anmärkning",
    "internt": "aldrig sen betalare", "info": "Sold without box", "Allergier": "Inga", "Beställningen": "12", "Perustettu": "2001",
    "Leveransinfo": "Do not leave at the door", "Destination": "Peru", "objekt": "Objects 1", "opening_hours": "Closed Monday",
    "kurs": "Adopt outdoor", "hobby": "Never Ending Story", "besked": "Reklamation utan kvitto", "kvarter": "Block A",
}  # fmt: skip
REFUSING = {
    "Kommentar": "vill ej ha nyhetsbrev", "info": "Kunden bad om avregistrering från allt", "grupp": "Spärrad kund", "kundgrupp": "VIP spärrad",
    "Reklam": "Aldrig", "post": "Inga", "email_frequency": "never", "frekvens": "aldrig", "svar": "STOP", "Tagg": "reklamspärr", "konto": "Account closed",
    "anm": "Do not send", "kundtyp": "Unsubscribed by user", "nivå": "Nixad 2024-05", "flagga": "Inga utskick", "tags": "No mail please",
    "markering": "no marketing", "list_name": "Unsubscribed", "segment_name": "Opted out", "internt": "Ring inte", "a": "ingen mejlreklam",
    "b": "ei saa soittaa", "c": "ei markkinointia", "d": "frabedt reklame", "e": "Avböjt 2024-05", "f": "contact: no", "g": "she objects to mail",
    "h": "Har återkallat sitt samtycke", "i": "Robinson", "j": "peruutettu", "name": "stop sms",
    "k": "spärr pga dödsfall", "l": "kunden är spärrad tills vidare", "m": "Avslutad pga flytt", "n": "please remove me", "o": "declined offer",
}  # fmt: skip


def beside_a_yes(name: str, value: str) -> str:
    return unsettled([Column(name, "VARCHAR", 10, 10, 2, values=("ok", value.lower()))])


@pytest.mark.parametrize("name", HARMLESS)
def test_a_name_or_another_matter_refuses_nothing(name):
    assert not beside_a_yes(name, HARMLESS[name])


@pytest.mark.parametrize("name", REFUSING)
def test_a_phrase_that_refuses_contact_may_be_a_newer_no(name):
    assert beside_a_yes(name, REFUSING[name]) == name


def test_all_rows_are_asked_as_a_value_is():
    values = [*HARMLESS.values(), *REFUSING.values()]
    rows = duckdb.execute(f"select v, {refuses_sql('lower(v)')} from (select unnest(?) as v)", [values]).fetchall()
    assert {v: bool(said) for v, said in rows} == {v: refuses(v) for v in values}


def test_a_table_of_harmless_columns_proposes_its_yes(tmp_path):
    header = f"member_id,email,newsletter,consent_date,{WORDED},{','.join(HARMLESS)}"
    beside = ",".join(HARMLESS.values())
    rows = [f"{n},a{n}@example.com,{'Ja' if n % 2 else 'Nej'},2025-01-01,v1,{beside}" for n in range(4)]
    maps, notes, _ = statements(tmp_path, header, *rows)
    assert grants(maps) == ["newsletter"], notes


@pytest.mark.parametrize("name", ["list_name", "name", "status_name", "consent_title", "email", "contact_status"])
def test_the_name_of_a_list_or_a_state_may_refuse(name):
    assert not holds_names(name)
