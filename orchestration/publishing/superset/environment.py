"""Superset's own Python environment, from its hash-pinned lock. Not here: starting it (server.py)."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from orchestration.core.errors import KundbildError
from orchestration.core.settings import PROJECT_DIR

LOCK = Path(__file__).with_name("requirements.lock")
ENVIRONMENT = PROJECT_DIR / "build" / "superset"
# pandas and numpy as Superset pins them have no wheels for a later Python
_BEFORE = (3, 13)


def is_made(folder: Path = ENVIRONMENT) -> bool:
    """Whether the environment is there, as the lock says."""
    stamp = _stamp(folder)
    return stamp.is_file() and stamp.read_text("utf-8") == _digest()


def make_environment(folder: Path = ENVIRONMENT) -> Path:
    """The environment's Python; installs what is missing. Raises KundbildError with what uv says where that fails."""
    python = folder / "bin" / "python"
    if is_made(folder):
        return python
    if not python.exists():
        wanted = sys.executable if sys.version_info < _BEFORE else ">=3.11,<3.13"
        _uv("venv", "--quiet", "--no-python-downloads", "--python", wanted, str(folder))
    _uv("pip", "sync", "--quiet", "--python", str(python), "--require-hashes", "--compile-bytecode", str(LOCK))
    _stamp(folder).write_text(_digest(), "utf-8")
    return python


def _stamp(folder: Path) -> Path:
    return folder / ".installed"


def _digest() -> str:
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


def _uv(*arguments: str) -> None:
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        raise KundbildError("uv is not installed, which makes Superset's environment", to_do="`make superset`")
    # else uv would take the environment that is active for the one that is meant
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run([uv, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise KundbildError(
            "Superset's environment could not be made",
            where=str(ENVIRONMENT),
            to_do=done.stderr.strip()[-1000:] or "see what uv says",
        )
