"""Statuses that refuse, in the five languages: each is a withdrawal that stands after its row comes readable again.

Not here: statuses that nobody can read, which deny only as long as they stand (tests/unit/dbt_project/test_withdrawals.py).
"""

from __future__ import annotations

import pytest

from orchestration.core.settings.maps import EntityMap
from orchestration.privacy.intake.evidence_words import is_evidence
from orchestration.privacy.intake.withdrawals import is_withdrawn, prepare_withdrawals, refuses
from orchestration.transform.mapping_sql import _unsaid
from tests.unit.consent import said
from tests.unit.mapped import time_macros
from tests.unit.people import person

REFUSALS = [
    # sv
    "nej", "Nej tack", "tackar nej", "avregistrerad", "Avanmäld", "Avanma\u0308ld", "avböjd", "avbo\u0308jd", "återkallad",
    "nekad", "nekat samtycke", "spärrad", "undanbett sig", "vill inte", "ej samtycke",
    # no
    "nei", "nei takk", "Takket nei", "avmeldt", "trukket", "Samtykke trukket tilbake", "tilbakekalt", "reservert", "avslått", "ønsker ikke", "utmeldt",
    # da
    "nej tak", "afmeldt", "tilbagekaldt", "frabedt sig", "nægtet", "afvist", "afslået", "frameldt",
    # fi
    "ei", "ei kiitos", "peruttu", "Peruutettu", "kielletty", "kieltänyt", "ei halua", "estetty",
    # en
    "no", "no thanks", "No, thank you", "N", "denied", "declined", "blocked", "Blocked by user", "unsubscribed by user", "removed",
    "opted-out", "opt_out", "opt out", "optout", "withdrawn", "withdraw", "revoke", "objected", "rejected", "do not contact",
    "cancelled", "cancelled by customer", "false", "0", "not_granted", "don't contact", "NotConsented",
]  # fmt: skip
# what people write for a grant: a mapping that forgot such a word denies, and not for ever
GRANTS = [
    "yes", "y", "true", "1", "granted", "given", "consented", "accepted", "active", "subscribed", "resubscribed", "opted in", "opt-in",
    "double opt-in", "confirmed", "confirmed by user", "approved", "allowed", "ok", "ja", "ja tack", "ja takk", "ja tak", "samtycke",
    "samtycker", "samtykker", "samtykke gitt", "godkänd", "godkjent", "godkendt", "accepterad", "aksepteret", "bekräftad", "prenumererar",
    "abonnerer", "anmäld", "påmeldt", "tilmeldt", "aktiv", "kyllä", "kyllä kiitos", "suostunut", "suostumus annettu", "hyväksytty",
    "tilaaja", "voimassa",
]  # fmt: skip


def test_rule_04_a_status_that_refuses_stands_after_its_row_grants_again(permitted):
    """An export with a refusal that nobody mapped, and the earlier export again the night after."""
    permitted.remembers = True
    # families that nothing joins: a refusal of one would deny the other
    people = [person(f"p{n}", f"Given{n}x", f"Family{n}x", email=f"p{n}@x.se") for n, _ in enumerate(REFUSALS)]
    unread = person("unread", "Una", "Read", email="unread@x.se")
    keys = [p["source_key"] for p in (*people, unread)]

    def export(statuses: list[str], load: int) -> list[dict]:
        return [
            said(key, status, "2026-02-01", source_key=f"s-{key}", load_id=load)
            for key, status in zip(keys, statuses, strict=True)
        ]

    granted = ["granted"] * len(keys)
    assert len(permitted([*people, unread], consent_events=export(granted, 1))) == len(keys)
    assert permitted([*people, unread], consent_events=export([*REFUSALS, "???"], 2)) == {}
    again = permitted([*people, unread], consent_events=export(granted, 3))
    permits = {key for key, _, _ in again}
    assert {word for key, word in zip(keys, [*REFUSALS, "???"], strict=True) if key in permits} == {"???"}


