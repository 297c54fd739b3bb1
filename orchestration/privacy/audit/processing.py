"""The record of processing activities (Art. 30), out of settings, seeds, models and what was really exported.

Nothing in it is written by hand a second time; what only the company can say and has not said is listed as missing.
Not here: which column is of which category (catalogue.py), printing it (orchestration/cli/processing.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment

from orchestration.contracts.seeds import seed
from orchestration.core.settings import Privacy, Settings
from orchestration.core.settings.maps import MAX_AGE_HOURS
from orchestration.core.settings.own import Purpose
from orchestration.core.settings.processing import Processor
from orchestration.core.warehouse import has_table
from orchestration.privacy.audit.catalogue import NONE, Category, Column
from orchestration.privacy.audit.exports import prepare_exports

# the European Economic Area: data that go elsewhere are transferred (Art. 44)
EEA = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IS",
        "IT",
        "LI",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
_TEMPLATES = {"html": "processing.html.jinja", "md": "processing.md.jinja"}
_EXPORTS = """
select coalesce(recipient, '') as recipient, what, count(*) as exports, min(exported_at)::date::varchar as first_on, max(exported_at)::date::varchar as last_on
from restricted.exports group by all order by all
"""


def record_of(
    settings: Settings,
    catalogue: Iterable[Column],
    kinds: Mapping[str, Category],
    con: duckdb.DuckDBPyConnection | None,
    made: datetime,
) -> dict[str, Any]:
    """The record as it stands at `made` (UTC). Without a warehouse (`con`) nothing was exported, and no kinds of people are
    known but those that the models name. Its last part, `missing`, says what the settings do not tell yet."""
    privacy = settings.privacy
    places: dict[str, set[str]] = {}
    said_kinds = ""
    for column in catalogue:
        if column.category != NONE:
            places.setdefault(column.category, set()).add(f"{column.schema}.{column.table}")
        if (column.table, column.column) == ("conformed_people", "kind"):
            said_kinds = column.description
    exports = _exports(con)
    return {
        "made_at": made.isoformat(sep=" ", timespec="minutes"),
        "controller": privacy.controller or settings.company,
        "joint_controllers": privacy.joint_controllers,
        "representative": privacy.representative,
        "officer": privacy.officer,
        "activities": _activities(kinds, privacy.purposes),
        "data_subjects": _kinds_of_people(con) or [said_kinds],
        "data_categories": [
            {**asdict(kind), "tables": sorted(places.get(name, ()))} for name, kind in kinds.items() if places.get(name)
        ],
        "sources": [
            {"source": name, "connector": source.connector, "tables": sorted(source.tables)}
            for name, source in sorted(settings.enabled_sources.items())
        ],
        "exports": exports,
        "processors": [processor.model_dump() for processor in privacy.processors],
        "transfers": [processor.model_dump() for processor in privacy.processors if _is_transfer(processor)],
        "security_measures": [*_own_measures(privacy), *privacy.security_measures],
        "missing": _missing(privacy, exports),
    }


def as_text(record: Mapping[str, Any], form: str) -> str:
    """The record as `html` or `md`; what is said in settings and seeds is text in both."""
    template = Path(__file__).with_name(_TEMPLATES[form]).read_text(encoding="utf-8")
    environment = Environment(autoescape=form == "html", trim_blocks=True, lstrip_blocks=True)
    environment.filters["cell"] = _cell
    return environment.from_string(template).render(r=record) + "\n"


def _cell(value: object) -> str:
    """Text that neither ends a cell of a Markdown table nor begins a tag."""
    return " ".join(str(value).split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def _activities(kinds: Mapping[str, Category], own: Mapping[str, Purpose]) -> list[dict[str, Any]]:
    """What data are processed for: what the categories say, and the purposes that people are asked for, the seed's and the
    company's own."""
    allowed: dict[str, list[str]] = {}
    for row in seed("purpose_categories"):
        allowed.setdefault(row["purpose"], []).append(row["category"])
    found: dict[tuple[str, str], list[str]] = {}
    for name, kind in kinds.items():
        found.setdefault((kind.purpose, kind.legal_basis), []).append(name)
    activities: list[dict[str, Any]] = [
        {"purpose": purpose, "legal_basis": basis, "categories": names, "description": "", "is_marketing": False}
        for (purpose, basis), names in found.items()
    ]
    of_seed: list[dict[str, Any]] = [
        {
            "purpose": row["purpose"], "legal_basis": row["legal_basis"], "categories": allowed.get(row["purpose"], []),
            "description": row["description"], "is_marketing": row["is_marketing"] == "true",
        }
        for row in seed("purposes")
    ]  # fmt: skip
    said = ("legal_basis", "categories", "description", "is_marketing")
    of_company = [{"purpose": name} | {key: one.rules()[key] for key in said} for name, one in own.items()]
    return activities + of_seed + of_company


