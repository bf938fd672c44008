"""Formulas as text: MathML, what KaTeX and MathJax write, images of formulas.

A formula's text is what its author wrote for those who can't see it (alttext, alt), or its source in TeX, or else its
characters, with powers, indices and fractions as one types them: `e^(kt)`, `x_1`, `(a+b)/2`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tasks.text.markup import Element
from tasks.text.plain import collapse
from tasks.text.tags import DROPPED

_WRAPPERS = frozenset(["katex", "mwe-math-element"])
"""Classes of elements that hold a formula twice: as MathML, and as KaTeX's boxes or Wikipedia's image."""
_IMAGE = re.compile(r"//latex\.codecogs\.com/|/latex\.php\?|/math/render/|[?&]cht=tx&")
_IMAGE_CLASS = re.compile(r"(?:^|\s)(?:latex|tex|mwe-math-fallback-image\S*)(?:\s|$)")
_STYLE = re.compile(r"\{\\displaystyle\s(.*)\}", re.DOTALL)
"""Wikipedia's wrapping of a formula in TeX."""
_INVISIBLE = re.compile("[\u2061-\u2064]")
_NEEDS_NO_BRACKETS = re.compile(r"[-−+]?\d+(?:[.,]\d+)?|\w|[^\w\s]|√\w|\(.*\)", re.DOTALL)


def formula(math: Element) -> str:
    """The text of a <math>."""
    if alternative := collapse(math.attrs.get("alttext", "")):
        return _source(alternative)
    annotations = [element for element in math.walk() if element.tag == "annotation"]
    for annotation in sorted(annotations, key=lambda element: "tex" not in element.attrs.get("encoding", "").lower()):
        if text := collapse(annotation.text()):
            return _source(text)
    return collapse(_INVISIBLE.sub("", _write(math)))


def wrapped_formula(node: Element) -> Element | None:
    """The <math> in an element that holds the same formula twice; None for any other element."""
    if _WRAPPERS.isdisjoint(node.attrs.get("class", "").split()):
        return None
    return next((element for element in node.walk() if element.tag == "math"), None)


def image_formula(img: Element) -> str | None:
    """The text of an image of a formula; None for any other image, or if it has none."""
    alternative = img.attrs.get("alt")
    if alternative and (_IMAGE_CLASS.search(img.attrs.get("class", "")) or _IMAGE.search(img.attrs.get("src", ""))):
        return _source(collapse(alternative)) or None
    return None


def script_formula(script: Element) -> str:
    """The text of a formula that waits for MathJax in a <script>, as kramdown writes it; "" for any other script."""
    return collapse(script.text()) if script.attrs.get("type", "").startswith("math/tex") else ""


def _source(text: str) -> str:
    match = _STYLE.fullmatch(text)
    return match[1].strip() if match else text


def _write(node: Element | str) -> str:
    if isinstance(node, str):
        return collapse(node)
    if node.tag in DROPPED or node.tag.startswith("annotation"):
        return ""
    parts = [text for child in node.children if (text := _write(child)) or not isinstance(child, str)]
    if node.tag == "msqrt":
        return f"√{_bracketed(''.join(parts))}"
    writer = _WRITERS.get(node.tag)
    return writer(parts) if writer and len(parts) > 1 else "".join(parts)


def _bracketed(text: str) -> str:
    return text if _NEEDS_NO_BRACKETS.fullmatch(text) else f"({text})"


def _write_fraction(parts: list[str]) -> str:
    return "/".join(map(_bracketed, parts))


def _write_power(parts: list[str]) -> str:
    return f"{parts[0]}^{_bracketed(parts[1])}" if parts[1] else parts[0]


def _write_index(parts: list[str]) -> str:
    return f"{parts[0]}_{_bracketed(parts[1])}" if parts[1] else parts[0]


def _write_both(parts: list[str]) -> str:
    return _write_power([_write_index(parts), parts[2] if len(parts) > 2 else ""])


_WRITERS: dict[str, Callable[[list[str]], str]] = {
    "mfrac": _write_fraction,
    "msup": _write_power,
    "msub": _write_index,
    "munder": _write_index,
    "msubsup": _write_both,
    "munderover": _write_both,
    "mroot": lambda parts: f"{_bracketed(parts[0])}^(1/{parts[1]})",
    "semantics": lambda parts: parts[0],
    "mtr": ", ".join,
    "mtable": "; ".join,
}
"""How the texts of an element's children are put together; those of others stand side by side."""
