"""Buttons, forms and menus: which of the text in them reads as text, and which is there to be pressed.

A browser shows all of it. But "Share", "Sign up" and a list of links are no part of an article; a sentence in a form
is, and so is the word in "Press the <button>Save</button> button".
"""

from __future__ import annotations

import re

from tasks.clean.paragraphs import BLANKS
from tasks.text.markup import Element
from tasks.text.plain import render, word_count

MIN_SENTENCE = 4
"""Words of a sentence; characters in Chinese and its like."""
_SENTENCE_END = re.compile(r"[.!?…。！？।؟][\"'”’»)\]」』]*$")
_ANY_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*(?:\s|$)|[。！？।؟]")
_PAUSE = re.compile(r"[.!?…。！？।؟:：|][\"'”’»)\]」』]*$")
_NOT_FILLED_IN = frozenset(["hidden", "submit", "button", "image", "reset"])


def reads_as_text(text: str) -> bool:
    """Whether it ends as a sentence does."""
    return _SENTENCE_END.search(text.rstrip(BLANKS)) is not None and word_count(text) >= MIN_SENTENCE


def holds_sentence(text: str) -> bool:
    return _ANY_SENTENCE_END.search(text) is not None and word_count(text) >= MIN_SENTENCE


def readable_blocks(blocks: list[Element]) -> list[Element]:
    """The blocks that read as text: a sentence, of which links are the smaller part. Images stay with such blocks."""
    readable = [block for block in blocks if block.tag == "figure" or _is_readable(block)]
    return readable if any(block.tag != "figure" for block in readable) else []


def _is_readable(block: Element) -> bool:
    if not reads_as_text(text := render([block])):
        return False
    linked = sum(len(element.text()) for element in block.walk() if element.tag == "a")
    return linked <= len(text) / 2


def without_controls(node: Element, blocks: list[Element]) -> list[Element]:
    """The blocks of an element with a slider. With a button beside it, it is a player's bar, `0:00 / 0:44 1×`."""
    is_bar = any(isinstance(child, Element) and child.tag == "button" for child in node.children)
    return readable_blocks(blocks) if is_bar else blocks


def is_filled_in(form: Element) -> bool:
    """Whether readers fill the form in: sign up, search, vote. Some sites have a form around the whole article."""
    return any(
        element.tag in ("textarea", "select")
        or (element.tag == "input" and element.attrs.get("type", "text").lower() not in _NOT_FILLED_IN)
        for element in form.walk()
    )


def keep_buttons(node: Element) -> Element:
    """The element with the text of its buttons: a question over an answer that unfolds is often a button."""
    for element in node.walk():
        if element.tag == "button":
            element.tag = "span"
    return node


def without_buttons(paragraphs: list[Element]) -> list[Element]:
    """The paragraphs without the buttons that are not a part of a sentence, which leaves nothing of some."""
    for paragraph in paragraphs:
        buttons = [element for element in paragraph.walk() if element.tag == "button"]
        if not buttons:
            continue
        texts = [""]
        _gather(paragraph, texts)
        last = max((position for position, text in enumerate(texts) if text.strip(BLANKS)), default=-1)
        continues = False
        for position, button in enumerate(buttons):
            if before := texts[position].rstrip(BLANKS):  # one text before thousands of buttons was read for each: 13 s
                continues = not _PAUSE.search(before)
            in_sentence = position < last or continues
            if not in_sentence and not reads_as_text(button.text()):
                button.children = []
            button.tag = "span"
    return [paragraph for paragraph in paragraphs if paragraph.text().strip(BLANKS)]


def _gather(node: Element, texts: list[str]) -> None:
    """Add the texts between the buttons below the node: what comes before the first to the last of `texts`."""
    for child in node.children:
        if isinstance(child, str):
            texts[-1] += child
        elif child.tag == "button":
            texts.append("")
        else:
            _gather(child, texts)
