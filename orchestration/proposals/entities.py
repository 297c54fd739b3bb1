"""Which conformed entity a table is, and which of its columns fills which of the entity's, with how sure and why.

Here: weighing the words of names against what the columns hold. Not here: the words (words.py), the block for kundbild.toml (block.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from orchestration.contracts.conformed import entities, required_columns
from orchestration.contracts.words import ENDING, QUALIFIED, Role, concepts_of, entities_of, roles
from orchestration.core.settings import Table
from orchestration.privacy.intake.entry_columns import dropped_columns
from orchestration.proposals.addresses import address_of, by_address
from orchestration.proposals.columns import Column
from orchestration.proposals.consents import consents
from orchestration.proposals.derived import line_of_order, order_of_lines, products_of_lines, quantity_of
from orchestration.proposals.given_back import with_signs
from orchestration.proposals.gone_rows import without_gone
from orchestration.proposals.holding import without_unheld
from orchestration.proposals.proposal import SOLD, Filled, Proposal
from orchestration.proposals.repeated import (
    Repeated,
    has_lines,
    in_doubt,
    lines_within,
    orders_once,
    said_of_all,
    says_its_own,
)
from orchestration.proposals.statements import statements

# what the table's name says, and what a missing required column costs, in weights of columns
_NAME, _MISSING = 8.0, 4.0
# below it nothing is proposed
_LEAST = 4.0
# what else is read out of a table of these: its people, by their key
_HOLDS_PEOPLE = ("orders", "order_items", "invoices", "tickets", "deals", "carts", "reviews", "subscriptions")
# what a list of who refused looks like
_OF_WHO_REFUSED = ("people", "email_events")
# without a key of their own, no other row could name them
_NAMED_BY_OTHERS = ("people", "products", "companies")
# keys of what people buy, ask and answer: whatever has one of them is no list of people
_ABOUT_THINGS = ("order_key", "line_key", "invoice_key", "ticket_key", "deal_key", "review_key", "cart_key", "response_key",
                "subscription_key", "session_key", "campaign_key", "consent_key")  # fmt: skip
# amounts that a system may name like a yes and a no, or a count: refunded, of 0 and 1; refunds, of 0, 1 and 2
_MAY_BE_FLAGS = ("refunded_amount", "discount")
# begins the note of a column whose numbers are no amounts
COUNTS = "seems to count"
_TIMES, _NUMBERS = ("timestamp", "date"), ("decimal", "integer", "bigint", "double")


def table_of(names: Sequence[str], rows_in: str | None = None, carried: Mapping[str, str] | None = None) -> Table:
    """A table of such columns; of elements of a list, the list and what they carry along."""
    columns = dict.fromkeys([*names, *(carried or {})], "VARCHAR")
    return Table(columns=columns, rows_in=rows_in, carried=dict(carried or {}))


def withheld(names: Sequence[str], of: Table | None = None) -> list[str]:
    """Columns that never enter raw: identity numbers and special categories, by their names."""
    return dropped_columns(of or table_of(names), names)


def likely_keys(table: str, columns: Sequence[Column]) -> list[str]:
    """Columns that may tell rows apart, the likeliest first: by what they are called, keys of orders and lines before those of people."""
    order = ("id", "line_key", "order_key", "invoice_key", "ticket_key", "deal_key", "review_key", "cart_key", "response_key",
             "subscription_key", "session_key", "campaign_key", "product_key", "company_key", "person_key", "email", "consent_key")  # fmt: skip
    named = entities_of(table)
    likeliest = {entity for entity, sure in named.items() if sure == max(named.values())}
    own = {role.concept for role in roles() if role.entity in likeliest and role.column == "source_key"}
    found = []
    for place, column in enumerate(columns):
        said = concepts_of(column.name, table)
        ranks = [
            (concept not in own, -round(sure, 1), order.index(concept))
            for concept, sure in said.items()
            if concept in order
        ]
        if ranks and not column.is_time:
            found.append((min(ranks), place, column.name))
    return [name for _, _, name in sorted(found)]


def proposed(
    table: str,
    columns: Sequence[Column],
    key: Sequence[str],
    refers: Mapping[str, str] | None = None,
    purposes: Collection[str] = (),
    beside: Sequence[str] = (),
    repeated: Repeated | None = None,
) -> list[Proposal]:
    """The entity that a table most likely is, then what else can be read out of its rows. Nothing where no entity is likely.

    `refers` is what a database itself says: column → the entity whose key it holds. `purposes` are those that the company named itself;
    `beside` are names in the rows that are no columns: none is mapped, and each may say a no; `repeated` is the number of an order that
    comes again."""
    kept = [column for column in columns if column.name not in withheld([c.name for c in columns]) and column.filled]
    said = {column.name: _concepts(column, table) for column in kept}
    for name, entity in (refers or {}).items():
        if name in said and (concept := _key_concept(entity)):
            said[name] = {concept: 1.0}
    named = entities_of(table)
    tried = [
        _of_entity(entity, table, kept, said, key, named.get(entity, 0.0))
        for entity in entities()
        if _has_roles(entity)
    ]
    best_weight, best = max(tried, key=lambda one: one[0], default=(0.0, None))
    is_another = best is not None and best_weight >= _LEAST and best.entity not in _OF_WHO_REFUSED
    told = statements(table, columns, said, key, purposes, beside, is_another=is_another)
    if best and best.entity == "people" and not told and not consents(table, columns, said, best, beside):
        # a file of customers of a month whose rows say number, day and amount of an order is one of orders
        best_weight, best = next((one for one in tried if _are_orders(one[1], said)), (best_weight, best))
    # a list of people who refused is of people too; not statements that have a key of their own
    if (
        best is None
        or best_weight < _LEAST
        or (told and (best.entity != "people" or not _is_keyed_by_people(best, said)))
    ):
        return without_gone(without_unheld(told, columns), columns, table)
    others = sorted((weight for weight, one in tried if one is not best), reverse=True)
    sureness = max(0.3, min(1.0, 0.5 + (best_weight - (others[0] if others else 0.0)) / 10))
    found = [replace(best, sureness=round(sureness, 2))]
    if best.entity in _HOLDS_PEOPLE and (unread := [c.name for c in kept if _says_consent(said[c.name])]):
        told_of = f"{', '.join(unread)}: not read, for a list of {best.entity} says it: it may hold a no: map it to consent_events"
        found[0] = replace(found[0], notes=(*found[0].notes, told_of))
    person = best.of("person_key") or _person_of(kept, said)
    if best.entity in SOLD:
        address = None if person else address_of(kept, said)
        found = with_signs(_sold(table, kept, said, key, found[0], person or address, repeated), kept)
        found, person = [by_address(one, address) for one in found], person or address
    if best.entity == "people":
        found += [*consents(table, columns, said, found[0], beside), *told]
    if best.entity in _HOLDS_PEOPLE and person:
        found += _people(table, kept, said, person)
    found = [said_of_all(one, repeated) for one in found]
    return without_gone(without_unheld(found, columns), columns, table)


def _sold(
    table: str, columns: Sequence[Column], said: dict[str, dict[str, float]], key: Sequence[str], best: Proposal, person: Filled | None,
    repeated: Repeated | None,
) -> list[Proposal]:  # fmt: skip
    """Rows of orders or of their lines: what they are, and the orders, lines and products that they are besides."""
    found = [best]
    lines = best if best.entity == "order_items" else None
    once = None
    if repeated:
        orders = _of_entity("orders", table, columns, said, (repeated.number,), 0.0)[1]
        once = orders_once(orders, repeated, columns) if has_lines(said) else None
    if lines:
        summed = order_of_lines(lines, columns, person)
        order = once if says_its_own(once, repeated) else summed or once
        found += [order] if order else []
    elif once and repeated:
        lines = lines_within(_of_entity("order_items", table, columns, said, key, 0.0)[1], repeated)
        found = [replace(one, sureness=best.sureness) for one in (once, lines) if not one.missing]
    else:
        found = [in_doubt(best, repeated) if repeated else best]
        found += [line_of_order(found[0], quantity)] if (quantity := quantity_of(columns, said)) else []
    of_line = {name: sure for name, sure in said.items() if not (repeated and repeated.is_of_whole(name))}
    if lines and not lines.missing and (products := products_of_lines(lines, of_line)):
        found.append(products)
    return found


def _is_keyed_by_people(people: Proposal, said: dict[str, dict[str, float]]) -> bool:
    """Whether no other column than its key names the person of a row."""
    key = people.of("source_key")
    named = {name for name, of in said.items() if of.get("person_key", 0.0) >= QUALIFIED}
    return key is not None and (not named or not named.isdisjoint(key.columns))


def _person_of(columns: Sequence[Column], said: dict[str, dict[str, float]]) -> Filled | None:
    found = [(said[c.name]["person_key"], c.name) for c in columns if "person_key" in said[c.name]]
    sure, name = max(found, default=(0.0, ""))
    return Filled("person_key", (name,), sure, f"it is called {name}") if found else None


def _concepts(column: Column, table: str) -> dict[str, float]:
    """What a column is by its name, and by its values where these tell."""
    said = dict(concepts_of(column.name, table))
    if column.looks_like:
        said[column.looks_like] = 1.0
    return said


def _key_concept(entity: str) -> str | None:
    """What a column is that names a row of an entity."""
    found = [role for role in roles() if role.entity == entity and role.column == "source_key" and role.concept != "id"]
    return max(found, key=lambda role: role.weight).concept if found else None


def _has_roles(entity: str) -> bool:
    return any(role.entity == entity for role in roles())


def _of_entity(
    entity: str, table: str, columns: Sequence[Column], said: dict[str, dict[str, float]], key: Sequence[str], named: float
) -> tuple[float, Proposal]:  # fmt: skip
    """(weight, proposal) of one entity."""
    kinds = entities()[entity]
    filled: dict[str, Filled] = {}
    weight = _NAME * named
    taken: set[str] = set()
    candidates = []
    unfit: dict[str, str] = {}
    counted: dict[str, str] = {}
    for role in roles():
        if role.entity != entity:
            continue
        for place, column in enumerate(columns):
            sure = said[column.name].get(role.concept, 0.0)
            holds = _holds(column, kinds[role.column]) and not (role.column in _MAY_BE_FLAGS and column.is_flag)
            if (
                sure
                and holds
                and role.column in _MAY_BE_FLAGS
                and column.is_count
                and _are_greater(columns, said, column)
            ):
                holds, counted[role.column] = False, column.name
            elif sure >= QUALIFIED and not holds:
                unfit.setdefault(role.column, column.name)
            if sure and holds:
                is_own_key = role.column == "source_key" and [column.name] == list(key)
                candidates.append(
                    (role.weight == 0 and not is_own_key, -(sure + 0.5 * is_own_key), place, role, column)
                )
    for _, _, _, role, column in sorted(candidates, key=lambda one: one[:3]):
        sure = said[column.name][role.concept]
        if role.column in filled or (column.name in taken and not role.column.endswith("_key")):
            continue
        filled[role.column] = Filled(role.column, (column.name,), sure, _why(column, role, sure))
        taken.add(column.name)
        # a billing city speaks for an order as well as for a person
        weight += role.weight * (1.0 if sure > QUALIFIED else 0.5)
    _fill_key(entity, filled, key)
    missing = tuple(c for c in required_columns(entity) if c not in filled)
    constants = {}
    if missing == ("quantity",) and {"product_key", "unit_price"} <= filled.keys():
        # a line without a quantity is of one piece
        missing, constants = (), {"quantity": "1"}
    weight -= _MISSING * len(missing)
    notes = [f"{name}: not mapped to {target}: {_unfit(kinds[target])}" for target, name in unfit.items() if target not in filled]  # fmt: skip
    notes += [f"{name}: {COUNTS}, whole and below ten beside amounts that are not, so it is not mapped to {target}: map it where it is an amount" for target, name in counted.items() if target not in filled]  # fmt: skip
    own_key = filled["source_key"].columns
    if entity in _NAMED_BY_OTHERS and (
        own_key == ("_row_key",) or any(_is_of_a_thing(said.get(c, {})) for c in own_key)
    ):
        weight = 0.0
    if all(target.endswith("_key") for target in filled):  # a link between other rows
        weight = 0.0
    return weight, Proposal(
        entity,
        tuple(filled[c] for c in kinds if c in filled),
        0.0,
        missing=missing,
        constants=constants,
        notes=tuple(notes),
    )


def _are_greater(columns: Sequence[Column], said: dict[str, dict[str, float]], than: Column) -> bool:
    """Whether the amounts beside a column are written with fractions, or are many: what is below ten all over is none of them."""
    amounts = [c for c in columns if c is not than and {"amount", "unit_price"} & said[c.name].keys() and c.is_number]
    return any(not c.is_count and not c.is_flag for c in amounts)


def _are_orders(one: Proposal, said: dict[str, dict[str, float]]) -> bool:
    """Whether the rows of a table say all of an order, by columns that are called so."""
    named = any(of.get("order_key", 0.0) >= QUALIFIED for of in said.values())
    told = [one.of(target) for target in ("ordered_at", "amount")]
    return one.entity == "orders" and not one.missing and named and all(f and f.sureness >= QUALIFIED for f in told)


def _says_consent(said: dict[str, float]) -> bool:
    return any(said.get(concept, 0.0) > ENDING for concept in ("consent_email", "consent_sms"))


def _is_of_a_thing(said: dict[str, float]) -> bool:
    """Whether a column names an order or the like, by what it is called, and nothing else."""
    sure = {concept for concept, how in said.items() if how >= QUALIFIED}
    return bool(sure) and sure <= {*_ABOUT_THINGS}


def _fill_key(entity: str, filled: dict[str, Filled], key: Sequence[str]) -> None:
    """The key of the rows: the proved one, unless a column of the entity's own key is it."""
    own = filled.get("source_key")
    if key and not (own and set(key) <= set(own.columns)):
        filled["source_key"] = Filled("source_key", tuple(key), 1.0, "no two rows have the same")
    elif not key:
        # rows that share it would be one
        if own and entity in _NAMED_BY_OTHERS:
            return
        filled["source_key"] = Filled(
            "source_key", ("_row_key",), 1.0, "no column tells the rows apart: the row itself is the key"
        )


