"""After data got out: how many people a file or publication names, what of them, where they live, which export it was (Art. 33).

Counts and names of columns only; the ids of those who may have to be told (Art. 34) are written on demand.
Not here: reading the file (leaked.py), printing (orchestration/cli/breach.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from jinja2 import Environment

from orchestration.contracts.audiences import AUDIENCE_ROWS
from orchestration.core.errors import KundbildError
from orchestration.core.settings import Settings
from orchestration.core.warehouse import has_table, quote, scalar
from orchestration.match_keys import define_match_keys
from orchestration.privacy.audit.catalogue import NONE, Category, Column
from orchestration.privacy.audit.exported_points import hashed_customer, point_key
from orchestration.privacy.audit.exports import content_hash, prepare_exports
from orchestration.privacy.intake.national_ids_in_text import may_hold_numbers, numbers_sql
from orchestration.privacy.intake.nested_values import HAS_FIELDS, fix_nested, fix_text, has_telling_field, told_by
from orchestration.privacy.intake.special_categories import candidates_sql
from orchestration.privacy.rights.leaked import Found, files_of, left_out, note_named, prepare_named, tables_of
from orchestration.privacy.rights.subjects import OWNERS
from orchestration.privacy.secrets.pepper import Pepper
from orchestration.privacy.secrets.pseudonyms import prepare_keys

UNKNOWN = "unknown"
# Art. 33(1)
HOURS_TO_TELL = 72
# not in the catalogue: what an export adds
_BESIDE = {"reference": "pseudonym", "reason": "consent", "point": "contact"}
# values of these say nothing in words
_NO_WORDS = ("pseudonym", "contact", "consent", "register")
_TEMPLATE = Path(__file__).with_name("breach.md.jinja")


@dataclass(frozen=True)
class LeakedTable:
    """A table of it: `columns` with the category of data that each is of, NONE, or UNKNOWN."""

    file: str
    table: str
    rows: int
    columns: dict[str, str]


@dataclass(frozen=True)
class Match:
    """An export that held the same people, or some of them; `is_same_file` where it is this very file."""

    export: str
    members: int
    shared: int
    is_same_file: bool


@dataclass(frozen=True)
class Breach:
    """What got out. `people` are those who can be told apart; `unresolved` of them are not known here any more."""

    tables: list[LeakedTable]
    people: int
    unresolved: int
    rows: int
    categories: dict[str, int]
    special: dict[str, int]
    countries: dict[str, int]
    exports: list[Match]
    customers: list[str] = field(repr=False, default_factory=list)
    # files that it could not look into
    left_out: list[str] = field(default_factory=list)

    @property
    def is_high_risk(self) -> bool:
        """Whether by the kinds of data alone people are likely to be told (Art. 34): special ones, or any in plain words."""
        return bool(self.special) or bool(
            {"identity", "contact", "support", "survey", UNKNOWN} & self.categories.keys()
        )


# today's ids of whom it names, as far as they are known here; others stay as they were named
_RESOLVED = """
create or replace temp table affected as
with known as (
    select distinct own_id as id, customer_id from owners union select customer_id, customer_id from owners
    union select old_customer_id, customer_id from identity.customer_id_redirects
),
keys as (
    select customer_key, customer_id from identity.customer_keys union select customer_key, customer_id from restricted.former_customer_keys
),
ids as (
    select value as id, value as said from named where kind = 'id'
    union select k.customer_id, n.value from named n left join keys k on k.customer_key = n.value where n.kind = 'key'
    union select o.customer_id, n.value from named n left join points o on o.point = n.value where n.kind = 'point'
)
select distinct coalesce(k.customer_id, i.id) as customer_id, i.said, k.customer_id is not null as is_known
from ids i left join known k on k.id = i.id
"""
_POINTS = f"""
create or replace temp table points as
select distinct p.point, o.customer_id from (
    select source_system, source_key, {point_key("email")} as point from conformed.conformed_people where email is not null
    union all select source_system, source_key, {point_key("phone")} from conformed.conformed_people where phone is not null
) p join owners o using (source_system, source_key)
"""
_COUNTRIES = """
select coalesce(country, 'unknown'), count(*) from (
    select a.customer_id, any_value(match_keys.country_code(p.country_code)) as country
    from (select distinct customer_id from affected where is_known) a
    left join owners o on o.customer_id = a.customer_id
    left join conformed.conformed_people p on p.source_system = o.source_system and p.source_key = o.source_key
    group by 1
) group by 1 order by 2 desc, 1
"""
_EXPORTS = """
with theirs as (select {hashed} as keyed_hash from (select distinct customer_id as customer from affected where customer_id is not null union select said from affected))
select strftime(e.exported_at, '%Y-%m-%d %H:%M') || ': ' || e.what || coalesce(' to ' || e.recipient, ''), count(*),
    count(t.keyed_hash), coalesce(list_contains($files::varchar[], any_value(e.content_hash)), false)
