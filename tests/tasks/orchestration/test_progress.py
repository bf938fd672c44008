"""Reporting progress to a watcher."""

from __future__ import annotations

from tasks.orchestration.progress import report_progress, watcher


def test_the_watcher_hears_of_each_step() -> None:
    report_progress("feeds", 1, 3)  # nobody watches
    reports: list[tuple[str, int, int]] = []
    token = watcher.set(lambda step, done, total: reports.append((step, done, total)))
    try:
        report_progress("feeds", 2, 3)
    finally:
        watcher.reset(token)
    report_progress("feeds", 3, 3)
    assert reports == [("feeds", 2, 3)]
