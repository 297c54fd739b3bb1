"""A company of two small sources, and what the Dagster of a home says."""

from __future__ import annotations

import textwrap
from pathlib import Path

from tests.conftest import Kundbild
from tests.people_of_files import people_of_files
from tests.warm import run_warm

_CONFIG = """
company = "Tiny [engine] Ltd"
[report]
after_publication = false
[schedule]
retries = 0
[alerts]
webhook = "{hook}"
"""


def make_tiny(folder: Path, hook: str = "http://127.0.0.1:9/hook") -> Kundbild:
    config = _CONFIG.format(hook=hook)
    for name, table in (("list", "people"), ("club", "members")):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / f"{table}.csv").write_text("id,name,email\n1,Anna Berg,a@x.se\n2,Bo Ek,b@x.se\n")
        config += people_of_files(name, folder / name, table)
    (folder / "kundbild.toml").write_text(config)
    return Kundbild(folder / "home", folder / "kundbild.toml")


def in_dagster(kundbild: Kundbild, script: str) -> str:
    """What a script prints that has the home's Dagster as `instance`."""
    whole = f"import dagster as dg, json, sys\nwith dg.DagsterInstance.from_config(sys.argv[1]) as instance:\n{textwrap.indent(script, '    ')}\n"
    environment = kundbild.environment(DAGSTER_HOME=str(kundbild.home / "dagster"))
    done = run_warm(["-c", str(kundbild.home / "dagster")], environment, timeout=300, script=whole)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()[-1]
