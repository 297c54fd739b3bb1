"""How a command that failed says so: words on standard error, with `--json` one JSON object on standard output, an exit code.

Not here: what went wrong (errors.py, disk.py), or what a command that did its work prints (console.py).
"""

from __future__ import annotations

import errno
import os
import sys
import traceback

import typer

from orchestration.cli.console import err, print_json, styled
from orchestration.core.disk import full_disk
from orchestration.core.errors import KundbildError

# what a person can fix; what nobody foresaw ends as Python's own errors do
_FIXED, _UNFORESEEN = 2, 1


class UsageError(KundbildError):
    """What was typed is not a command, or lacks something."""

    kind = "usage"


class UnforeseenError(KundbildError):
    """A fault of the program."""

    kind = "unforeseen"


def tell(error: Exception) -> int:
    """Says what made the command fail. Returns its exit code."""
    from orchestration.core.configuration import home_and_config

    told = error if isinstance(error, KundbildError) else full_disk(error, home_and_config()[0].root)
    if told:
        err.print(styled("[red]error:[/red] {}", told), highlight=False)
        _answer(told)
        return _FIXED
    # where it happened, without its text, which may quote a row
    print("Traceback (most recent call last):", file=sys.stderr)
    traceback.print_tb(error.__traceback__)
    print(type(error).__name__, file=sys.stderr)
    _answer(
        UnforeseenError(
            f"the command stopped unexpectedly ({type(error).__name__})",
            to_do="report it with the text on standard error",
        )
    )
    return _UNFORESEEN


def code_of(leaving: SystemExit) -> int:
    """The exit code of a command that ended by itself. What it could not read was told on standard error; JSON says it too."""
    reason = leaving.__context__
    # of Typer's errors of usage
    if said := getattr(reason, "format_message", None):
        _answer(UsageError(said(), to_do="--help lists what there is"))
    elif isinstance(reason, typer.Abort):
        _answer(UsageError("nothing was answered to a question", to_do="give the answer as an option"))
    return leaving.code if isinstance(leaving.code, int) else _UNFORESEEN if leaving.code else 0


def flushed(code: int) -> int:
    """Writes out what was printed. Returns the exit code: another where standard output takes no more."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # who reads no further, as `head`, wants no word of it
        if error.errno != errno.EPIPE:
            err.print(f"error: standard output cannot be written: {os.strerror(error.errno or 0)}", highlight=False)
        code = code or (_UNFORESEEN if error.errno == errno.EPIPE else _FIXED)
    sys.stderr.flush()
    return code


def _answer(error: KundbildError) -> None:
    if "--json" in sys.argv[1:]:
        print_json(error.as_dict())
