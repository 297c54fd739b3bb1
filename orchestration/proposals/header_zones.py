"""Names of columns that say a time zone, as HubSpot's `Create Date (GMT+1)`: no map reads the zone there, so it is told with what to write.

Not here: times with an offset of their own (columns.py), how a zone is read (core/settings/time_zones.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from orchestration.contracts.words import ZONE_IN_NAME

_NAMED = {"CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "WEST": 1, "BST": 1}


def zones_of(table: str, names: Sequence[str], known: Collection[str] = ()) -> tuple[str, ...]:
    """A note for all columns of a zone. `known` are a vendor's columns of this table: one that has a zone in its name is none of them, and is
    not read."""
    by_zone: dict[str, list[str]] = {}
    for name in names:
        if found := ZONE_IN_NAME.search(name):
            by_zone.setdefault(_setting(found), []).append(name)
    others = {column.casefold() for column in known}
    told = []
    for setting, columns in by_zone.items():
        unread = [
            c
            for c in columns
            if (plain := ZONE_IN_NAME.sub("", c)).casefold() in others and c not in known and plain not in names
        ]
        note = f"{table}: {', '.join(columns)}: the name says a time zone, and times are read as UTC: write {setting} in the source"
        if unread:
            plain = ", ".join(ZONE_IN_NAME.sub("", c) for c in unread)
            note = f"{table}: {', '.join(unread)}: not read, for the name has a time zone in it: rename it to {plain} in the file, and write {setting} in the source"
        told.append(note)
    return tuple(told)


def _setting(found: re.Match[str]) -> str:
    """What kundbild.toml says for it. Of whole hours alone a zone has a name, with its sign the other way round."""
    sign, hours, minutes, named = found.groups()
    if named:
        sign, hours = "+", str(_NAMED[named.upper()])
    if int(minutes or 0) or int(hours) > 12:
        return 'timezone = "…", of the place where that is so (Asia/Kolkata)'
    if not int(hours):
        return 'timezone = "UTC"'
    return f'timezone = "Etc/GMT{"-" if sign == "+" else "+"}{int(hours)}", or the place where that is so (Europe/Stockholm)'
