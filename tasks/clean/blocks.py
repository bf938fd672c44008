"""From a tree of HTML to a flat list of blocks: paragraphs, headings, lists, tables, figures with their captions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from html import unescape

from tasks.clean.captions import (
    add_caption,
    add_to_last_figure,
    merge_caption,
    split_figures,
    take_captions,
    without_marker,
)
from tasks.clean.controls import is_filled_in, keep_buttons, readable_blocks, without_buttons, without_controls
from tasks.clean.details import is_about_entry
from tasks.clean.formulas import formula, image_formula, script_formula, wrapped_formula
from tasks.clean.image_tags import image_address, is_emoji, is_lazy, is_tracking_pixel, pixel_size, telling_sources
from tasks.clean.lead_images import is_advert, may_lead
from tasks.clean.links import line_with_links, link_blocks, text_with_links, without_sign
from tasks.clean.lists import list_blocks
from tasks.clean.noscript import Shown
from tasks.clean.paragraphs import BLANKS, bracket_readings, join_datelines, make_paragraphs, phrases
from tasks.clean.players import address_line, embedded_post, played_addresses
from tasks.clean.preformatted import code_of_table, holds_text, lines
from tasks.clean.tables import is_layout, table_rows, unroll_table
from tasks.text import urls
from tasks.text.markup import Element, parse, serialise
from tasks.text.plain import collapse, render
from tasks.text.tags import (
    ATTRIBUTES,
    CONTAINERS,
    DROPPED,
    EMBEDDED,
    HEADINGS,
    IMAGES,
    INLINE,
    STAND_ALONE,
    STRAYS,
    TRANSPARENT,
)
from warehouse.records import ImageRef

MAX_EMOJI_TEXT = 12
"""Characters of an emoji's alternative text; an image with a longer one is an image."""


@dataclass(slots=True)
class _Output:
    """The blocks made so far of an element's children, and the inline content that is not yet a paragraph."""

    builder: BlockBuilder
    blocks: list[Element] = field(default_factory=list)
    inline: list[Element | str] = field(default_factory=list)
    has_slider: bool = False
    shown: Shown | None = None

    def end_paragraph(self) -> None:
        if self.inline:
            paragraphs = make_paragraphs(self.inline)
            self.blocks += without_buttons(paragraphs) if self.builder.has_buttons else paragraphs
            self.inline = []

    def add(self, blocks: Iterable[Element]) -> None:
        self.end_paragraph()
        self.blocks += blocks


