"""The probabilistic model as a file: Splink's settings with their numbers, and a version. Here: reading and writing it.

Not here: learning the numbers (training.py), applying them (scoring.py), what they mean (comparisons.py).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.core.errors import KundbildError
from orchestration.core.home import Home, write_private
from orchestration.identity.comparisons import COMPARISONS_VERSION

DEFAULT_MODEL = Path(__file__).parent / "default_model.json"
# fewer records teach nothing: the default model weighs them
MIN_RECORDS = 500


@dataclass(frozen=True)
class Model:
    """Trained Splink settings. `version` names them in every edge: a digest, so that no two models share it."""

    settings: dict[str, Any]
    trained_on_records: int

    @property
    def version(self) -> str:
        digest = hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()
        return f"splink-{COMPARISONS_VERSION}-{digest[:8]}"

    def save(self, path: Path) -> None:
        write_private(
            path,
            json.dumps(
                {
                    "comparisons_version": COMPARISONS_VERSION,
                    "trained_on_records": self.trained_on_records,
                    "settings": self.settings,
                },
                indent=1,
            )
            + "\n",
        )

    @classmethod
    def load(cls, path: Path) -> Model:
        """Raises KundbildError where the file is not a model, or compares in another way than this version does."""
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            version, settings, records = (stored[k] for k in ("comparisons_version", "settings", "trained_on_records"))
            if not isinstance(settings["comparisons"], list):
                raise TypeError("comparisons are a list")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise KundbildError(
                "this is not an identity model: without it other people would be one customer than before",
                where=str(path),
                to_do="restore the newest backup of the file; where there is none, `kundbild identity train` learns another, and "
                "customer ids may change",
            ) from error
        if version != COMPARISONS_VERSION:
            raise KundbildError(
                f"the identity model is of version {version}; this Kundbild compares by version {COMPARISONS_VERSION}",
                where=str(path),
                to_do="`kundbild identity train` makes a new one; or take the file away, and the default model serves",
            )
        return cls(settings, records)


def nightly_model(home: Home) -> Model:
    """The company's own model where `kundbild identity train` made one, else the default one."""
    return Model.load(home.identity_model if home.identity_model.exists() else DEFAULT_MODEL)
