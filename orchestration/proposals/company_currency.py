"""What to say of a company that does not say its currency, while a source with amounts is added: which one these are in, and the line to write.

Not here: the currency of each map (found.py, currencies.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestration.contracts.conformed import entities
from orchestration.contracts.words import concepts_of, currencies_by
from orchestration.proposals.found import FoundTable, ProposedSource
from orchestration.proposals.proposal import Company

_WHERE = "at the top of kundbild.toml"


def with_company_currency(found: ProposedSource, company: Company) -> ProposedSource:
    """The proposal, with a note where the company has not said its currency and the source has amounts."""
    if company.is_currency_said:
        return found
    note = _note(found.tables, company.currency)
    return replace(found, more=(*found.more, note)) if note else found


def _note(tables: Sequence[FoundTable], default: str) -> str:
    paid = [(table, one) for table in tables for one in table.usable if "currency" in entities()[one.entity]]
    constants = {one.constants["currency"] for _, one in paid if "currency" in one.constants}
    is_by_rows = any(one.of("currency") for _, one in paid) or any(
        "currency" in entities()[entity] for table in tables if table.vendor for entity in table.vendor.entities
    )
    unset = "kundbild.toml does not say the company's currency"
    if any(one.assumes_currency for _, one in paid):
        other = _of_countries([table for table, one in paid if one.assumes_currency]) - {default}
        line = f'currency = "{other.pop()}"' if len(other) == 1 else 'currency = "…" (as GBP)'
        return (
            f"{unset}, nor any column that of these amounts: {default} is assumed for both. Where they are in another one, write {line} {_WHERE} "
            "and in the constants of these maps"
        )
    if len(constants) == 1 and constants != {default} and not is_by_rows:
        (own,) = constants
        return f'{unset}: these amounts are in {own}, and all revenue is told in {default}. Where {own} is the company\'s, write currency = "{own}" {_WHERE}'
    if constants - {default} or is_by_rows:
        return f'{unset}: all revenue is told in {default}, whatever currency the rows say. Where another one is the company\'s, write currency = "…" (as GBP) {_WHERE}'
    return ""


def _of_countries(tables: Sequence[FoundTable]) -> set[str]:
    """The currencies of the countries that the rows name."""
    values = {
        value for table in tables for c in table.columns if concepts_of(c.name, table.name).get("country_code") for value in c.values
    }  # fmt: skip
    return {currency for value in values if (currency := currencies_by("country").get(value))}
