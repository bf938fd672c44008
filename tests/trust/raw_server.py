"""A server that sends whatever bytes a test wants, at whatever pace: what no HTTP library would send."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Behaviour = Callable[[socket.socket, threading.Event], None]
"""Given the connection, after the request was read, and an event that is set when the test is over."""


class RawServer:
    def __init__(self, behaviour: Behaviour, address: str = "127.0.0.1", port: int = 0) -> None:
        self.behaviour = behaviour
        self.over = threading.Event()
        self.connections = 0
        self.requests: list[bytes] = []
        self._listener = socket.create_server((address, port))
        self._listener.settimeout(0.1)
        self.address, self.port = self._listener.getsockname()[:2]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}/"

    def close(self) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        # the client may break off at any time: that is what is tried
        with connection, suppress(OSError):
            connection.settimeout(10)
            request = b""
            while b"\r\n\r\n" not in request:
                piece = connection.recv(65_536)
                if not piece:
                    return
                request += piece
            self.requests.append(request)
            self.behaviour(connection, self.over)


@contextmanager
def raw_server(behaviour: Behaviour, address: str = "127.0.0.1", port: int = 0) -> Iterator[RawServer]:
    server = RawServer(behaviour, address, port)
    try:
        yield server
    finally:
        server.close()
