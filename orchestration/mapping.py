"""Mappings in `kundbild.toml` → staging models. Here: which files, and their YAML.

They are written to the home folder and are ordinary dbt models from there on. Not here: their SQL (mapping_sql.py),
checking the mappings (extract/systems), or running dbt (transform.py).
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path

from orchestration.home import write_private
from orchestration.mapping_sql import model_sql, parts_of
from orchestration.settings import Settings, Source

_SOURCE = """sources:
  - name: {source}
    schema: raw_{source}
    tables:
{tables}"""
_SOURCE_TABLE = """      - name: {table}
        description: "Mapped in kundbild.toml."
        config:
          meta:
            dagster:
              asset_key: [raw, {source}, {table}]
"""
_MODEL = """models:
  - name: stg_{source}__{entity}
    description: "One row per {entity} of {source} (source_key), as kundbild.toml maps it."
"""


def write_mapped_models(settings: Settings, folder: Path) -> dict[str, list[str]]:
    """Writes a staging model for every mapping below `folder`. Returns entity → sources that feed it by mapping.

    Files are only touched when they change, so that dbt parses them anew only then.
    """
    wanted: dict[Path, str] = {}
    feeds: dict[str, list[str]] = defaultdict(list)
    for source, spec in settings.enabled_sources.items():
        models = _models(source, spec, settings.privacy.retention_days)
        for name, content in models.items():
            wanted[folder / "staging" / source / name] = content
            if name.endswith(".sql"):
                feeds[name.removesuffix(".sql").split("__", 1)[1]].append(source)
    # below staging/, so that dbt gives them the same schema and settings as hand-written staging models
    staging = folder / "staging"
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


def _models(source: str, spec: Source, days: dict[str, int]) -> dict[str, str]:
    """File name → content of every model that the mappings of one source make."""
    models = {}
    for entity, parts in parts_of(spec.tables, spec.null_values, spec.null_keys).items():
        models[f"stg_{source}__{entity}.sql"] = model_sql(source, parts, days)
        models[f"stg_{source}__{entity}.yml"] = _MODEL.format(source=source, entity=entity)
    tables = [_SOURCE_TABLE.format(source=source, table=name) for name, shape in spec.tables.items() if shape.maps]
    if tables:
        models["_sources.yml"] = _SOURCE.format(source=source, tables="".join(tables))
    return models
