"""Which words of a status the consent suite takes for a refusal, beside what the configuration and the ledger make of them."""

from __future__ import annotations

import re

import pytest

from data_quality.suites.raw_statements import _REFUSALS, _REFUSED
from orchestration.core.settings.maps import ColumnMap
from orchestration.privacy.intake.withdrawals import HARMLESS_KINDS, REFUSAL, WITHDRAWN_WORDS
from tests.unit.data_quality.opt_outs import BY_RECORD, SETTINGS, stop
from tests.unit.privacy.test_refusal_words import GRANTS, REFUSALS


@pytest.mark.parametrize("ignored", ["", "Vet ej"])
def test_a_status_that_the_configuration_ignores_is_no_opt_out(planted, ignored):
    """An empty field of a file is null in raw."""
    club = SETTINGS.sources["club"].tables["stops"]
    choice = ColumnMap(column="choice", values={"JA": "granted"}, ignore=[ignored])
    mapping = club.maps[0].model_copy(update={"columns": club.maps[0].columns | {"status": choice}})
    table = club.model_copy(update={"maps": [mapping]})
    sources = {"club": SETTINGS.sources["club"].model_copy(update={"tables": {"stops": table}})}
    settings = SETTINGS.model_copy(update={"sources": sources})
    words = [None, "", " ", "vet ej", "nej"]
    seen = {word for word in words if BY_RECORD in planted(stop(who="k7", choice=word), settings, only={BY_RECORD})}
    assert seen == ({"vet ej", "nej"} if ignored == "" else {None, "", " ", "nej"})


def test_no_word_that_the_ledger_refuses_by_is_missing_in_the_raw_path():
    examples = [*REFUSALS, *MORE_REFUSALS]
    for part in alternatives(REFUSAL):
        assert any(re.search(part, word.lower()) for word in examples), f"give an example of {part}"
    missed = [word for word in examples if re.search(REFUSAL, word.lower()) and not re.search(_REFUSALS, word.lower())]
    assert missed == [] and set(WITHDRAWN_WORDS) <= set(_REFUSED)
    cries = [
        word
        for word in (*GRANTS, *HARMLESS_KINDS)
        if re.search(_REFUSALS, word) or (word in _REFUSED and word in GRANTS)
    ]
    assert cries == []


MORE_REFUSALS = [
    "group_unsubscribe", "spamreport", "complained", "abuse report", "feedback loop", "stop", "återtagen", "fravalgt", "fravalt", "bortvald",
    "framelding", "refused", "cancel by the contact", "blocked by recipient", "trukk tilbake", "avslag", "afslag", "avvist", "naegtet", "spaerret",
    "spærret", "sperret", "kiellä", "en halua", "avprenumererad",
]  # fmt: skip


def alternatives(pattern: str) -> list[str]:
    """The parts of a pattern between its outermost bars."""
    found, depth = [""], 0
    for letter in pattern:
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and not depth:
            found.append("")
        else:
            found[-1] += letter
    return found


def test_a_status_that_refuses_is_seen_where_every_other_word_grants(planted):
    club = SETTINGS.sources["club"].tables["stops"]
    choice = ColumnMap.model_validate({"column": "choice", "values": {"JA": "granted"}, "else": "granted"})
    mapping = club.maps[0].model_copy(update={"columns": club.maps[0].columns | {"status": choice}})
    table = club.model_copy(update={"maps": [mapping]})
    sources = {"club": SETTINGS.sources["club"].model_copy(update={"tables": {"stops": table}})}
    settings = SETTINGS.model_copy(update={"sources": sources})
    words = ["Avanmäld", "nej tack", "tilbagekaldt", "peruttu", " DENIED ", "0", "blocked", "kanske", "active"]
    assert [
        word for word in words if BY_RECORD in planted(stop(who="k7", choice=word), settings, only={BY_RECORD})
    ] == words[:-2]
