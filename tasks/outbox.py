"""Posting what happened to articles, as Standard Webhooks says: signed JSON, at least once, in order for each article.

A receiver that is down costs a run three attempts at most; whatever is not taken waits in ops.outbox for a later one.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
from filelock import FileLock, Timeout
from httpx_secure import SSRFProtectionError

from tasks.errors import FetchError
from tasks.fetch.access import private
from tasks.fetch.addresses import parse_address
from tasks.fetch.http import parse_retry_after
from tasks.fetch.sessions import Session, open_sessions
from tasks.outbox_table import OutboxTable
from tasks.references import resolve_references, resolve_value
from tasks.settings import Settings
from warehouse.counting import counted
from warehouse.errors import NewsmillError
from warehouse.load import outbox
from warehouse.load.outbox import Event, Sent, Wanted
from warehouse.masking import mask

CHUNK = 20
"""Messages that are sent before it is recorded which were taken; a killed run sends them once more."""
DOWN_AFTER: Final = 3
"""Failures in a row after which a receiver is left alone until the next run."""
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=12)
"""Between two attempts: a minute, then four, sixteen … up to this."""
OF_THE_SERVER = frozenset([408, 425, 429, *range(500, 600)])
"""Answers that say nothing of the message."""
PREFIX = "whsec_"
"""How a secret in Base64 begins (Standard Webhooks)."""
TEXTS = ("content_text", "content_html")


@dataclass(slots=True)
class Posted:
    """What was posted in a run."""

    sent: int = 0
    failed: int = 0
    dead: int = 0
    problems: dict[str, str] = field(default_factory=dict)
    """Outbox → why its messages were not taken."""

    @property
    def messages(self) -> list[str]:
        lines = []
        if self.sent or self.failed:
            dead = f"; {counted(self.dead, 'message')} given up: `newsmill outbox list`" if self.dead else ""
            lines.append(f"outbox: {counted(self.sent, 'message')} taken, {self.failed:,} not{dead}")
        return lines + [f"outbox {name}: {problem}" for name, problem in self.problems.items()]


def payload(event: Event, *, text: bool = True) -> dict[str, Any]:
    """An event as it is posted, and as `newsmill outbox --since` shows it."""
    article = event.article and {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in event.article.items()
        if name not in ("article_id", "version") and (text or name not in TEXTS)
    }
    return {
        "type": f"article.{event.kind}",
        "timestamp": event.recorded_at.isoformat(),
        "data": {
            "event_id": event.event_id,
            "cursor": event.position,
            "article_id": event.article_id,
            "feed_id": event.feed_id,
            "version": event.version,
            "reason": event.reason,
            "article": article,
        },
    }


def sign(secret: str, event_id: str, moment: int, body: bytes) -> str:
    """The header webhook-signature. Raises FetchError for a secret that is no Base64 though it says so."""
    key = secret.encode()
    if secret.startswith(PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            raise FetchError(f"its secret begins with {PREFIX}, and no Base64 follows") from None
    mac = hmac.new(key, f"{event_id}.{moment}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(mac.digest()).decode()}"


def begin_all(settings: Settings) -> None:
    """Have new outboxes begin now: called when a run begins, so that they get what it loads, even if it is killed."""
    if settings.outbox:
        with settings.store.writing() as connection:
            outbox.begin(connection, [table.name for table in settings.outbox])


async def post_all(settings: Settings, *, names: Sequence[str] = ()) -> Posted:
    """Fill the outboxes and send what is due, to all receivers at once, for NEWSMILL_OUTBOX_SECONDS at most."""
    posted = Posted()
    until = time.monotonic() + settings.outbox_seconds
    async with open_sessions(settings, ()) as sessions:
        senders = [
            _Sender(settings, table, sessions.public, posted, until)
            for table in settings.outbox
            if not names or table.name in names
        ]
        await asyncio.gather(*(sender.run() for sender in senders))
    return posted


@dataclass(slots=True)
class _Sender:
    """One outbox in one run."""

    settings: Settings
    table: OutboxTable
    session: Session
    posted: Posted
    until: float
    in_a_row: int = 0
    waiting: set[str] = field(default_factory=set)
    """Articles of which a message failed: the later ones wait for it."""

    async def run(self) -> None:
        lock = FileLock(self.settings.folder / f".outbox-{self.table.name}.lock", timeout=0)
        try:
            with lock:
                await self._fill_and_send()
        except Timeout:
            self.posted.problems[self.table.name] = "another process is posting to it"
        except (NewsmillError, OSError) as error:  # such as a warehouse that stays locked; the other outboxes go on
            self.posted.problems[self.table.name] = str(error)

    async def _fill_and_send(self) -> None:
        await asyncio.to_thread(self._fill)
        try:
            secret = await asyncio.to_thread(resolve_value, self.table.secret, "its secret")
            url = parse_address(await asyncio.to_thread(resolve_references, self.table.url))
            sign(secret, "", 0, b"")
        except FetchError as error:
            self.posted.problems[self.table.name] = str(error)
            return
        while not self._is_over and (events := await asyncio.to_thread(self._due)):
            sent: list[Sent] = []
            try:
                for event in events:
                    if self._is_over:
                        break
                    if event.article_id not in self.waiting:
                        sent.append(await self._send(event, url, secret))
            finally:
                await asyncio.to_thread(self._record, sent)
            if not sent:
                return

    @property
    def _is_over(self) -> bool:
        return self.in_a_row >= DOWN_AFTER or time.monotonic() >= self.until

    def _fill(self) -> None:
        with self.settings.store.writing() as connection:
            outbox.fill(connection, self.table.name, wanted_by(self.table), datetime.now(UTC))

    def _due(self) -> list[Event]:
        with self.settings.store.reading() as connection:
            return outbox.due(connection, self.table.name, datetime.now(UTC), CHUNK)

    def _record(self, sent: Sequence[Sent]) -> None:
        with self.settings.store.writing() as connection:
            outbox.record_sent(connection, sent)
        states = Counter(each.state for each in sent)
        self.posted.sent += states["sent"]
        self.posted.dead += states["dead"]
        self.posted.failed += states["pending"] + states["dead"]

    async def _send(self, event: Event, url: httpx.URL, secret: str) -> Sent:
        now = datetime.now(UTC)
        status, error, wait = await self._post(event, url, secret, now)
        attempts = event.attempts + 1
        if not error:
            self.in_a_row = 0
            return Sent(self.table.name, event.event_id, "sent", attempts, now, None, status)
        self.in_a_row += status is None or status in OF_THE_SERVER
        self.posted.problems[self.table.name] = error
        if attempts >= self.settings.outbox_attempts:
            return Sent(self.table.name, event.event_id, "dead", attempts, now, None, status, error)
        self.waiting.add(event.article_id)
        due_at = now + max(timedelta(seconds=wait or 0), _pause(attempts))
        return Sent(self.table.name, event.event_id, "pending", attempts, now, due_at, status, error)

    async def _post(
        self, event: Event, url: httpx.URL, secret: str, now: datetime
    ) -> tuple[int | None, str | None, float | None]:
        """(status, what is wrong, the seconds that the receiver asks to wait)."""
        body = json.dumps(payload(event, text=self.table.text), ensure_ascii=False).encode()
        seconds = max(0.1, min(self.settings.timeout, self.until - time.monotonic()))
        try:
            async with asyncio.timeout(seconds):
                async with self.session.httpx.stream(
                    "POST", url, content=body, headers=_headers(event, secret, now, body)
                ) as answer:  # what it says besides its status is not read
                    wait = parse_retry_after(answer.headers.get("retry-after"))
                    if 200 <= answer.status_code < 300:
                        return answer.status_code, None, None
                    return answer.status_code, f"the receiver answered {answer.status_code}", wait
        except SSRFProtectionError as error:
            return None, str(private(mask(self.table.url), error.hostname)), None
        except TimeoutError:
            return None, f"the receiver did not answer within {seconds:.1f} s", None
        except (httpx.RequestError, httpx.InvalidURL) as error:
            return None, mask(f"the receiver can't be reached ({error or type(error).__name__})"), None


def wanted_by(table: OutboxTable) -> Wanted:
    return Wanted(table.feeds, table.events, table.backfilled)


def _headers(event: Event, secret: str, now: datetime, body: bytes) -> Mapping[str, str]:
    moment = int(now.timestamp())
    return {
        "content-type": "application/json",
        "webhook-id": event.event_id,
        "webhook-timestamp": str(moment),
        "webhook-signature": sign(secret, event.event_id, moment, body),
    }


def _pause(attempts: int) -> timedelta:
    """Before the next attempt; not all at the same moment."""
    pause: timedelta = min(FIRST_WAIT * 4 ** min(attempts - 1, 10), LONGEST_WAIT)
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
