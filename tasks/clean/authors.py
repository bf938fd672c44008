"""The names of an article's authors: without addresses, ids and placeholders; and a byline's persons one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from tasks.text.plain import collapse

MAX_LENGTH = 100_000
"""Characters of an author that are read: some papers have thousands of authors."""
MOST = 0.8
"""The share of a list's parts that must be names of persons."""

_EMAIL = (
    r"(?<![@\w.+'-])(?:mailto:)?[\w.+'-]{1,64}@(?:[\w-]{1,63}\.){1,9}\w{2,}(?:\?subject=\S*)?"
    # written so that no robot reads it: ann (at) quay (dot) example
    r"|(?<![\w.+-])[\w.+-]{1,64}\s?[\[({]\s?at\s?[\])}]\s?[\w-]{1,63}"
    r"(?:(?:\s?[\[({]\s?dot\s?[\])}]\s?| dot |\.)\w+){1,9}"
    r"|(?<![\w.+-])[\w.+-]{1,64} at [\w-]{1,63}(?: dot \w+){1,9}"
    r"|\[email\s*protected\]"
)
_EMAIL_IN_BRACKETS = re.compile(rf"[(<\[{{]?(?:{_EMAIL})[)>\]}}]?", re.IGNORECASE)
_HIDDEN = re.compile(
    r"(?:e-?mail )?(?:hidden|private|protected|redacted|withheld|masked|no-?reply|do-?not-?reply|no-?spam|no-?mail)"
    r"|no-?body|e-?mail|invalid|none?|null|nil|undefined|unknown|n/a|\[?object object\]?",
    re.IGNORECASE,
)
"""What producers write where there is no name, or in the place of an address."""
_EMPTY_BRACKETS = re.compile(r"[(<\[{]\s*[)>\]}]")
_ONLY_BRACKETS = re.compile(r"\(([^()]*)\)")
_IN_BRACKETS = re.compile(r"\s*\(([^()]*)\)$")
_MASKED = re.compile(r"(\S{1,64})\s*\(([^()]+)\)")
"""RSS 2.0 has an author as `address (name)`. In some feeds another word stands in the place of the address."""
_MASK = re.compile(
    r"some(?:one|body)|anon(?:ymous)?|user|address|mail|me|info|admin|webmaster|editors?|rss|feed|contact|test|x+|\*+|\.+",
    re.IGNORECASE,
)
_MARKS = ' \u3000,;|·<>"'
_ADDRESS_OR_ID = re.compile(
    r"(?:https?:)?//\S+|/\S+|(?:user|author)?[ _-]?u?id[ :#=_-]{0,3}\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"^(?:[Bb][Yy]:?\s+(?=[^\W\d_a-z])|作者\s*[:：]\s*|文\s*[/／|｜]\s*)")

_SEPARATOR = re.compile(r"(?<!&amp)\s*[;；、]\s*")
"""Separates authors wherever it stands."""
_WEAK_SEPARATOR = re.compile(r"\s*[,，|/／]\s*(?:(?:and|&)\s+)?|\s+(?:and|&|und|et|y|e|og|och|en|ja|i|и|和|與|与)\s+")
"""Separates authors if what it separates are names of persons: "Quay and Sons", "Brandt, Oda" are one author each."""
_AND_OTHERS = re.compile(r"\s*,?\s*(?:(?:and|&)\s+(?:more|others)|et al\.?|等)$", re.IGNORECASE)
_PARTICLES = "de|da|do|das|dos|del|della|di|du|des|la|le|van|von|der|den|ter|ten|zu|zur|el|al|bin|ibn|ben|af|av"
_PERSON = re.compile(rf"(?:(?:[^\W\d_a-z]|[a-z]['’])[\w.'’-]*(?:\s+(?:(?:{_PARTICLES})\s+)*(?=\S)|$)){{2,5}}")
_HAN_NAME = re.compile("[\u4e00-\u9fff·]{2,4}")
_POSITION = re.compile(
    r"\b(?:editor|reporter|correspondent|staff|writer|director|professor|photographer|columnist|contributor|critic|"
    r"producer|president|minister|analyst|fellow|redaktion|redacción|rédaction)s?\b",
    re.IGNORECASE,
)


def clean_names(given: Iterable[str]) -> tuple[str, ...]:
    """Each author's name once, as the feed writes it. `given` are names without markup."""
    names: dict[str, str] = {}
    for text in given:
        for name in _names_in(text[:MAX_LENGTH]):
            names.setdefault(name.casefold(), name)
    return tuple(names.values())


@lru_cache(maxsize=128)  # a site's articles have few authors
def _names_in(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(_clean_name, _split_at_addresses(collapse(text)))))


def _split_at_addresses(text: str) -> list[str]:
    """The text, or where it has several addresses the texts between them: "Ann (ann@…), Bo (bo@…)" are two authors."""
    parts = _EMAIL_IN_BRACKETS.split(text)
    return [part.strip(_MARKS) for part in parts] if len(parts) > 2 else [text]


def _clean_name(text: str) -> str:
    """The name in a text such as "ann@quay.example (Ann Brandt)"; "" if there is none."""
    # each run of white space as one space, which U+2003 is not for `collapse`, nor what stood around brackets: the
    # patterns try each part of a run, and 3 kB of it took 11 s
    bare = " ".join(_EMPTY_BRACKETS.sub("", _EMAIL_IN_BRACKETS.sub("", text)).split())
    if only := _ONLY_BRACKETS.fullmatch(bare):
        bare = only[1]
    if (masked := _MASKED.fullmatch(bare)) and (
        _HIDDEN.fullmatch(masked[1]) or _MASK.fullmatch(masked[1]) or (masked[1].islower() and _is_person(masked[2]))
    ):
        bare = masked[2]
    if (bracketed := _IN_BRACKETS.search(bare)) and _HIDDEN.fullmatch(bracketed[1].strip()):
        bare = bare[: bracketed.start()]
    name = _PREFIX.sub("", bare).strip(_MARKS)
    if _HIDDEN.fullmatch(name) or _ADDRESS_OR_ID.fullmatch(name) or not any(map(str.isalpha, name)):
        return ""
    return name


def split_names(names: Iterable[str]) -> tuple[str, ...]:
    """The persons among the names one by one: of "Oda Brandt, Ana Reis and Li Wei", three."""
    persons: dict[str, str] = {}
    for name in names:
        for part in _SEPARATOR.split(name):
            for person in _split_weakly(part):
                persons.setdefault(person.casefold(), person)
    return tuple(persons.values())


def _split_weakly(name: str) -> list[str]:
    whole = _AND_OTHERS.sub("", name)
    parts = [part for part in _WEAK_SEPARATOR.split(whole) if part]
    if len(parts) > 1 and sum(map(_is_person, parts)) >= MOST * len(parts):
        return parts
    return [name] if name else []


def _is_person(name: str) -> bool:
    if _HAN_NAME.fullmatch(name):
        return True
    return bool(_PERSON.fullmatch(name)) and not _POSITION.search(name)
