"""Serves a world (tests/trust/world.py) on this machine's own addresses 127.*, faults included.

python -m tests.trust.web SEED FEEDS FAULTS     prints its port; GET /advance goes on to the next round
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import sys
from functools import cache

from tests.trust.world import FeedOfTheWorld, World

BOMB_BYTES = 30_000_000
PATIENCE = 30.0
"""Seconds for which an answer that hangs keeps its connection."""
PLAIN = {"404": "404 Not Found", "410": "410 Gone", "500": "500 Internal Server Error", "429": "429 Too Many Requests"}


@cache
def bomb() -> bytes:
    return gzip.compress(b" " * BOMB_BYTES, 9)


class Web:
    def __init__(self, world: World) -> None:
        self.world = world

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if writer.get_extra_info("peername")[0].startswith("127."):  # it listens on all addresses
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                writer.write(await self._response(head))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone
        finally:
            writer.close()

    async def _response(self, head: str) -> bytes:
        first, *lines = head.split("\r\n")
        path = first.split()[1]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if path == "/advance":
            self.world.advance()
            return _message("200 OK", {}, b"")
        name = path.rpartition("/")[2]
        if not name.isdecimal() or "article" in path:
            return _message("404 Not Found", {}, b"")
        return await self._feed(self.world.feeds[int(name)], headers)

    async def _feed(self, feed: FeedOfTheWorld, asked: dict[str, str]) -> bytes:
        fault = feed.fault
        if fault == "hang":
            await asyncio.sleep(PATIENCE)
            return b""
        if fault in PLAIN:
            return _message(PLAIN[fault], {"Retry-After": "3600"} if fault == "429" else {}, b"no\n")
        if fault == "redirect loop":
            return _message("302 Found", {"Location": f"/again/{feed.number}"}, b"")
        document = self.world.document(feed).encode()
        headers = {"Content-Type": "application/rss+xml", "ETag": f'"{hashlib.sha256(document).hexdigest()}"'}
        if fault == "gzip bomb":
            return _message("200 OK", headers | {"Content-Encoding": "gzip"}, bomb())
        if fault == "cut-off":
            return _message("200 OK", headers | {"Content-Length": str(len(document))}, document[: len(document) // 2])
        if fault == "lying length":
            return _message("200 OK", headers | {"Content-Length": str(len(document) // 2)}, document)
        if fault == "wrong charset":
            return _message("200 OK", headers, document.decode().encode("gb18030"))
        if fault == "damaged XML":
            middle = len(document) // 2
            damaged = document[:middle] + b"\x00 & < </title></nothing>" + document[middle:]
            return _message("200 OK", {"Content-Type": headers["Content-Type"]}, damaged)
        if headers["ETag"] == asked.get("if-none-match"):
            return _message("304 Not Modified", headers, b"")
        return _message("200 OK", headers, document)


def _message(status: str, headers: dict[str, str], body: bytes) -> bytes:
    headers = {"Content-Length": str(len(body)), "Connection": "close"} | headers
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


async def serve(world: World) -> None:
    server = await asyncio.start_server(Web(world).answer, "0.0.0.0", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(World(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))))
