"""What an import stored, told without ids and without the moments of writing, so that two imports can be compared.

python -m tests.outward.connectors.stored SLUG     prints it as JSON, in a site's environment
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

Facts = dict[str, list[Any]]


def load(kind: str, path: Path, community: Any, /, *, source: str = "", follow: bool = True, **options: Any) -> Any:
    """Import a file into a community and let the readers catch up; returns the report."""
    from milepost.foundation.activity.following import catch_up
    from milepost.outward.connectors import importing
    from milepost.outward.connectors.records import Options

    run = importing.start(kind, str(path), community=community, source=source, options=Options(**options))
    report = importing.carry_out(run)
    if follow:
        catch_up()
    return report


def facts(community: Any) -> Facts:
    """Every row of the community in every table that an import or its readers write."""
    teller = _Teller(community)
    found = {name: getattr(teller, name)() for name in TABLES}
    return {name: sorted(rows, key=lambda row: json.dumps(row)) for name, rows in json.loads(_plain(found)).items()}


TABLES = (
    "people", "identities", "memberships", "spaces", "insiders", "threads", "posts", "reactions", "mentions",
    "attachments", "topics", "activities", "days", "object_days", "documents", "erased",
)  # fmt: skip


def free_of_order(all_facts: Facts) -> Facts:
    """What does not depend on the order in which a history came: not who began a conversation that came in pieces."""
    kept: Facts = {name: all_facts[name] for name in ("people", "identities", "memberships", "insiders", "mentions")}
    kept["spaces"] = [{k: v for k, v in row.items() if k != "threads"} for row in all_facts["spaces"]]
    kept["posts"] = [
        {k: v for k, v in row.items() if k not in {"thread", "reply_to", "reactions"}}
        | {"reactions": sorted(row["reactions"].items())}
        for row in all_facts["posts"]
    ]
    kept["reactions"] = all_facts["reactions"]
    kept["attachments"] = all_facts["attachments"]
    written = ("thread.started", "reply.posted")
    kept["activities"] = [
        {k: v for k, v in row.items() if k in {"who", "at", "space", "source", "key", "data"}}
        | {"verb": "written" if row["verb"] in written else row["verb"]}
        for row in all_facts["activities"]
    ]
    return {name: sorted(rows, key=lambda row: json.dumps(row)) for name, rows in kept.items()}


def conversations(community: Any) -> set[frozenset[str]]:
    """The messages' keys, conversation by conversation."""
    from milepost.foundation.activity.models import Activity

    written = Activity.objects.filter(community=community, verb__in=["thread.started", "reply.posted"])
    threads: dict[Any, set[str]] = {}
    for key, thread in written.values_list("source_key", "object_id"):
        threads.setdefault(thread, set()).add(str(key))
    return {frozenset(keys) for keys in threads.values()}


