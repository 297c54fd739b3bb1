"""Mappings in `kundbild.toml` → staging models. Here: the SQL and YAML of `stg_<source>__<entity>` for each.

They are written to the home folder and are ordinary dbt models from there on. Not here: checking the mappings
(extract/systems) or running dbt (transform.py).
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path

from orchestration.conformed import entities, required_columns
from orchestration.settings import ColumnMap, EntityMap, Settings, Source
from orchestration.warehouse import quote, text

# what a withdrawal of consent denies that does not tell (macros/staging.sql)
_OF_A_WITHDRAWAL = {"stated_at": "_extracted_at", "purpose": "'all'", "channel": "'all'"}
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
        models = _models(source, spec)
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
            path.write_text(content, encoding="utf-8")
        for other in path.parent.iterdir():
            if other not in wanted:
                other.unlink()
    return feeds


def _models(source: str, spec: Source) -> dict[str, str]:
    """File name → content of every model that the mappings of one source make."""
    selects: dict[str, list[str]] = defaultdict(list)
    counts: dict[str, dict[str, str]] = defaultdict(dict)
    tables = []
    for table, shape in spec.tables.items():
        for mapping in shape.maps:
            selects[mapping.entity].append(mapping_sql(source, table, mapping))
            if mapping.one_row_per_key:  # of such a table the books count keys, rows without a key as one
                key = _key(mapping)
                counts[mapping.entity][table] = f"count(distinct {key}) + max(cast({key} is null as integer))"
        if shape.maps:
            tables.append(_SOURCE_TABLE.format(source=source, table=table))
    models = {}
    for entity, parts in selects.items():
        name = f"stg_{source}__{entity}"
        head = f'{{{{ config(meta={{"raw_count": {counts[entity]!r}}}) }}}}\n\n' if counts[entity] else ""
        models[f"{name}.sql"] = head + "\nunion all\n".join(parts) + "\n"
        models[f"{name}.yml"] = _MODEL.format(source=source, entity=entity)
    if tables:
        models["_sources.yml"] = _SOURCE.format(source=source, tables="".join(tables))
    return models


def mapping_sql(source: str, table: str, mapping: EntityMap) -> str:
    """The SELECT of one mapping, in dbt's Jinja: every conformed column, the technical ones, and a quarantine reason."""
    columns = entities()[mapping.entity]
    lines, reasons = [], []
    for column, kind in columns.items():
        if column in mapping.columns:
            how = mapping.columns[column]
            how = ColumnMap(column=how) if isinstance(how, str) else how
            expression = _expression(how, kind)
            if mapping.entity == "consent_events" and column in _OF_A_WITHDRAWAL:
                said = expression if kind.upper() != "VARCHAR" else f"nullif(trim({expression}), '')"
                expression = (
                    f"coalesce({said}, case when {_status(mapping)} = 'withdrawn' then {_OF_A_WITHDRAWAL[column]} end)"
                )
            lines.append(f"    {expression} as {column}")
            if kind.upper() != "VARCHAR" and how.on_bad == "quarantine":
                raw = f"nullif(trim(cast({quote(how.column)} as varchar)), '')"
                reasons.append(f"when {raw} is not null and {expression} is null then '{column} cannot be read'")
            if column in required_columns(mapping.entity):
                reasons.append(f"when {expression} is null then '{column} is missing'")
        elif column in mapping.constants:
            lines.append(f"    cast({text(str(mapping.constants[column]))} as {kind}) as {column}")
        elif column == "person_system" and "person_key" in mapping.columns:
            lines.append(f"    '{source}' as {column}")
        else:
            lines.append(f"    cast(null as {kind}) as {column}")
            if column in required_columns(mapping.entity):
                reasons.append(f"when true then '{column} is not mapped'")
    reason = f"case {' '.join(reasons)} end" if reasons else "cast(null as varchar)"
    technical = (
        f"    '{source}' as source_system,\n    _deleted_at as deleted_at,\n    _extracted_at as extracted_at,\n"
        f"    _load_id as load_id,\n    {reason} as quarantine_reason"
    )
    body = "select\n" + ",\n".join(lines) + ",\n" + technical + f'\nfrom {{{{ source("{source}", "{table}") }}}}'
    if mapping.one_row_per_key:
        body += f"\nqualify row_number() over (partition by {_key(mapping)} order by _deleted_at is not null, _load_id desc) = 1"
    return body


def _status(mapping: EntityMap) -> str:
    """SQL: the status of a statement on consent."""
    if "status" in mapping.constants:
        return text(str(mapping.constants["status"]))
    how = mapping.columns.get("status")
    return _expression(ColumnMap(column=how) if isinstance(how, str) else how, "varchar") if how else "null"


def _key(mapping: EntityMap) -> str:
    key = mapping.columns["source_key"]
    return quote(key if isinstance(key, str) else key.column)


def _expression(how: ColumnMap, kind: str) -> str:
    column = quote(how.column)
    if how.values:
        cases = " ".join(f"when {text(a)} then {text(b)}" for a, b in how.values.items())
        column = f"case cast({column} as varchar) {cases} else cast({column} as varchar) end"
    if how.formats:
        formats = "[" + ", ".join(text(f) for f in how.formats) + "]"
        return f"cast({{{{ parsed_time({column!r}, {formats}) }}}} as {kind})"
    if kind.lower() == "timestamp":
        return f"{{{{ as_utc({column!r}) }}}}"
    return f"try_cast({column} as {kind})"
