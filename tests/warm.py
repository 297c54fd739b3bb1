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
import time
from collections.abc import Iterator
from pathlib import Path

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.program", "tests.preloaded"])


class WarmProcess:
    """`kundbild …` at work, as `subprocess.Popen` of it; what it says goes to files, and is read as it comes.

    With a `script`, that is run instead, with the words of the command as its arguments.
    """

    def __init__(self, command: list[str], environment: dict[str, str], script: str | None = None) -> None:
        self._command = command
        self._folder = tempfile.TemporaryDirectory(prefix="kundbild-said-")
        self._out, self._err = Path(self._folder.name) / "out", Path(self._folder.name) / "err"
        self._process = _PROCESSES.Process(
            target=_become, args=(command, environment, str(Path.cwd()), str(self._out), str(self._err), script)
        )
        self._process.start()
        assert self._process.pid
        self.pid = self._process.pid
        self._lines = self._read_lines()

    @property
    def said(self) -> str:
        """All of its standard output so far."""
        return _read(self._out)

    @property
    def told(self) -> str:
        """All of its standard error so far."""
        return _read(self._err)

    def wait_for(self, step: str) -> None:
        """Until it tells of a step that it did not tell of before the last call."""
        assert any(line.startswith(step) for line in self._lines), f"the run ended before {step}: {self.told[-3000:]}"

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._command, timeout or 0, self.said, self.told)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def _read_lines(self) -> Iterator[str]:
        seen = 0
        while True:
            has_ended = self.poll() is not None
            whole, newline, _ = self.told[seen:].rpartition("\n")
            yield from whole.splitlines()
            seen += len(whole) + len(newline)
            if has_ended:
                return
            time.sleep(0.005)


def run_warm(
    command: list[str], environment: dict[str, str], timeout: float, script: str | None = None
) -> subprocess.CompletedProcess[str]:
    """As `subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout)` of `kundbild …`, or of
    `python -c script` with the words behind the first of the command."""
    process = WarmProcess(command, environment, script)
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
    return subprocess.CompletedProcess(command, code, process.said, process.told)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _become(
    command: list[str], environment: dict[str, str], folder: str, out: str, err: str, script: str | None
) -> None:
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
    if script is not None:
        exec(compile(script, "<script>", "exec"), {"__name__": "__main__"})
        return
    from orchestration.cli.app import entry

    entry()
