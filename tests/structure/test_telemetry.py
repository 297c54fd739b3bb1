"""No dependency sends anything home, asked of each in its own words."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import orchestration

ASK = """
import json, os
import orchestration
import dlt
from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.common.configuration.resolve import resolve_configuration
print(json.dumps({
    "dlt": resolve_configuration(RuntimeConfiguration()).dlthub_telemetry,
    "great_expectations": os.environ["GX_ANALYTICS_ENABLED"] != "false",
    "dagster": os.getenv("DAGSTER_DISABLE_TELEMETRY") is None,
    "dbt": os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] != "false" or os.environ["DO_NOT_TRACK"] != "1",
}))
"""


def test_nothing_is_sent_home_unless_somebody_wants_it():
    clean = {name: value for name, value in os.environ.items() if name not in orchestration.QUIET}
    asked = subprocess.run([sys.executable, "-c", ASK], env=clean, capture_output=True, text=True, check=True)
    assert json.loads(asked.stdout) == {"dlt": False, "great_expectations": False, "dagster": False, "dbt": False}
    wanted = {**clean, "RUNTIME__DLTHUB_TELEMETRY": "true"}
    asked = subprocess.run([sys.executable, "-c", ASK], env=wanted, capture_output=True, text=True, check=True)
    assert json.loads(asked.stdout)["dlt"] is True
