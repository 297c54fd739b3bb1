"""Why an API cannot be read, in words: out of dlt's and requests' errors, whose texts may quote an address with what is secret in it.

Not here: answers that are no page (page_json.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import requests

from orchestration.core.errors import SourceError, told_address
from orchestration.core.settings import Source, Table
from orchestration.extract.http_session import is_unreachable


def unreadable(source_name: str, source: Source, name: str, table: Table, error: BaseException) -> SourceError:
    """The error of an API that cannot be read, by what dlt or requests raised."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, SourceError):
            return cause
    answers = [answer for cause in causes if (answer := getattr(cause, "response", None)) is not None]
    status = answers[0].status_code if answers else None
    # what was on the way when it happened, as a StopIteration of a loop, is not a cause
    first = next((cause for cause in causes if not type(cause).__module__.startswith("dlt.")), causes[-1])
    if isinstance(first, requests.exceptions.ChunkedEncodingError):
        why, to_do = "an answer breaks off", "ask whoever runs the API; a smaller page_size may help"
    elif status in (401, 403):
        why, to_do = f"status {status}", "check the token or auth, and what it may read"
    elif status == 404:
        why, to_do = f"status {status}", "check url, and the endpoint of the table"
    else:
        why = f"status {status}" if status else type(first).__name__
        to_do = "check that it runs, and url and token"
    return SourceError(
        f"source {source_name}, table {name}: the API cannot be read ({why})",
        where=f"{told_address(source.url)}, [sources.{source_name}.tables.{name}]",
        to_do=to_do,
        # a row may be gone before its own rows are asked for
        is_passing=status not in (401, 403) and (status != 404 or table.for_each is not None),
        # a token that is refused is that of every table; all else an API may do at one endpoint alone
        is_whole_source=status == 401 or is_unreachable(first),
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, outermost first."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        inner = getattr(seen, "exception", None)
        seen = inner if isinstance(inner, BaseException) and inner is not seen else seen.__cause__ or seen.__context__
