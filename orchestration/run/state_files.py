"""Files of the home that runs and readers stand on: which cannot be read, and what follows. Changes nothing.

`doctor` tells all of it, `status` what is to be known. Not here: making them anew, which is the business of whoever writes them.
"""

from __future__ import annotations

from orchestration.core import dagster_settings
from orchestration.core.errors import KundbildError
from orchestration.core.home import Home, read_json
from orchestration.identity.model import nightly_model
from orchestration.privacy.intake.suppression import assert_readable
from orchestration.publishing.versions import broken_parts, current_version, standing_versions, unusable_parts
from orchestration.run.dagster_instance import assert_usable
from orchestration.run.findings import Finding
from orchestration.run.preflight import assert_suppression
from orchestration.run.run_history import damaged, left_aside, lost


def examine_files(home: Home) -> list[Finding]:
    """Every finding, the good ones too."""
    return [_state(home), *_lasting(home), *_run_history(home), *_publication(home)]


def told_of_files(home: Home) -> list[str]:
    """What is to be known of them, in sentences; none where all are whole."""
    return [f"{found.found}; {found.to_do}" for found in examine_files(home) if found.to_do]


def _state(home: Home) -> Finding:
    """Files that a run reads later: one that is cut is made anew, and is worth a look at the disk."""
    files = [
        path
        for path in (home.last_status, home.last_attempt, home.job_tokens, *home.dbt_target.glob("*.json"))
        if path.exists()
    ]
    cut = [path.name for path in files if read_json(path) is None]
    settings = home.dagster / dagster_settings.FILE
    is_empty = settings.exists() and not settings.stat().st_size
    cut += [settings.name] if is_empty or dagster_settings.is_damaged(home.dagster) else []
    found = f"cut: {', '.join(cut)}" if cut else "whole" if files else "none yet"
    if (aside := dagster_settings.left_aside(home.dagster)) and not cut:
        said = f"whole; what could not be read is in {home.dagster}: {', '.join(aside)}"
        return Finding("state files", True, said, "take over what you had added, then delete it")
    return Finding("state files", not cut, found, "`kundbild run` makes them anew; is the disk full?" if cut else "")


def _lasting(home: Home) -> list[Finding]:
    """Files that no run can make anew, where one cannot be read: runs are refused until it is put back."""
    findings = []
    for what, look in (
        ("suppression list", lambda: _assert_suppression(home)),
        ("identity model", lambda: nightly_model(home)),
        ("Dagster's settings", lambda: assert_usable(home)),
    ):
        try:
            look()
        except KundbildError as error:
            findings.append(Finding(what, False, f"{error.what} ({error.where})", error.to_do))
    return findings


def _assert_suppression(home: Home) -> None:
    # of a warehouse that is there the list has a copy, whose name only the warehouse knows
    if home.warehouse.exists():
        assert_readable([home.suppression])
    else:
        assert_suppression(None, home)


def _run_history(home: Home) -> list[Finding]:
    """Databases of Dagster that cannot be read, and those that a run put aside for it."""
    what, found, aside = "run history", damaged(home), left_aside(home)
    findings = []
    if found:
        said = f"damaged in {home.dagster}: {', '.join(found)} ({lost(found)})"
        to_do = "`kundbild run` puts it aside and begins a new one, nothing else is lost; is the disk full?"
        findings.append(Finding(what, False, said, to_do))
    if aside:
        said = f"Dagster's run history began anew; what could not be read is in {home.dagster}: {', '.join(aside)}"
        findings.append(Finding(what, True, said, "delete it once nobody needs it"))
    return findings


def _publication(home: Home) -> list[Finding]:
    """What of the publications is cut or gone; nothing before the first."""
    standing, seen = standing_versions(home), current_version(home)
    if not standing and not home.published.joinpath("current").is_symlink():
        return []
    parts = {v: broken_parts(home, v) if v == seen else unusable_parts(home, v) for v in standing}
    broken = [f"{version} ({', '.join(names)} cut or gone)" for version, names in parts.items() if names]
    broken += [] if seen else [f"{home.published / 'current'} leads nowhere"]
    to_do = "`kundbild run --force` publishes anew and removes what is broken; is the disk full?"
    return [Finding("publication", not broken, "; ".join(broken) or f"whole: {seen}", to_do if broken else "")]
