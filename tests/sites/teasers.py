"""The Ridge Gazette / 山脊公报: a newspaper whose feed has teasers, and whose pages have the whole articles.

Its pages are of many makes: plain, slow, behind a paywall, forbidden by robots.txt, of scripts only, a PDF, a bot wall.
They can be edited and taken down: as 404, as 410, by leading to the front page, as an error page that answers 200.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape

from tests.sites.server import Page, SiteServer

HTML = "text/html; charset=utf-8"
ROBOTS = "User-agent: *\nDisallow: /*/private/\nDisallow: /*.json$\n"


@dataclass(frozen=True)
class Story:
    """An article of the site: what its feed and its page say."""

    path: str
    title: str
    teaser: str
    paragraphs: tuple[str, ...]
    language: str = "en"
    age: timedelta = timedelta(hours=2)
    is_free: bool = True
    head: str = field(default="", repr=False)


_BRIDGE = (
    "The footbridge over the Orra will stay closed until spring, the district engineer said on Monday, after divers "
    "found that two of its five piers stand on gravel that last autumn's flood has washed out.",
    "Until then, walkers have to take the road bridge at Tannfeld, three kilometres downstream. The "
    "district has put up "
    "lamps along the road and asks drivers to keep to thirty between the mill and the school.",
    "“We could have shored it up for the winter and hoped,” said the engineer, Mira Oster. “But a bridge "
    "that is closed "
    "is a nuisance, and a bridge that falls is something else.” She expects new piers by the end of April.",
    "The closure is felt most in Oberorra, where forty children cross the river every morning. Their school bus now "
    "leaves at six thirty, and parents have founded a group that walks with the youngest to the stop.",
    "Work is to begin in February, once the ice is off the gravel banks. The cost, 840,000, will be shared between the "
    "district and the two villages; the council votes on it next Thursday.",
)
_LIBRARY = (
    "The town library counts its books by hand again, for the first time since the war. The reason lies in the cellar, "
    "where water from a burst main stood for two days and ruined the only computer that knew where everything was.",
    "Some sixty volunteers have come since Saturday. They work in pairs, one reading the spine, the other writing, and "
    "they have found more than they were looking for: nineteen books that were thought stolen, a love letter of 1911, "
    "and a ham sandwich of uncertain age.",
    "“We believed that we had forty-one thousand volumes,” the librarian said. “We are at forty-four thousand, and we "
    "have not opened the attic yet.” The catalogue is to be printed this time, in three copies, and kept in three "
    "houses.",
    "Readers may borrow as ever, as long as they can say on which shelf they found their book. The count "
    "is expected to "
    "end before the holidays, and everybody who helped is invited to the reading of the love letter.",
)
_TEA = (
    "山脊镇的茶农今年比往年早了两个星期开始采茶。气象站的记录显示，三月的平均气温比过去三十年的平均值高出二点四度，山坡上的老茶树"
    "在清明之前就已经长出了新芽。",
    "茶农林秀兰说，她家的茶园有六十年的历史，从来没有在三月采过头茶。“我父亲留下的本子上，每一年的开采日期都写得清清楚楚，最早的"
    "一年也是四月二日。”她一边说，一边把刚采下来的嫩叶摊在竹席上。",
    "早采并不意味着丰收。镇上的农技员解释，芽头虽然来得早，但是四月的倒春寒仍然可能把后面的芽冻坏。去年邻近的县就因此损失了三成的"
    "产量。为了预防霜冻，合作社在山腰装了十二台风扇，夜里气温接近零度时就会自动转动。",
    "收购商已经来过两次，开出的价钱比去年高出一成。林秀兰还没有答应。“茶要等它自己愿意，”她说，“价钱也一样。”",
)
_OBSERVATORY = (
    "The observatory on the Kahlberg has lost a comet. What sounds like a joke is a bill of eleven "
    "thousand, because the "
    "comet had been promised to a school that paid for the night.",
    "Astronomers had computed its return for the twelfth. The class of nine-year-olds climbed the hill, "
    "drank cocoa, and "
    "looked for four hours at a patch of sky in which there was nothing at all.",
    "The comet, it turned out, had broken up behind the sun some time in summer. Its pieces were found a "
    "week later, by "
    "an amateur with a much smaller telescope, eight degrees from where everybody had looked.",
    "The school does not want its money back. “They have seen how science works,” the teacher said. The "
    "observatory has "
    "offered Saturn instead, which is always there.",
)
_FERRY = (
    "The last ferry of the upper lake makes its final crossing on Sunday. The company that has run it since 1888 says "
    "that there is nobody left who can repair its engine, and that the spare parts would have to be cast anew.",
    "Captain Jonas Wiede, who is seventy-one, will steer it one more time. He has crossed the lake, by his own count, "
    "some ninety thousand times, and has been seasick once, on land, at his daughter's wedding.",
    "From Monday a bus takes the road around the lake. It needs fifty minutes for what the ferry did in "
    "eighteen, and it "
    "does not carry cows.",
)

STORIES = (
    Story("/2026/bridge", "Footbridge over the Orra closed until spring", "Divers found washed-out gravel …", _BRIDGE),
    Story("/2026/library", "Library counts its books by hand", "Sixty volunteers, one burst main. Read more", _LIBRARY),
    Story("/2026/tea", "山脊镇茶农提前两周开采头茶", "气温偏高，老茶树清明之前发芽……", _TEA, "zh"),
    Story("/2026/comet", "Observatory loses a comet that was paid for", "Four hours of nothing at all.", _OBSERVATORY),
    Story("/2026/ferry", "Last ferry of the upper lake makes its final crossing", "Sunday, at four.", _FERRY),
    Story(
        "/2026/budget",
        "Council hides a deficit behind a car park",
        "For subscribers: how the numbers were made to fit.",
        ("The council's budget has a hole of two million, and a car park over it.",),
        is_free=False,
    ),
    Story("/2026/private/minutes", "Minutes of the council's closed session", "What was decided.", _FERRY),
)


class TeaserSite(SiteServer):
    """The newspaper: its feed at /feed.xml. `stories` may be changed between runs."""

    def __init__(self, stories: tuple[Story, ...] = STORIES, *, robots: str = ROBOTS) -> None:
        super().__init__()
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.stories = stories
        self.pages["/robots.txt"] = Page(robots.encode(), "text/plain")
        self.pages["/"] = page("The Ridge Gazette", "".join(self._link(story) for story in stories))
        self.publish()

    def _link(self, story: Story) -> str:
        return f'<h2><a href="{story.path}">{escape(story.title)}</a></h2><p>{escape(story.teaser)}</p>'

    def publish(self) -> None:
        """Serve the feed and the stories as they are now."""
        items = "".join(
            f"<item><title>{escape(story.title)}</title><link>{self.url(story.path)}</link>"
            f"<guid>{self.url(story.path)}</guid>"
            f"<description>{escape(story.teaser)}</description>"
            f"<pubDate>{format_datetime(self.now - story.age)}</pubDate></item>"
            for story in self.stories
        )
        feed = (
            '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>The Ridge Gazette</title>'
            f"<link>{self.url()}</link><description>News from the ridge</description>{items}</channel></rss>"
        )
        self.pages["/feed.xml"] = Page(feed.encode(), "application/rss+xml")
        for story in self.stories:
            self.pages[story.path] = story_page(story, self.url(story.path))

    def edit(self, path: str, old: str, new: str) -> None:
        """Change the text of a page, and nothing in the feed."""
        story = next(story for story in self.stories if story.path == path)
        edited = replace(story, paragraphs=tuple(text.replace(old, new) for text in story.paragraphs))
        self.stories = tuple(edited if story.path == path else story for story in self.stories)
        self.pages[path] = story_page(edited, self.url(path))

    def take_down(self, path: str, how: str) -> None:
        """404, 410, front (a redirect to the front page) or soft (an error page that answers 200)."""
        self.pages[path] = {
            "404": Page(b"<h1>Not found</h1>", HTML, 404),
            "410": Page(b"<h1>Gone</h1>", HTML, 410),
            "front": Page(b"", HTML, 302, {"Location": "/"}),
            "soft": page("Page not found - The Ridge Gazette", "<h1>Oops</h1><p>This page does not exist.</p>"),
        }[how]

    def registry(self, **keys: object) -> str:
        """The feed's table for feeds.toml."""
        lines = {"id": "ridge", "name": "The Ridge Gazette", "url": self.url("/feed.xml"), **keys}
        return "[[feed]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())

    def asked(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(request.path == path for request in self.requests)


def story_page(story: Story, address: str) -> Page:
    """The story's page: head, navigation, article, related stories, footer."""
    facts = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.title,
        "author": {"@type": "Person", "name": "Ada Kern"},
        "isAccessibleForFree": story.is_free,
    }
    body = "".join(f"<p>{escape(text)}</p>" for text in story.paragraphs)
    return page(
        f"{story.title} | The Ridge Gazette",
        f"<article><h1>{escape(story.title)}</h1><p class='byline'>Ada Kern</p><div class='story-body'>{body}</div>"
        "</article><aside class='related'><h3>More from the ridge</h3><ul>"
        "<li><a href='/2026/other'>Goats back on the north slope</a></li></ul></aside>",
        head=f"<link rel='canonical' href='{address}'>"
        f"<script type='application/ld+json'>{json.dumps(facts, ensure_ascii=False)}</script>{story.head}",
        language=story.language,
    )


def page(title: str, body: str, *, head: str = "", language: str = "en", status: int = 200) -> Page:
    """Any page of the site."""
    navigation = "".join(f"<a href='/{name.lower()}/'>{name}</a> " for name in ("News", "Sport", "Weather", "Notices"))
    html = (
        f"<!DOCTYPE html><html lang='{language}'><head><meta charset='utf-8'><title>{escape(title)}</title>"
        f"{head}</head>"
        f"<body><nav>{navigation}</nav><main>{body}</main><footer>© The Ridge Gazette</footer></body></html>"
    )
    return Page(html.encode(), HTML, status)
