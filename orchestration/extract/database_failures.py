"""What an error of a database means for a source, in words, and what to do about it. Not here: which error it is (database_errors.py)."""

from __future__ import annotations

import sqlalchemy as sa

from orchestration.core.errors import SourceError
from orchestration.extract.database_errors import DatabaseError, Why
from orchestration.extract.database_urls import safe

_INSTALL = "install the package that brings it (its SQLAlchemy dialect's page names it) into the environment"
# why → what is said of it, and what to do; host, name and password are blamed where no connection comes about
_CAUSES = {
    Why.UNREACHABLE: ("", "check that it runs, and host, name and password in url"),
    Why.PASSING: (": it did not answer to its end", "see in its log what broke it off: a restart, or a value that a view cannot convert"),
    Why.DENIED: (": the name in url may not read the table", "check the table's name, and grant that name the right to read it"),
    Why.REFUSED: (
        ": it cannot carry out the query",
        "see in its log what it objects to: a broken view, or a key or cursor of a type that cannot be compared",
    ),
    Why.DAMAGED: (": its file is damaged, or is not a database", "check url; where it is right, copy the database anew"),
}  # fmt: skip
_UNKNOWN_CAUSE = (
    "",
    "see in its log what it objects to; its driver here may not read its encoding or the type of a column",
)


def failure_of(source: str, name: str, there: str, url: sa.URL, error: DatabaseError) -> SourceError:
    """The error of a source whose database said this of its table `there`."""
    if error.why is Why.NO_TABLE:
        return SourceError(
            f"source {source}: there is no table {there}",
            where=safe(url),
            to_do="check the table's name, and that the name in url may see it",
        )
    if error.why is Why.NO_DRIVER:
        return SourceError(f"source {source}: {_no_driver(url)}", to_do=_INSTALL, is_whole_source=True)
    if error.why is Why.LOCKED:
        return SourceError(
            f"source {source}, table {name}: another program held the database locked for as long as the source may take",
            where=safe(url),
            to_do=f"see which program writes there at that time, or raise max_minutes below [sources.{source}]",
            is_whole_source=True,
        )
    what, to_do = _cause(error)
    return SourceError(
        f"source {source}, table {name}: {what}",
        where=f"{safe(url)}, table {there}",
        to_do=to_do,
        is_passing=error.why in (Why.PASSING, Why.UNREACHABLE),
        is_whole_source=error.why is Why.UNREACHABLE,
    )


def _cause(error: DatabaseError) -> tuple[str, str]:
    code = f"{error.name}, {error.code}" if error.code else error.name
    reason, to_do = _CAUSES.get(error.why, _UNKNOWN_CAUSE)
    return f"the database cannot be read{reason} ({code})", to_do


def _no_driver(url: sa.URL) -> str:
    return f"there is no driver for {url.drivername}:// here"


def cause_of(error: DatabaseError, url: sa.URL) -> tuple[str, str] | None:
    """What is wrong and what to do, where it is known; None: the database does not answer."""
    if error.why is Why.NO_DRIVER:
        return _no_driver(url), _INSTALL
    return _cause(error) if error.why in (Why.DENIED, Why.REFUSED, Why.DAMAGED) else None
