"""Asking the publication, read-only and locked down: no other file, no extension, no setting can be reached.

Not here: the process that asks (query_reader.py).
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Mapping
from typing import Any

from orchestration.core.asked_processes import start
from orchestration.core.configuration import home_and_config, load_privacy
from orchestration.core.cut_databases import is_cut
from orchestration.core.errors import KundbildError
from orchestration.core.migrations import refuse_newer
from orchestration.privacy.audit.access import QUERIED, note_access
from orchestration.publishing.grades import ANALYST, Grade
from orchestration.publishing.query_reader import READY

# as DuckDB calls a query that was interrupted, and as it stands in the audit log
_LATE = "InterruptException"
_ENDED = "ended"


def ask(
    sql: str, seconds: float = 60, *, grade: Grade = ANALYST, about: Mapping[str, str] | None = None
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """(column names, rows) of a query on the file of one grade of the current publication. It is noted who asked which grade
    and how many rows there were, and `about` what, and what cannot be noted is not answered.

    A query that fails is noted too: what it says may tell of rows. Raises KundbildError; in DuckDB's own words only where
    these are about the query, for an error while it runs may quote a row.
    """
    home, config = home_and_config()
    # it is noted who asks
    refuse_newer(home)
    path = home.published / grade.file
    if not path.exists():
        is_older = (home.published / "current").exists()
        raise KundbildError(
            f"the publication is older than the grade {grade.name}" if is_older else "nothing is published yet",
            where=str(path),
            to_do="`kundbild run --force`" if is_older else "`kundbild run`",
        )
    if is_cut(path):
        raise KundbildError(
            f"the publication's file of the grade {grade.name} is truncated: nobody can read it",
            where=str(path),
            to_do="`kundbild run` publishes anew, or `kundbild publish --rollback` goes back to the one before",
        )

    def note(**said: int | str) -> None:
        note_access(home, load_privacy(config), QUERIED, of=grade.name, **(about or {}), **said)

    answer = _asked(str(path), sql, seconds)
    if failed := answer.get("failed"):
        note(rows=0, failed=failed)
        raise _told(failed, answer["said"], seconds)
    note(rows=len(answer["rows"]))
    return answer["columns"], answer["rows"]


def _asked(path: str, sql: str, seconds: float) -> dict[str, Any]:
    """What a process of its own answers (query_reader.py), which is killed when its time is up: a single call may keep an interrupt waiting."""
    process, questions, answers = start("orchestration.publishing.query_reader")
    is_late = threading.Event()

    def stop() -> None:
        is_late.set()
        process.kill()

    limit = threading.Timer(seconds, stop)
    try:
        pickle.dump((path, sql), questions)
        questions.flush()
        if answers.read(len(READY)) != READY:
            return {"failed": _ENDED, "said": ""}
        limit.start()
        answer: dict[str, Any] = pickle.load(answers)
        return answer
    except (EOFError, OSError, pickle.UnpicklingError):
        return {"failed": _LATE if is_late.is_set() else _ENDED, "said": ""}
    finally:
        limit.cancel()
        process.kill()
        process.communicate()


def _told(failed: str, said: str, seconds: float) -> KundbildError:
    if failed == _LATE:
        return KundbildError(
            f"the query took longer than {seconds:g} seconds and was stopped",
            to_do="ask for less, or give it more with --timeout",
        )
    if failed == _ENDED:
        return KundbildError("the process that asks ended before it answered", to_do="is there memory? ask for less")
    if said:
        return KundbildError(said, to_do='tables: `kundbild query "show all tables"`')
    return KundbildError(
        f"the query failed while it ran ({failed}); what DuckDB says of it may quote a row and is not shown",
        to_do="a value may not fit: try_cast in place of cast, and no error()",
    )
