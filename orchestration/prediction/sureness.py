"""How sure a measure must be: of an interval, and of a difference that decides something."""

from __future__ import annotations

# of each interval that is told
CONFIDENCE = 0.95
# a difference is clear from so many standard errors on
CLEARLY = 2.0
