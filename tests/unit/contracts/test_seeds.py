"""What seeds say of the world. Not here: what they mean in models (tests/unit/dbt_project)."""

from __future__ import annotations

from orchestration.contracts.seeds import seed

# counties and regions as of 2024; Åland is not among Finland's in the seed
_COUNTIES = {"DK": 5, "FI": 18, "NO": 15, "SE": 21}


def test_every_county_has_one_name():
    """A region under two names is two groups, each of fewer people."""
    named = {(row["country_code"], row["county_name"]) for row in seed("municipalities")}
    assert {country: len([c for c, _ in named if c == country]) for country in _COUNTIES} == _COUNTIES
    assert {country for country, _ in named} == set(_COUNTIES) and all(name.strip() == name != "" for _, name in named)
