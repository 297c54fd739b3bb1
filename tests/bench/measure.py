"""Timing, peak memory and one table of results. Not here: what is measured."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table


@dataclass
class Row:
    goal: str
    bound: str
    measured: str
    rest: str = ""


@dataclass
class Report:
    rows: list[Row] = field(default_factory=list)

    def add(self, goal: str, bound: str, measured: str, rest: str = "") -> None:
        """`rest` says where what is not reached goes."""
        self.rows.append(Row(goal, bound, measured, rest))
        print(f"{goal}: {measured} (goal {bound}) {rest}", flush=True)

    def show(self, path: Path) -> None:
        table = Table("goal", "at most / at least", "measured", "where the rest goes")
        for row in self.rows:
            table.add_row(row.goal, row.bound, row.measured, row.rest)
        Console(width=180).print(table)
        path.write_text(json.dumps([vars(row) for row in self.rows], indent=2), encoding="utf-8")


@contextmanager
def timed(into: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    into[name] = time.perf_counter() - start


def run_command(command: list[str], environment: dict[str, str]) -> tuple[float, float, str]:
    """(seconds, peak MB of the largest process, stdout) of a command. Raises when it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=sys.stderr, text=True)
    peak = [0.0]

    def watch() -> None:
        while process.poll() is None:
            try:
                family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
                peak[0] = max([peak[0], *(p.memory_info().rss / 1e6 for p in family)])
            except psutil.Error:
                pass
            time.sleep(0.1)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    out = process.communicate()[0]
    watcher.join()
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}: {out[-2000:]}")
    return time.perf_counter() - start, peak[0], out
