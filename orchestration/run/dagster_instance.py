"""Dagster's instance of a home: whether it starts with what somebody added to `dagster.yaml`, and opening it.

Not here: what Kundbild writes there (core/dagster_settings.py), or Dagster's databases (run_history.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestration.core import dagster_settings
from orchestration.core.errors import KundbildError
from orchestration.core.home import Home

if TYPE_CHECKING:
    from dagster import DagsterInstance


def assert_usable(home: Home) -> None:
    """Raises KundbildError where what somebody added to the settings keeps Dagster from starting. Opens nothing."""
    if not dagster_settings.is_changed(home.dagster) or dagster_settings.is_damaged(home.dagster):
        return
    if missing := dagster_settings.not_found(home.dagster):
        raise _unusable(home, f"names what cannot be imported: {', '.join(missing)}")
    # private: the public way reads the settings by opening every database; tests/unit/defs/test_history.py watches both names
    from dagster._core.instance.ref import InstanceRef

    with _telling_of_settings(home):
        InstanceRef.from_dir(str(home.dagster))


def open_instance(home: Home) -> DagsterInstance:
    """The instance, to be closed by whoever opens it. Raises KundbildError where the settings do not allow it."""
    import dagster as dg

    with _telling_of_settings(home):
        return dg.DagsterInstance.from_config(str(home.dagster))


@contextmanager
def _telling_of_settings(home: Home) -> Iterator[None]:
    import dagster as dg
    from dagster._check import (
        CheckError,  # private: Dagster raises it for settings of another type, and it is no DagsterError
    )

    try:
        yield
    except (dg.DagsterError, CheckError) as error:
        if not dagster_settings.is_changed(home.dagster):
            raise
        # the kind alone: its text quotes the settings, and a password may be among them
        raise _unusable(home, f"is not what Dagster takes ({type(error).__name__})") from error


def _unusable(home: Home, why: str) -> KundbildError:
    return KundbildError(
        f"{dagster_settings.FILE} {why}",
        where=str(home.dagster / dagster_settings.FILE),
        to_do="fix what was added to it, or delete the file: `kundbild run` makes it anew without the additions",
    )
