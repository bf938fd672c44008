"""HTML elements, grouped by what cleaning does with them."""

from __future__ import annotations

INLINE = frozenset(
    [
        *("a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "mark", "q"),
        *("rp", "rt", "ruby", "s", "samp", "small", "strong", "sub", "sup", "time", "u", "var"),
    ]
)
HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
BLOCK = HEADINGS | frozenset(
    [
        *("p", "ul", "ol", "li", "blockquote", "pre", "table", "figure", "hr"),
        *("dl", "dt", "dd"),
    ]
)
TABLE = frozenset(["thead", "tbody", "tfoot", "tr", "td", "th", "caption"])
DROPPED = frozenset(
    [
        *("script", "style", "noscript", "template", "input", "select", "textarea", "svg", "canvas"),
        *("applet", "head", "title", "meta", "link", "base", "dialog", "datalist", "option", "progress", "meter"),
        *("map", "area", "frame", "frameset", "noframes", "noembed"),
    ]
)
"""Left out with everything in them."""
BY_ID = {
    "amp-youtube": ("data-videoid", "https://www.youtube.com/watch?v={}"),
    "lite-youtube": ("videoid", "https://www.youtube.com/watch?v={}"),
    "amp-vimeo": ("data-videoid", "https://vimeo.com/{}"),
    "lite-vimeo": ("videoid", "https://vimeo.com/{}"),
    "amp-dailymotion": ("data-videoid", "https://www.dailymotion.com/video/{}"),
    "amp-twitter": ("data-tweetid", "https://twitter.com/i/status/{}"),
    "amp-instagram": ("data-shortcode", "https://www.instagram.com/p/{}/"),
    "amp-soundcloud": ("data-trackid", "https://api.soundcloud.com/tracks/{}"),
    "amp-gist": ("data-gistid", "https://gist.github.com/{}"),
    "amp-imgur": ("data-imgur-id", "https://imgur.com/{}"),
}
"""Players that state an id: the attribute that holds it, and the address of what has that id."""
EMBEDDED = frozenset(
    [
        *("iframe", "video", "audio", "embed", "object", "amp-video", "amp-audio", "amp-iframe", "amp-facebook"),
        *("amp-tiktok", "amp-reddit", "amp-pinterest", *BY_ID),
    ]
)
"""Players, which become a link."""
IMAGES = frozenset(["img", "amp-img", "amp-anim"])
STRAYS = TABLE | {"li", "dt", "dd", "figcaption", "body", "html"}
"""Parts of a list, a table or a document, where they stand outside of one: what is in them is blocks."""
LISTS = frozenset(["ul", "ol", "dl", "menu", "dir"])
PREFORMATTED = frozenset(["pre", "xmp", "listing", "plaintext"])
CONTROLS = frozenset(["button", "form", "nav"])
"""What is pressed and filled in. `tasks.clean.controls` finds the text in them."""

ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
    "li": {"value"},
    "time": {"datetime"},
    "abbr": {"title"},
    "bdo": {"dir"},
}
"""The attributes that stay, by element."""
CONTAINERS = frozenset(
    [
        *("div", "section", "article", "main", "header", "footer", "aside", "span", "center", "details", "summary"),
        *("address", "hgroup", "picture", "font", "big", "tt", "nobr", "fieldset", "legend", "search"),
    ]
)
"""Elements that only group others: their content stays without them."""
TRANSPARENT = frozenset(["span", "font", "big", "tt", "nobr"])
"""Containers whose content is inline, unless there is a block in it."""

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
"""Elements without an end tag."""

_OTHERS = frozenset(
    [
        *("acronym", "basefont", "bgsound", "blink", "colgroup", "command", "data", "keygen", "label", "marquee"),
        *("math", "noindex", "optgroup", "output", "rb", "rtc", "slot", "strike"),
    ]
)
STAND_ALONE = (
    BLOCK | TABLE | EMBEDDED | LISTS | PREFORMATTED | (CONTAINERS - TRANSPARENT) | {"figcaption", "form", "nav"}
)
"""Elements that can't be a part of a paragraph."""
KNOWN = INLINE | BLOCK | TABLE | DROPPED | EMBEDDED | IMAGES | STRAYS | CONTAINERS
KNOWN |= LISTS | PREFORMATTED | CONTROLS | VOID | _OTHERS
"""Every element of HTML, past and present."""
MENTIONED = frozenset(
    [
        *("nav", "form", "button", "select", "datalist", "dialog", "template", "canvas", "noscript", "svg", "map"),
        *("video", "audio", "progress", "meter"),
    ]
)
"""Elements whose content is left out or judged. An author who mentions one, "the <nav> element", opens it."""
