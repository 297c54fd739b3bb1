"""A proposed block as `add-source --yes` writes it, checked as a night checks it. Not here: the tests, or what they expect."""

from __future__ import annotations

import tempfile
from pathlib import Path

from orchestration.core.configuration import load_settings
from orchestration.core.settings import Settings
from orchestration.proposals.propose import ProposedSource
from orchestration.proposals.written import write_source


def settings_of(found: ProposedSource) -> Settings:
    """The settings with the block alone; raises what a night would raise."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kundbild.toml"
        write_source(path, found.block)
        return load_settings(path)
