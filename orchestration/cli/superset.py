"""`kundbild superset`: arguments and what is printed. Not here: the bundle and the server (publishing/superset)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.console import Overwrite, err, out, styled


def superset(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 8088,
    new_password: Annotated[bool, typer.Option("--new-password", help="Give the admin another password.")] = False,
    to: Annotated[
        Path | None, typer.Option("--to", help="Write the bundle as FILE.zip, for a Superset of your own.")
    ] = None,
    renew: Annotated[bool, typer.Option("--renew", help="Refresh dataset columns from the model contracts.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Start Superset with dashboards on the publication: overview, segments, channels, products, consent.

    The first start makes an environment of its own (some 900 MB below build/) and an admin, whose password it shows
    once. Each start imports the dashboards again: save your changes under another name.
    """
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.core.migrations import refuse_newer
    from orchestration.core.ports import free_port
    from orchestration.publishing.superset import bundle, environment, server

    home, config = home_and_config()
    refuse_newer(home)
    if renew:
        _renew()
        return
    if to:
        _write(to, bundle.as_zip(bundle.bundle_for(home, load_settings(config).currency)), overwrite=overwrite)
        return
    port = free_port(port)
    folder = server.prepare(home, load_settings(config).currency)
    if not environment.is_made():
        err.print(styled("making Superset's environment in {}", environment.ENVIRONMENT), highlight=False)
    server.serve(environment.make_environment(), folder, port, new_password=new_password)


def _write(file: Path, content: bytes, *, overwrite: bool) -> None:
    from orchestration.core.errors import KundbildError
    from orchestration.core.home import assert_may_write, write_private

    if file.suffix != ".zip":
        raise KundbildError(f"{file.name} is not a .zip file", to_do="name a file .zip")
    assert_may_write(file, overwrite=overwrite)
    write_private(file, content, overwrite=overwrite)
    out.print(f"Bundle: {file}", highlight=False)


def _renew() -> None:
    from orchestration.cli.dictionary import read_entries
    from orchestration.publishing.superset.bundle import BUNDLE, COMPANY_CURRENCY, read_bundle, renewed_datasets

    for name, text in renewed_datasets(read_bundle(), read_entries(COMPANY_CURRENCY)).items():
        (BUNDLE / name).write_text(text, "utf-8")
    out.print(f"Datasets: {BUNDLE}", highlight=False)
