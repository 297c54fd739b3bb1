"""Nothing that is printed is read as markup, an emoji name or an escape sequence: wherever it comes from."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.table import Table as RichTable

from orchestration.cli.console import PlainConsole, keep_typed, me, print_json, print_rows, styled
from orchestration.cli.status import status

NASTY = "[red]x[/red] [link=file:///etc]y[/link] [/nothing] [engine] :warning: \\[bold]"
# what colours, moves the cursor, sets the title, copies to the clipboard; as C1 too; and turns the text round
ESCAPES = "a\x1b[31mb\x1b]0;title\x07c\x1b]52;c;aGk=\x07d\x9b2Je\x08f\rg\u202eh"


@pytest.fixture
def printed() -> Any:
    def go(*values: Any) -> str:
        file = io.StringIO()
        PlainConsole(file=file, force_terminal=True, color_system="truecolor", width=300).print(
            *values, highlight=False
        )
        return file.getvalue()

    return go


def table(*cells: str) -> RichTable:
    made = RichTable(*cells, title=cells[0])
    made.add_row(*cells)
    return made


@pytest.mark.parametrize("how", [lambda text: text, table, lambda text: styled("{}", text)])
def test_a_value_is_printed_as_it_stands_and_moves_nothing(printed, how):
    assert NASTY in printed(how(NASTY))
    shown = re.sub(r"\x1b\[[0-9;]*m", "", printed(how(ESCAPES)))  # the style of a title is the table's own
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)
    assert "a\ufffd[31mb\ufffd]0;title\ufffdc" in shown


def test_only_what_is_written_in_the_program_is_styled(printed):
    assert printed(styled("[red]no[/red] {}", "[green]yes[/green]")) == "\x1b[31mno\x1b[0m [green]yes[/green]\n"
    assert printed(styled("[bold]{}[/bold]", "ends in \\")) == "\x1b[1mends in \\\x1b[0m\n"


def test_json_escapes_what_a_terminal_would_obey(capsys):
    print_json({"name": ESCAPES})
    said = capsys.readouterr().out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said) and json.loads(said) == {"name": ESCAPES}


def test_a_name_that_is_wider_than_its_column_is_folded():
    """A query of many columns showed `least_…` for each of its heads."""
    names = [f"a_column_with_the_long_name_{n}" for n in range(8)]
    table = RichTable(*names)
    table.add_row(*(f"value_without_a_space_{n}" for n in range(8)))
    console = PlainConsole(file=io.StringIO(), width=80)
    console.print(table)
    shown = console.file.getvalue()
    cells = [[cell.strip() for cell in re.split("[┃│]", line)[1:-1]] for line in shown.splitlines()]
    folded = ["".join(column) for column in zip(*(row for row in cells if row), strict=True)]
    assert "…" not in shown
    assert folded == [f"{name}value_without_a_space_{n}" for n, name in enumerate(names)]


def test_the_next_thing_to_type_is_for_the_same_home_and_configuration(monkeypatch):
    try:
        keep_typed(home=Path("/data/my home"), config=Path("my.toml"))
        assert me().endswith(" --home '/data/my home' --config my.toml")
        # what stands in the environment is found there by the next command too
        monkeypatch.setenv("KUNDBILD_HOME", "/data/my home")
        keep_typed(home=Path("/data/my home"), config=None)
        assert "--" not in me()
    finally:
        keep_typed()


def test_rows_of_many_columns_can_be_read_on_a_narrow_screen():
    """A preview of fourteen columns had two letters of each in a line."""
    columns = [f"conformed_column_{n}" for n in range(14)]
    rows = [[f"value_{row}_{n}" for n in range(14)] for row in range(10)]
    for width, is_turned in ((80, True), (500, False)):
        file = io.StringIO()
        print_rows("people: 10 rows", columns, rows, PlainConsole(file=file, width=width))
        lines = file.getvalue().splitlines()
        shown = " ".join(lines).split()
        assert max(map(len, lines)) <= width
        assert all(value in shown for row in rows for value in row) and set(columns) <= set(shown)
        assert shown.count(columns[0]) == (3 if is_turned else 1)


def test_the_status_of_sources_is_whole_on_a_narrow_screen(monkeypatch):
    file = io.StringIO()
    monkeypatch.setattr("orchestration.cli.status.out", PlainConsole(file=file, width=80))
    message = "source crm, table people: column name is gone; new there: full_name (renamed?)"
    sources = [
        {"source": name, "is_ok": is_ok, "message": message, "since": "2026-11-01 02:00:01", "checked_at": "2026-11-02 02:00:01", "rows": 12_345_678}
        for name, is_ok in (("bookings_of_the_north", True), ("crm", False))
    ]  # fmt: skip
    check = {"severity": "WARN", "table": "conformed.people", "check": "country_can_be_read", "sources": "crm 2"}
    found = {
        "running": "",
        "sources": sources,
        "last_run": None,
        "unnoted_run": "",
        "failed_checks": [check],
        "state_files": [],
        "publication": None,
    }
    monkeypatch.setattr("orchestration.run.status.read_status", lambda: found)
    status()
    shown = file.getvalue()
    assert shown.count("2026-11-01 02:00") == 2 and "12,345,678" in shown
    assert f"failed crm: {message}" in " ".join(shown.split()) and "country_can_be_read (rows of crm 2)" in shown
