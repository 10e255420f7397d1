"""The pages of conversations: taking part, the map, results, looking after statements; who sees and does what."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from milepost.domain.deliberation import drawing
from milepost.domain.deliberation.models import Conversation, Statement, StatementVote
from milepost.foundation.identity.models import Person
from tests.factories import Cast, make_account, make_cast, make_community, make_conversation, make_goal, make_member
from tests.interfaces.web.test_translatable import bracketed, forgotten  # noqa: F401 (bracketed is a fixture)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def client(person: Person | None) -> Any:
    made = Client()
    if person is not None:
        made.force_login(person.account)
    return made


def base(cast: Cast) -> str:
    return f"/c/{cast.community.slug}/conversations/"


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def crowd(made: Conversation, people: int = 24) -> None:
    """Two camps; everyone has voted on most statements. Written at once, as the pages are what is asked about."""
    for n in range(9):
        made.write(by=None, text=f"Κάτι άλλο, {n}")
    votes = [
        StatementVote(
            community=made.community,
            conversation=made,
            statement=one,
            person=person,
            value=1 if one.number == 1 or (n + one.number) % 2 else -1,
        )
        for n, person in enumerate(make_member(made.community, name=f"Person {n}") for n in range(people))
        for one in made.statements.all()
        if (n * 7 + one.number * 3) % 11
    ]
    StatementVote.objects.bulk_create(votes)
    drawing.draw(made)


def test_one_statement_after_the_other(cast: Cast) -> None:
    made = make_conversation(cast.community, by=cast.ife)
    member, here = client(cast.soraya), f"{base(cast)}{made.slug}/"
    assert made.question in text(member.get(base(cast)))
    for done in range(3):
        page = text(member.get(here))
        assert f"You have voted on {done} of 3 statements." in page
        number = re.search(r'name="statement" value="(\d+)"', page)[1]
        answer = member.post(f"{here}votes/", {"statement": number, "value": "1"})
        assert (answer.status_code, answer.url) == (302, f"{here}#vote")
    assert "You have voted on every statement" in text(member.get(here))
    assert made.votes.filter(person=cast.soraya, value=1).count() == 3
    member.post(f"{here}votes/", {"statement": "1", "value": "-1", "again": "1"})
    assert made.votes.get(person=cast.soraya, statement__number=1).value == -1
    assert "Change your mind" in text(member.get(f"{here}votes/"))


def test_htmx_gets_the_next_statement_alone(cast: Cast) -> None:
    made = make_conversation(cast.community, by=cast.ife)
    answer = client(cast.soraya).post(
        f"{base(cast)}{made.slug}/votes/", {"statement": "1", "value": "0"}, headers={"HX-Request": "true"}
    )
    part = text(answer)
    assert part.lstrip().startswith('<section class="ballot" id="vote"')
    assert "You have voted on 1 of 3 statements." in part
    assert "csrfmiddlewaretoken" in part


@pytest.mark.parametrize(("number", "value"), [("1", "2"), ("one", "1"), ("", ""), ("1", "")])
def test_what_is_no_vote_changes_nothing(cast: Cast, number: str, value: str) -> None:
    made = make_conversation(cast.community, by=cast.ife)
    answer = client(cast.soraya).post(f"{base(cast)}{made.slug}/votes/", {"statement": number, "value": value})
    assert answer.status_code == 302
    assert not made.votes.exists()


def test_a_vote_after_the_end_is_refused_in_words(cast: Cast) -> None:
    made = make_conversation(cast.community, by=cast.ife)
    made.close(by=cast.ife)
    member, here = client(cast.soraya), f"{base(cast)}{made.slug}/"
    answer = member.post(f"{here}votes/", {"statement": "1", "value": "1"}, headers={"referer": here}, follow=True)
    assert "This conversation has ended. What you said before counts." in text(answer)
    assert "Your statement" not in text(member.get(here))


def test_a_statement_too_long_keeps_what_was_typed(cast: Cast) -> None:
    made = make_conversation(cast.community, by=cast.ife)
    member, here = client(cast.soraya), f"{base(cast)}{made.slug}/"
    long = "word " * 2_000
    answer = member.post(f"{here}statements/", {"text": long})
    assert answer.status_code == 422
    assert "A statement has at most 280 letters; this one has 9999." in answer.content.decode()
    assert long.strip() in answer.content.decode()
    assert member.post(f"{here}statements/", {"text": "Tea <b>for</b> everyone"}).status_code == 302
    assert "Tea &lt;b&gt;for&lt;/b&gt; everyone" in text(member.get(f"{here}votes/")) + text(
        client(cast.lan).get(f"{here}moderation/")
    )


def test_asking_a_question_with_its_first_statements(cast: Cast) -> None:
    goal = make_goal(cast.community, title="Fifty gigs")
    given = {
        "question": "Where to?",
        "statements": "To the hall.\n\nTo the pub.\n",
        "goal": goal.pk,
        "until": "2999-01-01",
    }
    answer = client(cast.ife).post(f"{base(cast)}new/", given)
    assert answer.status_code == 302
    made = Conversation.objects.get(question="Where to?")
    assert list(made.statements.values_list("text", flat=True)) == ["To the hall.", "To the pub."]
    assert made.goal == goal
    assert "Fifty gigs" in text(client(cast.soraya).get(base(cast)))
    assert client(cast.ife).post(f"{base(cast)}new/", {"question": ""}).status_code == 422
    assert client(cast.soraya).get(f"{base(cast)}new/").status_code == 403


def test_the_map_in_picture_words_and_table(cast: Cast) -> None:
    made = make_conversation(cast.community, by=cast.ife)
    here = f"{base(cast)}{made.slug}/"
    member = client(cast.soraya)
    assert "The community is too small for a map" in text(member.get(f"{here}map/"))
    crowd(made)
    page = text(member.get(f"{here}map/"))
    assert '<svg class="opinion-map"' in page
    assert "style=" not in page.partition('<svg class="opinion-map"')[2].partition("</svg>")[0]
    assert "Those who answer alike form 2 groups." in page
    assert "What each group says more than the others" in page
    assert "you see where you stand" in page
    for one in made.statements.all():
        one.vote(by=cast.soraya, value=1 if one.number % 2 else -1)
    assert "marked “You”" in text(member.get(f"{here}map/"))


def test_results_as_csv_keep_the_floor_and_no_formula(cast: Cast) -> None:
    made = make_conversation(cast.community, by=cast.ife)
    made.write(by=None, text="=HYPERLINK(1)")
    crowd(made)
    Statement.objects.filter(conversation=made, number=2).update(agree=1, disagree=1, passed=1)
    answer = client(cast.soraya).get(f"{base(cast)}{made.slug}/results.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 13
    assert (rows[1]["agree"], rows[1]["disagree"]) == ("", "")
    assert rows[3]["text"] == "'=HYPERLINK(1)"
    assert int(rows[0]["agree"]) > 15
    assert "group_a_agrees_percent" in rows[0]


def test_a_moderator_takes_statements_out_and_lets_them_in(cast: Cast) -> None:
    made = make_conversation(cast.community, by=cast.ife, looks_first=True)
    theirs = made.write(by=cast.soraya, text="Wait for me.")
    moderator, here = client(cast.mateus), f"{base(cast)}{made.slug}/moderation/"
    assert "Waiting to be looked at" in text(moderator.get(here))
    moderator.post(f"{here}{theirs.number}/")
    theirs.refresh_from_db()
    assert theirs.is_shown
    moderator.post(f"{here}{theirs.number}/", {"hide": "1", "reason": "Names a person"})
    assert "Taken out: Names a person" in text(client(cast.soraya).get(f"{base(cast)}{made.slug}/votes/"))
    for who in (cast.soraya, make_member(make_community(), role="owner")):
        assert client(who).get(here).status_code in {403, 404}
        assert client(who).post(f"{here}{theirs.number}/").status_code in {403, 404}
    other = make_conversation(cast.community, by=cast.lan, question="Whose?")
    assert client(cast.ife).get(f"{base(cast)}{other.slug}/moderation/").status_code == 403


def test_ending_it_and_going_on(cast: Cast) -> None:
    made = make_conversation(cast.community, by=cast.ife)
    url = f"{base(cast)}{made.slug}/closure/"
    assert client(cast.soraya).post(url).status_code == 403
    assert client(cast.ife).post(url).status_code == 302
    made.refresh_from_db()
    assert not made.is_open
    client(cast.ife).post(url, {"back": "1"})
    made.refresh_from_db()
    assert made.is_open


def test_visitors_and_strangers_see_nothing(cast: Cast) -> None:
    made = make_conversation(cast.community, by=cast.ife)
    stranger = make_member(make_community(), role="owner")
    for tail in ("", f"{made.slug}/", f"{made.slug}/map/", f"{made.slug}/votes/", f"{made.slug}/results.csv"):
        for who in (None, stranger):
            answer = client(who).get(base(cast) + tail)
            assert answer.status_code in {302, 404, 403}
            assert made.question not in answer.content.decode()


def test_the_page_asks_few_questions_of_the_database(cast: Cast, django_assert_max_num_queries: Any) -> None:
    made = make_conversation(cast.community, by=cast.ife)
    crowd(made)
    member = client(cast.soraya)
    member.get(base(cast))
    with django_assert_max_num_queries(30):
        member.get(f"{base(cast)}{made.slug}/")
    with django_assert_max_num_queries(30):
        member.get(f"{base(cast)}{made.slug}/map/")


@pytest.mark.usefixtures("bracketed")
def test_every_text_can_be_translated() -> None:
    community = make_community("greek", name="Ανοιχτή Σκηνή", tagline="Μουσική για όλους")
    owner = make_member(community, role="owner", account=make_account(name="Ελένη"), name="Ελένη", handle="eleni")
    made = make_conversation(community, by=owner, question="Πού;", statements=["Εδώ.", "Εκεί."], text="Σκεφτείτε.")
    Conversation.objects.filter(pk=made.pk).update(slug="pou")
    small = make_conversation(community, by=owner, question="Πότε;", statements=[])
    Conversation.objects.filter(pk=small.pk).update(slug="pote")
    crowd(made)
    made.statements.get(number=1).vote(by=owner, value=1)
    made.statements.get(number=2).hide(by=owner, reason="Δύο πράγματα")
    member, start = client(owner), f"/c/{community.slug}/conversations/"
    tails = [
        "",
        "new/",
        *(f"{slug}/{tail}" for slug in ("pou", "pote") for tail in ("", "map/", "votes/", "moderation/")),
    ]
    wrong = {tail: forgotten(text(member.get(start + tail))) for tail in tails}
    assert {tail: words for tail, words in wrong.items() if words} == {}
