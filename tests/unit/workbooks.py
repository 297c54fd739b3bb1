"""Writes Excel workbooks for tests, as Excel does: shared texts, styles of dates, sheets. Not here: reading them."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path
from xml.sax.saxutils import escape

_NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def write_workbook(path: Path, sheets: dict[str, list[list[object]]], hidden: tuple[str, ...] = ()) -> None:
    texts: list[str] = []

    def cell(at: int, row: int, value: object) -> str:
        where = f"{chr(65 + at)}{row}"
        if value is None:
            return ""
        if isinstance(value, bool):
            return f'<c r="{where}" t="b"><v>{int(value)}</v></c>'
        if isinstance(value, date):
            moment = datetime(value.year, value.month, value.day) if not isinstance(value, datetime) else value
            days = (moment - datetime(1899, 12, 30)).total_seconds() / 86400
            return f'<c r="{where}" s="{2 if isinstance(value, datetime) else 1}"><v>{days!r}</v></c>'
        if isinstance(value, int | float):
            return f'<c r="{where}"><v>{value!r}</v></c>'
        texts.append(str(value))
        return f'<c r="{where}" t="s"><v>{len(texts) - 1}</v></c>'

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        listed, links = "", ""
        for number, (name, rows) in enumerate(sheets.items(), start=1):
            body = "".join(
                f'<row r="{r}">{"".join(cell(at, r, v) for at, v in enumerate(row))}</row>'
                for r, row in enumerate(rows, start=1)
            )
            book.writestr(
                f"xl/worksheets/sheet{number}.xml", f"<worksheet {_NS}><sheetData>{body}</sheetData></worksheet>"
            )
            state = ' state="hidden"' if name in hidden else ""
            listed += f'<sheet name="{escape(name)}" sheetId="{number}"{state} r:id="rId{number}"/>'
            links += f'<Relationship Id="rId{number}" Type="{_R}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        book.writestr("xl/workbook.xml", f'<workbook {_NS} xmlns:r="{_R}"><sheets>{listed}</sheets></workbook>')
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{links}</Relationships>',
        )
        runs = "".join(
            f"<si><r><t>{escape(one[:1])}</t></r><r><t>{escape(one[1:])}</t></r><rPh><t>x</t></rPh></si>"
            for one in texts
        )
        book.writestr("xl/sharedStrings.xml", f"<sst {_NS}>{runs}</sst>")
        formats = '<numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm"/></numFmts>'
        book.writestr(
            "xl/styles.xml",
            f'<styleSheet {_NS}>{formats}<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>',
        )
