"""`dagster.yaml` of a home: what Kundbild writes there, and whether what stands there is whole.

Without it Dagster reports to its maker, and keeps events in another way; half of it ends every run. What somebody added or
changed stays. Not here: Dagster's databases (run_history.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
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
# modules that older versions wrote there, and where they are by now
_MOVED = {"orchestration.history": "orchestration.defs.history"}
_MODULE = re.compile(rf"""(\bmodule:\s*)(["']?)({"|".join(map(re.escape, _MOVED))})\2(?=[\s,}}#]|$)""")


def to_write(folder: Path) -> str | None:
    """What is to stand in Dagster's folder, where the file is missing, of an older version, or cannot be used; else None."""
    said, today = _as_it_stands(folder), _read(folder)
    if today.strip() in ("", _FORMER.strip()) or is_damaged(folder):
        return SETTINGS
    # what somebody added stays beside the new name of a module
    return today if today != said else None


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


def not_found(folder: Path) -> list[str]:
    """Classes that somebody's additions name and that cannot be imported: with them, Dagster does not start."""
    import yaml

    try:
        named, ours = (set(_classes(yaml.safe_load(text))) for text in (_read(folder), SETTINGS))
    except (yaml.YAMLError, ValueError, RecursionError):
        return []
    return sorted(f"{module}.{name}" for module, name in named - ours if not _is_there(module, name))


def is_changed(folder: Path) -> bool:
    """Whether somebody added to it, or changed it."""
    return _read(folder).strip() not in ("", _FORMER.strip(), SETTINGS.strip())


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
    """The text of the file, with modules named as they are today."""
    return _MODULE.sub(lambda found: f"{found[1]}{found[2]}{_MOVED[found[3]]}{found[2]}", _as_it_stands(folder))


def _as_it_stands(folder: Path) -> str:
    file = folder / FILE
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""


def _classes(tree: Any) -> Iterator[tuple[str, str]]:
    """Every module and class that the settings name, wherever they stand."""
    if isinstance(tree, list):
        tree = dict(enumerate(tree))
    if not isinstance(tree, dict):
        return
    if isinstance(tree.get("module"), str) and isinstance(tree.get("class"), str):
        yield tree["module"], tree["class"]
    for value in tree.values():
        yield from _classes(value)


def _is_there(module: str, name: str) -> bool:
    # a module of somebody else may fail in any way while it is imported
    try:
        return hasattr(import_module(module), name)
    except Exception:
        return False


def _has(found: Any, wanted: Any) -> bool:
    """Whether every key of `wanted` is there, and says something."""
    if not isinstance(wanted, dict):
        return found is not None
    return isinstance(found, dict) and all(
        key in found and (key == "config" or _has(found[key], value)) for key, value in wanted.items()
    )
