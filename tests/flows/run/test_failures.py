"""What the state of a failed run says."""

from __future__ import annotations

from datetime import UTC, date, datetime

from flows.backfill import backfill_flow
from flows.images import images
from flows.run.alerts import MAX_LINE, listed
from flows.run.failures import in_words
from flows.run.report import FeedLine, Report, RunFailedError
from warehouse.errors import NewsmillError


def test_a_failed_run_names_the_first_of_its_failed_feeds() -> None:
    lines = [FeedLine(f"feed-{number}", "failed", detail=f"error {number}") for number in range(12)]
    report = Report("ingest", "run", datetime.now(UTC), {}, feeds=[FeedLine("well", "fetched"), *lines])
    first, *feeds, last = in_words(RunFailedError("nothing could be fetched", report)).splitlines()
    assert first == "nothing could be fetched:"
    assert feeds == [f"- feed-{number}: error {number}" for number in range(10)]
    assert last == "- and 2 more"


def test_another_error_is_told_with_its_notes() -> None:
    error = NewsmillError("the disk is full")
    assert in_words(error) == "the disk is full"
    error.add_note("the run could not be recorded either")
    assert in_words(error) == "the disk is full\nthe run could not be recorded either"


def test_a_line_of_a_message_is_short_and_one_line() -> None:
    (_, line) = listed("1 feed failed:", {"quay": "an answer\nof 很长的一行 " * 100}).splitlines()
    assert line.startswith("- quay: an answer of 很长的一行 an answer")
    assert len(line) == MAX_LINE


def test_a_flows_parameters_are_read_as_their_types() -> None:
    """Those that its own module imports, too."""
    assert images.validate_parameters({"since": "2024-05-01"})["since"] == date(2024, 5, 1)
    assert images.parameters.properties["since"]["anyOf"][0] == {"format": "date", "type": "string"}
    form = backfill_flow("archive").validate_parameters({"wanted": {"where": "/srv/archive"}})["wanted"]
    assert form.where == "/srv/archive"
