"""Damaging an input the way strangers do: cut, repeated, nested, spliced, in another encoding, with odd words in it.

All chance comes from the `Random` that is given, so the same seed number makes the same input again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import deepcopy
from random import Random
from typing import Any

MAX_BYTES = 400_000
"""An input is not longer: most faults show in short ones, and those are tried in a hundredth of the time."""
CHANGES = (1, 1, 1, 1, 2, 3, 6)
"""How many an input gets: with many, most are refused at their first line."""
ENCODINGS = (
    *("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "gb18030", "big5", "shift_jis", "euc-jp"),
    *("cp949", "windows-1251", "koi8-r", "cp1252", "cp874", "iso-8859-6", "cp037"),
)
ODD_NUMBERS = (
    *(b"0", b"-1", b"1e999", b"NaN", b"Infinity", b"007", b"1_0", b"0x10", b"2147483648", b"18446744073709551616"),
    *(b"9" * 40, b"9" * 5000, "٣".encode(), "²".encode(), "１９".encode(), b"1.", b"+5", b""),
)
ODD_TEXTS = tuple(
    text.encode("utf-8", "surrogatepass")
    for text in (
        *("\0", "\x0b", "\x1b", "\x7f", "\x85", "\xa0", "\xad", "\u200b", "\u202e", "\u2028", "\ufeff", "\ufffe"),
        *("\ud800", "\udc00", "\U0010ffff", "\U000e0041", "e\u0301", "İ", "ß", "ﷺ", "👩‍👧", "\r", "\r\n", "\n\n", "\t"),
        *("&#0;", "&#xD800;", "&#1114112;", "&#99999999999;", "&nbsp", "&amp;amp;", "&lt;", "&;", "&x;", "]]>"),
        *("<![CDATA[", "<!--", "-->", "<?", "?>", "<!DOCTYPE x [<!ENTITY x 'y'>]>", "<", ">", "'", '"', "`", "\\"),
        *("%", "%00", "%ff", "{}", "[", "]", "(", ")", "null", "true", "::", "//", "http://", "https://[::1"),
        *("javascript:", "data:,", "../", "?", "#"),
        *("中文", "الميناء", "порт", "港", "ท่าเรือ", "नमस्ते"),
    )
)  # fmt: skip
_TAG = re.compile(rb"<[^<>]{1,300}>")
_NUMBER = re.compile(rb"\d+")
_QUOTED = re.compile(rb'"[^"]{0,2000}"' + rb"|'[^']{0,2000}'|(?<=>)[^<]{1,2000}(?=<)")
_BRACKETS = ((b"[", b"]"), (b"{", b"}"), (b"(", b")"), (b'{"a":', b"}"), (b"<!--", b"-->"), (b"<![CDATA[", b"]]>"))


def mutated(data: bytes, rng: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """The input with one to six changes; `others` are spliced into it, `words` are those of its format."""
    if data[:1] in (b"{", b"[") and rng.random() < 0.8:
        with suppress(ValueError):  # it only begins like JSON
            return _change_members(json.loads(data), rng)
    for _ in range(rng.choice(CHANGES)):
        data = rng.choice(_CHANGES)(data, rng, others, words)[:MAX_BYTES]
    return data


def _change_members(top: Any, rng: Random) -> bytes:
    """JSON with other values, of any type, at some places."""
    for _ in range(rng.choice(CHANGES)):
        places: list[tuple[Any, Any]] = []
        stack = [top]
        while stack:
            value = stack.pop()
            members = list(value.items() if isinstance(value, dict) else enumerate(value))
            places += [(value, name) for name, _ in members]
            stack += [member for _, member in members if isinstance(member, dict | list)]
        if places:
            value, name = rng.choice(places)
            other, other_name = rng.choice(places)
            new = rng.choice((*_ODD_VALUES, other[other_name], [value[name]], {"name": value[name]}))
            value[name] = deepcopy(new)  # a copy, as it may be what it is put into
    return json.dumps(top, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")[:MAX_BYTES]


_ODD_VALUES: tuple[object, ...] = (
    *(
        None,
        True,
        0,
        -1,
        3.5,
        1e300,
        10**30,
        float("nan"),
        float("inf"),
        "",
        " ",
        "\0",
        "\ud800",
        "2026-11-20",
        "x" * 5000,
    ),
    *([], {}, [[]], [None], [3], ["a"], [{}], {"": None}, {"url": 3}, {"name": []}, "http://[", "//", "<p>&#xD800;"),
)


_Change = Callable[[bytes, Random, Sequence[bytes], Sequence[bytes]], bytes]


def _slice(data: bytes, rng: Random) -> tuple[int, int]:
    """A piece of the data: short ones are likelier."""
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + int(rng.expovariate(1 / rng.choice((2, 20, 300, 5000)))))


def _start_tags(data: bytes) -> list[re.Match[bytes]]:
    return [tag for tag in _TAG.finditer(data[:50_000]) if tag[0][1:2].isalpha()]


def _name_of(tag: bytes) -> bytes:
    return re.split(rb"[\s/>]", tag[1:])[0]


def _cut_end(data: bytes, rng: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _remove(data: bytes, rng: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    start, end = _slice(data, rng)
    return data[:start] + data[end:]


def _splice(data: bytes, rng: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """Put a piece of another input in."""
    other, (start, end) = rng.choice(others), _slice(data, rng)
    first, last = _slice(other, rng)
    return data[:start] + other[first:last] + data[end:]


def _cross(data: bytes, rng: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """The beginning of this one, the end of another one."""
    other = rng.choice(others)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _repeat(data: bytes, rng: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    start, end = _slice(data, rng)
    times = rng.choice((2, 3, 10, 100, 3000))
    return data[:start] + data[start:end] * min(times, 1 + MAX_BYTES // max(1, end - start)) + data[end:]


def _repeat_numbered(data: bytes, rng: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """Repeat one to four tags and the texts between them, each time with another id."""
    tags = _start_tags(data)
    if not tags:
        return data
    first = rng.randrange(len(tags))
    start, end = tags[first].start(), tags[min(len(tags) - 1, first + rng.randrange(4))].end()
    name = _name_of(tags[first][0])
    head, rest = b"<" + name, data[start + 1 + len(name) : end]
    times = min(rng.choice((10, 300, 3000)), MAX_BYTES // (end - start + 10))
    return data[:start] + b"".join(b"%s id=%d%s" % (head, number, rest) for number in range(times)) + data[end:]


def _swap(data: bytes, rng: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    a, b, c, d = sorted(rng.randrange(len(data) + 1) for _ in range(4))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def _change_bytes(data: bytes, rng: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(min(len(data), rng.choice((1, 1, 2, 8, 64)))):
        changed[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(changed)


def _flip_bit(data: bytes, rng: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    if not data:
        return data
    changed = bytearray(data)
    changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _insert_text(data: bytes, rng: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    start, end = _slice(data, rng)
    text = rng.choice(ODD_TEXTS) * rng.choice((1, 1, 1, 2, 50))
    return data[:start] + text + data[rng.choice((start, end)) :]


def _insert_word(data: bytes, rng: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    start, end = _slice(data, rng)
    return data[:start] + rng.choice(words or ODD_TEXTS) + data[rng.choice((start, end)) :]


def _replace_match(pattern: re.Pattern[bytes], data: bytes, rng: Random, new: Callable[[bytes], bytes]) -> bytes:
    matches = list(pattern.finditer(data[:50_000]))
    if not matches:
        return data
    match = rng.choice(matches)
    return data[: match.start()] + new(match[0]) + data[match.end() :]


def _change_number(data: bytes, rng: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    return _replace_match(_NUMBER, data, rng, lambda _: rng.choice(ODD_NUMBERS))


def _change_value(data: bytes, rng: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """Another value for an attribute, a JSON string or an element."""

    def change(value: bytes) -> bytes:
        quote = value[:1] if value[:1] in (b'"', b"'") else b""
        new = rng.choice(rng.choice((ODD_TEXTS, ODD_NUMBERS, words or ODD_TEXTS)))
        return rng.choice((b"", quote)) + new + quote

    return _replace_match(_QUOTED, data, rng, change)


def _change_tag(data: bytes, rng: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """Remove, double, close, rename or replace a tag."""
    tags = _TAG.findall(data[:50_000])

    def change(tag: bytes) -> bytes:
        return rng.choice(
            (
                b"",
                tag * 2,
                tag.replace(b"<", b"</", 1),
                tag[:-1] + b"/>",
                tag[:-1],
                rng.choice(tags),
                tag.replace(b"<", b"<x:", 1),
                tag.swapcase(),
            )
        )

    return _replace_match(_TAG, data, rng, change)


def _nest(data: bytes, rng: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """Put a piece into many levels of a tag or of brackets; sometimes they are never closed."""
    start, end = _slice(data, rng)
    tags = _start_tags(data)
    if tags and rng.random() < 0.6:
        opening = rng.choice(tags)[0]
        closing = b"</" + _name_of(opening) + b">"
    else:
        opening, closing = rng.choice(_BRACKETS)
    depth = rng.choice((2, 10, 130, 1100, 20_000))
    depth = min(depth, 1 + MAX_BYTES // (3 * len(opening)))
    return data[:start] + opening * depth + data[start:end] + closing * rng.choice((0, depth, depth)) + data[end:]


def _recode(data: bytes, rng: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """The text in another encoding, or with another one declared, or both."""
    encoding = rng.choice(ENCODINGS)
    if rng.random() < 0.7:
        data = re.sub(rb"(?i)((?:encoding|charset)=[\"']?)[\w-]+", rb"\g<1>" + encoding.encode(), data, count=1)
    if rng.random() < 0.7:
        data = data.decode("utf-8", "replace").encode(encoding, rng.choice(("replace", "xmlcharrefreplace")))
    return data


def _change_space(data: bytes, rng: Random, others: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """Other white space, or none, at some place or everywhere."""
    space = rng.choice((b"", b"\t", b"\n", b"\r", b"\0", b"  ", "\u3000".encode(), b" " * 20_000))
    return data.replace(b" ", space[:2] if len(data) > 5000 else space, rng.choice((1, 3, -1)))


_CHANGES: tuple[_Change, ...] = (
    *(_cut_end, _remove, _splice, _cross, _repeat, _repeat_numbered, _swap, _change_bytes, _flip_bit),
    *(_insert_text, _insert_word, _insert_word, _change_number, _change_value, _change_value, _change_tag),
    *(_nest, _recode, _change_space),
)
