"""Attaching captions: which text beside an image is its caption."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tasks.clean.controls import holds_sentence
from tasks.clean.links import line_with_links
from tasks.clean.paragraphs import is_blank
from tasks.text.markup import Element
from tasks.text.plain import collapse, inline_text, render
from tasks.text.tags import HEADINGS

MAX_MARKED_CAPTION = 600
"""Characters of a caption that its class or id, or <small> around it, marks as one."""
MAX_PLAIN_CAPTION = 250
"""Characters of an unmarked paragraph that is taken for the caption of the image before it."""
_GUESSED = "guessed"
"""Attribute of a guessed caption, until the HTML is sanitised."""
_CAPTION_CLASS = re.compile(r"caption|credit|img-desc|image-desc|pic-?text|图说|圖說")


def has_caption(figure: Element) -> bool:
    return any(isinstance(child, Element) and child.tag == "figcaption" for child in figure.children)


def split_figures(blocks: Sequence[Element]) -> tuple[list[Element], list[Element]]:
    """(blocks that are not figures, figures)"""
    return [block for block in blocks if block.tag != "figure"], [block for block in blocks if block.tag == "figure"]


def take_captions(node: Element, captions: list[Element]) -> list[Element | str]:
    """The children of a figure without its captions, which may lie deeper (in the link around an image, say); these are
    added to `captions`."""
    others: list[Element | str] = []
    for child in node.children:
        if isinstance(child, str):
            others.append(child)
        elif child.tag == "figcaption":
            captions.append(child)
        elif child.tag == "figure" or not child.children:
            others.append(child)
        else:
            others.append(Element(child.tag, child.attrs, take_captions(child, captions)))
    return others


def without_marker(block: Element) -> Element:
    """The block of a caption; a heading, which Hugo makes of an image's title, as a paragraph: captions have no "#"."""
    return Element("p", {}, block.children) if block.tag in HEADINGS else block


def add_caption(figure: Element, caption: list[Element | str], *, guessed: bool = False) -> None:
    """Give the figure this caption, unless it has one. A guessed one is a paragraph that only stands beside it."""
    if not has_caption(figure):
        figure.children.append(Element("figcaption", {_GUESSED: ""} if guessed else {}, caption))


def add_to_last_figure(blocks: list[Element], node: Element, node_blocks: list[Element]) -> bool:
    """If the element `node`, whose blocks are `node_blocks`, is marked as a caption and follows a figure, give it to
    that figure. Returns whether it was. Of two by name, a photo's credit and its caption, the figure has both."""
    if len(node_blocks) != 1 or not blocks or (figure := blocks[-1]).tag != "figure":
        return False
    node = _innermost(node)
    is_named = _is_named_caption(node)
    if (has_caption(figure) and not is_named) or not (caption := _caption(node, node_blocks[0])):
        return False
    if has_caption(figure):
        return _extend_caption(figure, caption)
    add_caption(figure, caption, guessed=not is_named)
    return True


def _extend_caption(figure: Element, more: list[Element | str]) -> bool:
    """Returns whether there was room for more, or it was there."""
    caption = next(child for child in figure.children if isinstance(child, Element) and child.tag == "figcaption")
    text = ""
    for child in caption.children:  # a long caption was searched from end to end for each of 2,000 paragraphs
        text += (child if isinstance(child, str) else child.text())[: 2 * MAX_MARKED_CAPTION]
        if len(text) > 2 * MAX_MARKED_CAPTION:
            break
    if Element("p", {}, more).text() in text:
        return True
    if len(text) > MAX_MARKED_CAPTION:
        return False
    caption.attrs.pop(_GUESSED, None)
    caption.children += [" ", *more]
    return True


def _innermost(node: Element) -> Element:
    """The element that is marked, in those that hold nothing but it."""
    while len(inner := [child for child in node.children if isinstance(child, Element) or child.strip()]) == 1:
        if _is_named_caption(node) or isinstance(inner[0], str) or inner[0].tag != "div":
            break
        node = inner[0]
    return node


def _caption(node: Element, paragraph: Element) -> list[Element | str] | None:
    """The text, with its links, of an element that is marked as a caption: by its class or id, or because all of it is
    in <small>. None for any other element."""
    if paragraph.tag != "p":
        return None
    if not _is_named_caption(node):
        for child in paragraph.children:
            if not is_blank(child) and (isinstance(child, str) or child.tag != "small"):
                return None
    text = collapse(inline_text(paragraph))
    return _with_links(paragraph) if text and len(text) <= MAX_MARKED_CAPTION else None


def _with_links(paragraph: Element) -> list[Element | str]:
    return line_with_links([paragraph], lambda: inline_text(paragraph))


def _is_named_caption(node: Element) -> bool:
    if not node.attrs:
        return False
    names = f"{node.attrs.get('class', '')} {node.attrs.get('id', '')}"
    return _CAPTION_CLASS.search(names.lower()) is not None


def merge_caption(blocks: list[Element]) -> list[Element]:
    """The blocks of one element. A short paragraph that is alone with a figure becomes its caption."""
    if len(blocks) == 2 and blocks[0].tag == "figure" and blocks[1].tag == "p" and not has_caption(blocks[0]):
        text = collapse(inline_text(blocks[1]))
        if len(text) <= MAX_PLAIN_CAPTION:
            add_caption(blocks[0], _with_links(blocks[1]), guessed=True)
            return blocks[:1]
    return blocks


def without_only_captions(blocks: list[Element]) -> list[Element]:
    """The blocks, with guessed captions as paragraphs if they are the article: teasers, each beside its image.

    They are where there is no other sentence, or less than half as much other text.
    """
    guessed = [caption for figure in blocks if figure.tag == "figure" for caption in _guessed_captions(figure)]
    if not guessed:
        return blocks
    if _are_the_smaller_part(guessed, (render([block]) for block in blocks if block.tag not in ("figure", "hr"))):
        return blocks
    result: list[Element] = []
    for block in blocks:
        teasers = _guessed_captions(block) if block.tag == "figure" else []
        result.append(Element(block.tag, block.attrs, [c for c in block.children if c not in teasers]))
        result += [Element("p", {}, teaser.children) for teaser in teasers]
    return result


def _are_the_smaller_part(captions: list[Element], texts: Iterable[str]) -> bool:
    """Whether the other texts are longer than half of the captions, and hold a sentence. Most are after a paragraph."""
    enough = sum(len(caption.text()) for caption in captions) / 2
    other = ""
    for text in texts:
        other = f"{other} {text}"
        if len(other) > enough and holds_sentence(other[-MAX_MARKED_CAPTION:]):
            return True
    return False


def _guessed_captions(figure: Element) -> list[Element]:
    return [child for child in figure.children if isinstance(child, Element) and _GUESSED in child.attrs]