def _holds(column: Column, kind: str) -> bool:
    """Whether a column's values can be of a type of the conformed entity at all."""
    if kind.startswith(_TIMES):
        return column.is_time or bool(column.epoch)
    if kind.startswith(_NUMBERS):
        return column.is_number
    if kind == "boolean":
        return column.kind == "BOOLEAN" or len(column.values) <= 2
    return True


def _unfit(kind: str) -> str:
    """What keeps a column's values from a type of the conformed entity, and what to do."""
    if kind.startswith(_TIMES):
        return "its values are not all dates in one form that is known: map it with all their `formats`, or mend those that are no date"
    if kind.startswith(_NUMBERS):
        return "its values are not all numbers, or amounts of one decimal mark: map it with `decimal`, or mend those that are no number"
    return "it has more than two words: map it with `values` that say which are true and which false"


def _why(column: Column, role: Role, sure: float) -> str:
    if column.looks_like == role.concept:
        return f"every value looks like {'an email address' if role.concept == 'email' else 'a phone number'}"
    return f"it is called {column.name}" + (", which ends so" if sure < 0.9 else "")


def _people(table: str, columns: Sequence[Column], said: dict[str, dict[str, float]], person: Filled) -> list[Proposal]:
    """The people of other rows: one of each key, with what the rows say of them."""
    _, found = _of_entity("people", table, columns, said, person.columns, 0.0)
    parts = [
        one for one in found.filled if one.target != "source_key" and one.target not in ("created_at", "updated_at")
    ]
    key = Filled("source_key", person.columns, person.sureness, "the rows name their person by it")
    return [Proposal("people", (key, *parts), person.sureness, one_row_per_key=True, constants={"kind": "shopper"})]