@dataclass(slots=True)
class BlockBuilder:
    """Turns a tree into a flat list of blocks. An image becomes a figure, which is a block too."""

    base: str | None
    images: dict[str, ImageRef] = field(default_factory=dict)
    """The images of the figures, by the address in their <img>."""
    lazy: set[str] = field(default_factory=set)
    """The addresses of those that a script shows."""
    path: list[Element] = field(default_factory=list)
    """The element that is being read, and those around it."""
    has_buttons: bool = False
    """Whether a <button> has come."""

    def blocks(self, node: Element) -> list[Element]:
        """The blocks of the node's children."""
        if len(node.children) == 1 and isinstance(text := node.children[0], str):  # most elements that hold a text
            return make_paragraphs([text])
        output = _Output(self)
        for child in node.children:
            if isinstance(child, str):
                if output.inline or child.strip(BLANKS):  # blank text does not begin a paragraph
                    output.inline.append(child)
            else:
                self.path.append(child)
                _ADD.get(child.tag, _add_transparent)(self, child, output)  # others and unknown ones are inline
                self.path.pop()
        output.end_paragraph()
        return without_controls(node, output.blocks) if output.has_slider else output.blocks

    def inline(self, node: Element) -> Element:
        """The inline element with the attributes and children that may stay in it."""
        children: list[Element | str] = []
        for child in node.children:
            if isinstance(child, str):
                children.append(child)
            elif child.tag == "br":
                children.append(Element("br"))
            elif child.tag in IMAGES:  # an emoji or a formula, or _holds_block would have been true
                image = self.image(child)
                if isinstance(image, str):
                    children.append(image)
            elif child.tag in DROPPED or child.tag in EMBEDDED:
                children.append(script_formula(child))
            elif child.tag == "math":
                children.append(formula(child))
            elif child.tag in INLINE:
                children.append(self.inline(child))
            elif child.tag == "button":
                self.has_buttons = True
                children.append(self.inline(child))
            else:
                children.extend(self.transparent(child))
        if node.tag == "ruby":
            children = bracket_readings(children)
        return Element(node.tag, self.inline_attributes(node), children)

    def transparent(self, node: Element) -> list[Element | str]:
        """The inline content of an element that only groups it."""
        if "class" in node.attrs and (math := wrapped_formula(node)):
            return [formula(math)]
        return self.inline(node).children

    def inline_attributes(self, node: Element) -> dict[str, str]:
        if node.tag == "a":
            href = node.attrs.get("href", "")
            if href[:7].lower() == "mailto:":
                return {"href": href}
            absolute = urls.resolve(self.base, href)
            return {"href": urls.without_tracking(urls.unwrap_link(absolute))} if absolute else {}
        if node.attrs and node.tag in ATTRIBUTES:
            return {name: node.attrs[name] for name in ATTRIBUTES[node.tag] if node.attrs.get(name)}
        return {}

    def image(self, img: Element, sources: Iterable[Element] = ()) -> Element | str | None:
        """A figure; the text of an emoji or a formula; None for a tracking pixel or an image without an address."""
        if text := image_formula(img):
            return text
        alt = collapse(img.attrs.get("alt", ""))
        raw = image_address(img, sources)
        if len(alt) <= MAX_EMOJI_TEXT and is_emoji(img, raw or ""):
            return alt or None
        address = urls.resolve(self.base, raw)
        if not address or is_tracking_pixel(img, address):
            return None
        origin, proxy = urls.unwrap_image(address)
        attrs = {"src": origin}
        if alt:
            attrs["alt"] = alt
        width, height = pixel_size(img.attrs.get("width")), pixel_size(img.attrs.get("height"))
        attrs |= {name: str(size) for name, size in (("width", width), ("height", height)) if size}
        if origin not in self.images:
            leads = may_lead(img, origin, (width, height), self.path)
            self.images[origin] = ImageRef(origin, proxy, alt or None, may_lead=leads)
        if is_lazy(img):
            self.lazy.add(origin)
        return Element("figure", {}, [Element("img", attrs)])


# What becomes of a child, by its tag. Each function adds to the output what the child holds.


def _add_dropped(builder: BlockBuilder, node: Element, output: _Output) -> None:
    if text := script_formula(node):
        output.inline.append(text)
    output.has_slider = output.has_slider or node.attrs.get("type") == "range"


def _add_button(builder: BlockBuilder, node: Element, output: _Output) -> None:
    """Add its text as a part of the paragraph around it, which decides whether it stays."""
    builder.has_buttons = True
    if _holds_block(node):
        _add_container(builder, node, output)
    else:
        output.inline.append(builder.inline(node))


def _add_form(builder: BlockBuilder, node: Element, output: _Output) -> None:
    if is_filled_in(node):
        _add_navigation(builder, node, output)
    else:
        _add_container(builder, node, output)


def _add_navigation(builder: BlockBuilder, node: Element, output: _Output) -> None:
    output.add(readable_blocks(builder.blocks(node)))


def _add_dialog(builder: BlockBuilder, node: Element, output: _Output) -> None:
    if "open" in node.attrs:
        _add_container(builder, node, output)


def _add_noscript(builder: BlockBuilder, node: Element, output: _Output) -> None:
    """Add the image or player that a lazy loader hides in <noscript>, unless it came before."""
    output.end_paragraph()
    tree = node
    if all(element.tag != "img" for element in node.walk()):
        tree = parse(unescape(serialise(node.children)))  # parsers for browsers with scripts leave it escaped
    output.shown = output.shown or Shown(output.blocks)
    output.blocks += output.shown.hidden_blocks(builder.blocks(tree), builder.lazy)


