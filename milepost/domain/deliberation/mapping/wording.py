"""The map in words: for screen readers, for those who do not read pictures, and for the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

LETTERS = "ABCDE"


def group_name(group: int) -> str:
    return _("Group %(letter)s") % {"letter": LETTERS[group]}


def told(*, people: int, sizes: list[int], explained: list[float], centres: list[tuple[float, float]]) -> Iterator[str]:
    """How many groups there are, how large, how far apart, and how much of the differences the picture shows."""
    grouped = sum(sizes)
    yield ngettext("%(n)s person has voted.", "%(n)s people have voted.", people) % {"n": f"{people:,}"}
    if grouped < people:
        yield ngettext(
            "%(n)s of them has voted often enough to stand in a group.",
            "%(n)s of them have voted often enough to stand in a group.",
            grouped,
        ) % {"n": f"{grouped:,}"}
    if len(sizes) < 2:
        yield _("Nobody stands apart from the others: there is one group.")
    else:
        yield ngettext(
            "Those who answer alike form %(n)s group.", "Those who answer alike form %(n)s groups.", len(sizes)
        ) % {"n": len(sizes)}
        for group, size in enumerate(sizes):
            yield ngettext(
                "%(group)s has %(n)s person (%(share)s %%).", "%(group)s has %(n)s people (%(share)s %%).", size
            ) % {"group": group_name(group), "n": f"{size:,}", "share": round(100 * size / grouped)}
        if len(sizes) > 2:
            yield _nearest(centres)
    yield _("The picture shows %(share)s %% of how answers differ.") % {"share": round(100 * sum(explained))}


def _nearest(centres: list[tuple[float, float]]) -> str:
    pairs = [
        (round((x - u) ** 2 + (y - v) ** 2, 9), a, b)
        for a, (x, y) in enumerate(centres)
        for b, (u, v) in enumerate(centres)
        if a < b
    ]
    near, far = min(pairs), max(pairs, key=lambda pair: (pair[0], -pair[1], -pair[2]))
    return _("%(a)s and %(b)s answer most alike, %(c)s and %(d)s least.") % {
        "a": group_name(near[1]),
        "b": group_name(near[2]),
        "c": group_name(far[1]),
        "d": group_name(far[2]),
    }


def share_of(votes: int, seen: int) -> int:
    """In whole per cent."""
    return round(100 * votes / seen) if seen else 0


def said(side: str, votes: int, seen: int, text: str, who: str = "") -> str:
    """One statement and how many are for or against it."""
    words: dict[tuple[str, bool], Callable[[], str]] = {
        ("agree", True): lambda: _("%(share)s %% of %(who)s agree: “%(text)s”"),
        ("disagree", True): lambda: _("%(share)s %% of %(who)s disagree: “%(text)s”"),
        ("agree", False): lambda: _("%(share)s %% agree: “%(text)s”"),
        ("disagree", False): lambda: _("%(share)s %% disagree: “%(text)s”"),
    }
    return words[side, bool(who)]() % {"share": share_of(votes, seen), "who": who, "text": text}
