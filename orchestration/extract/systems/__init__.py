"""One module per source system: the vendor's tables as they are, types and keys, as the schema contract.

Also here: joining them with the configuration and with what staging makes of them, and checking the mappings of a company's
own exports against the conformed entities. Not here: where a system lies or how it is read.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orchestration.contracts.conformed import entities, required_columns
from orchestration.contracts.mapping_expressions import Ask, Checker, check_expressions, check_person_id
from orchestration.contracts.mapping_parts import with_the_same_label
from orchestration.contracts.seeds import seed
from orchestration.contracts.staged_tables import tables_staged_for
from orchestration.core.errors import ConfigurationError, did_you_mean
from orchestration.core.settings import Settings, Source, Table
from orchestration.core.settings.maps import REGISTERS, STATEMENTS, EntityMap
from orchestration.core.toml_places import place
from orchestration.extract.contact_columns import refuse_unsaid_people
from orchestration.extract.each_column import with_each
from orchestration.extract.permission_maps import check_ages, check_what_opens, may_grant
from orchestration.extract.untyped import with_columns
from orchestration.extract.vendors import filled_in
from orchestration.privacy.intake.entry_columns import category_of_column, dropped_columns, unread_columns
from orchestration.privacy.intake.special_categories import special_category_of

PSEUDO_COLUMNS = {"_row_key", "_source_file"}
# these formats are Kundbild's own or a public body's: a source of that name always has them, beside tables of its own
STANDARD_SYSTEMS = {"registers", "requests", "spar"}


def known_systems() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def fill_in_tables(sources: dict[str, Any], place: Callable[..., str] = lambda *keys: "") -> dict[str, Any]:
    """The sources of a configuration as it is written, before it is validated. A table of a system that says no `columns` has
    those of the system, and whatever else it does not say: only what differs needs to be written. A source that is named after
    a system, and whose tables are all such, is of that system. A source of a vendor has the vendor's tables.

    Raises ConfigurationError where there is no such vendor; `place` says where keys stand.
    """
    return {name: _filled_in(name, said, place) for name, said in sources.items()}


def _filled_in(name: str, said: Any, place: Callable[..., str]) -> Any:
    def refuse(what: str, to_do: str) -> ConfigurationError:
        return ConfigurationError(what, where=place("sources", name), to_do=to_do)

    given = said.get("tables") if isinstance(said, dict) else None
    is_of_tables = isinstance(given, dict) and all(isinstance(table, dict) for table in given.values())
    if isinstance(given, dict) and is_of_tables:
        given = {table: with_each(one, refuse) for table, one in given.items()}
        said = said | {"tables": given}
    if isinstance(said, dict) and "vendor" in said:
        return filled_in(said, refuse) if given is None or is_of_tables else said
    if not isinstance(given, dict) or not is_of_tables:
        return said
    system = said.get("system", name)
    known = _system_tables(system) if system in known_systems() else {}
    short = {table for table, one in given.items() if table in known and "columns" not in one}
    tables = {t: known[t].model_dump(exclude_unset=True) | one if t in short else one for t, one in given.items()}
    tables = with_columns(said, tables)
    is_of_system = short and (short == set(given) or "system" in said or name in STANDARD_SYSTEMS)
    return said | {"tables": tables} | ({"system": system} if is_of_system else {})


def complete_sources(settings: Settings, path: Path, text: str) -> Settings:
    """Settings whose sources have their system's tables, every mapping checked.

    Raises ConfigurationError naming file, line and the choices.
    """
    with Checker() as checker:
        return _completed(settings, path, text, checker.ask)


def _completed(settings: Settings, path: Path, text: str, ask: Ask) -> Settings:
    sources = {}
    for name, source in settings.sources.items():
        where = place(path, text, ("sources", name))
        if not name.isidentifier() or name != name.lower() or "__" in name:
            raise ConfigurationError(
                f"'{name}' is not a valid name for a source",
                where=where,
                to_do="use lower-case letters, digits and single _",
            )
        system = _system_of(name, source, where)
        tables = {**(_system_tables(system) if system else {}), **source.tables}
        for table_name, table in tables.items():
            _check_key(
                table, place(path, text, ("sources", name, "tables", table_name, "key" if table.key else "cursor"))
            )
            refuse_unsaid_people(name, table_name, table, place(path, text, ("sources", name, "tables", table_name)))
            if doubled := with_the_same_label(table.maps):
                raise ConfigurationError(
                    f"two maps to {doubled.entity} are called {doubled.name}: what they say would have one key",
                    where=place(path, text, ("sources", name, "tables", table_name, "maps")),
                    to_do='give each a name of its own: name = "…" beside `entity`',
                )
            for number, mapping in enumerate(table.maps):
                keys = ("sources", name, "tables", table_name, "maps", number)
                block = f"[[sources.{name}.tables.{table_name}.maps]] of {mapping.entity}"
                _check_mapping(tables, table_name, mapping, place(path, text, keys), block, ask)
                if settings.privacy.unknown_age_is_adult:
                    check_ages(mapping, place(path, text, keys))
        if system:
            tables = _staged(name, tables)
        sources[name] = source.model_copy(update={"tables": tables, "system": system})
    _check_purposes(settings, place(path, text, ("privacy", "purposes")))
    _check_questions(settings, place(path, text, ("insight", "wish_questions")))
    return settings.model_copy(update={"sources": sources})


def _check_purposes(settings: Settings, where: str) -> None:
    """Raises ConfigurationError where a purpose of the configuration is called as one that there is: its rules are not to change."""
    taken = {row["purpose"] for row in seed("purposes")} | {"all", "marketing", "direct_marketing"}
    if doubled := sorted(taken & set(settings.privacy.purposes)):
        raise ConfigurationError(
            f"there is a purpose {doubled[0]} already", where=where, to_do="choose another name; its own rules stay"
        )


def _check_questions(settings: Settings, where: str) -> None:
    """Raises ConfigurationError where a question of wishes is about a special category (Art. 9): its answers are never kept."""
    for question in settings.insight.wish_questions:
        if category := special_category_of(question):
            raise ConfigurationError(
                f"the question '{question}' is about a special category ({category})",
                where=where,
                to_do="leave it out: its answers are never kept",
            )


def _system_of(name: str, source: Source, where: str) -> str | None:
    """The system whose tables and staging models a source has; None: it has its own alone, whatever its name."""
    if source.system and source.system not in known_systems():
        raise ConfigurationError(
            f"there is no system '{source.system}'", where=where, to_do=f"systems: {', '.join(known_systems())}"
        )
    if source.system and source.system != name:
        raise ConfigurationError(
            f"source {name} asks for the tables of the system {source.system}, whose models read a source of that name",
            where=where,
            to_do=f"call the source {source.system}",
        )
    if name in STANDARD_SYSTEMS:
        return name
    if source.system or source.tables:
        return source.system
    if name not in known_systems():
        raise ConfigurationError(
            f"source {name} has no tables",
            where=where,
            to_do=f"add [sources.{name}.tables.…], or name it after a system that Kundbild knows: {', '.join(known_systems())}",
        )
    return name


def _staged(system: str, tables: dict[str, Table]) -> dict[str, Table]:
    """The tables, each with the statements and registers that a staging model written by hand makes of it."""
    read = {entity: tables_staged_for(system, entity) for entity in (*STATEMENTS, *REGISTERS)}
    return {name: table.staged_for(e for e in read if name in read[e]) for name, table in tables.items()}


def _system_tables(name: str) -> dict[str, Table]:
    tables: dict[str, Table] = importlib.import_module(f"{__name__}.{name}").TABLES
    return tables


def _check_mapping(tables: dict[str, Table], name: str, mapping: EntityMap, where: str, block: str, ask: Ask) -> None:
    table = tables[name]
    if mapping.entity not in entities():
        raise ConfigurationError(
            f"there is no conformed entity '{mapping.entity}'", where=where, to_do=f"entities: {', '.join(entities())}"
        )
    columns = entities()[mapping.entity]
    for target in [*mapping.columns, *mapping.constants]:
        if target not in columns:
            raise ConfigurationError(
                f"the conformed entity {mapping.entity} has no column '{target}'",
                where=where,
                to_do=f"{did_you_mean(target, columns)} columns: {', '.join(columns)}".strip(),
            )
    if table.key and "_row_key" in mapping.read:
        raise ConfigurationError(
            f"the mapping to {mapping.entity} reads _row_key, which only a table without a key has",
            where=where,
            to_do=f"map from the key, {', '.join(table.key)}, or take key away from the table",
        )
    for target in mapping.columns:
        how = mapping.how(target)
        names = how.columns if how else []
        is_told = how is not None and (how.sql is not None or (how.values and len(names) > 1))
        if len(names) != 1 and not target.endswith("_key") and not is_told:
            raise ConfigurationError(
                f"'{target}' is mapped from {len(names)} columns; only keys are",
                where=where,
                to_do="name one column, or put them together where the source is exported",
            )
        for column in names:
            if column not in mapping.looked_up:
                _check_column(table, target, column, where)

    def refuse(what: str, to_do: str) -> ConfigurationError:
        return ConfigurationError(what, where=where, to_do=to_do)

    check_person_id(mapping, refuse)
    check_expressions(tables, table, mapping, refuse, ask)
    check_what_opens(mapping, where)
    timeless = ("stated_at",) if not may_grant(mapping) else ()
    filled = {*mapping.columns, *mapping.constants, *timeless}
    missing = [c for c in required_columns(mapping.entity) if c not in filled]
    if "source_key" in missing:
        raise ConfigurationError(
            f"the mapping to {mapping.entity} says no source_key",
            where=where,
            to_do='map it from the key column, or from "_row_key" where the export has none; source_key = ["a", "b"] of several',
        )
    if missing:
        raise ConfigurationError(
            f"the mapping to {mapping.entity} fills no {_and(missing)}: without, no row of it can stand",
            where=where,
            to_do=f"add {_and([f'{column} = …' for column in missing])} to `columns` in {block}, with a column of the table, "
            "or to `constants` with a value that holds for every row",
        )


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _check_key(table: Table, where: str) -> None:
    for column in [*table.key, *([table.cursor] if table.cursor else [])]:
        if column in unread_columns(table, [column]):
            what = "key" if column in table.key else "cursor"
            raise ConfigurationError(
                f"'{column}', the {what} of the table, holds {_never_kept(table, column)}: they are never kept",
                where=where,
                to_do=f'choose another {what}, or none; where it is none of that, say so: not_special = ["{column}"] below the table',
            )


def _check_column(table: Table, target: str, name: str, where: str) -> None:
    if name in dropped_columns(table, [name]):
        raise ConfigurationError(
            f"'{target}' is mapped from '{name}', which holds {_never_kept(table, name)}: they are never kept",
            where=where,
            to_do=_instead(table, name),
        )
    if name not in table.columns and name not in PSEUDO_COLUMNS:
        raise ConfigurationError(
            f"'{target}' is mapped from '{name}', which is not a column of the table",
            where=where,
            to_do=f"columns: {', '.join([*table.columns, *sorted(PSEUDO_COLUMNS)])}",
        )


def _never_kept(table: Table, column: str) -> str:
    category = category_of_column(table, column)
    return f"data of a special category ({category})" if category else "national identity numbers"


def _instead(table: Table, column: str) -> str:
    if category_of_column(table, column):
        return f'map another column; where it is none, say so: not_special = ["{column}"] below the table'
    return (
        "map another column; national_id = {…} below the table keeps a keyed hash of them for identity alone; where it is "
        f'a number of another kind, say so: not_special = ["{column}"] below the table'
    )