from restricted.exports e join restricted.export_members m using (export_id) left join theirs t using (keyed_hash)
group by e.export_id, e.exported_at, e.what, e.recipient having count(t.keyed_hash) > 0 or list_contains($files::varchar[], any_value(e.content_hash))
order by 4 desc, 3 desc, 1 desc
"""


def assess(con: duckdb.DuckDBPyConnection, pepper: Pepper, target: Path, catalogue: Sequence[Column]) -> Breach:
    """Looks into `target`, a file or a folder, beside the open warehouse. Raises KundbildError where it cannot be read."""
    if not has_table(con, "identity", "customer_source_records"):
        raise KundbildError("no night has made customers yet: nobody could be told apart", to_do="`kundbild run`")
    define_match_keys(con)
    prepare_named(con)
    by_place = {(c.schema, c.table, c.column): c.category for c in catalogue}
    by_name = _usual(catalogue)
    tables: list[LeakedTable] = []
    special: Counter[str] = Counter()
    files = files_of(target)
    for file in files:
        for found in tables_of(con, file):
            columns = {column: _category(found, column, by_place, by_name) for column in found.types}
            tables.append(LeakedTable(found.file, _named(found), found.rows, columns))
            note_named(con, found)
            special.update(_special(con, found, columns))
    _resolve(con)
    people, unresolved = con.execute(
        "select count(distinct coalesce(customer_id, said)), count(distinct said) filter (not is_known) from affected"
    ).fetchall()[0]
    told = "select distinct customer_id from affected where customer_id is not null order by 1"
    customers = [customer for (customer,) in con.execute(told).fetchall()]
    rows: Counter[str] = Counter()
    for table in tables:
        rows.update(dict.fromkeys({c for c in table.columns.values() if c != NONE}, table.rows))
    return Breach(
        tables, people, unresolved, sum(table.rows for table in tables), dict(sorted(rows.items())), dict(sorted(special.items())),
        dict(con.execute(_COUNTRIES).fetchall()),
        _exports(con, pepper, files), customers, left_out(target),
    )  # fmt: skip


def _usual(catalogue: Sequence[Column]) -> dict[str, str]:
    """Of each column's name the category that it has most often, for files that no model makes; NONE where it never has one."""
    counted: dict[str, Counter[str]] = {}
    for column in catalogue:
        counted.setdefault(column.column, Counter())[column.category] += 1
    usual = {}
    for name, kinds in counted.items():
        personal = Counter({kind: count for kind, count in kinds.items() if kind != NONE})
        usual[name] = (personal or kinds).most_common(1)[0][0]
    return usual | _BESIDE