@pytest.fixture
def read(warehouse):
    """Of a word: its status as staging reads it, and whether the ledger is certain of it."""
    prepare_withdrawals(warehouse)
    macros = time_macros()

    def go(words: list[str]) -> dict[str, tuple]:
        select = (
            f"select w, {macros.statement_status('w')}, {is_withdrawn('w')}, {macros.is_refusal('w')}, {refuses('w')}"
        )
        return {word: rest for word, *rest in warehouse.execute(f"{select} from (select unnest($1) as w)", [words]).fetchall()}  # fmt: skip

    return go


def test_rule_04_a_refusal_is_withdrawn_in_the_conformed_words_too(read):
    found = read([f" {word.upper()}\u00a0" for word in REFUSALS])
    assert {word: said for word, said in found.items() if said[:2] != ["withdrawn", True] or said[2] != said[3]} == {}


def test_rule_04_no_word_for_a_grant_is_a_refusal(read):
    found = read(GRANTS)
    assert {word for word, (status, certain, _, _) in found.items() if status == "withdrawn" or certain} == set()
    assert found["granted"][0] == "granted"


def test_rule_02_a_word_for_no_evidence_is_known_by_its_letters_and_digits(warehouse):
    prepare_withdrawals(warehouse)
    select = f"select w, {time_macros().evidence('w')}, {is_evidence('w')} from (select unnest($1) as w)"
    none = [
        "finns ej",
        "#REF!",
        "#N/A",
        "#VALUE!",
        "#NAME?",
        "N.A.",
        "n. a.",
        "(none)",
        "None.",
        "<null>",
        "[NULL]",
        "0",
        " 0 ",
        "no wording",
        "No-Wording",
        "#N/A",
        "okänd.",
    ]
    none += ["no", "Nej", "nei", "ei", "blank", "TEST", "test!", "-1", " -1 ", "\u22121", "-99", "00", "000", "0.0", "-0", "unknown", "saknas",
             "Ukjent", "ukendt", "puuttuu", "tyhjä", "none", "null", "false", "True", "ja", "yes", "ikke oppgitt", "ei tiedossa", "not set"]  # fmt: skip
    assert [row for row in warehouse.execute(select, [none]).fetchall() if row[1:] != (None, False)] == []
    some = [
        "1",
        "-v1",
        "2-1",
        "10",
        "007",
        "A",
        "n",
        "nej tack-formuläret",
        "test 2",
        "blankett 4",
        "testament",
        "0.1",
        "v0",
        "form 10",
        "none of these but v2",
        "2024",
        "Nyhetsbrev",
    ]
    assert warehouse.execute(select, [some]).fetchall() == [(word, word, True) for word in some]


