"""Kundbild's Python package: the steps stand in the order of the flow, extract first and publishing last.

Whatever of it is used first, no dependency sends anything home: who wants that sets the variable otherwise.
"""

import gc
import os

# dbt, Dagster and Great Expectations make some million objects that stay: looking for garbage after each 700 of them
# takes a tenth of the time that the code location loads in, and after each 50,000 another tenth of dbt's. More than 200,000
# saves no time and costs memory
gc.set_threshold(200_000, 20, 50)

QUIET = {
    "DO_NOT_TRACK": "1",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
}
for _name, _value in QUIET.items():
    os.environ.setdefault(_name, _value)
