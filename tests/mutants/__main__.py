"""`make mutants`: breaks the code on purpose, one break at a time in a scratch copy, and reports which no test notices.

Results are kept in build/mutants: a break is not run again while neither it nor the code changes. Exit code 1: a break
survived, could not be applied, or its tests fail on sound code. Not here: the list of breaks (breaks.py).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.mutants.breaks import PROJECT, Break, BreakError, read_breaks

RESULTS = PROJECT / "build" / "mutants" / "results.json"
_PYTEST = ("-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:randomly", "-p", "no:cacheprovider")
# exit codes of pytest: 0 all passed, 1 a test failed, others that no test was run to its end
_OUTCOMES = {0: "survived", 1: "noticed"}


def project_files() -> list[Path]:
    """What belongs to the checkout, committed or not, relative to it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return sorted(Path(name) for name in listed.split("\0") if name and (PROJECT / name).is_file())


@contextmanager
def scratch_copies(count: int) -> Iterator[queue.Queue[Path]]:
    """That many copies of the checkout, to be broken."""
    files = project_files()
    with tempfile.TemporaryDirectory(prefix="kundbild-mutants-") as folder:
        free: queue.Queue[Path] = queue.Queue()
        for number in range(count):
            root = Path(folder) / str(number) / "project"
            for name in files:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(PROJECT / name, root / name)
            free.put(root)
        yield free


def run_tests(root: Path, tests: tuple[str, ...], *more: str) -> tuple[int, str]:
    """(pytest's exit code, the end of what it said) in a copy; the copy's packages come before the installed ones."""
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(root.parent)}
    done = subprocess.run(
        [sys.executable, *_PYTEST, *more, *tests], cwd=root, env=environment, capture_output=True, text=True, check=False
    )  # fmt: skip
    return done.returncode, (done.stdout + done.stderr)[-2000:]


def try_break(broken: Break, free: queue.Queue[Path]) -> dict[str, str | float]:
    root, begun = free.get(), time.monotonic()
    try:
        path, before = broken.apply(root)
        try:
            code, said = run_tests(root, broken.tests)
        finally:
            path.write_text(before, encoding="utf-8")
    except BreakError as error:
        return {"outcome": "error", "said": str(error)}
    finally:
        free.put(root)
    outcome = _OUTCOMES.get(code, "error")
    return {"outcome": outcome, "seconds": round(time.monotonic() - begun, 1), "said": "" if outcome == "noticed" else said}  # fmt: skip


def digest_of(code: str, broken: Break) -> str:
    return hashlib.sha256(f"{code}{broken!r}".encode()).hexdigest()


def digest_of_code() -> str:
    """Of everything but the list of breaks itself."""
    files = [name for name in project_files() if not name.is_relative_to("tests/mutants/breaks")]
    return hashlib.sha256(b"".join(f"{name}\0".encode() + (PROJECT / name).read_bytes() for name in files)).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", action="append", metavar="NAME", help="this break only; may be repeated")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="copies that are worked on at once")
    parser.add_argument("--again", action="store_true", help="also what was noticed before, on this very code")
    arguments = parser.parse_args()
    breaks = [b for b in read_breaks() if not arguments.only or b.name in arguments.only]
    unknown = set(arguments.only or []) - {b.name for b in breaks}
    if unknown or not breaks:
        parser.error(f"there is no break {', '.join(sorted(unknown))}; they are files of tests/mutants/breaks")
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    code = digest_of_code()

    def is_known(broken: Break) -> bool:
        there = known.get(broken.name, {})
        return there.get("digest") == digest_of(code, broken) and there.get("outcome") == "noticed"

    todo = [b for b in breaks if arguments.again or not is_known(b)]
    with scratch_copies(max(1, min(arguments.jobs, len(todo)))) as free, ThreadPoolExecutor(arguments.jobs) as pool:
        if todo:
            # a test that fails on sound code notices nothing
            root = free.get()
            sound, said = run_tests(root, tuple(dict.fromkeys(test for b in todo for test in b.tests)))
            free.put(root)
            if sound:
                print(f"The tests do not pass on the code as it is:\n{said}")
                return 1
        for broken, found in zip(todo, pool.map(lambda b: try_break(b, free), todo), strict=True):
            known[broken.name] = {**found, "digest": digest_of(code, broken)}
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            RESULTS.write_text(json.dumps(known, indent=1), encoding="utf-8")
            print(f"{found['outcome']:9} {broken.name} ({found.get('seconds', 0)} s)", flush=True)
    left = [b for b in breaks if known[b.name]["outcome"] != "noticed"]
    for broken in left:
        print(f"\n{known[broken.name]['outcome']}: {broken.name}, {broken.promise}\n{known[broken.name]['said']}")
    print(f"\n{len(breaks)} breaks, {len(breaks) - len(left)} noticed, {len(left)} not.")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
