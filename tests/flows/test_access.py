"""A feed behind a login, from end to end: its document and images come, and its secrets are nowhere afterwards."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Newsmill
from tests.flows.observing import rows
from tests.sites.pictures import picture
from tests.sites.server import Page, RequestHandler, SiteServer
from tests.tasks.making import Item, rss

TOKEN, SESSION, KEY = "token-93rk2m1zq8", "session-77hq5x0w4p", "key-literal-40ds8vb2"
ACCESS = f"""
headers = {{ x-api-key = "{KEY}" }}
cookies = {{ session = "{{file:session}}" }}
auth = {{ token = "{{env:HARBOUR_TOKEN}}" }}
"""


def members_only(page: Page, status: int = 200) -> object:
    """Answers only those who have the access; every answer repeats what it was asked with."""

    def answer(handler: RequestHandler) -> None:
        told = {name: handler.headers.get(name, "") for name in ("authorization", "cookie", "x-api-key")}
        is_member = told == {"authorization": f"Bearer {TOKEN}", "cookie": f"session={SESSION}", "x-api-key": KEY}
        echo = {f"x-echo-{name}": value for name, value in told.items()} | {"Set-Cookie": f"session={SESSION}"}
        if is_member:
            handler.send_head(status, echo | {"Content-Type": page.media_type, "Content-Length": str(len(page.body))})
            handler.send_body(page.body)
        else:
            handler.send_head(401, echo | {"Content-Length": "0"})

    return answer


def occurrences(folder: Path, *secrets: str) -> list[str]:
    """The files below the folder that hold a secret."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in ("feeds.toml", "session")]
    assert files
    return [path.name for path in files for secret in secrets if secret.encode() in path.read_bytes()]


def test_a_feed_behind_a_login(newsmill: Newsmill) -> None:
    with SiteServer() as site, SiteServer({"/1.png": Page(picture("gate-400.png"), "image/png")}) as other:
        text = f'<img src="{site.url("/2.png")}"/><img src="{other.url("/1.png")}"/><p>The gate is open.</p>'
        site.pages["/feed"] = members_only(Page(rss(Item(text=text)), "application/rss+xml"))  # type: ignore[assignment]
        site.pages["/2.png"] = members_only(Page(picture("ferry-400.png"), "image/png"))  # type: ignore[assignment]
        site.pages["/gone"] = members_only(Page(b"", "text/plain"), 404)  # type: ignore[assignment]
        moving = Page(b"", "text/plain", status=302, headers={"Location": site.url(f"/gone?session={SESSION}")})
        site.pages["/broken"] = moving
        newsmill.registry(
            "".join(
                f'[[feed]]\nid = "{id}"\nname = "{id}"\nurl = "{site.url(path)}"\n{access}'
                for id, path, access in (
                    ("quay", "/feed", ACCESS),
                    ("broken", "/broken", ACCESS),
                    ("free", "/2.png?free", ""),
                    ("without", "/feed?without", 'auth = { token = "{env:NO_SUCH_TOKEN}" }\n'),
                )
            )
        )
        (newsmill.folder / "session").write_text(f"{SESSION}\n", encoding="utf-8")
        ours = newsmill.setting()
        ours = type(ours)(ours.folder, {**ours.environment, "HARBOUR_TOKEN": TOKEN}, ours.program)
        done = ours("ingest")
        checked = ours("feeds", "check", "quay")
        listed = ours("feeds", "list")
    assert "1 new" in done.stdout, done.stderr
    assert rows(newsmill.warehouse, "SELECT DISTINCT status FROM clean.images") == [("stored",)]
    errors = dict(rows(newsmill.warehouse, "SELECT feed_id, error FROM ops.fetches WHERE error IS NOT NULL"))
    assert errors["broken"].endswith("the server answered 404 Not Found")
    assert errors["free"].endswith("the server answered 401 Unauthorized")
    assert "without: auth: {env:NO_SUCH_TOKEN} has no value" in errors["without"]
    assert checked.returncode == 0
    assert not any("token" in value or KEY in value for request in other.requests for value in request.headers.values())
    for secret in (TOKEN, SESSION, KEY):
        for output in (done, checked, listed):
            assert secret not in output.stdout + output.stderr
    assert occurrences(newsmill.folder, TOKEN, SESSION, KEY) == []
    ((headers,),) = rows(newsmill.warehouse, "SELECT headers FROM raw.documents")
    assert '"x-echo-authorization": "Bearer …"' in headers
