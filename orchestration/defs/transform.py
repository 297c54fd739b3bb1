"""dbt's models as assets and its tests as checks, run inside this process. Not here: running dbt (transform.py)."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, DbtProject, dbt_assets
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from orchestration.defs.resources import NightResource
from orchestration.errors import KundbildError
from orchestration.extract.records import now
from orchestration.lineage import column_lineage
from orchestration.night import NOTE, Night, tell
from orchestration.privacy.audit import audit_log
from orchestration.privacy.retention import forget_expired
from orchestration.requests import SOURCE, take_up_requests
from orchestration.settings import Settings, Source
from orchestration.transform import note_seeds, seeds_changed
from orchestration.warehouse import row_counts

_NONE = Source(connector="files", url="")
_GROUPS = {
    "marts": "marts",
    "segments": "segments",
    "audiences": "segments",
    "bi": "publishing",
    "quarantine": "quality",
}


class Translator(DagsterDbtTranslator):
    """Asset keys `<schema>/<table>`, groups by room, the owner from the configuration."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._owner = settings.owner
        # whoever asked to be erased tonight is so before anything is built of people
        self._requests = [["raw", SOURCE, name] for name in settings.enabled_sources.get(SOURCE, _NONE).tables]

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        if not unique_id.endswith(".conformed_people") or any(
            dep.asset_key.path[:2] == ["raw", SOURCE] for dep in spec.deps
        ):
            return spec
        return spec.merge_attributes(deps=[dg.AssetDep(dg.AssetKey(key)) for key in self._requests])

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
    """Two steps: staging to conformed, and, once customers have ids, golden records to bi."""
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
            taken_up = take_up_requests(con, run.home, run.settings, now())
            if taken_up:
                told = ", ".join(f"{number} {state}" for state, number in sorted(taken_up.items()))
                context.log.info("Requests of people who use their rights: %s", told)
                tell(NOTE, f"Requests of people: {told}; see kundbild requests")
            gone = forget_expired(con, run.settings, run.as_of.date(), is_rebuild=run.is_rebuild(con))
            if gone:
                audit_log(run.home, run.settings.privacy).append("retention", detail={"rows": sum(gone.values())})
                context.log.info(
                    "Older than their retention, deleted: %s", ", ".join(f"{t} {n:,}" for t, n in gone.items())
                )
                tell(NOTE, f"Older than their retention, deleted: {sum(gone.values()):,} rows")
            if run.is_nothing_new(con):
                context.log.info("Nothing new since the last publication: it stands.")
                tell("nothing new")
                return
            exclude = "" if seeds_changed(con) or run.is_forced else "resource_type:seed"
        yield from _build(context, run, translator, exclude=exclude)
        if not exclude:
            with run.warehouse() as con:
                note_seeds(con)

    @dbt_assets(
        manifest=manifest,
        name="marts",
        select="config.schema:identity config.schema:marts config.schema:segments config.schema:audiences config.schema:bi",
        dagster_dbt_translator=translator,
    )
    def marts(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[Any]:
        yield from _build(context, night.night, translator)

    return [conformed, marts]


def _build(context: dg.AssetExecutionContext, night: Night, translator: Translator, exclude: str = "") -> Iterator[Any]:
    manifest = night.dbt.manifest()
    nodes = {**manifest["nodes"], **manifest["sources"]}
    keys = {
        translator.get_asset_key(props): props for uid, props in nodes.items() if uid.split(".")[0] in ("model", "seed")
    }
    models = [keys[key]["name"] for key in context.selected_asset_keys]
    # of what is built twice, the second
    events: dict[str, DbtCoreCliEventMessage] = {}
    total, done = len(models), set[str]()

    def on_event(event: Any) -> None:
        if not event.info.name.startswith("Log") or not event.info.name.endswith("Result"):
            return
        from google.protobuf.json_format import MessageToDict

        message = MessageToDict(event, preserving_proto_field_name=True)
        node = event.data.node_info
        events[node.unique_id] = DbtCoreCliEventMessage(raw_event=message, event_history_metadata={})
        if event.info.name in ("LogModelResult", "LogSeedResult"):
            done.add(node.unique_id)
            tell("transform", f"{len(done)} of {total}: {node.node_name}")

    with night.warehouse() as con:
        is_rebuild = night.is_rebuild(con)
    failure: KundbildError | None = None
    try:
        night.dbt.build(" ".join(models), exclude=exclude, full_refresh=is_rebuild, on_event=on_event)
    except KundbildError as error:
        failure = error
    with night.warehouse() as con:
        shows_bi = any(key.path[0] == "bi" for key in context.selected_asset_keys)
        counts = row_counts(con, views_of="bi" if shows_bi else None)
        columns = _column_lineage(con, night, manifest, translator, models)
    if exclude and not failure:  # seeds that stand as they were: what reads them must not be skipped
        for key in context.selected_asset_keys:
            if keys[key]["resource_type"] == "seed":
                metadata = {"dagster/row_count": counts.get(".".join(key.path), 0), "unchanged": True}
                yield dg.Output(None, output_name=key.to_python_identifier(), metadata=metadata)
    for event in events.values():
        for translated in event.to_default_asset_events(manifest, translator, context, night.home.dbt_target):
            yield _described(translated, counts, columns)
    if failure:
        raise dg.Failure(description=str(failure), allow_retries=False)


def _column_lineage(
    con: duckdb.DuckDBPyConnection, night: Night, manifest: Mapping[str, Any], translator: Translator, models: list[str]
) -> dict[str, dg.TableColumnLineage]:
    """By `schema.table`: what each column of a model is made of, in assets."""
    compiled = night.home.dbt_target / "compiled" / manifest["metadata"]["project_name"]
    nodes = {n["name"]: n for n in manifest["nodes"].values() if n["resource_type"] == "model"}
    paths = {name: compiled / nodes[name]["original_file_path"] for name in models if name in nodes}
    keys = {
        (props["schema"], props.get("identifier") or props.get("alias") or props["name"]): translator.get_asset_key(
            props
        )
        for props in [*manifest["nodes"].values(), *manifest["sources"].values()]
        if props["resource_type"] in ("model", "seed", "source")
    }
    found = {}
    for name, columns in column_lineage(con, paths, night.home.dbt_target / "column_lineage.json").items():
        key = translator.get_asset_key(nodes[name])
        found[".".join(key.path)] = dg.TableColumnLineage(
            {
                column: [dg.TableColumnDep(keys[s, t], c) for s, t, c in sources if (s, t) in keys]
                for column, sources in columns.items()
            }
        )
    return found


def _described(event: Any, counts: dict[str, int], columns: dict[str, dg.TableColumnLineage]) -> Any:
    """The event with the table's rows and its columns' lineage."""
    if not isinstance(event, dg.Output):
        return event
    schema, _, table = event.output_name.partition("__")
    metadata: dict[str, Any] = dict(event.metadata)
    if (rows := counts.get(f"{schema}.{table}")) is not None:
        metadata["dagster/row_count"] = rows
    if lineage := columns.get(f"{schema}.{table}"):
        metadata["dagster/column_lineage"] = lineage
    return event.with_metadata(metadata)
