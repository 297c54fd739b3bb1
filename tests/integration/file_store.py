"""A file store that other machines ask, by FTP: one folder, whose files it sends to half while it is told to break off."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path


class FileStore:
    """`url` is its folder. `breaks_off`: each file ends in its middle, and the connection with it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.breaks_off = folder, False
        store = self

        class Handler(_Handler):
            of = store

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"ftp://kim:hemligt@127.0.0.1:{self._server.server_address[1]}/"

    @contextmanager
    def serving(self) -> Iterator[FileStore]:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


class _Handler(socketserver.StreamRequestHandler):
    of: FileStore

    def handle(self) -> None:
        self._say("220 ready")
        with suppress(OSError):
            while line := self.rfile.readline():
                command, _, argument = line.decode().strip().partition(" ")
                answer = getattr(self, f"_{command.lower()}", None)
                if answer:
                    if answer(argument) is False:
                        return
                elif command in ("USER", "PASS", "CWD", "TYPE", "NOOP"):
                    self._say("230 yes" if command == "PASS" else "331 yes" if command == "USER" else "200 yes")
                else:
                    self._say("502 no")

    def _epsv(self, _: str) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._say(f"229 Entering Extended Passive Mode (|||{self._listening.getsockname()[1]}|)")

    def _pasv(self, _: str) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        high, low = divmod(self._listening.getsockname()[1], 256)
        self._say(f"227 Entering Passive Mode (127,0,0,1,{high},{low})")

    def _mlsd(self, _: str) -> None:
        lines = []
        for path in sorted(self.of.folder.iterdir()):
            at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            lines.append(f"type=file;size={path.stat().st_size};modify={at:%Y%m%d%H%M%S}; {path.name}\r\n")
        self._send("".join(lines).encode())
        self._say("226 done")

    def _rest(self, at: str) -> None:
        self._begins_at = int(at)
        self._say("350 go on")

    def _retr(self, name: str) -> bool:
        content = (self.of.folder / name.lstrip("/")).read_bytes()[self._begins_at :]
        self._send(content[: len(content) // 2] if self.of.breaks_off else content)
        if not self.of.breaks_off:
            self._say("226 done")
        return not self.of.breaks_off

    def _send(self, content: bytes) -> None:
        self._say("150 here it comes")
        connection, _ = self._listening.accept()
        with self._listening, connection:
            connection.sendall(content)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
