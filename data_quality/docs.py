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
from html.parser import HTMLParser
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
# whatever a page may hold, a browser runs nothing of it and asks nobody for anything
_POLICY = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'\">"
_CHARSET = '<meta charset="utf-8">'
# tags that load or run something; the text in the first ones goes too
_SILENT = {"script", "noscript", "template", "iframe", "object", "svg", "math"}
_ALONE = {"img", "embed", "link", "base", "form", "input", "button", "audio", "video", "source", "meta", "textarea"}
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
        text = harmless(_OUTSIDE.sub("", page.read_text(encoding="utf-8")))
        page.write_text(
            re.sub("<head[^>]*>", lambda head: head[0] + _CHARSET + _POLICY + _STYLE, text, count=1), encoding="utf-8"
        )


class _Harmless(HTMLParser):
    """Writes a page again without tags that load or run something and without attributes that do."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        if self._silent or tag in _ALONE:
            return
        kept = [(name, value or "") for name, value in attrs if _is_harmless(name, value or "")]
        self.parts.append(f"<{tag}" + "".join(f' {name}="{escape(value)}"' for name, value in kept) + ">")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = self._silent[:-1] if self._silent and self._silent[-1] == tag else self._silent
        elif not self._silent and tag not in _ALONE:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        # no opening bracket of text becomes a tag in another reading
        self.parts += [] if self._silent else [data.replace("<", "&lt;")]

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self.parts.append(f"<!{decl}>")


def harmless(page: str) -> str:
    """The page without anything that a browser would run or load: a name in it may be anything, as a header of a file."""
    parser = _Harmless()
    parser.feed(page)
    parser.close()
    return "".join(parser.parts)


def _is_harmless(name: str, value: str) -> bool:
    if (
        not re.fullmatch("[a-z][a-z0-9_-]*", name)
        or name.startswith("on")
        or name in ("src", "srcset", "srcdoc", "action", "formaction", "style")
    ):
        return False
    # a link leads to another page of the same folder, or to a place on this one
    return name != "href" or not re.match(r"[^/?#]*:|//", re.sub(r"[\x00-\x20]", "", value))


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
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{_POLICY}<title>Kundbild: {title}</title>{_STYLE}</head><body>'
        f"<h1>{title}</h1>{about}<table><tr>{head}</tr>{body}</table></body></html>",
        encoding="utf-8",
    )
    return path


def _linked(folder: Path, pages: dict[str, Path], result: CheckResult) -> str:
    page, name = pages.get(result.suite.title), escape(result.suite.name)
    return f'<a href="{escape(str(page.relative_to(folder)))}">{name}</a>' if page else name


def _passed(results: list[CheckResult]) -> str:
    return f"{sum(result.passed for result in results)} of {len(results)} checks passed."


def _mark(result: CheckResult) -> str:
    kind = result.check.severity.lower()
    return f'<span class="{kind}">{result.check.severity}: {escape(result.check.name)}</span>'
