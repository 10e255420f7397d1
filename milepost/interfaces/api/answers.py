"""What operations answer, and how rows become answers."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from pydantic import Field

from milepost.domain.spaces.models import Post, Space, Thread
from milepost.foundation.activity import registry
from milepost.foundation.activity.models import Activity
from milepost.foundation.common.ids import NO_ID
from milepost.foundation.identity.models import Community, Identity, Person

from .routing import Told


class CommunityTold(Told):
    slug: str
    name: str
    tagline: str
    visibility: str
    join_policy: str
    language: str
    time_zone: str
    part_of: str | None = Field(description="The slug of the community that this one is a part of")
    created_at: datetime.datetime

    @classmethod
    def of(cls, row: Community) -> CommunityTold:
        return cls(
            slug=row.slug,
            name=row.name,
            tagline=row.tagline,
            visibility=row.visibility,
            join_policy=row.join_policy,
            language=row.language,
            time_zone=row.time_zone,
            part_of=row.parent.slug if row.parent else None,
            created_at=row.created_at,
        )


class PersonTold(Told):
    """A member who is listed: they claimed themselves, or are an organisation."""

    id: uuid.UUID
    name: str
    handle: str
    kind: str
    role: str
    audience: str
    joined_at: datetime.datetime
    paused: bool
    headline: str
    about: str
    place: str
    pronouns: str
    link: str

    @classmethod
    def of(cls, row: Person) -> PersonTold:
        profile = getattr(row, "profile", None)
        return cls(
            id=row.pk,
            name=row.name,
            handle=row.handle,
            kind=row.kind,
            role=row.membership.role,
            audience=row.membership.audience,
            joined_at=row.membership.joined_at,
            paused=row.membership.paused_at is not None,
            headline=profile.headline if profile else "",
            about=profile.about if profile else "",
            place=profile.place if profile else "",
            pronouns=profile.pronouns if profile else "",
            link=profile.link if profile else "",
        )


class WhoTold(Told):
    """Who acted. `person` is null for someone who is known from another system only."""

    name: str
    source: str
    person: uuid.UUID | None

    @classmethod
    def of(cls, row: Identity | None) -> WhoTold | None:
        if row is None:
            return None
        person = row.person
        shown = person.is_public
        return cls(name=person.name if shown else row.name, source=row.source, person=person.pk if shown else None)


class ActivityTold(Told):
    """One thing that happened."""

    id: int
    verb: str
    label: str = Field(description="The verb in words")
    by: WhoTold | None
    to: WhoTold | None
    object_kind: str
    object_id: uuid.UUID | None
    space_id: uuid.UUID | None
    quantity: str | None = Field(description="A decimal number, in the verb's unit")
    happened_at: datetime.datetime
    recorded_at: datetime.datetime
    backfilled: bool = Field(description="Whether it came as history")
    source: str
    source_key: str | None = Field(description="For stewards only")
    data: dict[str, Any] = Field(description="For stewards only")

    @classmethod
    def of(cls, row: Activity, *, everything: bool) -> ActivityTold:
        verb = registry.verbs().get(row.verb)
        return cls(
            id=row.pk,
            verb=row.verb,
            label=str(verb.label) if verb else row.verb,
            by=WhoTold.of(row.identity),
            to=WhoTold.of(row.other) if everything or (row.other and row.other.person.is_public) else None,
            object_kind=row.object_kind,
            object_id=_id(row.object_id),
            space_id=_id(row.space_id),
            quantity=None if row.quantity is None else f"{row.quantity:f}",
            happened_at=row.happened_at,
            recorded_at=row.recorded_at,
            backfilled=row.backfilled,
            source=row.source,
            source_key=row.source_key if everything else None,
            data=row.data if everything and isinstance(row.data, dict) else {},
        )


def _id(value: uuid.UUID) -> uuid.UUID | None:
    return None if value == NO_ID else value


class VerbTold(Told):
    verb: str
    label: str
    external: bool = Field(description="Whether tools may write it")


class SpaceTold(Told):
    id: uuid.UUID
    slug: str
    name: str
    purpose: str
    kind: str
    takes_posts: bool
    goal_id: uuid.UUID | None
    value_id: uuid.UUID | None
    threads: int
    posts: int
    last_post_at: datetime.datetime | None
    created_at: datetime.datetime

    @classmethod
    def of(cls, row: Space) -> SpaceTold:
        return cls(
            id=row.pk,
            slug=row.slug,
            name=row.name,
            purpose=row.purpose,
            kind=row.kind,
            takes_posts=row.takes_posts,
            goal_id=row.goal_id,
            value_id=row.value_id,
            threads=row.thread_count,
            posts=row.post_count,
            last_post_at=row.last_post_at,
            created_at=row.created_at,
        )


class ThreadTold(Told):
    id: uuid.UUID
    space: str = Field(description="The space's slug")
    title: str
    by: WhoTold | None
    tags: list[str]
    goal_id: uuid.UUID | None
    value_id: uuid.UUID | None
    posts: int
    started_at: datetime.datetime
    last_post_at: datetime.datetime
    pinned: bool
    closed: bool

    @classmethod
    def of(cls, row: Thread) -> ThreadTold:
        return cls(
            id=row.pk,
            space=row.space.slug,
            title=row.title,
            by=WhoTold.of(row.author),
            tags=[tag.slug for tag in row.tags.all()],
            goal_id=row.goal_id,
            value_id=row.value_id,
            posts=row.post_count,
            started_at=row.started_at,
            last_post_at=row.last_post_at,
            pinned=row.pinned_at is not None,
            closed=row.closed_at is not None,
        )


class FileTold(Told):
    name: str
    media_type: str
    size: int = Field(description="In bytes; 0 where it is not known")
    url: str | None = Field(description="Where it lies, for files that an import only refers to")


class PostTold(Told):
    id: uuid.UUID
    thread_id: uuid.UUID
    space_id: uuid.UUID
    by: WhoTold | None
    reply_to: uuid.UUID | None
    text: str = Field(description="Markdown")
    reactions: dict[str, int]
    files: list[FileTold]
    posted_at: datetime.datetime
    edited_at: datetime.datetime | None

    @classmethod
    def of(cls, row: Post) -> PostTold:
        return cls(
            id=row.pk,
            thread_id=row.thread_id,
            space_id=row.space_id,
            by=WhoTold.of(row.author),
            reply_to=row.reply_to_id,
            text=row.text,
            reactions=row.reactions,
            files=[
                FileTold(name=f.name, media_type=f.media_type, size=f.size, url=f.url or None)
                for f in row.attachments.all()
            ],
            posted_at=row.posted_at,
            edited_at=row.edited_at,
        )
