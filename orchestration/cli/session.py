"""What commands share: the warehouse with the writer's lock, and the audit log. Not here: arguments (options.py)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from orchestration.core.errors import KundbildError

if TYPE_CHECKING:
    from orchestration.core.home import Home
    from orchestration.core.settings import Settings
    from orchestration.privacy.audit.log import AuditLog


def audit_of(settings: Settings) -> AuditLog:
    """The home folder's audit log."""
    from orchestration.core.configuration import home_and_config
    from orchestration.privacy.audit.log import audit_log

    home, _ = home_and_config()
    return audit_log(home, settings.privacy)


def home_and_settings(source: str | None = None) -> tuple[Home, Settings]:
    """Home folder and settings, without the lock; of a command about one `source`, without the secrets of the others. Raises KundbildError
    before the first night."""
    from orchestration.core.configuration import home_and_config, load_settings

    home, config = home_and_config()
    if not home.warehouse.exists():
        raise KundbildError("there is no warehouse yet", where=str(home.warehouse), to_do="`kundbild run`")
    return home, load_settings(config, read_sources=[source] if source else None)


@contextmanager
def locked_warehouse(purpose: str, source: str | None = None) -> Iterator[tuple[Any, Any]]:
    """(warehouse, settings) of the home folder, with the writer's lock; of a command about one `source`, without the secrets of the others.
    Raises KundbildError before the first night."""
    from orchestration.core.migrations import opened

    home, settings = home_and_settings(source)
    with opened(home, settings.engine, purpose) as con:
        yield con, settings
