"""The dlt pipeline of an endpoint, below a folder of its own. Not here: what is asked, and what becomes of the pages (rest.py)."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dlt

_NAMING, _JSON = "direct", "dlt.common.normalizers.json.relational"


def attached(folder: Path, name: str) -> dlt.Pipeline:
    """The endpoint's dlt pipeline with nothing pending: packages that a killed run left are finished first.

    Killed at the wrong moment, they can never be, or not even be looked at: then the folder is cleared. Nothing is
    lost by that, for the cursor is the newest row of raw, and no row of the folder is there yet.
    """
    import dlt

    def attach() -> dlt.Pipeline:
        pipeline = dlt.pipeline(
            name,
            pipelines_dir=str(folder / "packages"),
            # one table lies below the folder: its files are no other's
            destination=dlt.destinations.filesystem(bucket_url=str(folder), warn_unsafe_layout_separators=False),
            dataset_name="raw",
        )
        # so dlt has no state to keep: an answer without rows leaves no package
        pipeline.config.restore_from_destination = False
        # it would hold what failed, with the secrets of a URL
        pipeline.config.enable_runtime_trace = False
        return pipeline

    def is_as_is() -> bool:
        return not pipeline.schemas or pipeline.default_schema.naming.name() == _NAMING

    # half-written files make dlt raise nearly anything
    with suppress(Exception):
        pipeline = attach()
        if pipeline.has_pending_data:
            pipeline.normalize()
            pipeline.load()
        if not pipeline.has_pending_data and is_as_is():
            return pipeline
    shutil.rmtree(folder, ignore_errors=True)
    return attach()


def schema_of(pipeline: dlt.Pipeline) -> dlt.Schema:
    """The pipeline's schema, which leaves names of columns as they are: dlt's own makes first_name of firstName."""
    import dlt

    return dlt.Schema(pipeline.pipeline_name, {"names": _NAMING, "json": {"module": _JSON}})
