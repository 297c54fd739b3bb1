"""Making the report of a publication: which publication it is compared with, where it lies, and the process that makes it.

The report lies in the publication's own folder, so it goes back and goes away with it, and the data dictionary beside it. Not here: the
process (maker.py), the page (page.py), when a night makes it (defs/publishing.py).
"""

from __future__ import annotations

import pickle
import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from orchestration.core.asked_processes import start
from orchestration.core.errors import KundbildError
from orchestration.core.home import Home, write_private
from orchestration.core.settings import Settings
from orchestration.publishing.grades import ANALYST
from orchestration.publishing.report.places import REPORT, Task, assert_folder_is_there, dictionary_beside
from orchestration.publishing.report.rules import least_people
from orchestration.publishing.versions import Publication, current, list_publications, unusable_parts
from orchestration.transform.runner import Dbt

_WEEK = timedelta(days=7)


def make_report(home: Home, settings: Settings, to: Path | None = None) -> Path:
    """Makes the report of the current publication, at `to` or in its folder, and returns where it lies.

    Raises KundbildError where nothing is published, where the folder of `to` is not there, and where the report cannot be made.
    """
    if to:
        assert_folder_is_there(to)
    task = task_of(home, settings, to)
    if to is None:
        task.page.parent.mkdir(mode=0o700, exist_ok=True)
    answer = _asked(task, settings.report.max_seconds)
    if failed := answer.get("failed"):
        said = answer.get("said") or f"the report could not be made ({failed})"
        raise KundbildError(said, where=str(task.page), to_do=answer.get("to_do") or "`kundbild report` tries again")
    return task.page


def report_of_night(home: Home, settings: Settings) -> tuple[Path | None, str]:
    """(The report of what was just published, or None; what to tell where it could not be made.) Never raises: a night does not
    fail by its report."""
    if not settings.report.after_publication:
        return None, ""
    try:
        return make_report(home, settings), ""
    except KundbildError as error:
        said, to_do = error.what, error.to_do
    except Exception as error:
        # its text may quote rows
        said, to_do = f"the report could not be made ({type(error).__name__})", ""
    return None, f"Warning: the publication has no report: {said}; {to_do or '`kundbild report` tries again'}"


def make_picture(home: Home, settings: Settings, topic: str, to: Path, form: str) -> None:
    """Writes the picture of one of TOPICS, as `form` (.svg or .png) says. Raises KundbildError where nothing is published, where there
    is no such topic, and where the publication says nothing of it."""
    from orchestration.publishing.report.asking import Asked
    from orchestration.publishing.report.page import Report
    from orchestration.publishing.report.picture import as_picture, as_png

    assert_folder_is_there(to)
    task = task_of(home, settings, to)
    with ExitStack() as stack:
        now, before = (
            stack.enter_context(Asked.open(*p, task.k, task.temporary, task.min_people)) if p else None
            for p in (task.now, task.before)
        )
        assert now
        picture = as_picture(Report(task.company, task.currency, now, before), topic)
    write_private(to, picture if form == ".svg" else as_png(picture))


def task_of(home: Home, settings: Settings, to: Path | None = None) -> Task:
    """What is to be made of the current publication. Raises KundbildError where nothing is published."""
    publication = current(home)
    if publication is None:
        raise KundbildError("nothing is published yet", where=str(home.published), to_do="`kundbild run`")
    former = compared_with(publication, [p for p in list_publications(home) if not unusable_parts(home, p.version)])
    page = to or home.published / "versions" / publication.version / REPORT
    return Task(
        company=settings.company,
        currency=settings.currency,
        k=least_people(settings.privacy.min_people),
        min_people=settings.privacy.min_people,
        now=_place(home, publication),
        before=_place(home, former) if former else None,
        page=page,
        dictionary=dictionary_beside(to) if to else page.with_name("dictionary.html"),
        manifest=Dbt(settings, home).last_manifest(),
        temporary=home.temporary,
    )


def compared_with(now: Publication, there: list[Publication]) -> Publication | None:
    """Of the publications that are kept and older, the one that is nearest to a week older; None where there is none."""
    older = [publication for publication in there if publication.version < now.version]
    return min(older, key=lambda one: abs(_moment(now) - _moment(one) - _WEEK), default=None)


def _moment(publication: Publication) -> datetime:
    return datetime.fromisoformat(publication.published_at).astimezone(UTC).replace(tzinfo=None)


def _place(home: Home, publication: Publication) -> tuple[Path, datetime]:
    return home.published / "versions" / publication.version / ANALYST.file, _moment(publication)


def _asked(task: Task, seconds: float) -> dict[str, Any]:
    process, questions, answers = start("orchestration.publishing.report.maker")
    is_late = threading.Event()

    def stop() -> None:
        is_late.set()
        process.kill()

    limit = threading.Timer(seconds, stop)
    limit.start()
    try:
        pickle.dump(task, questions)
        questions.flush()
        answer: dict[str, Any] = pickle.load(answers)
        return answer
    except (EOFError, OSError, pickle.UnpicklingError):
        late = f"the report took longer than {seconds:g} seconds"
        return {"failed": "ended", "said": late if is_late.is_set() else "the process that makes the report ended before it was done"}  # fmt: skip
    finally:
        limit.cancel()
        process.kill()
        process.communicate()
