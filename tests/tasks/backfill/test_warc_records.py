"""Records are read one by one; damage is reported with its offset, and costs only what comes after it."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.backfill.warc_records import RECOMPRESS
from tests.tasks.backfill.warcs import PAGE, Record, feed_record, finds, plan, source, write, written


@pytest.mark.parametrize("packed", [True, False])
def test_a_truncated_file_yields_the_records_before(tmp_path: Path, packed: bool) -> None:
    records = [Record(f"https://matou.example/{number}") for number in range(3)]
    path = write(tmp_path / "a.warc", *records, packed=packed)
    write(tmp_path / "b.warc", Record("https://matou.example/last"), packed=packed)
    data = path.read_bytes()
    start = json.loads(finds(source(path))[2].mark)[1]
    for cut in (start + 5, start + 40, start + 300, len(data) - 5):
        path.write_bytes(data[:cut])
        found = finds(source(tmp_path))
        first, second, error, last = found
        assert [find.url for find in (first, second, last)] == [
            "https://matou.example/0",
            "https://matou.example/1",
            "https://matou.example/last",
        ]
        assert (first.error, second.error, last.error) == (None, None, None)
        assert error.location == f"a.warc@{start}"
        assert "break" in (error.error or "")
        assert plan(source(tmp_path)).items == 4


def test_the_line_ends_after_the_last_record_may_be_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc", Record(), packed=False)
    path.write_bytes(path.read_bytes()[:-4])
    assert [(find.data, find.error) for find in finds(source(path))] == [(PAGE, None)]


def test_a_damaged_member_is_detected_by_its_checksum(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", Record(), Record("https://matou.example/last"))
    data = bytearray(path.read_bytes())
    data[-6] ^= 1  # of the CRC
    path.write_bytes(data)
    first, error = finds(source(path))
    assert first.data == PAGE
    assert "gzip is damaged" in (error.error or "")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"GIF89a nothing of the kind\n\n\n", "not a WARC file"),
        (gzip.compress(b"GIF89a nothing of the kind\n\n\n", mtime=0), "not a WARC file"),
        (b"\x1f\x8b\x08\x00 no gzip at all", "gzip"),
        (b"\x28\xb5\x2f\xfd\x00", "zstd"),
        (b"x" * 3_000_000, "too long"),
        (gzip.compress(bytes(30_000_000), mtime=0), "too long"),
        (b"\n" * 3_000_000, "too long"),
        (b"WARC/1.0\r\n" + b"X-Header: y\r\n" * 200_000, "too long"),
        (b"WARC/1.0\r\nWARC-Type: response\r\n\r\n", "without a length"),
        (b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: -4\r\n\r\n", "without a length"),
        (b"WARC/1.0\r\nWARC-Type: metadata\r\nContent-Length: 1\r\n\r\nlonger\r\n\r\n", "longer than it says"),
        (b"".join(written([Record()])) + b"rubbish after it", "not gzip"),
        (gzip.compress(b"".join(written([Record(), Record()], packed=False)), mtime=0), RECOMPRESS),
    ],
)
def test_a_broken_file_is_reported_and_the_next_is_read(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "a.warc.gz").write_bytes(data)
    write(tmp_path / "b.warc.gz", Record())
    *_, error, last = finds(source(tmp_path))
    assert reason in (error.error or "")
    assert error.location.startswith("a.warc.gz@")
    assert len(error.error or "") < 300
    assert last.data == PAGE


def test_padding_and_empty_members_are_skipped(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", Record())
    path.write_bytes(path.read_bytes() + gzip.compress(b"") + b"".join(written([feed_record()])) + bytes(200_000))
    assert [find.form for find in finds(source(path))] == ["page", "feed"]


@pytest.mark.parametrize("packed", [True, False])
def test_arc_files(tmp_path: Path, packed: bool) -> None:
    def record(line: str, body: bytes) -> bytes:
        data = f"{line} {len(body)}\n".encode() + body + b"\n"
        return gzip.compress(data) if packed else data

    version = b"1 0 test\nURL IP-address Archive-date Content-type Archive-length\n\n"
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    lines = [f"https://matou.example/{number} 192.0.2.1 20040305070809 text/html" for number in range(2)]
    path = tmp_path / "a.arc"
    path.write_bytes(
        record("filedesc://a.arc 0.0.0.0 20040305070809 text/plain", version)
        + b"".join(record(line, http + PAGE) for line in lines)
    )
    found = finds(source(path))
    assert [(find.url, find.data, find.error) for find in found] == [
        ("https://matou.example/0", PAGE, None),
        ("https://matou.example/1", PAGE, None),
    ]
    assert found[0].seen_at == datetime(2004, 3, 5, 7, 8, 9, tzinfo=UTC)
    assert finds(source(path), after=found[0].mark) == found[1:]


WHOLE = b"".join(written([Record(), feed_record(), Record("https://matou.example/2")]))

PLAIN = b"".join(written([Record(), feed_record(), Record("https://matou.example/2")], packed=False))


@settings(max_examples=150)
@given(
    data=st.sampled_from([WHOLE, PLAIN]),
    position=st.integers(0, min(len(WHOLE), len(PLAIN)) - 1),
    patch=st.binary(max_size=12),
    cut=st.booleans(),
)
def test_any_damage_yields_finds_and_at_most_one_error_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, position: int, patch: bytes, cut: bool
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "a.warc"
    path.write_bytes(data[:position] + patch + (b"" if cut else data[position + len(patch) :]))
    found = finds(source(path))
    broken = [find for find in found if find.error and json.loads(find.mark)[1] is None]
    assert len(broken) <= 1
    assert broken == found[len(found) - len(broken) :]
    assert plan(source(path)).items == len(found)
    for number, find in enumerate(found):
        assert finds(source(path), after=find.mark) == found[number + 1 :]
