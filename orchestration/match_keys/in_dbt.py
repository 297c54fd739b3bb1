"""What dbt loads when it opens the warehouse (profiles.yml): the macros of match keys. Not here: the macros."""

from __future__ import annotations

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from orchestration.match_keys import define_match_keys


class Plugin(BasePlugin):
    """Found by dbt-duckdb by this name."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        define_match_keys(conn)
