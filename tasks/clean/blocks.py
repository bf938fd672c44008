"""A tree of HTML to a flat list of blocks: paragraphs, headings, lists, tables, figures with their captions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import unescape

from tasks.clean.image_tags import image_address, is_emoji, is_tracking_pixel, pixel_size
from tasks.text import urls
from tasks.text.markup import Element, parse, serialise
from tasks.text.plain import collapse, inline_text, render
from tasks.text.tags import ATTRIBUTES, BLOCK, CONTAINERS, DROPPED, EMBEDDED, INLINE, TABLE, TRANSPARENT
from warehouse.records import ImageRef

_CAPTION_CLASS = re.compile(r"caption|credit|img-desc|image-desc|pic-?text|图说|圖說")
_DATELINE = re.compile(r"^[^\n。！？]{1,40}\s*[—–―-]{1,2}\s*$")
_DASHES = "—–―-"


@dataclass(slots=True)
class BlockBuilder:
    """Turns a tree into a flat list of blocks. Images come out as figures, in their place."""

    base: str | None
    images: dict[str, ImageRef] = field(default_factory=dict)
    """By the address in the tree."""

    def blocks(self, node: Element) -> list[Element]:
        out: list[Element] = []
        run: list[Element | str] = []

        def flush() -> None:
            if run:
                out.extend(_paragraphs(run))
                run.clear()

        for child in node.children:
            if isinstance(child, str):
                if run or child.strip(_BLANKS):  # what is blank begins nothing
                    run.append(child)
                continue
            tag = child.tag
            if tag == "p" and not child.attrs and len(child.children) == 1:
                only = child.children[0]
                if isinstance(only, str):  # most paragraphs: what follows would come to the same
                    if run:
                        flush()
                    if only.strip(_BLANKS):
                        out.append(Element("p", {}, [only]))
                    continue
            if tag in DROPPED:
                if tag == "noscript":
                    flush()
                    out.extend(self._from_noscript(child, out))
                continue
            if tag == "img":
                found = self._image(child)
                if isinstance(found, Element):
                    flush()
                    out.append(found)
                elif found:
                    run.append(found)
                continue
            if tag == "picture":
                flush()
                out.extend(self._picture(child))
                continue
            if tag == "figure":
                flush()
                out.extend(self._figure(child))
                continue
            if tag in EMBEDDED:
                if link := self._embedded(child):
                    flush()
                    out.append(link)
                continue
            if tag == "br":
                run.append(Element("br"))
                continue
            inline = tag in INLINE
            if (inline or tag in TRANSPARENT) and not _holds_block(child):
                made = self._inline(child)
                if inline:
                    run.append(made)
                else:
                    run.extend(made.children)
                continue
            if inline or tag in CONTAINERS:
                flush()
                inner = self.blocks(child)
                caption = _as_caption(child, inner)
                if caption and out and out[-1].tag == "figure" and not _has_caption(out[-1]):
                    _give_caption(out[-1], caption)
                    continue
                out.extend(_attach_captions(inner) if len(inner) > 1 else inner)
                continue
            flush()
            if tag in BLOCK or tag in TABLE:
                inner = self._block(child)
                caption = _as_caption(child, inner) if tag == "p" else None
                if caption and out and out[-1].tag == "figure" and not _has_caption(out[-1]):
                    _give_caption(out[-1], caption)
                    continue
                out.extend(inner)
            else:
                out.extend(self.blocks(child))
        flush()
        return out

    def _block(self, node: Element) -> list[Element]:
        tag = node.tag
        if tag == "hr":
            return [Element("hr")]
        if tag == "pre":
            text = node.text()
            return [Element("pre", {}, [text])] if text.strip() else []
        if tag == "table":
            return self._table(node)
        if tag in ("ul", "ol", "dl"):
            items = [child for child in node.children if isinstance(child, Element) and child.tag in ("li", "dt", "dd")]
            strays = [
                child
                for child in node.children
                if (child.strip() if isinstance(child, str) else child.tag not in ("li", "dt", "dd"))
            ]
            made, figures = [], []
            for item in items:
                inner = self.blocks(item)
                figures += [block for block in inner if block.tag == "figure"]
                rest: list[Element | str] = [block for block in inner if block.tag != "figure"]
                if rest:
                    made.append(Element(item.tag, {}, rest))
            attrs = {"start": node.attrs["start"]} if tag == "ol" and node.attrs.get("start", "").isdigit() else {}
            out: list[Element] = [Element(tag, attrs, list(made))] if made else []
            return out + figures + (self.blocks(Element("div", {}, strays)) if strays else [])
        if tag == "blockquote":
            inner = join_datelines(self.blocks(node))
            figures = [block for block in inner if block.tag == "figure"]
            quoted: list[Element | str] = [block for block in inner if block.tag != "figure"]
            return ([Element("blockquote", {}, quoted)] if quoted else []) + figures
        if re.fullmatch(r"h[1-6]", tag):
            inner = self.blocks(node)
            heading: list[Element | str] = []
            for block in inner:
                if block.tag != "figure":
                    heading += ([" "] if heading else []) + block.children
            made = [Element(tag, {}, heading)] if collapse(Element("p", {}, heading).text()) else []
            return made + [block for block in inner if block.tag == "figure"]
        return self.blocks(node)  # p, li, dt, dd, td outside their own kind: paragraphs

    def _table(self, node: Element) -> list[Element]:
        rows = [row for row in node.walk() if row.tag == "tr"]
        titles = [child for child in node.children if isinstance(child, Element) and child.tag == "caption"]
        cells = [[c for c in row.children if isinstance(c, Element) and c.tag in ("td", "th")] for row in rows]
        if len(rows) <= 1 or max(map(len, cells), default=0) <= 1 or any(el.tag == "table" for el in node.walk()):
            return self.blocks(_unrolled(node))  # a table for the layout's sake
        figures: list[Element] = []
        body: list[Element | str] = []
        for row in cells:
            made: list[Element | str] = []
            for cell in row:
                inner = self.blocks(cell)
                figures += [block for block in inner if block.tag == "figure"]
                content: list[Element | str] = []
                for block in inner:
                    if block.tag != "figure":
                        said = block.children if block.tag == "p" else [collapse(render([block]))]
                        if said != [""]:
                            content += [*([Element("br")] if content else []), *said]
                spans = {n: cell.attrs[n] for n in ("colspan", "rowspan") if cell.attrs.get(n, "").isdigit()}
                made.append(Element(cell.tag, spans, content))
            body.append(Element("tr", {}, made))
        title = [block for each in titles for block in self.blocks(each)]
        return [*title, Element("table", {}, [Element("tbody", {}, body)]), *figures]

    def _inline(self, node: Element) -> Element:
        """The inline element with only what may stay in it."""
        attrs: dict[str, str] = {}
        tag = node.tag
        if tag == "a":
            href = node.attrs.get("href", "")
            if href.lower().startswith("mailto:"):
                attrs["href"] = href
            elif absolute := urls.resolve(self.base, href):
                attrs["href"] = urls.without_tracking(urls.unwrap_link(absolute))
        elif tag in ATTRIBUTES:
            attrs = {name: node.attrs[name] for name in ATTRIBUTES[tag] if node.attrs.get(name)}
        children: list[Element | str] = []
        for child in node.children:
            if isinstance(child, str):
                children.append(child)
            elif child.tag == "br":
                children.append(Element("br"))
            elif child.tag == "img":  # _holds_block has made sure that it stands for text: an emoji
                found = self._image(child)
                if isinstance(found, str):
                    children.append(found)
            elif child.tag in DROPPED or child.tag in EMBEDDED:
                continue
            elif child.tag in INLINE:
                children.append(self._inline(child))
            else:
                children.extend(self._inline(child).children)
        return Element(tag, attrs, children)

    def _image(self, img: Element, sources: Iterable[Element] = (), caption: str | None = None) -> Element | str | None:
        """A figure; the text an emoji stands for; None for a tracking pixel or an image without an address."""
        alt = collapse(img.attrs.get("alt", ""))
        raw = image_address(img, sources)
        if len(alt) <= 12 and is_emoji(img, raw or ""):
            return alt or None
        address = urls.resolve(self.base, raw)
        if not address or is_tracking_pixel(img, address):
            return None
        origin, proxy = urls.unwrap_image(address)
        attrs = {"src": origin}
        if alt:
            attrs["alt"] = alt
        for name in ("width", "height"):
            if size := pixel_size(img.attrs.get(name)):
                attrs[name] = str(size)
        figure = Element("figure", {}, [Element("img", attrs)])
        self.images.setdefault(origin, ImageRef(origin, proxy, alt or None))
        if caption:
            _give_caption(figure, caption)
        return figure

    def _picture(self, node: Element) -> list[Element]:
        sources = [el for el in node.walk() if el.tag == "source"]
        made = [self._image(el, sources) for el in node.walk() if el.tag == "img"]
        return [figure for figure in made if isinstance(figure, Element)]

    def _figure(self, node: Element) -> list[Element]:
        captions = [el for el in node.walk() if el.tag == "figcaption"]
        rest = Element("div", {}, [c for c in node.children if not (isinstance(c, Element) and c.tag == "figcaption")])
        blocks = self.blocks(rest)
        caption = " ".join(collapse(render(self.blocks(el))) for el in captions).strip()
        images = [block for block in blocks if block.tag == "figure"]
        if not images:
            return blocks + ([Element("p", {}, [caption])] if caption else [])
        if not caption and len(blocks) > len(images):
            return _attach_captions(blocks)
        if caption:
            _give_caption(images[-1], caption)
        return blocks

    def _embedded(self, node: Element) -> Element | None:
        address = node.attrs.get("src") or next((e.attrs.get("src") for e in node.walk() if e.tag == "source"), None)
        absolute = urls.resolve(self.base, address)
        if not absolute or is_tracking_pixel(node, absolute):
            return None
        return Element("p", {}, [Element("a", {"href": absolute}, [absolute])])

    def _from_noscript(self, node: Element, before: list[Element]) -> list[Element]:
        """The image a lazy loader hides in <noscript>, unless it stands before it already."""
        tree = node
        if all(el.tag != "img" for el in node.walk()):
            tree = parse(unescape(serialise(node.children)))  # escaped, as it is where scripts run
        figures = [block for block in self.blocks(tree) if block.tag == "figure"]
        shown = {_source(block) for block in before if block.tag == "figure"}
        return [figure for figure in figures if _source(figure) not in shown]


def _holds_block(node: Element) -> bool:
    """Whether anything below must stand on its own: a block, a picture that isn't an emoji, an embedded player."""
    for el in node.walk():
        if (
            el.tag in BLOCK
            or el.tag in TABLE
            or el.tag in EMBEDDED
            or el.tag in ("div", "section", "article", "picture")
        ):
            return True
        if el.tag == "img" and not is_emoji(el, el.attrs.get("src", "")):
            return True
    return False


