"""`dagster.yaml` of a home: what Kundbild writes there, and whether what stands there is whole.

Without it Dagster reports to its maker, and keeps events in another way; half of it ends every run. What somebody added or
changed stays. Not here: Dagster's databases (run_history.py).
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILE = "dagster.yaml"
_MARK = ".damaged-"
# nothing is reported to anybody, and nobody is asked for a newsletter
# monitoring is what ends a run that outlasts its timeout
_FORMER = """\
telemetry:
  enabled: false
nux:
  enabled: false
run_monitoring:
  enabled: true
event_log_storage:
  module: orchestration.defs.history
  class: HeldOpenEventLogStorage
  config:
    dagster_home:
      env: DAGSTER_HOME
"""


# what a step prints is not captured: that takes two child processes a step, which outlive a run that is killed
SETTINGS = (
    _FORMER
    + """\
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""
)


def is_to_write(folder: Path) -> bool:
    """Whether the file in Dagster's folder is missing, of an older version, or cannot be used."""
    said = _read(folder).strip()
    return said in ("", _FORMER.strip()) or is_damaged(folder)


def is_damaged(folder: Path) -> bool:
    """Whether it holds something that is no settings for a run: cut, overwritten, or with telemetry on."""
    said = _read(folder).strip()
    if said in ("", _FORMER.strip(), SETTINGS.strip()):
        return False
    if SETTINGS.startswith(said):  # what is cut within a word may be YAML
        return True
    import yaml

    try:
        found = yaml.safe_load(said)
        return not _has(found, yaml.safe_load(_FORMER)) or found["telemetry"]["enabled"] is not False
    except (yaml.YAMLError, ValueError, RecursionError):
        return True


def put_aside(folder: Path) -> None:
    """Renames the file where it is damaged: somebody's own additions may be in it."""
    if is_damaged(folder):
        (folder / FILE).rename(folder / f"{FILE}{_MARK}{datetime.now(UTC):%Y%m%dT%H%M%S}")


def left_aside(folder: Path) -> list[str]:
    """Files that were put aside and are still there."""
    return sorted(path.name for path in folder.glob(f"{FILE}{_MARK}*"))


def told(folder: Path) -> str:
    """What a run tells once the file was put aside."""
    return (
        f"{FILE} could not be read as settings and is made anew. Put aside in {folder}: {', '.join(left_aside(folder))}"
    )


def _read(folder: Path) -> str:
    file = folder / FILE
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""


def _has(found: Any, wanted: Any) -> bool:
    """Whether every key of `wanted` is there, and says something."""
    if not isinstance(wanted, dict):
        return found is not None
    return isinstance(found, dict) and all(
        key in found and (key == "config" or _has(found[key], value)) for key, value in wanted.items()
    )
