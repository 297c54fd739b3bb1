"""Columns of a table of people that say a no → consent events that withdraw: `unsubscribed_at`, `Nej tack till utskick: Ja`.

Also what keeps a grant from being proposed, and columns that hide somebody, which are told of. Not here: columns that say a yes
(consents.py), what a withdrawal denies (docs/consent.md).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache

from orchestration.contracts.words import (
    ENDING,
    QUALIFIED,
    concepts_of,
    entities_of,
    plain_words_for,
    without_answers,
    words_for,
    words_of,
)
from orchestration.core.warehouse import quote, text
from orchestration.privacy.intake.withdrawals import PLAIN_REFUSAL, REFUSAL
from orchestration.proposals.columns import Column
from orchestration.proposals.contact_words import known_refusals, may_say_no
from orchestration.proposals.proposal import Filled, Proposal

# a map without a time may grant nothing at all: whatever is no ignored word denies
UNDATED = "withdrawn"
HOLDS_FROM_NOW = "no column says when, so a no holds from the night that first reads it"
# of a time, words that can mean nothing but a no: object_created_at is no objection
TOLD_AT = r"unsub|opt(ed)?[^a-z]?out|withdr|revok|avreg|avb.j|avanm|avpren|avm.l|afmeld|avmeld|framel|frabe|fravalg|terkall|utm.l"
_COMPOUND = 4
# Finnish for what is basic or founded, and a country: they begin as a word for a cancellation does
_BASIC = re.compile(r"\bperu(s\w*)?\b")
_CHANNELS = {"email": {"email", "mail", "epost", "mejl", "mailing"}, "sms": {"sms"}}


def says_no(name: str) -> bool:
    """Whether the name of a column or a table says that who has a yes in it, or is in it, refused: no_newsletter, Nyhetsbrevspärr."""
    words = words_of(name)
    return (
        bool(re.search(REFUSAL, _written(name)))
        # customer no is a number
        or any(len(part) > 1 and part[0] == "no" for part in map(words_of, name.split(".")))
        or _has_refusal(words)
    )


def refusals(
    columns: Sequence[Column], people: Proposal, at: str | None, settled: Collection[str] = ()
) -> list[Proposal]:
    """The maps of columns that say a no, by their names or their words; `at` is the time of the row. In doubt about what for or
    by which channel, it is all. `settled` as of `unsettled`."""
    key = people.of("source_key")
    return [
        _refusal(column, status, key, at)
        for column in columns
        if key
        and column.name not in key.columns
        and (status := refusing_status(column) or (column.name not in settled and _refusing_answer(column)))
    ]


def _refusing_answer(column: Column) -> Filled | None:
    """The same of a column that says by its words alone whether the person may be written to: `Får kontaktas: Nej`."""
    refusing, rest = known_refusals(column)
    if not refusing:
        return None
    why = f"{', '.join(refusing)} may say that nobody writes to the person"
    return Filled("status", (column.name,), 0.6, why, dict.fromkeys(refusing, "withdrawn"), ignore=("", *rest))


def unsettled(columns: Sequence[Column], beside: Sequence[str] = (), settled: Collection[str] = ()) -> str:
    """A column that says a no, and not when: a yes of the same row may be older. Empty where there is none.

    `beside` are names in the row that are no columns: nested values, lists and what stands in them. Nobody reads when they say it.
    `settled` are columns whose words are known to be about something else, or are statements of their own.
    """
    told = (
        c.name
        for c in columns
        if _no_words(c) or _is_id_of_no(c) or _says_no_untimed(c) or (c.name not in settled and may_say_no(c))
    )
    return next(told, "") or next(
        (name for name in beside if _is_plain_no(name) or _says_no_beyond_object(name) or _says_consent(name)), ""
    )


def _says_consent(name: str) -> bool:
    """Whether a name within a row is of statements that nobody reads: consents, emails.subscribed."""
    parts = name.split(".")
    if any(entities_of(part).get("consent_events", 0.0) >= QUALIFIED for part in parts):
        return True
    said = concepts_of(parts[-1])
    return any(said.get(concept, 0.0) > ENDING for concept in ("consent_email", "consent_sms"))


def _says_no_untimed(column: Column) -> bool:
    """Whether it says no by its name, in whatever words and marks, and no map reads when."""
    is_no = _is_plain_no(column.name) or (_says_no_beyond_object(column.name) and not _is_id(column))
    return is_no and (not is_told_at(column) or column.is_ambiguous)


def _is_plain_no(name: str) -> bool:
    return bool(re.search(TOLD_AT, _written(name))) or _has_refusal(words_of(name))


def _says_no_beyond_object(name: str) -> bool:
    """Whether a name says no by more than the word object, which is a kind of row in many systems: hs_object_id."""
    parts = (" ".join(word for word in words_of(part) if word not in ("object", "objects")) for part in name.split("."))
    return says_no(".".join(parts))


def is_told_at(column: Column) -> bool:
    """Whether it says when somebody refused: who has no time there did not."""
    return column.is_time and bool(re.search(TOLD_AT, _written(column.name)))


def _no_words(column: Column) -> list[str]:
    """Its words that refuse: yes, where the name says no; or of a status, those that say it themselves."""
    # hs_object_id is a number, and its 1 no yes
    if column.is_time or (_is_id(column) and not _is_id_of_no(column)):
        return []
    if says_no(column.name):
        return [value for value in column.values if value in words_for("yes") | words_for("mark")]
    return [value for value in column.values if re.search(PLAIN_REFUSAL, value) and value in words_for("no")]


def _is_id(column: Column) -> bool:
    return column.is_number and words_of(column.name)[-1:] == ["id"]


def _is_id_of_no(column: Column) -> bool:
    """Of the numbers in objection_id nobody knows what they say: who has one may have refused."""
    return _is_id(column) and (_is_plain_no(column.name) or _says_no_beyond_object(column.name))


def refusing_status(column: Column) -> Filled | None:
    """The status of statements that a column refuses by: a time of a refusal, or words that refuse. None of another column."""
    if is_told_at(column):
        return Filled(
            "status", (column.name,), 0.9, "who has a time there refused", ignore=("",), otherwise="withdrawn"
        )
    if not (refusing := _no_words(column)):
        return None
    rest = tuple(
        value for value in column.values if value in (*words_for("yes"), *words_for("no")) and value not in refusing
    )
    why = f"{', '.join(refusing)} refuses"
    return Filled("status", (column.name,), 0.9, why, dict.fromkeys(refusing, "withdrawn"), ignore=("", *rest))


def _refusal(column: Column, status: Filled, key: Filled, at: str | None) -> Proposal:
    at = column.name if is_told_at(column) else at
    stated = [Filled("stated_at", (at,), 1.0, "the latest that is known")] if at else []
    if not at:
        status = replace(status, otherwise=UNDATED)
    told = f"{column.name}: taken for a refusal, which denies" + ("" if at else f"; {HOLDS_FROM_NOW}")
    return Proposal(
        "consent_events", (key, Filled("person_key", key.columns, key.sureness, "the row is a person's"), status, *stated),
        0.9, constants={"purpose": _purpose(column), "channel": _channel(column)},
        name="_".join(words_of(column.name)), notes=(told,),
    )  # fmt: skip


def dated_yes(column: str, yes: Sequence[str], stated: str) -> Filled:
    """The time of a yes alone. Without one, a no holds from the night that first reads it: it came after the yes, and nobody knows when."""
    said = f"lower(trim(cast({quote(column)} as varchar)))"
    sql = f"case when {said} in ({', '.join(map(text, yes))}) then {quote(stated)} end"
    return Filled("stated_at", (stated,), 1.0, "when yes was said", sql=sql)


def _purpose(column: Column) -> str:
    return "newsletter" if names_newsletter(column.name) else "all"


def _channel(column: Column) -> str:
    words = set(words_of(column.name))
    found = [channel for channel, told in _CHANNELS.items() if words & told]
    return found[0] if len(found) == 1 else "all"


def names_newsletter(name: str) -> bool:
    return any(word in "".join(words_of(name)) for word in words_for("newsletter"))


def hidden(columns: Sequence[Column], beside: Sequence[str] = ()) -> list[str]:
    """Columns, and names `beside` them in the row, that say who is protected or dead."""
    names = [*(column.name for column in columns), *beside]
    told = plain_words_for("hidden")
    return [name for name in names if any("".join(words_of(part)) in told for part in (name, *name.split(".")))]


def _written(name: str) -> str:
    name = without_answers(unicodedata.normalize("NFC", name))
    return _BASIC.sub(" ", re.sub(r"[_\W]+", " ", name).lower())


def _has_refusal(words: Sequence[str]) -> bool:
    return any(word in plain_words_for("refusal") or word.endswith(_compounds()) for word in words)


@cache
def _compounds() -> tuple[str, ...]:
    # beställningen and betalningen end so by chance
    told = plain_words_for("refusal") - plain_words_for("without")
    return tuple(sorted(term for term in told if len(term) > _COMPOUND))