class _Teller:
    """Rows with natural keys in the place of ids."""

    def __init__(self, community: Any) -> None:
        from milepost.domain.spaces.models import Post, Space, Thread
        from milepost.foundation.identity.models import Identity

        self.community = community
        self.who = {
            pk: f"{source}/{key}"
            for pk, source, key in Identity.objects.filter(community=community).values_list(
                "pk", "source", "source_key"
            )
        }
        people: dict[Any, list[str]] = {}
        for identity in Identity.objects.filter(community=community):
            people.setdefault(identity.person_id, []).append(self.who[identity.pk])
        self.person = {pk: "+".join(sorted(keys)) for pk, keys in people.items()}
        self.space = {s.pk: s.source_key or s.slug for s in Space.objects.filter(community=community)}
        self.post_rows = list(Post.objects.filter(community=community))
        self.post = {p.pk: [self.space[p.space_id], self._at(p.author_id), p.posted_at, p.text] for p in self.post_rows}
        self.thread_rows = list(Thread.objects.filter(community=community))
        first: dict[Any, Any] = {}
        for p in sorted(self.post_rows, key=lambda p: (p.posted_at, p.text, str(self._at(p.author_id)))):
            first.setdefault(p.thread_id, self.post[p.pk])
        self.thread = {t.pk: [self.space[t.space_id], t.title, first.get(t.pk)] for t in self.thread_rows}

    def _at(self, identity: Any) -> str | None:
        return self.who.get(identity)

    def _rows(self, model: Any) -> Any:
        return model.objects.filter(community=self.community)

    def people(self) -> list[Any]:
        from milepost.foundation.identity.models import Person

        return [
            {"person": self.person.get(p.pk, p.name), "kind": p.kind, "name": p.name, "handle": p.handle,
             "claimed": p.is_claimed, "erased": bool(p.erased_at), "merged": bool(p.merged_into_id)}
            for p in self._rows(Person)
        ]  # fmt: skip

    def identities(self) -> list[Any]:
        from milepost.foundation.identity.models import Identity

        return [
            {"key": self.who[i.pk], "name": i.name, "handle": i.handle, "mail": i.mail, "bot": i.is_bot,
             "attributes": i.attributes, "person": self.person[i.person_id]}
            for i in self._rows(Identity)
        ]  # fmt: skip

    def memberships(self) -> list[Any]:
        from milepost.foundation.identity.models import Membership

        return [
            {"person": self.person.get(m.person_id, m.person.name), "role": m.role, "audience": m.audience,
             "from": m.came_from}
            for m in self._rows(Membership).select_related("person")
        ]  # fmt: skip

    def spaces(self) -> list[Any]:
        from milepost.domain.spaces.models import Space

        return [
            {"slug": s.slug, "name": s.name, "purpose": s.purpose, "kind": s.kind, "source": s.source,
             "key": s.source_key, "read_only": bool(s.read_only_at), "posts": s.post_count,
             "threads": s.thread_count, "last": s.last_post_at}
            for s in self._rows(Space)
        ]  # fmt: skip

    def insiders(self) -> list[Any]:
        from milepost.domain.spaces.models import SpaceMember

        return [[self.space[m.space_id], self.person[m.person_id]] for m in self._rows(SpaceMember)]

    def threads(self) -> list[Any]:
        return [
            {"thread": self.thread[t.pk], "author": self._at(t.author_id), "started": t.started_at,
             "last": t.last_post_at, "posts": t.post_count, "fresh": t.fresh_at}
            for t in self.thread_rows
        ]  # fmt: skip

    def posts(self) -> list[Any]:
        return [
            {"post": self.post[p.pk], "thread": self.thread[p.thread_id], "reply_to": self.post.get(p.reply_to_id),
             "reactions": p.reactions, "edited": p.edited_at, "deleted": p.deleted_at}
            for p in self.post_rows
        ]  # fmt: skip

    def reactions(self) -> list[Any]:
        from milepost.domain.spaces.models import Reaction

        return [[self.post[r.post_id], self.who[r.identity_id], r.emoji, r.given_at] for r in self._rows(Reaction)]

    def mentions(self) -> list[Any]:
        from milepost.domain.spaces.models import Mention

        return [[self.post[m.post_id], self.who[m.identity_id]] for m in self._rows(Mention)]

    def attachments(self) -> list[Any]:
        from milepost.domain.spaces.models import Attachment

        return [
            [self.post[a.post_id], a.name, a.media_type, a.size, a.url, a.file.name] for a in self._rows(Attachment)
        ]

    def topics(self) -> list[Any]:
        from milepost.outward.connectors.models import ImportedThread

        return [[t.source, t.source_key, self.thread[t.thread_id]] for t in self._rows(ImportedThread)]

    def activities(self) -> list[Any]:
        from milepost.foundation.activity.models import Activity

        return [
            {"who": self._at(a.identity_id), "verb": a.verb, "kind": a.object_kind,
             "object": self.thread.get(a.object_id) or self.space.get(a.object_id) or str(a.object_id),
             "space": self.space.get(a.space_id), "other": self._at(a.other_id), "quantity": a.quantity,
             "at": a.happened_at, "source": a.source, "key": a.source_key, "data": a.data, "old": a.backfilled}
            for a in self._rows(Activity).exclude(source="milepost")
        ]  # fmt: skip

    def days(self) -> list[Any]:
        from milepost.foundation.activity.models import MemberDay

        rows = MemberDay.objects.filter(community_id=self.community.pk)
        return [[self.person[d.person_id], d.verb, d.day, d.count, d.quantity] for d in rows]

    def object_days(self) -> list[Any]:
        from milepost.foundation.activity.models import MemberObjectDay

        return [
            [self.person[d.person_id], d.verb, self.thread.get(d.object_id) or self.space.get(d.object_id),
             self.person.get(d.other_id), self.space.get(d.space_id), d.day, d.count]
            for d in MemberObjectDay.objects.filter(community_id=self.community.pk)
        ]  # fmt: skip

    def documents(self) -> list[Any]:
        from milepost.foundation.search.models import SearchDocument

        # A space is found from when it was made, which for a channel that does not say is the import itself.
        return [
            [d.kind, self._at(d.identity_id), self.space.get(d.space_id), d.title, d.body, d.at if d.kind == "post" else ""]
            for d in self._rows(SearchDocument)
        ]  # fmt: skip

    def erased(self) -> list[Any]:
        from milepost.foundation.identity.models import ErasedIdentity

        return [self._rows(ErasedIdentity).count()]


def _plain(value: Any) -> str:
    return json.dumps(value, default=str)


if __name__ == "__main__":
    import django

    django.setup()
    from milepost.foundation.identity.models import Community

    sys.stdout.write(json.dumps(facts(Community.objects.get(slug=sys.argv[1]))))
