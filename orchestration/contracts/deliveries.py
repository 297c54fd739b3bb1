"""What a source has to deliver for a column of a customer to be known, as the models' meta `delivered_by` says.

Here: columns and entities. Not here: what sources deliver (dbt: delivered_entities), who is told (insight/deliveries.py).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from orchestration.contracts.model_files import model_file
from orchestration.core.settings import DBT_DIR

_MARTS = DBT_DIR / "models" / "marts"
CUSTOMER_360 = _MARTS / "customers" / "customer_360.yml"
CUSTOMER_RFM = _MARTS / "segments" / "customer_rfm.yml"
CUSTOMER_PROFILE = _MARTS / "customers" / "customer_profile.yml"


@cache
def delivered_by(path: Path) -> dict[str, tuple[str, ...]]:
    """Column → entities of which any makes it known, of the model that a `.yml` describes; columns that need none are left out."""
    columns = model_file(path)["models"][0]["columns"]
    return {c["name"]: tuple(found) for c in columns if (found := c["config"]["meta"].get("delivered_by"))}
