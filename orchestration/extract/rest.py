"""The `rest` connector: dlt's rest_api pages through the API, each page becomes Arrow, each load a Parquet package.

dlt does paging, the token, 429 with Retry-After, bounded retries and package recovery: a package that a killed run
left is finished first, then the new batch is fetched. Not here: merging into raw (landing.py).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from orchestration.errors import SourceError
from orchestration.extract.landing import Batch
from orchestration.extract.raw_tables import check_contract, raw_name
from orchestration.home import Home
from orchestration.privacy.entry import unread_columns
from orchestration.settings import Source, Table
from orchestration.warehouse import quote, scalar, text

if TYPE_CHECKING:
    import dlt

_DATA = "data"
REJECTS = "_rejected_json"
_PAGE_START = re.compile(rb'\s*\{\s*"data"\s*:\s*\[')


def read_endpoint(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    source_name: str,
    source: Source,
    name: str,
    table: Table,
    max_reject_share: float,
) -> Batch | None:
    """The rows of one endpoint changed since the last load, or None.

    Raises SourceError when the API stays unreachable, answers something that is not a page, or breaks the contract.
    """
    folder = home.landing / source_name / name
    _fetch(con, home, source_name, source, name, table, max_reject_share)
    files = sorted(folder.glob(f"raw/{name}/*.parquet"))
    if not files:
        return None
    paths = "[" + ", ".join(text(file) for file in files) + "]"
    found = dict(
        con.execute(
            f"select column_name, column_type from (describe from read_parquet({paths}, union_by_name = true))"
        ).fetchall()
    )
    added = sorted(c for c in found if c not in table.columns and c != REJECTS and not c.startswith("_dlt"))
    columns = {c: t for c, t in table.columns.items() if c in found}
    read = f"read_parquet({paths}, union_by_name = true)"
    good = f"where {REJECTS} is null" if REJECTS in found else ""

    def after(load_id: int) -> int:
        rejected = 0
        if REJECTS in found:
            con.execute(
                f"insert into fresh_rejects select {load_id}, {text(source_name)}, {text(name)}, null, null, null, "
                f"'not of the declared type', {REJECTS} from {read} where {REJECTS} is not null"
            )
            rejected = int(scalar(con, f"select count(*) from {read} where {REJECTS} is not null"))
        return rejected

    names = ", ".join(quote(c) for c in columns)
    return Batch(f"select {names} from {read} {good}", columns, after=after, added=added, is_columnar=True)


def forget_landed(home: Home, source_name: str, name: str) -> None:
    """Removes the packages of a load once it is committed: they hold personal data and are not needed again."""
    shutil.rmtree(home.landing / source_name / name, ignore_errors=True)


def _fetch(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    source_name: str,
    source: Source,
    name: str,
    table: Table,
    max_reject_share: float,
) -> None:
    import dlt
    from dlt.pipeline.exceptions import PipelineStepFailed
    from dlt.sources.rest_api import rest_api_resources

    folder = home.landing / source_name / name
    if not source.token and "token" in source.model_fields_set:
        raise SourceError(
            f"source {source_name}: the token is empty", to_do="set the environment variable that token names"
        )
    pipeline = _pipeline(folder, f"{source_name}__{name}")
    parameters: dict[str, Any] = {"limit": source.page_size}
    since = _since(con, source_name, name, table)
    if since:
        parameters["updated_since"] = since
    client: dict[str, Any] = {"base_url": source.url, "paginator": {"type": "header_link"}}
    if source.token:
        client["auth"] = {"type": "bearer", "token": source.token}
    endpoint = {
        "path": table.endpoint or name,
        "params": parameters,
        "data_selector": _DATA,
        "response_actions": [_refuse_what_is_no_page(source_name, name)],
    }
    pages = rest_api_resources({"client": client, "resources": [{"name": f"{name}_pages", "endpoint": endpoint}]})[0]
    schema = _arrow_schema(con, table)

    @dlt.transformer(name=name)
    def as_arrow(page: list[dict[str, Any]]) -> Iterator[pa.Table]:
        if page:
            yield page_to_arrow(page, schema, source_name, name, table, max_reject_share)

    try:
        pipeline.extract(pages | as_arrow, loader_file_format="parquet", table_name=name)
        pipeline.normalize()
        pipeline.load()
    except PipelineStepFailed as error:
        pipeline.abort_packages()
        causes = list(_causes(error))
        for cause in causes:
            if isinstance(cause, SourceError):
                raise cause from None
        answers = [answer for cause in causes if (answer := getattr(cause, "response", None)) is not None]
        status = answers[0].status_code if answers else None
        raise SourceError(
            f"source {source_name}, table {name}: the API cannot be read"
            + (f" (status {status})" if status else f" ({type(causes[-1]).__name__})"),
            where=f"{source.url}/{endpoint['path']}",
            to_do="check the token" if status in (401, 403) else "check that it runs, and url and token",
            is_passing=status not in (401, 403, 404),
        ) from None


def _pipeline(folder: Path, name: str) -> dlt.Pipeline:
    """The endpoint's dlt pipeline with nothing pending: packages that a killed run left are finished first.

    Killed at the wrong moment, they can never be, or not even be looked at: then the folder is cleared. Nothing is
    lost by that, for the cursor is the newest row of raw, and no row of the folder is there yet.
    """
    import dlt

    def attach() -> dlt.Pipeline:
        pipeline = dlt.pipeline(
            name,
            pipelines_dir=str(folder / "packages"),
            destination=dlt.destinations.filesystem(bucket_url=str(folder)),
            dataset_name="raw",
        )
        # so dlt has no state to keep: an answer without rows leaves no package
        pipeline.config.restore_from_destination = False
        return pipeline

    # half-written files make dlt raise nearly anything
    with suppress(Exception):
        pipeline = attach()
        if pipeline.has_pending_data:
            pipeline.normalize()
            pipeline.load()
        if not pipeline.has_pending_data:
            return pipeline
    shutil.rmtree(folder, ignore_errors=True)
    return attach()


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, outermost first."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        inner = getattr(seen, "exception", None)
        seen = inner if isinstance(inner, BaseException) and inner is not seen else seen.__cause__ or seen.__context__


def _refuse_what_is_no_page(source: str, name: str) -> Any:
    def check(response: Any, *_: Any, **__: Any) -> Any:
        try:
            # a page says so at once; only another order of keys costs a parse
            is_page = _PAGE_START.match(response.content) or isinstance(response.json().get(_DATA), list)
        except (ValueError, AttributeError):
            is_page = False
        if response.ok and not is_page:
            raise SourceError(
                f"source {source}, table {name}: the answer is no page of rows but {response.headers.get('Content-Type', 'untyped')}",
                where=response.url.split("?")[0],
                to_do='the API must answer {"data": [...]}; is a proxy or a login page in between?',
            )
        return response

    return check


def page_to_arrow(
    page: list[dict[str, Any]], schema: pa.Schema, source: str, name: str, table: Table, max_reject_share: float
) -> pa.Table:
    """A page of rows as Arrow of `schema`. Rows that do not fit are kept as JSON in the column `_rejected_json`.

    Unknown columns are kept as JSON text. Raises SourceError when a declared column stands in no row, or when so many
    rows do not fit that a column must have been retyped.
    """
    from dlt.common.json import json

    seen: set[str] = set().union(*page)
    added = check_contract(source, name, table, sorted(seen), "the API's answer")
    if added:
        schema = pa.schema([*schema, *[(column, pa.string()) for column in sorted(added)]])
        page = [row | {c: json.dumps(row[c]) for c in added if row.get(c) is not None} for row in page]
    unread = unread_columns(table, seen)
    if unread:  # pages lie on disk until they are loaded
        schema = pa.schema([part for part in schema if part.name not in unread])
        page = [{c: value for c, value in row.items() if c not in unread} for row in page]
    try:
        return pa.Table.from_pylist(page, schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        good, bad = [], []
        for row in page:
            try:
                pa.RecordBatch.from_pylist([row], schema)
                good.append(row)
            except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
                bad.append({REJECTS: json.dumps(row)})
    if len(bad) > 1 and len(bad) > max_reject_share * len(page):
        raise SourceError(
            f"source {source}, table {name}: {len(bad)} of {len(page)} rows of a page do not fit the declared types",
            to_do="a column was retyped: mend the API, or change the types in the configuration and the staging model",
        )
    return pa.Table.from_pylist([*good, *bad], pa.schema([*schema, (REJECTS, pa.string())]))


def _since(con: duckdb.DuckDBPyConnection, source: str, name: str, table: Table) -> str | None:
    if not table.cursor:
        return None
    return scalar(con, f"select max({quote(table.cursor)})::varchar from {raw_name(source, name)}")


def _arrow_schema(con: duckdb.DuckDBPyConnection, table: Table) -> pa.Schema:
    columns = ", ".join(f"null::{kind} as {quote(column)}" for column, kind in table.columns.items())
    return con.sql(f"select {columns}").to_arrow_table().schema
