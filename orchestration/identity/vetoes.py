"""Which two records are never one person, whatever else agrees. Here: the macro `identity.veto_reason(a, b)`.

First names that cannot be one name, and birth dates a generation apart: twins, couples, father and son of one name
share all the rest. Where the data show that such differences are slips and not people, the veto is not given.
Not here: a steward's decisions.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from orchestration.core.sql_scripts import sql_script
from orchestration.identity.similarity import ALIKE_NAME, NEAR_NAME

# days from which birth dates are no slip; years that lie between parent and child
_SLIP_DAYS, _GENERATION = 3660, "between 15 and 50"
_COMPATIBLE = sql_script(
    __file__,
    "vetoes_compatible",
    alike=ALIKE_NAME,
    swapped_alike=NEAR_NAME,
    slip_days=_SLIP_DAYS,
    generation=_GENERATION,
)

# pairs that agree in birth date and in what people share at most with their family: twins are the few whose first
# names differ; many are slips
_NAME_SLIPS = """
select a.record_id as left_id, b.record_id as right_id, not identity.compatible_names(a, b) as differ
from identity.normalised_people a join identity.normalised_people b
    on a.birth_date = b.birth_date and {contact} and a.record_id < b.record_id
where a.given_key is not null and b.given_key is not null
"""
# pairs that agree in name and in the same: father and son are a generation apart; slips are any distance apart
_DATE_SLIPS = """
select a.record_id as left_id, b.record_id as right_id, abs(date_diff('year', a.birth_date, b.birth_date)) {generation} as is_generation
from identity.normalised_people a join identity.normalised_people b
    on a.given_key = b.given_key and a.family_key = b.family_key and {contact} and a.record_id < b.record_id
where identity.birth_dates_conflict(a, b)
"""
_CONTACTS = (
    "a.family_key = b.family_key and a.postal_key = b.postal_key",
    *(
        f"a.{kind}_key = b.{kind}_key and a.{kind}_key in "
        f"(select value_key from identity.identifiers where kind = '{kind}' and ignored_reason is null)"
        for kind in ("email", "phone")
    ),
)
# twins are far below 2 % of such pairs; what so few cases say is weighed against what is known before: a hundred pairs
# without a slip, three of four conflicts a generation apart
_MAX_TWINS, _MIN_GENERATIONS = 0.02, 0.6
_KNOWN_PAIRS, _KNOWN_GENERATIONS, _KNOWN_CONFLICTS = 100, 3, 4


@dataclass(frozen=True)
class Vetoes:
    """What the data say of differences: whether each kind parts people."""

    names_part_people: bool
    dates_part_people: bool


def define_vetoes(con: duckdb.DuckDBPyConnection) -> Vetoes:
    """Defines the macro `identity.veto_reason(a, b)` on rows of identity.normalised_people: why never one, or null."""
    con.execute(_COMPATIBLE)
    names = " union ".join(_NAME_SLIPS.format(contact=contact) for contact in _CONTACTS)
    dates = " union ".join(_DATE_SLIPS.format(contact=contact, generation=_GENERATION) for contact in _CONTACTS)
    pairs, differing = con.execute(f"select count(*), count(*) filter (differ) from ({names})").fetchall()[0]
    counted = f"select count(*), count(*) filter (is_generation) from ({dates})"
    conflicts, generations = con.execute(counted).fetchall()[0]
    vetoes = Vetoes(
        names_part_people=differing <= _MAX_TWINS * (pairs + _KNOWN_PAIRS),
        dates_part_people=generations + _KNOWN_GENERATIONS >= _MIN_GENERATIONS * (conflicts + _KNOWN_CONFLICTS),
    )
    con.execute(
        "create or replace macro identity.veto_reason(a, b) as case "
        f"when {str(vetoes.names_part_people).lower()} and not identity.compatible_names(a, b) then 'first names differ' "
        f"when {str(vetoes.dates_part_people).lower()} and identity.birth_dates_conflict(a, b) then 'birth dates conflict' "
        "when a.generation <> b.generation then 'senior and junior' end"
    )
    return vetoes