def _category(
    found: Found, column: str, by_place: Mapping[tuple[str, str, str], str], by_name: Mapping[str, str]
) -> str:
    # rows of a publication that lie apart from the views that show them
    schemas = ("audiences", "marts") if found.schema == AUDIENCE_ROWS else (found.schema,)
    of = (by_place.get((schema, found.table, column)) for schema in schemas)
    return next(filter(None, of), None) or by_name.get(column.lower(), UNKNOWN)


def _named(found: Found) -> str:
    return f"{found.schema}.{found.table}" if found.schema else found.table


def _special(con: duckdb.DuckDBPyConnection, found: Found, columns: Mapping[str, str]) -> Counter[str]:
    """Rows that tell of a special category (Art. 9) or an identity number, by columns that are named so and by words in text,
    nested values too."""
    counted: Counter[str] = Counter()
    nested = {c for c, kind in found.types.items() if kind == "JSON" or kind.startswith(("STRUCT", "MAP")) or kind.endswith("]")}  # fmt: skip
    written = {
        column: f"to_json({quote(column)})::varchar" if column in nested else quote(column)
        for column, kind in found.types.items()
        if (kind == "VARCHAR" or column in nested) and columns[column] not in (*_NO_WORDS, NONE)
    }
    named = {column: category for column in found.types if (category := told_by(column))}
    for column, category in named.items():
        # an empty cell tells of nobody
        said = f"select count(*) from {found.relation} where nullif(trim({quote(column)}::varchar), '') is not null"
        counted[category] += int(scalar(con, said))
    read = {column: name for column, name in written.items() if column not in named}
    for column, said, rows in _suspected(con, found.relation, read):
        counted.update(dict.fromkeys(set((fix_nested if column in nested else fix_text)(said)[1]), rows))
    return counted


def _suspected(con: duckdb.DuckDBPyConnection, relation: str, written: Mapping[str, str]) -> list[tuple[str, str, int]]:
    """(column, value, rows) of values that may tell something, of {column: its value as text}."""
    if not written:
        return []
    columns = list(written)
    numbered = may_hold_numbers(con, relation, written)
    # one place for each pattern: DuckDB compiles it for each
    each = f"unnest([{', '.join(written.values())}]) as v, unnest($told::boolean[]) as is_told, unnest(range({len(columns)})) as nth"
    found = con.execute(
        f"select nth, v, count(*) from (select {each} from {relation}) where v is not null "
        f"and ((is_told and {HAS_FIELDS.format(written='v')}) or regexp_matches(lower(v), $words) or regexp_matches(v, $number)) group by all",
        {
            "told": [has_telling_field(con, relation, name) for name in written.values()],
            "words": candidates_sql(),
            # of no value in which a number can stand, its pattern is not compiled
            "number": numbers_sql(sum(numbered.values())),
        },
    ).fetchall()
    return [(columns[nth], said, rows) for nth, said, rows in found]


def _resolve(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(OWNERS)
    prepare_keys(con)
    con.execute(_POINTS)
    con.execute(_RESOLVED)


def _exports(con: duckdb.DuckDBPyConnection, pepper: Pepper, files: Sequence[Path]) -> list[Match]:
    prepare_exports(con)
    hashes = [content_hash(pepper, file.read_bytes()) for file in files if file.suffix == ".csv"]
    sql = _EXPORTS.format(hashed=hashed_customer(pepper, "customer"))
    rows = con.execute(sql, {"files": hashes, **pepper.parameters()}).fetchall()
    return [Match(*row) for row in rows]


def as_notification(
    breach: Breach, settings: Settings, kinds: Mapping[str, Category], target: str, noticed: datetime
) -> str:
    """What Art. 33(3) asks for, as Markdown to be completed: what only people know is left to be filled in."""
    template = Environment(trim_blocks=True, lstrip_blocks=True).from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        b=breach, privacy=settings.privacy, controller=settings.privacy.controller or settings.company, kinds=kinds, target=target,
        noticed=noticed, until=noticed + timedelta(hours=HOURS_TO_TELL),
    )  # fmt: skip
