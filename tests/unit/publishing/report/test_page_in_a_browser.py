"""The page in Chromium: nothing is wider than the screen, on a phone either. Colours stand out from what is behind them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from orchestration.core.clock import now
from orchestration.publishing.report import charts, page
from orchestration.publishing.report.page import Report, as_page
from tests.unit.publishing.report.company import asked, make_company

_MEASURE = """<script>
const wide = [...document.querySelectorAll("body *")].filter(e => !e.closest(".scroll, pre, svg") && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1);
document.title = [innerWidth, document.documentElement.scrollWidth, wide.map(e => e.className || e.tagName).join("+")].join("|");
</script>"""


@pytest.mark.skipif(not shutil.which("chromium"), reason="Chromium is not here: install the package chromium")
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen(tmp_path: Path, width: int):
    make_company(tmp_path / "kundbild.duckdb")
    with asked(tmp_path / "kundbild.duckdb") as opened:
        text = as_page(Report("Fjällskog Friluftsliv och Uteliv", "SEK", opened), "dictionary.html", now())
    measured = tmp_path / "page.html"
    # the queries are shown too
    measured.write_text(text.replace("<details ", "<details open ") + _MEASURE)
    frame = tmp_path / "frame.html"
    frame.write_text(f'<iframe src="page.html" style="width:{width}px;height:900px;border:0" onload="document.title=frames[0].document.title"></iframe>')  # fmt: skip
    how = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1600,1000"]  # fmt: skip
    done = subprocess.run([*how, "--dump-dom", frame.as_uri()], capture_output=True, text=True, timeout=60, check=True)
    found = re.search(r"<title>(\d+)\|(\d+)\|(.*?)</title>", done.stdout)
    assert found, done.stdout[:300]
    assert int(found[1]) == width and int(found[2]) <= width and found[3] == ""


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 defines it."""

    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_and_marks_stand_out():
    named = dict(re.findall(r"--(\w+): (#\w{6})", page._STYLE.read_text()))
    for text in (named["ink"], named["quiet"], named["blue"], charts.INK, charts.QUIET, *charts.COLOURS):
        assert contrast(text, "#ffffff") >= 4.5 and contrast(text, named["tint"]) >= 4.5, text