def _unrolled(table: Element) -> Element:
    """A layout table's cells, one after the other."""
    root = Element("div")
    for child in table.children:
        if isinstance(child, Element) and child.tag in ("thead", "tbody", "tfoot", "tr"):
            root.children.extend(_unrolled(child).children)
        elif isinstance(child, Element) and child.tag in ("td", "th", "caption"):
            root.children.append(Element("div", {}, child.children))
    return root


def _paragraphs(run: list[Element | str]) -> list[Element]:
    """Inline content as paragraphs: two line breaks in a row end one."""
    if len(run) == 1 and isinstance(only := run[0], str):  # most of them
        return [Element("p", {}, [only])] if only.strip(_BLANKS) else []
    out: list[Element] = []
    part: list[Element | str] = []
    breaks = 0

    def finish() -> None:
        while part and _is_blank(part[-1]):
            part.pop()
        while part and _is_blank(part[0]):
            part.pop(0)
        if any(map(_says_something, part)):
            out.append(Element("p", {}, list(part)))
        part.clear()

    for node in run:
        if isinstance(node, Element) and node.tag == "br":
            breaks += 1
            if breaks == 2:
                finish()
        elif not (isinstance(node, str) and not node.strip() and breaks):
            if breaks == 1 and part:
                part.append(Element("br"))
            breaks = 0
            part.append(node)
    finish()
    return out


