"""A run's result as Prefect artifacts: a table of feeds, the failed ones first, and a summary in words."""

from __future__ import annotations

import asyncio

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from flows.run.report import FeedLine, Report
from tasks.text.urls import presentable

_ORDER = {"failed": 0, "fetched": 1, "not-modified": 2, "skipped": 3}


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
    said = f"What {run.flow} did with each feed; failed ones first."
    shown = [acreate_markdown_artifact(key=f"{run.flow}-summary", markdown=summary(run))]
    if table:
        shown.append(acreate_table_artifact(key=f"{run.flow}-feeds", description=said, table=table))
    await asyncio.gather(*shown)


def summary(run: Report) -> str:
    """The run in a few lines of Markdown: what went wrong first."""
    facts = run.as_dict()
    said = [f"## {run.flow}: {run.outcome}"]
    if run.failed:
        said.append(f"### {len(run.failed)} feeds failed")
        said.append("\n".join(f"- {_linked(line)}: {_escaped(line.detail)}" for line in run.failed))
    if run.broken:
        said.append(f"### {len(run.broken)} quality checks failed")
        said.append("\n".join(f"- **{check.name}**: {_escaped(str(check))}" for check in run.broken))
    if run.says:
        said.append("\n".join(f"- {_escaped(line)}" for line in run.says))
    said.append(
        f"**{facts['new']} new** and **{facts['changed']} changed** articles, {facts['unchanged']} seen again; "
        f"{facts['images_stored']} images stored, {facts['images_failed']} failed; {facts['rejected']} rejects."
    )
    if run.feeds:
        said.append(
            f"{facts['feeds']} feeds: {facts['fetched']} fetched, {facts['not_modified']} unchanged, "
            f"{facts['failed']} failed, {facts['skipped']} waiting, {facts['not_due']} not due."
        )
        brought = [line for line in run.feeds if line.new or line.changed]
        brought.sort(key=lambda line: (-(line.new + line.changed), line.feed_id))
        said.append("\n".join(f"- {_linked(line)}: {line.new} new, {line.changed} changed" for line in brought[:MOST]))
    if passed := [check.name for check in run.checks if check.passed]:
        said.append(f"{len(passed)} quality checks passed: {', '.join(map(_escaped, passed))}.")
    if run.published:
        said.append(
            f"{run.published}, in {run.published.seconds:.1f} s (loads waited {run.published.seconds_reading:.1f} s)."
        )
    return "\n\n".join(filter(None, said))


MOST = 20
"""Feeds that the summary names for what they brought; the table has all."""


def _linked(line: FeedLine) -> str:
    return f"[{line.feed_id}]({presentable(line.url)})" if line.url else f"**{line.feed_id}**"


def _escaped(text: str) -> str:
    """Text from outside as Markdown that shows it as it is."""
    return "".join(f"\\{each}" if each in "\\`*_[]<>|#" else each for each in " ".join(text.split()))
