"""Superset's configuration: for one user on one machine, its metadata in the home folder, and no request to anywhere else.

Superset reads it in its own environment. Not here: what it shows (the bundle).
"""

import os
from pathlib import Path

_FOLDER = Path(os.environ["SUPERSET_HOME"])

SECRET_KEY = (_FOLDER / "secret_key").read_text("utf-8")
SQLALCHEMY_DATABASE_URI = f"sqlite:///{_FOLDER / 'superset.db'}"
# what several requests write waits for its turn
SQLALCHEMY_ENGINE_OPTIONS = {"connect_args": {"timeout": 30}}
LOG_LEVEL = "WARNING"
# one process counts for itself
RATELIMIT_STORAGE_URI = "memory://"
# a browser asks nobody but this server: Superset's own policy lets in its telemetry pixel, maps and fonts of others
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
