"""`kundbild run --dry-run`: reads up to a thousand rows of each table, and tells all that a night would stumble over, at once.

Nothing is written, neither to the home folder nor to a source. Not here: what a look finds (reach.py, first_rows.py, first_maps.py), or all
else that a run needs (doctor.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

from orchestration.core.configuration import home_and_config, load_settings
from orchestration.core.home import Home
from orchestration.core.settings import Settings
from orchestration.run.findings import Finding
from orchestration.run.first_rows import first_rows
from orchestration.run.reach import reach

# sources that are looked at side by side, and those whose rows are
_AT_ONCE, _READ_AT_ONCE = 16, 4


def dry_run() -> list[Finding]:
    """Every finding, the good ones too. Raises ConfigurationError where the configuration cannot be read at all."""
    home, config = home_and_config()
    return look_at_sources(load_settings(config), home, is_summed=True)


def look_at_sources(
    settings: Settings, home: Home, connectors: Sequence[str] = ("files", "sql", "rest"), *, is_summed: bool = False
) -> list[Finding]:
    """Side by side: each may take as long as a look lasts. Rows are read of sources of these connectors that can be reached; where it
    `is_summed`, how many of them would be set aside is told of each map."""
    sources = settings.enabled_sources
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as looks:
        reached = dict(zip(sources, looks.map(reach, sources, sources.values(), repeat(home)), strict=True))
    read = [name for name, one in reached.items() if one.is_ok and sources[name].connector in connectors]
    with ThreadPoolExecutor(max_workers=_READ_AT_ONCE) as looks:
        rows = list(
            looks.map(
                lambda name: first_rows(name, sources[name], settings.quality, is_summed=is_summed, settings=settings),
                read,
            )
        )
    return [*reached.values(), *(finding for of in rows for finding in of)]
