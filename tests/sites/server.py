"""A small loopback web server that tests fill with pages and look into afterwards."""

from __future__ import annotations

import hashlib
import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Page:
    """A fixed answer; `headers` are added to, and win over, those the server makes itself."""

    body: bytes
    media_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    last_modified: datetime | None = None

    @cached_property
    def etag(self) -> str:
        """The strong entity tag, quotes included."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


@dataclass
class Request:
    """A request as it arrived: header names are in lower case, `status` is 0 until it is answered."""

    # Not frozen: a request must be visible before its answer, or one that hangs would never show up.
    method: str
    path: str
    headers: dict[str, str]
    status: int = 0


class RequestHandler(BaseHTTPRequestHandler):
    """One connection; what a callable in `SiteServer.pages` is given to answer with."""

    protocol_version = "HTTP/1.1"
    # Head and body are two writes; with Nagle on, the second waits for the client's delayed ACK.
    disable_nagle_algorithm = True
    server: _Server
    _request: Request | None = None

    @property
    def site(self) -> SiteServer:
        """The server this request came to."""
        return self.server.site

    def parse_request(self) -> bool:
        """Read the request and put it on record."""
        self._request = None
        if not super().parse_request():
            return False
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._request = Request(self.command, self.path, headers)
        self.site.requests.append(self._request)
        return True

    def do_GET(self) -> None:
        """Answer from the site's pages."""
        route = self.site.route(self.path)
        if isinstance(route, Page):
            self.send_page(route)
        else:
            route(self)

    def do_HEAD(self) -> None:
        """Answer like GET, without the body."""
        self.do_GET()

    def send_page(self, page: Page) -> None:
        """Answer with the page, or with 304 where the client has it already."""
        headers = {"Content-Type": page.media_type, "Content-Length": str(len(page.body))}
        status = page.status
        if status == 200:
            validators = {"ETag": page.etag}
            if page.last_modified:
                validators["Last-Modified"] = http_date(page.last_modified)
            if self._has(page):
                status, headers = 304, {}
            headers |= validators
        self.send_head(status, headers if status == 304 else headers | dict(page.headers))
        if status != 304:
            self.send_body(page.body)

    def send_head(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the status line and the headers, exactly these besides Server and Date."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def send_body(self, data: bytes) -> None:
        """Send raw bytes, unless the request is a HEAD."""
        if self.command != "HEAD":
            self.wfile.write(data)

    def send_chunks(self, chunks: Iterable[bytes], headers: Mapping[str, str]) -> None:
        """Answer 200 in chunked transfer coding, taking one chunk at a time from `chunks`."""
        self.send_head(200, {**headers, "Transfer-Encoding": "chunked"})
        if self.command == "HEAD":
            return
        for chunk in chunks:
            if chunk:  # an empty chunk would end the answer
                self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    def send_response(self, code: int, message: str | None = None) -> None:
        """Note the status, before the client can see it, and send the status line."""
        if self._request:
            self._request.status = int(code)
        super().send_response(code, message)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet: tests read `SiteServer.requests` instead."""

    def _has(self, page: Page) -> bool:
        tags = self.headers.get("If-None-Match")
        if tags is not None:  # a tag outranks a date, RFC 9110 section 13.2.2
            return any(tag.strip().removeprefix("W/") in ("*", page.etag) for tag in tags.split(","))
        since = self.headers.get("If-Modified-Since")
        if since is None or page.last_modified is None:
            return False
        try:
            return page.last_modified.replace(microsecond=0) <= parsedate_to_datetime(since)
        except (ValueError, TypeError):  # TypeError: a date without a zone does not compare
            return False


Handler = Callable[[RequestHandler], None]
Route = Page | Handler

NOT_FOUND = Page(b"Not found\n", "text/plain; charset=utf-8", status=404)


class SiteServer:
    """Serves `pages` (path to `Page` or callable) from 127.0.0.1 while its `with` block runs.

    The port is bound on construction, so `url()` works before the site is entered. `pages` may be
    changed at any time; `requests` lists what came in and may be cleared; `closing` is set as soon
    as the site shuts down, for callables that wait.
    """

    def __init__(self, pages: Mapping[str, Route] | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.pages: dict[str, Route] = dict(pages or {})
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self._server = _Server((host, port), self)
        self._thread: threading.Thread | None = None
        self.authority = f"{host}:{self._server.server_port}"

    def url(self, path: str = "/") -> str:
        """The absolute address of a path."""
        return f"http://{self.authority}{path}"

    def route(self, target: str) -> Route:
        """What answers a request target: the page for it with its query, else without, else a 404."""
        return self.pages.get(target) or self.pages.get(urlsplit(target).path) or NOT_FOUND

    def __enter__(self) -> Self:
        # The interval is how long close() may have to wait; the default of 0.5 s adds up over a test run.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving and cut the connections that are still open."""
        self.closing.set()
        if self._thread:  # shutdown() waits forever for a loop that never ran
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.hang_up()


def http_date(moment: datetime) -> str:
    """A moment in the form of HTTP headers and of RSS: Fri, 15 Nov 2024 03:36:16 GMT."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


class _Server(ThreadingHTTPServer):
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], site: SiteServer) -> None:
        self.site = site
        self._open: set[socket.socket] = set()
        super().__init__(address, RequestHandler)

    def server_bind(self) -> None:
        # HTTPServer looks up its own host name here, which can take seconds without a name server.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.socket.getsockname()[:2]

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Clients that hang up early are what many of these tests are about.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """End the open connections: a kept-alive one would go on being answered by its thread."""
        for connection in tuple(self._open):
            with suppress(OSError):  # its own thread may have closed it meanwhile
                connection.shutdown(socket.SHUT_RDWR)
