"""SQL scripts: what is more than a statement stands in `sql/` beside the module that runs it. Here: reading them."""

from __future__ import annotations

import re
from pathlib import Path

# what the groups of few together are called, as dbt's macro lumped() has it (macros/few.sql); `{{ lumped }}` of every script
LUMPED = "other (small groups)"


def sql_script(module: str, name: str, **parts: object) -> str:
    """The text of `sql/<name>.sql` beside `module` (its `__file__`), each `{{ part }}` filled in, `{{ lumped }}` always.

    Raises KeyError for a part that the script names and nobody gives.
    """
    text = (Path(module).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    given = {"lumped": f"'{LUMPED}'", **parts}
    return re.sub(r"\{\{ (\w+) \}\}", lambda found: str(given[found[1]]), text)
