"""One module per kind of table; `all_suites` puts them together. Not here: running them."""

from __future__ import annotations

from data_quality.checks import History, Suite
from data_quality.suites import conformed, consent, identity, marts, raw, set_aside
from orchestration.core.settings import Settings


def all_suites(settings: Settings, history: History | None = None) -> list[Suite]:
    """Every suite for the configured sources. `history` sets the volume checks' floors; names do not depend on it."""
    history = history or {}
    return [
        *raw.suites(settings, history),
        *conformed.suites(settings, history),
        *identity.suites(settings, history),
        *marts.suites(settings, history),
        *set_aside.suites(settings, history),
        *consent.suites(settings, history),
    ]