# in several words, in the words of each language, or as an HTML editor, a spreadsheet or a program leaves it
SAID_NOTHING = [
    "(tom)", "tom", "(empty)", "tomt fält", "tomt felt", "&nbsp;", "&nbsp;&#160;", "&amp;nbsp;", "<p><br></p>", "<p>&nbsp;</p>", '<span class="x"></span>', "<p>saknas</p>",
    "no version", "noVersion", "NO_SOURCE", "null null", "null/null", "None None", "none; none", "unknown version", "unknown source", "Unknown-Wording", "wording missing",
    "version: unknown", "source = null", "wording_version=None", "version none", "vNone", "v_null", "v-unknown", "not recorded", "not saved", "Not stored yet", "no text",
    "no data", "no consent text", "no record found", "nothing recorded", "missing value", "the wording is missing", "version of the text unknown", "not on file", "without version",
    "empty string", "blank field", "test text", "n/a (not recorded)", "n/a version", "date unknown",
    "ingen text", "ingen version", "inget samtycke", "okänd källa", "okänd version", "källa okänd", "texten saknas", "version saknas", "ej sparad", "Ej sparat.", "ej_sparad", "inte sparad",
    "ej registrerad", "ej dokumenterat", "ej tillgänglig", "uppgift saknas", "utan text", "saknar version", "källan är okänd", "finns ej sparad",
    "ingen tekst", "ukjent versjon", "kilde ukjent", "ikke lagret", "ikke registrert", "ikke tilgjengelig", "tekst mangler", "uten tekst", "ordlyd mangler",
    "ukendt kilde", "ukendt version", "ikke gemt", "ikke registreret", "ikke tilgængelig", "uden tekst", "teksten findes ikke",
    "tuntematon versio", "tuntematon lähde", "teksti puuttuu", "ei tekstiä", "ei versiota", "ei tallennettu", "ei saatavilla", "tieto puuttuu", "tyhjä kenttä", "ilman tekstiä",
    "óþekkt útgáfa", "texti vantar", "ekki skráð", "ekki til",
]  # fmt: skip
# what a program, a template or a form's draft leaves
NEVER_FILLED = [
    "[object Object]", "[object Undefined]", "[object Promise]", "{{ wording }}", "{{wording}}", "{{{text}}}", "{{ wording | default('x') }}", "{% wording %}",
    "${text}", "${consent.text}", "#{text}", "{wording}", "{0}", "{}", "$(text)", "$wording", "%s", "%d", "%(wording)s", "%WORDING%", "__WORDING__", "<%= wording %>", "<?= $text ?>",
    "*|WORDING|*", "<wording>", "<insert text here>", "<__main__.Consent object at 0x7f3a2b>", "v{{ version }}", "v${version}", "{{ a }} {{ b }}",
    "lorem ipsum", "Lorem ipsum dolor sit amet, consectetur", "lorem", "tbc", "TBC.", "tbd", "todo", "TODO: wording", "to be confirmed", "to be decided", "coming soon",
    "string", "undefined", "NaN", "NaT", "Infinity", "-inf", "DBNull", "NoneType", "\u2026", "...", "example text", "sample", "exempel", "pending", "changeme",
    "foo", "foobar", "qwerty", "ok", "on", "checked", "wording_version", "capture_source",
]  # fmt: skip
SAID_SOMETHING = [
    '{"version": "v1"}', "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}", "Yes {{ first_name }}, send me the newsletter", "50% discount", "https://x.se/terms?v=2&lang=%20sv", "$5 club",
    "objective form", "sampling 2024", "examples of 2024", "stringent form", "pending orders 2", "barometer", "abc-2024", "v2024",
    "v1", "1", "none-of-your-business-2024", "no-reply form", "no 5", "version 2", "version NO", "samtykke_no", "tekst-no", "NO-samtykke", "form", "text", "version", "source",
    "consent", "samtycke", "formulär", "källa", "no version 3", "unknown pleasures", "text saknas i v2", "if empty, nothing is sent", "missing you", "test 2", "testament", "tomten",
    "Tomas", "custom", "system", "latest version", "contest", "protest", "nav", "vei", "notice", "not before 18 years", "Null & Void AB", "ingenjörstext", "ej under 18",
    "Ja tack, skicka nyhetsbrev. Ingen text sparas", "sms text", "web form", "data policy", "<p>v1</p>", "v1&nbsp;", "<v1>", "R&D form", "intent form", "norsk tekst", "nordic text",
    "einfach", "information", "terms of 2024", "noteringsblankett", "form A", "butik", "kassa 4", "2024-01-01",
]  # fmt: skip


def test_rule_02_a_source_whose_name_is_a_word_for_no_evidence_is_evidence_of_what_it_delivers(warehouse):
    """What it delivers says no form of its own: by its bare name, every yes of it would be lost."""
    prepare_withdrawals(warehouse)
    mapping = EntityMap(entity="consent_events", columns={})
    asked = ", ".join(
        time_macros().evidence(f"({_unsaid(name, mapping, 'capture_source', 'varchar')})")
        for name in ("no", "test", "ok", "on", "ref", "name", "ja", "test_source", "v", "shop", "0")
    )
    found = warehouse.execute(f"select {asked}").fetchone()
    assert [said for said in found if said is None] == [] and found[-2] == "shop", found


def test_rule_02_several_words_that_say_there_is_none_are_no_evidence(warehouse):
    prepare_withdrawals(warehouse)
    select = f"select w, {time_macros().evidence('w')}, {is_evidence('w')} from (select unnest($1) as w)"
    found = warehouse.execute(select, [[*SAID_NOTHING, *NEVER_FILLED, *map(str.upper, SAID_NOTHING[:6])]]).fetchall()
    assert [row for row in found if row[1:] != (None, False)] == []
    found = warehouse.execute(select, [SAID_SOMETHING]).fetchall()
    assert [row for row in found if row[1:] != (row[0], True)] == []
