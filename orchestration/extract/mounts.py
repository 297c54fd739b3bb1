"""Which folders of this machine lie on another one's disk: such a mount may stall, and whoever waits for it asks no clock.

Not here: reading what lies there (store_copies.py).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
_SERVED = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "ceph", "afs", "lustre", "glusterfs", "beegfs")
_OCTAL = re.compile(r"\\([0-7]{3})")


def is_served(folder: str) -> bool:
    """Whether a server, or a program, answers for a folder; False where the system does not tell. May itself wait for it."""
    try:
        lines = MOUNTS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return False
    path, found = os.path.realpath(folder), ("", "")
    for line in lines:
        place, _, kind = line.partition(" - ")
        point = _OCTAL.sub(lambda code: chr(int(code[1], 8)), place.split(" ")[4])
        is_above = path == point or path.startswith(point.rstrip("/") + "/")
        # of two mounts at one point the later one is seen
        if is_above and len(point) >= len(found[0]):
            found = point, kind.split(" ")[0]
    return found[1] in _SERVED or found[1].startswith("fuse.")
