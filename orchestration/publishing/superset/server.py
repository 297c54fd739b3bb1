"""Starts Superset on this home's publication, on the loopback address only. Not here: what runs inside it (inside/)."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from typing import NoReturn

from orchestration.core.home import Home, write_private
from orchestration.core.ports import LOOPBACK
from orchestration.publishing.superset.bundle import bundle_for

_INSIDE = Path(__file__).with_name("inside")
# nothing else: the environment of a night holds the secrets of the sources
_KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")


def prepare(home: Home, currency: str) -> Path:
    """Superset's folder in the home: its secret key, kept from start to start, and the bundle on the home's publication."""
    files = bundle_for(home, currency)
    folder = home.superset
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    if not (folder / "secret_key").exists():
        write_private(folder / "secret_key", secrets.token_urlsafe(42))
    bundle = folder / "bundle"
    shutil.rmtree(bundle, ignore_errors=True)
    for name, text in files.items():
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_text(text, "utf-8")
    return folder


def serve(python: Path, folder: Path, port: int, *, new_password: bool = False) -> NoReturn:
    """Becomes Superset: its metadata brought up to date, the bundle imported, then served until it is stopped."""
    # -P: its own folder is no place for packages; -W: warnings of its libraries are for its developers
    arguments = [
        str(python),
        "-P",
        "-W",
        "ignore",
        str(_INSIDE / "serve.py"),
        str(folder / "bundle"),
        LOOPBACK,
        str(port),
    ]
    os.execve(python, [*arguments, *(["--new-password"] if new_password else [])], environment_of(folder))


def environment_of(folder: Path) -> dict[str, str]:
    """What Superset's process is told: where its folder and its configuration are, and to send nothing home."""
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "DO_NOT_TRACK": "1",
        "SCARF_ANALYTICS": "false",
        "SUPERSET_HOME": str(folder),
        "SUPERSET_CONFIG_PATH": str(_INSIDE / "superset_config.py"),
    }
