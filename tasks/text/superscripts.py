"""Superscripts and subscripts in plain text: `altruist[1]`, `10^6`, `x_1`, but `1st`, `H2O`, and 1/2 for a fraction.

While a line is put together, `mark` puts characters around a raised or lowered part that no text has. When the line is
known, `write` replaces them by what one would type, which depends on what stands before and after.
"""

from __future__ import annotations

import re

from tasks.text.markup import MAX_DEPTH, Element

_NOTE, _RAISED, _LOWERED, _END = "\ufdd2", "\ufdd3", "\ufdd4", "\ufdd5"  # noncharacters (Unicode 23.7)
_MARKED = re.compile(f"([{_NOTE}{_RAISED}{_LOWERED}])([^{_NOTE}{_RAISED}{_LOWERED}{_END}]*){_END}")
_OWN_MARKS = re.compile(f"[{_NOTE}{_RAISED}{_LOWERED}]")
_OTHER_MARKS = re.compile("[\ufdd0\ufdd1]")
_ALL_MARKS = re.compile(f"[{_NOTE}{_RAISED}{_LOWERED}{_END}]")

_CONTEXT = 40
"""Characters that are looked at before a superscript."""

_NOTE_NAME = re.compile(r"[\w*†‡§¶#][\w*†‡§¶#,;–\- ]{0,11}")
_NUMBER = re.compile(r"\d{1,3}")
_NUMBERS = re.compile(r"\d{1,3}(?:\s*[,;–-]\s*\d{1,3})+")
_SIGNED = re.compile(r"[-−–+]\s?\d[\d.,]*|\d+[-−–+]")
_EXPRESSION = re.compile(r"\d*[^\W\d_]?(?:[-−+*/·^_](?:[^\W_]|[.()]){1,6})+|\d+[^\W\d_]|\d+[.,]\d+")
"""Between two signs there is no third: else `1____________!` would be tried in every grouping."""
_SIMPLE_POWER = re.compile(r"[-−–+]?\s?(?:\d[\d.,]*|\w)|\d+[-−–+]")
_SIMPLE_INDEX = re.compile(r"\w+")
_UNITS = frozenset(
    ["m", "km", "cm", "mm", "dm", "nm", "μm", "µm", "ft", "in", "mi", "yd", "ha", "kg", "км", "см", "мм"]
)
_EXPONENT_LETTERS = frozenset("nkxyzmtijpqrNT")
_HAN_UNITS = ("公里", "千米", "厘米", "米")
_WORD = re.compile(r"[^\W\d_]+$")
_AMOUNT = re.compile(r"[$€£¥]?\s?\d[\d.,]{0,40}$")
_FACTORS = re.compile(r"[=+*/·×]\s?[^\W\d_]{1,3}$")
"""As in E=mc^2."""
_BRACKETS = re.compile(r"\(([^()]*)\)$")
_ARGUMENT = re.compile(r"\w\(\w+$")
"""As in O(height^2)."""
_ELEMENT = re.compile(r"(?:[A-Z][a-z]?|[)\]])$")
"""A chemical symbol, or the bracket after a group of them."""
_ELEMENT_NEXT = re.compile(r"[A-Z][a-z]?(?![a-z])")
_COUNT = re.compile(r"\d+(?:\.\d+)?(?:\([a-z]\))?|[xyn]")


def mark(element: Element, text: str, *, linked: bool) -> str:
    """The text of a <sup> or <sub> between marks. `linked`: whether it is all that a link holds, as a note's number."""
    if linked or (element.tag == "sup" and any(child.tag == "a" for child in element.walk())):
        return f"{_NOTE}{text}{_END}"
    return f"{_RAISED if element.tag == 'sup' else _LOWERED}{text}{_END}"


def write(line: str) -> str:
    """The line with what is marked in it as one would type it."""
    for _ in range(MAX_DEPTH):  # the innermost first
        if not _MARKED.search(line):
            return line
        written: list[str] = []
        before, position = "", 0
        for match in _MARKED.finditer(line):
            between = line[position : match.start()]
            before = (before + between)[-_CONTEXT:]
            position = match.end()
            part = _write(match[1], match[2], before, line[position : position + 5])
            before = (before + part)[-_CONTEXT:]
            written += between, part
        line = "".join([*written, line[position:]])
    # elements are no deeper: the marks came as references, `&#xFDD3;`, of which thousands one in another took seconds
    return _ALL_MARKS.sub("", line)


def _write(kind: str, content: str, before: str, after: str) -> str:
    text = content.strip()
    before = _OTHER_MARKS.sub("", _OWN_MARKS.split(before)[-1])
    after = _OTHER_MARKS.sub("", after)
    if kind == _LOWERED:
        form = _lowered(text, before)
    elif kind == _NOTE:
        form = "[{}]" if _NOTE_NAME.fullmatch(text) else "{}"
    else:
        form = _raised(text, before, after)
    if form in ("^{}", "_{}"):
        simple = _SIMPLE_POWER if form == "^{}" else _SIMPLE_INDEX
        if not simple.fullmatch(text) or after[:1].isalnum():  # log_(2)8
            form = form.replace("{}", "({})")
    return content.replace(text, form.format(text), 1) if text else content


def _raised(text: str, before: str, after: str) -> str:
    """How the superscript is written: "^{}" a power, "[{}]" the mark of a note, "{}" anything else, such as 1st."""
    if _SIGNED.fullmatch(text):
        return "^{}" if before[-1:].isalnum() or before.endswith((")", "]")) else "{}"
    if _NUMBERS.fullmatch(text):
        return "[{}]"
    if _NUMBER.fullmatch(text):
        if after.startswith(("/", "⁄")):
            return "{}"
        is_power = _is_base(before, text) or (after.startswith(")") and _ARGUMENT.search(before))
        return "^{}" if is_power else _note_or_isotope(before, after)
    if _EXPRESSION.fullmatch(text):
        return "^{}" if _is_base(before, text) else "{}"
    if len(text) == 1 and text.isalpha():
        if text in _EXPONENT_LETTERS and _is_base(before, text):
            return "^{}"
        word = _WORD.search(before)
        return "[{}]" if word and len(word[0]) > 2 and word[0].islower() and text.islower() else "{}"
    return "{}"


def _note_or_isotope(before: str, after: str) -> str:
    begins_word = not before or before[-1].isspace() or before[-1] in "(["
    return "{}" if begins_word and _ELEMENT_NEXT.match(after) else "[{}]"


def _is_base(before: str, exponent: str) -> bool:
    """Whether what ends here may be raised to a power: 10, x, 2x, km, (a+b); but no word, year or price."""
    if amount := _AMOUNT.search(before):
        return exponent != "1" and amount[0][0] not in "$€£¥" and len(re.sub(r"\D", "", amount[0])) < 4
    if word := _WORD.search(before):
        if _FACTORS.search(before):
            return True
        return (len(word[0]) == 1 and word[0] < "\u2e80") or word[0] in _UNITS or word[0].endswith(_HAN_UNITS)
    if brackets := _BRACKETS.search(before):
        return len(brackets[1]) < 4 or re.search(r"[-−+*/=·×^]", brackets[1]) is not None
    return False


def _lowered(text: str, before: str) -> str:
    """How the subscript is written: "_{}" an index, "{}" anything else, such as H2O."""
    if not before or not (before[-1].isalnum() or before[-1] in ")]") or len(text) > 8 or " " in text:
        return "{}"
    return "{}" if _ELEMENT.search(before) and _COUNT.fullmatch(text) else "_{}"
