"""The command line as a process of its own that has the heavy libraries imported already.

A night imports Dagster, dbt and Great Expectations. A fork server imports them once for each test worker, and each command is
a fork of it. Of Kundbild's own, what reads the environment as it is imported is not imported beforehand: the command's
environment is another.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.preloaded"])


def run_warm(command: list[str], environment: dict[str, str], timeout: float) -> subprocess.CompletedProcess[str]:
    """As `subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout)` of `kundbild …`."""
    with tempfile.TemporaryDirectory(prefix="kundbild-said-") as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        process = _PROCESSES.Process(target=_become, args=(command, environment, str(Path.cwd()), str(out), str(err)))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(command, timeout, _read(out), _read(err))
        return subprocess.CompletedProcess(command, process.exitcode, _read(out), _read(err))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _become(command: list[str], environment: dict[str, str], folder: str, out: str, err: str) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for path, descriptor in ((out, 1), (err, 2)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.argv = list(command)
    # it sets defaults in the environment
    importlib.reload(sys.modules["orchestration"])
    from orchestration.cli import entry

    entry()
