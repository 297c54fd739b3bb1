"""The process that makes a report: it is told which publications, and writes the page and the data dictionary beside it.

A process of its own: memory and crashes of the library that draws are none of whoever asks. Not here: who asks (making.py), what
stands on the page (page.py).
"""

from __future__ import annotations

import json
import pickle
from contextlib import ExitStack
from typing import IO

from orchestration.contracts.dictionary import as_text, read_dictionary
from orchestration.core.asked_processes import serve
from orchestration.core.clock import now as time_now
from orchestration.core.errors import KundbildError
from orchestration.core.home import write_private
from orchestration.publishing.report.asking import Asked
from orchestration.publishing.report.page import Report, as_page
from orchestration.publishing.report.places import Task


def write_report(task: Task) -> None:
    """Writes the page and the data dictionary beside it, in this process."""
    with ExitStack() as stack:
        now, before = (stack.enter_context(Asked.open(*place, task.k, task.temporary, task.min_people)) if place else None for place in (task.now, task.before))  # fmt: skip
        assert now
        report = Report(task.company, task.currency, now, before)
        text = as_page(report, task.dictionary.name, time_now())
    if task.manifest:
        entries = read_dictionary(json.loads(task.manifest.read_text(encoding="utf-8")), task.currency)
        write_private(task.dictionary, as_text(entries, "html"))
    write_private(task.page, text)


def _serve(questions: IO[bytes], answers: IO[bytes]) -> None:
    task: Task = pickle.load(questions)
    try:
        write_report(task)
        answer = {}
    except KundbildError as error:
        answer = {"failed": error.kind, "said": error.what, "to_do": error.to_do}
    except Exception as error:
        # its text may quote rows
        answer = {"failed": type(error).__name__}
    pickle.dump(answer, answers)
    answers.flush()


if __name__ == "__main__":
    serve(_serve)
