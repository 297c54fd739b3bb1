"""The channels of contact, as the seed `channels` has them: one row a channel. dbt reads the seed itself."""

from __future__ import annotations

from orchestration.contracts.seeds import seed
from orchestration.core.warehouse import text

ADDRESS, ANY, PHONE = "address", "any", "phone"


def channels() -> list[str]:
    """All of them, in the seed's order."""
    return [row["channel"] for row in seed("channels")]


def is_channel_of(column: str, *kinds: str) -> str:
    """SQL: whether a channel's contact points are of one of these kinds."""
    found = [row["channel"] for row in seed("channels") if row["contact_point_kind"] in kinds]
    return f"{column} in ({', '.join(map(text, found))})" if found else "false"
