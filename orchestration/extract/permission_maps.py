"""What a mapping may not say of statements and address registers: that a value nobody foresaw, or that cannot be read, permits;
or that rows that refuse are left out.

Not here: all other checks of mappings (systems), what a word means (privacy/intake/withdrawals.py; dbt: macros/staging.sql).
"""

from __future__ import annotations

import re
from collections.abc import Collection

from orchestration.contracts.conformed import entities
from orchestration.core.errors import ConfigurationError
from orchestration.core.settings.maps import REGISTERS, STATEMENTS, ColumnMap, EntityMap
from orchestration.privacy.intake.withdrawals import HARMLESS_KINDS, PLAIN_REFUSAL, WITHDRAWN_WORDS

# what an address register plainly says no with (dbt: macro is_told)
_PLAINLY_NO = ("", "false", "f", "0", "n", "no", "nej", "nei", "ei", "e")
# (entity, column) → the words of `else` that open, what each unknown word would be, what to write instead
_OPENING = {
    ("consent_events", "status"): (
        ("granted",),
        "a grant",
        'name in `values` each word that grants; else = "withdrawn" denies the rest, and so does no else',
    ),
    ("email_events", "kind"): (
        HARMLESS_KINDS,
        "an event that refuses nothing",
        "name in `values` each word that refuses nothing; without else a word that is not known denies",
    ),
    **{
        ("address_updates", column): (
            _PLAINLY_NO,
            "a plain no",
            "name in `values` each word that says no; without else whatever is not a plain no counts as yes",
        )
        for column in ("is_protected", "is_deceased")
    },
}


def check_what_opens(mapping: EntityMap, where: str) -> None:
    """Raises ConfigurationError where an unknown word, or a value that cannot be read, would let somebody be written to."""
    for target in mapping.columns:
        how = mapping.how(target)
        assert how
        words, meant, to_do = _OPENING.get((mapping.entity, target), ((), "", ""))
        if words and mapping.entity in STATEMENTS and (refused := _ignored_refusals(how, words)):
            raise ConfigurationError(
                f"'{target}' ignores {', '.join(map(repr, refused))}: a row that refuses would be left out, and an earlier grant would stand",
                where=where,
                to_do="take it out of `ignore`: a row that refuses denies; where the word grants, map it in `values`",
            )
        if how.otherwise is not None and _letters(how.otherwise) in words:
            raise ConfigurationError(
                f"every word of '{target}' that `values` does not name would be {meant}", where=where, to_do=to_do
            )
        is_read = entities()[mapping.entity][target].upper() != "VARCHAR"
        if how.on_bad == "null" and is_read and mapping.entity in (*STATEMENTS, *REGISTERS):
            raise ConfigurationError(
                f"'{target}' with on_bad = \"null\" would let a row of {mapping.entity} permit what one that can be read forbids",
                where=where,
                to_do="leave on_bad away, so that a row whose value cannot be read is set aside and permits nothing; say how "
                "values are written in `formats`, and which of them stand for none in `values`",
            )


def may_grant(mapping: EntityMap) -> bool:
    """Whether a statement of the mapping may be a grant: of another a time is not needed, for it denies from when it is known."""
    if mapping.entity != "consent_events":
        return True
    how = mapping.how("status")
    if how is None:
        return _letters(str(mapping.constants.get("status", "granted"))) == "granted"
    says = [*how.values.values(), *([how.otherwise] if how.otherwise is not None else ["granted"])]
    return any(_letters(word) == "granted" for word in says)


def check_ages(mapping: EntityMap, where: str) -> None:
    """Raises ConfigurationError where a birth date that cannot be read would be an unknown age. For settings by which somebody of
    unknown age counts as an adult."""
    how = mapping.how("birth_date")
    if mapping.entity == "people" and how and how.on_bad == "null":
        raise ConfigurationError(
            "'birth_date' with on_bad = \"null\" would let a child whose birth date cannot be read count as an adult",
            where=where,
            to_do='leave on_bad away, so that such a row is set aside; or unknown_age = "exclude" below [privacy]',
        )


def _ignored_refusals(how: ColumnMap, harmless: Collection[str]) -> list[str]:
    """Words of `ignore` that say no. A plain no may be the answer to "unsubscribed?": where another word is mapped to one that denies."""
    asks_the_other_way = any(_letters(means) not in harmless for means in how.values.values())
    return [
        word
        for word in how.ignore
        if re.search(PLAIN_REFUSAL, word.lower())
        or (not asks_the_other_way and word.strip().lower() in (*WITHDRAWN_WORDS, "nej", "nei"))
    ]


def _letters(said: str) -> str:
    """A word as widely as any reader of it: without case and all that is not a letter or digit."""
    return "".join(letter for letter in said.lower() if letter.isalnum())
