"""Which endpoints an API has: its address itself, what an index or a description names, else what is usual.

Not here: what their rows are (api.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from orchestration.contracts.words import entities_of, words_of
from orchestration.extract.rest_look import Answer, Api
from orchestration.proposals.api_paging import rows_at
from orchestration.proposals.list_names import lists_refusals

_MOST_ENDPOINTS = 40
_DESCRIPTIONS = ("openapi.json", "swagger.json")
# asked for where an API does not say what it has
_USUAL = ("customers", "contacts", "people", "members", "companies", "orders", "order_items", "products", "carts", "invoices",
          "subscriptions", "tickets", "deals", "campaigns")  # fmt: skip


def endpoints_of(api: Api, url: str, first: Answer) -> tuple[str, list[str]]:
    """(base URL, endpoints): what the URL itself has, what an index or a description names, or what is usual."""
    parts = urlsplit(url)
    if first.is_ok and rows_at(first.json, parts.path.rpartition("/")[2]) is not None and parts.path.strip("/"):
        folder, _, last = parts.path.rstrip("/").rpartition("/")
        return f"{parts.scheme}://{parts.netloc}{folder}", [last + (f"?{parts.query}" if parts.query else "")]
    base = url.partition("?")[0].rstrip("/")
    found = list(_named(first.json, first.url, base)) if first.is_ok else []
    for description in () if found else _DESCRIPTIONS:
        answer = api.ask(f"{base}/{description}")
        if answer.is_ok and isinstance(answer.json, dict):
            paths = answer.json.get("paths")
            found += (
                [p.strip("/") for p, how in paths.items() if "{" not in p and "get" in how]
                if isinstance(paths, dict)
                else []
            )
    # a GET may do more than answer: only what is named as customers, orders and the like are, or as a list of who refused
    known = [one for one in dict.fromkeys(found) if entities_of(called(one)) or lists_refusals(called(one))]
    return base, (known or [one for one in _USUAL if api.ask(f"{base}/{one}").is_ok])[:_MOST_ENDPOINTS]


def _named(answer: Any, url: str, base: str) -> Iterator[str]:
    """The endpoints below the URL that an index names."""
    if not isinstance(answer, dict):
        return
    links = answer.get("_links")
    for value in (links if isinstance(links, dict) else answer).values():
        said = value.get("href") if isinstance(value, dict) else value
        if isinstance(said, str) and (there := urljoin(f"{url.rstrip('/')}/", said)).startswith(f"{base}/"):
            yield there.removeprefix(f"{base}/").partition("{")[0].rstrip("?/")


def called(endpoint: str) -> str:
    path = re.sub(r"\.json$", "", endpoint.partition("?")[0].rstrip("/"))
    name = "_".join(words_of(path.rpartition("/")[2])) or "rows"
    return f"t_{name}" if name[0].isdigit() else name
