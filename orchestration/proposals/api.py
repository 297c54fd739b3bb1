"""`kundbild add-source --from` an API: its endpoints, how they page, and what the rows of their first pages are.

The token comes from the environment (NAME_TOKEN), and goes to the host of the URL alone. Not here: how an endpoint pages (api_paging.py).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from orchestration.core.errors import ConfigurationError, told_address
from orchestration.core.settings.paging import Paging
from orchestration.extract.budget import Budget
from orchestration.extract.rest_look import Api
from orchestration.proposals import block
from orchestration.proposals.api_endpoints import endpoints_of
from orchestration.proposals.api_paging import PAGE_SIZE
from orchestration.proposals.api_tables import ApiTable, tables_of
from orchestration.proposals.currencies import with_currencies
from orchestration.proposals.derived import without_doubles
from orchestration.proposals.found import (
    FoundTable,
    ProposedSource,
    nothing_is_mapped,
    table_block,
)
from orchestration.proposals.linked import with_links
from orchestration.proposals.looked import looking
from orchestration.proposals.places import FORMATS
from orchestration.proposals.proposal import Company
from orchestration.proposals.refunds import with_refunds
from orchestration.proposals.refusal_lists import with_refusals_read
from orchestration.proposals.secret_urls import secret_url
from orchestration.proposals.unread_amounts import with_unread_amounts

_MINUTES = 5.0


def is_api(said: str) -> bool:
    """Whether it is a web address that is not a file."""
    if not said.startswith(("http://", "https://")):
        return False
    name = urlsplit(said).path.rpartition("/")[2].lower().removesuffix(".gz")
    # of an API a resource may be named so
    return not name.endswith((*FORMATS, ".zip")) or name.endswith(".json")


def propose_api(name: str, said: str, company: Company) -> ProposedSource:
    """Raises ConfigurationError where nothing there is a table or the token is refused, SourceError where the API does not answer."""
    hidden = secret_url(name, said)
    variable = f"{name.upper()}_TOKEN"
    api = Api(name, hidden.plain, os.environ.get(variable), Budget(name, _MINUTES))
    first = api.ask(hidden.plain)
    if first.status in (401, 403):
        raise ConfigurationError(
            f"the API refuses the token (status {first.status})" if api.token else f"the API asks for a token (status {first.status})",
            where=told_address(said), to_do=f"set {variable}, which kundbild.toml names too: export {variable}=…, and call again",
        )  # fmt: skip
    base, endpoints = endpoints_of(api, hidden.plain, first)
    with looking() as con:
        looked = [tables_of(con, api, base, endpoint, company) for endpoint in endpoints]
        parents = [one[0] for one in looked]
        known = {m.entity for one in parents for m in one.table.maps if not m.one_row_per_key}
        # lines of another endpoint would be the same ones
        lists = [one for _, *found in looked for one in found if known.isdisjoint(m.entity for m in one.table.maps)]
        every = [m for one in [*parents, *lists] for m in one.table.maps]
        alike = _alike([*parents, *lists])
        once = with_refusals_read(
            with_currencies(with_refunds([replace(t, maps=without_doubles(t.maps, every)) for t, _ in alike]))
        )
        once = with_unread_amounts(with_links(con, once))
        tables = [(t, paging) for t, (_, paging) in zip(once, alike, strict=True)]
    if not any(table.usable for table, _ in tables):
        raise nothing_is_mapped([table for table, _ in tables], told_address(said))
    common = max((p for t, p in tables if t.usable), key=[p for t, p in tables if t.usable].count)
    size = min((one.how.page_size for one in parents), default=PAGE_SIZE)
    lines = block.api_lines(
        name,
        _with_variables(base, hidden.variables),
        variable if api.token else None,
        common,
        size if size != PAGE_SIZE else None,
    )
    for (table, paging), one in zip(tables, [*parents, *lists], strict=True):
        if table.is_read:
            said_so = _with_variables(one.endpoint, hidden.variables)
            own = block.paging(paging) if paging != common else None
            lines += table_block(name, table, {"endpoint": said_so if said_so != table.name else None, "paging": own})
    variables = {v: s for v, s in hidden.variables.items() if hidden.is_new and any(v in line for line in lines)}
    return ProposedSource("\n".join(lines) + "\n", [name], [t for t, _ in tables], [], variables)


def _alike(looked: Sequence[ApiTable]) -> list[tuple[FoundTable, Paging]]:
    """The tables with how they page: one of too few rows to tell as most others do, one without a cursor as those that have one."""
    proved = [one.how.paging for one in looked if one.how.is_proved and one.table.maps]
    since = [p.since for p in proved if p.since] or [Paging().since]
    found = []
    for one in looked:
        table, how = one.table, one.how
        paging = how.paging
        if not how.is_proved and proved:
            paging = max(proved, key=proved.count).model_copy(update={"rows": paging.rows, "since": paging.since})
        if not table.has_cursor:
            paging = paging.model_copy(update={"since": max(since, key=since.count)})
        found.append((table if how.is_proved or proved else _noted(table), paging))
    return found


def _noted(table: FoundTable) -> FoundTable:
    note = f"{table.name}: it has too few rows to tell how it pages: set `paging` before it has more"
    return replace(table, notes=(*table.notes, note))


def _with_variables(written: str, variables: dict[str, str]) -> str:
    """An address or an endpoint, with what is secret in it as its variable."""
    for variable, secret in variables.items():
        written = written.replace(f"={secret}", f"=${{{variable}}}").replace(f":{secret}@", f":${{{variable}}}@")
    return written
