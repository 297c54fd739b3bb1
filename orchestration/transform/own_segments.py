"""A segment of a company's own, as a block for kundbild.toml. Not here: whether its condition can be read (contracts/segment_rules.py)."""

from __future__ import annotations

import json
import re

from orchestration.contracts.segment_rules import segment_rules
from orchestration.core.errors import KundbildError
from orchestration.core.settings import Settings
from orchestration.core.settings.segments import NAME


def segment_block(name: str, where: str, scheme: str | None, description: str) -> str:
    """The block for kundbild.toml."""
    said = {"where": where, "scheme": scheme, "description": description}
    # a basic string of TOML is written as one of JSON
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in said.items() if value]
    return "\n".join([f"[segments.{name}]", *lines, ""])


def assert_name_is_free(settings: Settings, name: str, scheme: str | None) -> None:
    """Raises KundbildError where a segment cannot be named so, or one is."""
    for said in filter(None, (name, scheme)):
        if not re.match(NAME, said):
            raise KundbildError(
                f"a segment or scheme cannot be named {said!r}", to_do="begin with a-z, go on with a-z, 0-9 and _: big_spenders"
            )  # fmt: skip
    if name in settings.segments:
        raise KundbildError(
            f"there is a segment {name}: {settings.segments[name].where}", where=f"[segments.{name}] in kundbild.toml",
            to_do="change its condition there, or take another name",
        )  # fmt: skip
    if scheme is None and any(rule.scheme == name for rule in segment_rules(settings)):
        raise KundbildError(
            f"there is a scheme {name}", to_do=f"take another name, or --scheme {name} to be a segment of it, behind those that are there"
        )  # fmt: skip
