"""Which folders of this machine lie on another one's disk: such a mount may stall, and whoever waits for it asks no clock.

Not here: reading what lies there (store_copies.py).
"""

from __future__ import annotations

import os

import psutil

_SERVED = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "ceph", "afs", "lustre", "glusterfs", "beegfs")


def is_served(folder: str) -> bool:
    """Whether a server, or a program, answers for a folder; False where the system does not tell. May itself wait for it."""
    try:
        mounts = psutil.disk_partitions(all=True)
    except OSError:
        return False
    path, found = os.path.realpath(folder), ("", "")
    for mount in mounts:
        point = mount.mountpoint
        is_above = path == point or path.startswith(point.rstrip("/") + "/")
        # of two mounts at one point the later one is seen
        if is_above and len(point) >= len(found[0]):
            found = point, mount.fstype
    return found[1] in _SERVED or found[1].startswith("fuse.")
