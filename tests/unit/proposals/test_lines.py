"""What add-source leaves to write by hand of the examples on real data: at most a quarter of their lines."""

from __future__ import annotations

import tomllib

import pytest

from orchestration.core.settings import PROJECT_DIR
from orchestration.core.settings.maps import EntityMap
from orchestration.proposals.propose import propose
from tests.conftest import shared


def lines_of(text):
    """Lines that say something."""
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def maps_of(sources):
    """(file, entity, conformed column) → what it is read from, or the constant."""
    found = {}
    for source in sources.values():
        for table in source["tables"].values():
            for said in table["maps"]:
                mapping = EntityMap.model_validate(said)
                at = (table["path"], mapping.entity)
                found |= {(*at, target): mapping.how(target) for target in mapping.columns}
                found |= {(*at, target): value for target, value in mapping.constants.items()}
                found[*at, "one_row_per_key"] = mapping.one_row_per_key
    return found


@pytest.mark.parametrize(("example", "data"), [("cdnow", "cdnow"), ("senzing", "senzing_truthset")])
def test_at_most_a_quarter_of_the_lines_of_an_example_are_left_to_write(example, data):
    folder = shared(data)
    text = (PROJECT_DIR / "examples" / example / "kundbild.toml").read_text()
    settings = tomllib.loads(text)
    found = propose("shop", str(folder), settings["currency"])
    by_hand, proposed = maps_of(settings["sources"]), maps_of(tomllib.loads(found.block)["sources"])
    head = lines_of(text.partition("[sources.")[0])
    # each differs, or is not proposed at all: one line each, as in the example
    left = [at for at, said in by_hand.items() if proposed.get(at) != said]
    assert len(head) + len(left) <= len(lines_of(text)) / 4, (head, left)
    # what the proposal has is nothing else than what a person wrote, where both say something
    other = [at for at in left if at in proposed and at[2] not in ("birth_date", "country_code")]
    assert not other
