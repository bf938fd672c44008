"""A conditional request's headers. tests/tasks/fetch/test_feed.py has gzip that no header announces."""

from __future__ import annotations

from tasks.fetch.unpacking import request_headers
from warehouse.records import Validators


def test_validators_that_no_request_can_hold_are_left_out() -> None:
    assert request_headers(Validators('"a"', "Sun, 01 Nov 2026 00:00:00 GMT")) == {
        "if-none-match": '"a"',
        "if-modified-since": "Sun, 01 Nov 2026 00:00:00 GMT",
    }
    assert request_headers(Validators('"é"', "a\nb")) == {}
    assert request_headers(Validators()) == {}
