"""The pages of resources: for visitors, members, writers and those who decide."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from milepost.domain.resources.models import Completion, Rating, Resource
from milepost.engines.milestones import helping
from milepost.foundation.identity.models import Person
from milepost.interfaces.web.resources import rows
from tests.factories import (
    Cast,
    actor,
    make_cast,
    make_goal,
    make_milestone,
    make_opportunity,
    make_resource,
    make_value,
)

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
    return f"/c/{cast.community.slug}/resources/"


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def test_the_list_shows_what_the_reader_may_use(cast: Cast) -> None:
    stone = make_milestone(cast.community, name="First gig")
    inside = make_resource(cast.community, title="For members", milestones=[stone], tags=["Nerves"], minutes=20)
    make_resource(cast.community, title="For all", kind="link", access="open")
    make_resource(cast.community, title="Not yet", published=False)
    inside.finish(by=cast.soraya)
    inside.rate(by=cast.soraya, stars=4)
    page = text(client(cast.soraya).get(base(cast)))
    assert "For members" in page
    assert "For all" in page
    assert "Not yet" not in page
    assert "★ 4 of 5, 1 rating" in page
    assert "you finished it" in page
    seen = text(Client().get(base(cast)))
    assert "For all" in seen
    assert "For members" not in seen
    for query, shown in (
        ("?kind=link", "For all"),
        (f"?milestone={stone.slug}", "For members"),
        ("?tag=nerves", "For members"),
        ("?q=members", "For members"),
    ):
        page = text(client(cast.ife).get(base(cast) + query))
        hidden = "For all" if shown == "For members" else "For members"
        assert shown in page
        assert hidden not in page
    assert "Nothing fits all of this" in text(client(cast.ife).get(base(cast) + "?q=zzz&kind=%00&tag=%00"))


def test_an_empty_list_teaches_and_names_what_is_missing(cast: Cast) -> None:
    make_milestone(cast.community, name="First tour", slug="first-tour")
    page = text(client(cast.soraya).get(base(cast)))
    assert "Nothing is here yet" in page
    assert "resources/new/?milestone=first-tour" in page
    assert "resources/new/" not in text(Client().get(base(cast)))


def test_one_resource(cast: Cast) -> None:
    stone, goal = make_milestone(cast.community), make_goal(cast.community)
    made = make_resource(
        cast.community,
        text="# Breathe\n\n<script>alert(1)</script> *slowly*",
        milestones=[stone],
        goals=[goal],
        values=[make_value(cast.community, name="Kindness")],
        authors=[cast.ife],
        credit="Ann Other",
        tags=["Breath"],
    )
    page = text(client(cast.soraya).get(f"{base(cast)}{made.slug}/"))
    for shown in ("<em>slowly</em>", stone.name, goal.title, "Kindness", cast.ife.name, "Ann Other", "#Breath"):
        assert shown in page
    assert "<script>alert" not in page
    assert Client().get(f"{base(cast)}{made.slug}/").status_code == 404
    other = make_cast()
    assert client(other.lan).get(f"{base(cast)}{made.slug}/").status_code == 404


def test_a_member_proposes_and_a_moderator_decides(cast: Cast) -> None:
    stone = make_milestone(cast.community, slug="first-gig")
    writer = client(cast.soraya)
    assert "A guide" in text(writer.get(f"{base(cast)}new/?milestone=first-gig"))
    form = text(writer.get(f"{base(cast)}new/?kind=guide&milestone=first-gig"))
    assert "@soraya" in form
    assert "checked" in form
    assert "Publish it" not in form
    sent = {
        "title": "Play quietly", "text": "Listen first.", "authors": "@soraya, ife", "tags": "Nerves, stage",
        "access": "open", "milestones": [str(stone.pk)], "publish": "1",
    }  # fmt: skip
    assert writer.post(f"{base(cast)}new/?kind=guide", sent).status_code == 403
    del sent["publish"]
    assert writer.post(f"{base(cast)}new/?kind=guide", sent | {"authors": "@nobody"}).status_code == 422
    assert writer.post(f"{base(cast)}new/?kind=guide", sent | {"tags": "!!"}).status_code == 422
    assert not Resource.objects.exists()
    answer = writer.post(f"{base(cast)}new/?kind=guide", sent)
    made = Resource.objects.get()
    assert answer.url == f"{base(cast)}{made.slug}/"
    assert [author.person for author in made.authors.all()] == [cast.soraya, cast.ife]
    assert "It waits for a steward" in text(writer.get(answer.url))
    assert client(cast.ife).get(f"{answer.url}decision/").status_code == 403
    moderator = client(cast.mateus)
    assert "Play quietly" in text(moderator.get(f"/c/{cast.community.slug}/desk/resources/"))
    assert "Listen first." in text(moderator.get(f"{answer.url}decision/"))
    assert moderator.post(f"{answer.url}decision/", {"decline": "1"}).status_code == 422
    moderator.post(f"{answer.url}decision/", {"decline": "1", "reason": "To whom?"})
    assert "To whom?" in text(writer.get(answer.url))
    again = sent | {"title": "Play quietly", "text": "Listen to each other first.", "after": "0"}
    writer.post(f"{answer.url}change/", again)
    moderator.post(f"{answer.url}decision/")
    made.refresh_from_db()
    assert made.is_published
    assert made.version_in_force().text == "Listen to each other first."
    assert writer.get(f"/c/{cast.community.slug}/desk/resources/").status_code == 403


def test_changes_versions_and_bringing_back(cast: Cast) -> None:
    made = make_resource(by=cast.soraya, text="One", tags=["kept"])
    url = f"{base(cast)}{made.slug}/"
    steward, writer = client(cast.lan), client(cast.soraya)
    form = text(writer.get(f"{url}change/"))
    assert "Tags" not in form
    writer.post(f"{url}change/", {"title": made.title, "text": "Two", "after": "1"})
    assert "A change waits for a decision" in text(writer.get(url))
    assert "A change waits" not in text(client(cast.ife).get(url))
    assert "Two" not in text(client(cast.ife).get(url))
    steward.post(f"{url}decision/")
    assert "Two" in text(client(cast.ife).get(url))
    late = steward.post(f"{url}change/", {"title": "x", "text": "Three", "access": "members", "after": "1"})
    assert late.status_code == 422
    assert "Three" in late.content.decode()
    history = text(writer.get(f"{url}history/"))
    assert "Version 1" in history
    assert "Bring it back" not in history
    assert "One" in text(writer.get(f"{url}history/1/"))
    assert writer.post(f"{url}history/1/restoration/").status_code == 403
    steward.post(f"{url}history/1/restoration/")
    made.refresh_from_db()
    assert made.version_in_force().text == "One"
    assert [tag.slug for tag in made.tags.all()] == ["kept"]
    assert client(cast.ife).get(f"{url}change/").status_code == 403


def test_withdrawing_asks_once_and_can_be_undone(cast: Cast) -> None:
    made = make_resource(by=cast.soraya)
    url, steward = f"{base(cast)}{made.slug}/", client(cast.lan)
    assert "Withdraw" in text(steward.get(f"{url}withdrawal/"))
    steward.post(f"{url}withdrawal/")
    assert client(cast.ife).get(url).status_code == 404
    assert "withdrawn" in text(client(cast.soraya).get(url))
    steward.post(f"{url}withdrawal/", {"back": "1"})
    assert "withdrawn" not in text(client(cast.ife).get(url))
    assert client(cast.soraya).post(f"{url}withdrawal/").status_code == 403


def lessons(*titles: str, more: bool = False) -> dict[str, str]:
    data = {"lessons-TOTAL_FORMS": str(len(titles)), "lessons-INITIAL_FORMS": "0"}
    for n, title in enumerate(titles):
        data |= {f"lessons-{n}-title": title, f"lessons-{n}-text": f"Do {title}." if title else ""}
        data |= {f"lessons-{n}-ORDER": str(len(titles) - n)}
    return data | ({"more": "1"} if more else {})


def test_a_course_from_writing_to_the_last_lesson(cast: Cast) -> None:
    steward, learner = client(cast.lan), client(cast.soraya)
    sent = {"title": "To the stage", "text": "", "authors": "", "tags": "", "access": "members", "publish": "1"}
    longer = steward.post(f"{base(cast)}new/?kind=course", sent | lessons("Stand", "Sit", more=True))
    page = text(longer)
    assert "Lesson 3" in page
    assert "form-errors" not in page
    assert "Stand" in page
    assert steward.post(f"{base(cast)}new/?kind=course", sent | lessons("Alone", "")).status_code == 422
    steward.post(f"{base(cast)}new/?kind=course", sent | lessons("Stand", "Sit", ""))
    course = Resource.objects.get()
    first, second = course.version_in_force().lessons
    assert (first["title"], second["title"]) == ("Sit", "Stand")
    url = f"{base(cast)}{course.slug}/"
    assert "Begin" in text(learner.get(url))
    lesson = f"{url}lessons/{first['id']}/"
    assert "Do Sit." in text(learner.get(lesson))
    assert learner.post(lesson).url == f"{url}lessons/{second['id']}/"
    assert "Go on with" in text(learner.get(base(cast)))
    assert "1 of 2" in text(learner.get(base(cast)))
    assert learner.post(f"{url}lessons/{second['id']}/").url == url
    assert Completion.objects.get().person == cast.soraya
    assert "You finished it" in text(learner.get(url))
    learner.post(lesson, {"back": "1"})
    assert not Completion.objects.exists()
    assert learner.get(f"{url}lessons/{uuid.uuid4()}/").status_code == 404
    form = text(steward.get(f"{url}change/"))
    assert first["id"] in form
    assert "Do Stand." in form


def test_finishing_and_rating(cast: Cast) -> None:
    made = make_resource(by=cast.lan, authors=[cast.lan])
    url, reader = f"{base(cast)}{made.slug}/", client(cast.soraya)
    assert reader.get(f"{url}rating/").url == url
    reader.post(f"{url}completion/")
    assert "Rate it" in text(reader.get(url))
    assert reader.post(f"{url}rating/", {"stars": "9"}).status_code == 422
    reader.post(f"{url}rating/", {"stars": "5", "comment": "It stopped the <b>shaking</b>."})
    page = text(client(cast.ife).get(url))
    assert "It stopped the &lt;b&gt;shaking" in page
    assert "Soraya" in page
    assert "Remove this rating" not in page
    assert "Remove this rating" in text(client(cast.mateus).get(url))
    assert "Soraya Haddad" in text(client(cast.mateus).get(f"{url}people/"))
    assert client(cast.ife).get(f"{url}people/").status_code == 403
    client(cast.mateus).post(f"{url}ratings/{cast.soraya.pk}/removal/")
    assert not Rating.objects.exists()
    reader.post(f"{url}rating/", {"stars": "2", "comment": ""})
    reader.post(f"{url}rating/", {"remove": "1"})
    assert not Rating.objects.exists()
    reader.post(f"{url}completion/", {"back": "1"})
    assert not Completion.objects.exists()


# --- files --------------------------------------------------------------------------------------------


def test_files_are_sent_to_who_may_see_the_resource(cast: Cast) -> None:
    sent = {"title": "Sheet", "text": "", "authors": "", "tags": "", "access": "members", "publish": "1"}
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    client(cast.lan).post(
        f"{base(cast)}new/?kind=file", sent | {"file": SimpleUploadedFile("plan.png", out.getvalue())}
    )
    made = Resource.objects.get()
    url = f"{base(cast)}{made.slug}/"
    answer = client(cast.soraya).get(f"{url}file/")
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert b"".join(answer.streaming_content).startswith(b"\x89PNG")
    assert Client().get(f"{url}file/").status_code == 404
    assert client(cast.soraya).get(f"{url}file/?version=7").status_code == 404
    text(client(cast.soraya).get(url))
    waiting = make_resource(
        by=cast.soraya, kind="file", published=False, file=ContentFile(b"a,b\n1,2\n", name="table.csv")
    )
    url = f"{base(cast)}{waiting.slug}/"
    assert client(cast.ife).get(f"{url}file/").status_code == 404
    answer = client(cast.mateus).get(f"{url}file/?waiting")
    assert "attachment" in answer["Content-Disposition"]
    assert b"".join(answer.streaming_content) == b"a,b\n1,2\n"
    text(client(cast.mateus).get(f"{url}decision/"))


def test_a_templates_text_can_be_taken_along(cast: Cast) -> None:
    made = make_resource(cast.community, kind="template", title="Letter to a venue", text="Dear {name}")
    answer = client(cast.soraya).get(f"{base(cast)}{made.slug}/text/")
    assert answer.content == b"Dear {name}"
    assert "letter-to-a-venue.md" in answer["Content-Disposition"]
    guide = make_resource(cast.community, kind="link")
    assert client(cast.soraya).get(f"{base(cast)}{guide.slug}/text/").status_code == 404


class Unread(io.BytesIO):
    """A body that must not be touched."""

    def read(self, *_args: Any) -> bytes:
        raise AssertionError("a byte of it was read")


def test_two_gigabytes_are_refused_before_a_byte_is_read(cast: Cast) -> None:
    from django.conf import settings

    for address in (f"{base(cast)}new/?kind=file", f"{base(cast)}{make_resource(by=cast.lan).slug}/change/"):
        asking = client(cast.lan)
        environ = {
            "CONTENT_TYPE": "multipart/form-data; boundary=x",
            "CONTENT_LENGTH": str(2 * 2**30),
            "wsgi.input": Unread(),
        }
        answer = asking.generic("POST", address, **environ)
        assert answer.status_code == 413
        assert "too large" in answer.content.decode()
    assert settings.UPLOAD_LIMIT < 2 * 2**30


def test_a_bomb_is_said_in_the_form(cast: Cast) -> None:
    bomb = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    sent = {"title": "Sheet", "text": "", "authors": "", "tags": "", "access": "members"}
    answer = client(cast.soraya).post(
        f"{base(cast)}new/?kind=file", sent | {"file": SimpleUploadedFile("small.png", bomb.getvalue())}
    )
    assert answer.status_code == 422
    assert "too many pixels" in answer.content.decode()
    assert not Resource.objects.exists()


def test_what_helps_has_addresses(cast: Cast) -> None:
    stone = make_milestone(cast.community)
    make_resource(cast.community, milestones=[stone], minutes=75)
    make_opportunity(cast.community, milestone=stone)
    found = helping.helping(actor(cast.soraya), [stone.pk])[stone.pk]
    shown = rows.help_rows(cast.community, found)
    assert [one["detail"] for one in shown] == ["1 h 15", "30 min"]
    for one in shown:
        text(client(cast.soraya).get(one["url"]))


def test_milestones_and_goals_show_what_helps(cast: Cast) -> None:
    stone, goal = make_milestone(cast.community), make_goal(cast.community)
    make_resource(cast.community, title="For both", milestones=[stone], goals=[goal])
    make_opportunity(cast.community, title="Fold chairs", milestone=stone, goal=goal)
    for path in (f"milestones/{stone.slug}/", f"goals/{goal.slug}/"):
        address = f"/c/{cast.community.slug}/{path}"
        page = text(client(cast.soraya).get(address))
        assert "For both" in page
        assert "Fold chairs" in page
        strangers = text(Client().get(address))
        assert "For both" not in strangers
        assert "Fold chairs" not in strangers
