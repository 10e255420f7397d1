"""Slack's markup as Markdown."""

from __future__ import annotations

import pytest

from milepost.outward.connectors.sources.mrkdwn import to_markdown

NAMES = {"U1": "amara", "U2": "joao"}


@pytest.mark.parametrize(
    ("mrkdwn", "markdown"),
    [
        ("plain text", "plain text"),
        ("*bold* and _italic_ and ~gone~", "**bold** and _italic_ and ~~gone~~"),
        ("2*3*4 and a*b and * not bold *", "2*3*4 and a*b and * not bold *"),
        ("snake_case_name ~/home ~/other", "snake_case_name ~/home ~/other"),
        ("*two\nlines*", "*two\nlines*"),
        ("<https://example.org/a_b_c~d|the *plan*>", "[the *plan*](https://example.org/a_b_c~d)"),
        ("<https://example.org/a_b>", "<https://example.org/a_b>"),
        ("<https://example.org/x_(y)|a [b]>", r"[a \[b\]](https://example.org/x_%28y%29)"),
        ("<https://example.org/?a=1&amp;b=2>", "<https://example.org/?a=1&b=2>"),
        ("<mailto:a@example.org|a@example.org>", "a@example.org"),
        ("<javascript:alert(1)|click>", "click"),
        ("<@U1> and <@U2|João> and <@U9>", "@amara and @João and @U9"),
        ("<#C1|general> <#C2>", "#general #C2"),
        ("<!here> <!channel|channel> <!subteam^S1|@cooks>", "@here @channel @cooks"),
        ("<!date^1392734382^{date}|18 February>", "18 February"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2 &amp;lt;", "1 < 2 && 3 > 2 &lt;"),
        ("&gt; quoted\nnot", "> quoted\nnot"),
        ("&gt;&gt;&gt; all", "> all"),
        ("`a *b* &lt;c&gt; _d_` *e*", "`a *b* <c> _d_` **e**"),
        ("`<https://example.org|example.org>`", "`example.org`"),
        ("see ```x = *y*\nif x &lt; 1``` now", "see \n```\nx = *y*\nif x < 1\n```\n now"),
        ("```one line```", "`one line`"),
        ("lonely ` tick *bold*", "lonely ` tick **bold**"),
        ("\ue0000\ue001 <@U1>", "0 @amara"),
    ],
)
def test_markup(mrkdwn, markdown):
    assert to_markdown(mrkdwn, lambda key: NAMES.get(key, key), []) == markdown


def test_mentions_are_named_but_not_those_in_code():
    mentions: list[str] = []
    to_markdown("<@U1> <@U2|x> `<@U3>` <@U1>", lambda key: key, mentions)
    assert mentions == ["U1", "U2", "U1"]
