"""A table of a statistical office → ops.place_statistics: which dimension is the area and the year, which figures are kept.

Here: choosing and checking. Not here: the format (json_stat.py), fetching (fetch.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.contracts.seeds import seed
from orchestration.core.errors import ConfigurationError, SourceError, did_you_mean, told_address
from orchestration.core.settings.statistics import PlaceStatistics
from orchestration.core.warehouse import quote, scalar, transaction
from orchestration.extract.statistics.fetch import fetch
from orchestration.extract.statistics.json_stat import Dataset, Dimension, read_dataset, register_cells

_YEAR = re.compile(r"\d{4}")
_KNOWN = {"municipality": ("municipalities", "municipality_code"), "postal_area": ("postal_codes", "postal_code")}
# the seeds have regions in place of municipalities there, under numbers that are other places' in official statistics
_WITHOUT_MUNICIPALITIES = ("FI",)
_RANGES = {"median_income": (1_000.0, 100_000_000.0), "share_higher_education": (0.0, 1.0)}
_SHOWN = 8
# a measure of a kind of area is of one table: what was loaded of it before goes
_FORGET = "delete from ops.place_statistics where country_code = $1 and area_kind = $2 and measure = $3"
_KEEP = """
insert into ops.place_statistics
select $country, $area_kind, area_code, year, $measure, value, $source, $licence, $loaded_from, $loaded_at from stat_figures
"""


@dataclass(frozen=True)
class Loaded:
    """What was read. `unknown`: cells of known areas without a figure; `other_areas`: areas that are of another kind or unknown."""

    areas: int
    years: list[int]
    figures: int
    unknown: int
    other_areas: int


def read_statistics(name: str, spec: PlaceStatistics) -> Dataset:
    """The table as its office answers. Needs no warehouse: an office may take minutes, and a night does not wait for it.

    Raises SourceError where the document cannot be read, ConfigurationError where its areas are not known here.
    """
    if spec.area_kind == "municipality" and spec.country in _WITHOUT_MUNICIPALITIES:
        raise ConfigurationError(
            f"the municipalities of {spec.country} are not known here by their official codes",
            where=f"[statistics.{name}]",
            to_do='load its statistics of postal areas: area_kind = "postal_area"',
        )
    return read_dataset(fetch(name, spec.url, spec.max_minutes), told_address(spec.url))


def load_statistics(
    con: duckdb.DuckDBPyConnection, name: str, spec: PlaceStatistics, dataset: Dataset, at: datetime
) -> Loaded:
    """Replaces what was loaded of this country, kind of area and measure by a table that was read.

    Raises SourceError where it has no figures that can be, ConfigurationError where the table is not told what to read of it.
    """
    place = told_address(spec.url)
    area, year, fixed = _chosen(dataset, name, spec)
    table, column = _KNOWN[spec.area_kind]
    known = sorted({row[column].replace(" ", "") for row in seed(table) if row["country_code"] == spec.country})
    register_cells(con, dataset, "stat_cells")
    con.register("known_areas", pa.table({"area_code": pa.array(known, pa.string())}))
    try:
        wanted = " and ".join(f"{quote(f'd{number}')} = ${n}" for n, (number, _) in enumerate(fixed, 3)) or "true"
        con.execute(
            f"create or replace temp table stat_read as select replace(substr(d{area}, len($1) + 1), ' ', '') as area_code, "
            f"cast(d{year} as integer) as year, value * $2 as value from stat_cells where {wanted} and starts_with(d{area}, $1)",
            [spec.area_prefix, spec.factor, *(code for _, code in fixed)],
        )
        con.execute(
            "create or replace temp table stat_figures as from stat_read semi join known_areas using (area_code)"
        )
        others = int(
            scalar(con, "select count(distinct area_code) from stat_read anti join known_areas using (area_code)")
        )
    finally:
        con.unregister("known_areas")
    _assert_usable(con, name, spec, place, dataset.dimensions[area])
    values = {
        "country": spec.country, "area_kind": spec.area_kind, "measure": spec.measure, "source": dataset.source or name,
        "licence": spec.licence, "loaded_from": place, "loaded_at": at,
    }  # fmt: skip
    with transaction(con):
        con.execute(_FORGET, [spec.country, spec.area_kind, spec.measure])
        con.execute(_KEEP, values)
    areas, years, figures, unknown = con.execute(
        "select count(distinct area_code), list_sort(list_distinct(list(year))), count(value), count(*) - count(value) from stat_figures"
    ).fetchall()[0]
    for temporary in ("stat_cells", "stat_read", "stat_figures"):
        con.execute(f"drop table {temporary}")
    return Loaded(areas, years, figures, unknown, others)


def _chosen(dataset: Dataset, name: str, spec: PlaceStatistics) -> tuple[int, int, list[tuple[int, str]]]:
    """The numbers of the dimensions of the area and of the year, and the code to read of each other one."""
    names = [dimension.name for dimension in dataset.dimensions]

    def wrong(what: str, to_do: str) -> ConfigurationError:
        return ConfigurationError(what, where=f"[statistics.{name}]", to_do=to_do)

    def number_of(asked: str | None, role: str, key: str) -> int:
        found = [asked] if asked else dataset.roles.get(role, [])
        if len(found) != 1:
            raise wrong(
                f"the table does not say which dimension is the {key}", f"{key}_dimension = one of {', '.join(names)}"
            )
        if found[0] not in names:
            raise wrong(
                f"the table has no dimension {found[0]}",
                f"{did_you_mean(found[0], names)} it has {', '.join(names)}".strip(),
            )
        return names.index(found[0])

    area, year = number_of(spec.area_dimension, "geo", "area"), number_of(spec.year_dimension, "time", "year")
    if area == year:
        raise wrong("the area and the year are the same dimension", f"its dimensions are {', '.join(names)}")
    if unknown := sorted(set(spec.pick) - set(names)):
        raise wrong(f"the table has no dimension {unknown[0]}", f"it has {', '.join(names)}")
    if odd := [code for code in dataset.dimensions[year].codes if not _YEAR.fullmatch(code)]:
        raise wrong(f"the dimension {names[year]} is not of years: it has {odd[0]}", "take a yearly table")
    fixed = []
    for number, dimension in enumerate(dataset.dimensions):
        if number in (area, year):
            continue
        code = spec.pick.get(dimension.name, dimension.codes[0] if len(dimension.codes) == 1 else None)
        if code not in dimension.codes:
            said = (
                f"several categories of {dimension.name}" if code is None else f"no category {code} of {dimension.name}"
            )
            raise wrong(f"the table has {said}", f'pick = {{"{dimension.name}" = "…"}}: {_some(dimension)}')
        fixed.append((number, str(code)))
    return area, year, fixed


def _assert_usable(
    con: duckdb.DuckDBPyConnection, name: str, spec: PlaceStatistics, place: str, area: Dimension
) -> None:
    if not scalar(con, "select count(value) from stat_figures"):
        kind = spec.area_kind.replace("_", " ")
        raise SourceError(
            f"the table has no figure of a known {kind} of {spec.country}",
            where=place,
            to_do=f"its areas are {_some(area)}: set area_kind, country, or area_prefix below [statistics.{name}]",
        )
    low, high = _RANGES[spec.measure]
    if int(
        scalar(
            con,
            "select count(*) from stat_figures where value is not null and value not between $1 and $2",
            [low, high],
        )
    ):
        raise SourceError(
            f"figures of {spec.measure} lie outside of {low:g} to {high:,.0f}",
            where=place,
            to_do=f"set factor below [statistics.{name}] (1000 for thousands, 0.01 for per cent), or pick another content",
        )


def _some(dimension: Dimension) -> str:
    more = ", …" if len(dimension.codes) > _SHOWN else ""
    return ", ".join(dimension.codes[:_SHOWN]) + more


def loaded_statistics(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """What is loaded, one row for each country, kind of area and measure."""
    names = ("country", "area_kind", "measure", "areas", "newest_year", "source", "licence", "loaded_at")
    rows = con.execute(
        "select country_code, area_kind, measure, count(distinct area_code), max(year), any_value(source), any_value(licence), "
        "strftime(max(loaded_at), '%Y-%m-%d') from ops.place_statistics group by all order by all"
    ).fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]
