"""dbt's models as assets and its tests as checks, run inside this process. Not here: running dbt (transform/runner.py)."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject, dbt_assets
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from orchestration.core.errors import KundbildError
from orchestration.core.settings import Settings
from orchestration.core.warehouse import row_counts
from orchestration.defs.dbt_results import Results
from orchestration.defs.privacy import RETENTION
from orchestration.defs.resources import NightResource
from orchestration.run.night import Night
from orchestration.run.progress import NOTE, tell
from orchestration.transform.runner import note_seeds, seeds_changed
from orchestration.transform.told import told_while_it_runs

_GROUPS = {
    "marts": "marts",
    "segments": "segments",
    "insight": "marts",
    "audiences": "segments",
    "bi": "publishing",
    "bi_open": "publishing",
    "quarantine": "quality",
}

# the schema of seeds
_SEEDS = "reference"

_AFTER_IDENTITY = (
    "config.schema:identity config.schema:marts config.schema:segments config.schema:insight config.schema:audiences "
    "config.schema:bi config.schema:bi_open"
)
# customer_360 and what is made of it; segments and audiences come together, whether they read scores or not
_AFTER_SCORES = "source:scores+ config.schema:segments+ config.schema:audiences+"


class Translator(DagsterDbtTranslator):
    """Asset keys `<schema>/<table>`, groups by room, the owner from the configuration."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._owner = settings.owner

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        if not unique_id.endswith(".conformed_people"):
            return spec
        # who asked to be erased, and what is older than its retention, is gone before anything is built of people
        return spec.merge_attributes(deps=[dg.AssetDep(dg.AssetKey(RETENTION))])

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            named = (dbt_resource_props.get("config") or {}).get("meta", {}).get("dagster", {}).get("asset_key")
            return dg.AssetKey(named or [dbt_resource_props["schema"], dbt_resource_props["name"]])
        return dg.AssetKey(
            [dbt_resource_props["schema"], dbt_resource_props.get("alias") or dbt_resource_props["name"]]
        )

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        schema = dbt_resource_props["schema"]
        return _GROUPS.get(schema, schema)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return [self._owner]


