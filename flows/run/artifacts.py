"""A run's result as Prefect artifacts: a table of the feeds and a summary in Markdown, failures first."""

from __future__ import annotations

import asyncio
import re

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from flows.run.report import FeedLine, Report
from warehouse.counting import counted
from warehouse.masking import mask

_ORDER = {"failed": 0, "fetched": 1, "not-modified": 2, "skipped": 3}
_MARKDOWN = re.compile(r"[\\`*_\[\]<>|#]")
MAX_FEEDS = 20
"""Feeds with new articles that the summary lists; the table has all."""


async def publish_report(run: Report) -> None:
    lines = sorted(run.feeds, key=lambda line: (_ORDER[line.status], -(line.new + line.changed), line.feed_id))
    table = [
        {
            "feed": line.feed_id,
            "status": line.status,
            "new": line.new,
            "changed": line.changed,
            "images": run.images_by_feed[line.feed_id],
            "seconds": round(line.seconds, 2),
            "detail": line.detail,
        }
        for line in lines
    ]
    description = f"What {run.flow} did with each feed; failed ones first."
    artifacts = [acreate_markdown_artifact(key=f"{run.flow}-summary", markdown=summary(run))]
    if table:
        artifacts.append(acreate_table_artifact(key=f"{run.flow}-feeds", description=description, table=table))
    await asyncio.gather(*artifacts)


def summary(run: Report) -> str:
    """The run in a few lines of Markdown, failures first."""
    facts = run.as_dict()
    again = f"{facts['unchanged']} seen again" + (f", {facts['blocked']} blocked" if facts["blocked"] else "")
    paragraphs = [f"## {run.flow}: {run.outcome}", _escape(run.failure or run.asked_nothing or "")]
    if run.failed_feeds:
        paragraphs.append(f"### {counted(len(run.failed_feeds), 'feed')} failed")
        paragraphs.append("\n".join(f"- {_link(line)}: {_escape(line.detail)}" for line in run.failed_feeds))
    if run.failed_checks:
        paragraphs.append(f"### {counted(len(run.failed_checks), 'quality check')} failed")
        paragraphs.append("\n".join(f"- **{check.name}**: {_escape(str(check))}" for check in run.failed_checks))
    if run.messages:
        paragraphs.append("\n".join(f"- {_escape(line)}" for line in run.messages))
    paragraphs.append(
        f"**{facts['new']} new** and **{facts['changed']} changed** articles, {again}; "
        f"{counted(facts['images_stored'], 'image')} stored, {facts['images_failed']} failed; "
        f"{counted(facts['rejected'], 'reject')}."
    )
    if run.pages_asked:
        paragraphs.append(
            f"{run.told_of_pages}; "
            f"**{counted(facts['edited'], 'article')} edited** and **{facts['gone']} taken down**, as their pages show."
        )
        paragraphs.append(
            "\n".join(f"- taken down: {mask(page.url)}: {_escape(page.reason)}" for page in run.gone[:MAX_FEEDS])
        )
    if run.feeds:
        paragraphs.append(
            f"{counted(facts['feeds'], 'feed')}: {facts['fetched']} fetched, {facts['not_modified']} unchanged, "
            f"{facts['failed']} failed, {facts['skipped']} waiting, {facts['not_due']} not due."
        )
        with_news = [line for line in run.feeds if line.new or line.changed]
        with_news.sort(key=lambda line: (-(line.new + line.changed), line.feed_id))
        paragraphs.append(
            "\n".join(f"- {_link(line)}: {line.new} new, {line.changed} changed" for line in with_news[:MAX_FEEDS])
        )
    if run.notes:
        paragraphs.append("\n".join(f"- {_escape(line)}" for line in run.notes))
    if passed := [check.name for check in run.checks if check.passed]:
        paragraphs.append(f"{counted(len(passed), 'quality check')} passed: {', '.join(map(_escape, passed))}.")
    if run.published:
        paragraphs.append(
            f"{run.published}, in {run.published.seconds:.1f} s (loads waited {run.published.seconds_reading:.1f} s)."
        )
    return "\n\n".join(filter(None, paragraphs))


def _link(line: FeedLine) -> str:
    return f"[{line.feed_id}]({mask(line.url)})" if line.url else f"**{line.feed_id}**"


def _escape(text: str) -> str:
    """Text from a server or a user, with Markdown's special characters escaped."""
    return _MARKDOWN.sub(r"\\\g<0>", " ".join(text.split()))
