"""How many rows a second come from an API on loopback into raw, through dlt. Here: the API, a process of its own, and one load of its orders."""

from __future__ import annotations

import json
import multiprocessing
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from orchestration.core.home import Home
from orchestration.core.settings import Engine, Settings, Source, Table
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.extract import extract_source, prepare_raw
from tests.bench.measure import Report

ROWS, SIZE = 300_000, 1000
COLUMNS = {
    "id": "BIGINT", "customer.id": "BIGINT", "customer.email": "VARCHAR", "status": "VARCHAR", "total": "DECIMAL(18, 2)",
    "currency": "VARCHAR", "channel": "VARCHAR", "created_at": "TIMESTAMP", "updated_at": "TIMESTAMP",
    "line_items": "STRUCT(sku VARCHAR, quantity INTEGER, price DECIMAL(18, 2))[]",
}  # fmt: skip


def rest_pages(report: Report, folder: Path, rows: int = ROWS) -> None:
    """Orders with their customer in an object and a list of lines, 1,000 a page."""
    told, tell = multiprocessing.get_context("spawn").Pipe(duplex=False)
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(rows, tell), daemon=True)
    server.start()
    try:
        url = told.recv()
        orders = Table(columns=COLUMNS, key=["id"], cursor="updated_at")
        paging = {"next": "page", "parameter": "page"}
        source = Source(connector="rest", url=url, paging=paging, tables={"orders": orders})
        settings = Settings(company="B", sources={"api": source})
        home = Home(folder / "api").prepare()
        with open_warehouse(home, Engine()) as con:
            prepare_raw(con, settings)
            start, used = time.perf_counter(), time.process_time()
            books = extract_source(con, home, settings, "api")
            seconds, cpu = time.perf_counter() - start, time.process_time() - used
        read = books["orders"].inserted
    finally:
        server.kill()
        server.join()
    assert read == rows
    report.add(
        "REST pages from loopback, rows/s", ">= 30,000", f"{rows / seconds:,.0f}",
        f"{rows:,} rows, {seconds:.1f} s, of which {cpu:.1f} s of processor: JSON, dlt's resolving of settings for each page, merging",
    )  # fmt: skip


def _serve(rows: int, tell: Any) -> None:
    pages = [json.dumps({"data": [_order(n) for n in range(at, min(at + SIZE, rows))]}) for at in range(0, rows, SIZE)]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            at = int(parse_qs(urlsplit(self.path).query)["page"][0]) - 1
            body = (pages[at] if at < len(pages) else '{"data": []}').encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tell.send(f"http://127.0.0.1:{server.server_address[1]}")
    server.serve_forever()


def _order(n: int) -> dict[str, Any]:
    return {
        "id": n, "customer": {"id": n % 5000, "email": f"user{n % 5000}@example.com"}, "status": "paid", "total": f"{n % 977}.50",
        "currency": "SEK", "channel": "web", "created_at": "2026-01-01T10:00:00Z", "updated_at": f"2026-01-{n % 28 + 1:02d}T10:00:00Z",
        "line_items": [{"sku": f"S{n % 77}", "quantity": 2, "price": "9.50"}],
    }  # fmt: skip
