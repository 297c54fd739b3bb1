"""Both ends of a process of its own that is asked and answers through pipes: started by the name of its module, and killed by whoever asks.

A question and its password go through a pipe, for others can read arguments and environment. Not here: what is asked
(extract/server_reader.py, publishing/query_reader.py), or how long anybody waits.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

from orchestration.core.stopping import end_with_parent


def start(module: str) -> tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]:
    """The process that runs a module whose `serve` answers; where it takes questions, and where its answers come."""
    # what it writes as errors, a driver's panic too, may quote rows
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", module, str(os.getpid())],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdin and process.stdout
    return process, process.stdin, process.stdout


def serve(answer: Callable[[IO[bytes], IO[bytes]], None]) -> None:
    """In the process: hands (questions, answers) to `answer`. It ends with the process that started it."""
    end_with_parent(int(sys.argv[1]))
    # Ctrl-C reaches every process of a terminal: whoever started this one ends it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with os.fdopen(os.dup(1), "wb") as answers, Path(os.devnull).open("wb") as nowhere:
        # whatever a driver or a library prints is not an answer
        os.dup2(nowhere.fileno(), 1)
        answer(sys.stdin.buffer, answers)
