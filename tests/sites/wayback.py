"""A copy of the Wayback Machine on loopback: its CDX index and the playback of captures.

After https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server. Strict: an unknown parameter gets
a 400, so that a wrong request fails its test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from tests.sites.server import Page, RequestHandler, SiteServer

KNOWN = {"url", "matchType", "output", "fl", "from", "to", "limit", "collapse", "filter", "showResumeKey", "resumeKey"}
ALL_FIELDS = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]


@dataclass(frozen=True)
class Captured:
    """A capture. One of type warc/revisit repeats the digest of an earlier capture and has no body."""

    timestamp: str
    original: str
    body: bytes = b""
    mimetype: str = "application/rss+xml"
    statuscode: str = "200"
    digest: str = ""

    def row(self) -> dict[str, str]:
        parts = urlsplit(self.original)
        host = ",".join(reversed((parts.hostname or "").split(".")))
        return {
            "urlkey": f"{host}){parts.path}" + (f"?{parts.query}" if parts.query else ""),
            "timestamp": self.timestamp,
            "original": self.original,
            "mimetype": self.mimetype,
            "statuscode": self.statuscode,
            "digest": self.digest or f"D{hash(self.body) & 0xFFFFFFFF:08X}",
            "length": str(len(self.body)),
        }


@dataclass
class WaybackSite(SiteServer):
    """Serves the captures, after one of `refusals` for each of the first requests."""

    captures: Sequence[Captured] = ()
    refusals: list[Page] = field(default_factory=list)
    index: bytes | None = None
    """If set, the index answers every query with this."""
    most: int = 1000
    """The most rows the index returns, whatever `limit` says."""

    def __init__(self, captures: Sequence[Captured] = (), *, most: int = 1000, index: bytes | None = None) -> None:
        super().__init__({})
        self.captures, self.most, self.index, self.refusals = captures, most, index, []

    def route(self, path: str) -> object:  # type: ignore[override]
        if self.refusals:
            return self.refusals.pop(0)
        parts = urlsplit(path)
        if parts.path == "/cdx/search/cdx":
            return self._index(parse_qsl(parts.query, keep_blank_values=True))
        if match := re.match(r"/web/(\d+)id_/(.+)", path):
            return self._playback(match[1], match[2])
        return Page(b"?", "text/plain", status=404)

    def _index(self, parameters: list[tuple[str, str]]) -> Page:
        query = dict(parameters)
        if unknown := set(query) - KNOWN:
            return Page(f"unknown: {unknown}".encode(), "text/plain", status=400)
        if self.index is not None:
            return Page(self.index, "application/json")
        if query.get("output") != "json":
            return Page(b"this copy answers in JSON", "text/plain", status=400)
        rows = sorted((c.row() for c in self.captures), key=lambda row: (row["urlkey"], row["timestamp"]))
        prefix = query.get("matchType") == "prefix"
        rows = [
            r for r in rows if (r["original"].startswith(query["url"]) if prefix else r["original"] == query["url"])
        ]
        rows = [r for r in rows if query.get("from", "0") <= r["timestamp"] <= query.get("to", "9").ljust(14, "9")]
        for value in (v for name, v in parameters if name == "filter"):
            negated, condition = value.startswith("!"), value.lstrip("!")
            name, _, pattern = condition.partition(":")
            rows = [r for r in rows if bool(re.fullmatch(pattern, r[name])) != negated]
        if collapse := query.get("collapse"):
            name, _, length = collapse.partition(":")
            rows = [
                row
                for position, row in enumerate(rows)
                if position == 0 or self._part(row[name], length) != self._part(rows[position - 1][name], length)
            ]
        start = int(query.get("resumeKey", "0").removeprefix("key "))
        limit = min(int(query.get("limit", "100000")), self.most)
        fields = query.get("fl", ",".join(ALL_FIELDS)).split(",")
        page = [[row[name] for name in fields] for row in rows[start : start + limit]]
        answer: list[list[str]] = [fields, *page] if page else []
        if query.get("showResumeKey") == "true" and start + limit < len(rows):
            answer += [[], [f"key {start + limit}"]]
        return Page(json.dumps(answer).encode(), "application/json")

    @staticmethod
    def _part(value: str, length: str) -> str:
        return value[: int(length)] if length else value

    def _playback(self, timestamp: str, original: str) -> object:
        same = [c for c in self.captures if c.original == original]
        exact = [c for c in same if c.timestamp == timestamp]
        if exact:
            capture = exact[0]
            if capture.mimetype == "warc/revisit":  # played back with the body of the capture it repeats
                capture = next(c for c in same if c.row()["digest"] == capture.row()["digest"] and c.body)
            return Page(capture.body, capture.mimetype)
        if not same:
            return Page(b"never captured", "text/plain", status=404)
        near = min(same, key=lambda c: abs(int(c.timestamp) - int(timestamp)))

        def redirect(handler: RequestHandler) -> None:
            handler.send_head(302, {"Location": f"/web/{near.timestamp}id_/{original}", "Content-Length": "0"})

        return redirect
