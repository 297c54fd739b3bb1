"""The document of a statistical office: from a file, any store that fsspec knows, or its API. Not here: what it says (json_stat.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orchestration.core.errors import SourceError, told_address
from orchestration.extract.budget import Budget
from orchestration.extract.page_json import UnreadableJsonError, parse
from orchestration.extract.rest_look import Api

_TABLE = "statistics"


def fetch(name: str, place: str, minutes: float) -> Any:
    """The JSON at `place`. Raises SourceError where it is not there, is not JSON, or does not come in time."""
    budget, where = Budget(name, minutes), told_address(place)
    if place.startswith(("http://", "https://")):
        answer = Api(name, place, None, budget).ask(place)
        if not answer.is_ok:
            raise SourceError(
                f"the statistical office answers {answer.status}" + ("" if answer.status >= 400 else ", and not with JSON"),
                where=where,
                to_do="open the address in a browser: it must answer JSON-stat2 to a GET. Offices limit questions a minute, and cells an answer",
            )  # fmt: skip
        return answer.json
    try:
        return parse(budget.within(_TABLE, lambda: _read(place)), "application/json")
    except UnreadableJsonError as error:
        raise SourceError(
            f"the statistics cannot be read: {error}", where=where, to_do="save the answer as JSON-stat2"
        ) from None
    except (OSError, ImportError, ValueError) as error:
        raise SourceError(
            f"the statistics cannot be opened ({type(error).__name__})", where=where, to_do="name a file that is there, or an address"
        ) from None  # fmt: skip


def _read(place: str) -> bytes:
    if "://" not in place:
        return Path(place).read_bytes()
    import fsspec

    with fsspec.open(place, "rb") as file:
        return bytes(file.read())
