"""Shortcodes: what WordPress' plugins and page builders replace in a page, and often leave as it is in a feed.

    [fusion_builder_row background_color="#fff"]Text[/fusion_builder_row]  →  Text
    [caption id="a" width="300"]<img …> Caption[/caption]                  →  a figure with its caption
    [embed]https://…[/embed], [audio mp3="https://…"]                      →  a player, which becomes a link

A word in square brackets is text (`[sic]`, `[RequireHttps]`, `[1]`), and what stands in code is code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from tasks.text.markup import Element

_CODE = frozenset(["pre", "code", "kbd", "samp", "textarea", "script", "style"])
_QUOTE = "[\"'“”„‟″‘’′«»]"
_BUILDERS = (
    r"(?:vc|fusion|et_pb|tatsu|cmsmasters|siteorigin|themify|elementor|avada|wpbakery|su|av|mk|ngg|wpforms|mc4wp)"
)
_NAMED = (
    rf"{_BUILDERS}_[a-z0-9_-]+|(?:wp_)?caption|gallery|playlist|embed|contact-form(?:-7)?|gravityform|ninja_form|wpforms"
    r"|elementor-template|adrotate|ad_\d+|the_ad|wp_ad_camp_\d+|sc_\w+|time-brightcove|bctt|ess_grid|rev_slider|toc"
)
_SHORTCODE = re.compile(
    rf"(?<!\[)\[(?P<name>{_NAMED})(?:[\s:=][^\[\]]*)?/?\](?!\])"
    rf"|(?<!\[)\[(?P<quoted>[a-z][a-z0-9_-]*)\s(?=[^\[\]]*[\w-]\s*=\s*{_QUOTE})[^\[\]]+\](?!\])"
    rf"|(?<!\[)\[/(?P<closed>{_NAMED})\s*\](?!\])"
)
_PAIRED = re.compile(
    r"\[/(dropcap|pullquote|quote|blockquote|button|row|columns?|one_half|one_third|highlight|accordion|toggle|tabs?"
    r"|box|note|video|audio|youtube|vimeo)\s*\]"
)
"""Ends of shortcodes that need no attributes; without one, `[note]` is text."""
_PAIR = re.compile(r"(?<!\[)\[/?([a-z][\w-]*)\s*\](?!\])")
"""Any name: of thousands in a text, trying each of them at each bracket takes seconds."""
_MAYBE = re.compile(r"\[/?[a-z]")
_PLAYERS = frozenset(["video", "audio", "youtube", "vimeo", "soundcloud", "embed"])
_ADDRESS = re.compile(r"https?://[^\s\"'“”″‘’′\[\]<>]+")
_CAPTION = re.compile(r"\[(wp_)?caption\b[^\[\]]{0,1000}\](.{0,4000}?)\[/(?:wp_)?caption\]", re.DOTALL)
_PICTURE = re.compile(r".*<img\b[^>]*>(?:\s*</\w+>)*", re.DOTALL)
_EMBED = re.compile(r"\[(embed|youtube|vimeo)\b[^\[\]]{0,200}\]\s{0,9}(https?://[^\s\[\]<>\"']+)\s*\[/\1\]")


def shortcodes_as_html(html: str) -> str:
    """The HTML with figures and players for the shortcodes that stand for them."""
    if "[" not in html or "[/" not in html:  # looking for one character takes a tenth of looking for two
        return html
    html = _CAPTION.sub(_figure, html)
    return _EMBED.sub(r'<iframe src="\2"></iframe>', html)


def _figure(caption: re.Match[str]) -> str:
    picture = _PICTURE.match(caption[2])
    if not picture:
        return f"<figure>{caption[2]}</figure>"
    return f"<figure>{picture[0]}<figcaption>{caption[2][picture.end() :]}</figcaption></figure>"


def may_have_shortcodes(text: str) -> bool:
    return "[" in text and _MAYBE.search(text) is not None


def remove_shortcodes(tree: Element) -> None:
    """Remove the shortcodes from the texts of the tree; a player's becomes a player."""
    elements = list(_with_shortcodes(tree))
    if not elements:
        return
    text = "\n".join(child for element in elements for child in element.children if isinstance(child, str))
    names = {match["quoted"] for match in _SHORTCODE.finditer(text)} | {match[1] for match in _PAIRED.finditer(text)}
    names.discard(None)
    for element in elements:
        element.children = [
            part
            for child in element.children
            for part in (_without_shortcodes(child, names) if isinstance(child, str) else [child])
        ]


def _with_shortcodes(tree: Element) -> Iterator[Element]:
    """The elements with a text that may have a shortcode and is no code."""
    stack = [tree]
    while stack:
        element = stack.pop()
        if element.tag in _CODE:
            continue
        held = False
        for child in element.children:
            if not isinstance(child, str):
                stack.append(child)
            elif "[" in child and not held:
                held = _MAYBE.search(child) is not None
        if held:
            yield element


def _without_shortcodes(text: str, names: Set[str]) -> Iterator[Element | str]:
    if names:
        text = _PAIR.sub(lambda pair: "" if pair[1] in names else pair[0], text)
    end = 0
    for match in _SHORTCODE.finditer(text):
        yield text[end : match.start()]
        end = match.end()
        if (match["name"] or match["quoted"]) in _PLAYERS and (address := _ADDRESS.search(match[0])):
            yield Element("iframe", {"src": address[0]})
    if end < len(text):
        yield text[end:]
