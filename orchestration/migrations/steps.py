"""What a change of a state table's statement cannot say: renames, and columns filled from others.

Each entry is SQL that brings a home from one schema version to the next; append, never edit or reorder. The schema
version of a home is the number of steps that it went through. A step must also run on a home that lacks its table:
`alter table if exists …`, `update` only behind a step that makes the table. Not here: new columns and tables.
"""

from __future__ import annotations

STEPS: list[str] = []
