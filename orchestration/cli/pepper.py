"""`kundbild pepper`: arguments and what is printed. Not here: work (privacy/erasure/rotation.py)."""

from __future__ import annotations

from dataclasses import asdict

import typer

from orchestration.cli.console import Json, out, print_json

pepper_app = typer.Typer(
    help="The pepper: the secret of every pseudonym and keyed hash, kept outside the home folder.", no_args_is_help=True
)


@pepper_app.command()
def rotate(as_json: Json = False) -> None:
    """Replace the secret and recompute every hash; the old secret becomes useless.

    Suppressed people stay out, the audit log goes on and is sealed, requests and exports are found as before. Customers
    get new pseudonyms with the next night. Earlier backups hold hashes of the old secret. A rotation that was killed,
    or done from another home folder, is finished first, without another new secret.
    """
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.core.errors import KundbildError
    from orchestration.core.migrations import migrate
    from orchestration.privacy.erasure.rotation import rotate as renew
    from orchestration.privacy.secrets.pepper import pepper_file
    from orchestration.publishing.versions import standing_versions
    from orchestration.run.unfinished import finish_unfinished

    home, config = home_and_config()
    settings = load_settings(config)
    home.prepare()
    with home.lock("pepper rotation"):
        if not home.warehouse.exists():
            raise KundbildError("no night has hashed anything yet", where=str(home.warehouse), to_do="`kundbild run`")
        migrate(home, settings.engine)
        rotated = renew(home, settings.engine, settings.privacy.pepper, standing_versions(home))
        finish_unfinished(home, settings)
    if as_json:
        print_json(asdict(rotated))
        return
    out.print(
        f"{'The pepper has a new secret' if rotated.is_new else 'The newest secret of the pepper was already there'}: "
        f"it has {rotated.secrets}, and every hash is made with all of them."
    )
    out.print(
        f"{rotated.hashes:,} hashes renewed; {rotated.pseudonyms:,} customers get a new pseudonym with the next night."
    )
    if not settings.privacy.pepper:
        out.print(
            f"Copy {pepper_file()} to where you keep its backup, now: without it no hash matches a person.",
            highlight=False,
        )
