"""A run's result as Prefect artifacts: a table of feeds, the failed ones first, and a summary in words."""

from __future__ import annotations

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from flows.runs import Report

_ORDER = {"failed": 0, "fetched": 1, "not-modified": 2, "skipped": 3}


async def publish_report(run: Report) -> None:
    lines = sorted(run.feeds, key=lambda line: (_ORDER[line.status], -(line.new + line.changed), line.feed_id))
    if lines:
        await acreate_table_artifact(
            key=f"{run.flow}-feeds",
            description=f"What {run.flow} did with each feed; failed ones first.",
            table=[
                {
                    "feed": line.feed_id,
                    "status": line.status,
                    "new": line.new,
                    "changed": line.changed,
                    "seconds": round(line.seconds, 2),
                    "detail": line.detail,
                }
                for line in lines
            ],
        )
    await acreate_markdown_artifact(key=f"{run.flow}-summary", markdown=summary(run))


def summary(run: Report) -> str:
    """The run in a few lines of Markdown."""
    facts = run.as_dict()
    said = [
        f"## {run.flow}",
        f"{facts['new']} new and {facts['changed']} changed articles, {facts['unchanged']} seen again; "
        f"{facts['images_stored']} images stored, {facts['images_failed']} failed; {facts['rejected']} rejects.",
        f"{facts['feeds']} feeds: {facts['fetched']} fetched, {facts['not_modified']} unchanged, "
        f"{facts['failed']} failed, {facts['skipped']} waiting.",
    ]
    said += [f"- **{line.feed_id}**: {line.detail}" for line in run.failed]
    said += [f"- quality check **{check.name}**: {check}" for check in run.broken]
    return "\n\n".join(said)