def _says_something(node: Element | str) -> bool:
    return bool(node.strip(_BLANKS)) if isinstance(node, str) else any(map(_says_something, node.children))


_BLANKS = "\u00a0\u3000\u200b\ufeff \t\r\n"


def _is_blank(node: Element | str) -> bool:
    return not node.strip(_BLANKS) if isinstance(node, str) else node.tag == "br"


def _source(figure: Element) -> str:
    return next(el.attrs["src"] for el in figure.walk() if el.tag == "img")


def _has_caption(figure: Element) -> bool:
    return any(isinstance(child, Element) and child.tag == "figcaption" for child in figure.children)


def _give_caption(figure: Element, caption: str) -> None:
    if not _has_caption(figure):
        figure.children.append(Element("figcaption", {}, [caption]))


def _as_caption(node: Element, inner: list[Element]) -> str | None:
    """The text of an element that can only be a caption: a single paragraph, all small, or named a caption."""
    if len(inner) != 1 or inner[0].tag != "p":
        return None
    if not _is_named_caption(node):
        for child in inner[0].children:
            if not _is_blank(child) and (isinstance(child, str) or child.tag != "small"):
                return None
    text = collapse(inline_text(inner[0]))
    return text if text and len(text) <= 600 else None


def _is_named_caption(node: Element) -> bool:
    named = f"{node.attrs.get('class', '')} {node.attrs.get('id', '')}" if node.attrs else " "
    return named != " " and _CAPTION_CLASS.search(named.lower()) is not None


