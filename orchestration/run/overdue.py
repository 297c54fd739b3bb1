"""Telling of requests of people that are past their day, whether or not a night runs: each once a day at each place.

Here: what was told where, and what is still to tell. Not here: when a request is overdue (privacy/rights/deadlines.py), how an
alert is sent (alerts.py).
"""

from __future__ import annotations

import json
from datetime import datetime

from orchestration.core.errors import HomeVersionError, WarehouseBusyError
from orchestration.core.home import Home
from orchestration.core.migrations import opened
from orchestration.core.settings import Settings
from orchestration.privacy.rights.deadlines import deadlines, overdue, to_tell
from orchestration.run.alerts import ARE_OVERDUE, places, send_alert


def tell_overdue(home: Home, settings: Settings, remembered: str, at: datetime) -> tuple[str, str]:
    """Sends the alerts that are due at `at` (UTC, naive). Returns (what to remember until the next call, what was done in words).

    `remembered` is JSON, place → request → day; "" before the first call. A place that cannot be reached is told again the
    next time, and no other place with it.
    """
    if not home.warehouse.exists():
        return remembered, "there is no warehouse yet"
    today = at.date()
    try:
        with opened(home, settings.engine, "looking for overdue requests") as con:
            late, said = overdue(con, today), str(deadlines(con, today))
    except WarehouseBusyError:
        return remembered, "a run or a command has the warehouse"
    except HomeVersionError as error:
        return remembered, str(error)
    told, done = _told(remembered, places(settings.alerts)), []
    for place in told:
        told[place] = {request: day for request, day in told[place].items() if request in late}
        fresh = to_tell(late, told[place], today)
        if fresh:
            problems = send_alert(settings.alerts, settings.company, "", said, ARE_OVERDUE, only=place)
            done += problems or [f"{place}: told of {len(fresh)}"]
            if not problems:
                told[place] |= dict.fromkeys(fresh, today.isoformat())
    return json.dumps(told), f"{len(late)} requests are overdue: {'; '.join(done) or 'nothing new to tell'}"


def _told(remembered: str, configured: list[str]) -> dict[str, dict[str, str]]:
    """Place → request → day, of the places that are configured."""
    told = json.loads(remembered or "{}")
    # an earlier version remembered request → day, of all places alike
    alike = {request: day for request, day in told.items() if isinstance(day, str)}
    return {place: dict(alike or told.get(place, {})) for place in configured}
