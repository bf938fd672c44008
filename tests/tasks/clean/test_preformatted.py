from __future__ import annotations

import pytest

from tests.tasks.clean.cleaning import text_of

CODE = "if open:\n    sail()\n\nwait()"


@pytest.mark.parametrize(
    "html",
    [
        f"<pre>{CODE}</pre>",
        f"<pre>\n{CODE}\n</pre>",
        f"<pre><code>{CODE}\n</code></pre>",
        "<pre>if open:<br>    sail()<br><br/>wait()</pre>",
        "<pre><div>if open:</div><div>    sail()</div><div><br></div><div>wait()</div></pre>",
        "<pre><p>if open:</p>\n<p>    sail()</p>\n\n<p>wait()</p></pre>",
        "<pre><ol><li>if open:</li><li>    sail()</li><li><br></li><li>wait()</li></ol></pre>",
        # WeChat
        "<pre><code>if open:</code><code>    sail()</code><code><br></code><code>wait()</code></pre>",
        # Shiki, with and without line ends
        '<pre><code><span class="line">if open:</span>\n<span class="line">    sail()</span>\n'
        '<span class="line"></span>\n<span class="line">wait()</span></code></pre>',
        '<pre><span class="line"><b>if</b> open:</span><span class="line">    sail()</span>'
        '<span class="line"><br></span><span class="line">wait()</span></pre>',
        # Chroma: numbers in the lines
        '<pre><span class="line"><span class="ln">1</span>if open:\n</span><span class="line"><span class="ln">2</span>'
        '    sail()\n</span><span class="ln">3</span>\n<span class="ln">4</span>wait()</pre>',
        # Rouge, Hexo: two cells with a <pre> each
        f'<table><tr><td class="gutter"><pre>1\n2\n3\n4</pre></td><td class="code"><pre>{CODE}</pre></td></tr></table>',
        f"<table><tr><td><pre>7\n8\n9\n10</pre></td><td><pre>{CODE}</pre></td></tr></table>",
        f'<pre><code><table><tbody><tr><td class="gutter gl"><pre class="lineno">1\n2\n3\n4\n</pre></td>'
        f'<td class="code"><pre>{CODE}\n</pre></td></tr></tbody></table></code></pre>',
        # GitHub: a row for each line
        '<table><tr><td class="blob-num" data-line-number="1"></td><td class="blob-code">if open:</td></tr>'
        '<tr><td class="blob-num" data-line-number="2"></td><td class="blob-code">    sail()</td></tr>'
        '<tr><td class="blob-num" data-line-number="3"></td><td class="blob-code"><br></td></tr>'
        '<tr><td class="blob-num" data-line-number="4"></td><td class="blob-code">wait()</td></tr></table>',
        "<pre><table><tr><td>1</td><td>if open:</td></tr><tr><td>2</td><td>    sail()</td></tr>"
        "<tr><td>3</td><td><br></td></tr><tr><td>4</td><td>wait()</td></tr></table></pre>",
        # SyntaxHighlighter, Crayon: no <pre> at all
        '<table><tr><td class="gutter"><div class="line">1</div><div class="line">2</div></td><td class="code">'
        '<div class="container"><div class="line"><code>if</code> <code>open:</code></div><div class="line">'
        '<code>    sail()</code></div><div class="line"><br></div><div class="line"><code>wait()</code></div></div>'
        "</td></tr></table>",
        "<pre><button>Copy</button><style>p{}</style>if open:\n    sail()\n\nwait()</pre>",
        f"<listing>{CODE}</listing>",
    ],
)
def test_code_keeps_its_lines(html: str) -> None:
    assert text_of(html) == CODE
    assert text_of(f"<p>One.</p>{html}<p>Two.</p>") == f"One.\n\n{CODE}\n\nTwo."


@pytest.mark.parametrize(
    ("html", "text"),
    [
        # numbers that are no lines'
        ("<table><tr><td>1</td><td>Oda</td></tr><tr><td>2</td><td>Ana</td></tr></table>", "1 | Oda\n2 | Ana"),
        (
            "<table><tr><td>9</td><td><pre>a</pre></td></tr><tr><td>4</td><td><pre>b</pre></td></tr></table>",
            "9 | a\n4 | b",
        ),
        ("<pre>1\n2\n3</pre>", "1\n2\n3"),
        ('<pre><span class="line">1</span>\n<span class="line">2</span></pre>', "1\n2"),
    ],
)
def test_numbers_that_number_no_lines_stay(html: str, text: str) -> None:
    assert text_of(html) == text
