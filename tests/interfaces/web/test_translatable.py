"""A pseudo-locale: whatever gettext gives out stands in brackets, and all content is Greek. Latin letters outside of brackets
on a page are text that nobody can translate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils.translation.trans_real import CONTEXT_SEPARATOR, DjangoTranslation

from milepost.domain.resources.models import Resource
from milepost.domain.work.models import Opportunity
from milepost.foundation.identity.models import Person
from milepost.interfaces.web import times
from tests.factories import (
    make_account,
    make_award,
    make_charter,
    make_community,
    make_goal,
    make_member,
    make_milestone,
    make_opportunity,
    make_post,
    make_praise,
    make_profile,
    make_reaction,
    make_resource,
    make_space,
    make_thread,
    make_value,
)

pytestmark = pytest.mark.django_db

SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-confirm", "aria-description")
"""Attributes that people read or hear."""
SILENT = {"script", "style", "template", "code"}
UNTRANSLATED = re.compile(r"[A-Za-z]{2,}(?:['’ ,.:]+[A-Za-z]+)*")
NAMES = re.compile(
    r"@\S+|\S+@\S+|https?://\S+|JPEG|PNG|GIF|WebP|Slack|Discord|Discourse|Milepost|Deutsch|English|\b(?:am|pm)\b|\*\*bold\*\*"
)
"""What is a name in every language: of people, addresses, formats and products."""
TAILS = [
    "",
    "mission/",
    "goals/",
    "milestones/",
    "moments/",
    "people/",
    "spaces/",
    "log/",
    "desk/",
    "settings/",
    "search/",
    "me/",
    "resources/",
    "resources/new/",
    "resources/new/?kind=course",
    "resources/new/?kind=file",
    "opportunities/",
    "opportunities/new/",
    "desk/resources/",
    "desk/opportunities/",
    "coverage/",
    "coverage/proti/",
]


class Readable(HTMLParser):
    """The texts of a page, each with where it stands."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.texts += [given[name] or "" for name in SPOKEN if name in given]
        if tag == "input" and given.get("type") in {"submit", "button"}:
            self.texts.append(given.get("value") or "")
        # The names of time zones are places' keys.
        if tag in SILENT or (tag == "select" and "zone" in (given.get("name") or "")):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.open:
            self.texts.append(data)


def outside(text: str) -> str:
    """What stands in no bracket; brackets may hold brackets, where one translated text stands in another."""
    depth, kept = 0, []
    for letter in text:
        depth += (letter == "⟦") - (letter == "⟧")
        kept.append(letter if depth == 0 and letter != "⟧" else " ")
    return "".join(kept)


def forgotten(html: str) -> list[str]:
    page = Readable()
    page.feed(html)
    # One text may begin in brackets and end after markup: the page is read as a whole.
    return sorted({found.strip() for found in UNTRANSLATED.findall(NAMES.sub(" ", outside("\n".join(page.texts))))})


@pytest.fixture
def bracketed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def one(_self: Any, message: str) -> str:
        return f"⟦{message.rpartition(CONTEXT_SEPARATOR)[2]}⟧"

    def many(self: Any, single: str, plural: str, number: int) -> str:
        return one(self, single if number == 1 else plural)

    # Words that were kept before, or are kept now, are of the other gettext.
    cache.clear()
    times._formatted.cache_clear()
    monkeypatch.setattr(DjangoTranslation, "gettext", one)
    monkeypatch.setattr(DjangoTranslation, "ngettext", many)
    yield
    cache.clear()
    times._formatted.cache_clear()


@pytest.fixture
def owner() -> Person:
    """The owner of a Greek community that has something of each kind."""
    community = make_community("greek", name="Ανοιχτή Σκηνή", tagline="Μουσική για όλους")
    account = make_account("eleni@example.org", name="Ελένη Δούκα")
    owner = make_member(community, role="owner", account=account, name="Ελένη Δούκα", handle="eleni")
    other = make_member(community, name="Νίκος Βάρδας", handle="nikos")
    make_profile(owner, headline="Φωνή", about="Τραγουδώ.", place="Πάτρα")
    make_charter(
        community,
        mission="Ώσπου κάθε τραγούδι να έχει σκηνή.",
        vision="Όλοι μαζί.",
        agreements="- Ακούμε.",
        rationale="Μαζί.",
    )
    value = make_value(community, name="Μαζί", meaning="Κανείς μόνος.", slug="mazi")
    stone = make_milestone(community, name="Πρώτη συναυλία", why="Έπαιξες.", slug="proti")
    make_goal(community, title="Εκατό σκηνές", why="Για όλους.", value=value, milestone=stone, slug="ekato")
    make_award(other, stone, evidence="Σαράντα άνθρωποι.")
    make_praise(owner, other, words="Ευχαριστώ.")
    space = make_space(community, name="Εξοπλισμός", purpose="Δανείζουμε.", slug="gear")
    thread = make_thread(space, author=other, title="Ποιο μικρόφωνο;", text="Χάνεται η φωνή μου.")
    make_reaction(make_post(thread, author=owner, text="Ένα μικρό."), by=other)
    guide = make_resource(by=other, title="Ανάσα", summary="Ήρεμα.", text="Αργά.", milestones=[stone], tags=["άγχος"])
    Resource.objects.filter(pk=guide.pk).update(slug="anasa")
    guide.finish(by=owner)
    guide.rate(by=owner, stars=4, comment="Καλό.")
    make_resource(by=other, title="Σχέδιο", summary="", text="Όχι ακόμη.", published=False)
    asked = make_opportunity(by=other, title="Καρέκλες", text="Δέκα.", milestone=stone, skills=["χέρια"], needed=3)
    Opportunity.objects.filter(pk=asked.pk).update(slug="karekles")
    asked.take(by=owner)
    return owner


def test_brackets_are_read_as_such() -> None:
    assert forgotten("<p>⟦Hello ⟦you⟧⟧ Ελένη @eleni</p><script>let a</script>") == []
    assert forgotten('<p title="Left out">⟦a⟧ and b</p>') == ["Left out", "and b"]


def test_every_text_of_a_community_can_be_translated(client: Client, owner: Person, bracketed: None) -> None:
    base = f"/c/{owner.community.slug}/"
    assert owner.account is not None
    client.force_login(owner.account)
    reading = _thread_of(owner, base)
    named = ["resources/anasa/", "resources/anasa/history/", "resources/anasa/rating/", "opportunities/karekles/"]
    addresses = [
        *(base + tail for tail in [*TAILS, *named]),
        f"{base}people/eleni/",
        f"{base}spaces/gear/",
        reading,
        "/accounts/",
    ]
    wrong = {address: forgotten(_page(client, address)) for address in addresses}
    assert {address: texts for address, texts in wrong.items() if texts} == {}


@pytest.mark.parametrize(
    "address", ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/c/greek/", "/c/no/"]
)
def test_every_text_for_strangers_can_be_translated(
    client: Client, owner: Person, bracketed: None, address: str
) -> None:
    assert forgotten(_page(client, address)) == []


def _thread_of(owner: Person, base: str) -> str:
    from milepost.domain.spaces.models import Thread

    thread = Thread.objects.get(community=owner.community)
    return f"{base}spaces/gear/{thread.pk}/"


def _page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code in {200, 404}, address
    return answer.content.decode()
