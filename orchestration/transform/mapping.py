"""Mappings in `kundbild.toml` → staging models. Here: which files, and their YAML.

They are written to the home folder and are ordinary dbt models from there on. Not here: their SQL (mapping_sql.py),
checking the mappings (extract/systems), or running dbt (runner.py).
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path

from orchestration.contracts.mapping_parts import parts_of
from orchestration.contracts.mapping_values import argument
from orchestration.core.home import write_private
from orchestration.core.settings import DBT_DIR, Settings, Source
from orchestration.transform.mapping_sql import model_sql

# names in quotes: yes, no and null are none in YAML
_SOURCE = """sources:
  - name: "{name}"
    schema: "raw_{source}"
    tables:
{tables}"""
_SOURCE_TABLE = """      - name: "{table}"
        description: "Mapped in kundbild.toml."
        config:
          meta:
            dagster:
              asset_key: [raw, "{source}", "{table}"]
"""
_MODEL = """models:
  - name: "{model}"
    description: "One row per {entity} of {source} (source_key), as kundbild.toml maps it."
"""


def own_systems(settings: Settings) -> list[str]:
    """Sources of a company's own that are named as a system whose staging models are in the dbt project."""
    known = DBT_DIR / "models" / "staging"
    return [name for name, source in settings.enabled_sources.items() if not source.system and (known / name).is_dir()]


def mapped_models(settings: Settings) -> tuple[dict[str, str], dict[str, list[str]]]:
    """(path below staging/ → content of every file, entity → sources that feed it by mapping). Writes nothing."""
    files: dict[str, str] = {}
    feeds: dict[str, list[str]] = defaultdict(list)
    for source, spec in settings.enabled_sources.items():
        prefix = "own_" if source in own_systems(settings) else ""
        models = _models(source, spec, prefix, settings.privacy.retention_days)
        for name, content in models.items():
            files[f"{source}/{name}"] = content
            if name.endswith(".sql"):
                feeds[name.removesuffix(".sql").split("__", 1)[1]].append(source)
    return files, feeds


def write_mapped_models(settings: Settings, folder: Path) -> dict[str, list[str]]:
    """Writes a staging model for every mapping below `folder`. Returns entity → sources that feed it by mapping.

    Files are only touched when they change, so that dbt parses them anew only then.
    """
    files, feeds = mapped_models(settings)
    # below staging/, so that dbt gives them the same schema and settings as hand-written staging models
    staging = folder / "staging"
    wanted = {staging / name: content for name, content in files.items()}
    staging.mkdir(parents=True, exist_ok=True)
    for there in staging.iterdir():
        if there.is_dir() and not any(path.parent == there for path in wanted):
            shutil.rmtree(there)
    for path, content in wanted.items():
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            write_private(path, content)
        for other in path.parent.iterdir():
            if other not in wanted:
                other.unlink()
    return feeds


def _models(source: str, spec: Source, prefix: str, days: dict[str, int]) -> dict[str, str]:
    """File name → content of every model that the mappings of one source make."""
    models = {}
    for entity, parts in parts_of(spec.tables, spec.null_values, spec.null_keys).items():
        view = f"stg_{source}__{entity}"
        alias = f"{{{{ config(alias={argument(view)}) }}}}\n" if prefix else ""
        models[f"{prefix}{view}.sql"] = alias + model_sql(source, parts, days, prefix + source)
        models[f"{prefix}{view}.yml"] = _MODEL.format(model=prefix + view, source=source, entity=entity)
    maps = [(name, mapping) for name, shape in spec.tables.items() for mapping in shape.maps]
    read = {name for name, mapping in maps} | {table for _, mapping in maps for table in mapping.looked_up.values()}
    tables = [_SOURCE_TABLE.format(source=source, table=name) for name in spec.tables if name in read]
    if tables:
        models["_sources.yml"] = _SOURCE.format(name=prefix + source, source=source, tables="".join(tables))
    return models
