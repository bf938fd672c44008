from __future__ import annotations

import pytest

from tests.tasks.clean.cleaning import clean_fragment, text_of


@pytest.mark.parametrize(
    ("math", "text"),
    [
        ("<mi>e</mi><mo>=</mo><mi>m</mi>", "e=m"),
        ("<msup><mn>10</mn><mn>6</mn></msup>", "10^6"),
        ("<msup><mi>e</mi><mrow><mi>k</mi><mi>t</mi></mrow></msup>", "e^(kt)"),
        ("<msup><mi>s</mi><mrow><mo>-</mo><mn>2</mn></mrow></msup>", "s^-2"),
        ("<msub><mi>x</mi><mn>1</mn></msub>", "x_1"),
        ("<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>", "x_1^2"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>", "(a+b)/2"),
        ("<msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt>", "√(x+1)"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", "x^(1/3)"),
        ("<mi>f</mi><mo>&#x2061;</mo><mi>x</mi>", "fx"),
        (
            "<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>0</mn></mtd></mtr><mtr><mtd><mn>0</mn></mtd></mtr></mtable>",
            "1, 0; 0",
        ),
        ("\n <mi>a</mi>\n <mo>=</mo>\n <mi>b</mi>\n", "a=b"),
        ("<semantics><mi>x</mi><annotation-xml><ci>x</ci></annotation-xml></semantics>", "x"),
        ('<semantics><mi>x</mi><annotation encoding="application/x-tex">\\frac12</annotation></semantics>', "\\frac12"),
        (
            "<semantics><mi>x</mi><annotation encoding='MathType'>zz</annotation>"
            "<annotation encoding='TeX'>x^2</annotation></semantics>",
            "x^2",
        ),
        ("<mi>x</mi><mtext><style>p{}</style></mtext>", "x"),
    ],
)
def test_mathml(math: str, text: str) -> None:
    assert text_of(f"<p>As <math>{math}</math> says.</p>") == f"As {text} says."
    assert text_of(f"As <b><math>{math}</math></b> says.") == f"As {text} says."


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<math alttext="r = 2"><mi>r</mi></math>', "r = 2"),
        ('<math alttext="{\\displaystyle E=mc^{2}}"></math>', "E=mc^{2}"),
        ('<math display="block"><mi>x</mi></math>', "x"),
        # KaTeX and Wikipedia write a formula twice
        (
            '<span class="katex"><span class="katex-mathml"><math><mi>d</mi></math></span>'
            '<span class="katex-html" aria-hidden="true"><span>d</span></span></span>',
            "d",
        ),
        ('<span class="katex"><span class="katex-html"><span>d</span></span></span>', "d"),
        (
            '<span class="mwe-math-element"><span class="a"><math alttext="{\\displaystyle d}"></math></span>'
            '<img class="mwe-math-fallback-image-inline" src="/math/render/svg/1" alt="{\\displaystyle d}"></span>',
            "d",
        ),
        # images of formulas
        ('<img class="latex" src="https://quay.example/latex.php?latex=d" alt="d">', "d"),
        ('<a href="/d"><img src="https://latex.codecogs.com/gif.latex?d" alt="d"></a>', "d"),
        # what waits for MathJax, as kramdown writes it
        ('<script type="math/tex">d</script>', "d"),
        ('<em><script type="math/tex; mode=display">d</script></em>', "d"),
    ],
)
def test_other_formulas(html: str, text: str) -> None:
    content = clean_fragment(f"<p>The axis {html} is long.</p>")
    assert content.text == f"The axis {text} is long."
    assert content.images == ()


def test_an_image_without_a_text_is_an_image() -> None:
    assert len(clean_fragment('<p>As <img src="https://latex.codecogs.com/gif.latex?d"> says.</p>').images) == 1
