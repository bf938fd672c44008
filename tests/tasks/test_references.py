"""References to secrets in addresses: resolved where the operator wrote them, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.errors import FetchError
from tasks.fetch.addresses import parse_address
from tasks.references import MAX_BYTES, escape_references, resolve_references
from warehouse.masking import mask


def test_a_secret_of_the_environment_or_of_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HARBOUR_TOKEN", "a+b/c&d=é")
    (tmp_path / "password").write_text("open sesame\n")
    address = f"https://reader:{{file:{tmp_path}/password}}@news.example/feed?token={{env:HARBOUR_TOKEN}}&page=2"
    resolved = resolve_references(address)
    assert resolved == "https://reader:open%20sesame@news.example/feed?token=a%2Bb%2Fc%26d%3D%C3%A9&page=2"
    assert parse_address(resolved).host == "news.example"
    assert "sesame" not in mask("https://news.example/open%20sesame/")


def test_a_secret_that_is_missing_names_its_reference(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "large").write_text("x" * (MAX_BYTES + 1))
    for reference in ("{env:NO_SUCH_VARIABLE}", *(f"{{file:{tmp_path}/{n}}}" for n in ("empty", "large", "absent"))):
        with pytest.raises(FetchError) as caught:
            resolve_references(f"https://news.example/?token={reference}")
        assert reference in str(caught.value)
        assert caught.value.retry_after == 0, "the server need not be left alone"


def test_what_somebody_else_wrote_names_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARBOUR_TOKEN", "s3cret-token")
    assert "s3cret" not in resolve_references(escape_references("https://evil.example/?{env:HARBOUR_TOKEN}"))
