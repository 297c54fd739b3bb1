"""Looks whether a source answers, for the doctor: each look has an end, whatever the server does. Not here: reading rows (extract)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.core.deadline import LateError, within
from orchestration.core.errors import told_address
from orchestration.core.home import Home
from orchestration.core.settings import Source
from orchestration.extract.budget import Budget
from orchestration.run.findings import Finding

if TYPE_CHECKING:
    from sqlalchemy.engine.reflection import Inspector

# a whole look: a person waits for it
_LOOK_SECONDS = 12
# schemas that are asked for their tables
_MOST_SCHEMAS = 30
# of a driver's own waiting, with which the thread that is left behind ends too: later, so that it is told as what it is
_DRIVER_SECONDS = 30


def reach(name: str, source: Source, home: Home) -> Finding:
    """Never raises for something that it came to find."""
    what = f"source {name}"
    look = {"sql": _database, "files": _files, "rest": _api}[source.connector]
    try:
        return within(_LOOK_SECONDS, lambda: look(what, source, home))
    except LateError as error:
        return Finding(
            what, False, str(error), "check that it runs, is not overloaded, and that nothing in between blocks"
        )
    except Exception as error:  # whatever a driver raises is a finding; its text may hold a password
        return Finding(
            what, False, f"cannot be reached ({type(error).__name__})", "check that it runs, url, and name and password"
        )


def _database(what: str, source: Source, home: Home) -> Finding:
    import sqlalchemy as sa

    from orchestration.extract.database_urls import with_driver
    from orchestration.extract.sql_statements import limits

    url = with_driver(sa.make_url(source.url))
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return Finding(what, False, f"there is no file {url.database}", "check url; for the demo: `kundbild demo`")
    # with the limits of a run, so that the server ends what it works on too
    limited_url, arguments = limits(url, _DRIVER_SECONDS, _DRIVER_SECONDS)
    engine = sa.create_engine(limited_url, connect_args=arguments)
    try:
        told = _tables(sa.inspect(engine))
    finally:
        engine.dispose()
    return Finding(what, True, f"{url.render_as_string(hide_password=True)}: {told}")


def _tables(inspector: Inspector) -> str:
    """How many tables and views a database has, by schema: a table of another schema than its first one is named with it."""
    from orchestration.extract.sql_catalogue import names_there, other_schemas

    own = inspector.default_schema_name
    found = {own: len(names_there(inspector, own))}
    others = other_schemas(inspector)[:_MOST_SCHEMAS]
    # DuckDB names its file before them
    found |= {schema.rpartition(".")[2]: count for schema in others if (count := len(names_there(inspector, schema)))}
    if len(found) == 1:
        return f"{found[own]} tables"
    each = ", ".join(f"{count} in {schema}" for schema, count in found.items())
    named = next(schema for schema in found if schema != own)
    return f'tables: {each}; name one of another schema as table = "{named}.NAME"'


def _files(what: str, source: Source, home: Home) -> Finding:
    import fsspec

    system, root = fsspec.core.url_to_fs(source.url)
    # of optional tables none is missed; but a folder that is not there is a mistake of the url
    is_there = bool(system.glob(f"{root}/*"))
    missing = [
        t
        for t, table in source.tables.items()
        if (not table.optional or (table.optional == "before_first" and not is_there))
        and not system.glob(f"{root}/{table.path}")
    ]
    if missing:
        return Finding(
            what,
            False,
            f"no file for {', '.join(missing)} in {told_address(source.url)}",
            "check url and path; for the demo: `kundbild demo`",
        )
    return Finding(what, True, told_address(source.url))


def _api(what: str, source: Source, home: Home) -> Finding:
    if (home.demo / "webshop").is_dir() and "127.0.0.1" in source.url:
        return Finding(what, True, "the demo's API: served during each run")
    import requests

    from orchestration.extract.rest_look import Api

    if source.auth and source.auth.is_good_once:
        told = "not asked: its refresh token may be good once, and the night needs it"
        return Finding(what, True, f"{told_address(source.url)} is {told}")
    auth = Api.of(what.removeprefix("source "), source, Budget(what, _LOOK_SECONDS / 60)).auth
    # the body is not read: it may have no end. Nor is a redirect followed: a key in a header of its own would go with it
    with requests.get(
        source.url,
        auth=auth,
        headers=source.headers,
        timeout=_DRIVER_SECONDS,
        params={"limit": 1},
        stream=True,
        allow_redirects=False,
    ) as answer:
        status = answer.status_code
    to_do = ""
    if status in (401, 403):
        to_do = "check url and token"
    if status >= 500:
        to_do = "the server is down or has a fault of its own: try again later, and tell whoever runs it where it lasts"
    return Finding(what, not to_do, f"{told_address(source.url)} answers {status}", to_do)
