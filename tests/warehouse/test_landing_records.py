"""A record of the landing zone gives the document that it was made of, and any other file is refused.

tests/warehouse/test_landing.py has the cases of single fields.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.errors import LandingError
from warehouse.landing_records import blob_path, encode_record, read_record, record_folder, record_name
from warehouse.page_request import PageRequest
from warehouse.records import Document

DIGEST = "ab" * 32
DOCUMENT = Document(
    DIGEST,
    "quay",
    "https://quay.example/feed",
    "https://quay.example/feed.xml",
    datetime(2026, 11, 20, 12, tzinfo=UTC),
    200,
    {"etag": '"港"'},
    7,
    blob_path(DIGEST),
)
PACKED = replace(DOCUMENT, landing_path=f"packs/ab/{DIGEST}.zst@12+7", source="archive", form="article")

PAGE = replace(
    PACKED,
    source="page",
    form="page",
    request=PageRequest(
        "https://quay.example/gate",
        "The gate is open",
        guid="gate",
        published_at="2026-11-20T08:00:00+00:00",
        authors=("Oda Brandt", "林岸"),
        summary="It opens at nine.",
        words=4,
        source="warc",
    ),
)


@pytest.mark.parametrize("document", [DOCUMENT, PACKED, PAGE], ids=["blob", "pack", "page"])
def test_a_record_gives_its_document(tmp_path: Path, document: Document) -> None:
    path = tmp_path / record_name(document)
    path.write_text(json.dumps(encode_record(document)), encoding="utf-8")
    assert read_record(path) == [document]
    path.write_text(json.dumps([encode_record(document)] * 2), encoding="utf-8")
    assert read_record(path) == [document] * 2


@pytest.mark.parametrize(
    "damage",
    [
        *({"url": None}, {"title": None}, {"title": 7}, {"source": None}, {"text": None}, {"summary": ["a"]}),
        *({"authors": None}, {"authors": "Oda"}, {"categories": [1]}, {"words": "many"}, {"guid": {}}),
        *({"published_at": "yesterday"}, {"published_at": "2026-11-20T08:00:00"}, {"updated_at": "2026-13-40"}),
        {"cookie": "secret"},
    ],
)
def test_a_request_that_is_damaged_is_refused(tmp_path: Path, damage: dict[str, object]) -> None:
    """Milling would fail over it each time that pending documents are loaded."""
    path = tmp_path / record_name(PAGE)
    record = encode_record(PAGE)
    request = record["request"]
    assert isinstance(request, dict)
    path.write_text(json.dumps([record | {"request": request | damage}]), encoding="utf-8")
    with pytest.raises(LandingError):
        read_record(path)


def test_a_request_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / record_name(PAGE)
    damaged: tuple[object, ...] = ("https://quay.example/gate", [], {}, 7)
    for request in damaged:
        path.write_text(json.dumps([encode_record(PAGE) | {"request": request}]), encoding="utf-8")
        with pytest.raises(LandingError):
            read_record(path)


def test_names_and_folders() -> None:
    assert record_name(DOCUMENT) == "20261120T120000000000Z-quay-abababababababab.json"
    assert record_folder(DOCUMENT) == "2026/11/20"
    assert record_name(PACKED) == f"pack-{DIGEST}.json"
    assert record_folder(PACKED) == "packs/ab"


def test_a_feed_id_never_becomes_a_path() -> None:
    assert record_name(replace(DOCUMENT, feed_id="../../x")) == "20261120T120000000000Z-______x-abababababababab.json"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(encode_record(DOCUMENT))), json_values, min_size=1))
def test_any_field_may_hold_anything(tmp_path_factory: pytest.TempPathFactory, fields: dict[str, object]) -> None:
    path = tmp_path_factory.mktemp("records") / record_name(DOCUMENT)
    path.write_text(json.dumps(encode_record(DOCUMENT) | fields), encoding="utf-8")
    try:
        (document,) = read_record(path)
    except LandingError as error:
        assert str(path) in str(error)
    else:
        assert record_name(document) == path.name
        assert document.landing_path.startswith(("blobs/ab/ab/", "packs/"))
