"""A receiver of messages on loopback: it takes them, refuses them or lets them hang, as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Message:
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    status: int

    @property
    def content(self) -> Any:
        return json.loads(self.body)

    @property
    def about(self) -> tuple[str, str | None]:
        """(type, the article's title)."""
        article = self.content["data"]["article"] or {}
        return self.content["type"], article.get("title")


class Receiver:
    """Serves while its `with` block runs. `answer` tells the status for a message; 0 lets it hang until the end."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.answer: Callable[[Any], int] = lambda content: 200
        self.closing = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = receiver.answer(json.loads(body))
                receiver.messages.append(Message(headers, body, status))
                if not status:
                    receiver.closing.wait()
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/newsmill"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def taken(self) -> list[tuple[str, str | None]]:
        return [message.about for message in self.messages if message.status == 200]
