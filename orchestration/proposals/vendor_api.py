"""`kundbild add-source --from` the address of a vendor's API that is known as it is: the vendor's block, without asking. A vendor's
file says below [connect] which hosts are the vendor's, and how to authenticate; its ${KEY} becomes a variable of the source, ${SHOP_KEY}.

Not here: APIs that nobody knows (api.py), what is read of a vendor (extract/vendors).
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from orchestration.core.errors import ConfigurationError, did_you_mean
from orchestration.core.settings.secret_names import VARIABLE
from orchestration.extract.vendors import API, forms, page_of, read_form
from orchestration.proposals.block import said
from orchestration.proposals.found import FoundTable, ProposedSource
from orchestration.proposals.recognised import Recognised, wording_lines


def known_apis() -> list[str]:
    """Vendors whose files say how to authenticate at their API."""
    return [vendor for vendor, of in forms().items() if API in of and "connect" in read_form(vendor, API)]


def vendor_of(address: str) -> str | None:
    """Whose API is at an address, by its host."""
    host = (urlsplit(address).hostname or "").lower()
    patterns = {vendor: read_form(vendor, API)["connect"].get("hosts", []) for vendor in known_apis()}
    return next((v for v, hosts in patterns.items() if any(fnmatch.fnmatchcase(host, one) for one in hosts)), None)


def propose_vendor(name: str, address: str, vendor: str) -> ProposedSource:
    """The block of a vendor's API. Nothing is asked there. Raises ConfigurationError where there is no such vendor, or the address has a login."""
    if vendor not in known_apis():
        raise ConfigurationError(
            f"the API of '{vendor}' is not known",
            to_do=f"{did_you_mean(vendor, known_apis())} known: {', '.join(known_apis())}".strip(),
        )
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or "@" in parts.netloc:
        raise ConfigurationError(
            f"--from is not the plain web address of {vendor}'s API", to_do=f"name it without a login, and see {page_of(vendor)}"
        )  # fmt: skip
    connect = read_form(vendor, API)["connect"]
    is_vendors_host = vendor_of(address) == vendor
    path = "" if is_vendors_host else parts.path.rstrip("/")
    # a vendor's own host is asked by https alone: the token would else be sent so that anybody on the way reads it
    url = urlunsplit(("https" if is_vendors_host else parts.scheme, parts.netloc, path.removesuffix(connect.get("path", "")), "", "")) + connect.get("path", "")  # fmt: skip
    tables = [Recognised(vendor, API, table, ()) for table in read_form(vendor, API)["tables"]]
    lines = [f"[sources.{name}]", 'connector = "rest"', f"url = {said(url)}", f"vendor = {said(vendor)}", f"form = {said(API)}"]  # fmt: skip
    lines += wording_lines(tables)
    own = f"{name.upper()}_"
    lines += [f"# what to click, and which scopes: {page_of(vendor)}", *_who_asks(name, connect, own)]
    variables = [one[1] for one in VARIABLE.finditer("\n".join(lines)) if one[1] not in os.environ]
    found = [FoundTable(one.table, 0, 0, [], tuple(read_form(vendor, API)["tables"][one.table]["key"]), {}, [], [], vendor=one) for one in tables]  # fmt: skip
    return ProposedSource("\n".join(lines) + "\n", [name], found, to_set=tuple(variables))


def _who_asks(name: str, connect: dict[str, Any], own: str) -> Iterator[str]:
    def named(value: Any) -> Any:
        return VARIABLE.sub(lambda m: f"${{{own}{m[1]}}}", value) if isinstance(value, str) else value

    if "token" in connect:
        yield f"token = {said(named(connect['token']))}"
    if "auth" in connect:
        yield from ("", f"[sources.{name}.auth]")
        yield from (f"{key} = {said(named(value))}" for key, value in connect["auth"].items())
