"""From a proposal to a published resource, and its versions."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from milepost.domain.resources.drafting import LessonDraft, Serving
from milepost.domain.resources.models import Resource, ResourceAuthor, ResourceVersion
from milepost.foundation.activity.models import Activity
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from tests.factories import (
    Cast,
    actor,
    make_cast,
    make_draft,
    make_goal,
    make_member,
    make_milestone,
    make_resource,
    make_value,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def verbs(resource: Resource) -> list[str]:
    return list(Activity.objects.filter(object_id=resource.pk).order_by("pk").values_list("verb", flat=True))


def seen(resource: Resource, who: Any, community: Any = None) -> bool:
    return Resource.objects.visible_to(actor(who, community)).filter(pk=resource.pk).exists()


def test_a_member_proposes_and_a_moderator_publishes(cast: Cast) -> None:
    stone, goal = make_milestone(cast.community), make_goal(cast.community)
    made = make_resource(
        by=cast.soraya, published=False, title="Play  quietly", tags=["Nerves", "#nerves", "stage"], milestones=[stone],
        goals=[goal], values=[make_value(cast.community)], authors=[cast.soraya, cast.ife],
    )  # fmt: skip
    assert (made.slug, made.title, made.is_published) == ("play-quietly", "Play quietly", False)
    assert [tag.slug for tag in made.tags.all()] == ["nerves", "stage"]
    assert [author.person for author in made.authors.all()] == [cast.soraya, cast.ife]
    assert seen(made, cast.soraya)
    assert seen(made, cast.mateus)
    assert not seen(made, make_member(cast.community))
    with pytest.raises(NotAllowed):
        made.publish(by=cast.soraya)
    with pytest.raises(NotAllowed):
        made.publish(by=cast.ife)
    made.publish(by=cast.mateus)
    assert made.is_published
    assert seen(made, make_member(cast.community))
    assert verbs(made) == ["resource.proposed", "resource.published"]
    told = Activity.objects.get(object_id=made.pk, verb="resource.published")
    assert told.identity.person == cast.soraya
    assert AuditEntry.objects.filter(object_id=made.pk, action="resource.published", person=cast.mateus).exists()
    with pytest.raises(Conflict):
        made.publish(by=cast.mateus)


def test_an_ambassador_publishes_what_is_theirs(cast: Cast) -> None:
    made = make_resource(by=cast.ife, published=False)
    made.publish(by=cast.ife)
    assert made.is_published


def test_visitors_see_what_is_open_in_a_public_community_only(cast: Cast) -> None:
    inside, outside = make_resource(cast.community), make_resource(cast.community, access="open")
    assert seen(outside, None, cast.community)
    assert not seen(inside, None, cast.community)
    cast.community.visibility = "members"
    cast.community.save()
    assert not seen(outside, None, cast.community)
    assert not seen(outside, cast.noor, cast.community)


def test_a_change_by_its_writer_waits_and_one_by_a_steward_does_not(cast: Cast) -> None:
    made = make_resource(by=cast.soraya, text="One")
    assert made.change(by=cast.soraya, draft=make_draft(title="Two", text="Two"), after=1) is False
    made.refresh_from_db()
    assert made.title != "Two"
    assert made.version_in_force().text == "One"
    assert made.change(by=cast.lan, draft=make_draft(title="Three", text="Three", note="shorter"), after=1) is True
    assert (made.title, made.version_number, made.version_in_force().text) == ("Three", 3, "Three")
    made.publish(by=cast.lan)
    assert (made.title, made.version_number) == ("Two", 4)
    assert [v.number for v in made.versions.filter(published_at__isnull=False).order_by("number")] == [1, 3, 4]
    made.restore(number=3, by=cast.lan)
    assert (made.title, made.version_number, made.version_in_force().text) == ("Three", 5, "Three")
    with pytest.raises(DomainError):
        made.restore(number=5, by=cast.lan)
    assert verbs(made).count("resource.changed") == 3


def test_two_writers_do_not_write_over_each_other(cast: Cast) -> None:
    made = make_resource(by=cast.soraya, authors=[cast.soraya, cast.ife])
    made.change(by=cast.soraya, draft=make_draft(text="Mine"), after=1)
    with pytest.raises(Conflict):
        made.change(by=cast.ife, draft=make_draft(text="Also mine"), after=1)
    made.change(by=cast.soraya, draft=make_draft(text="Mine, better"), after=1)
    assert made.versions.waiting().get().text == "Mine, better"
    made.publish(by=cast.lan)
    with pytest.raises(Conflict):
        made.change(by=cast.lan, draft=make_draft(), after=1)
    with pytest.raises(NotAllowed):
        made.change(by=make_member(cast.community), draft=make_draft())


def test_what_is_declined_says_why_and_can_be_proposed_again(cast: Cast) -> None:
    made = make_resource(by=cast.soraya, published=False)
    with pytest.raises(DomainError):
        made.decline(by=cast.mateus, reason=" ")
    made.decline(by=cast.mateus, reason="Which cable?")
    assert made.versions.get().declined_because == "Which cable?"
    with pytest.raises(Conflict):
        made.publish(by=cast.mateus)
    made.change(by=cast.soraya, draft=make_draft(text="The long one."))
    made.publish(by=cast.mateus)
    assert made.version_in_force().text == "The long one."


def test_withdrawn_is_not_offered_and_can_come_back(cast: Cast) -> None:
    made = make_resource(by=cast.soraya)
    made.withdraw(by=cast.mateus, reason="Out of date")
    assert not Resource.objects.open_to(actor(cast.soraya)).exists()
    assert AuditEntry.objects.get(action="resource.withdrawn").reason == "Out of date"
    made.bring_back(by=cast.mateus)
    assert Resource.objects.open_to(actor(cast.soraya)).exists()
    with pytest.raises(NotAllowed):
        made.withdraw(by=cast.soraya)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("guide", {"text": "  "}),
        ("guide", {"title": " "}),
        ("guide", {"title": "x" * 161}),
        ("guide", {"text": "x" * 100_001}),
        ("guide", {"minutes": 0}),
        ("link", {"url": "javascript:alert(1)"}),
        ("link", {"url": "ftp://example.org/x"}),
        ("link", {"url": "example.org"}),
        ("link", {"url": "https://exa mple.org"}),
        ("file", {}),
        ("template", {"text": ""}),
        ("course", {"lessons": [LessonDraft("Only one", "Text")]}),
        ("course", {"lessons": [LessonDraft("One", "Text"), LessonDraft("", "Text")]}),
        ("course", {"lessons": [LessonDraft("One", "Text"), LessonDraft("Two", " ")]}),
        ("course", {"lessons": [LessonDraft(str(n), "Text") for n in range(61)]}),
        ("poem", {}),
    ],
)
def test_what_cannot_be_is_refused(cast: Cast, kind: str, fields: dict[str, Any]) -> None:
    with pytest.raises(DomainError):
        make_resource(by=cast.soraya, kind=kind, **fields)
    assert not Resource.objects.exists()


def test_links_stay_in_the_community(cast: Cast) -> None:
    other = make_cast()
    for serving in (
        Serving(milestones=[make_milestone(other.community)]),
        Serving(goals=[make_goal(other.community)]),
        Serving(authors=[other.soraya]),
        Serving(access="nobody"),
        Serving(tags=["one two", "!!"]),
        Serving(tags=[f"tag {n}" for n in range(9)]),
    ):
        with pytest.raises(DomainError):
            Resource.propose(community=cast.community, by=cast.soraya, draft=make_draft(), serving=serving)
    with pytest.raises(NotAllowed):
        Resource.propose(community=cast.community, by=other.soraya, draft=make_draft(), serving=Serving())
    assert not Resource.objects.exists()
    assert not ResourceAuthor.objects.exists()


def test_proposals_of_one_member_are_limited(cast: Cast) -> None:
    for _n in range(10):
        make_resource(by=cast.soraya, published=False)
    with pytest.raises(DomainError):
        make_resource(by=cast.soraya)
    make_resource(by=cast.ife)


def test_lessons_keep_their_ids(cast: Cast) -> None:
    course = make_resource(by=cast.lan, kind="course")
    first, second = course.version_in_force().lessons
    assert course.minutes == 10
    lessons = [
        LessonDraft("Play", "Stand up.", 10, id=second["id"]),
        LessonDraft("New", "Bow."),
        LessonDraft("Forged", "Text", id="00000000-0000-0000-0000-000000000001"),
        LessonDraft("Twice", "Text", id=second["id"]),
    ]
    course.change(by=cast.lan, draft=make_draft("course", lessons=lessons))
    ids = course.version_in_force().lesson_ids
    assert ids[0] == second["id"]
    assert len(set(ids)) == 4
    assert "00000000-0000-0000-0000-000000000001" not in ids
    back = [LessonDraft("Listen", "Again.", id=first["id"]), LessonDraft("Play", "Stand.", id=second["id"])]
    course.change(by=cast.lan, draft=make_draft("course", lessons=back))
    assert course.version_in_force().lesson_ids == [first["id"], second["id"]]


# --- files --------------------------------------------------------------------------------------------


def picture() -> SimpleUploadedFile:
    out, where = io.BytesIO(), Image.Exif()
    where[270] = "at home"
    Image.new("RGB", (40, 30), "red").save(out, "JPEG", exif=where)
    return SimpleUploadedFile("stage.png", out.getvalue())


def test_a_file_is_typed_by_its_content_and_pictures_are_written_anew(cast: Cast) -> None:
    made = make_resource(by=cast.soraya, kind="file", file=picture())
    version = made.version_in_force()
    assert (version.file_name, version.media_type) == ("stage.jpg", "image/jpeg")
    with default_storage.open(version.file.name) as file:
        kept = file.read()
    assert len(kept) == version.size
    assert b"at home" not in kept
    made.change(by=cast.lan, draft=make_draft("file", title="The same file"))
    assert made.version_in_force().file.name == version.file.name
    with pytest.raises(DomainError):
        made.change(by=cast.lan, draft=make_draft("guide"))


@pytest.mark.parametrize(
    "file",
    [
        SimpleUploadedFile("a.pdf", b"<html><script>alert(1)</script>"),
        SimpleUploadedFile("a.svg", b"<svg onload='x()'/>"),
        SimpleUploadedFile("a.exe", b"MZ\x90\0\x03\0"),
        SimpleUploadedFile("a.txt", b""),
    ],
)
def test_active_content_is_refused_and_nothing_is_left(cast: Cast, file: SimpleUploadedFile) -> None:
    with pytest.raises(DomainError):
        make_resource(by=cast.soraya, kind="file", file=file)
    assert not ResourceVersion.objects.exists()


def test_macros_and_bombs_are_refused(cast: Cast) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
        archive.writestr("word/vbaProject.bin", "x")
    with pytest.raises(DomainError):
        make_resource(by=cast.soraya, kind="file", file=SimpleUploadedFile("a.docx", out.getvalue()))
    bomb = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 200_000
    with pytest.raises(DomainError):
        make_resource(by=cast.soraya, kind="file", file=SimpleUploadedFile("small.png", bomb.getvalue()))


def test_a_file_goes_again_where_the_change_fails(cast: Cast) -> None:
    def names() -> set[Path]:
        return {path for path in (Path(settings.MEDIA_ROOT) / "resources").rglob("*") if path.is_file()}

    make_resource(by=cast.soraya, kind="file", file=ContentFile(b"la", name="kept.txt"))
    before = names()
    assert before
    with pytest.raises(DomainError):
        Resource.propose(
            community=cast.community,
            by=cast.soraya,
            draft=make_draft("file", file=ContentFile(b"la la", name="song.txt")),
            serving=Serving(tags=["!!"]),
        )
    assert names() == before
