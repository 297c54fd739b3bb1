"""What a change of a state table's statement cannot say: renames, columns filled from others, files that are not to stay.

Each entry is SQL, or a function of the home (files.py), that brings a home from one schema version to the next; append, never
edit or reorder. The schema version of a home is the number of steps that it went through. A step must also run on a home that
lacks its table or its files: `alter table if exists …`, `update` only behind a step that makes the table. A function must give
the same when it runs twice: a step behind it may fail. Not here: new columns and tables.
"""

from __future__ import annotations

from collections.abc import Callable

from orchestration.core.home import Home
from orchestration.core.migrations.files import forget_traces
from orchestration.core.sql_scripts import sql_script

STEPS: list[str | Callable[[Home], None]] = [forget_traces, sql_script(__file__, "codes_of_rejects")]
