"""What stands below `published/versions`: publications, and folders whose manifest is cut or gone, which are broken.

Nobody can go back to a broken one, but a reader may have it open or find its files: what is taken out of publications is taken
out of it too, and the next publication removes it. Not here: making, switching and closing publications (snapshot.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from orchestration.core.cut_databases import is_cut
from orchestration.core.home import Home, read_json
from orchestration.publishing.grades import GRADES, PARQUET_FOLDER

MANIFEST = "publication.json"


@dataclass(frozen=True)
class Publication:
    """What a publication holds. `tables` maps `schema.table` to rows, `made_by` each table of bi to the fingerprint of its SQL
    (contracts/made_by.py); one of an earlier version has none."""

    version: str
    run_id: str
    published_at: str
    tables: dict[str, int]
    made_by: dict[str, str] = field(default_factory=dict)


def current(home: Home) -> Publication | None:
    """The publication that readers see; None before the first, and where it is broken."""
    return _read(home.published / "current")


def current_version(home: Home) -> str:
    """The folder that readers are led to, broken or not; "" where there is none."""
    link = home.published / "current"
    return link.resolve().name if link.exists() else ""


def list_publications(home: Home) -> list[Publication]:
    """Every publication that is kept, newest first."""
    return [one for version in standing_versions(home) if (one := publication_of(home, version))]


def publication_of(home: Home, version: str) -> Publication | None:
    return _read(home.published / "versions" / version)


def standing_versions(home: Home) -> list[str]:
    """Every folder, broken ones too, newest first."""
    return sorted((path.name for path in (home.published / "versions").glob("*") if path.is_dir()), reverse=True)


def broken_versions(home: Home) -> list[str]:
    """Folders whose manifest is cut or gone, newest first."""
    return [version for version in standing_versions(home) if not publication_of(home, version)]


def missing_parts(home: Home, version: str) -> list[str]:
    """Files of a publication that are not there, or are cut."""
    folder = home.published / "versions" / version
    missing = [] if _read(folder) else [MANIFEST]
    missing += [
        name for grade in GRADES.values() if not (folder / (name := grade.file)).is_file() or is_cut(folder / name)
    ]
    return missing + ([] if (folder / PARQUET_FOLDER).is_dir() else [PARQUET_FOLDER])


def broken_parts(home: Home, version: str) -> list[str]:
    """Missing parts but for grades that the publication never had: an earlier version made it, and a night makes them."""
    held = _read(home.published / "versions" / version)
    schemas = {name.partition(".")[0] for name in held.tables} if held else set()
    never = {grade.file for grade in GRADES.values() if held and not schemas & set(grade.schemas)}
    return [part for part in missing_parts(home, version) if part not in never]


def cut_files(home: Home, version: str) -> list[Path]:
    """Databases of a publication that are there and cut."""
    return [path for path in sorted((home.published / "versions" / version).rglob("*.duckdb")) if is_cut(path)]


def unusable_parts(home: Home, version: str) -> list[str]:
    """Why nobody can be led to a publication: files that are cut, a manifest that is gone too. One of before there was a grade
    lacks its file, and can be used."""
    folder = home.published / "versions" / version
    return ([] if _read(folder) else [MANIFEST]) + [str(path.relative_to(folder)) for path in cut_files(home, version)]


def _read(folder: Path) -> Publication | None:
    said = read_json(folder / MANIFEST)
    if not isinstance(said, dict) or not isinstance(said.get("tables"), dict):
        return None
    version, run_id, at = (said.get(name) for name in ("version", "run_id", "published_at"))
    if not (isinstance(version, str) and isinstance(run_id, str) and isinstance(at, str)):
        return None
    made_by = said.get("made_by")
    return Publication(version, run_id, at, said["tables"], made_by if isinstance(made_by, dict) else {})
