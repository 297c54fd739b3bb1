"""Looks at everything that a run needs and says what to fix. Changes nothing.

Not here: whether a source answers (reach.py), whether the home's own files are whole (state_files.py), secrets in the configuration
(written_secrets.py).
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys

import duckdb

from orchestration.contracts.segment_rules import segment_rules
from orchestration.core.configuration import home_and_config, load_settings
from orchestration.core.cut_databases import assert_whole, cut, is_of_cut
from orchestration.core.errors import KundbildError, WarehouseBusyError
from orchestration.core.home import Home
from orchestration.core.migrations import assert_not_newer, pending
from orchestration.core.settings import Settings
from orchestration.insight.deliveries import note_of, undelivered
from orchestration.privacy.audit.purposes import seed_purposes
from orchestration.privacy.intake.suppression import SuppressionError, count_entries, files_of
from orchestration.privacy.secrets.pepper import pepper_file
from orchestration.run.audit_gap import TO_DO, why_short
from orchestration.run.dry_run import look_at_sources
from orchestration.run.findings import Finding
from orchestration.run.preflight import assert_memory, assert_suppression
from orchestration.run.state_files import examine_files
from orchestration.run.written_secrets import find_written_secrets

_FREE_BYTES = 2 * 1024**3
# what DuckDB raises of a query or a setting: the bytes of the file are not to blame
_OF_A_SOUND_FILE = (duckdb.ProgrammingError, duckdb.DataError, duckdb.InterruptException)
_PACKAGES = ("dagster", "dbt-core", "dbt-duckdb", "duckdb", "great-expectations", "dlt")


def examine() -> list[Finding]:
    """Every finding, the good ones too. Never raises for something that it came to find."""
    home, config = home_and_config()
    findings = [_python(), *(_package(name) for name in _PACKAGES), _disk(home), *find_written_secrets(config)]
    try:
        settings = load_settings(config)
    except KundbildError as error:
        return [*findings, Finding("configuration", False, f"{error.what} ({error.where})", error.to_do)]
    findings.append(Finding("configuration", True, f"{config}: {len(settings.enabled_sources)} sources"))
    findings += [*_purposes(settings), *_segments(settings)]
    findings += examine_files(home)
    # a line of the list of who was erased that is none is told by the home's file already
    findings += [found for found in _warehouse(settings, home) if found not in findings]
    return [*findings, _pepper(settings, home), *look_at_sources(settings, home, ["files"])]


def _segments(settings: Settings) -> list[Finding]:
    """The rule of a segment that lets no night start."""
    try:
        segment_rules(settings)
    except KundbildError as error:
        return [Finding("segments", False, f"{error.what} ({error.where})", error.to_do)]
    return []


def _segments_of_nobody(con: duckdb.DuckDBPyConnection, settings: Settings) -> list[Finding]:
    """The company's own segments that read what no source delivers: it is not known of anybody."""
    try:
        rules = segment_rules(settings)
    except KundbildError:
        # _segments tells why
        return []
    lacking = undelivered(con)
    return [
        Finding("segments", True, f"[segments.{rule.segment}]: {note}")
        for rule in rules
        if rule.segment in settings.segments and (note := note_of(rule.columns, lacking))
    ]


def _purposes(settings: Settings) -> list[Finding]:
    """Purposes that the configuration names and the seed does not have: such a choice would hold for none."""
    if isinstance(settings.privacy.unknown_age, str):
        return []
    known = sorted({*seed_purposes(), *settings.privacy.purposes})
    unknown = sorted(set(settings.privacy.unknown_age) - set(known))
    to_do = f"purposes are {', '.join(known)} (the seed purposes, and [privacy.purposes])"
    return [Finding("purposes", False, f"[privacy] unknown_age names {', '.join(unknown)}", to_do)] if unknown else []


def _warehouse(settings: Settings, home: Home) -> list[Finding]:
    """The home's version and whether memory is enough; nothing where no run was yet, or one is at work."""
    if not home.warehouse.exists():
        return []
    try:
        with home.lock("doctor", wait=0.5), duckdb.connect(str(home.warehouse), read_only=True) as con:
            assert_whole(con, home.warehouse)
            version = assert_not_newer(con)
            older = _older(con)
            assert_memory(con, settings)
            zones = _zones(con, settings)
            assert_suppression(con, home)
            lacking = [*_lacking(con, home), *_audit(con, home), *_segments_of_nobody(con, settings)]
    except WarehouseBusyError as error:
        return [Finding("warehouse", True, f"in use: {error.what}")]
    except SuppressionError as error:
        return [Finding("suppression list", False, f"{error.what} ({error.where})", error.to_do)]
    except KundbildError as error:
        return [Finding("warehouse", False, f"{error.what} ({error.where})", error.to_do)]
    except duckdb.Error as error:
        return [_unopened(home, error)]
    return [Finding("warehouse", True, f"schema version {version}"), *older, *zones, *lacking]


