"""HTML of mails and posts as Markdown."""

from __future__ import annotations

import time

import pytest

from milepost.outward.connectors.sources.html import to_markdown


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("no tags &amp; &eacute;", "no tags & é"),
        ("<p>One</p>\n<p>Two<br>three</p>", "One\n\nTwo\nthree"),
        ("<p>a <b>bold</b>, <em>soft</em>, <del>gone</del></p>", "a **bold**, *soft*, ~~gone~~"),
        ('<a href="https://example.org/a b">here</a>', "[here](https://example.org/a%20b)"),
        ('<a href="https://example.org">https://example.org</a>', "https://example.org"),
        ('<a href="javascript:alert(1)">click</a>', "click"),
        ("<ul><li>one</li><li>two<ul><li>deep</li></ul></li></ul>", "- one\n- two\n  - deep"),
        ("<ol><li>one</li><li><p>two</p></li></ol>", "1. one\n2. two"),
        ("<pre><code>x &lt; 1\n  y</code></pre>", "```\nx < 1\n  y\n```"),
        ("<p>use <code>a*b</code></p>", "use `a*b`"),
        ("<blockquote><p>one</p><p>two</p></blockquote><p>me</p>", "> one\n>\n> two\n\nme"),
        ("<h2>Title</h2>text", "## Title\n\ntext"),
        ('<img class="emoji" title=":smile:" alt=":smile:" src="/x.png">', ":smile:"),
        ('<img src="https://example.org/p.png" alt="A bed">', "[A bed](https://example.org/p.png)"),
        ("<head><title>x</title><style>p{}</style></head><body>hi<script>1<2</script></body>", "hi"),
        ("<!-- hidden --> shown <!-- open", "shown"),
        ('<p title="a > b">x</p>', "x"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\n c"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
    ],
)
def test_markdown(html, markdown):
    assert to_markdown(html)[0] == markdown


def test_mentions_and_a_base():
    text, names = to_markdown(
        '<p><a class="mention" href="/u/amara">@amara</a> <a href="/t/1">topic</a></p>', "https://f.example.org"
    )
    assert (text, names) == ("@amara [topic](https://f.example.org/t/1)", ["amara"])


@pytest.mark.parametrize(
    "evil", ["<" * 100_000, "<a " * 50_000, "<a b='" * 30_000, "<!--" * 50_000, "<blockquote>" * 5_000]
)
def test_hostile_html_takes_no_long_time(evil):
    begun = time.process_time()
    to_markdown(evil)
    # Not a measure of speed: a backtracking pattern would take minutes.
    assert time.process_time() - begun < 20
