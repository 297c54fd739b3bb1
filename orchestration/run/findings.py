"""What the doctor found at one place. Not here: where it looks (doctor.py, reach.py)."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.core.errors import without_secrets


@dataclass(frozen=True)
class Finding:
    what: str
    is_ok: bool
    found: str
    to_do: str = ""

    def __post_init__(self) -> None:
        # what was found may be a URL of the configuration
        object.__setattr__(self, "found", without_secrets(self.found))
