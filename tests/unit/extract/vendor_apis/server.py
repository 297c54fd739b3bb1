"""A vendor's API as its public documentation specifies it, on loopback, and the night that reads it as the vendor's `api` form.

Each test of this folder is of one vendor: it says in its first lines which documentation its answers are written from, and has truth of
its own. None of these answers was recorded. Here: what they have in common, who may ask and how often. Not here: answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.home import Home
from orchestration.extract.extract import prepare_raw
from tests.unit.extract.loopback import Asked, serving
from tests.unit.vendor_rows import Vendor

Answer = tuple[Any, int, dict[str, str]]


@dataclass
class VendorApi:
    """Answers as a vendor does: whoever it does not know is refused, and the second request is one too many, once."""

    answer: Callable[[Asked], Any]
    is_known: Callable[[Asked], bool]
    refusal: Answer
    limit: Answer | None = None
    asked: list[Asked] = field(default_factory=list)
    limited: int = 0

    def __call__(self, asked: Asked) -> Any:
        self.asked.append(asked)
        if not self.is_known(asked):
            return self.refusal
        if self.limit and not self.limited and len(self.asked) == 2:
            self.limited += 1
            return self.limit
        return self.answer(asked)


def too_many(body: Any = None, **headers: str) -> Answer:
    """429 as most vendors word it: to be tried again at once, so that tests do not wait."""
    return body or {}, 429, {"Retry-After": "0", **headers}


@contextmanager
def connected(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    api: VendorApi,
    vendor: str,
    auth: str,
    more: str = "",
    below: str = "",
    **secrets: str,
) -> Iterator[Vendor]:
    """The vendor's source, as its page says to write it: `auth` is the block below [sources.shop.auth], or a token, with $URL for the server, `more` stands before
    it, `below` is the path of the API, `secrets` are environment variables. `.read()` reads it as a night does."""
    with serving(api) as url, pytest.MonkeyPatch.context() as patched:
        patched.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0")  # dlt's backing off, of seconds
        for name, secret in secrets.items():
            patched.setenv(name, secret)
        config = home.root / "kundbild.toml"
        config.write_text(
            f'company = "T"\n[sources.shop]\nconnector = "rest"\nurl = "{url}{below}"\nvendor = "{vendor}"\nform = "api"\n{more}\n{auth.replace("$URL", url)}\n',
            encoding="utf-8",
        )
        shop = Vendor(con, home, home.root)
        shop.settings = load_settings(config)
        prepare_raw(con, shop.settings)
        yield shop


def rows(shop: Vendor, entity: str) -> list[dict[str, Any]]:
    """Staged rows that are not set aside."""
    return [one for one in shop.staged(entity) if "aside" not in one]
