"""Tokens for the jobs of the UI that erase or hand out a person: given by the command line, good for one run, soon over.

Whoever can click in the UI, or make a browser click there, cannot read the home folder. Only digests are kept. Not here:
the jobs (defs/privacy.py).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime, timedelta

from orchestration.core.errors import KundbildError
from orchestration.core.home import Home, read_json, write_private

LASTS = timedelta(minutes=15)


def give_token(home: Home, at: datetime) -> str:
    """A new token, and the note of it; `at` is naive UTC."""
    token = secrets.token_urlsafe(24)
    standing = _standing(home, at)
    write_private(home.job_tokens, _json(standing | {_digest(token): (at + LASTS).isoformat()}))
    return token


def spend_token(home: Home, token: str, at: datetime) -> None:
    """Raises KundbildError where the token was not issued here, was already used, or has expired; else it is used now."""
    standing = _standing(home, at)
    if standing.pop(_digest(token.strip()), None) is None:
        raise KundbildError(
            "this token was not issued here, was already used, or has expired",
            where="token in the run's configuration",
            to_do="`kundbild job-token` gives one; it is valid for one run within 15 minutes",
        )
    write_private(home.job_tokens, _json(standing))


def _standing(home: Home, at: datetime) -> dict[str, str]:
    noted = read_json(home.job_tokens) or {}
    return {digest: until for digest, until in noted.items() if datetime.fromisoformat(until) > at}


def _digest(token: str) -> str:
    # of 192 random bits: nothing to guess, so no key is needed
    return hashlib.sha256(token.encode()).hexdigest()


def _json(standing: dict[str, str]) -> str:
    return json.dumps(standing)
