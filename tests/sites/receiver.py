"""A server on loopback that keeps what is posted to it, and takes it, refuses it or lets it hang, as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Message:
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    status: int = 0
    """That it was answered with; 0: it was not answered."""

    @property
    def content(self) -> Any:
        return json.loads(self.body)

    @property
    def about(self) -> tuple[str, str | None]:
        """(type, the article's title), of a message of an outbox."""
        article = self.content["data"]["article"] or {}
        return self.content["type"], article.get("title")


@dataclass
class Receiver:
    """Serves while its `with` block runs. `answer` tells the status for a message; 0 lets it hang until the end."""

    answer: Callable[[Message], int] = lambda message: 200
    messages: list[Message] = field(default_factory=list)
    """Oldest first."""
    closing: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = receiver.answer(Message(self.path, headers, body))
                receiver.messages.append(Message(self.path, headers, body, status))
                if not status:
                    receiver.closing.wait()
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:
                """Tests read `messages` instead."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port

    def url(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def taken(self) -> list[tuple[str, str | None]]:
        """What the messages of an outbox that were taken are about."""
        return [message.about for message in self.messages if message.status == 200]
