"""The Wayback Machine: the captures of a feed, or of the pages below an address, found through its CDX index.

The index is described at https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server. `id_` after the
timestamp of a capture's address asks for its original bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from tasks.backfill.finds import BackfillRequest, Find, Plan
from tasks.backfill.polite import Asker
from tasks.errors import BackfillError, FetchError
from tasks.fetch.http import Response
from tasks.text.plain import printable
from warehouse.counting import counted
from warehouse.records import Feed, Form

FIELDS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest")
ROWS = 5_000
"""Rows of the index in one answer."""
MAX_ROWS = 5_000_000
MAX_INDEX_BYTES = 32_000_000
"""Limit for one answer."""
FAILURES = 5
"""After this many failed captures in a row the fault is the server's: the run ends, and can continue another day."""

_CAPTURE = re.compile(r"/web/(\d{14})[a-z_]*/")


@dataclass(frozen=True, slots=True)
class Capture:
    """A row of the index."""

    urlkey: str
    timestamp: str
    original: str
    digest: str
    error: str | None = None

    @property
    def moment(self) -> datetime:
        return datetime.strptime(self.timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)

    @property
    def mark(self) -> str:
        return json.dumps([self.urlkey, self.timestamp, self.digest])


@dataclass(frozen=True, slots=True)
class Wayback:
    """Every capture with new bytes, oldest first for each address.

    Its methods raise BackfillError for an answer that is not an index, FetchError if the server can't be reached.
    """

    request: BackfillRequest
    feed: Feed
    asker: Asker
    base_url: str
    max_feed_bytes: int
    max_page_bytes: int
    known: frozenset[str] = frozenset()
    """Addresses of the captures that were loaded before."""

    async def plan(self) -> Plan:
        count, first, last = 0, "", ""
        notes: list[str] = []
        async for capture in self._captures(notes):
            if capture.error is None and self._address(capture) not in self.known:
                count += 1
                first, last = min(first or capture.timestamp, capture.timestamp), max(last, capture.timestamp)
        line = f"{counted(count, 'capture')} of {self._subject} to read"
        line += f", {_day(first)} to {_day(last)}" if count else ""
        return Plan(count, requests=count, says=(line, *notes))

    @property
    def _subject(self) -> str:
        return self.request.where if self.request.pages and "://" in self.request.where else self.feed.url

    def _address(self, capture: Capture) -> str:
        return f"{self.base_url.rstrip('/')}/web/{capture.timestamp}id_/{capture.original}"

    async def finds(self, after: str | None) -> AsyncIterator[Find]:
        skipping, failures = after is not None, 0
        if skipping and not await self._lists(after):
            skipping = False  # the index has changed: start again; `known` skips what is loaded
        async for capture in self._captures():
            if skipping:
                skipping = capture.mark != after
                continue
            address = self._address(capture)
            if capture.error is None and address in self.known:
                continue
            find = await self._find(capture, address)
            failures = failures + 1 if find.error and "server answered 5" in find.error else 0
            if failures == FAILURES:
                raise FetchError(f"{self.base_url}: {FAILURES} captures in a row failed; {find.error}")
            yield find

    async def _lists(self, mark: str | None) -> bool:
        """Whether the index still has the capture of that mark."""
        async for capture in self._captures():
            if capture.mark == mark:
                return True
        return False

    async def _find(self, capture: Capture, address: str) -> Find:
        """Fetch the capture. Raises FetchError if the server asks to be left alone, or can't be reached."""
        if capture.error:
            return Find(
                capture.mark,
                self.feed,
                capture.original[:500],
                capture.original[:500],
                datetime.now(UTC),
                error=capture.error,
            )
        form: Form = "page" if self.request.pages else "feed"
        seen_at, error, answer = capture.moment, None, None
        try:
            limit = self.max_page_bytes if self.request.pages else self.max_feed_bytes
            answer = await self.asker.get(address, max_bytes=limit)
            seen_at, error = self._check(capture, answer)
        except FetchError as failure:
            if failure.status is None or failure.status in (429, 503):
                raise
            error = str(failure)
        return Find(
            mark=capture.mark,
            feed=self.feed,
            location=address,
            url=capture.original,
            seen_at=seen_at,
            data=answer.body if answer and not error else b"",
            form=form,
            headers={"content-type": answer.headers.get("content-type", "") if answer else ""},
            error=error,
        )

    def _check(self, capture: Capture, answer: Response) -> tuple[datetime, str | None]:
        """When the answer was captured, and what is wrong with it. The server may give a capture close in time."""
        if not answer.url.startswith(self.base_url.rstrip("/") + "/"):
            return capture.moment, f"the capture leads away from the archive, to {answer.url[:200]}"
        seen_at = capture.moment
        if match := _CAPTURE.search(answer.url):
            seen_at = _moment(match[1]) or seen_at
        if not answer.body.strip():
            return seen_at, "the capture is empty"
        if not self.request.covers(seen_at):
            return capture.moment, "the server gives another capture instead, which is outside the range"
        return seen_at, None

    async def _captures(self, notes: list[str] | None = None) -> AsyncIterator[Capture]:
        """The captures of the index; of those with the same bytes at one address only the first.

        `notes` receives what the user should know of the index.
        """
        resume, count, urlkey = None, 0, ""
        digests: set[str] = set()
        while True:
            try:
                rows, resume = await self._rows(resume)
            except FetchError as error:
                if error.status != 404 or resume:
                    raise
                # how pywb and Common Crawl's index say that there are none, but so does a server that is no index
                if notes is not None:
                    notes.append(f"{self.base_url} answered 404; NEWSMILL_WAYBACK_URL names the server that is asked")
                return
            for row in rows:
                count += 1
                if count > MAX_ROWS:
                    raise BackfillError(f"{self._subject}: more than {MAX_ROWS:,} captures; narrow the range of dates")
                capture = _capture(row)
                if capture is None:
                    continue
                if capture.urlkey != urlkey:
                    urlkey, digests = capture.urlkey, set()
                if capture.digest in digests:
                    continue
                digests.add(capture.digest)
                if capture.error or self.request.covers(capture.moment):
                    yield capture
            if not resume:
                return

    async def _rows(self, resume: str | None) -> tuple[list[dict[str, str]], str | None]:
        """The rows of one answer of the index, and the key that asks for the next answer (None at the end)."""
        query = [
            ("url", self._subject),
            ("output", "json"),
            ("fl", ",".join(FIELDS)),
            ("filter", "!statuscode:[1345].."),
            ("collapse", "digest"),
            ("limit", str(ROWS)),
            ("showResumeKey", "true"),
        ]
        if self.request.pages:
            query += [("matchType", "prefix"), ("filter", "mimetype:(text/html|application/xhtml\\+xml|warc/revisit)")]
        if self.request.since:
            query.append(("from", f"{self.request.since:%Y%m%d%H%M%S}"))
        if self.request.until:  # exclusive; `to` is inclusive
            query.append(("to", f"{self.request.until - timedelta(seconds=1):%Y%m%d%H%M%S}"))
        if resume:
            query.append(("resumeKey", resume))
        address = f"{self.base_url.rstrip('/')}/cdx/search/cdx?{urlencode(query)}"
        answer = await self.asker.get(address, max_bytes=MAX_INDEX_BYTES)
        try:
            rows = json.loads(answer.body) if answer.body.strip() else []
            if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
                raise ValueError("not a list of rows")  # noqa: TRY301
        except (ValueError, RecursionError) as error:
            raise BackfillError(
                f"{address}: not an answer of a CDX index ({error}); NEWSMILL_WAYBACK_URL names the server"
            ) from error
        next_key = None
        if len(rows) >= 2 and rows[-2] == [] and len(rows[-1]) == 1:
            next_key = printable(str(rows[-1][0]))
            rows = rows[:-2]
        if next_key == resume and resume is not None:
            raise BackfillError(f"{address}: the index goes in a circle")
        # printable: JSON can hold half of a surrogate pair, which neither an address nor the warehouse can
        header, *captures = ([printable(str(cell)) for cell in row] for row in rows or [[]])
        return [dict(zip(header, row, strict=False)) for row in captures if row], next_key


def _capture(row: dict[str, str]) -> Capture | None:
    """The row as a capture; None for a capture of a redirect or an error."""
    status = row.get("statuscode", "")
    if status not in ("200", "-", ""):
        return None
    original, timestamp = row.get("original", ""), row.get("timestamp", "")
    capture = Capture(row.get("urlkey") or original, timestamp, original, row.get("digest") or timestamp)
    if _moment(timestamp) is None or not re.match(r"https?://[^/\s]", original, re.IGNORECASE):
        error = f"not a valid row of the index: {json.dumps(row, ensure_ascii=False)[:300]}"
        return Capture(capture.urlkey, timestamp, original, capture.digest, error)
    return capture


def _moment(timestamp: str) -> datetime | None:
    """Fourteen digits, in UTC; None for anything else."""
    if not re.fullmatch(r"\d{14}", timestamp, re.ASCII):
        return None
    try:
        return datetime.strptime(timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _day(timestamp: str) -> str:
    return f"{timestamp[:4]}-{timestamp[4:6]}-{timestamp[6:8]}"
