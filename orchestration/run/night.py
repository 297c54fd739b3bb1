"""What the steps of one run share: home, settings, the lock, the clock and dbt.

Here: opening and closing a run. Not here: any step's work, Dagster, what watchers are told (progress.py), or what is noted of a
publication (publications.py).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import duckdb

from orchestration.activation.statement_sources import assert_statements_known
from orchestration.core.clock import now
from orchestration.core.configuration import home_and_config, load_settings
from orchestration.core.errors import GateError, KundbildError
from orchestration.core.home import RUN_WAITS, Home
from orchestration.core.migrations import bring_up_to_date, migrate
from orchestration.core.settings import Settings
from orchestration.core.settings.secret_names import DEMO_TOKEN
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.budget import Budget
from orchestration.identity.ids import events_since
from orchestration.insight.quality_history import Outcome, note_night
from orchestration.privacy.rights.requests import prepare_requests
from orchestration.publishing.grades import PEOPLE
from orchestration.publishing.shown import CLOSED, close_stale_audiences, close_without_looking
from orchestration.publishing.versions import current_version, missing_parts
from orchestration.run import publications
from orchestration.run.attempts import attempt
from orchestration.run.fingerprint import fingerprint, newest_load
from orchestration.run.preflight import assert_can_start, assert_moment, assert_suppression, moment_of_night
from orchestration.run.progress import NOTE, tell
from orchestration.run.prove_erasure import prove_of_night
from orchestration.run.status import keep_status, note_run
from orchestration.run.suppressed import fix_suppression
from orchestration.run.unfinished import finish_unfinished
from orchestration.transform.runner import Dbt, set_clock

if TYPE_CHECKING:
    from data_quality.checks import Stage, Suite
    from data_quality.runner import QualityRun


@dataclass
class Night:
    """One run. Use `Night.begin()`; it holds the lock until the block ends."""

    home: Home
    settings: Settings
    run_id: str
    as_of: datetime
    is_forced: bool = False
    full_refresh: bool = False
    is_recalibrated: bool = False
    _dbt: Dbt | None = None
    _quality: QualityRun | None = None
    _is_arrival_skipped: bool = False
    # whether it is to publish, or to find that the last publication stands; and whether it did
    is_whole: bool = False
    _is_settled: bool = False
    # why the publication that stands shows no audience
    stays_closed: str = ""
    failed_sources: dict[str, str] = field(default_factory=dict)
    # the time that each source may take, all its tries together
    budgets: dict[str, Budget] = field(default_factory=dict)
    # why it was not published, in the words of errors of our own
    problems: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def begin(
        cls,
        run_id: str,
        *,
        as_of: datetime | None = None,
        is_forced: bool = False,
        full_refresh: bool = False,
        is_recalibrated: bool = False,
        is_whole: bool = False,
    ) -> Iterator[Night]:
        """Takes the lock, starts the demo's API where the configuration is the demo's, reads the settings."""
        home, config = home_and_config()
        home.prepare()
        with ExitStack() as stack:
            lock = home.lock(
                f"run {run_id[:8]}", wait=RUN_WAITS, waiting=lambda holder: tell("waiting", f"for {holder}")
            )
            stack.enter_context(lock)
            mark = stack.enter_context(attempt(home))
            stack.enter_context(_demo_api(home))
            settings = load_settings(config)
            moment = as_of or now().replace(microsecond=0)
            if home.warehouse.exists():
                with open_warehouse(home, settings.engine) as con:
                    assert_can_start(con, home, settings, as_of)
                    moment = as_of or moment_of_night(con)
                    assert_suppression(con, home)
            else:
                assert_moment(None, as_of)
                assert_suppression(None, home)
            if changed := migrate(home, settings.engine, is_night=True):
                tell(NOTE, f"an older version built this home: brought up to date {', '.join(changed)}")
            if lacking := fix_suppression(home, settings):
                tell(
                    NOTE,
                    f"One copy of the list of who was erased lacked {lacking:,} entries: written again from the other",
                )
            finish_unfinished(home, settings)
            night = cls(home, settings, run_id, moment, is_forced, full_refresh, is_recalibrated)
            night.is_whole = is_whole
            try:
                yield night
            finally:
                # before anything that may fail as well
                if closed := night._close_audiences():
                    tell(NOTE, closed)
                if night._quality:
                    night._quality.close()
                if home.erasure_mark.exists():
                    # a request of the night: its bytes go when nothing is open any more
                    finish_unfinished(home, settings)
                try:
                    if said := prove_of_night(home, settings):
                        tell(NOTE, said)
                except (KundbildError, duckdb.Error, OSError):
                    # the night's own end is told first: this is done again the next night
                    tell(NOTE, "The proof that erased people are nowhere could not run: `kundbild prove-erasure`")
                # where the disk is full, that is told by what the run itself ends with
                with suppress(KundbildError, duckdb.Error, OSError), night.warehouse() as con:
                    note_run(con, run_id, night.problems)
                    keep_status(con, home)
                    mark.end()
                    if night.is_whole:
                        note_night(con, run_id, moment, night._outcome(con))

    def _outcome(self, con: duckdb.DuckDBPyConnection) -> Outcome:
        """What became of the night: what it noted of itself before it published may not have come true."""
        if publications.is_published(con, self.run_id):
            return "published"
        return "unchanged" if self._is_settled else "held"

    def _close_audiences(self) -> str:
        """Leaves no audience published for which this run does not answer. Never raises; returns what to tell, "" if nothing."""
        is_settled = self._is_settled or not self.is_whole
        try:
            try:
                with self.warehouse() as con:
                    return close_stale_audiences(
                        con, self.home, self.settings, self.problems, now(), is_settled=is_settled
                    )
            except (KundbildError, duckdb.Error):
                return close_without_looking(self.home)
        except Exception as error:
            # its text may quote rows
            problem = (
                f"Published audiences could not be emptied ({type(error).__name__}), and may hold people who withdrew: make room "
                f"on the disk if it is full, then `kundbild run`; until then nobody may use {self.home.published / PEOPLE.file}"
            )
            self.problems.append(problem)
            return problem

    @property
    def dbt(self) -> Dbt:
        if self._dbt is None:
            self._dbt = Dbt(self.settings, self.home)
        return self._dbt

    @property
    def quality(self) -> QualityRun:
        if self._quality is None:
            from data_quality.runner import QualityRun

            self._quality = QualityRun(self.home, self.settings.engine, self.run_id)
        return self._quality

    @contextmanager
    def warehouse(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with open_warehouse(self.home, self.settings.engine, patience=RUN_WAITS) as con:
            yield con

    def start_clock(self, con: duckdb.DuckDBPyConnection) -> None:
        """Sets what dbt's macros as_of() and published_load() read; says of a home that is new which version built it."""
        bring_up_to_date(con, self.home, is_night=True)
        load_id, project = publications.newest_load_and_project(con)
        is_tested = project == self._project(con) and not self.is_forced and not self.full_refresh
        set_clock(con, self.as_of, load_id if is_tested else 0)

    def is_rebuild(self, con: duckdb.DuckDBPyConnection, part: str) -> bool:
        """Whether incremental tables of a `part` are built from raw: asked for, or another dbt project built them last.

        A night that is not published, or breaks off, counts too: what it left was made by its project.
        """
        return self.full_refresh or publications.built_with(con, part) != self._project(con)

    def note_building(self, con: duckdb.DuckDBPyConnection, part: str, *, is_done: bool) -> None:
        """Notes that all of a `part` was built; before a rebuild, that it is not any more."""
        publications.note_built_with(con, part, self._project(con) if is_done else None)

    def fingerprint(self, con: duckdb.DuckDBPyConnection) -> str:
        """What the night's result depends on: what was loaded, project, configuration, day, decisions, identity model, fits of
        scores, and which permissions began or ended by now."""
        return fingerprint(con, self.home, self.settings, self.as_of, self._project(con))

    def is_nothing_new(self, con: duckdb.DuckDBPyConnection) -> bool:
        """Whether the last publication already shows what this night would. One that is gone, or of which a file is cut, shows
        nothing for certain."""
        if self.is_forced or self.full_refresh or not (seen := current_version(self.home)):
            return False
        if missing_parts(self.home, seen):
            return False
        noted, published_at = publications.newest(con)
        if not noted or noted.removeprefix(CLOSED) != self.fingerprint(con) or events_since(con, published_at):
            return False
        # one that would be closed again at once stands as it is
        return not noted.startswith(CLOSED) or bool(self._why_closed(con))

    def _why_closed(self, con: duckdb.DuckDBPyConnection) -> str:
        """Why audiences would be closed whatever a run publishes: a withdrawal may be missing; "" where none may."""
        try:
            assert_statements_known(con, self.settings, now())
        except GateError as error:
            return str(error)
        return ""

    def stands(self, con: duckdb.DuckDBPyConnection) -> bool:
        """Notes and returns whether the run ends here: the last publication already shows what it would."""
        self._is_settled = self.is_nothing_new(con)
        if self._is_settled and publications.newest(con)[0].startswith(CLOSED):
            self.stays_closed = f"The publication shows no audience, as before: {self._why_closed(con)}"
        return self._is_settled

    def skip_arrival(self, con: duckdb.DuckDBPyConnection) -> bool:
        """Notes and returns whether the checks of what arrived are skipped: nothing is new, so far as can be known before requests
        are taken up. Where audiences are closed, they tell whether they may be shown again."""
        self._is_arrival_skipped = not publications.newest(con)[0].startswith(CLOSED) and self.is_nothing_new(con)
        return self._is_arrival_skipped

    def make_up_for_arrival(self) -> None:
        """Runs the checks that were skipped, where something is new after all. Needs the warehouse closed."""
        if not self._is_arrival_skipped:
            return
        with self.warehouse() as con:
            suites = self.suites(con, "arrival")
        self.quality.run(suites)
        self._is_arrival_skipped = False

    def suites(self, con: duckdb.DuckDBPyConnection, stage: Stage) -> list[Suite]:
        """The suites of a stage, against the counts of the last publication."""
        from data_quality.runner import last_counts
        from data_quality.suites import all_suites

        return [suite for suite in all_suites(self.settings, last_counts(con)) if suite.stage == stage]

    def note_published(self, con: duckdb.DuckDBPyConnection) -> None:
        publications.note(con, self.fingerprint(con), self._project(con), newest_load(con), self.run_id)
        self._is_settled = True

    def _project(self, con: duckdb.DuckDBPyConnection) -> str:
        """A digest of what incremental tables are made with: the dbt project, its mapped models and vars, who is restricted."""
        prepare_requests(con)
        restricted = con.execute("select source_system, source_key from identity.restrictions order by all").fetchall()
        return hashlib.sha256((self.dbt.fingerprint() + repr(restricted)).encode()).hexdigest()


@contextmanager
def _demo_api(home: Home) -> Iterator[None]:
    """Serves the demo's webshop during a run, unless its address was given from outside or there is no demo."""
    from orchestration.demo.server import serving

    pages = home.demo / "webshop"
    if "KUNDBILD_DEMO_API" in os.environ or not pages.is_dir():
        yield
        return
    with serving(pages, os.environ.get("KUNDBILD_DEMO_TOKEN", DEMO_TOKEN)) as url:
        os.environ["KUNDBILD_DEMO_API"] = url
        try:
            yield
        finally:
            del os.environ["KUNDBILD_DEMO_API"]