def _add_img(builder: BlockBuilder, node: Element, output: _Output) -> None:
    image = builder.image(node)
    if isinstance(image, Element):
        output.add([image])
    elif image:
        output.inline.append(image)


def _add_picture(builder: BlockBuilder, node: Element, output: _Output) -> None:
    output.end_paragraph()
    images = [element for element in node.walk() if element.tag == "img"]
    sources = telling_sources(node, len(images))
    output.blocks += [image for img in images if isinstance(image := builder.image(img, sources), Element)]


def _add_figure(builder: BlockBuilder, node: Element, output: _Output) -> None:
    captions: list[Element] = []
    blocks = builder.blocks(Element("div", {}, take_captions(node, captions)))
    caption_blocks = [without_marker(block) for element in captions for block in builder.blocks(element)]
    caption = line_with_links(caption_blocks, lambda: render(caption_blocks)) if caption_blocks else []
    _, figures = split_figures(blocks)
    if not figures:
        if any(caption):
            blocks.append(Element("p", {}, caption))
    elif any(caption):
        add_caption(figures[-1], caption)
    elif len(blocks) > len(figures):
        blocks = merge_caption(blocks)
    output.add(blocks)


def _add_embedded(builder: BlockBuilder, node: Element, output: _Output) -> None:
    """Add a link to what the player plays; if it states nothing, what is shown instead of it."""
    addresses = (urls.resolve(builder.base, address) for address in played_addresses(node))  # about:blank is none
    address = next(filter(None, addresses), None)
    if address and not (node.tag == "object" and "svg" in node.attrs.get("type", "")):
        if not (is_tracking_pixel(node, address) or is_advert(address)):
            output.add([address_line(address)])
    elif node.tag == "object":
        output.add(builder.blocks(node))
    elif poster := node.attrs.get("poster"):
        _add_img(builder, Element("img", {"src": poster}), output)


def _add_line_break(builder: BlockBuilder, node: Element, output: _Output) -> None:
    output.inline.append(Element("br"))


def _add_inline(builder: BlockBuilder, node: Element, output: _Output) -> None:
    if _holds_block(node):
        _add_container(builder, node, output)
    else:
        output.inline.append(builder.inline(node))


def _add_transparent(builder: BlockBuilder, node: Element, output: _Output) -> None:
    if _holds_block(node):
        _add_container(builder, node, output)
    else:
        output.inline += builder.transparent(node)


def _holds_block(node: Element) -> bool:
    """Whether anything below must be a block: a block, an image that is not an emoji, an embedded player."""
    for element in node.walk():
        if element.tag in STAND_ALONE:
            return True
        if element.tag in IMAGES and not (is_emoji(element, element.attrs.get("src", "")) or image_formula(element)):
            return True
    return False


def _add_container(builder: BlockBuilder, node: Element, output: _Output) -> None:
    output.end_paragraph()
    blocks = readable_blocks(builder.blocks(node)) if is_about_entry(node) else builder.blocks(node)
    if node.tag == "a" and not node.attrs.get("href", "").startswith("#"):
        link_blocks(blocks, builder.inline_attributes(node))
    if not add_to_last_figure(output.blocks, node, blocks):
        output.blocks += merge_caption(blocks)


def _add_paragraph(builder: BlockBuilder, node: Element, output: _Output) -> None:
    output.end_paragraph()
    blocks = builder.blocks(node)
    if not add_to_last_figure(output.blocks, node, blocks):
        output.blocks += blocks


def _add_rule(builder: BlockBuilder, node: Element, output: _Output) -> None:
    output.add([Element("hr")])


def _add_preformatted(builder: BlockBuilder, node: Element, output: _Output) -> None:
    if holds_text(node):
        output.add([Element("pre", {}, text_with_links([node], lambda: lines(node), builder.inline_attributes))])


