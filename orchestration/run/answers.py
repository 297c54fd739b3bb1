"""Answers to requests for one's data: files below `subject_access` of the home folder.

Not here: what an answer holds (privacy/rights/subject_access.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import duckdb

from orchestration.core.clock import now
from orchestration.core.home import Home, write_private
from orchestration.core.migrations import opened
from orchestration.core.settings import Settings
from orchestration.core.warehouse import transaction
from orchestration.privacy.audit.catalogue import categories_with
from orchestration.privacy.audit.log import audit_log
from orchestration.privacy.intake.raw_people import Unresolved
from orchestration.privacy.rights.requests import State, note_request
from orchestration.privacy.rights.subject_access import as_json, as_page, export_subject
from orchestration.privacy.rights.subjects import Subject, customers_of, state_of
from orchestration.privacy.secrets.pepper import find_pepper

_ANSWERS_KEPT = timedelta(days=31)


def answer(home: Home, settings: Settings, subjects: Sequence[Subject]) -> list[State]:
    """Writes what is held of each subject below `subject_access` of the home folder. Raises WarehouseBusyError during a run."""
    home.prepare()
    log, at = audit_log(home, settings.privacy), now()
    states: list[State] = []
    with opened(home, settings.engine, "subject access") as con:
        for subject, customers in zip(subjects, customers_of(con, subjects), strict=True):
            state = state_of(customers)
            whom = customers[0] if state == "done" else subject.said
            # what is not written, as on a full disk, does not count as answered
            with transaction(con):
                noted = note_request(con, "export", log.keyed(whom), at, state)
                # noted first: no answer lies there of which the log does not tell
                log.append("export" if state == "done" else f"export-{state}", subject=whom, detail={"request": noted})
                if state == "done":
                    write_answer(con, home, settings, whom, at, noted)
            states.append(state)
    return states


def write_answer(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    settings: Settings,
    whom: str | Unresolved,
    received: datetime,
    request: str,
) -> None:
    """Writes what is held of a customer (today's id), or of who is none, as the answer to a request."""
    pepper = find_pepper(con, settings.privacy.pepper)
    kinds = categories_with(settings.privacy.retention_days)
    document = export_subject(con, settings, pepper, whom, received, kinds)
    home.subject_access.mkdir(mode=0o700, exist_ok=True)
    answer_file = home.subject_access / f"{request}.json"
    write_private(answer_file, as_json(document))
    try:
        write_private(answer_file.with_suffix(".html"), as_page(document))
    except BaseException:
        # half an answer is none
        answer_file.unlink()
        raise


def forget_answers(con: duckdb.DuckDBPyConnection, home: Home, at: datetime) -> None:
    """Answers to requests for data are sent within a month, or made anew. One that was written, and not noted because the
    run was killed, is made anew too: nobody would know whose it is."""
    noted = {str(request) for (request,) in con.execute("select request_id from restricted.rights_requests").fetchall()}
    for path in home.subject_access.glob("*"):
        if (
            path.stem not in noted
            or datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None) < at - _ANSWERS_KEPT
        ):
            path.unlink()
