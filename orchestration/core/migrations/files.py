"""Files of a home that earlier versions wrote and this one does not keep. Here: one function a step. Not here: tables (steps.py)."""

from __future__ import annotations

from orchestration.core.home import Home


def forget_traces(home: Home) -> None:
    """Deletes what dlt noted of failed loads, with the secrets of a URL: `landing/<source>/<table>/packages/*/trace.pickle`."""
    for trace in home.landing.glob("*/*/packages/*/trace.pickle"):
        trace.unlink()
