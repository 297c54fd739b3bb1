"""Runs in Superset's environment: brings its metadata up to date, imports the bundle, makes the admin, and serves.

Not here: making the environment and the bundle's files (Kundbild's own process does, before it becomes this one).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import secrets
import signal
import sys
from pathlib import Path

import flask_migrate
import waitress
from superset.app import create_app

ADMIN = "admin"
_THREADS = 8


def main() -> None:
    # whoever started it may ignore it, and a process inherits that: this one would never end
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parser = argparse.ArgumentParser()
    parser.add_argument("bundle", type=Path)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--new-password", action="store_true")
    asked = parser.parse_args()
    # its migrations tell what they do in hundreds of lines
    logging.disable(logging.WARNING)
    with contextlib.redirect_stdout(io.StringIO()):
        app = create_app()
        with app.app_context():
            flask_migrate.upgrade()
    logging.disable(logging.NOTSET)
    with app.app_context():
        password = prepare(asked.bundle, new_password=asked.new_password)
    if password:
        print(f"Sign in as {ADMIN} with the password {password} (it is not told again)", flush=True)
    print(f"Superset: http://{asked.host}:{asked.port} (Ctrl-C stops it)", flush=True)
    waitress.serve(app, host=asked.host, port=asked.port, threads=_THREADS, ident=None)


def prepare(bundle: Path, *, new_password: bool) -> str | None:
    """Roles, the admin and the bundle; a bundle that was imported before is updated. The admin's password where it is new."""
    from superset import appbuilder, security_manager
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.utils.core import override_user

    # as `superset init` does: the views' permissions, then the roles that have them
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    password: str | None = secrets.token_urlsafe(15)
    admin = security_manager.find_user(ADMIN)
    if admin is None:
        role = security_manager.find_role("Admin")
        admin = security_manager.add_user(ADMIN, "Local", "Admin", f"{ADMIN}@localhost", role, password=password)
        if not admin:
            sys.exit("Superset's admin could not be made")
    elif new_password:
        security_manager.reset_password(admin.id, password)
    else:
        password = None
    contents = {path.relative_to(bundle).as_posix(): path.read_text("utf-8") for path in bundle.rglob("*.yaml")}
    with override_user(admin):
        ImportAssetsCommand(contents).run()
    return password


if __name__ == "__main__":
    main()
