"""`kundbild add-system`: writes what a new system needs. Here: the templates. Not here: any existing system."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.contracts.conformed import entities
from orchestration.core.errors import ConfigurationError
from orchestration.core.settings import DBT_DIR, PROJECT_DIR
from orchestration.extract.contact_columns import person_of, said_as_python
from orchestration.extract.files import sample_columns
from orchestration.extract.systems import known_systems

# what a kind of system usually feeds
KINDS = {
    "webshop": ["people", "products", "orders", "order_items", "carts"],
    "crm": ["people", "companies", "deals", "interactions"],
    "email": ["people", "campaigns", "email_events", "consent_events"],
    "survey": ["people", "survey_responses", "survey_answers"],
    "analytics": ["web_sessions", "web_events"],
    "finance": ["invoices", "companies"],
    "support": ["people", "tickets", "interactions"],
    "register": ["reservations", "address_updates"],
}
# a database that does not answer sooner is not waited for
_LOOK_SECONDS = 60.0
_SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".json": "jsonl", ".parquet": "parquet"}


@dataclass(frozen=True)
class Scaffold:
    files: list[Path]
    block: str


def scaffold(name: str, kind: str, place: str, *, project: Path = PROJECT_DIR) -> Scaffold:
    """Writes the module and the staging models of a new system, and returns its configuration block.

    Raises ConfigurationError when the name is taken or bad, or the kind is unknown. Overwrites nothing.
    """
    if not name.isidentifier() or name != name.lower() or "__" in name:
        raise ConfigurationError(
            f"'{name}' is not a valid name for a source", to_do="use lower-case letters, digits and single _"
        )
    if name in known_systems() or (project / "dbt_project" / "models" / "staging" / name).exists():
        raise ConfigurationError(f"there is a system '{name}' already", to_do="choose another name")
    if kind not in KINDS:
        raise ConfigurationError(f"unknown kind '{kind}'", to_do=f"kinds: {', '.join(KINDS)}")
    tables, block = _look(name, place)
    module = project / "orchestration" / "extract" / "systems" / f"{name}.py"
    module.write_text(_module(name, kind, tables), encoding="utf-8")
    files = [module]
    folder = project / DBT_DIR.name / "models" / "staging" / name
    folder.mkdir(parents=True)
    first = next(iter(tables))
    for entity in KINDS[kind]:
        files += _staging(folder, name, entity, entity if entity in tables else first, is_there=entity in tables)
    sources = folder / "_sources.yml"
    sources.write_text(_sources(name, list(tables)), encoding="utf-8")
    return Scaffold([*files, sources], block)


def _look(name: str, place: str, seconds: float = _LOOK_SECONDS) -> tuple[dict[str, dict[str, str]], str]:
    """({table: {column: type}}, configuration block) from a look at the place itself."""
    path = Path(place)
    if "://" in place and not place.startswith("file://"):
        if place.startswith(("http://", "https://")):
            return {"items": {"id": "BIGINT", "updated_at": "VARCHAR"}}, (
                f'[sources.{name}]\nconnector = "rest"\nurl = "{place}"\ntoken = "${{{name.upper()}_TOKEN}}"\n'
            )
        from orchestration.extract.sql_look import clear_url, tables_there

        url = clear_url(place)
        tables = {
            t.name: {c: kind or "VARCHAR" for c, kind in t.columns.items()}
            for t in tables_there(url, seconds)
            if not t.is_view
        }
        safe = url.set(password="PASSWORD_HERE").render_as_string(hide_password=False) if url.password else place
        return (
            tables,
            f'[sources.{name}]\nconnector = "sql"\nurl = "{safe.replace("PASSWORD_HERE", "${" + name.upper() + "_PASSWORD}")}"\n',
        )
    files = sorted(p for p in (path.iterdir() if path.is_dir() else [path]) if p.suffix in _SUFFIXES)
    if not files or not files[0].exists():
        raise ConfigurationError(
            "there is no CSV, JSON Lines or Parquet file", where=place, to_do="name a file, a folder or a URL"
        )
    kind = _SUFFIXES[files[0].suffix]
    with duckdb.connect() as con:
        tables = {
            p.stem.lower().replace("-", "_"): sample_columns(con, p) for p in files if _SUFFIXES[p.suffix] == kind
        }
    folder = path if path.is_dir() else path.parent
    return tables, f'[sources.{name}]\nconnector = "files"\nformat = "{kind}"\nurl = "{folder.resolve()}"\n'


def _module(name: str, kind: str, tables: dict[str, dict[str, str]]) -> str:
    people = {table: person_of(table, columns, [next(iter(columns))]) for table, columns in tables.items()}
    imports = ["from orchestration.core.settings.people import Person, Retention"] if any(people.values()) else []
    lines = [f'"""{name}: a {kind} system. The vendor\'s tables as they are; mapping is staging\'s work."""', "",
             "from orchestration.core.settings import Table", *imports, "", "TABLES = {"]  # fmt: skip
    for table, columns in tables.items():
        lines += [f'    "{table}": Table(', "        columns={"]
        lines += [f'            "{column}": "{kind_}",' for column, kind_ in columns.items()]
        key = next(iter(columns))
        lines += [
            "        },",
            f'        key=["{key}"],  # check: what tells two rows apart?',
            f'        path="{table}*",',
        ]
        if person := people[table]:
            lines += [
                "        # check: whose are the rows, and how long may they stay? See docs/extending.md, A table of people"
            ]
            lines += [f"        {said}," for said in said_as_python(person)]
        else:
            lines += ["        # of people? Add persons, retention and texts: see docs/extending.md, A table of people"]
        lines += ["    ),"]
    return "\n".join([*lines, "}", ""])


def _staging(folder: Path, name: str, entity: str, table: str, *, is_there: bool) -> list[Path]:
    model = f"stg_{name}__{entity}"
    columns = "".join(
        f"    cast(null as {kind}) as {column},\n"
        for column, kind in entities()[entity].items()
        if column != "source_key"
    )
    reads = "" if is_there else f"-- no table is named {entity}: change source(...) to the one that has them\n"
    sql = (
        '{{ config(meta={"raw_count": "0"}) }}\n\n'  # an unmapped table must not close the gate
        f"-- every column of conformed_{entity}: put the vendor's column in place of null where there is one\n"
        f'select\n    cast(null as varchar) as source_key,\n{columns}    {{{{ staging_end("{name}") }}}}\n'
        f'{reads}from {{{{ source("{name}", "{table}") }}}}\nwhere false -- remove this, and raw_count above, once the columns are mapped\n'
    )
    yml = f'models:\n  - name: {model}\n    description: "One row per … of {name} (source_key)."\n'
    paths = [folder / f"{model}.sql", folder / f"{model}.yml"]
    for path, content in zip(paths, (sql, yml), strict=True):
        path.write_text(content, encoding="utf-8")
    return paths


def _sources(name: str, tables: list[str]) -> str:
    head = (
        f'sources:\n  - name: "{name}"\n    schema: raw_{name}\n    description: "{name}, as extracted."\n    config:\n'
        f"      enabled: \"{{{{ '{name}' in var('systems') }}}}\"\n    tables:\n"
    )
    return head + "".join(
        f'      - name: "{table}"\n        description: "…"\n        config:\n          meta:\n            dagster:\n'
        f'              asset_key: [raw, "{name}", "{table}"]\n'
        for table in tables
    )
