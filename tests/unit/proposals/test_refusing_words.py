"""Which texts beside a consent take its yes back: a phrase that refuses contact, never a name or another matter."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.contracts.words import words_of
from orchestration.proposals.columns import Column
from orchestration.proposals.entities import proposed
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
    "Anteckning": "Ring utan att störa", "grind": "stopp vid grinden", "Leverans": "Lämna utan kvittens", "tid": "Aldrig efter kl 20", "urtyp": "Stopp-ur",
    "korg": "tog bort varan ur korgen", "köp": "ångrat köp", "väder": "trött på regnet", "gata3": "Bor i Dödevi", "frakt": "Stoppade leverans", "i": "ingen",
    "bud": "Ring inte på dörren", "bud2": "Lämna paketet och ring ej på dörrklockan tack", "bud3": "Do not ring the doorbell", "bud4": "Ikke ring på døra",
    "kurs": "Adopt outdoor", "hobby": "Never Ending Story", "besked": "Reklamation utan kvitto", "kvarter": "Block A",
}  # fmt: skip
REFUSING = {
    "Kommentar": "vill ej ha nyhetsbrev", "info": "Kunden bad om avregistrering från allt", "grupp": "Spärrad kund", "kundgrupp": "VIP spärrad",
    "Reklam": "Aldrig", "post": "Inga", "email_frequency": "never", "frekvens": "aldrig", "svar": "STOP", "Tagg": "reklamspärr", "konto": "Account closed",
    "anm": "Do not send", "kundtyp": "Unsubscribed by user", "nivå": "Nixad 2024-05", "flagga": "Inga utskick", "tags": "No mail please",
    "markering": "no marketing", "list_name": "Unsubscribed", "segment_name": "Opted out", "internt": "Ring inte", "a": "ingen mejlreklam",
    "b": "ei saa soittaa", "c": "ei markkinointia", "d": "frabedt reklame", "e": "Avböjt 2024-05", "f": "contact: no", "g": "she objects to mail",
    "h": "Har återkallat sitt samtycke", "i": "Robinson", "j": "peruutettu", "name": "stop sms",
    "ba": "spärr pga dödsfall", "bc": "kunden är spärrad tills vidare", "bd": "Avslutad pga flytt", "be": "please remove me", "bf": "declined offer",
    "k": "önskar ej nyhetsbrev längre", "l": "vill slippa nyhetsbrev", "m": "ta bort från listan", "n": "har sagt upp nyhetsbrevet", "o": "prenumererar inte längre",
    "p": "bett oss sluta mejla", "q": "ångrat samtycket", "r": "trött på våra mejl", "s": "vill bli glömd", "t": "GDPR-begäran: radera", "u": "avliden", "v": "bojkott",
    "w": "slettes", "x": "don't email", "y": "leave alone", "z": "wants off the list", "aa": "poistettu listalta", "bb": "älä lähetä", "cc": "Nej tack",
    "da": "Ring inte på dörren eller mobilen, mejla", "db": "Ring inte på dörren. Ring inte heller", "dc": "Ring inte på jobbet", "df": "Do not ring",
    "dd": "tog tillbaka sitt samtycke", "ee": "fjern fra listen", "ff": "lopeta viestit", "gg": "skyddad identitet", "hh": "bor utan reklam",
}  # fmt: skip


def beside_a_yes(name: str, value: str) -> str:
    return unsettled([Column(name, "VARCHAR", 10, 10, 2, values=("ok", value.lower()))])


@pytest.mark.parametrize("name", HARMLESS)
def test_a_name_or_another_matter_refuses_nothing(name):
    assert not beside_a_yes(name, HARMLESS[name])


@pytest.mark.parametrize("name", REFUSING)
def test_a_phrase_that_refuses_contact_may_be_a_newer_no(name):
    assert beside_a_yes(name, REFUSING[name]) == name


@pytest.mark.parametrize(
    "offered",
    ["(Ja/Nej)", "ja/nei", "(kyllä/ei)", "? Ja eller nej", "1=ja 0=nej", "(Yes/No)", "Y/N", "nej/ja", "[J|N]"],
)
def test_the_no_that_a_name_offers_as_an_answer_is_nobodys(offered):
    assert words_of(f"Nyhetsbrev {offered}") == ["nyhetsbrev"]
    yes, no = ("ja", "nej") if "ej" in offered.lower() else ("y", "n")
    columns = [
        Column("Kundnr", "BIGINT", 10, 10, 10), Column("E-post", "VARCHAR", 10, 10, 10, looks_like="email"),
        Column(f"Nyhetsbrev {offered}", "VARCHAR", 10, 10, 2, values=(yes, no)), Column("Nyhetsbrev datum", "DATE", 10, 10, 5),
    ]  # fmt: skip
    (status,) = [one.of("status") for one in proposed("kunder", columns, ("Kundnr",)) if one.entity == "consent_events"]
    assert status and status.values.get(no) == "withdrawn" and status.values.get(yes) != "withdrawn", status


@pytest.mark.parametrize(
    ("name", "value"),
    [("Får mejlas", "nej"), ("Kan mailes", "nej"), ("Saa lähettää postia", "ei"), ("is_mailable", "false"), ("DM", "nej"), ("Prenumererar", "nej"),
     ("E-postutskick", "nej"), ("Uutiskirjelupa", "ei"), ("Status", "avliden"), ("Status", "utgången")],
)  # fmt: skip
def test_another_answer_about_contact_may_be_a_newer_no(name, value):
    assert beside_a_yes(name, value) == name


@pytest.mark.parametrize(
    "name",
    ["Avprenumererat", "Nyhetsbrev slut", "Newsletter end", "Nyhetsbrev till", "Slutdatum", "Avslutsdatum", "Avbokat"],
)
def test_a_day_on_which_a_consent_may_have_ended_keeps_its_yes_out(name):
    columns = [
        Column("Kundnr", "BIGINT", 10, 10, 10), Column("E-post", "VARCHAR", 10, 10, 10, looks_like="email"),
        Column("Nyhetsbrev", "VARCHAR", 10, 10, 2, values=("ja", "nej")), Column("Nyhetsbrev datum", "DATE", 10, 10, 5), Column(name, "DATE", 10, 3, 3),
    ]  # fmt: skip
    statuses = [one.of("status") for one in proposed("kunder", columns, ("Kundnr",)) if one.entity == "consent_events"]
    is_dated_no = name == "Avprenumererat"
    assert all("granted" not in status.values.values() for status in statuses if status) or is_dated_no, statuses
    assert not is_dated_no or any(name in status.columns for status in statuses if status)


def test_an_end_of_something_else_takes_no_yes_back():
    assert not unsettled([Column("contract_end", "DATE", 10, 3, 3), Column("Garanti till", "DATE", 10, 3, 3)])


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
