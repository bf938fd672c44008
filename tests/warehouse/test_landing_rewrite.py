"""Rewriting the landing zone's records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.warehouse.test_landing import land
from warehouse.landing import Landing
from warehouse.landing_rewrite import file_of, land_kept, loaded_record, record_of, replace_record


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


@pytest.mark.parametrize("is_loaded", [True, False])
def test_a_document_is_replaced_where_its_record_was(landing: Landing, is_loaded: bool) -> None:
    document = land(landing)
    if is_loaded:
        landing.mark_loaded([document])
    record = record_of(landing, document)
    assert record is not None
    assert ("loaded" in record.parts) is is_loaded
    (moved,) = replace_record(landing, record, [land_kept(landing, document, b"{}")])
    record.unlink()
    assert landing.documents() == [moved]
    assert landing.pending() == ([] if is_loaded else [moved])
    assert (landing.read(moved), moved.form, moved.fetched_at) == (b"{}", "entries", document.fetched_at)
    assert record_of(landing, document) is None


def test_what_a_killed_run_left_as_pending_is_marked_as_loaded_first(landing: Landing) -> None:
    document = land(landing)
    record = loaded_record(landing, document)
    assert record == loaded_record(landing, document)
    assert landing.pending() == []
    landing.mark_loaded([document])  # the run that goes on with it finds nothing amiss
    assert landing.documents() == [document]


def test_a_pack_is_written_again_without_a_document(landing: Landing) -> None:
    texts = {f"berth-{number}": f"泊位 {number}".encode() for number in range(4)}
    drafts = [(replace(land(landing), feed_id=name, form="article"), data) for name, data in texts.items()]
    for path in (landing.root / "pending").iterdir():
        path.unlink()
    first, second, third, fourth = documents = landing.land_pack(drafts)
    landing.mark_loaded(documents)
    record = record_of(landing, second)
    assert record is not None
    cut = land_kept(landing, third, b"{}")
    for _ in range(2):  # as after a kill
        moved = replace_record(landing, record, [first, cut, fourth])
    record.unlink()
    (landing.root / file_of(second.landing_path)).unlink()
    assert [landing.read(document) for document in moved] == [texts["berth-0"], b"{}", texts["berth-3"]]
    assert {document.key for document in landing.documents()} == {first.key, cut.key, fourth.key}
    assert moved[0].landing_path != first.landing_path


def test_a_pack_of_which_nothing_stays(landing: Landing) -> None:
    (document,) = landing.land_pack([(land(landing), b"x")])
    record = record_of(landing, document)
    assert record is not None
    assert replace_record(landing, record, []) == []
