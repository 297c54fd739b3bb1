"""The columns of the small deliveries that tests of files load."""

from __future__ import annotations

TEXT = {"id": "VARCHAR", "status": "VARCHAR"}
