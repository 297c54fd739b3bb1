"""What a run says while it waits. Not here: what it prints at its end."""

from __future__ import annotations

import io

from orchestration.cli import console


def test_without_a_terminal_each_source_that_is_read_is_named(monkeypatch):
    told = io.StringIO()
    monkeypatch.setattr(console, "err", console.PlainConsole(file=told))
    with console.Watch("nightly") as show:
        show("extract", "reading club.members")
        show("extract", "club.members: 3 rows")
        show("extract", "reading club.members, again (1 of 2)")
    assert told.getvalue().splitlines() == [
        "extract: reading club.members …", "extract: reading club.members, again (1 of 2) …",
    ]  # fmt: skip