def _add_heading(builder: BlockBuilder, node: Element, output: _Output) -> None:
    blocks, figures = split_figures(builder.blocks(keep_buttons(without_sign(node))))
    content: list[Element | str] = []
    for phrase in phrases(blocks):
        content += ([" "] if content else []) + phrase
    heading = Element(node.tag, {}, content)
    output.add([heading, *figures] if collapse(heading.text()) else figures)


def _add_quotation(builder: BlockBuilder, node: Element, output: _Output) -> None:
    blocks, figures = split_figures(join_datelines(builder.blocks(node)))
    if not (blocks or figures) and (address := builder.inline_attributes(embedded_post(node)).get("href")):
        output.add([address_line(address)])
    output.add([Element("blockquote", {}, list(blocks)), *figures] if blocks else figures)


def _add_list(builder: BlockBuilder, node: Element, output: _Output) -> None:
    output.add(list_blocks(node, builder.blocks))


def _add_table(builder: BlockBuilder, node: Element, output: _Output) -> None:
    """Add the table's title, the table, then the images in it. A table that only makes a layout is its cells."""
    rows = table_rows(node)
    if code := code_of_table(rows):
        _add_preformatted(builder, code, output)
        return
    if is_layout(node, rows):
        output.add(builder.blocks(unroll_table(node)))
        return
    output.end_paragraph()
    figures: list[Element] = []
    body = [Element("tr", {}, [_table_cell(builder, cell, figures) for cell in row]) for row in rows]
    for child in node.children:
        if isinstance(child, Element) and child.tag == "caption":
            output.blocks += builder.blocks(child)
    output.blocks += [Element("table", {}, [Element("tbody", {}, list(body))]), *figures]


def _table_cell(builder: BlockBuilder, cell: Element, figures: list[Element]) -> Element:
    """The cell with inline content only; its images are added to `figures`."""
    blocks, inner_figures = split_figures(builder.blocks(cell))
    figures += inner_figures
    content: list[Element | str] = []
    for block in blocks:
        nodes = block.children if block.tag == "p" else line_with_links([block], partial(render, [block]))
        if nodes != [""]:
            content += [*([Element("br")] if content else []), *nodes]
    spans = {name: cell.attrs[name] for name in ("colspan", "rowspan") if cell.attrs.get(name, "").isdigit()}
    return Element(cell.tag, spans, content)


def _add_formula(builder: BlockBuilder, node: Element, output: _Output) -> None:
    output.inline.append(formula(node))


def _add_stray(builder: BlockBuilder, node: Element, output: _Output) -> None:
    """Add the blocks of an element outside its parent, such as a <li> outside a list."""
    output.end_paragraph()
    output.blocks += builder.blocks(node)


_Add = Callable[[BlockBuilder, Element, _Output], None]
_ADD: dict[str, _Add] = {
    **dict.fromkeys(CONTAINERS, _add_container),
    **dict.fromkeys(INLINE, _add_inline),
    **dict.fromkeys(TRANSPARENT, _add_transparent),
    **dict.fromkeys(HEADINGS, _add_heading),
    **dict.fromkeys(STRAYS, _add_stray),
    **dict.fromkeys(("ul", "ol", "dl", "menu", "dir"), _add_list),
    **dict.fromkeys(("pre", "xmp", "listing", "plaintext"), _add_preformatted),
    **dict.fromkeys(IMAGES, _add_img),
    **dict.fromkeys(EMBEDDED, _add_embedded),
    **dict.fromkeys(DROPPED, _add_dropped),
    "p": _add_paragraph,
    "br": _add_line_break,
    "math": _add_formula,
    "button": _add_button,
    "form": _add_form,
    "nav": _add_navigation,
    "dialog": _add_dialog,
    "picture": _add_picture,
    "figure": _add_figure,
    "noscript": _add_noscript,
    "blockquote": _add_quotation,
    "hr": _add_rule,
    "table": _add_table,
}
