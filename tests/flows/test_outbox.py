"""An outbox from end to end: runs post what they loaded, killed or not, and reading tells the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.conftest import Newsmill
from tests.flows.observing import rows
from tests.sites.receiver import Receiver
from tests.sites.server import Page, SiteServer
from tests.tasks.making import Item, rss
from tests.trust.stopping import Stop

GATE = Item("The gate opens", "<p>The north gate opens at eight, the harbour master says.</p>")
SHUT = replace(GATE, text="<p>The north gate stays shut until Monday, the harbour master says.</p>")
TIDE = Item("Grande marée", "<p>Une grande marée est attendue jeudi soir.</p>", "https://quay.example/t", "t")
CAFE = Item("港口咖啡馆", "<p>港口咖啡馆今天重新开张。</p>", "https://quay.example/cafe", "cafe")
NEW, EDITED = "article.new", "article.edited"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def killed(newsmill: Newsmill, stop: Stop, *command: str) -> None:
    environment = {**newsmill.environment, **stop.variable}
    assert Newsmill(newsmill.folder, environment, newsmill.program)(*command).returncode == -9 % 256


@pytest.mark.thorough
def test_killed_anywhere_every_article_is_told_and_no_event_twice_under_two_ids(
    newsmill: Newsmill, receiver: Receiver
) -> None:
    (newsmill.folder / "secret").write_text("sesame\n")
    (newsmill.folder / "newsmill.toml").write_text(
        f'[[outbox]]\nname = "index"\nurl = "{receiver.url("/newsmill")}"\nsecret = "{{file:secret}}"\n'
    )
    with SiteServer() as site:
        newsmill.registry(f'[[feed]]\nid = "quay"\nname = "The Quay"\nurl = "{site.url("/feed")}"\n')

        def show(*items: Item) -> None:
            site.pages["/feed"] = Page(rss(*items), "application/rss+xml")

        show(GATE)
        killed(newsmill, Stop("after loading a batch"), "ingest")
        assert receiver.taken == [], "it was killed before it posted"
        show(GATE, TIDE)
        assert newsmill.facts("ingest", "--force")["messages_sent"] == 2
        show(SHUT, TIDE)
        killed(newsmill, Stop("before recording messages"), "ingest", "--force")
        receiver.answer = lambda message: 500
        failed = newsmill("ingest", "--force")
        assert failed.returncode == 0
        assert "outbox index: the receiver answered 500" in failed.stdout
        receiver.answer = lambda message: 200
        assert newsmill("outbox", "retry").stdout == "1 message to be sent: `newsmill outbox send`\n"
        assert newsmill.facts("outbox", "send")["sent"] == 1
        show(SHUT, TIDE, CAFE)
        killed(newsmill, Stop("after landing a document"), "ingest", "--force")  # landed, and not loaded
        newsmill.facts("reprocess")
    by_id = Counter((message.headers["webhook-id"], message.about) for message in receiver.messages)
    assert len(by_id) == len({about for _, about in by_id}) == 4
    taken = list(dict.fromkeys(receiver.taken))
    assert taken == [(NEW, GATE.title), (NEW, TIDE.title), (EDITED, GATE.title), (NEW, CAFE.title)]
    assert rows(newsmill.warehouse, "SELECT DISTINCT state FROM ops.outbox") == [("sent",)]

    page = newsmill.facts("outbox", "--since", "0", "--limit", "3")
    rest = newsmill.facts("outbox", "--since", str(page["cursor"]))
    told = [(each["type"], each["data"]["article"]["title"]) for each in page["events"] + rest["events"]]
    assert told == taken
    assert newsmill.facts("outbox", "--since", str(rest["cursor"])) == {"events": [], "cursor": rest["cursor"]}
    assert newsmill("outbox", "list").stdout == "no message waits, and none was given up\n"
