"""The `rest` connector: dlt's rest_api pages through the API, each page becomes Arrow, each load a Parquet package.

dlt does paging, the token and package recovery: a package that a killed run left is finished first, then the new batch
is fetched. Not here: waiting and retrying (http_session.py), values (pages.py), merging into raw (landing.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import requests
from requests.auth import AuthBase

from orchestration.core.errors import SourceError
from orchestration.core.home import Home
from orchestration.core.settings import Source, Table
from orchestration.core.settings.paging import ForEach, Made, Paging, named_in
from orchestration.core.warehouse import changed_rows
from orchestration.extract.batch import Batch
from orchestration.extract.budget import Budget
from orchestration.extract.cursors import Since, since
from orchestration.extract.http_session import BoundedSession
from orchestration.extract.kept_tokens import KeptToken
from orchestration.extract.landed import Landed
from orchestration.extract.last_page import LastPage
from orchestration.extract.left_out import LeftOut
from orchestration.extract.made_files import MadeFile
from orchestration.extract.page_json import page_of
from orchestration.extract.pages import (
    arrow_schema,
    is_text,
    page_to_arrow,
)
from orchestration.extract.paging import ROWS, first_only, is_posted, paginator, requested, written_since
from orchestration.extract.parents import (
    LOOKED_AT,
    NO_OBJECT,
    SAID,
    WRITTEN,
    address,
    as_objects,
    carrying,
    is_asked_for,
    parent_of,
    parents_of,
    with_parent,
)
from orchestration.extract.rest_errors import unreadable
from orchestration.extract.rest_pipeline import attached, schema_of
from orchestration.privacy.intake.entry_columns import unread_columns

# of the folder of an endpoint, where it is read a second time
_AGAIN = "again"


def read_endpoint(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    source_name: str,
    source: Source,
    name: str,
    table: Table,
    max_reject_share: float,
    budget: Budget,
) -> Batch:
    """The rows of one endpoint, those that changed since the last load or all.

    Raises SourceError when the API stays unreachable, takes too long, answers something that is not a page, points
    elsewhere, or breaks the contract.
    """
    folder = home.landing / source_name / name
    start = since(con, source_name, source, name, table)
    fetch = _Fetch(source_name, source, name, table, budget, KeptToken(home, source_name))
    left_out = LeftOut(con, source_name, name, table)
    undeclared = fetch.run(con, folder, start, max_reject_share, left_out)
    columns = {c: t for c, t in table.columns.items() if c not in unread_columns(table, table.columns)}
    schema = {part.name: part for part in arrow_schema(con, table)}
    landed = Landed.of(con, folder, name, columns, schema)
    again = None
    may_skip_rows = bool(landed.read) and start.is_whole and table.find_deletions and fetch.may_skip_rows
    if may_skip_rows and landed.misses_rows(con, source_name, name, table):
        second = folder / _AGAIN
        shutil.rmtree(second, ignore_errors=True)
        undeclared |= fetch.run(con, second, start, max_reject_share, LeftOut(con, source_name, name, table))
        again = Landed.of(con, second, name, columns, schema)

    def after(load_id: int) -> int:
        rejects = landed.rejects(load_id, source_name, name)
        if again:
            rejects = f"{rejects} union {again.rejects(load_id, source_name, name)}"
        return changed_rows(con, f"insert into fresh_rejects {rejects}")

    return Batch(
        landed.with_what_is_only_in(again, table.key) if again else landed.select, columns,
        after=after, added=sorted(undeclared), is_columnar=True, is_text=is_text(con, table),
        nulls=source.null_values, null_keys=source.null_keys, way=start.way, notes=left_out.notes,
        # an answer without rows is right where nothing changed, and a fault where there is nothing at all any more
        is_whole=start.is_whole or (not landed.read and fetch.is_empty()),
    )  # fmt: skip


def forget_landed(home: Home, source_name: str, name: str) -> None:
    """Removes the packages of a load once it is committed: they hold personal data and are not needed again."""
    shutil.rmtree(home.landing / source_name / name, ignore_errors=True)


class _Fetch:
    """One endpoint's pages, from the API to a Parquet package below a folder."""

    def __init__(
        self, source_name: str, source: Source, name: str, table: Table, budget: Budget, kept: KeptToken
    ) -> None:
        self.kept = kept
        self.source_name, self.source, self.name, self.table, self.budget = source_name, source, name, table, budget
        self.path, self.paging = table.endpoint or name, source.paging_of(table)
        # of an endpoint that is asked for each row of another, whether there was one
        self.has_parents = False
        # answers of the table's own endpoint
        self.answers = 0

    def run(
        self, con: duckdb.DuckDBPyConnection, folder: Path, start: Since, max_reject_share: float, left_out: LeftOut
    ) -> set[str]:
        """Fetches every page; returns the columns that nobody declared."""
        import dlt
        from dlt.pipeline.exceptions import PipelineStepFailed
        from dlt.sources.rest_api import rest_api_resources

        source_name, name, table = self.source_name, self.name, self.table
        pipeline = attached(folder, f"{source_name}__{name}")
        paging = self.paging
        session = self._session()
        client: dict[str, Any] = {"base_url": self.source.url, "session": session}
        resources = self._resources({} if start.value is None else {paging.since: written_since(paging, start.value)})
        pages = rest_api_resources({"client": client, "resources": resources})
        if self.source.most_rows:
            pages[0].add_limit(1)
        whose = f"_{resources[-2]['name']}_{SAID}" if len(resources) > 1 else ""
        read_as = carrying(table)
        schema = arrow_schema(con, table)
        undeclared: set[str] = set()

        @dlt.transformer(name=name)
        def as_arrow(page: list[Any]) -> Iterator[pa.Table]:
            if whose:
                page = [with_parent(row, row.pop(whose), table) for row in page]
            if page:
                yield page_to_arrow(page, schema, source_name, name, read_as, max_reject_share, left_out, undeclared)

        try:
            with session:
                pipeline.extract(
                    pages[-1] | as_arrow, loader_file_format="parquet", table_name=name, schema=schema_of(pipeline)
                )
            pipeline.normalize()
            pipeline.load()
        except PipelineStepFailed as error:
            # what dlt cannot find any more needs no aborting
            with suppress(Exception):
                pipeline.abort_packages()
            raise self._late() or unreadable(source_name, self.source, name, table, error) from None
        return undeclared

    def _late(self) -> SourceError | None:
        """Why nothing is kept of a table that is asked for each row of another, and took longer than its source may: how far it came, for
        the next night begins anew."""
        if self.budget.left or not self.table.for_each:
            return None
        how_far = (
            f"{self.answers:,} answers of {self.path} had come and are not kept: the next run asks for each row of "
            f"{self.table.for_each.endpoint} anew"
        )
        return self.budget.spent(self.name, how_far, "read fewer of them (for_each.only)")

    @property
    def may_skip_rows(self) -> bool:
        """Whether pages are counted: a row that is deleted while they are read moves another one onto a page that was read before."""
        return any(one.next in ("page", "offset") for one in self._pagings)

    @property
    def _pagings(self) -> list[Paging]:
        return [self.paging, *(self.source.paging_of(one) for one in parents_of(self.table))]

    def is_empty(self) -> bool:
        """Whether the endpoint has no row at all: asked where nothing changed, so that an emptied source is noticed. Of one that is asked for
        each row of another, whether that has none; of one that makes files it is not asked."""
        if self.table.for_each or self.table.made:
            return bool(self.table.for_each) and not self.has_parents
        said = {self.paging.size: 1} if self.paging.size else {}
        params, body = requested(self.paging, said, self.table.body)
        method = "POST" if is_posted(self.table, self.paging) else "GET"
        try:
            with self._session() as session:
                answer = session.request(method, address(self.source, self.path), params=params, json=body)
            return bool(answer.ok and not page_of(answer, self.source_name, self.name, self.paging)[ROWS])
        except requests.RequestException as error:
            raise unreadable(self.source_name, self.source, self.name, self.table, error) from None

    def _resources(self, said: dict[str, Any]) -> list[dict[str, Any]]:
        """dlt's resources, the endpoint's own last, which is asked with what is `said`: each is asked for each row of the one before it."""
        parents = parents_of(self.table)
        endpoints = [*(one.endpoint for one in parents), self.path]
        found: list[dict[str, Any]] = []
        for at, endpoint in enumerate(endpoints):
            one = parents[at] if at < len(parents) else None
            paging = self.source.paging_of(one or self.table)
            sent = {paging.size: self.source.page_size} if paging.size else {}
            parameters, body = requested(paging, sent if one else sent | said, (one or self.table).body)
            asked = {"path": endpoint, "params": parameters, "data_selector": ROWS, "paginator": paginator(paging)}
            if is_posted(one or self.table, paging):
                asked |= {"method": "POST", "json": _without_fields(body or {})}
            asked["response_actions"] = [
                self._refuse_what_is_no_page(paging, None if one else self.table.made, is_own=not one)
            ]
            resource: dict[str, Any] = {"name": f"{self.name}_pages_{at}", "endpoint": asked}
            outer = found[-1]["name"] if found else ""
            if outer:
                resource["include_from_parent"] = [SAID]
                for column in named_in(endpoint):
                    parameters[column] = {"type": "resolve", "resource": outer, "field": f"{WRITTEN}.{column}"}
            if one:
                resource["processing_steps"] = self._as_parents(one, endpoints[at + 1], outer)
            found.append(resource)
        if self.source.most_rows and parents:
            found[-1]["endpoint"]["paginator"] = first_only(paginator(self.paging))
        return found

    def _as_parents(self, one: ForEach, asked_by: str, outer: str) -> list[dict[str, Any]]:
        """What makes of the rows of an endpoint those for which the next one is asked, each once."""
        seen: set[tuple[str, ...]] = set()

        def parent(row: dict[str, Any]) -> dict[str, Any]:
            said = row.pop(f"_{outer}_{SAID}") if outer else {}
            return parent_of(row.get(NO_OBJECT, row), one, asked_by, self.source_name, self.name, said)

        def is_new(found: dict[str, Any]) -> bool:
            self.has_parents = True
            if not is_asked_for(found[SAID], one):
                return False
            if self.source.most_rows and len(seen) >= LOOKED_AT:
                return False
            key = tuple(found[WRITTEN][column] for column in named_in(asked_by))
            is_known = key in seen
            seen.add(key)
            return not is_known

        return [{"map": parent}, {"filter": is_new}]

    def _refuse_what_is_no_page(self, paging: Paging, made: Made | None, *, is_own: bool) -> Any:
        last = LastPage(self.source_name, self.name, paging, self.source.page_size, self._session)
        file = MadeFile(self.source_name, self.name, made, self.budget, self._session) if made else None

        def check(response: Any, *_: Any, **__: Any) -> Any:
            if response.ok:
                found = page_of(file.fetched(response) if file else response, self.source_name, self.name, paging)
                last.check(response, found)
                self.answers += is_own
                if self.table.for_each:
                    found[ROWS] = as_objects(found[ROWS])
                # dlt asks again
                response.json = lambda **_: found
            return response

        return check

    def _session(self) -> BoundedSession:
        from orchestration.extract.http_auth import authentication

        auth = authentication(self.source_name, self.source, self.budget, self._bounded, self.kept)
        counted = {one.parameter for one in self._pagings if one.next in ("cursor", "header", "page", "offset")}
        session = self._bounded(self.source.url, auth, counted=counted)
        session.headers.update(self.source.headers)
        return session

    def _bounded(self, url: str, auth: AuthBase | None = None, *, counted: Collection[str] = ()) -> BoundedSession:
        from dlt.common.configuration import resolve_configuration
        from dlt.common.configuration.specs import RuntimeConfiguration

        set_up = resolve_configuration(RuntimeConfiguration())
        return BoundedSession(
            self.source_name, self.name, url, self.budget, auth=auth, counted=counted,
            attempts=set_up.request_max_attempts, backoff=set_up.request_backoff_factor,
            timeout=set_up.request_timeout, longest_wait=set_up.request_max_retry_delay,
        )  # fmt: skip


def _without_fields(body: dict[str, Any]) -> dict[str, Any]:
    """A body in which dlt finds no names to fill in: a query of GraphQL is full of braces."""
    from dlt.common.utils import map_nested_keys_in_place, map_nested_values_in_place

    def doubled(said: Any) -> Any:
        return said.replace("{", "{{").replace("}", "}}") if isinstance(said, str) else said

    return map_nested_keys_in_place(doubled, map_nested_values_in_place(doubled, deepcopy(body)))
