"""An API that first makes a file: the answer that began it → the answer that is the file.

Here: asking how far it is, at growing intervals, within the time of the source. Not here: what the file holds (page_json.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import requests

from orchestration.core.errors import SourceError, told_address
from orchestration.core.settings.paging import Made, named_in
from orchestration.extract.budget import Budget
from orchestration.extract.page_json import UnreadableJsonError, parse
from orchestration.extract.paging import value_at

# seconds between two questions: the first, by what each is longer than the one before, and the longest
_FIRST, _LONGER, _LONGEST = 0.2, 1.6, 30.0


class MadeFile:
    """Files of one table. `session` makes a session for one question: the same one is asked again and again."""

    def __init__(
        self, source: str, table: str, made: Made, budget: Budget, session: Callable[[], requests.Session]
    ) -> None:
        self._source, self._table, self._made, self._budget, self._session = source, table, made, budget, session

    def fetched(self, begun: requests.Response) -> requests.Response:
        """Raises SourceError where the file is not made, an answer does not say how far it is, or the source's time is up."""
        made, at = self._made, str(begun.request.url).partition("?")[0].rstrip("/")
        answer, said, wait = begun, dict[str, Any](), _FIRST
        while True:
            found = self._json(answer)
            said |= {name: value for name, path in made.said.items() if (value := value_at(found, path)) is not None}
            status = str(value_at(found, made.status))
            if status == made.done:
                return self._asked(f"{at}/{self._written(made.fetch, said)}")
            if status in made.failed or status == "None":
                what = f"the API made no file of the rows: {made.status} is {status[:40]}"
                raise self._error(what, answer, is_passing=status in made.failed)
            time.sleep(min(wait, self._budget.left))
            self._budget.check(self._table)
            wait = min(wait * _LONGER, _LONGEST)
            answer = self._asked(f"{at}/{self._written(made.ask, said)}")

    def _asked(self, url: str) -> requests.Response:
        with self._session() as session:
            answer = session.request("GET", url)
        if not answer.ok:
            what = f"the API answers {answer.status_code} to a question about the file that it makes"
            # another file may be made the next time, also where this one is gone
            raise self._error(what, answer, is_passing=answer.status_code not in (401, 403))
        return answer

    def _json(self, answer: requests.Response) -> Any:
        try:
            return parse(answer.content, answer.headers.get("Content-Type", ""))
        except UnreadableJsonError as error:
            raise self._error(str(error), answer) from None

    def _written(self, path: str, said: dict[str, Any]) -> str:
        missing = next((name for name in named_in(path) if name not in said), None)
        if missing:
            raise SourceError(
                f"source {self._source}, table {self._table}: the API does not say {self._made.said[missing]}, by which its file is asked for",
                to_do=f"check made.said below [sources.{self._source}.tables.{self._table}]",
            )
        return path.format_map({name: quote(str(value), safe="") for name, value in said.items()})

    def _error(self, what: str, answer: requests.Response, *, is_passing: bool = False) -> SourceError:
        return SourceError(
            f"source {self._source}, table {self._table}: {what}; raw keeps what it had",
            where=told_address(str(answer.request.url)),
            to_do=f"check made below [sources.{self._source}.tables.{self._table}], and what the token or key may read",
            is_passing=is_passing,
            # a token that is refused is that of every table
            is_whole_source=answer.status_code == 401,
        )
