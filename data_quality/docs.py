"""Data Docs that stand on their own: no page asks any other server for anything.

Great Expectations' pages load styles, scripts and a picture from a dozen hosts and are bare without them. Here: those
references are taken out, a small style is put in, and the first page lists every suite. Not here: the checks' results.
"""

from __future__ import annotations

import re
from collections import defaultdict
from html import escape
from pathlib import Path

from data_quality.checks import CheckResult

_OUTSIDE = re.compile(
    r"<link[^>]*href=[\"']https?://[^>]*>"
    r"|<script[^>]*src=[\"']https?://[^>]*>\s*</script>"
    r"|<img[^>]*src=[\"']https?://[^>]*>"
    r"|<script>.*?</script>"
    r"|<div class=\"modal.*?(?=<footer|</body>)"
    r"|<footer.*?</footer>"
    # the suites have no pages of their own
    r"|<a[^>]*href=[\"'][^\"']*expectations/[^>]*>.*?</a>",
    re.DOTALL,
)
_STYLE = """<style>
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
th, td { border-bottom: 1px solid #8884; padding: .35rem .6rem; text-align: left; vertical-align: top; }
.ok, .fa-check-circle { color: #1a7f37; } .error, .fa-times { color: #cf222e; } .warn { color: #9a6700; }
.fa-check-circle::before { content: "\\2713"; } .fa-times::before { content: "\\2717"; }
.btn, .ge-index-page-site-name, .d-none, nav.navbar ol { display: none; }
a { color: #0969da; } ul { padding-left: 1.2rem; }
</style>"""


def make_self_contained(folder: Path) -> None:
    """Takes every reference to another host out of the pages below `folder`."""
    for page in folder.rglob("*.html"):
        text = _OUTSIDE.sub("", page.read_text(encoding="utf-8"))
        page.write_text(text.replace("</head>", _STYLE + "</head>", 1), encoding="utf-8")


def write_index(folder: Path, results: list[CheckResult]) -> Path:
    """The first page: each table with how its checks fared and a link to its page. Returns its path."""
    by_suite: dict[str, list[CheckResult]] = defaultdict(list)
    for result in results:
        by_suite[result.suite.name].append(result)
    failed = [r for r in results if not r.passed]
    pages = {path.stem.rpartition("-")[2]: path for path in sorted((folder / "validations").rglob("*.html"))}
    rows = []
    for name, checks in by_suite.items():
        page = pages.get(name)
        link = f'<a href="{page.relative_to(folder)}">{escape(name)}</a>' if page else escape(name)
        said = (
            ", ".join(_mark(check) for check in checks if not check.passed)
            or '<span class="ok">&#10003; all passed</span>'
        )
        rows.append(f"<tr><td>{link}</td><td>{checks[0].suite.stage}</td><td>{len(checks)}</td><td>{said}</td></tr>")
    index = folder / "index.html"
    index.write_text(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Kundbild: Data Docs</title>{_STYLE}</head><body>'
        f"<h1>What was checked</h1><p>{len(results) - len(failed)} of {len(results)} checks passed. "
        "Results are counts: no page holds a value out of a row.</p>"
        "<table><tr><th>table</th><th>stage</th><th>checks</th><th>result</th></tr>"
        + "".join(rows)
        + "</table></body></html>",
        encoding="utf-8",
    )
    return index


def _mark(result: CheckResult) -> str:
    kind = result.check.severity.lower()
    return f'<span class="{kind}">{result.check.severity}: {escape(result.check.name)}</span>'
