"""Starts the dashboards' server and waits for it. Here: whether the extra is there, the process. Not here: what the process
does (server.py)."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from orchestration.core.errors import KundbildError
from orchestration.core.ports import LOOPBACK

KEY_VARIABLE = "KUNDBILD_DASHBOARDS_KEY"
INSTALL = "pip install 'kundbild[dashboards]', or `make setup` in a checkout"


def assert_installed() -> None:
    """Raises KundbildError where the extra `dashboards` is not installed."""
    if importlib.util.find_spec("streamlit") is None:
        raise KundbildError("the dashboards need the package streamlit, which is not here", to_do=INSTALL)


def serve(port: int, key: str, on_ready: Callable[[], object] = lambda: None) -> int:
    """Runs the server until it ends or Ctrl-C; returns its exit code. The server ends with this process, kill -9 included. It answers
    whoever has the key. `on_ready` is called when it answers."""
    command = [sys.executable, "-P", "-m", "orchestration.dashboards.server", str(os.getpid()), str(port)]
    # the environment of a process is its user's, its arguments are everybody's; what Streamlit prints has no key in it
    process = subprocess.Popen(command, env={**os.environ, KEY_VARIABLE: key}, stdout=subprocess.DEVNULL)
    threading.Thread(target=_tell, args=(process, port, on_ready), daemon=True).start()
    # whoever ends this process means the server
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    while True:
        try:
            code = process.wait()
            return 0 if code in (-signal.SIGTERM, -signal.SIGINT) else code
        except KeyboardInterrupt:
            # the terminal told the server too
            continue


def _tell(process: subprocess.Popen[bytes], port: int, on_ready: Callable[[], object]) -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                on_ready()
                return
        time.sleep(0.1)
