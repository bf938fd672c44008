"""A server that speaks HTTP/2 over TLS and sends whatever frames a test wants: what no HTTP library would send."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hyperframe.frame import Frame, HeadersFrame, SettingsFrame

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""RFC 9113 3.4"""

Behaviour = Callable[[ssl.SSLSocket, int, threading.Event], None]
"""Given the connection, the id of a request's stream, and an event that is set when the test is over."""


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


@dataclass
class Http2Server:
    behaviour: Behaviour
    context: ssl.SSLContext
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    over: threading.Event = field(default_factory=threading.Event)
    streams: list[int] = field(default_factory=list)
    """The ids of the streams that requests came on, over all connections."""

    url: str = ""

    def __post_init__(self) -> None:
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}/"

    def accept(self) -> None:
        threads = []
        self.listener.settimeout(0.1)
        while not self.over.is_set():
            try:
                connection, _ = self.listener.accept()
            except TimeoutError:
                continue
            threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            threads[-1].start()
        for thread in threads:
            thread.join(10)

    def _serve(self, plain: socket.socket) -> None:
        # the client may break off at any time: that is what is tried
        with suppress(OSError), plain, self.context.wrap_socket(plain, server_side=True) as connection:
            connection.settimeout(10)
            _receive(connection, len(PREFACE))
            connection.sendall(SettingsFrame(0).serialize())
            while True:
                frame, length = Frame.parse_frame_header(memoryview(_receive(connection, 9)))
                _receive(connection, length)
                if isinstance(frame, HeadersFrame):
                    self.streams.append(frame.stream_id)
                    self.behaviour(connection, frame.stream_id, self.over)


def _receive(connection: ssl.SSLSocket, size: int) -> bytes:
    """Exactly so many bytes. Raises OSError if the client has closed the connection."""
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise ConnectionResetError("closed by the client")
        data += piece
    return data


@contextmanager
def http2_server(behaviour: Behaviour, certificate: tuple[Path, Path]) -> Iterator[Http2Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.set_alpn_protocols(["h2"])
    server = Http2Server(behaviour, context)
    thread = threading.Thread(target=server.accept, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        thread.join(20)
        server.listener.close()
