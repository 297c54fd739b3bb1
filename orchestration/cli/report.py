"""`kundbild report` and `kundbild infographic`: arguments and what is printed. Not here: the report (publishing/report)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.console import Overwrite, out
from orchestration.core.home import assert_may_write


def report(
    to: Annotated[Path | None, typer.Option("--to", help="Write the page there, as FILE.html.")] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Make the report on the publication that readers see: one page about the customer base, without personal data.

    Every publication already has one beside its data. The page needs no network: send it on as it is.
    """
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.core.migrations import refuse_newer
    from orchestration.publishing.report.making import make_report
    from orchestration.publishing.report.places import dictionary_beside

    if to:
        _assert_form(to, (".html",))
        assert_may_write(to, overwrite=overwrite)
        assert_may_write(dictionary_beside(to), overwrite=overwrite)
    home, config = home_and_config()
    refuse_newer(home)
    page = make_report(home, load_settings(config), to)
    out.print(f"Report: {page}", highlight=False)
    if to and dictionary_beside(to).exists():
        out.print(f"Data dictionary, to which it links: {dictionary_beside(to)}", highlight=False)
    if open_:
        typer.launch(page.resolve().as_uri())


def infographic(
    to: Annotated[Path, typer.Option("--to", help="Write the picture there: .svg or .png.")],
    topic: Annotated[str, typer.Option(help="segments, sales, lift, risks …; an unknown topic lists the valid ones.")],
    overwrite: Overwrite = False,
) -> None:
    """Make a picture of one topic of the report, to share, with its date, its source and the smallest number of people behind a figure."""
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.core.migrations import refuse_newer
    from orchestration.publishing.report.making import make_picture

    form = _assert_form(to, (".svg", ".png"))
    assert_may_write(to, overwrite=overwrite)
    home, config = home_and_config()
    refuse_newer(home)
    make_picture(home, load_settings(config), topic, to, form)
    out.print(f"Picture: {to}", highlight=False)


def _assert_form(file: Path, forms: tuple[str, ...]) -> str:
    from orchestration.core.errors import KundbildError

    if file.suffix not in forms:
        raise KundbildError(
            f"{file.name} is not a {' or '.join(forms)} file", to_do=f"name a file {' or '.join(forms)}"
        )
    return file.suffix
