"""What a map of consent lacks for its grants to permit anything (rule 2), and what to write in kundbild.toml for each.

Not here: whether a grant permits (dbt_project/macros/consent.sql), what is evidence (privacy/intake/evidence_words.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from orchestration.contracts.seeds import seed
from orchestration.core.settings.maps import EntityMap


def lacking_evidence(told: Collection[str], purpose: str | None) -> Iterator[str]:
    """What to write, for each thing that is not told; `told` are the conformed columns that a map fills, `purpose` the only one that it is for.

    Of a company's own purpose nothing is said of confirmation: it may need none."""
    if "stated_at" not in told:
        yield "map stated_at to the column that says when it was given"
    if "wording_version" not in told:
        yield 'add wording_version = "…", the version of the text that was agreed to, to constants'
    if "contact_point" not in told:
        yield "map contact_point to the column of the address that it is for"
    if "confirmed_at" not in told and purpose in _to_be_confirmed():
        yield (
            f"map confirmed_at to the column that says when it was confirmed, for {purpose} is a double opt-in: where your system asks for "
            "no confirmation, no grant permits it; say it with a purpose of your own that needs none ([privacy.purposes])"
        )


def lacking_of(mapping: EntityMap) -> list[str]:
    """What a map that may grant does not tell of its grants; empty of every other map."""
    status = mapping.how("status")
    granted = status and ("granted" in {*status.values.values(), status.otherwise} or not status.values)
    if mapping.entity != "consent_events" or not (granted or mapping.constants.get("status") == "granted"):
        return []
    purpose = mapping.constants.get("purpose")
    return list(lacking_evidence({*mapping.columns, *mapping.constants}, str(purpose) if purpose else None))


def _to_be_confirmed() -> set[str]:
    return {row["purpose"] for row in seed("purposes") if row["needs_confirmation"] == "true"}