def _attach_captions(blocks: list[Element]) -> list[Element]:
    """In a box of its own, one picture and one short paragraph after it are a picture and its caption."""
    if len(blocks) == 2 and blocks[0].tag == "figure" and blocks[1].tag == "p" and not _has_caption(blocks[0]):
        text = collapse(inline_text(blocks[1]))
        if len(text) <= 250:
            _give_caption(blocks[0], text)
            return blocks[:1]
    return blocks


def _is_dateline(paragraph: Element) -> bool:
    last = paragraph.children[-1]
    while isinstance(last, Element) and last.children:
        last = last.children[-1]
    if isinstance(last, str) and last.rstrip(_BLANKS).rstrip()[-1:] not in _DASHES:
        return False  # nearly always
    if len(paragraph.children) > 3 or any(isinstance(c, str) and len(c) > 80 for c in paragraph.children):
        return False
    return bool(_DATELINE.match(inline_text(paragraph)))


def join_datelines(blocks: list[Element]) -> list[Element]:
    """`利马 —` before the first paragraph is that paragraph's beginning."""
    if len(blocks) < 2 or not any(block.tag == "p" and _is_dateline(block) for block in blocks):
        return blocks
    out: list[Element] = []
    for block in blocks:
        before = out[-1] if out else None
        if block.tag == "p" and before and before.tag == "p" and _is_dateline(before):
            first = out.pop()
            while first.children and isinstance(last := first.children[-1], str) and not last.rstrip():
                first.children.pop()
            if first.children and isinstance(last := first.children[-1], str):
                first.children[-1] = last.rstrip()
            out.append(Element("p", {}, [*first.children, " ", *block.children]))
        else:
            out.append(block)
    return out