def _lacking(con: duckdb.DuckDBPyConnection, home: Home) -> list[Finding]:
    """A copy of the list of who was erased that lost entries which the other one has."""
    _, files = count_entries(files_of(con, home))
    found = f"entries are lost in {', '.join(map(str, files))}, and stand in the other copy"
    return (
        [Finding("suppression list", False, found, "`kundbild run` puts them back; is the disk sound?")]
        if files
        else []
    )


def _audit(con: duckdb.DuckDBPyConnection, home: Home) -> list[Finding]:
    """An audit log that is gone, or began after what the home did."""
    short = why_short(con, home)
    return [Finding("audit log", False, f"{short} ({home.audit_log})", TO_DO)] if short else []


def _older(con: duckdb.DuckDBPyConnection) -> list[Finding]:
    """What the next night, or command, changes in a home of an older version: time to keep a copy."""
    tables = pending(con)
    if not tables:
        return []
    found = f"an older version built this home: {len(tables)} tables get another shape: {', '.join(tables)}"
    to_do = "keep a backup, then `kundbild run` brings it up to date"
    return [Finding("migration", True, found, to_do)]


def _unopened(home: Home, error: duckdb.Error) -> Finding:
    """Why DuckDB did not look into the warehouse: only where the file itself is to blame, a backup fixes it."""
    what = "warehouse"
    if isinstance(error, duckdb.OutOfMemoryException):
        return Finding(what, False, f"{home.warehouse}: there is too little memory to open it", "end other programs")
    if isinstance(error, duckdb.IOException) and "lock" in str(error).lower():
        return Finding(what, True, "in use: another program has it open")
    if not os.access(home.warehouse, os.R_OK):
        return Finding(what, False, f"{home.warehouse} may not be read", "give it to who runs Kundbild, and chmod 600")
    if is_of_cut(error, home.warehouse):
        told = cut(home.warehouse)
        return Finding(what, False, f"{told.what} ({told.where})", told.to_do)
    if isinstance(error, _OF_A_SOUND_FILE):
        # the kind alone: its text may quote rows
        found = f"{home.warehouse} could not be looked into ({type(error).__name__})"
        return Finding(what, False, found, "it needs no backup: `kundbild run`, and if it stays so, report it")
    return Finding(what, False, f"{home.warehouse} cannot be opened", "restore the newest backup")


def _zones(con: duckdb.DuckDBPyConnection, settings: Settings) -> list[Finding]:
    """Sources whose times of grants and withdrawals nobody knows the zone of."""
    keeping = con.execute(
        "select schema_name || '.' || table_name from duckdb_columns() where column_name = 'is_zoneless' "
        "and (schema_name, table_name) in (('conformed', 'conformed_consent_events'), ('identity', 'withdrawals'))"
    ).fetchall()
    found = {
        name
        for (table,) in keeping
        for (name,) in con.execute(f"select distinct source_system from {table} where is_zoneless").fetchall()
    }
    unstated = sorted(
        name for name in found if name in settings.enabled_sources and not settings.enabled_sources[name].timezone
    )
    if not unstated:
        return []
    names = ", ".join(unstated)
    to_do = 'below [sources.<name>], say in which zone its times are: timezone = "Europe/Stockholm"'
    return [Finding("time zones", False, f"times of consent without an offset: {names}", to_do)]


def _pepper(settings: Settings, home: Home) -> Finding:
    path = pepper_file()
    if settings.privacy.pepper:
        return Finding("pepper", True, "given by the configuration")
    if not path.exists():
        found = "made by the first run" if not home.warehouse.exists() else f"{path} is not there"
        return Finding(
            "pepper", not home.warehouse.exists(), found, "put back the one that the warehouse was built with"
        )
    is_private = not path.stat().st_mode & 0o077
    return Finding(
        "pepper", is_private, f"{path}; keep a copy apart from backups", "" if is_private else f"chmod 600 {path}"
    )


def _python() -> Finding:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Finding(
        "Python",
        sys.version_info >= (3, 11),
        found,
        "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer",
    )


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, False, "not installed", "make setup")


def _disk(home: Home) -> Finding:
    where = home.root if home.root.exists() else home.root.parent
    while not where.exists():
        where = where.parent
    free = shutil.disk_usage(where).free
    is_ok = free >= _FREE_BYTES and os.access(where, os.W_OK)
    return Finding(
        "disk",
        is_ok,
        f"{free / 1024**3:.1f} GiB free at {home.root}",
        "" if is_ok else "free at least 2 GiB, or choose another --home",
    )
