"""Heads of HTTP/1.1 responses that h11 refuses, mended before it sees them.

Servers and the programs behind them send what RFC 9112 forbids and every browser reads: a line without a colon, a
space before it, a NUL in a value, "Transfer-Encoding: chunked" twice. h11 refuses the whole response, and the feed
could never be fetched.

What decides where a body ends is mended only where there is one reading (RFC 9112 6.3): chunked twice is chunked once.
Conflicting or invalid lengths and other transfer codings stay refused. A connection with a mended head is never used
again, so a body that was misjudged can't pass for the next response.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable

import httpcore
import httpx

MAX_HEAD = 100 * 1024
"""Bytes; as much as httpcore allows to h11."""

_END = re.compile(rb"\n\r{0,2}\n")
_STATUS = re.compile(rb"HTTP/(\d)(?:\.(\d))?[ \t]+(\d{3})(?!\d)[ \t]*(.*)", re.IGNORECASE | re.DOTALL)
_VALID_STATUS = re.compile(rb"HTTP/\d\.\d \d{3}(?: .*)?", re.DOTALL)
_NAME = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_NOT_OF_A_VALUE = re.compile(rb"[\x00\n\v\f\r]+")
_OF_THE_CONNECTION = frozenset([b"connection", b"keep-alive", b"proxy-connection"])
_Field = tuple[bytes, bytes]


def mend_head(head: bytes) -> bytes:
    """The status line and headers of a response, up to and with the blank line, without what h11 refuses; the same
    bytes if there is nothing of it, or if it can't be mended."""
    first, *lines = (line.rstrip(b"\r") for line in head.split(b"\n"))
    status = _STATUS.fullmatch(first)
    if not status or status[3] == b"101":
        return head
    stated, is_damaged = _fields(lines)
    fields, is_reframed = _once_chunked(stated)
    values = [first, *(value for _, value in fields)]
    if not (
        is_damaged
        or is_reframed
        or b"\r\r" in head
        or not _VALID_STATUS.fullmatch(first)
        or any(map(_NOT_OF_A_VALUE.search, values))
    ):
        return head
    major, minor, code, reason = status.groups()
    version = b"1.0" if (major, minor) == (b"1", b"0") else b"1.1"
    mended = [b"HTTP/%s %s %s" % (version, code, reason)]
    mended += [name + b": " + value for name, value in fields if name.lower() not in _OF_THE_CONNECTION]
    if not code.startswith(b"1"):
        mended.append(b"Connection: close")
    return b"".join(_NOT_OF_A_VALUE.sub(b" ", line).strip(b" \t") + b"\r\n" for line in mended) + b"\r\n"


def _fields(lines: Iterable[bytes]) -> tuple[list[_Field], bool]:
    """The header lines' names and values, and whether some of them are left out or have a space before their colon."""
    fields: list[_Field] = []
    is_damaged = is_left_out = False
    for line in lines:
        if fields and line.startswith((b" ", b"\t")):  # continues the line before it (RFC 9112 5.2)
            if not is_left_out:
                fields[-1] = (fields[-1][0], fields[-1][1] + b" " + line.strip(b" \t"))
            continue
        name, colon, value = line.partition(b":")
        bare = name.strip(b" \t")
        is_left_out = not (colon and _NAME.fullmatch(bare))
        if not is_left_out:
            fields.append((bare, value.strip(b" \t")))
        is_damaged |= bool(line) and (is_left_out or bare != name)
    return fields, is_damaged


def _once_chunked(fields: list[_Field]) -> tuple[list[_Field], bool]:
    """The fields with one Transfer-Encoding where several say the same, and whether that changed them.

    "identity", of RFC 2616, is no coding. Beside a chunked body's, a length does not count.
    """
    codings = [
        coding.strip().lower()
        for name, value in fields
        if name.lower() == b"transfer-encoding"
        for coding in _NOT_OF_A_VALUE.sub(b" ", value).split(b",")
    ]
    has_length = any(name.lower() == b"content-length" for name, _ in fields)
    if not codings or (codings == [b"chunked"] and not has_length) or {*codings} - {b"chunked", b"identity", b""}:
        return fields, False
    dropped = {b"transfer-encoding"} | ({b"content-length"} if b"chunked" in codings else set())
    rest = [(name, value) for name, value in fields if name.lower() not in dropped]
    return [*rest, *([(b"Transfer-Encoding", b"chunked")] if b"chunked" in codings else [])], True


def _check_size(size: int) -> None:
    if size > MAX_HEAD:
        raise httpcore.RemoteProtocolError(f"its headers have more than {MAX_HEAD:,} bytes")


class MendingStream(httpcore.AsyncNetworkStream):
    """A connection whose responses' heads are mended."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._awaits_head = False
        self._read_ahead = b""
        """What came with the head of an interim response (RFC 9110 15.2), which another head follows."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if not self._awaits_head:
            return await self._stream.read(max_bytes, timeout)
        data, searched = bytearray(self._read_ahead), 0
        self._read_ahead = b""
        while not (end := _END.search(data, max(0, searched - 3))):
            _check_size(len(data))
            searched = len(data)
            piece = await self._stream.read(max_bytes, timeout)
            data += piece
            if not piece or not b"HTTP/".startswith(data[:5].upper()):  # h11 says what is wrong
                self._awaits_head = False
                return bytes(data)
        _check_size(end.end())
        head, rest = bytes(data[: end.end()]), bytes(data[end.end() :])
        mended = mend_head(head)
        if mended[9:10] == b"1" and mended[9:12] != b"101":
            self._read_ahead = rest
            return mended
        self._awaits_head = False
        return mended + rest

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._awaits_head = True
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        stream = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        secure = stream.get_extra_info("ssl_object")
        is_http2 = secure is not None and secure.selected_alpn_protocol() == "h2"
        return stream if is_http2 else MendingStream(stream)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class MendingBackend(httpcore.AsyncNetworkBackend):
    """Makes the connections of a client, with what is behind it."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        self._backend = backend

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return MendingStream(await self._backend.connect_tcp(host, port, timeout, local_address, socket_options))

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


def mend_heads(client: httpx.AsyncClient) -> None:
    """Mend the heads that the client receives from now on. httpx has no setting for its pool's network backend, so this
    replaces it, as httpx_secure does, whose checks stay in force behind it."""
    pool = client._transport._pool  # type: ignore[attr-defined]
    pool._network_backend = MendingBackend(pool._network_backend)
