"""Which settings are secrets by their names, and whether the value of one stands in the file.

Not here: which of a source's settings they are (auth.py), and what of a text is replaced before it is told (core/errors.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from orchestration.core.errors import SECRET_NAME

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
# of the demo company's API, which this machine serves and which guards nothing
DEMO_TOKEN = "demo-token"

_SECRET = re.compile(rf"(?i)(?:{SECRET_NAME}|(?:pepper|webhook|assertion)s?|^(?:pass|key)s?)$")
_WORD = re.compile(r"[A-Za-z-]+ (?=\$)")


def sounds_secret(name: str) -> bool:
    return _SECRET.search(name) is not None


def names_within(said: Any) -> Iterator[str]:
    """All names of a nested value."""
    if isinstance(said, dict):
        yield from said
        said = list(said.values())
    for one in said if isinstance(said, list) else ():
        yield from names_within(one)


def is_secret_header(name: str) -> bool:
    """Whether a header says who asks."""
    return sounds_secret(name) or name.casefold() in ("authorization", "proxy-authorization", "cookie")


def is_from_outside(said: str, *, may_have_word: bool = False) -> bool:
    """Whether a secret is one environment variable, without a default: a default stands in the file, whatever the environment says.
    `may_have_word`: some APIs have a word of their own before a key, as `Klaviyo-API-Key ${SHOP_KEY}`; elsewhere it may be half the secret."""
    found = VARIABLE.fullmatch(_WORD.sub("", said, count=1) if may_have_word else said)
    return found is not None and not written_default(found)


def written_default(variable: re.Match[str]) -> str:
    """What stands in the file for a variable that is not set; nothing of the demo's token."""
    default = variable[2] or ""
    return "" if default == DEMO_TOKEN else default
