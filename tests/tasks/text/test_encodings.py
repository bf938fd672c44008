"""The encoding of a document, whatever it declares, and what a damaged byte costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text.encodings import to_utf8, usual_encoding

TEXTS = {
    "gb18030": "末班轮渡冬季照开，夜班工人不必再拼车。票价保持不变。",
    "big5hkscs": "末班輪渡冬季照開，夜班工人不必再拼車。票價保持不變。",
    "cp932": "冬の間も最終の船は運航される。運賃は変わらない。①",
    "euc_jp": "冬の間も最終の船は運航される。運賃は変わらない。",
    "cp949": "겨울에도 마지막 배는 운항한다. 요금은 그대로다.",
    "cp1251": "Последний паром ходит и зимой. Цена билета не изменится.",
    "koi8-r": "Последний паром ходит и зимой. Цена билета не изменится.",
    "cp1253": "Το τελευταίο πλοίο θα εκτελεί δρομολόγια και τον χειμώνα.",
    "cp1255": "המעבורת האחרונה תפעל גם בחורף.",
    "cp1256": "ستعمل العبارة الأخيرة في الشتاء أيضا.",
    "cp874": "เรือข้ามฟากเที่ยวสุดท้ายจะให้บริการในฤดูหนาวด้วย",
    "cp1254": "Son vapur kışın da çalışacak.",
    "cp1250": "Ostatni prom będzie kursował także zimą.",
    "cp1252": "Le dernier bac naviguera l’hiver ; les élèves l’espéraient déjà.",
}
ENCODINGS = pytest.mark.parametrize("encoding", TEXTS)


def xml(text: str, declared: str | None = None, top: str = "") -> str:
    declaration = f' encoding="{declared}"' if declared else ""
    return f'<?xml version="1.0"{declaration}?><rss><channel>{top}<title>{text}</title></channel></rss>'


@ENCODINGS
def test_the_declared_encoding_holds(encoding: str) -> None:
    document = xml(TEXTS[encoding], encoding)
    assert to_utf8(document.encode(encoding)).decode() == document
    undeclared = xml(TEXTS[encoding])
    assert to_utf8(undeclared.encode(encoding), f"text/xml; charset={encoding}").decode() == undeclared


@ENCODINGS
@pytest.mark.parametrize("length", [2, 100])
def test_utf8_is_read_as_utf8_whatever_is_declared(encoding: str, length: int) -> None:
    document = xml(TEXTS[encoding][:length], encoding)
    assert to_utf8(document.encode()).decode() == document
    assert to_utf8(document.encode(), f"text/xml; charset={encoding}").decode() == document


@pytest.mark.parametrize("declared", ["utf-16", "UTF-16LE", "ucs-2", "utf-7", "zlib", "idna", "unicode_escape", "none"])
@pytest.mark.parametrize("text", ["Причал открыт", "port fermé"])
def test_an_encoding_that_can_not_be_that_of_the_bytes_is_ignored(declared: str, text: str) -> None:
    assert to_utf8(xml(text, declared).encode()).decode() == xml(text, declared)
    legacy = xml("Причал открыт", declared, "<language>ru</language>")
    assert to_utf8(legacy.encode("cp1251")).decode() == legacy


@ENCODINGS
@pytest.mark.parametrize("byte", [b"\xff", b"\x80", b"\xc3"])
def test_one_invalid_byte_garbles_nothing_else(encoding: str, byte: bytes) -> None:
    start, end = xml(TEXTS[encoding] + "|", encoding).split("|")
    damaged = to_utf8(start.encode() + byte + end.encode()).decode()
    assert damaged == f"{start}\ufffd{end}"
    damaged = to_utf8(start.encode(encoding) + byte + end.encode(encoding)).decode()
    assert damaged.startswith(start)
    assert damaged.endswith(end[1:])  # two bytes may be a character, such as 0xC3 and the next


def test_a_cut_off_title_in_an_english_feed() -> None:
    assert to_utf8(xml("Café… cut |", "utf-8").encode().replace(b"|", b"\xc3")).decode() == xml(
        "Café… cut \ufffd", "utf-8"
    )


@ENCODINGS
def test_a_document_of_another_encoding_that_says_it_is_utf8_is_read_in_the_usual_one_of_its_language(
    encoding: str,
) -> None:
    languages = {"gb18030": "zh-CN", "big5hkscs": "zh_TW", "cp932": "ja", "cp949": "ko-KR", "cp1251": "uk"}
    languages |= {"cp1253": "el", "cp1255": "he", "cp1256": "ar-EG", "cp874": "th", "cp1254": "tr", "cp1250": "pl"}
    language = languages.get(encoding)
    if encoding not in ("euc_jp", "koi8-r"):  # not the usual ones
        document = xml(TEXTS[encoding], "utf-8")
        assert to_utf8(document.encode(encoding), "application/xml", language).decode() == document
        document = xml(TEXTS[encoding], top=f"<language>{language or 'fr'}</language>")
        assert to_utf8(document.encode(encoding)).decode() == document


@pytest.mark.parametrize("encoding", ["gb18030", "big5hkscs", "cp949", "koi8-r", "cp1251", "cp874"])
def test_an_undeclared_encoding_shows_by_the_letters_of_a_longer_text(encoding: str) -> None:
    document = xml(TEXTS[encoding] * 3)
    assert to_utf8(document.encode(encoding)).decode() == document


def test_a_document_with_few_letters_that_are_not_ascii_is_western() -> None:
    document = xml("Garçon ! Encore déjà vu, à l’hôtel.")
    assert to_utf8(document.encode("cp1252")).decode() == document


def test_what_servers_say_of_everything_is_less_than_what_a_document_says() -> None:
    document = xml("Причал открыт", "windows-1251")
    assert to_utf8(document.encode("cp1251"), "text/xml; charset=ISO-8859-1").decode() == document
    assert to_utf8(document.encode("koi8-r"), "text/xml; charset=koi8-r").decode() == document


@pytest.mark.parametrize("alias", ["x-sjis", "Shift_JIS", "windows-31j"])
def test_names_that_python_does_not_know(alias: str) -> None:
    document = xml("㈱港①", alias)
    assert to_utf8(document.encode("cp932")).decode() == document


def test_an_encoding_of_ascii_bytes() -> None:
    assert "冬季の船" in to_utf8(xml("冬季の船", "iso-2022-jp").encode("iso2022_jp")).decode()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_utf16_and_utf32_show_by_their_first_bytes(encoding: str, mark: str) -> None:
    document = xml("Причал 𠮷", "windows-1251")
    assert to_utf8((mark + document).encode(encoding)).decode() == document


def test_an_emoji_in_two_halves_is_one_character() -> None:
    halves = "😀🎣".encode("utf-16-le").decode("utf-16-le").encode("utf-16-be")
    cesu8 = "".join(chr(int.from_bytes(halves[at : at + 2])) for at in range(0, 8, 2)).encode("utf-8", "surrogatepass")
    assert to_utf8(xml("At the quay |").encode().replace(b"|", cesu8)).decode() == xml("At the quay 😀🎣")
    assert (
        to_utf8(xml("Été |").encode().replace(b"|", cesu8[:3])).decode().startswith(xml("Été ").partition("<title>")[0])
    )


@given(st.text(), st.integers(0, 40))
def test_the_end_may_cut_off_a_character(text: str, cut: int) -> None:
    data = f"<a>é{text}".encode("utf-8", "replace")
    assert data.startswith(to_utf8(data[: max(5, len(data) - cut)]))


def test_openings_without_an_end_are_read_once() -> None:
    assert to_utf8(b"\xe9t" * 50 + b"<" * 1_000_000).decode() == "ét" * 50 + "<" * 1_000_000


@given(st.binary(max_size=200), st.sampled_from(["", "text/xml; charset=gb2312", "charset=\xa0", "charset=utf-16"]))
def test_any_bytes_give_utf8(data: bytes, content_type: str) -> None:
    for start in (b"", b"<?xml encoding='shift_jis'?>", b"<?xml encoding='utf-8'?>\xc3\xa9"):
        to_utf8(start + data, content_type, "zh").decode()


def test_the_usual_encoding_of_a_language() -> None:
    assert [usual_encoding(tag) for tag in ("zh-Hant", "zh_TW", "zh-SG", "en", None)] == [
        *("big5hkscs", "big5hkscs", "gb18030", None, None)
    ]