def _kinds_of_people(con: duckdb.DuckDBPyConnection | None) -> list[str]:
    if con is None or not has_table(con, "conformed", "conformed_people"):
        return []
    rows = con.execute("select distinct kind from conformed.conformed_people where kind is not null order by 1")
    return [kind for (kind,) in rows.fetchall()]


def _exports(con: duckdb.DuckDBPyConnection | None) -> list[dict[str, Any]]:
    if con is None:
        return []
    prepare_exports(con)
    cursor = con.execute(_EXPORTS)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _is_transfer(processor: Processor) -> bool:
    return bool(processor.country) and processor.country not in EEA


def _own_measures(privacy: Privacy) -> list[str]:
    """What Kundbild does itself (Art. 32), as it is configured."""
    measures = [
        "Everything that a run makes lies in one folder that its owner alone may read.",
        "Special categories and national identity numbers are taken out before anything is stored.",
        "Readers of BI get keyed hashes (HMAC-SHA-256) instead of names and contact points; the secret lies apart.",
        f"Times of those pseudonymised rows are no finer than a {privacy.analyst_time}.",
        f"No count of fewer than {privacy.min_people} people is published.",
        f"What is open to everybody is a file of its own: counts rounded to multiples of {privacy.min_people}, nobody's row.",
        f"Nobody is exported without a permission for exactly that purpose and channel, not older than {MAX_AGE_HOURS} hours.",
        "What is done with people's data is noted in a chained audit log, by the user id of who did it.",
        "Erasure reaches the bytes of every file, and keyed hashes keep the erased out of later deliveries.",
    ]
    if privacy.prove_erasures:
        measures.append("After each erasure every file is searched for whoever was erased.")
    return measures


def _missing(privacy: Privacy, exports: Sequence[Mapping[str, Any]]) -> list[str]:
    """What Art. 30 asks for and the settings do not say, with the setting to fill in."""
    wanted = {
        "the controller's name and address: [privacy] controller": not privacy.controller,
        "how to reach the data protection officer: [privacy] officer": not privacy.officer,
        "who processes data for the company, or that nobody does: [[privacy.processors]]": not privacy.processors,
        "the company's own security measures: [privacy] security_measures": not privacy.security_measures,
    }
    found = [said for said, is_missing in wanted.items() if is_missing]
    for processor in privacy.processors:
        if not processor.country:
            found.append(f"where {processor.name} processes the data: country of its [[privacy.processors]]")
        elif _is_transfer(processor) and not processor.safeguard:
            found.append(
                f"on what ground data go to {processor.name} in {processor.country}, outside the EEA (Art. 46): "
                "safeguard of its [[privacy.processors]]"
            )
    known = {name for processor in privacy.processors for name in processor.recipients}
    unknown = sorted({export["recipient"] for export in exports} - known)
    found += [
        f"who the recipient {name} of exports is: recipients of one of [[privacy.processors]]"
        if name
        else "who received exports without a name: `kundbild audience export --recipient NAME`"
        for name in unknown
    ]
    return found
