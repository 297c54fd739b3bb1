"""The newest refresh token of a source, kept in the home from night to night: of some APIs, as Fortnox's, each is good once, and its answer
gives the next one.

One file for each source, which only its owner may read. If the configuration gets another token, that one is used: the kept one may be dead by
then. Not here: requesting tokens (http_auth.py).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from orchestration.core.home import Home, read_json, write_private


class KeptToken:
    """That of one source."""

    def __init__(self, home: Home, source: str) -> None:
        self._path: Path = home.refresh_tokens / f"{source}.json"

    @property
    def is_there(self) -> bool:
        return self._path.is_file()

    def newest(self, configured: str) -> str:
        """What to ask with: the token that came of `configured`, or that one itself."""
        noted = read_json(self._path) or {}
        return str(noted["token"]) if noted.get("of") == _digest(configured) and noted.get("token") else configured

    def try_out(self) -> None:
        """Writes the file as it is: a token that is asked for and cannot be kept would be lost. Raises KundbildError where it cannot be written."""
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        if self.is_there:
            write_private(self._path, self._path.read_bytes())
        else:
            write_private(self._path, "{}")
            self.forget()

    def keep(self, configured: str, token: str) -> None:
        """Notes the newest one, before anything is asked for with what came beside it. Raises KundbildError where it cannot be written."""
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        write_private(self._path, json.dumps({"of": _digest(configured), "token": token}))

    def forget(self) -> bool:
        """Whether there was one."""
        was_there = self.is_there
        self._path.unlink(missing_ok=True)
        return was_there


def _digest(configured: str) -> str:
    return hashlib.sha256(configured.encode()).hexdigest()
