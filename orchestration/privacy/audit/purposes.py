"""What is read for a purpose: audiences, segments and insight read the kinds of personal data that their purpose allows, and no other.

Asked of the compiled SQL, conditions and joins too, before a publication. Not here: who may be contacted.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.contracts.lineage import columns_read
from orchestration.contracts.model_files import model_file
from orchestration.contracts.seeds import seed
from orchestration.core.errors import GateError
from orchestration.core.settings import DBT_DIR
from orchestration.privacy.audit.catalogue import NONE, read_catalogue

SEGMENTS = "profiling"
_MODELS = DBT_DIR / "models" / "marts"
_AUDIENCE = "audience_"


def seed_purposes() -> list[str]:
    """The purposes that the seed has, where no warehouse is there to ask."""
    return sorted(row["purpose"] for row in seed("purposes"))


def assert_purposes(con: duckdb.DuckDBPyConnection, compiled: Path) -> int:
    """`compiled` is the folder of compiled marts. Returns how many models were looked at.

    Raises GateError naming a column that a model reads against its purpose, or a purpose with two legal bases.
    """
    bases = con.execute("select purpose from reference.purposes group by 1 having count(*) > 1").fetchall()
    if bases:
        raise GateError(
            f"the purpose {bases[0][0]} has more than one legal basis", where="seed purposes", to_do="keep one"
        )
    purposes = {
        f"{_AUDIENCE}{name}": purpose
        for name, purpose in con.execute("select audience, purpose from reference.audience_rules").fetchall()
    }
    allowed: dict[str, set[str]] = {}
    for purpose, category in con.execute("select purpose, category from reference.purpose_categories").fetchall():
        allowed.setdefault(purpose, set()).add(category)
    paths = {
        path.stem: path
        for folder in ("audiences", "segments", "insight")
        for path in sorted((compiled / folder).glob("*.sql"))
    }
    lawless = [path.stem for path in sorted((compiled / "audiences").glob("*.sql")) if path.stem not in purposes]
    if lawless:
        raise GateError(
            f"no rule says for which purpose and channel {', '.join(lawless)} is",
            where="seed audience_rules",
            to_do="add a row for it: audience, purpose, channel",
        )
    kinds = {(column.schema, column.table, column.column): column.category for column in read_catalogue()}
    for model, columns in columns_read(con, paths).items():
        purpose = purposes.get(model) or _stated(model)
        for column in sorted(columns):
            kind = kinds.get(column, NONE)
            if kind != NONE and kind not in allowed.get(purpose, set()):
                raise GateError(
                    f"{model} reads {'.'.join(column)}, which is {kind}: not allowed for the purpose {purpose}",
                    where="seed purpose_categories",
                    to_do="leave the column out; or, where the law allows it, let the purpose read that kind",
                )
    return len(paths)


def _stated(model: str) -> str:
    """Profiling, unless an insight model names another purpose as `meta.purpose`. A segment cannot: it is profiling by itself."""
    path = _MODELS / "insight" / f"{model}.yml"
    said = model_file(path)["models"][0] if path.exists() else {}
    return str(said.get("config", {}).get("meta", {}).get("purpose", SEGMENTS))
