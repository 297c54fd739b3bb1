"""One nightly with start-up apart: what a run imports is imported before the clock of its first step starts."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime

import dbt.adapters.duckdb
import dbt.cli.main  # noqa: F401
import great_expectations.expectations  # noqa: F401

from orchestration.run.launch import run_nightly


def main(as_of: str) -> None:
    outcome = run_nightly(as_of=datetime.fromisoformat(as_of))
    print(json.dumps(outcome.as_dict()), flush=True)
    # DuckDB's Python bindings tell of leaks on a slow way out
    os._exit(0 if outcome.is_success else 1)


if __name__ == "__main__":
    main(sys.argv[1])