def dbt_steps(manifest: Path, settings: Settings) -> list[dg.AssetsDefinition]:
    """Three steps: staging to conformed; once customers have ids, golden records to marts; once they have scores, what reads these."""
    translator = Translator(settings)

    @dbt_assets(
        manifest=manifest,
        name="conformed",
        select="config.schema:staging config.schema:conformed config.schema:quarantine config.schema:reference",
        dagster_dbt_translator=translator,
    )
    def conformed(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[Any]:
        run = night.night
        with run.warehouse() as con:
            if run.stands(con):
                context.log.info("Nothing new since the last publication: it stands.")
                tell("nothing new")
                if run.stays_closed:
                    tell(NOTE, run.stays_closed)
                return
            exclude = "" if seeds_changed(con, run.dbt) or run.is_forced else "resource_type:seed"
        run.make_up_for_arrival()
        yield from _build(context, run, translator, "conformed", exclude=exclude)
        # a run of some assets leaves the other seeds as they were
        seeds = {key for key in _all_keys(context) if key.path[0] == _SEEDS}
        if not exclude and seeds <= context.selected_asset_keys:
            with run.warehouse() as con:
                note_seeds(con, run.dbt)

    @dbt_assets(
        manifest=manifest,
        name="marts",
        select=_AFTER_IDENTITY,
        exclude=_AFTER_SCORES,
        dagster_dbt_translator=translator,
    )
    def marts(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[Any]:
        # a test of marts and of what comes after scores runs with the latter
        yield from _build(context, night.night, translator, "marts", exclude=_AFTER_SCORES)

    @dbt_assets(manifest=manifest, name="segments", select=_AFTER_SCORES, dagster_dbt_translator=translator)
    def segments(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[Any]:
        yield from _build(context, night.night, translator, "segments")

    return [conformed, marts, segments]


def unprepared_step(settings: Settings) -> dg.AssetsDefinition:
    """Stands in the place of dbt's steps before the project was ever compiled: its run compiles it, or says why not."""

    @dg.asset(
        key=["conformed", "dbt_project"],
        group_name="conformed",
        owners=[settings.owner],
        kinds={"dbt"},
        description="The dbt project is not compiled yet: materialize this, then reload the code location.",
    )
    def dbt_project(context: dg.AssetExecutionContext, night: NightResource) -> dg.MaterializeResult:
        try:
            path = night.night.dbt.ensure_manifest()
        except KundbildError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error
        return dg.MaterializeResult(metadata={"manifest": dg.MetadataValue.path(path), "next": "reload the location"})

    return dbt_project


def _all_keys(context: dg.AssetExecutionContext) -> set[dg.AssetKey]:
    """Keys of all assets of the step; `assets_def.keys` are those that were chosen."""
    return set(context.assets_def.node_keys_by_output_name.values())


def _build(
    context: dg.AssetExecutionContext, night: Night, translator: Translator, part: str, exclude: str = ""
) -> Iterator[Any]:
    try:
        manifest = night.dbt.manifest()
    except KundbildError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
    nodes = {**manifest["nodes"], **manifest["sources"]}
    keys = {
        translator.get_asset_key(props): props for uid, props in nodes.items() if uid.split(".")[0] in ("model", "seed")
    }
    gone = [key.to_user_string() for key in context.selected_asset_keys if key not in keys]
    if gone:
        raise dg.Failure(
            description=f"the dbt project has no {', '.join(sorted(gone)[:5])} any more: reload the code location",
            allow_retries=False,
        )
    models = [keys[key]["name"] for key in context.selected_asset_keys]
    # of checks that were chosen without their models, the tests alone
    tests = [] if models else _tests(manifest, translator, context)
    if not models and not tests:
        return
    is_whole = _all_keys(context) <= context.selected_asset_keys
    with night.warehouse() as con:
        is_rebuild = bool(models) and night.is_rebuild(con, part)
        if is_rebuild:
            night.note_building(con, part, is_done=False)
    if exclude:
        yield from _unchanged_seeds(context, night, keys)
    results = Results(manifest, translator, night.home.dbt_target, len(models))

    def build(on_result: Callable[[Any], None], wait: Callable[[], None]) -> None:
        night.dbt.build(
            " ".join(models + tests),
            exclude=exclude,
            full_refresh=is_rebuild,
            on_event=lambda event: results.take(event, on_result),
            before_close=wait,
        )

    failure: KundbildError | None = None
    try:
        try:
            for result in told_while_it_runs(build):
                yield from results.events(result, context)
        except KundbildError as error:
            failure = error
            night.problems.append(str(error))
        for result in results.left():
            yield from results.events(result, context)
    finally:
        results.close()
    if failure:
        raise dg.Failure(description=str(failure), allow_retries=False) from failure
    if is_rebuild and is_whole:
        with night.warehouse() as con:
            night.note_building(con, part, is_done=True)


def _unchanged_seeds(
    context: dg.AssetExecutionContext, night: Night, keys: Mapping[dg.AssetKey, Mapping[str, Any]]
) -> Iterator[dg.Output[None]]:
    """Outputs of seeds that stand as they were: what reads them must not be skipped."""
    with night.warehouse() as con:
        counts = row_counts(con)
    for key in context.selected_asset_keys:
        if keys[key]["resource_type"] == "seed":
            metadata = {"dagster/row_count": counts.get(".".join(key.path), 0), "unchanged": True}
            yield dg.Output(None, output_name=key.to_python_identifier(), metadata=metadata)


def _tests(manifest: Mapping[str, Any], translator: Translator, context: dg.AssetExecutionContext) -> list[str]:
    """Names of the dbt tests whose checks were chosen. Raises Failure where one of them is not a test of the project any more."""
    chosen = context.selected_asset_check_keys
    keys = {
        props["name"]: get_asset_check_key_for_test(manifest, translator, uid, None)
        for uid, props in manifest["nodes"].items()
        if props["resource_type"] == "test"
    }
    found = [name for name, key in keys.items() if key in chosen]
    gone = sorted(f"{key.asset_key.to_user_string()}: {key.name}" for key in chosen if key not in keys.values())
    if gone:
        raise dg.Failure(
            description=f"the dbt project has no test {', '.join(gone[:5])} any more: reload the code location",
            allow_retries=False,
        )
    return found
