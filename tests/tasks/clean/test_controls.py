from __future__ import annotations

import pytest

from tests.tasks.clean.cleaning import clean_fragment, text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        # a part of a sentence
        ("<p>Press the <button>Save</button> button.</p>", "Press the Save button."),
        ("<p>To begin, press <b><button>Start</button></b></p>", "To begin, press Start"),
        ("<button>Start</button> begins the tour.", "Start begins the tour."),
        ("<ul><li>Press <button>A</button> or <button>B</button>.</li></ul>", "- Press A or B."),
        ("<p>按<button>保存</button>键即可。</p>", "按保存键即可。"),
        # a sentence
        ("<button>The gate opens at nine.</button>", "The gate opens at nine."),
        (
            "<button><p>The gate opens at nine.</p><p>It closes at ten.</p></button>",
            "The gate opens at nine.\n\nIt closes at ten.",
        ),
        # what unfolds
        ("<h3><button>When?</button></h3><p>At nine.</p>", "### When?\n\nAt nine."),
        # to be pressed
        ("<p>The gate opens. <button>Read more</button></p>", "The gate opens."),
        ("<p>The gate opens.</p><button>Share</button> <button>Print</button>", "The gate opens."),
        ("<p>The gate opens.</p><div><button><a href='/x'>View</a></button></div>", "The gate opens."),
        ("<p>大门开了。</p><button>分享</button>", "大门开了。"),
    ],
)
def test_buttons(html: str, text: str) -> None:
    content = clean_fragment(html)
    assert content.text == text
    assert "<button" not in content.html


def test_a_button_is_no_caption() -> None:
    (image,) = clean_fragment('<p>One.</p><div><img src="/a.jpg"><button>Share</button></div>').images
    assert image.caption is None


SENTENCES = "<p>The ferry sails at nine every day.</p><h2>Boats</h2><p>Two boats wait.</p>"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        # around the article, as ASP.NET makes it
        (
            f'<form><input type="hidden" name="s">{SENTENCES}</form>',
            "The ferry sails at nine every day.\n\n## Boats\n\nTwo boats wait.",
        ),
        # to be filled in
        (
            '<p>One.</p><form><h2>Subscribe</h2><label>Name</label><input name="n"><button>Send</button></form>',
            "One.",
        ),
        (
            '<form><p>Which ferry do you take to work?</p><label><input type="radio"> North</label>'
            "<input type=submit></form>",
            "Which ferry do you take to work?",
        ),
        ("<p>One.</p><form><select><option>North<option>South</select></form>", "One."),
        # a menu, and what is in its place
        (
            '<p>One.</p><nav><ul><li><a href="/a">Home</a><li><a href="/b">Our boats sail daily.</a></ul></nav>',
            "One.",
        ),
        ("<nav><p>The ferry sails at nine every day.</p></nav>", "The ferry sails at nine every day."),
        ("<p>One.</p><nav>Page 1 of 2</nav>", "One."),
        ("<nav><p>渡轮每天早上九点开船。</p></nav>", "渡轮每天早上九点开船。"),
        # shown, and hidden
        ("<p>One.</p><dialog open>The ferry is late.</dialog>", "One.\n\nThe ferry is late."),
        ("<p>One.</p><dialog>The ferry is late.</dialog>", "One."),
        ("<fieldset><legend>Tides</legend>High at nine.</fieldset>", "Tides\n\nHigh at nine."),
        ("<menu><li>Soup</li><li>Fish</li></menu>", "- Soup\n- Fish"),
        ("<dir><li>Soup<li>Fish</dir>", "- Soup\n- Fish"),
        ("<menu><li><button>Copy</button></li></menu><p>One.</p>", "One."),
    ],
)
def test_forms_and_menus(html: str, text: str) -> None:
    assert text_of(html) == text


@pytest.mark.parametrize(("end", "buttons"), [("", ""), (" at ", "b" * 20_000)])
def test_the_text_before_many_buttons_is_read_once(end: str, buttons: str) -> None:
    """In the product of their lengths, this would take an hour."""
    html = f"<p>The gate opens{'.' * 1_000_000}{end}{'<button>b</button>' * 20_000}</p>"
    assert text_of(html) == f"The gate opens{'.' * 1_000_000}{end}{buttons}"


def test_images_of_a_form() -> None:
    """Mailchimp's badge under "Subscribe" is none of the article's."""
    form = '<p>One.</p><form><input name="n">{}<img src="/a.jpg"></form>'
    assert clean_fragment(form.format("")).images == ()
    assert len(clean_fragment(form.format("<p>The ferry sails at nine.</p>")).images) == 1


def test_a_players_bar_is_no_text() -> None:
    """Ghost writes one below each recording and film."""
    bar = (
        "<div><button><svg></svg></button><span>0:00</span><div>/<span>0:44</span></div><input type='range' value=0>"
        "<button>1×</button></div>"
    )
    assert text_of(f"<p>The gate.</p><div><div>The sound of the quay</div>{bar}</div>") == (
        "The gate.\n\nThe sound of the quay"
    )
    assert text_of("<p>Move <input type='range'> and look</p>") == "Move and look"
