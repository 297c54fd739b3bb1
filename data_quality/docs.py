"""Data Docs that stand on their own: no page asks any other server for anything.

Great Expectations' pages load styles, scripts and a picture from a dozen hosts and are bare without them. Here: those
references are taken out, a small style is put in, the first page lists every suite, and one page the consent suite, rule
by rule. Not here: the checks' results.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
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

CONSENT_PAGE = "consent.html"
_COUNTED = {
    "element_count": "rows",
    "row_count": "rows",
    "unexpected_count": "broke it",
    "could_not_run": "could not run",
}
_ALL_PASSED = '<span class="ok">&#10003; all passed</span>'


def make_self_contained(folder: Path) -> None:
    """Takes every reference to another host out of the pages below `folder`."""
    for page in folder.rglob("*.html"):
        text = _OUTSIDE.sub("", page.read_text(encoding="utf-8"))
        page.write_text(text.replace("</head>", _STYLE + "</head>", 1), encoding="utf-8")


def write_index(folder: Path, results: list[CheckResult]) -> Path:
    """The first page: each table with how its checks fared and a link to its page; and the page of the consent suite.

    Returns the first page's path.
    """
    by_suite: dict[str, list[CheckResult]] = defaultdict(list)
    for result in results:
        by_suite[result.suite.title].append(result)
    pages = {path.stem.rpartition("-")[2]: path for path in sorted((folder / "validations").rglob("*.html"))}
    rows = [
        (
            _linked(folder, pages, checks[0]),
            checks[0].suite.stage,
            str(len(checks)),
            ", ".join(_mark(check) for check in checks if not check.passed) or _ALL_PASSED,
        )
        for checks in by_suite.values()
    ]
    consent = [result for result in results if result.suite.stage == "consent"]
    about = f"<p>{_passed(results)} Results are counts: no page holds a value out of a row.</p>"
    if consent:
        about += f'<p><a href="{CONSENT_PAGE}">The consent suite</a>, rule by rule: {_passed(consent)}</p>'
        _write_consent(folder, consent, pages)
    return _write(folder / "index.html", "What was checked", about, ("table", "stage", "checks", "result"), rows)


def _write_consent(folder: Path, results: list[CheckResult], pages: dict[str, Path]) -> None:
    """What the rules of consent and data protection ask of data, in the order of the rules, the rest behind them."""
    rows = [
        (
            str(result.check.rule or ""),
            escape(result.check.description),
            _linked(folder, pages, result),
            _mark(result) if not result.passed else '<span class="ok">&#10003; passed</span>',
            ", ".join(f"{count:,} {_COUNTED.get(name, name)}" for name, count in result.observed.items()),
        )
        for result in sorted(results, key=lambda result: (result.check.rule or 99, result.suite.name))
    ]
    about = (
        f"<p>{_passed(results)} One that fails with ERROR stops the publication and every export of an audience. "
        '<a href="index.html">Every check</a></p>'
    )
    _write(folder / CONSENT_PAGE, "The consent suite", about, ("rule", "what it asks", "of", "result", "counted"), rows)


def _write(path: Path, title: str, about: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    path.write_text(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Kundbild: {title}</title>{_STYLE}</head><body>'
        f"<h1>{title}</h1>{about}<table><tr>{head}</tr>{body}</table></body></html>",
        encoding="utf-8",
    )
    return path


def _linked(folder: Path, pages: dict[str, Path], result: CheckResult) -> str:
    page, name = pages.get(result.suite.title), escape(result.suite.name)
    return f'<a href="{page.relative_to(folder)}">{name}</a>' if page else name


def _passed(results: list[CheckResult]) -> str:
    return f"{sum(result.passed for result in results)} of {len(results)} checks passed."


def _mark(result: CheckResult) -> str:
    kind = result.check.severity.lower()
    return f'<span class="{kind}">{result.check.severity}: {escape(result.check.name)}</span>'
