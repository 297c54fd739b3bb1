"""What a register says of protected and of dead people, for the tests of rule 19: entries by family, and what is known of each case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import product

from tests.unit.people import FAMILY, by_case

GUNNEL = {
    "given_name": "Gunnel Tyra Kristina",
    "family_name": "Tallström",
    "birth_date": "1950-02-03",
    "effective_on": "2020-01-01",
}
PROTECTED, DECEASED = {"is_protected": True}, {"is_deceased": True}
# each case is of a family, and of a birth date, of its own: what the register says of one finds nobody of another
FAMILIES = (
    "Tallström",
    "Björkvall",
    "Grönhage",
    "Höglind",
    "Sjögård",
    "Löfberg",
    "Törnros",
    "Mörner",
    "Söderhielm",
    "Öhrling",
)


def of_family(n: int, **more) -> dict:
    """The register's entry of the n-th family."""
    return GUNNEL | {"family_name": FAMILIES[n], "birth_date": f"{1950 + n}-02-03"} | more


def of_case(cases: Iterable, found: dict[str, tuple[bool, bool]]) -> dict[str, object]:
    """{case: of whom of it something is known}, of keys that end in a colon and the case's number."""
    assert {key.partition(":")[2] for key in found} <= {str(n) for n, _ in enumerate(cases)}
    return by_case(
        cases, lambda n: {key.partition(":")[0]: known for key, known in found.items() if key.endswith(f":{n}")}
    )


# of each pair of writings one entry and one record, born on a day of their own
PAIRS = [(*pair, date(1950, 1, 1) + timedelta(days=n)) for n, pair in enumerate(product(FAMILY, FAMILY))]
OTHERS = [("X", "Lund"), ("Gunnel", "Dahl"), ("Gunnel", "Lundin")]
