"""The URL of a database, with the driver that is installed, and as it may be told. Not here: connecting (sql_fetch.py)."""

from __future__ import annotations

import sqlalchemy as sa

from orchestration.core.errors import SourceError
from orchestration.core.settings import Source


def url_of(source_name: str, source: Source) -> sa.URL:
    """Raises SourceError where the source has none."""
    try:
        return with_driver(sa.make_url(source.url))
    except sa.exc.ArgumentError:
        raise SourceError(
            f"source {source_name}: url is not a SQLAlchemy URL",
            to_do="e.g. sqlite:///file.sqlite",
            is_whole_source=True,
        ) from None


def with_driver(url: sa.URL) -> sa.URL:
    """The URL with the driver that is installed, where it names none."""
    drivers = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mysql+pymysql"}
    return url.set(drivername=drivers.get(url.drivername, url.drivername))


def safe(url: sa.URL) -> str:
    """As it may be told."""
    return url.render_as_string(hide_password=True)
