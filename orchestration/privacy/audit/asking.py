"""Who runs this, by what the machine knows and no environment variable changes. Not here: what is noted of it (log.py)."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from orchestration.core.errors import KundbildError


def actor() -> str:
    """Who runs this: the user id, which no environment variable changes, with its name."""
    uid = os.getuid()
    try:
        return f"{uid} {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return str(uid)


def person_asking(uid_map: Path = Path("/proc/self/uid_map"), caller: str | None = None) -> str:
    """Who is behind this, where a second person is to be told from a first: as `actor`, but of root by sudo who called it
    (`caller`, a user id; of the environment unless given).

    Raises KundbildError in a user namespace, where anybody may be mapped to any id.
    """
    # a system without such namespaces has no such file
    mapped = [line.split()[:2] for line in uid_map.read_text().splitlines()] if uid_map.exists() else []
    if any(inside != outside for inside, outside in mapped):
        raise KundbildError(
            "users cannot be told apart in a user namespace, where anybody may be mapped to any id",
            to_do="use privacy.second_person outside of it: as users of the machine, not of a container without root",
        )
    if caller is None and os.getuid() == 0:
        caller = os.environ.get("SUDO_UID")
    return f"{caller} by sudo" if caller and caller.isdigit() else actor()
