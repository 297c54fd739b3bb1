"""`kundbild dashboards`: arguments and what is printed. Not here: the server and its pages (dashboards)."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from orchestration.cli.console import out


def dashboards(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 8501,
    open_: Annotated[bool, typer.Option("--open", help="Open them in the browser.")] = False,
) -> None:
    """Serve dashboards on the publication in the browser, on this machine only, until Ctrl-C.

    Pages: overview, segments with a builder, channels, campaigns, products, metrics, one customer, consent, data health. No
    figure is about fewer than 10 people. A new publication appears automatically. Requires the extra `dashboards`; the
    warehouse is never opened.
    """
    from orchestration.core.configuration import home_and_config
    from orchestration.core.migrations import refuse_newer
    from orchestration.core.ports import LOOPBACK, free_port
    from orchestration.dashboards.guard import PARAMETER
    from orchestration.dashboards.launch import assert_installed, serve

    assert_installed()
    home, _ = home_and_config()
    refuse_newer(home)
    port = free_port(port)
    key = secrets.token_urlsafe(16)
    url = f"http://{LOOPBACK}:{port}/?{PARAMETER}={key}"
    out.print(f"Dashboards: {url}", highlight=False, soft_wrap=True)
    out.print(
        "The key in the address keeps out other users of this machine. Ctrl-C ends the dashboards.", highlight=False
    )

    def open_it() -> None:
        if open_:
            typer.launch(url)

    if code := serve(port, key, open_it):
        raise typer.Exit(code)
